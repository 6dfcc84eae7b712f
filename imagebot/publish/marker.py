"""The hidden marker: what the bot keeps in the body of a pull request. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

MOST_IDS = 1000
"""So many ids are kept."""

_MARKER_RE = re.compile(r"^<!-- imagebot:1 (\{[ -~]*\}) -->$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequestMarker:
    """What the bot keeps in a pull request, hidden in its body.

    `plan` and `blobs` are hashes of what it proposes and of the files it starts from, `pushed`
    the last commit pushed, `updates` the ids; `retired` when the bot itself has closed it.
    `configuration` says which configuration the route is of (`configuration_hash`), "" in the
    markers of older versions. `again` are the ids of those updates whose veto somebody lifted.
    """

    route: str
    plan: str
    blobs: str
    pushed: str
    updates: tuple[str, ...] = ()
    retired: bool = False
    configuration: str = ""
    again: tuple[str, ...] = ()


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
    configuration, again = fields.get("configuration"), fields.get("again")
    return PullRequestMarker(
        **{k: str(v) for k, v in texts.items()},
        updates=updates,
        retired=fields.get("retired") is True,
        configuration=configuration if isinstance(configuration, str) else "",
        again=tuple(again.split()) if isinstance(again, str) else (),
    )


def write_marker(marker: PullRequestMarker) -> str:
    """The marker as a comment of Markdown, which no text in it can end."""
    fields: dict[str, str | bool] = {
        "route": marker.route,
        "plan": marker.plan,
        "blobs": marker.blobs,
        "pushed": marker.pushed,
        "updates": " ".join(marker.updates[:MOST_IDS]),
        "retired": marker.retired,
        "configuration": marker.configuration,
    }
    if marker.again:
        fields["again"] = " ".join(marker.again[:MOST_IDS])
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
