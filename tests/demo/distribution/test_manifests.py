from __future__ import annotations

import hashlib

import httpx
import pytest

from imagebot.demo.distribution.manifests import MAX_MANIFEST
from tests.demo.answers import code
from tests.support import images
from tests.support.pusher import Pusher

NO_DIGEST = "sha256:" + "0" * 64


class TestTags:
    def test_unknown_repository(self, client: httpx.Client) -> None:
        answer = client.get("/v2/team/app/tags/list")
        assert (answer.status_code, code(answer)) == (404, "NAME_UNKNOWN")

    def test_sorted_and_complete_without_n(self, client: httpx.Client, pusher: Pusher) -> None:
        for tag in ["b", "a", "1.10.0", "B", "1.9.0"]:
            pusher.push_image("team/app", tag)
        answer = client.get("/v2/team/app/tags/list")
        assert answer.json() == {"name": "team/app", "tags": ["1.10.0", "1.9.0", "B", "a", "b"]}
        assert "Link" not in answer.headers

    def test_pages_follow_their_links(self, client: httpx.Client, pusher: Pusher) -> None:
        digest = pusher.push_image("team/app", "v0")
        pusher.tag("team/app", digest, *[f"v{n}" for n in range(1, 5)])
        url, pages = "/v2/team/app/tags/list?n=2", []
        while url:
            answer = client.get(url)
            pages.append(answer.json()["tags"])
            url = str(answer.links.get("next", {}).get("url", ""))
        assert pages == [["v0", "v1"], ["v2", "v3"], ["v4"]]

    @pytest.mark.parametrize(
        ("query", "tags", "more"),
        [
            ({"n": 0}, [], False),
            ({"n": 3}, ["a", "b", "c"], False),
            ({"last": "a"}, ["b", "c"], False),
            ({"last": "a", "n": 1}, ["b"], True),
            # The specification: `last` need not be there.
            ({"last": "aa"}, ["b", "c"], False),
            ({"last": "c"}, [], False),
        ],
    )
    def test_n_and_last(
        self,
        client: httpx.Client,
        pusher: Pusher,
        query: dict[str, str],
        tags: list[str],
        more: bool,
    ) -> None:
        pusher.tag("team/app", pusher.push_image("team/app", "a"), "b", "c")
        answer = client.get("/v2/team/app/tags/list", params=query)
        assert answer.json()["tags"] == tags
        assert ("Link" in answer.headers) is more

    @pytest.mark.parametrize("n", ["-1", "x", "", "\u0661", "9" * 30])
    def test_what_is_not_a_number_is_refused(
        self, client: httpx.Client, pusher: Pusher, n: str
    ) -> None:
        pusher.push_image("team/app", "1.0")
        answer = client.get("/v2/team/app/tags/list", params={"n": n})
        assert (answer.status_code, code(answer)) == (400, "PAGINATION_NUMBER_INVALID")


class TestManifests:
    @pytest.mark.parametrize("docker", [False, True])
    def test_pulled_as_pushed(self, client: httpx.Client, pusher: Pusher, docker: bool) -> None:
        digest = pusher.push_index("team/app", "1.0", docker=docker)
        by_tag = client.get("/v2/team/app/manifests/1.0")
        by_digest = client.get(f"/v2/team/app/manifests/{digest}")
        assert by_tag.status_code == by_digest.status_code == 200
        assert by_tag.content == by_digest.content
        assert "sha256:" + hashlib.sha256(by_tag.content).hexdigest() == digest
        assert by_tag.headers["Docker-Content-Digest"] == digest
        media_type = images.DOCKER_LIST if docker else images.OCI_INDEX
        assert by_tag.headers["Content-Type"] == media_type

    def test_head_has_the_headers_of_get_and_no_body(
        self, client: httpx.Client, pusher: Pusher
    ) -> None:
        pusher.push_image("team/app", "1.0")
        head = client.head("/v2/team/app/manifests/1.0")
        get = client.get("/v2/team/app/manifests/1.0")
        assert head.content == b""
        for name in ["Content-Type", "Content-Length", "Docker-Content-Digest"]:
            assert head.headers[name] == get.headers[name]

    # The first is from the specification's own conformance tests.
    @pytest.mark.parametrize("reference", [".INVALID_MANIFEST_NAME", "2.0", NO_DIGEST])
    def test_unknown(self, client: httpx.Client, pusher: Pusher, reference: str) -> None:
        pusher.push_image("team/app", "1.0")
        answer = client.get(f"/v2/team/app/manifests/{reference}")
        assert (answer.status_code, code(answer)) == (404, "MANIFEST_UNKNOWN")
        assert client.head(f"/v2/team/app/manifests/{reference}").status_code == 404

    def test_belongs_to_its_repository(self, client: httpx.Client, pusher: Pusher) -> None:
        digest = pusher.push_image("team/app", "1.0")
        assert client.get(f"/v2/team/other/manifests/{digest}").status_code == 404

    def test_push_answers_where_it_is(self, client: httpx.Client, pusher: Pusher) -> None:
        made = images.image("content")
        for blob in made.blobs:
            pusher.push_blob("team/app", blob)
        answer = client.put(
            "/v2/team/app/manifests/1.0",
            content=made.manifest.data,
            headers={"Content-Type": f"{made.manifest.media_type}; charset=utf-8"},
        )
        assert answer.status_code == 201
        assert answer.headers["Docker-Content-Digest"] == made.manifest.digest
        pulled = client.get(answer.headers["Location"])
        assert pulled.content == made.manifest.data
        assert pulled.headers["Content-Type"] == made.manifest.media_type

    def test_a_tag_moves(self, pusher: Pusher) -> None:
        old = pusher.push_image("team/app", "latest", content="old")
        new = pusher.push_image("team/app", "latest", content="new")
        assert old != new
        assert pusher.digest("team/app", "latest") == new
        assert pusher.digest("team/app", old) == old
        assert pusher.tags("team/app") == ["latest"]

    def test_a_subject_need_not_be_there(self, client: httpx.Client, pusher: Pusher) -> None:
        blob = images.Blob("application/vnd.oci.empty.v1+json", b"{}")
        pusher.push_blob("team/app", blob)
        subject = images.Blob(images.OCI_MANIFEST, b"never pushed").descriptor()
        document = {
            "schemaVersion": 2,
            "mediaType": images.OCI_MANIFEST,
            "config": blob.descriptor(),
            "layers": [blob.descriptor()],
            "subject": subject,
        }
        manifest = images.Blob(images.OCI_MANIFEST, images.to_json(document))
        assert pusher.push_manifest("team/app", None, manifest) == manifest.digest

    def test_sha512(self, client: httpx.Client, pusher: Pusher) -> None:
        manifest = images.index([])
        digest = "sha512:" + hashlib.sha512(manifest.data).hexdigest()
        answer = client.put(
            f"/v2/team/app/manifests/{digest}",
            content=manifest.data,
            headers={"Content-Type": manifest.media_type},
        )
        assert answer.headers["Docker-Content-Digest"] == digest
        assert client.get(f"/v2/team/app/manifests/{digest}").content == manifest.data

    @pytest.mark.parametrize(
        ("reference", "content_type", "body", "expected"),
        [
            ("1.0", images.OCI_INDEX, b"not JSON", "MANIFEST_INVALID"),
            ("1.0", images.OCI_INDEX, b"[" * 100_000, "MANIFEST_INVALID"),
            ("1.0", images.OCI_INDEX, b"[]", "MANIFEST_INVALID"),
            ("1.0", images.OCI_INDEX, b"\xff", "MANIFEST_INVALID"),
            ("1.0", images.OCI_INDEX, b'{"manifests":[{}]}', "MANIFEST_INVALID"),
            ("1.0", images.OCI_INDEX, b'{"manifests":[{"digest":"../x"}]}', "MANIFEST_INVALID"),
            ("1.0", images.OCI_INDEX, b'{"manifests":"x"}', "MANIFEST_INVALID"),
            ("1.0", images.OCI_MANIFEST, images.index([]).data, "MANIFEST_INVALID"),
            ("1.0", "", images.index([]).data, "MANIFEST_INVALID"),
            ("1.0", "a b/c", images.index([]).data, "MANIFEST_INVALID"),
            ("-1.0", images.OCI_INDEX, images.index([]).data, "MANIFEST_INVALID"),
            ("a" * 129, images.OCI_INDEX, images.index([]).data, "MANIFEST_INVALID"),
            (NO_DIGEST, images.OCI_INDEX, images.index([]).data, "DIGEST_INVALID"),
            (
                "1.0",
                images.OCI_MANIFEST,
                images.image("never pushed").manifest.data,
                "MANIFEST_BLOB_UNKNOWN",
            ),
            (
                "1.0",
                images.OCI_INDEX,
                images.index([images.image("never pushed").manifest.descriptor()]).data,
                "MANIFEST_BLOB_UNKNOWN",
            ),
        ],
    )
    def test_what_cannot_be_pushed(
        self, client: httpx.Client, reference: str, content_type: str, body: bytes, expected: str
    ) -> None:
        answer = client.put(
            f"/v2/team/app/manifests/{reference}",
            content=body,
            headers={"Content-Type": content_type},
        )
        assert (answer.status_code, code(answer)) == (400, expected)
        assert client.get("/v2/team/app/tags/list").status_code == 404

    def test_the_largest(self, client: httpx.Client) -> None:
        def put(size: int) -> httpx.Response:
            empty = len(images.index([], annotations={"fill": ""}).data)
            manifest = images.index([], annotations={"fill": "x" * (size - empty)})
            assert len(manifest.data) == size
            return client.put(
                "/v2/team/app/manifests/1.0",
                content=manifest.data,
                headers={"Content-Type": manifest.media_type},
            )

        assert put(MAX_MANIFEST).status_code == 201
        assert put(MAX_MANIFEST + 1).status_code == 413

    def test_delete_a_tag_and_nothing_else(self, client: httpx.Client, pusher: Pusher) -> None:
        digest = pusher.push_image("team/app", "1.0")
        pusher.tag("team/app", digest, "2.0")
        assert client.delete("/v2/team/app/manifests/1.0").status_code == 202
        assert pusher.tags("team/app") == ["2.0"]
        assert pusher.digest("team/app", digest) == digest
        assert client.delete("/v2/team/app/manifests/1.0").status_code == 404

    def test_delete_by_digest_takes_its_tags(self, client: httpx.Client, pusher: Pusher) -> None:
        digest = pusher.push_image("team/app", "1.0")
        pusher.tag("team/app", digest, "2.0")
        pusher.push_image("team/app", "other")
        assert client.delete(f"/v2/team/app/manifests/{digest}").status_code == 202
        assert client.get(f"/v2/team/app/manifests/{digest}").status_code == 404
        assert pusher.tags("team/app") == ["other"]

    def test_a_repository_without_tags_is_still_one(
        self, client: httpx.Client, pusher: Pusher
    ) -> None:
        pusher.delete("team/app", pusher.push_image("team/app", "1.0"))
        assert client.get("/v2/team/app/tags/list").json() == {"name": "team/app", "tags": []}
