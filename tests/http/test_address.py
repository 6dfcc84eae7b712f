from __future__ import annotations

import pytest

from imagebot.http.address import is_loopback


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("LOCALHOST:80", True),
        ("a.b.localhost:1", True),
        ("localhost.:80", True),
        ("127.0.0.1.", True),
        ("127.8.9.1", True),
        ("[::1]", True),
        ("[::1]:1", True),
        ("[::2]:1", False),
        ("notlocalhost", False),
        ("localhost.example", False),
        ("0.0.0.0", False),
    ],
)
def test_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
