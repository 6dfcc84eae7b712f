"""Parse the responses of registries: tag lists, links, errors. Pure: bytes and text in.

Follows the OCI distribution specification 1.1. All input comes from the network, so every function
accepts anything, and either returns a clean value or raises RegistryProtocolError about its
`subject`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import urljoin, urlsplit

from imagebot.errors import RegistryProtocolError
from imagebot.http.address import origin
from imagebot.reference import tags_among
from imagebot.text import clean
from imagebot.values import dataclass

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
ACCEPT_MANIFESTS = ", ".join((OCI_INDEX, DOCKER_LIST, OCI_MANIFEST, DOCKER_MANIFEST))
"""Always all of them: a registry returns 404, or another manifest, when the type a tag points to
is missing here (seen in distribution 2.8)."""

_MAX_ERRORS = 8
_MAX_HEADER = 16 * 1024
_CODE_RE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_GAP_RE = re.compile(r"[\s,]*")
_TARGET_RE = re.compile(r"<([^<>]*)>\s*")
# RFC 8288 allows empty parameters (`;;`) and empty values.
_PARAMETER_RE = re.compile(
    r';\s*(?:([A-Za-z0-9*_-]+)\s*(?:=\s*("(?:[^"\\]|\\.)*"|[^\s;,"]*)\s*)?)?'
)
_REST_RE = re.compile(r"[^,]*")


@dataclass(frozen=True, slots=True)
class ErrorDetail:
    """One entry of an error body; `message` is one line of printable text."""

    code: str
    message: str


def parse_json(subject: str, body: bytes, what: str) -> object:
    """The JSON document of a response; `what` names it in the error."""
    try:
        return json.loads(body)
    # RecursionError: a body of brackets.
    except (ValueError, RecursionError) as exc:
        raise RegistryProtocolError(
            subject,
            f"{what} is not JSON",
            hint="a proxy or a login page in front of the registry may have answered",
        ) from exc


def parse_entries(subject: str, body: bytes) -> list[object]:
    """The entries of one `tags/list` response, in its order, whatever they are.

    `null` is an empty list (distribution, when the last tag is gone).
    """
    document = parse_json(subject, body, "the list of tags")
    if not isinstance(document, dict) or "tags" not in document:
        raise RegistryProtocolError(subject, "the response has no list of tags")
    tags = document["tags"]
    if tags is None:
        return []
    if not isinstance(tags, list):
        raise RegistryProtocolError(subject, "`tags` in the response is not a list")
    return tags


def parse_tags(subject: str, body: bytes) -> tuple[str, ...]:
    """The tags of one `tags/list` response, in its order, each once.

    Skips entries that are not tags (null, empty, digests: seen from Nexus and Artifactory).
    """
    return tuple(dict.fromkeys(tags_among(parse_entries(subject, body))))


def next_page(subject: str, links: Sequence[str], url: str, *, quotable: bool = True) -> str | None:
    """The address of the next page, from the Link headers of the response from `url`.

    That of the first link with `rel="next"`, else of the first without any `rel`, as
    go-containerregistry reads it. Only on the same origin: the request for it carries credentials.
    Of a link to another `…/tags/list`, only the query is used, because Artifactory leaves the
    prefix of virtual repositories out (RTFACT-18971) and Nexus puts an internal path in.

    Raises RegistryProtocolError for another origin, which it shows if it is `quotable`, an unusable
    address, and a header that cannot be read: without the next page the list would be short.
    """
    target = _find_next(subject, links)
    if target is None:
        return None
    try:
        if not target or not target.isprintable():
            raise ValueError("not an address")
        found = urlsplit(urljoin(url, target))
        here = urlsplit(url)
        same = origin(found.geturl()) == origin(url)
    except ValueError as exc:
        raise RegistryProtocolError(
            subject, "the link to the next page of tags is not a valid address"
        ) from exc
    if not same or found.username is not None:
        where = f" ({clean(found.netloc)})" if quotable else ""
        raise RegistryProtocolError(
            subject,
            f"the registry links to a next page of tags on another server{where}",
            hint="check the external URL (scheme, host, port) that the registry is configured with",
        )
    path = here.path if found.path.endswith("/tags/list") else found.path
    return found._replace(path=path, fragment="").geturl()


def parse_errors(body: bytes) -> tuple[ErrorDetail, ...]:
    """The errors in a response's body; empty when it has another format."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return ()
    errors = document.get("errors") if isinstance(document, dict) else None
    if not isinstance(errors, list):
        return ()
    return tuple(_details(errors[:_MAX_ERRORS]))


@dataclass(frozen=True, slots=True)
class _Link:
    target: str
    relations: tuple[str, ...]


def _find_next(subject: str, links: Sequence[str]) -> str | None:
    every = [found for link in links for found in _parse_links(link)]
    readable = [link for link in every if link is not None]
    for link in readable:
        if "next" in link.relations:
            return link.target
    if len(readable) < len(every):
        raise RegistryProtocolError(
            subject,
            "the registry's link to the next page of tags cannot be read",
            hint="check whether a proxy in front of the registry changes its Link headers",
        )
    return next((link.target for link in readable if not link.relations), None)


def _parse_links(header: str) -> Iterator[_Link | None]:
    """The links of one header, by RFC 8288; None for what is not a link.

    There may be commas and semicolons inside quotes. In linear time: every step continues after
    what it has read.
    """
    if len(header) > _MAX_HEADER:
        yield None
        return
    index = _past(_GAP_RE, header, 0)
    while index < len(header):
        target = _TARGET_RE.match(header, index)
        parameters: list[tuple[str, str]] = []
        if target:
            index = target.end()
            while found := _PARAMETER_RE.match(header, index):
                index = found.end()
                parameters.append(((found[1] or "").lower(), unquote(found[2] or "")))
        rest = _past(_REST_RE, header, index)
        if target is None or header[index:rest].strip():
            yield None
        else:
            # A second `rel` does not count.
            relations = next((value for name, value in parameters if name == "rel"), "")
            # Some write single quotes, which are part of the value.
            words = relations.lower().strip("'").split()
            yield _Link(target[1].strip(), tuple(words))
        index = _past(_GAP_RE, header, rest)


def _past(pattern: re.Pattern[str], text: str, index: int) -> int:
    found = pattern.match(text, index)
    return found.end() if found else index


def unquote(text: str) -> str:
    """A header parameter's value without its quotes and escapes."""
    if len(text) < 2 or not text.startswith('"'):
        return text
    return re.sub(r"\\(.)", r"\1", text[1:-1])


def _details(errors: Iterable[object]) -> Iterator[ErrorDetail]:
    for error in errors:
        if not isinstance(error, dict):
            continue
        code, message = error.get("code"), error.get("message")
        yield ErrorDetail(
            code if isinstance(code, str) and _CODE_RE.fullmatch(code) else "",
            clean(message) if isinstance(message, str) else "",
        )
