"""Decides when a plain scalar needs quotes to be read as text.

YAML 1.1 and 1.2 readers disagree about `012`, `0o17`, `1e3`, `1_000`, `yes` and dates; the
expression covers everything that any of them does not read as text. These rules only matter for a
tag that is a whole scalar (`newTag: 1.10`), never inside `image: app:1.10`.
"""

from __future__ import annotations

import re

_NOT_TEXT = re.compile(
    r"""(?x)
    [-+]?[0-9][0-9_]*                                        # 7, 012, 1_000
    | [-+]?0[xX][0-9a-fA-F_]+ | [-+]?0[oO]?[0-7_]+ | [-+]?0[bB][01_]+
    | [-+]?(?:[0-9][0-9_]*)?\.?[0-9_]*(?:[eE][-+]?[0-9]+)?   # 1.10, 1e3, 12e4567
    | [-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?       # 190:20:30 in base 60
    | [0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt\ ].*)?            # 2024-01-02
    | [-+]?\.(?:inf|Inf|INF) | \.(?:nan|NaN|NAN)
    | ~ | null | Null | NULL | true | True | TRUE | false | False | FALSE
    | [yYnN] | yes | Yes | YES | no | No | NO | on | On | ON | off | Off | OFF
    | = | <<
    """
)
_PLAIN_IN_FLOW = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./\\-]*")
# Numbers that every reader prints in the same way again.
_PRINTED_ALIKE = re.compile(r"(?:0|[1-9][0-9]{0,5})(?:\.[0-9]{0,3}[1-9])?")


def needs_quotes(text: str) -> bool:
    """Whether some YAML reader does not read the plain scalar `text` as text."""
    return not text or _NOT_TEXT.fullmatch(text) is not None


def is_misread(text: str) -> bool:
    """Whether some reader turns the plain scalar `text` into another text: `1.10` into 1.1.

    Helm also prints whole numbers of seven or more digits differently (`2.0240101e+07`).
    """
    return needs_quotes(text) and _PRINTED_ALIKE.fullmatch(text) is None


def in_flow(text: str) -> str:
    """A text of one line as a scalar in flow style, with quotes unless it is surely plain."""
    if _PLAIN_IN_FLOW.fullmatch(text) and not needs_quotes(text):
        return text
    return "'" + text.replace("'", "''") + "'"
