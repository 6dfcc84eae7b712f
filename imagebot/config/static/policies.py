"""Policies that can choose nothing: what no tag can match."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from imagebot.config.issues import Issues
from imagebot.config.model import Configuration
from imagebot.config.node import KeyPath, Node, show_text
from imagebot.config.static.coverage import covers
from imagebot.config.static.tags import (
    foreign_character,
    is_no_tag,
    matches_no_tag,
    reads_nothing_like,
)
from imagebot.glob import glob_expression
from imagebot.policy.model import Policy
from imagebot.policy.pattern import template_pieces
from imagebot.policy.selectors import is_expression

_TAG = "a tag is 1 to 128 letters, digits, `_`, `.` and `-`, the last two not first"
# What an order reads of a tag must be like this, or the order refuses the tag.
_READ: Mapping[str, tuple[str, str]] = {
    "numerical": (r"-?[0-9]+(?:\.[0-9]+)?", "a number"),
    "calver": (r".*[0-9].*", "a date"),
    "semver": (r".*[0-9].*", "a version"),
}
_VARIANTS = ("same", "any", "none")
_EVERY_TAG = "*"


def warn_of_policies(policies: Node | None, configuration: Configuration, warnings: Issues) -> None:
    """Warn of each policy of the file; `policies` is the node that defines them.

    What a policy inherits is said once, where it is written.
    """
    for name, node in policies.children.items() if policies else ():
        policy = configuration.policies[str(name)]
        each = _Checked(policy, node, ("policies", name), warnings)
        each.pattern()
        each.selectors("include", policy.include)
        each.selectors("exclude", policy.exclude)
        each.variant()
        each.reading()
        each.excluded()


@dataclass(frozen=True, slots=True)
class _Checked:
    """One policy, and where it stands in the file."""

    policy: Policy
    node: Node
    at: KeyPath
    warnings: Issues

    def says(self, key: str) -> bool:
        """Whether the policy has a key itself."""
        child = self.node.children.get(key)
        return child is not None and child.value is not None

    def warn(self, key: str, message: str, hint: str, index: int = 0) -> None:
        keys = (*self.at, key, index)
        if self.warnings.document.node(keys) is None:
            keys = keys[:-1]
        self.warnings.add(keys, message, hint, position=0)

    def pattern(self) -> None:
        pattern = self.policy.pattern
        if self.says("pattern") and pattern is not None and matches_no_tag(pattern.text):
            self.warn("pattern", f"no tag matches {show_text(pattern.text)!r}", _hint(pattern.text))

    def selectors(self, key: str, selectors: tuple[str, ...]) -> None:
        for index, selector in enumerate(selectors if self.says(key) else ()):
            if is_expression(selector):
                expression = selector[1:-1]
                none = matches_no_tag(expression)
            else:
                expression = glob_expression(selector)
                none = is_no_tag(expression)
            if none:
                message = f"no tag matches {show_text(selector)!r}"
                self.warn(key, message, _hint(expression), index)

    def variant(self) -> None:
        name = self.policy.variant
        if not self.says("variant") or name in _VARIANTS:
            return
        expression = glob_expression(name)
        if is_no_tag(expression, as_part=True):
            self.warn("variant", f"no tag has the variant {show_text(name)!r}", _hint(expression))

    def reading(self) -> None:
        """Whether the order can read what the pattern leaves of a tag."""
        policy, pattern = self.policy, self.policy.pattern
        key = next(filter(self.says, ("extract", "pattern", "order", "semver")), None)
        if pattern is None or key is None or policy.order not in _READ:
            return
        if matches_no_tag(pattern.text):
            return
        wanted, what = _READ[policy.order]
        if not reads_nothing_like(pattern.text, template_pieces(pattern), wanted):
            return
        read = f"what {show_text(pattern.extract)!r} extracts" if pattern.extract else "such a tag"
        order = "semver" if policy.order == "semver" else f"order: {policy.order}"
        hint = "check the groups of the pattern, and which one extract names"
        self.warn(key, f"{read} is never {what}, and {order} needs one", hint)

    def excluded(self) -> None:
        """What exclude takes away whole."""
        globs = [each for each in self.policy.exclude if not is_expression(each)]
        if not self.says("exclude") and not self.says("include"):
            return
        for index, selector in enumerate(self.policy.include or (_EVERY_TAG,)):
            if is_expression(selector) or not covers(globs, selector):
                continue
            if self.says("include"):
                hint = "narrow exclude, or remove this"
                self.warn("include", f"exclude has all of {show_text(selector)!r}", hint, index)
            else:
                what = show_text(selector) if self.policy.include else "every tag"
                self.warn("exclude", f"excludes {what}", "narrow it, or set policy: ignore")


def _hint(expression: str) -> str:
    char = foreign_character(expression)
    return f"no tag has {show_text(char)!r}: {_TAG}" if char else _TAG
