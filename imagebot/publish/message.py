"""Commit messages, and the titles of pull requests. Pure.

What comes from outside goes through `escape`; only the texts of the configuration, which anybody
who may write them may commit with, stand as they are.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from imagebot.config.model import CommitOptions
from imagebot.config.placeholders import fill
from imagebot.plan.model import Update
from imagebot.publish.again import again_trailers
from imagebot.publish.changes import Change
from imagebot.publish.escape import plain
from imagebot.publish.text import after, before, plan_hash
from imagebot.publish.trailers import (
    PLAN,
    POLICY,
    ROUTE,
    SIGN_OFF,
    UPDATE,
    Digests,
    key_of,
    name_trailers,
    update_trailers,
)
from imagebot.text import printable, shorten

MAX_SUBJECT = 72
MAX_TITLE = 200
_MOST_LISTED = 1000
_MOST_NAMED = 3
_LEAST_ROOM = 20
_TYPES = ("major", "minor", "patch", "other", "digest")

_REVERT_RE = re.compile(r"\s*(revert|rollback|roll back)\b", re.IGNORECASE)
_LINE_RE = re.compile(r"^- .+: .+ -> .+ \((?:major|minor|patch|digest|other)\)\r?$", re.MULTILINE)
_TRAILER_RE = re.compile(rf"^[ \t]*(?:{UPDATE}|{PLAN}): \S", re.MULTILINE)
# A branch such as revert-1-imagebot/… is one of the people who revert.
_BRANCH_RE = re.compile(r"(?<![\w-])imagebot/(?:[a-z0-9-]+-)?[0-9a-f]{8}(?![\w-])")


def commit_message(change: Change, options: CommitOptions, digests: Digests) -> str:
    """A subject, two lines for each update, and the trailers; an empty line between them."""
    subject = _subject(change, options)
    if options.suffix and change.mode == "commit":
        # Not in a pull request: its checks must run, and a squash would copy it to the branch.
        room = MAX_SUBJECT - len(options.suffix) - 1
        subject = f"{_subject(change, options, room)} {options.suffix}".rstrip()
    lines = [line for each in change.updates[:_MOST_LISTED] for line in _lines(each, digests)]
    if len(change.updates) > _MOST_LISTED:
        lines.append(f"- and {len(change.updates) - _MOST_LISTED} more")
    return "\n".join((subject, "", *lines, "", *_trailers(change, options, digests))) + "\n"


def said_of(message: str) -> Mapping[str, str]:
    """What a commit of the bot says of policies and reasons, by what it says of the updates."""
    lines = message.splitlines()
    return {
        line.rpartition(" (")[0]: below
        for line, below in pairwise(lines)
        if _LINE_RE.fullmatch(line) and below.startswith("  policy ")
    }


def as_said(update: Update, said: Mapping[str, str]) -> Update:
    """An update with the reason of the commit that made it first; `said` is what that says."""
    decision = update.decision
    below = said.get(_head(update), "")
    policy, _, reason = below.removeprefix("  policy ").partition(": ")
    if decision.policy and below.startswith(_by(decision.policy)):
        policy, reason = decision.policy, below.removeprefix(_by(decision.policy))
    decision = replace(
        decision, policy=decision.policy or policy, reason=reason or "it was proposed before"
    )
    return replace(update, decision=decision)


def is_revert(message: str) -> bool:
    """Whether a commit's message says that it takes another back."""
    return _REVERT_RE.match(message) is not None


def is_commit_message(message: str) -> bool:
    """Whether a commit says that it is imagebot's work, whoever made it.

    A squash merge has the bot's message or its branch in it; so may what reverts one, which is not.
    """
    if is_revert(message):
        return False
    return any(form.search(message) for form in (_LINE_RE, _TRAILER_RE, _BRANCH_RE))


def pull_request_title(change: Change, options: CommitOptions) -> str:
    """What the route's `pull-request.title` makes of the change; one line of at most 200."""
    values = _values(change, MAX_SUBJECT)
    values = {**values, "subject": _subject(change, options)}
    return shorten(fill(change.options.title, values), MAX_TITLE)


def _subject(change: Change, options: CommitOptions, room: int = MAX_SUBJECT) -> str:
    """The subject without its suffix, in at most `room` characters."""
    template = options.prefix + options.subject
    fixed = len(fill(template, {**_values(change, room), "summary": ""}))
    values = _values(change, max(room - fixed, _LEAST_ROOM))
    return shorten(fill(template, values).strip(), room)


def _values(change: Change, room: int) -> dict[str, str]:
    """What becomes of the placeholders; the summary has `room` for so many characters."""
    updates = change.updates
    return {
        "summary": _summary(updates, room),
        "images": _images(updates),
        "from": _only(update.field.reference.tag or "no tag" for update in updates),
        "to": _only(update.tag or update.field.reference.tag or "no tag" for update in updates),
        "count": str(len(updates)),
        "type": _largest_type(updates),
        "route": plain(change.route),
        "branch": plain(change.base),
        "folder": _folder(change.paths),
    }


def _summary(updates: Sequence[Update], room: int) -> str:
    """The longest of some texts that fits, from the most that can be said to the least."""
    texts = list(dict.fromkeys(_summaries(updates)))
    return next((text for text in texts if len(text) <= room), shorten(texts[-1], room))


def _summaries(updates: Sequence[Update]) -> Iterator[str]:
    names = tuple(dict.fromkeys(update.field.reference.name for update in updates))
    whole = plain(names[0]) if len(names) == 1 else _images(updates)
    short = _images(updates)
    tags = {update.tag or update.field.reference.tag for update in updates}
    one = plain(tags.pop() or "") if len(tags) == 1 else ""
    if all(_is_of_digest(update) for update in updates):
        what = "digest" if len(names) == 1 else "digests"
        tagged = f":{one}" if one and len(names) == 1 else ""
        yield from (f"Update the {what} of {name}{tagged}" for name in (whole, short))
        yield f"Update the {what} of {short}"
    else:
        if one:
            yield from (f"Update {name} to {one}" for name in (whole, short))
        yield from (f"Update {name}" for name in (whole, short))
    yield f"Update {_count(len(names))}"


def _is_of_digest(update: Update) -> bool:
    return update.tag in (None, update.field.reference.tag) and update.digest is not None


def _images(updates: Sequence[Update]) -> str:
    """The last parts of up to three names, else how many there are."""
    names = tuple(dict.fromkeys(update.field.reference.name for update in updates))
    short = [plain(name.rsplit("/", 1)[-1]) for name in names]
    if len(names) > _MOST_NAMED or len(set(short)) < len(names):
        return _count(len(names))
    return " and ".join(part for part in (", ".join(short[:-1]), short[-1]) if part)


def _count(number: int) -> str:
    return f"{number} image{'s' if number != 1 else ''}"


def _only(tags: Iterator[str]) -> str:
    found = set(tags)
    return plain(found.pop()) if len(found) == 1 else "several tags"


def _largest_type(updates: Sequence[Update]) -> str:
    found = {str(update.decision.update_type) for update in updates}
    return next((each for each in _TYPES if each in found), "other")


def _folder(paths: Sequence[str]) -> str:
    return plain(posixpath.commonpath([posixpath.dirname(path) for path in paths]) or ".")


def _lines(update: Update, digests: Digests) -> Iterator[str]:
    yield f"{_head(update)} ({update.decision.update_type})"
    yield f"{_by(update.decision.policy)}{plain(update.decision.reason)}"
    key = key_of(update)
    if key is not None and (failure := digests.failures.get(key)):
        yield f"  digest unknown: {plain(failure)}"


def _head(update: Update) -> str:
    return (
        f"- {plain(update.field.path)}: {plain(update.field.reference.name)}"
        f" {before(update)} -> {after(update)}"
    )


def _by(policy: str) -> str:
    return f"  policy {plain(policy)}: "


def _trailers(change: Change, options: CommitOptions, digests: Digests) -> Iterator[str]:
    yield from update_trailers(change.updates, digests)
    yield from name_trailers(POLICY, (update.decision.policy for update in change.updates))
    yield from name_trailers(ROUTE, (update.route for update in change.updates))
    yield f"{PLAN}: {plan_hash(change.updates)}"
    yield from again_trailers(change.updates)
    yield from (printable(line) for line in change.trailers)
    if options.sign_off:
        name, address = options.committer
        yield f"{SIGN_OFF}: {name} <{address}>"
