from __future__ import annotations

import json
import socket

import pytest

from imagebot.demo.distribution.uploads import MAX_BLOB
from imagebot.demo.registry import DemoRegistry
from tests.support.process import PATIENCE


class TestLimits:
    def ask(self, demo: DemoRegistry, request: bytes) -> bytes:
        """Everything that the server says until it closes the connection."""
        host, _, port = demo.host.partition(":")
        with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
            connection.sendall(request)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def head(self, demo: DemoRegistry, fields: str) -> bytes:
        upload = "POST /v2/team/app/blobs/uploads/ HTTP/1.1\r\nHost: "
        return f"{upload}{demo.host}\r\n{fields}\r\n\r\n".encode()

    @pytest.mark.parametrize(
        ("fields", "status"),
        [
            (f"Content-Length: {MAX_BLOB + 1}", b"413"),
            ("Content-Length: 99999999999999999999", b"400"),
            ("Content-Length: -1", b"400"),
            ("Content-Length: x", b"400"),
            (f"Transfer-Encoding: chunked\r\n\r\n{MAX_BLOB + 1:x}", b"413"),
            ("Transfer-Encoding: chunked\r\n\r\nffffffffffffffffffffffff", b"413"),
            ("Transfer-Encoding: chunked\r\n\r\n-5", b"400"),
            ("Transfer-Encoding: chunked\r\n\r\nzz", b"400"),
        ],
    )
    def test_a_body_that_is_not_taken(self, demo: DemoRegistry, fields: str, status: bytes) -> None:
        answer = self.ask(demo, self.head(demo, fields))
        assert answer.startswith(b"HTTP/1.1 " + status)
        assert b"\r\nConnection: close\r\n" in answer

    def test_a_body_that_ends_early(self, demo: DemoRegistry) -> None:
        host, _, port = demo.host.partition(":")
        with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
            connection.sendall(self.head(demo, "Content-Length: 10") + b"short")
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(65536).startswith(b"HTTP/1.1 400")

    def test_hostile_text_is_never_echoed_raw(self, demo: DemoRegistry) -> None:
        request = (
            "GET /v2/team/app/blobs/%0d%0aSet-Cookie:x%1b[31m HTTP/1.1\r\n"
            f"Host: {demo.host}\r\nConnection: close\r\n\r\n"
        )
        head, _, body = self.ask(demo, request.encode()).partition(b"\r\n\r\n")
        assert b"Set-Cookie" not in head
        assert b"\x1b" not in body
        assert json.loads(body)["errors"][0]["code"] == "DIGEST_INVALID"

    @pytest.mark.parametrize("name", ["../../etc", "team/../app", "..", "."])
    def test_no_way_out_of_the_path(self, demo: DemoRegistry, name: str) -> None:
        # By hand, because clients take the dots out before they send.
        request = f"GET /v2/{name}/manifests/1.0 HTTP/1.0\r\nHost: {demo.host}\r\n\r\n"
        _, _, body = self.ask(demo, request.encode()).partition(b"\r\n\r\n")
        assert json.loads(body)["errors"][0]["code"] == "NAME_INVALID"

    def test_only_on_loopback(self, demo: DemoRegistry) -> None:
        assert demo.host.startswith("127.0.0.1:")
