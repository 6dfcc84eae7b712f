"""What imagebot says in comments and notes of pull requests. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from imagebot.plan.model import Update
from imagebot.publish.escape import code, markdown
from imagebot.publish.fates import Fate, says

HAND_BACK = "imagebot-rebuild"
"""The label that gives the branch of a pull request back to imagebot."""

MOST_LINES = 30
"""So many updates are listed in a comment."""
_SHOWN = 12


def closing_comment(fates: Sequence[Fate], places: Mapping[str, str], *, why: str = "") -> str:
    """Why a pull request is closed, update by update.

    `places` say where another branch's pull request is, by branch. `why` is a reason for all.
    """
    lines = [_line(fate, places) for fate in fates[:MOST_LINES]]
    if len(fates) > MOST_LINES:
        lines.append(f"- and {len(fates) - MOST_LINES} more")
    because = f" {markdown(why)}." if why else ""
    return "\n".join(
        (f"imagebot is closing this pull request.{because} What became of its updates:", "", *lines)
    )


def moved_comment(url: str) -> str:
    """Said in the pull request that now has the updates of another one."""
    return f"The updates of {url} are in this pull request now."


def people_comment() -> str:
    return (
        "Other people have committed to this branch, so imagebot leaves it alone from now on. To"
        " give it back, delete the branch or add the label"
        f" `{HAND_BACK}`: imagebot then replaces what is on it."
    )


def people_note() -> str:
    return "other people have committed to this branch, so imagebot does not change it any more"


def held_notes(fates: Iterable[Fate], *, gone: bool, frozen: bool) -> tuple[str, ...]:
    """What the text of a pull request says of updates that are kept although undecided.

    `gone` when its title says so of a list that nobody could read this time.
    """
    lines = [f"{_place(fate)} to {says(fate.proposal.after)}: {fate.reason}" for fate in fates]
    if gone:
        lines.append("a tag was gone from the registry when that last gave a list")
    if frozen:
        lines.append("imagebot leaves the branch as it is until this is decided")
    return tuple(lines)


def lost_note(update: Update) -> str:
    """The registry has lost the tag that an update replaces."""
    field = update.field
    return (
        f"{field.path}:{field.line}: {field.reference.name}: the registry does not list"
        f" {field.reference.tag} any more, which is there now"
    )


def lost_warning(target: str, number: int, notes: Sequence[str]) -> str:
    """A warning with what `lost_note` says of a pull request."""
    more = f", and {len(notes) - 1} more" if len(notes) > 1 else ""
    return f"{target}: pull request #{number}: {notes[0]}{more}"


def ending_note(route: str, path: str, version: str) -> str:
    return (
        f"route {route} is no longer in {path} (as of {version[:_SHOWN]}); unless it comes back, a"
        " later pass closes this pull request, ten minutes after that at the earliest"
    )


def ending_reason(route: str, path: str, version: str) -> str:
    return f"Route {route} is no longer in {path} (as of {version[:_SHOWN]})"


def stays_open(target: str, number: int, fates: Sequence[Fate]) -> str:
    """A warning about a pull request that is kept although something of it is undecided."""
    first = fates[0]
    more = f", and {len(fates) - 1} more" if len(fates) > 1 else ""
    place = f"{first.proposal.field.path}:{first.proposal.field.line}"
    return f"{target}: pull request #{number} stays open: {place}: {first.reason}{more}"


def _place(fate: Fate) -> str:
    field = fate.proposal.field
    return f"{field.path}: {field.reference.name}"


def _line(fate: Fate, places: Mapping[str, str]) -> str:
    field = fate.proposal.field
    where = places.get(fate.branch, "") if fate.branch else ""
    after = code(says(fate.proposal.after))
    image = f"{code(field.path)}: {code(field.reference.name)} to {after}"
    return f"- {image}: {markdown(fate.reason)}{f': {where}' if where else ''}"
