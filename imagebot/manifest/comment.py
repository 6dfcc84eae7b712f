"""Whether what looks like a marker is one at all: in lines that are commented out it is not."""

from __future__ import annotations

import re

# An item of a list or a key, behind the sign of a comment that has its line for itself. Words that
# people put before a remark are no keys, nor is the beginning of a marker.
_COMMENTED_OUT = re.compile(
    r"[ \t]*#[# \t]*(?:-[ \t]|"
    r"(?!(?:todo|fixme|note|xxx|hack|warning|imagebot)\b)"
    r"""(?:[\w$][\w./$-]{0,200}|"[^"\r\n]{1,200}"|'[^'\r\n]{1,200}')[ \t]*:(?:[ \t]|$))""",
    re.IGNORECASE,
)


def is_commented_out(text: str, start: int, at: int) -> bool:
    """Whether the comment that starts at `at` is part of YAML that is commented out with it, on a
    line that starts at `start`: `# image: app:1 # imagebot: ignore`."""
    return _COMMENTED_OUT.match(text, start, at) is not None
