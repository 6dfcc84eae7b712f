"""Parts of regular expressions that are cheap for any text.

They use no possessive quantifiers or atomic groups: Python 3.11.0 to 3.11.4 get them wrong.
"""

from __future__ import annotations

_AT_ONCE = 200


def many(piece: str, name: str) -> str:
    """Any number of a piece; the rest must not begin with one. `name` is for a group.

    A plain repetition remembers each piece until the match ends, at a hundred bytes each; a
    lookahead forgets them at its end.
    """
    some = rf"(?P<{name}>(?:{piece}){{1,{_AT_ONCE}}})"
    return rf"(?:(?={some})(?P={name}))*"
