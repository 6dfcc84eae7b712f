"""Branch names, commit messages and the text of pull requests. Pure.

Tags, paths and reasons come from registries and from the target, so they are hostile: nothing
in them may mention people, close issues, forge the hidden marker, skip a pipeline, break the
table, or reach a shell (branch names do, in many a pipeline).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence

from imagebot.plan.model import Update
from imagebot.publish.escape import code, markdown, plain
from imagebot.publish.marker import PullRequestMarker, write_marker
from imagebot.text import shorten

BRANCH_PREFIX = "imagebot/"

# GitHub's limit is 65,536 characters; bytes are counted, so that no forge counts more.
MAX_BODY = 60_000
_MAX_SUBJECT = 100
_MAX_LINES = 100
_MAX_NAMED = 3

_REVERT_RE = re.compile(r"\s*(revert|rollback|roll back)\b", re.IGNORECASE)
_LINE_RE = re.compile(r"^- .+: .+ -> .+ \((?:major|minor|patch|digest|other)\)\r?$", re.MULTILINE)
# A branch such as revert-1-imagebot/… is one of the people who revert.
_BRANCH_RE = re.compile(r"(?<![\w-])imagebot/(?:[a-z0-9-]+-)?[0-9a-f]{8}(?![\w-])")


def branch_name(*, base: str, route: str, group: str) -> str:
    """The same for the same route and group of a target's branch `base`: `[a-z0-9._/-]` only."""
    digest = hashlib.sha256("\0".join((base, route, group)).encode()).hexdigest()[:8]
    parts = [slug for name in (route, group) if (slug := _slug(name))]
    return BRANCH_PREFIX + "-".join((*parts, digest))


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower())[:40].strip("-")


def plan_hash(updates: Iterable[Update]) -> str:
    """Equal for plans that write the same references into the same files.

    Where in a file does not count: a plan that people refused must not come back because a line
    was added above.
    """
    lines = sorted({f"{update.field.path}\0{update.new_reference}" for update in updates})
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def configuration_hash(path: str) -> str:
    """Tells configurations apart by their paths, without telling the paths."""
    return hashlib.sha256(path.encode()).hexdigest()[:12]


def commit_message(updates: Sequence[Update]) -> str:
    """A subject, an empty line, and a line for each update."""
    lines = [
        f"- {plain(update.field.path)}: {plain(update.field.reference.name)}"
        f" {_before(update)} -> {_after(update)} ({update.decision.update_type})"
        for update in updates[:_MAX_LINES]
    ]
    if len(updates) > _MAX_LINES:
        lines.append(f"- and {len(updates) - _MAX_LINES} more")
    return "\n".join((_subject(updates), "", *lines)) + "\n"


def is_commit_message(message: str) -> bool:
    """Whether a commit says that it is imagebot's work, whoever made it.

    A squash merge has the bot's message or its branch in it; so may what reverts one, which is not.
    """
    if _REVERT_RE.match(message):
        return False
    return _LINE_RE.search(message) is not None or _BRANCH_RE.search(message) is not None


def pull_request_title(updates: Sequence[Update], *, route: str) -> str:
    return f"{_subject(updates)} ({plain(route)})"


def pull_request_body(
    updates: Sequence[Update],
    *,
    base: str,
    marker: PullRequestMarker,
    room: int = MAX_BODY,
) -> str:
    """Markdown: what is proposed and why, then the marker; at most `room` bytes."""
    count = f"{len(updates)} update{'s' if len(updates) != 1 else ''}"
    head = (
        f"imagebot proposes {count} for {code(base)}, route {code(marker.route)}.\n\n"
        "| File | Image | From | To | Type | Why |\n|---|---|---|---|---|---|\n"
    )
    foot = (
        "\nMerge this to deploy these updates. Close this to reject these versions: imagebot will"
        " not propose them again, but will propose newer ones. imagebot keeps this branch up to"
        " date as long as nobody else commits to it, and never overwrites other people's"
        " commits.\n\n" + write_marker(marker) + "\n"
    )
    room -= len(head.encode()) + len(foot.encode()) + 100
    rows: list[str] = []
    for update in updates:
        row = _row(update)
        room -= len(row.encode())
        if room < 0:
            rows.append(f"\n… and {len(updates) - len(rows)} more: the commit has them all.\n")
            break
        rows.append(row)
    return head + "".join(rows) + foot


def _subject(updates: Sequence[Update]) -> str:
    names = tuple(dict.fromkeys(update.field.reference.name for update in updates))
    results = {_after(update) for update in updates}
    if len(names) == 1:
        towards = f" to {results.pop()}" if len(results) == 1 else ""
        return shorten(f"Update {plain(names[0])}{towards}", _MAX_SUBJECT)
    short = [plain(name.rsplit("/", 1)[-1]) for name in names]
    if len(names) <= _MAX_NAMED and len(set(short)) == len(names):
        return shorten(f"Update {', '.join(short[:-1])} and {short[-1]}", _MAX_SUBJECT)
    return f"Update {len(names)} images"


def _before(update: Update) -> str:
    return _say(update.field.reference.tag, update.field.reference.digest)


def _after(update: Update) -> str:
    current = update.field.reference
    return _say(update.tag or current.tag, update.digest or current.digest)


def _say(tag: str | None, digest: str | None) -> str:
    # Without the `@` between them, which would mention whoever is called sha256.
    short = [] if digest is None else [digest[:19]]
    return " ".join(([] if tag is None else [tag]) + short) or "no tag"


def _row(update: Update) -> str:
    place = f"{update.field.path}:{update.field.line}"
    cells = (
        code(place),
        code(update.field.reference.name),
        code(_before(update)),
        code(_after(update)),
        markdown(str(update.decision.update_type)),
        markdown(update.decision.reason),
    )
    return f"| {' | '.join(cells)} |\n"
