from __future__ import annotations

import pytest

from imagebot.http.guard import refuse

PUBLIC = "https://registry.example"


@pytest.mark.parametrize(
    ("registry", "target"),
    [
        (PUBLIC, "https://registry.example/token"),
        (PUBLIC, "https://registry.example:8443/token"),
        (PUBLIC, "https://REGISTRY.example/token"),
        (PUBLIC, "https://auth.example/token?a=b"),
        ("http://localhost:5000", "http://127.0.0.1:6000/token"),
        ("http://registry.corp", "https://auth.corp/token"),
    ],
)
def test_may_be_asked(registry: str, target: str) -> None:
    assert refuse(target, registry) == ""


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("http://auth.example/token", "plain http"),
        ("http://registry.example/token", "plain http"),
        ("https://registry.example@evil.example/token", "user name"),
        ("https://u:p@registry.example/token", "user name"),
        ("ftp://registry.example/", "http(s)"),
        ("file:///etc/passwd", "http(s)"),
        ("https:///token", "http(s)"),
        ("", "http(s)"),
        ("https://[::1", "not a valid address"),
        ("https://auth.example:99999/", "not a valid address"),
    ],
)
def test_must_not_be_asked(target: str, reason: str) -> None:
    assert reason in refuse(target, PUBLIC)
