"""The state of a pull request in the trailer of the commit on its branch. Pure.

People edit texts, and some forges take comments out of them; a commit stays what it is. A squash
merge may bury the trailer: then the pull request is over, and nobody asks for it.
"""

from __future__ import annotations

import re
from dataclasses import replace

from imagebot.publish.marker import PullRequestMarker, read_state, write_state

STATE = "Imagebot-State"

MOST_IDS = 5000
"""So many ids of updates are in a trailer; the commit's diff has them all."""

_STATE_RE = re.compile(rf"^{STATE}: (\{{[ -~]*\}})[ \t\r]*$", re.MULTILINE)


def state_trailer(marker: PullRequestMarker) -> str:
    """The state without what only the text has: the commit, the notes, what people were told."""
    kept = replace(marker, pushed="", notes="", people="")
    return f"{STATE}: {write_state(kept, most=MOST_IDS)}"


def read_trailer(message: str) -> PullRequestMarker | None:
    """The state in a commit's message, None without one; the last one counts."""
    found = _STATE_RE.findall(message)
    return read_state(found[-1]) if found else None


def with_state(message: str, marker: PullRequestMarker) -> str:
    """A message with its trailer replaced; as it is where it has none."""
    return _STATE_RE.sub(lambda _: state_trailer(marker), message)
