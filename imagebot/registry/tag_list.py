"""Read all the pages of a list of tags: never only some of them.

A list that cannot be read to its end is an error, because its newest tag would not be the newest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from urllib.parse import quote

from imagebot.errors import RegistryProtocolError
from imagebot.http.message import Response
from imagebot.reference import tags_among
from imagebot.registry.protocol import next_page, parse_entries

_MIB = 1024 * 1024
_PAGE_SIZE = 1000
"""The most that ECR and ACR allow; Quay always returns 100."""
_MAX_PAGES = 1000
MAX_PAGE = 32 * _MIB
"""The most bytes that one page may have, unpacked."""
_MAX_LISTING = 128 * _MIB


class GetPage(Protocol):
    """GET from below a repository, or from a URL that its registry returned.

    Raises RegistryError for a status that is neither a success nor in `tolerate`.
    """

    def __call__(self, path: str, *, limit: int, tolerate: tuple[int, ...]) -> Response: ...


class _ListingMovedError(Exception):
    """The tag after which the next page begins is gone."""


def read_tags(subject: str, get: GetPage) -> tuple[str, ...]:
    """All tags, in the registry's order, each once. Raises RegistryError."""
    for _ in range(2):
        try:
            return _read(subject, get)
        except _ListingMovedError:
            pass
    reason = "the list of tags keeps changing while it is read"
    raise RegistryProtocolError(subject, reason, temporary=True)


def _read(subject: str, get: GetPage) -> tuple[str, ...]:
    found: dict[str, None] = {}
    path: str | None = f"tags/list?n={_PAGE_SIZE}"
    seen: set[str] = set()
    listed: set[str] = set()
    size = 0
    linked = guessed = False
    while path:
        _check_circle(subject, path, seen)
        # zot returns 404 when the tag after which a page begins was removed meanwhile.
        tolerate = (400, 404) if guessed else (404,) if seen else ()
        response = get(path, limit=MAX_PAGE, tolerate=tolerate)
        if response.status in tolerate:
            if guessed:
                break
            raise _ListingMovedError
        seen.add(path)
        size += len(response.body)
        if size > _MAX_LISTING:
            raise RegistryProtocolError(subject, "the list of tags is too long to read")
        page = parse_entries(subject, response.body)
        links = response.values("Link")
        path = next_page(subject, links, response.url, quotable=response.quotable)
        linked = linked or path is not None
        last = "" if linked else _last_of_a_full_page(page, listed)
        guessed = last != ""
        if guessed:
            path = f"tags/list?n={_PAGE_SIZE}&last={quote(last, safe='', errors='replace')}"
        found |= dict.fromkeys(tags_among(page))
    return tuple(found)


def _last_of_a_full_page(page: Sequence[object], listed: set[str]) -> str:
    """The name behind which there may be more, after a page without a link; "" when not.

    go-containerregistry's own registry sends as many entries as it was asked for, tags or not, and
    does not say so. One that sends the same again for every question has no pages. Adds the names
    of the page to those that are `listed`.
    """
    if len(page) != _PAGE_SIZE:
        return ""
    names = [each for each in page if isinstance(each, str) and each]
    if listed.issuperset(names):
        return ""
    listed.update(names)
    return names[-1]


def _check_circle(subject: str, path: str, seen: set[str]) -> None:
    if path in seen:
        reason = "has a page that links back to an earlier one"
        raise RegistryProtocolError(subject, f"the list of tags {reason}")
    if len(seen) >= _MAX_PAGES:
        reason = f"has more than {_MAX_PAGES} pages"
        raise RegistryProtocolError(subject, f"the list of tags {reason}")
