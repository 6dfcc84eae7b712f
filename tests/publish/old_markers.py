"""Markers as version 1 wrote them: those that are published are still read."""

from __future__ import annotations

import json

from imagebot.publish.marker import PullRequestMarker


def old_marker(marker: PullRequestMarker, **changed: object) -> str:
    """`changed` are fields in place of the marker's; None leaves one out."""
    fields: dict[str, object] = {
        "route": marker.route,
        "plan": marker.plan,
        "blobs": marker.blobs,
        "pushed": marker.pushed,
        "updates": " ".join(marker.updates[:1000]),
        "retired": marker.retired,
        "configuration": marker.configuration,
        "again": " ".join(marker.again),
        "policies": " ".join(marker.policies),
        "notes": marker.notes,
        "gone": marker.gone,
        "unlisted": " ".join(marker.unlisted),
        "people": marker.people,
        "ending": marker.ending,
        "ending_since": marker.ending_since,
        **changed,
    }
    text = json.dumps({key: value for key, value in fields.items() if value is not None})
    text = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("--", "-\\u002d")
    return f"<!-- imagebot:1 {text} -->"
