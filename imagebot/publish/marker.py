"""What the bot keeps in a pull request, and the marker that holds it in its text. Pure.

The marker is small. What has no room in it is in the commit on the pull request's branch, which
has the same state in a trailer (`state.py`).
"""

from __future__ import annotations

import re
from dataclasses import replace

from imagebot.publish.packed import dump_state, load_state
from imagebot.values import dataclass

MOST_IDS = 100
"""So many ids of updates are in a marker."""
MOST_UNLISTED = 30
_MOST_AGAIN = 30
_MOST_POLICIES = 20

_STATE = r"imagebot:(?P<{0}>[12]) (?P<{1}>\{{[ -~]*\}})"
_MARKER_RE = re.compile(
    rf"^(?:<!-- {_STATE.format('v', 'state')} -->|`{_STATE.format('shown_v', 'shown')}`)$",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequestMarker:
    """What the bot keeps in a pull request, hidden in its body.

    `plan` and `blobs` are hashes of what it proposes and of the files it starts from, `pushed`
    the last commit pushed, `updates` the ids; `retired` when the bot itself has closed it.
    `configuration` says which configuration the route is of (`configuration_hash`), "" in the
    markers of older versions. `again` are the ids of those updates whose veto somebody lifted.

    `policies` are the fingerprints of those that the updates are by, `notes` the hash of the notes
    in the text. `gone` when the registry has lost a tag of it, `unlisted` are those of the current
    tags that it did not have before (`lost_tags.tag_ids`). `people` is the commit on which people
    were told that the branch is theirs now. `ending` is the version of the configuration
    that has no such route any more, `ending_since` when that was, in seconds since 1970.

    `left` is how many ids and fingerprints there was no room for: the branch's commit has them.
    """

    route: str
    plan: str
    blobs: str
    pushed: str
    updates: tuple[str, ...] = ()
    retired: bool = False
    configuration: str = ""
    again: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    notes: str = ""
    gone: bool = False
    unlisted: tuple[str, ...] = ()
    people: str = ""
    ending: str = ""
    ending_since: int = 0
    left: int = 0


def read_marker(body: str) -> PullRequestMarker | None:
    """The marker in a pull request's body, None where there is none or people have damaged it.

    Nothing that the bot puts into a body can look like one; the last one counts.
    """
    found = list(_MARKER_RE.finditer(body.replace("\r\n", "\n")))
    return read_state(found[-1]["state"] or found[-1]["shown"]) if found else None


def read_state(text: str) -> PullRequestMarker | None:
    """The state that `write_state` or an older version wrote, None where it is none."""
    fields = load_state(text)
    if fields is None or not fields.text("route"):
        return None
    if not all(fields.has_text(key) for key in ("plan", "blobs", "pushed", "updates")):
        return None
    updates = fields.ids("updates")
    return PullRequestMarker(
        route=fields.text("route"),
        plan=fields.text("plan"),
        blobs=fields.text("blobs"),
        pushed=fields.text("pushed"),
        updates=updates,
        retired=fields.flag("retired"),
        configuration=fields.text("configuration"),
        again=fields.ids("again"),
        policies=tuple(fields.text("policies").split()),
        notes=fields.text("notes"),
        gone=fields.flag("gone"),
        unlisted=fields.ids("unlisted"),
        people=fields.text("people"),
        ending=fields.text("ending"),
        ending_since=fields.number("ending_since"),
        left=fields.left(len(updates)),
    )


def write_state(marker: PullRequestMarker, *, most: int) -> str:
    """One line of printable ASCII: the marker with at most so many ids of each kind."""
    kept = _cut(marker, most)
    fields: dict[str, object] = {
        "route": kept.route,
        "plan": kept.plan,
        "blobs": kept.blobs,
        "pushed": kept.pushed,
        "updates": kept.updates,
    }
    # Most pull requests have few of these.
    rare: dict[str, object] = {
        "configuration": kept.configuration,
        "retired": kept.retired,
        "again": kept.again,
        "policies": " ".join(kept.policies),
        "notes": kept.notes,
        "gone": kept.gone,
        "unlisted": kept.unlisted,
        "people": kept.people,
        "ending": kept.ending,
        "ending_since": kept.ending_since,
        "left": kept.left,
    }
    return dump_state(fields | {key: value for key, value in rare.items() if value})


def write_marker(marker: PullRequestMarker, *, hidden: bool = True) -> str:
    """The marker as a line of Markdown, which no text in it can end.

    A comment; as code, which people see, where a forge does not hide comments.
    """
    text = f"imagebot:2 {write_state(marker, most=MOST_IDS)}"
    return f"<!-- {text} -->" if hidden else f"`{text}`"


def with_marker(body: str, marker: PullRequestMarker, *, hidden: bool = True) -> str:
    """The body with its marker replaced, or added."""
    text = write_marker(marker, hidden=hidden)
    if read_marker(body) is None:
        return f"{body.rstrip()}\n\n{text}\n"
    return _MARKER_RE.sub(lambda _: text, body.replace("\r\n", "\n"))


def _cut(marker: PullRequestMarker, most: int) -> PullRequestMarker:
    """Without what there is no room for. Of too many policies none: a part would mislead."""
    again = min(most, _MOST_AGAIN) if most <= MOST_IDS else most
    unlisted = min(most, MOST_UNLISTED) if most <= MOST_IDS else most
    policies = _MOST_POLICIES if most <= MOST_IDS else most
    kept = replace(
        marker,
        updates=marker.updates[:most],
        again=marker.again[:again],
        unlisted=marker.unlisted[:unlisted],
        policies=marker.policies if len(marker.policies) <= policies else (),
    )
    lost = sum(
        len(getattr(marker, key)) - len(getattr(kept, key))
        for key in ("updates", "again", "unlisted", "policies")
    )
    return replace(kept, left=marker.left + lost)
