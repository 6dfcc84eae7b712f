"""Blobs: pull, delete, and push in one request, in two, in chunks, or by mounting."""

from __future__ import annotations

import re

from imagebot.demo.distribution.exchange import RefusalError, ServerRequest, ServerResponse
from imagebot.demo.distribution.storage import Storage, digest_of
from imagebot.demo.distribution.uploads import (
    UnknownUploadError,
    Uploads,
    UploadTooLargeError,
    WrongOffsetError,
)
from imagebot.reference import is_digest

_CONTENT_RANGE = re.compile(r"([0-9]{1,12})-([0-9]{1,12})")


def pull(storage: Storage, _: ServerRequest, repository: str, digest: str) -> ServerResponse:
    data = storage.blob(repository, _checked(digest))
    if data is None:
        raise _unknown(repository, digest)
    headers = {"Content-Type": "application/octet-stream", "Docker-Content-Digest": digest}
    return ServerResponse(200, headers, data)


def delete(storage: Storage, _: ServerRequest, repository: str, digest: str) -> ServerResponse:
    if not storage.delete_blob(repository, _checked(digest)):
        raise _unknown(repository, digest)
    return ServerResponse(202)


def start(
    storage: Storage, uploads: Uploads, request: ServerRequest, repository: str
) -> ServerResponse:
    """With `mount` and `from`, or `digest` and the bytes, the blob is there at once."""
    mount, origin = request.query.get("mount"), request.query.get("from")
    if mount is not None:
        data = storage.blob(origin, _checked(mount)) if origin is not None else None
        if data is not None:
            return _store(storage, repository, mount, data)
    elif "digest" in request.query:
        return _store(storage, repository, request.query["digest"], request.body)
    return _progress(202, repository, uploads.start(repository), 0)


def status(uploads: Uploads, _: ServerRequest, repository: str, upload: str) -> ServerResponse:
    try:
        return _progress(204, repository, upload, uploads.size(repository, upload))
    except UnknownUploadError as error:
        raise _unknown_upload(upload) from error


def append(
    uploads: Uploads, request: ServerRequest, repository: str, upload: str
) -> ServerResponse:
    size = _append(uploads, request, repository, upload)
    return _progress(202, repository, upload, size)


def finish(
    storage: Storage, uploads: Uploads, request: ServerRequest, repository: str, upload: str
) -> ServerResponse:
    digest = _checked(request.query.get("digest", ""))
    _append(uploads, request, repository, upload)
    try:
        data = uploads.take(repository, upload)
    except UnknownUploadError as error:
        raise _unknown_upload(upload) from error
    return _store(storage, repository, digest, data)


def cancel(uploads: Uploads, _: ServerRequest, repository: str, upload: str) -> ServerResponse:
    try:
        uploads.take(repository, upload)
    except UnknownUploadError as error:
        raise _unknown_upload(upload) from error
    return ServerResponse(204)


def _append(uploads: Uploads, request: ServerRequest, repository: str, upload: str) -> int:
    try:
        return uploads.append(repository, upload, request.body, _offset(request))
    except UnknownUploadError as error:
        raise _unknown_upload(upload) from error
    except UploadTooLargeError as error:
        raise RefusalError(413, "SIZE_INVALID", "too many bytes") from error
    except WrongOffsetError as error:
        progress = _progress(416, repository, upload, uploads.size(repository, upload))
        raise RefusalError(
            416,
            "BLOB_UPLOAD_INVALID",
            "the chunk does not begin where the last one ended",
            headers=progress.headers,
        ) from error


def _offset(request: ServerRequest) -> int | None:
    """The specification's Content-Range has no unit: `0-1023`, both ends included."""
    text = request.headers.get("content-range")
    if text is None:
        return None
    found = _CONTENT_RANGE.fullmatch(text)
    if found is None or int(found[2]) - int(found[1]) + 1 != len(request.body):
        raise RefusalError(400, "BLOB_UPLOAD_INVALID", "the Content-Range does not match the body")
    return int(found[1])


def _store(storage: Storage, repository: str, digest: str, data: bytes) -> ServerResponse:
    if digest_of(data, _checked(digest).partition(":")[0]) != digest:
        raise RefusalError(400, "DIGEST_INVALID", f"the content does not have the digest {digest}")
    storage.put_blob(repository, digest, data)
    location = f"/v2/{repository}/blobs/{digest}"
    return ServerResponse(201, {"Location": location, "Docker-Content-Digest": digest})


def _progress(status: int, repository: str, upload: str, size: int) -> ServerResponse:
    """`Range` names the last byte, so an empty upload is `0-0` too, as in distribution."""
    headers = {
        "Location": f"/v2/{repository}/blobs/uploads/{upload}",
        "Range": f"0-{max(size - 1, 0)}",
        "Docker-Upload-UUID": upload,
    }
    return ServerResponse(status, headers)


def _checked(digest: str) -> str:
    if not is_digest(digest):
        raise RefusalError(400, "DIGEST_INVALID", f"{digest!r} is not a digest")
    return digest


def _unknown(repository: str, digest: str) -> RefusalError:
    return RefusalError(404, "BLOB_UNKNOWN", f"no blob {digest} in {repository}")


def _unknown_upload(upload: str) -> RefusalError:
    return RefusalError(404, "BLOB_UPLOAD_UNKNOWN", f"no upload {upload}")
