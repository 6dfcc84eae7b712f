from __future__ import annotations

import httpx
import pytest

from tests.demo.answers import code
from tests.support.pusher import Pusher

NO_DIGEST = "sha256:" + "0" * 64


class TestBase:
    @pytest.mark.parametrize("path", ["/v2/", "/v2"])
    def test_says_that_it_speaks_the_protocol(self, client: httpx.Client, path: str) -> None:
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer.headers["Docker-Distribution-API-Version"] == "registry/2.0"

    @pytest.mark.parametrize(
        "path",
        [
            "/",
            "/v1/search",
            "/v2/team/app",
            "/v2/_catalog",
            "/v2//tags/list/",
            f"/v2/team/app/referrers/{NO_DIGEST}",
        ],
    )
    def test_other_paths_are_not_found(self, client: httpx.Client, path: str) -> None:
        assert client.get(httpx.URL(f"{client.base_url}").copy_with(path=path)).status_code == 404

    @pytest.mark.parametrize(
        ("method", "path", "allowed"),
        [
            ("POST", "/v2/", "GET, HEAD"),
            ("DELETE", "/v2/team/app/tags/list", "GET, HEAD"),
            ("POST", "/v2/team/app/manifests/1.0", "DELETE, GET, HEAD, PUT"),
            ("PUT", f"/v2/team/app/blobs/{NO_DIGEST}", "DELETE, GET, HEAD"),
            ("GET", "/v2/team/app/blobs/uploads/", "POST"),
        ],
    )
    def test_other_methods_are_refused(
        self, client: httpx.Client, method: str, path: str, allowed: str
    ) -> None:
        answer = client.request(method, path)
        assert answer.status_code == 405
        assert code(answer) == "UNSUPPORTED"
        assert answer.headers["Allow"] == allowed

    @pytest.mark.parametrize(
        "name",
        ["Team/app", "team/%2e%2e/app", "team//app", "team/app%0a", "a" * 256, "-app"],
    )
    def test_what_is_not_a_name_is_refused(self, client: httpx.Client, name: str) -> None:
        raw = f"/v2/{name}/manifests/1.0".encode()
        answer = client.get(client.base_url.copy_with(raw_path=raw))
        assert (answer.status_code, code(answer)) == (400, "NAME_INVALID")

    def test_a_name_may_hold_the_words_of_the_paths(self, pusher: Pusher) -> None:
        name = "blobs/uploads/tags/manifests"
        digest = pusher.push_image(name, "1.0")
        assert pusher.digest(name, "1.0") == digest
