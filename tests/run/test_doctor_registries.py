from __future__ import annotations

from imagebot.config.model import RegistryCredential
from imagebot.config.secret_source import SecretSource
from imagebot.errors import RegistryAuthError
from imagebot.http.pauses import HeadRoom
from imagebot.reference import Repository, parse_repository
from imagebot.run.check import Check
from imagebot.run.doctor_registries import check_registries
from tests.support.fake_registry import ANY, FakeRegistry


def credential(key: str) -> RegistryCredential:
    return RegistryCredential(key=key, username="bot", password=SecretSource("env", "A"))


def repositories(*names: str) -> list[Repository]:
    return [parse_repository(name) for name in names]


def test_one_repository_for_each_credential_and_for_each_host_without_one() -> None:
    registry = FakeRegistry({ANY: ("1.0", "1.1")})
    named = repositories("ghcr.io/acme/b", "ghcr.io/acme/a", "ghcr.io/acmeister/c", "nginx")
    keys = ["ghcr.io/acme", "quay.io", "registry-1.docker.io"]
    checks = list(check_registries(named, [credential(key) for key in keys], registry))
    assert [(check.subject, check.message) for check in checks] == [
        ("registry ghcr.io", "anonymous; lists ghcr.io/acmeister/c: 2 tags"),
        ("registry ghcr.io/acme", "anonymous; lists ghcr.io/acme/a: 2 tags"),
        ("registry quay.io", "anonymous"),
        ("registry registry-1.docker.io", "anonymous; lists docker.io/library/nginx: 2 tags"),
    ]
    assert registry.count("tags") == 3
    assert ("check of the list", "ghcr.io/acme/a") in registry.calls
    assert ("check", "quay.io") in registry.calls


def test_a_credential_that_may_not_list() -> None:
    refused = RegistryAuthError("ghcr.io/acme/a", "the registry refused access (403)", hint="ask")
    registry = FakeRegistry({"ghcr.io/acme/a": refused, ANY: ()})
    named = repositories("ghcr.io/acme/a", "quay.io/b/c")
    assert list(check_registries(named, [], registry)) == [
        Check(
            False, "registry ghcr.io", "ghcr.io/acme/a: the registry refused access (403)", "ask"
        ),
        Check(True, "registry quay.io", "anonymous; lists quay.io/b/c: 0 tags"),
    ]


def test_a_cache_and_its_origin() -> None:
    cached = "h.example/hub/library/nginx"
    registry = FakeRegistry({ANY: ("1.0",)}, origins={cached: "nginx"})
    checks = list(check_registries(repositories(cached), [], registry))
    assert [(check.subject, check.message) for check in checks] == [
        ("registry docker.io", "anonymous; lists docker.io/library/nginx: 1 tag"),
        ("registry h.example", "anonymous; lists docker.io/library/nginx: 1 tag"),
    ]


def test_the_lists_of_a_cache_are_not_asked_for() -> None:
    """A pass does not either; where the host also has images of its own, one of those is listed."""
    cached, own = "h.example/hub/library/nginx", "h.example/own/app"
    registry = FakeRegistry({ANY: ("1.0",)}, origins={cached: "nginx"})
    list(check_registries(repositories(cached), [], registry))
    assert ("check", cached) in registry.calls
    assert ("check of the list", cached) not in registry.calls
    checks = list(check_registries(repositories(cached, own), [], registry))
    assert checks[1].message == f"anonymous; lists {own}: 1 tag"
    assert ("check of the list", own) in registry.calls


def test_what_looks_like_a_cache_is_said_once() -> None:
    named = repositories("h.example/hub/library/nginx", "h.example/hub/library/redis")
    *_, last = check_registries(named, [], FakeRegistry({ANY: ("1.0",)}))
    assert (last.ok, last.subject) == (True, "registry h.example/hub")
    assert last.message.startswith("looks like a cache of docker.io")
    assert last.hint.endswith("registries: {h.example/hub: {tags-from: docker.io}}")


def test_what_is_left_of_the_limits() -> None:
    left = {"registry-1.docker.io": HeadRoom(98, 100, 21600)}
    checks = list(check_registries(repositories("nginx"), [], FakeRegistry({ANY: ()}, left=left)))
    assert checks[-1] == Check(
        True, "limits of registry-1.docker.io", "98 of 100 requests left in 6 h"
    )
