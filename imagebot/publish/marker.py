"""The hidden marker: what the bot keeps in the body of a pull request. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

MOST_IDS = 1000
"""So many ids are kept; the rest is in the diff of the branch."""
_MOST_POLICIES = 100
_MARKER_RE = re.compile(r"^<!-- imagebot:1 (\{[ -~]*\}) -->$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequestMarker:
    """What the bot keeps in a pull request, hidden in its body.

    `plan` and `blobs` are hashes of what it proposes and of the files it starts from, `pushed`
    the last commit pushed, `updates` the ids; `retired` when the bot itself has closed it.
    `configuration` says which configuration the route is of (`configuration_hash`), "" in the
    markers of older versions. `again` are the ids of those updates whose veto somebody lifted.

    `policies` are the fingerprints of those that the updates are by, `notes` the hash of the notes
    in the text. `gone` when the registry has lost a tag of it. `people` is the commit on which
    people were told that the branch is theirs now. `ending` is the version of the configuration
    that has no such route any more, `ending_since` when that was, in seconds since 1970.
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
    people: str = ""
    ending: str = ""
    ending_since: int = 0


def read_marker(body: str) -> PullRequestMarker | None:
    """The marker in a pull request's body, None where there is none or people have damaged it.

    Nothing that the bot puts into a body can look like one; the last one counts.
    """
    found = _MARKER_RE.findall(body.replace("\r\n", "\n"))
    try:
        fields = json.loads(found[-1]) if found else None
    except ValueError:
        return None
    if not isinstance(fields, dict):
        return None
    texts = {key: fields.get(key) for key in ("route", "plan", "blobs", "pushed", "updates")}
    if not all(isinstance(text, str) for text in texts.values()) or not texts["route"]:
        return None
    updates = tuple(str(texts.pop("updates")).split())
    since = fields.get("ending_since")
    return PullRequestMarker(
        **{k: str(v) for k, v in texts.items()},
        updates=updates,
        retired=fields.get("retired") is True,
        configuration=_text(fields, "configuration"),
        again=tuple(_text(fields, "again").split()),
        policies=tuple(_text(fields, "policies").split()),
        notes=_text(fields, "notes"),
        gone=fields.get("gone") is True,
        people=_text(fields, "people"),
        ending=_text(fields, "ending"),
        ending_since=since if type(since) is int else 0,
    )


def _text(fields: Mapping[str, object], key: str) -> str:
    value = fields.get(key)
    return value if isinstance(value, str) else ""


def write_marker(marker: PullRequestMarker) -> str:
    """The marker as a comment of Markdown, which no text in it can end."""
    fields: dict[str, object] = {
        "route": marker.route,
        "plan": marker.plan,
        "blobs": marker.blobs,
        "pushed": marker.pushed,
        "updates": " ".join(marker.updates[:MOST_IDS]),
        "retired": marker.retired,
        "configuration": marker.configuration,
    }
    # Most pull requests have none of these.
    rare = {
        "again": " ".join(marker.again[:MOST_IDS]),
        "policies": " ".join(marker.policies[:_MOST_POLICIES]),
        "notes": marker.notes,
        "gone": marker.gone,
        "people": marker.people,
        "ending": marker.ending,
        "ending_since": marker.ending_since,
    }
    fields |= {key: value for key, value in rare.items() if value}
    text = (
        json.dumps(fields).replace("<", "\\u003c").replace(">", "\\u003e").replace("--", "-\\u002d")
    )
    return f"<!-- imagebot:1 {text} -->"


def with_marker(body: str, marker: PullRequestMarker) -> str:
    """The body with its marker replaced, or added."""
    text = write_marker(marker)
    if read_marker(body) is None:
        return f"{body.rstrip()}\n\n{text}\n"
    return _MARKER_RE.sub(lambda _: text, body.replace("\r\n", "\n"))
