"""From the names that senders use to repositories as manifests name them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from imagebot.config.model_serve import Hook
from imagebot.errors import InvalidReferenceError
from imagebot.glob import matches_any
from imagebot.http.address import normalise_host
from imagebot.reference import is_tag, parse_repository
from imagebot.serve.hooks.model import Announcement, GitEvent, Refused
from imagebot.text import clean
from imagebot.values import dataclass

MOST = 1000
"""Announcements of one delivery. One that has more is refused; the next pass sees it anyway."""


@dataclass(frozen=True, slots=True)
class Named:
    """A repository as its sender names it. `host` is "" where that does not say its own."""

    host: str
    path: str
    tag: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a body says, in its sender's words; `id` and `answer` as in `Heard`."""

    images: tuple[Named, ...] = ()
    git: tuple[GitEvent, ...] = ()
    id: str = ""
    answer: str = ""


def malformed(reason: str) -> Refused:
    """The refusal of a body that is not what its sender is documented to send."""
    return Refused(400, reason)


def too_many() -> Refused:
    return malformed(f"announces more than {MOST} images")


def split_name(name: str) -> Named:
    """`[https://]host[/path][:tag][@digest]`, taken apart; anything else gives nonsense."""
    bare = name.removeprefix("https://").removeprefix("http://").partition("@")[0]
    host, _, path = bare.partition("/")
    path, _, tag = path.partition(":")
    return Named(host, path, tag)


def announce(named: Iterable[Named], hook: Hook) -> tuple[Announcement, ...] | Refused:
    """The announcements of what the hook may announce, in order, each once.

    What cannot be a repository is left out as long as something else can. A tag that cannot be one
    is "": Harbor names a digest there, GitHub nothing.
    """
    # Each name once, before it costs the time to read it.
    names = dict.fromkeys(named)
    if len(names) > MOST:
        return too_many()
    found: dict[Announcement, None] = {}
    refused: Refused | None = None
    for each in names:
        one = _announcement(each, hook)
        if isinstance(one, Announcement):
            found[one] = None
        else:
            refused = refused or one
    if refused and not found:
        return refused
    allowed = hook.images or ("**",)
    return tuple(one for one in found if matches_any(allowed, str(one.repository)))


def _announcement(named: Named, hook: Hook) -> Announcement | Refused:
    place = hook.registry or named.host
    if not place:
        return malformed("does not say which registry it is: set `registry` of the hook")
    host, slash, path = place.partition("/")
    registry = normalise_host(host)
    try:
        repository = parse_repository(f"{registry}{slash}{path}/{named.path}")
    except InvalidReferenceError as error:
        return malformed(f"does not name a repository: {clean(error.message)}")
    if repository.registry != registry:
        # `harbor/app` is Docker Hub's, whatever the sender calls itself.
        return malformed(f"its registry calls itself {registry!r}: set `registry` of the hook")
    tag = named.tag if is_tag(named.tag) else ""
    return Announcement(repository, tag)


def lower_path(named: Named) -> Named:
    """With the path as a registry that ignores case has it: GitHub names owners as they sign up."""
    return replace(named, path=named.path.lower())
