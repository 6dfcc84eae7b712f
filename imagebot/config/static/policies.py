"""Policies that can choose nothing: what no tag can match."""

from __future__ import annotations

from collections.abc import Mapping

from imagebot.config.issues import Issues
from imagebot.config.model import Configuration
from imagebot.config.node import KeyPath, Node, show_text
from imagebot.config.static.tags import (
    foreign_character,
    is_no_variant,
    leaves_no_tag,
    matches_no_tag,
    reads_nothing_like,
)
from imagebot.glob import glob_expression
from imagebot.policy.model import Policy
from imagebot.policy.pattern import template_pieces
from imagebot.policy.selectors import is_expression
from imagebot.values import dataclass
from imagebot.version.syntax import STRICT

_TAG = "a tag is 1 to 128 letters, digits, `_`, `.` and `-`, the last two not first"
_AND = "a space or a comma means that both must hold; `||` is one or the other"
# What an order reads of a tag must be like this, or the order refuses the tag.
_READ: Mapping[str, tuple[str, str]] = {
    "numerical": (r"-?[0-9]+(?:\.[0-9]+)?", "a number"),
    "calver": (r".*[0-9].*", "a date"),
    "natural": (r".*[0-9].*", "a version"),
    "semver": (r".*[0-9].*", "a version"),
}
_STRICT = (STRICT.pattern, "a version of three numbers")
_VARIANTS = ("same", "any", "none")


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
        each.ranges()
        each.reading()
        each.together()


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

    def warn(self, key: str, message: str, hint: str, index: int | None = None) -> None:
        """Warn of a key, or of an item where the key has a list."""
        keys: KeyPath = (*self.at, key)
        if index is not None and self.warnings.document.node((*keys, index)) is not None:
            keys = (*keys, index)
        self.warnings.add(keys, message, hint, position=0)

    def pattern(self) -> None:
        pattern = self.policy.pattern
        if self.says("pattern") and pattern is not None and matches_no_tag(pattern.text):
            self.warn("pattern", f"no tag matches {show_text(pattern.text)!r}", _hint(pattern.text))

    def selectors(self, key: str, selectors: tuple[str, ...]) -> None:
        for index, selector in enumerate(selectors if self.says(key) else ()):
            expression = _searched(selector)
            if matches_no_tag(expression):
                message = f"no tag matches {show_text(selector)!r}"
                self.warn(key, message, _hint(expression), index)

    def variant(self) -> None:
        name = self.policy.variant
        if not self.says("variant") or name in _VARIANTS:
            return
        expression = glob_expression(name)
        if is_no_variant(expression):
            bare = name.lstrip("-_.+")
            hint = f"write {show_text(bare)}" if bare != name else _hint(expression)
            self.warn("variant", f"no tag has the variant {show_text(name)!r}", hint)

    def ranges(self) -> None:
        """Whether constraints of a range contradict each other."""
        policy = self.policy
        if self.says("semver") and policy.range is not None and policy.range.is_empty:
            self.warn(
                "semver", f"no version is in the range {show_text(policy.range.text)!r}", _AND
            )
        for index, entry in enumerate(policy.ignore if self.says("ignore") else ()):
            if entry.range is not None and entry.range.is_empty:
                message = f"no version is in the range {show_text(entry.range.text)!r}"
                self.warn("ignore", message, _AND, index)

    def reading(self) -> None:
        """Whether the order can read what the pattern leaves of a tag."""
        policy, pattern = self.policy, self.policy.pattern
        key = next(filter(self.says, ("extract", "pattern", "order", "semver")), None)
        if pattern is None or key is None or policy.order not in _READ:
            return
        if matches_no_tag(pattern.text):
            return
        is_strict = policy.order == "semver" and policy.version_syntax == "strict"
        wanted, what = _STRICT if is_strict else _READ[policy.order]
        if not reads_nothing_like(pattern.text, template_pieces(pattern), wanted):
            return
        read = f"what {show_text(pattern.extract)!r} extracts" if pattern.extract else "such a tag"
        order = "semver" if policy.order == "semver" else f"order: {policy.order}"
        hint = "check the groups of the pattern, and which one extract names"
        self.warn(key, f"{read} is never {what}, and {order} needs one", hint)

    def together(self) -> None:
        """What include, pattern and exclude leave, each of which matches some tags."""
        policy = self.policy
        pattern = policy.pattern.text if policy.pattern else ""
        if matches_no_tag(pattern):
            return
        excluded = [_searched(each) for each in policy.exclude]
        if excluded and leaves_no_tag(pattern, excluded):
            self.left_none("pattern", pattern)
            return
        for index, selector in enumerate(policy.include):
            expression = _searched(selector)
            if matches_no_tag(expression):
                continue
            if matches_no_tag(expression, pattern):
                self.disjoint(index, selector, pattern)
            elif excluded and leaves_no_tag(expression, excluded):
                self.left_none("include", selector, index)

    def disjoint(self, index: int, selector: str, pattern: str) -> None:
        key = next(filter(self.says, ("include", "pattern")), None)
        if key is not None:
            both = f"{show_text(selector)!r} and the pattern {show_text(pattern)!r}"
            at = index if key == "include" else None
            self.warn(key, f"no tag matches both {both}", "change one of them", at)

    def left_none(self, key: str, text: str, index: int | None = None) -> None:
        """Warn that exclude has all that a key selects; `text` is "" for every tag."""
        if text and self.says(key):
            message = f"exclude has all of {show_text(text)!r}"
            self.warn(key, message, "narrow exclude, or remove this", index)
        elif self.says("exclude"):
            what = repr(show_text(text)) if text else "every tag"
            self.warn("exclude", f"excludes {what}", "narrow it, or set policy: ignore")


def _searched(selector: str) -> str:
    """The expression that is found in the tags that an entry of include or exclude takes."""
    return selector[1:-1] if is_expression(selector) else f"^(?:{glob_expression(selector)})$"


def _hint(expression: str) -> str:
    char = foreign_character(expression)
    return f"no tag has {show_text(char)!r}: {_TAG}" if char else _TAG
