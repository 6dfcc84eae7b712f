"""Images that are the value of a name: `{name: WORKER_IMAGE, value: "busybox:1.36"}`."""

from __future__ import annotations

import re

from imagebot.manifest.sweep.text import NEAR, SweptText, compiled

_OF_IMAGE = r"[\w.-]*(?i:image|img|container)[\w.-]*"
_VALUE = r"(?:value|default|defaultValue)"
# In flow style, or of attributes in one line.
_IN_FLOW = (
    rf"\bname[\"']?[ \t]*[:=][ \t]*[\"']?{_OF_IMAGE}[\"']?[ \t]*,"
    rf"(?:[^{{}}\[\]]*,)?[ \t]*[\"']?{_VALUE}[\"']?[ \t]*[:=][ \t]*[\"']?$"
)
_LINE = re.compile(rf"(?P<indent>[ \t]*)(?P<item>- )?[\"']?{_VALUE}[\"']?[ \t]*:[ \t]*[\"']?")
_NAME = re.compile(
    rf"[\"']?name[\"']?[ \t]*:[ \t]*[\"']?{_OF_IMAGE}[\"']?[ \t]*,?[ \t]*(?:#.*)?\r?"
)
# How many lines up the name may be.
_MOST_LINES = 4


def is_value_of_image(swept: SweptText, before: bytes, start: int) -> bool:
    """Whether a position is the value beside a `name` of an image, in flow style or in lines."""
    if compiled(_IN_FLOW).search(before):
        return True
    match = _LINE.fullmatch(before.decode("latin-1"))
    if match is None or match["item"]:
        return False
    column = len(match["indent"])
    end = swept.text.rfind(swept.newline, max(0, start - NEAR), start)
    for _ in range(_MOST_LINES):
        if end < 0:
            return False
        first = swept.text.rfind(swept.newline, max(0, end - NEAR), end) + 1
        line = swept.text[first:end]
        end = first - 1
        indent = len(line) - len(line.lstrip(" \t"))
        is_item = line.startswith("- ", indent)
        at = indent + 2 * is_item
        if at == column and _NAME.fullmatch(line, at):
            return True
        if is_item or at < column:
            return False
    return False
