"""Branch names and the text of pull requests. Pure.

Branch names reach a shell in many a pipeline, so nothing from outside stands in them as it is;
what stands in a text goes through `escape`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Sequence

from imagebot.plan.model import Update
from imagebot.publish.escape import code, markdown
from imagebot.publish.marker import PullRequestMarker, write_marker

BRANCH_PREFIX = "imagebot/"

# GitHub's limit is 65,536 characters; bytes are counted, so that no forge counts more.
MAX_BODY = 60_000


def branch_name(*, base: str, route: str, group: str) -> str:
    """The same for the same route and group of a target's branch `base`: `[a-z0-9._/-]` only."""
    digest = hashlib.sha256("\0".join((base, route, group)).encode()).hexdigest()[:8]
    parts = [slug for name in (route, group) if (slug := _slug(name))]
    return BRANCH_PREFIX + "-".join((*parts, digest))


def is_branch_of(branch: str, route: str, routes: Collection[str]) -> bool:
    """Whether a branch of the bot is, by its name alone, one of a route that is among `routes`.

    Of routes whose names begin alike the longest that fits counts.
    """
    fits = {_slug(each) for each in (*routes, route) if _begins(branch, _slug(each))}
    return bool(fits) and _slug(route) == max(fits, key=len)


def _begins(branch: str, slug: str) -> bool:
    return bool(slug) and branch.startswith(f"{BRANCH_PREFIX}{slug}-")


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


def pull_request_body(
    updates: Sequence[Update],
    *,
    base: str,
    marker: PullRequestMarker,
    room: int = MAX_BODY,
    hidden: bool = True,
) -> str:
    """Markdown: what is proposed and why, then the marker; at most `room` bytes.

    `hidden` when the forge hides comments.
    """
    count = f"{len(updates)} update{'s' if len(updates) != 1 else ''}"
    head = (
        f"imagebot proposes {count} for {code(base)}, route {code(marker.route)}.\n\n"
        "| File | Image | From | To | Type | Why |\n|---|---|---|---|---|---|\n"
    )
    foot = (
        "\nMerge this to deploy these updates. Close this to reject these versions: imagebot will"
        " not propose them again, but will propose newer ones. imagebot keeps this branch up to"
        " date as long as nobody else commits to it, and never overwrites other people's"
        " commits.\n\n" + write_marker(marker, hidden=hidden) + "\n"
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


def before(update: Update) -> str:
    """The tag and the beginning of the digest that an update takes away."""
    return _say(update.field.reference.tag, update.field.reference.digest)


def after(update: Update) -> str:
    """The tag and the beginning of the digest that an update writes."""
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
        code(before(update)),
        code(after(update)),
        markdown(str(update.decision.update_type)),
        markdown(update.decision.reason),
    )
    return f"| {' | '.join(cells)} |\n"
