"""Tags and image manifests: list, pull, push, delete."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Iterator
from typing import Any

from imagebot.demo.distribution.exchange import (
    RefusalError,
    ServerRequest,
    ServerResponse,
    json_answer,
)
from imagebot.demo.distribution.storage import Storage, digest_of, is_media_type
from imagebot.reference import is_digest, is_tag

MAX_MANIFEST = 4 * 1024 * 1024
"""What the specification asks a registry to take at least."""


def list_tags(storage: Storage, request: ServerRequest, repository: str) -> ServerResponse:
    """The tags after `last`, sorted, at most `n` of them, with a Link to the next page if any."""
    tags = storage.tags(repository)
    if tags is None:
        raise RefusalError(404, "NAME_UNKNOWN", f"no repository {repository}")
    last = request.query.get("last", "")
    rest = [tag for tag in tags if tag > last]
    size = _page_size(request.query.get("n"))
    page = rest if size is None else rest[:size]
    headers = {}
    if page and len(page) < len(rest):
        query = urllib.parse.urlencode({"n": size, "last": page[-1]})
        headers["Link"] = f'</v2/{repository}/tags/list?{query}>; rel="next"'
    return json_answer({"name": repository, "tags": page}, headers=headers)


def pull(storage: Storage, _: ServerRequest, repository: str, reference: str) -> ServerResponse:
    manifest = storage.manifest(repository, reference)
    if manifest is None:
        raise _unknown(repository, reference)
    headers = {"Content-Type": manifest.media_type, "Docker-Content-Digest": manifest.digest}
    return ServerResponse(200, headers, manifest.data)


def push(
    storage: Storage, request: ServerRequest, repository: str, reference: str
) -> ServerResponse:
    """By tag or digest. The parts of the image manifest must have been pushed before."""
    if not (is_tag(reference) or is_digest(reference)):
        raise RefusalError(400, "MANIFEST_INVALID", f"{reference!r} is neither a tag nor a digest")
    if len(request.body) > MAX_MANIFEST:
        raise RefusalError(413, "MANIFEST_INVALID", f"more than {MAX_MANIFEST} bytes")
    media_type = _media_type(request)
    _check_parts(storage, repository, _parse(request.body, media_type))
    algorithm = reference.partition(":")[0] if is_digest(reference) else "sha256"
    digest = digest_of(request.body, algorithm)
    if is_digest(reference) and digest != reference:
        raise RefusalError(400, "DIGEST_INVALID", f"the body has the digest {digest}")
    tag = None if is_digest(reference) else reference
    storage.put_manifest(repository, digest, media_type, request.body, tag)
    location = f"/v2/{repository}/manifests/{digest}"
    return ServerResponse(201, {"Location": location, "Docker-Content-Digest": digest})


def delete(storage: Storage, _: ServerRequest, repository: str, reference: str) -> ServerResponse:
    if not storage.delete_manifest(repository, reference):
        raise _unknown(repository, reference)
    return ServerResponse(202)


def _unknown(repository: str, reference: str) -> RefusalError:
    return RefusalError(404, "MANIFEST_UNKNOWN", f"no manifest {reference} in {repository}")


def _page_size(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise RefusalError(400, "PAGINATION_NUMBER_INVALID", f"n={text!r} is not a number of tags")
    return int(text)


def _media_type(request: ServerRequest) -> str:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not is_media_type(media_type):
        raise RefusalError(
            400, "MANIFEST_INVALID", "the Content-Type is missing or not a media type"
        )
    return media_type


def _parse(body: bytes, media_type: str) -> dict[str, Any]:
    try:
        manifest = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RefusalError(400, "MANIFEST_INVALID", "the body is not JSON") from error
    if not isinstance(manifest, dict):
        raise RefusalError(400, "MANIFEST_INVALID", "the body is not JSON object")
    if manifest.get("mediaType", media_type) != media_type:
        raise RefusalError(
            400, "MANIFEST_INVALID", "its mediaType is not the request's Content-Type"
        )
    return manifest


def _check_parts(storage: Storage, repository: str, manifest: dict[str, Any]) -> None:
    """`subject` is not checked: by the specification it may be pushed after this manifest."""
    for digest in _digests(manifest, "manifests"):
        if storage.manifest(repository, digest) is None:
            raise RefusalError(
                400, "MANIFEST_BLOB_UNKNOWN", f"no manifest {digest} in {repository}"
            )
    for digest in [*_digests(manifest, "config"), *_digests(manifest, "layers")]:
        if storage.blob(repository, digest) is None:
            raise RefusalError(400, "MANIFEST_BLOB_UNKNOWN", f"no blob {digest} in {repository}")


def _digests(manifest: dict[str, Any], key: str) -> Iterator[str]:
    entry = manifest.get(key, [])
    descriptors = entry if isinstance(entry, list) else [entry]
    for descriptor in descriptors:
        digest = descriptor.get("digest") if isinstance(descriptor, dict) else None
        if not (isinstance(digest, str) and is_digest(digest)):
            raise RefusalError(400, "MANIFEST_INVALID", f"{key} has an entry without a digest")
        yield digest
