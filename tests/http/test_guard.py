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
        (PUBLIC, "https://token_server.corp.example./token"),
        (PUBLIC, "https://xn--fa-hia.example:/token"),
        (PUBLIC, "https://[2600::1]:8443/token"),
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
        ("https://127\N{IDEOGRAPHIC FULL STOP}0.0.1/", "no host name has"),
        ("https://\N{FULLWIDTH DIGIT ONE}27.0.0.1/", "no host name has"),
        ("https://%31%32%37.0.0.1/", "no host name has"),
        ("https://registry.example\\evil.example/", "no host name has"),
        ("https://registry.example%2fevil.example/", "no host name has"),
        ("https://[fe80::1%25eth0]/", "no host name has"),
        ("https://fa\N{LATIN SMALL LETTER SHARP S}.example/", "no host name has"),
    ],
)
def test_must_not_be_asked(target: str, reason: str) -> None:
    assert reason in refuse(target, PUBLIC)


def test_text_behind_an_address_in_brackets() -> None:
    """Newer versions of Python do not split such a URL."""
    reasons = ("no host name has", "not a valid address")
    said = refuse("https://[::1].evil.example/", PUBLIC)
    assert any(each in said for each in reasons)
