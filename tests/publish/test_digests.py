from __future__ import annotations

import logging
import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from imagebot.errors import RegistryError
from imagebot.plan.model import Update
from imagebot.plan.resolve import TagQuery, resolve
from imagebot.policy.build import build_policy
from imagebot.policy.model import Policy
from imagebot.publish.digests import look_up_digests
from imagebot.publish.trailers import Digests
from imagebot.reference import Repository, parse_reference, parse_repository
from imagebot.registry.memo import Memo
from tests.publish.updates import make_update
from tests.support.fake_registry import FakeRegistry, digest_of

API = parse_repository("ghcr.io/acme/api")
WEB = parse_repository("docker.io/library/nginx")
PINNED = make_update(tag="1.2.0", digest=digest_of("x"))


def test_each_distinct_tag_is_asked_once() -> None:
    registry = FakeRegistry()
    updates = [
        make_update(),
        make_update("other.yaml"),
        make_update(tag="1.2.0"),
        make_update(reference="nginx:1", tag="2"),
        make_update(reference="docker.io/library/nginx:1", tag="2"),
    ]
    found = look_up_digests(updates, registry)
    assert found.failures == {}
    assert found.of == {
        (API, "1.1.0"): digest_of("ghcr.io/acme/api:1.1.0"),
        (API, "1.2.0"): digest_of("ghcr.io/acme/api:1.2.0"),
        (WEB, "2"): digest_of("docker.io/library/nginx:2"),
    }
    assert registry.count("digest") == len(registry.calls) == 3


@pytest.mark.parametrize("updates", [(), (PINNED,)])
def test_nothing_to_ask(updates: tuple[Update, ...]) -> None:
    registry = FakeRegistry()
    assert look_up_digests(updates, registry) == Digests()
    assert registry.calls == []


def test_without_a_registry() -> None:
    assert look_up_digests([make_update()], None) == Digests()


def test_the_version_of_a_chart_is_asked_for_by_its_tag() -> None:
    update = make_update(tag="1.1.0+k3s1")
    field = replace(update.field, reference=replace(update.field.reference, chart=True))
    registry = FakeRegistry()
    found = look_up_digests([replace(update, field=field)], registry)
    assert registry.calls == [("digest", "ghcr.io/acme/api", "1.1.0_k3s1")]
    assert list(found.of) == [(API, "1.1.0+k3s1")]


def test_what_fails_is_left_out_and_said(caplog: pytest.LogCaptureFixture) -> None:
    registry = FakeRegistry(failing=frozenset({"1.1.0"}), missing=frozenset({"2"}))
    updates = [make_update(), make_update(tag="1.2.0"), make_update(reference="nginx:1", tag="2")]
    with caplog.at_level(logging.WARNING):
        found = look_up_digests(updates, registry)
    assert list(found.of) == [(API, "1.2.0")]
    assert set(found.failures) == {(API, "1.1.0"), (WEB, "2")}
    assert "it does not answer" in found.failures[API, "1.1.0"]
    (record,) = caplog.records
    assert record.getMessage().startswith(
        "no digest in the commit for ghcr.io/acme/api:1.1.0, and of 1 more: "
    )


def test_a_slow_registry_does_not_keep_a_commit_waiting() -> None:
    """After the time is over, what was not begun is not begun."""
    now = [0.0]

    def wait(_what: str, _repository: Repository) -> None:
        now[0] += 30

    registry = FakeRegistry(before=wait)
    updates = [make_update(tag=f"1.{number}.0") for number in range(100)]
    found = look_up_digests(updates, registry, seconds=20, clock=lambda: now[0])
    assert 1 <= registry.count("digest") == len(found.of) < 100
    assert set(found.failures.values()) == {"not looked up: the registries took more than 20 s"}


def test_other_exceptions_are_bugs() -> None:
    def fail(_what: str, _repository: Repository) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        look_up_digests([make_update()], FakeRegistry(before=fail))
    assert issubclass(RegistryError, Exception)


def test_a_pass_asks_for_the_digest_of_a_tag_once() -> None:
    """Whoever wants it: policies about a tag that may have moved, and the commit's trailers."""
    asked = FakeRegistry({str(API): ("1.0.0", "1.1.0"), str(WEB): ("1.0.0", "1.1.0")})
    registry = Memo(asked).for_pass()
    written = {(API, "1.1.0"): digest_of("older"), (WEB, "1.1.0"): digest_of("older")}
    questions = [
        TagQuery.of(parse_reference(f"{repository}:1.1.0"), policy)
        for repository in (API, WEB)
        for policy in (semver("one"), semver("two"))
    ]
    now = datetime(2026, 11, 28, tzinfo=UTC)
    resolved = resolve(questions, registry, now=now, written=written)
    assert {answer.code for answer in resolved.of.values()} == {"tag-moved"}
    for _ in range(2):  # after a lost push, again
        found = look_up_digests([make_update(), make_update(tag="1.0.0")], registry)
        assert found.failures == {}
    wanted = [call[1:] for call in asked.calls if call[0] == "digest"]
    assert sorted(wanted) == [
        (str(WEB), "1.1.0"),
        (str(API), "1.0.0"),
        (str(API), "1.1.0"),
    ]


def semver(name: str) -> Policy:
    return build_policy(name, {"semver": "^1"})


def test_digests_of_one_host_are_asked_for_at_once() -> None:
    """As many as a host may get: each waits here until others are under way."""
    gate = threading.Barrier(8, timeout=30)
    registry = FakeRegistry(before=lambda what, repository: gate.wait())
    updates = [make_update(tag=f"1.{number}.0") for number in range(8)]
    assert len(look_up_digests(updates, registry).of) == 8
