"""Parts of regular expressions that cost little, whatever text they meet.

None has possessive quantifiers or atomic groups: Python 3.11.0 to 3.11.4 are wrong about them.
"""

from __future__ import annotations

_AT_ONCE = 200


def many(piece: str, name: str) -> str:
    """Any number of a piece that what follows cannot begin with; `name` is for a group.

    A plain repetition remembers each piece until the match ends, at a hundred bytes each; what is
    matched within a lookahead is forgotten at its end.
    """
    some = rf"(?P<{name}>(?:{piece}){{1,{_AT_ONCE}}})"
    return rf"(?:(?={some})(?P={name}))*"
