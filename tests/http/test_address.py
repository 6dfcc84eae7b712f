from __future__ import annotations

import pytest

from imagebot.http.address import is_host_name, is_loopback


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


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a", True),
        ("A-1.example", True),
        (".".join(["a" * 63] * 3), True),
        (".".join(["a" * 63] * 4), False),
        ("a" * 64, False),
        ("a.example.", False),
        ("a\n", False),
        ("\u0661.example", False),
        ("a.1", False),
        ("", False),
    ],
)
def test_the_name_of_a_host(text: str, name: bool) -> None:
    assert is_host_name(text) is name
