"""The paths of the OCI distribution specification 1.1 and their handlers.

Where the specification leaves a choice, the answer is that of distribution/distribution, which most
clients are tested with. Referrers are not served: clients then use the fallback tags of the
specification.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from imagebot.demo.distribution import blobs, manifests
from imagebot.demo.distribution.exchange import (
    RefusalError,
    ServerRequest,
    ServerResponse,
    json_answer,
)
from imagebot.demo.distribution.storage import Storage, StorageFullError, is_repository
from imagebot.demo.distribution.uploads import Uploads

_Handler = Callable[[ServerRequest, str, str], ServerResponse]

# Names may hold the words of the paths ("team/blobs/uploads"), so the last ones count.
_NAME = r"(?s)/v2/(?P<name>.+)"
_PATHS: Mapping[str, re.Pattern[str]] = {
    "tags": re.compile(rf"{_NAME}/tags/list()"),
    "manifest": re.compile(rf"{_NAME}/manifests/([^/]+)"),
    "uploads": re.compile(rf"{_NAME}/blobs/uploads/?()"),
    "upload": re.compile(rf"{_NAME}/blobs/uploads/([^/]+)"),
    "blob": re.compile(rf"{_NAME}/blobs/([^/]+)"),
}


def manifest_of(path: str) -> tuple[str, str] | None:
    """The repository and the tag or digest in the path of an image manifest."""
    found = _PATHS["manifest"].fullmatch(path)
    return (found[1], found[2]) if found else None


class Routes:
    def __init__(self, storage: Storage, uploads: Uploads) -> None:
        self._handlers = _handlers(storage, uploads)

    def answer(self, request: ServerRequest) -> ServerResponse:
        """Every request has an answer; a refused one has an error body."""
        try:
            return self._answer(request)
        except RefusalError as refusal:
            return refusal.answer()
        except StorageFullError:
            return RefusalError(507, "DENIED", "the sandbox's registry is full").answer()

    def _answer(self, request: ServerRequest) -> ServerResponse:
        if request.path in ("/v2", "/v2/"):
            if request.method != "GET":
                raise _not_allowed({"GET": None})
            return json_answer({})
        for kind, path in _PATHS.items():
            found = path.fullmatch(request.path)
            if found:
                return self._dispatch(kind, request, found[1], found[2])
        raise RefusalError(404, "UNSUPPORTED", "the distribution specification has no such path")

    def _dispatch(self, kind: str, request: ServerRequest, name: str, item: str) -> ServerResponse:
        handler = self._handlers[kind].get(request.method)
        if handler is None:
            raise _not_allowed(self._handlers[kind])
        if not is_repository(name):
            raise RefusalError(400, "NAME_INVALID", f"{name!r} is not a repository name")
        return handler(request, name, item)


def _not_allowed(methods: Mapping[str, object]) -> RefusalError:
    allowed = sorted({*methods, "HEAD"} if "GET" in methods else methods)
    return RefusalError(
        405,
        "UNSUPPORTED",
        "this path does not allow the method",
        headers={"Allow": ", ".join(allowed)},
    )


def _handlers(storage: Storage, uploads: Uploads) -> Mapping[str, Mapping[str, _Handler]]:
    """By kind of path and method; a handler gets the request, the repository and the item."""
    return {
        "tags": {"GET": lambda request, name, _: manifests.list_tags(storage, request, name)},
        "manifest": {
            "GET": lambda *given: manifests.pull(storage, *given),
            "PUT": lambda *given: manifests.push(storage, *given),
            "DELETE": lambda *given: manifests.delete(storage, *given),
        },
        "uploads": {
            "POST": lambda request, name, _: blobs.start(storage, uploads, request, name),
        },
        "upload": {
            "GET": lambda *given: blobs.status(uploads, *given),
            "PATCH": lambda *given: blobs.append(uploads, *given),
            "PUT": lambda *given: blobs.finish(storage, uploads, *given),
            "DELETE": lambda *given: blobs.cancel(uploads, *given),
        },
        "blob": {
            "GET": lambda *given: blobs.pull(storage, *given),
            "DELETE": lambda *given: blobs.delete(storage, *given),
        },
    }
