"""The JSON that says what was committed (docs/schema/nudge.schema.json). Pure."""

from __future__ import annotations

import json
from dataclasses import asdict

from imagebot.nudge.model import Commit
from imagebot.text import redact

SCHEMA_VERSION = 1


def commit_document(commit: Commit) -> bytes:
    """In UTF-8, on one line. Names are stable; new keys may be added within a version."""
    document = {
        "schemaVersion": SCHEMA_VERSION,
        "target": commit.target,
        "url": redact(commit.url),
        "branch": commit.branch,
        "commit": commit.commit,
        "before": commit.before,
        "updates": [asdict(update) for update in commit.updates],
    }
    return to_json(document)


def to_json(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
