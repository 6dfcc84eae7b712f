from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.demo.answers import code
from tests.support.pusher import Pusher

BLOB = b"what is in the blob"
DIGEST = "sha256:" + hashlib.sha256(BLOB).hexdigest()
NO_DIGEST = "sha256:" + "0" * 64


def start_upload(client: httpx.Client, repository: str = "team/app") -> str:
    started = client.post(f"/v2/{repository}/blobs/uploads/")
    assert started.status_code == 202
    assert started.headers["Range"] == "0-0"
    location = started.headers["Location"]
    assert location.startswith(f"/v2/{repository}/blobs/uploads/")
    assert location.endswith(started.headers["Docker-Upload-UUID"])
    return str(location)


class TestBlobs:
    def check(self, client: httpx.Client, answer: httpx.Response, data: bytes = BLOB) -> None:
        """What every way to push ends with."""
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        assert answer.status_code == 201
        assert answer.headers["Docker-Content-Digest"] == digest
        assert answer.headers["Location"] == f"/v2/team/app/blobs/{digest}"
        pulled = client.get(answer.headers["Location"])
        assert pulled.content == data
        assert pulled.headers["Docker-Content-Digest"] == digest
        head = client.head(answer.headers["Location"])
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["Content-Length"] == str(len(data))

    def test_in_one_request(self, client: httpx.Client) -> None:
        self.check(
            client,
            client.post("/v2/team/app/blobs/uploads/", params={"digest": DIGEST}, content=BLOB),
        )

    def test_in_two(self, client: httpx.Client) -> None:
        location = start_upload(client)
        self.check(client, client.put(location, params={"digest": DIGEST}, content=BLOB))

    def test_in_chunks(self, client: httpx.Client) -> None:
        location = start_upload(client)
        first = client.patch(location, content=BLOB[:5], headers={"Content-Range": "0-4"})
        assert (first.status_code, first.headers["Range"]) == (202, "0-4")
        status = client.get(location)
        assert (status.status_code, status.headers["Range"]) == (204, "0-4")
        second = client.patch(
            first.headers["Location"], content=BLOB[5:9], headers={"Content-Range": "5-8"}
        )
        assert second.headers["Range"] == "0-8"
        last = client.put(
            second.headers["Location"],
            params={"digest": DIGEST},
            content=BLOB[9:],
            headers={"Content-Range": f"9-{len(BLOB) - 1}"},
        )
        self.check(client, last)

    def test_streamed(self, client: httpx.Client) -> None:
        """With Transfer-Encoding: chunked, as docker and skopeo send."""
        location = start_upload(client)
        pieces = [BLOB[:3], BLOB[3:4], BLOB[4:]]
        sent = client.patch(location, content=iter(pieces))
        assert (sent.status_code, sent.headers["Range"]) == (202, f"0-{len(BLOB) - 1}")
        self.check(client, client.put(location, params={"digest": DIGEST}))
        assert client.get("/v2/").status_code == 200, "the connection is still good"

    @pytest.mark.parametrize("data", [b"", b"\0" * 1_000_000])
    def test_of_any_size(self, client: httpx.Client, data: bytes) -> None:
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        location = start_upload(client)
        answer = client.put(location, params={"digest": digest}, content=data)
        self.check(client, answer, data)

    def test_mounted(self, client: httpx.Client) -> None:
        client.post("/v2/team/base/blobs/uploads/", params={"digest": DIGEST}, content=BLOB)
        query = {"mount": DIGEST, "from": "team/base"}
        self.check(client, client.post("/v2/team/app/blobs/uploads/", params=query))

    @pytest.mark.parametrize("origin", [{}, {"from": "team/base"}, {"from": "../.."}])
    def test_what_cannot_be_mounted_is_to_be_uploaded(
        self, client: httpx.Client, origin: dict[str, str]
    ) -> None:
        query = {"mount": DIGEST, **origin}
        answer = client.post("/v2/team/app/blobs/uploads/", params=query)
        assert answer.status_code == 202
        self.check(
            client,
            client.put(answer.headers["Location"], params={"digest": DIGEST}, content=BLOB),
        )

    @pytest.mark.parametrize("range_", ["1-4", "6-10", "4-8"])
    def test_a_chunk_out_of_order(self, client: httpx.Client, range_: str) -> None:
        location = start_upload(client)
        client.patch(location, content=BLOB[:5])
        start, _, end = range_.partition("-")
        chunk = BLOB[int(start) : int(end) + 1]
        answer = client.patch(location, content=chunk, headers={"Content-Range": range_})
        assert (answer.status_code, code(answer)) == (416, "BLOB_UPLOAD_INVALID")
        assert answer.headers["Range"] == "0-4"
        self.check(
            client,
            client.put(answer.headers["Location"], params={"digest": DIGEST}, content=BLOB[5:]),
        )

    @pytest.mark.parametrize("range_", ["x", "bytes 0-4", "0-99", "4-0"])
    def test_a_range_that_is_not_the_chunk_s(self, client: httpx.Client, range_: str) -> None:
        location = start_upload(client)
        answer = client.patch(location, content=BLOB[:5], headers={"Content-Range": range_})
        assert (answer.status_code, code(answer)) == (400, "BLOB_UPLOAD_INVALID")

    @pytest.mark.parametrize("digest", [NO_DIGEST, "sha256:../../etc/passwd", "md5:abc", "", "x"])
    def test_a_wrong_digest(self, client: httpx.Client, digest: str) -> None:
        in_two = client.put(start_upload(client), params={"digest": digest}, content=BLOB)
        in_one = client.post("/v2/team/app/blobs/uploads/", params={"digest": digest}, content=BLOB)
        for answer in (in_two, in_one):
            assert (answer.status_code, code(answer)) == (400, "DIGEST_INVALID")
        assert client.head(f"/v2/team/app/blobs/{DIGEST}").status_code == 404

    def test_cancelled(self, client: httpx.Client) -> None:
        location = start_upload(client)
        assert client.delete(location).status_code == 204
        for method in ["GET", "DELETE", "PATCH"]:
            answer = client.request(method, location)
            assert (answer.status_code, code(answer)) == (404, "BLOB_UPLOAD_UNKNOWN")
        answer = client.put(location, params={"digest": DIGEST})
        assert (answer.status_code, code(answer)) == (404, "BLOB_UPLOAD_UNKNOWN")

    def test_of_another_repository(self, client: httpx.Client) -> None:
        client.post("/v2/team/app/blobs/uploads/", params={"digest": DIGEST}, content=BLOB)
        answer = client.get(f"/v2/team/other/blobs/{DIGEST}")
        assert (answer.status_code, code(answer)) == (404, "BLOB_UNKNOWN")
        upload = start_upload(client).replace("team/app", "team/other")
        assert client.patch(upload, content=BLOB).status_code == 404

    def test_deleted(self, client: httpx.Client) -> None:
        client.post("/v2/team/app/blobs/uploads/", params={"digest": DIGEST}, content=BLOB)
        assert client.delete(f"/v2/team/app/blobs/{DIGEST}").status_code == 202
        assert client.get(f"/v2/team/app/blobs/{DIGEST}").status_code == 404
        answer = client.delete(f"/v2/team/app/blobs/{DIGEST}")
        assert (answer.status_code, code(answer)) == (404, "BLOB_UNKNOWN")

    @pytest.mark.parametrize(
        "path", ["..", "..%2f..%2fetc%2fpasswd", "sha256:xyz", "sha256%3A" + "0" * 63, "%00"]
    )
    def test_what_is_not_a_digest_is_refused(self, client: httpx.Client, path: str) -> None:
        raw = f"/v2/team/app/blobs/{path}".encode()
        answer = client.get(client.base_url.copy_with(raw_path=raw))
        # With its slashes decoded, a traversal is not a path of the specification.
        assert answer.status_code in (400, 404)
        assert code(answer) in ("DIGEST_INVALID", "UNSUPPORTED")

    def test_many_at_once(self, client: httpx.Client, pusher: Pusher) -> None:
        with ThreadPoolExecutor(8) as pool:
            digests = list(pool.map(lambda n: pusher.push_image("team/app", f"v{n}"), range(40)))
        assert len(set(digests)) == 40
        assert pusher.tags("team/app") == sorted(f"v{n}" for n in range(40))
