"""GitHub's webhooks: packages of its container registry, pushes and pull requests.

https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from __future__ import annotations

from urllib.parse import parse_qs

from imagebot.reference import is_tag
from imagebot.serve.hooks.announce import Named, Said, lower_path, malformed, split_name
from imagebot.serve.hooks.document import at, text
from imagebot.serve.hooks.model import Delivery, GitEvent, Refused

_REGISTRY = "ghcr.io"
_IMAGE_EVENTS = ("package", "registry_package")
# `create` is in deliveries of the time when the registry was new.
_IMAGE_ACTIONS = frozenset({"published", "updated", "create"})
# What a pass looks at in a pull request: that it is open, its branches, its text and its labels.
_REQUEST_ACTIONS = frozenset(
    {"opened", "reopened", "closed", "synchronize", "edited", "labeled", "unlabeled"}
)
_DECISIONS = frozenset({"closed", "reopened"})
_URLS = ("clone_url", "ssh_url", "git_url", "html_url")
_BRANCH = "refs/heads/"
_FORM = "application/x-www-form-urlencoded"


def payload(delivery: Delivery) -> bytes:
    """The JSON, which is a field of a form where a hook is left as GitHub proposes it.

    Raises ValueError for a form of many fields.
    """
    if delivery.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        return delivery.body
    fields = parse_qs(delivery.body, max_num_fields=8)
    return fields.get(b"payload", [b""])[0]


def read(delivery: Delivery, document: object) -> Said | Refused:
    event = delivery.headers.get("x-github-event", "")
    identity = delivery.headers.get("x-github-delivery", "")
    if not event:
        return malformed("has no X-GitHub-Event")
    if not isinstance(document, dict):
        return malformed("is not a JSON object")
    if event in _IMAGE_EVENTS:
        return _image(document, identity)
    if event == "push":
        return _push(document, identity)
    if event == "pull_request":
        return _pull_request(document, identity)
    return Said(id=identity)


def _image(document: object, identity: str) -> Said | Refused:
    # Each event names the package by its own name.
    package = next((found for name in _IMAGE_EVENTS if (found := at(document, name))), None)
    if not text(document, "action") or package is None:
        return malformed("has no action or package")
    kind = text(package, "package_type") or text(package, "ecosystem")
    if text(document, "action") not in _IMAGE_ACTIONS or kind.lower() != "container":
        return Said(id=identity)
    named = lower_path(_package(package))
    if not named.path:
        return malformed("has no name and owner of the package")
    return Said(images=(named,), id=identity)


def _package(package: object) -> Named:
    """The repository by the package's URL, else by its owner and name."""
    version = at(package, "package_version")
    tag = text(version, "container_metadata", "tag", "name")
    if not tag:
        candidates = (text(version, "version"), text(version, "name"))
        tag = next((candidate for candidate in candidates if is_tag(candidate)), "")
    named = split_name(text(version, "package_url"))
    if named.path:
        return Named(named.host, named.path, tag)
    owner = text(package, "owner", "login") or text(package, "namespace")
    name = text(package, "name")
    return Named(_REGISTRY, f"{owner}/{name}" if owner and name else "", tag)


def _push(document: object, identity: str) -> Said | Refused:
    """A push to a branch, its deletion included; a tag of Git's is nothing that we wait for."""
    ref, after = text(document, "ref"), text(document, "after")
    urls = _urls(at(document, "repository"))
    if not ref or not urls:
        return malformed("has no ref or repository")
    if not ref.startswith(_BRANCH):
        return Said(id=identity)
    commit = "" if at(document, "deleted") is True or not after.strip("0") else after
    return Said(git=(GitEvent(urls, ref.removeprefix(_BRANCH), commit),), id=identity)


def _pull_request(document: object, identity: str) -> Said | Refused:
    branch = text(document, "pull_request", "base", "ref")
    urls = _urls(at(document, "repository"))
    if not branch or not urls:
        return malformed("has no base of the pull request, or no repository")
    action = text(document, "action")
    if action not in _REQUEST_ACTIONS or _is_the_authors_own(document, action):
        return Said(id=identity)
    commit = text(document, "pull_request", "head", "sha")
    return Said(git=(GitEvent(urls, branch, commit, request=True),), id=identity)


def _is_the_authors_own(document: object, action: str) -> bool:
    """Whether the author went on with a pull request, as imagebot does with its own: that is no
    news to imagebot. Whoever closes one, or opens it again, decides something."""
    author = text(document, "pull_request", "user", "login")
    own = bool(author) and author == text(document, "sender", "login")
    return own and action not in _DECISIONS


def _urls(repository: object) -> tuple[str, ...]:
    return tuple(dict.fromkeys(url for key in _URLS if (url := text(repository, key))))
