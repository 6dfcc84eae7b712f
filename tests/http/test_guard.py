from __future__ import annotations

import socket
import threading

import pytest

from imagebot.http import guard
from imagebot.http.guard import NetworkZone, refuse, resolve, zone_of

NAMES = {
    "registry.example": ("203.0.114.1",),
    "auth.example": ("203.0.114.2", "2600::2"),
    "sneaky.example": ("203.0.114.3", "10.0.0.1"),
    "metadata.example": ("169.254.169.254",),
    "me.example": ("127.0.0.1",),
    "registry.corp": ("10.1.1.1",),
    "auth.corp": ("10.1.1.2",),
    "localhost": ("127.0.0.1", "::1"),
    "2130706433": ("127.0.0.1",),
    "unknown.example": (),
}


def look_up(host: str) -> tuple[str, ...]:
    return NAMES.get(host, (host,))


PUBLIC = "https://registry.example"
CORPORATE = "https://registry.corp"
LOCAL = "http://localhost:5000"


@pytest.mark.parametrize(
    ("registry", "target"),
    [
        (PUBLIC, "https://registry.example/token"),
        (PUBLIC, "https://registry.example:8443/token"),
        (PUBLIC, "https://REGISTRY.example/token"),
        (PUBLIC, "https://auth.example/token?a=b"),
        # Only a proxy knows it, perhaps.
        (PUBLIC, "https://unknown.example/token"),
        (CORPORATE, "https://auth.corp/token"),
        (CORPORATE, "https://10.1.1.9/token"),
        (CORPORATE, "https://auth.example/token"),
        (LOCAL, "http://127.0.0.1:6000/token"),
        (LOCAL, "https://auth.corp/token"),
        ("http://registry.corp", "https://auth.corp/token"),
        ("http://169.254.1.1", "http://169.254.1.1/token"),
    ],
)
def test_may_be_asked(registry: str, target: str) -> None:
    assert refuse(target, registry, look_up) == ""


@pytest.mark.parametrize(
    ("registry", "target", "reason"),
    [
        (PUBLIC, "http://auth.example/token", "plain http"),
        (PUBLIC, "http://registry.example/token", "plain http"),
        (PUBLIC, "https://127.0.0.1/token", "loopback"),
        (PUBLIC, "https://localhost/token", "loopback"),
        (PUBLIC, "https://0.0.0.0/token", "loopback"),
        (PUBLIC, "https://2130706433/token", "loopback"),
        (PUBLIC, "https://[::1]/token", "loopback"),
        (PUBLIC, "https://[::ffff:127.0.0.1]/token", "loopback"),
        (PUBLIC, "https://10.0.0.1/token", "private"),
        (PUBLIC, "https://[fd00:ec2::254]/token", "private"),
        (PUBLIC, "https://100.64.0.1/token", "private"),
        (PUBLIC, "https://169.254.169.254/latest/meta-data", "link-local"),
        (PUBLIC, "https://[fe80::1]/token", "link-local"),
        (PUBLIC, "https://sneaky.example/token", "private"),
        (PUBLIC, "https://metadata.example/token", "link-local"),
        (PUBLIC, "https://me.example/token", "loopback"),
        (CORPORATE, "https://127.0.0.1/token", "loopback"),
        (CORPORATE, "https://metadata.example/token", "link-local"),
        (LOCAL, "http://169.254.169.254/", "link-local"),
        # Also when nothing is known of the registry itself.
        ("https://unknown.example", "https://10.0.0.1/token", "private"),
        (PUBLIC, "https://registry.example@evil.example/token", "user name"),
        (PUBLIC, "https://u:p@registry.example/token", "user name"),
        (PUBLIC, "ftp://registry.example/", "http(s)"),
        (PUBLIC, "file:///etc/passwd", "http(s)"),
        (PUBLIC, "https:///token", "http(s)"),
        (PUBLIC, "", "http(s)"),
        (PUBLIC, "https://[::1", "not a valid address"),
        (PUBLIC, "https://auth.example:99999/", "not a valid address"),
    ],
)
def test_must_not_be_asked(registry: str, target: str, reason: str) -> None:
    assert reason in refuse(target, registry, look_up)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("8.8.8.8", NetworkZone.PUBLIC),
        ("2600::1", NetworkZone.PUBLIC),
        ("192.168.0.1", NetworkZone.PRIVATE),
        ("224.0.0.1", NetworkZone.PRIVATE),
        ("255.255.255.255", NetworkZone.PRIVATE),
        ("127.1.2.3", NetworkZone.LOOPBACK),
        ("::", NetworkZone.LOOPBACK),
        ("64:ff9b::7f00:1", NetworkZone.LOOPBACK),
        ("64:ff9b::808:808", NetworkZone.PUBLIC),
        ("2002:7f00:1::", NetworkZone.LOOPBACK),
        ("fe80::1%eth0", NetworkZone.LINK_LOCAL),
    ],
)
def test_reach(address: str, expected: NetworkZone) -> None:
    assert zone_of(address) is expected


def test_names_are_really_resolved() -> None:
    assert "127.0.0.1" in resolve("localhost")
    assert resolve("127.0.0.1") == ("127.0.0.1",)
    assert resolve("name.invalid") == ()
    assert resolve("a" * 300) == ()


def test_a_name_that_is_not_resolved_in_time() -> None:
    def late(host: str) -> tuple[str, ...]:
        raise TimeoutError

    reason = refuse("https://auth.example/token", "https://r.example", late)
    assert reason == "its name was not resolved in time"


def test_a_name_server_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()
    monkeypatch.setattr(guard, "_LONGEST_LOOK_UP", 0.05)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: go_on.wait())
    with pytest.raises(TimeoutError):
        resolve("r.example")
    go_on.set()
