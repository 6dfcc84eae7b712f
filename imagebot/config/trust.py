"""What only the bot's own file may say, and a file in a target may not."""

from __future__ import annotations

from imagebot.config.issues import Issues
from imagebot.config.node import Document

# Top-level keys of the bot's own file, and `limits`, which belongs to a target there.
BOT_KEYS = frozenset(
    {
        "targets",
        "credentials",
        "registries",
        "notify",
        "nudges",
        "limits",
        "serve",
        "cache-dir",
        "registry-deadline",
    }
)


def refuse_bot_keys(document: Document, issues: Issues) -> None:
    root = document.root
    for key in root.key_spots if root else ():
        if key in BOT_KEYS:
            where = f"targets[].{key} of " if key == "limits" else ""
            message = "a file in a target cannot set this"
            issues.add((key,), message, f"it belongs in {where}the bot's own file, given with -c")
