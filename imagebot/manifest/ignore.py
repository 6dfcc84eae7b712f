"""`.gitignore` rules: the nearest file decides, and in it the last line that matches."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec


@dataclass(frozen=True, slots=True)
class _Rules:
    """One file's lines. `prefix` is how its folder is called within the listed folder, `above`
    what goes before a path to make it relative to a folder further up. `some` matches whatever
    any of the lines matches, to ask the slower `spec` only then."""

    prefix: str
    above: str
    spec: GitIgnoreSpec
    some: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Ignore:
    """The rules in force in a folder, those of the nearest file last."""

    rules: tuple[_Rules, ...] = ()

    def with_file(self, data: bytes, *, prefix: str = "", above: str = "") -> Ignore:
        """The rules below a folder whose `.gitignore` says `data`.

        `prefix` is the path of that folder (ending with `/`, "" for the top); for a folder above
        the listed one, `above` is the path from there to the listed one.
        """
        from pathspec import GitIgnoreSpec

        lines = data.decode("utf-8", "surrogateescape").splitlines()
        spec = GitIgnoreSpec.from_lines(line for line in lines if _is_pattern(line))
        expressions = [each.regex.pattern for each in spec.patterns if each.regex is not None]
        if not expressions:
            return self
        # Named groups may not be repeated in one expression.
        unnamed = (re.sub(r"\?P<[^>]*>", "?:", each) for each in expressions)
        some = re.compile("|".join(f"(?:{each})" for each in unnamed))
        return Ignore((*self.rules, _Rules(prefix, above, spec, some)))

    def ignores(self, path: str) -> bool:
        """Whether a path is ignored; that of a folder ends with `/`."""
        for rules in reversed(self.rules):
            local = rules.above + path[len(rules.prefix) :]
            if rules.some.search(local) is None:
                continue
            included = rules.spec.check_file(local).include
            if included is not None:
                return included
        return False


def _is_pattern(line: str) -> bool:
    """A line that means nothing matches nothing, as in Git."""
    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([line])
    except (ValueError, re.error):
        return False
    return True
