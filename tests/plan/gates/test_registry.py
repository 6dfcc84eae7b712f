"""Choosing and gating against a real registry, with images and indexes pushed for real."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from imagebot.plan.gates.admit import admit
from imagebot.plan.gates.times import ask_times
from imagebot.plan.resolve import TagQuery, resolve
from imagebot.policy.build import build_policy
from imagebot.policy.choose import choose
from imagebot.policy.model import Decision
from imagebot.reference import Reference, parse_reference
from imagebot.registry.client import RegistryClient
from imagebot.registry.credentials import Credential
from tests.support.here import HERE
from tests.support.registry import Registry

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
BOTH = ["linux/amd64", "linux/arm64"]


class NoCredentials:
    def lookup(self, registry: str, path: str) -> Credential | None:
        return None


@pytest.fixture
def client() -> Iterator[RegistryClient]:
    with RegistryClient(NoCredentials(), reach=HERE) as opened:
        yield opened


def stamp(days_ago: float) -> str:
    return (NOW - timedelta(days=days_ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


def deciding(keys: Mapping[str, object], field: Reference, client: RegistryClient) -> Decision:
    policy = build_policy("tested", keys)
    tags = client.tags(field.repository)
    times = ask_times(policy, tags, field, client, today=NOW.date())
    choice = choose(policy, tags, field, today=NOW.date(), times=times)
    return admit(choice, policy, field, client, now=NOW)


@pytest.fixture
def name(registry: Registry, repository: str) -> str:
    return f"{registry.host}/{repository}"


def test_an_index_is_pinned_by_its_own_digest(
    registry: Registry, repository: str, name: str, client: RegistryClient
) -> None:
    old = registry.push_index(repository, "1.2.3", BOTH)
    new = registry.push_index(repository, "1.3.0", BOTH, attestations=True)
    decision = deciding({}, parse_reference(f"{name}:1.2.3@{old}"), client)
    assert (decision.tag, decision.digest, decision.update_type) == ("1.3.0", new, "minor")


def test_all_platforms_must_be_there(
    registry: Registry, repository: str, name: str, client: RegistryClient
) -> None:
    registry.push_index(repository, "1.2.3", BOTH)
    registry.push_index(repository, "1.3.0", ["linux/arm64/v8"], nested=[["linux/amd64"]])
    registry.push_index(repository, "1.4.0", ["linux/amd64"], attestations=True, docker=True)
    registry.push_image(repository, "1.5.0", architecture="arm64")
    decision = deciding(
        {"max": "major", "platforms": BOTH}, parse_reference(f"{name}:1.2.3"), client
    )
    assert (decision.tag, decision.code) == ("1.3.0", "newer")
    assert [(r.tag, r.rule, r.reason) for r in decision.rejections] == [
        ("1.4.0", "platforms", "it is not there for linux/arm64"),
        ("1.5.0", "platforms", "it is not there for linux/amd64"),
    ]


def test_a_tag_whose_manifest_is_gone_is_passed_over(
    registry: Registry, repository: str, name: str, client: RegistryClient
) -> None:
    for tag in ("1.2.3", "1.3.0", "1.4.0"):
        registry.push_image(repository, tag)
    # A registry that has collected its garbage too eagerly still lists the tag.
    tags = registry.root / "docker/registry/v2/repositories" / repository / "_manifests/tags"
    (tags / "1.4.0/current/link").write_text("sha256:" + "0" * 64)
    decision = deciding({"max": "major", "exists": True}, parse_reference(f"{name}:1.2.3"), client)
    assert decision.tag == "1.3.0"
    assert [(r.tag, r.rule) for r in decision.rejections] == [("1.4.0", "exists")]


def test_the_age_is_the_image_s_claim_where_the_registry_keeps_none(
    registry: Registry, repository: str, name: str, client: RegistryClient
) -> None:
    registry.push_image(repository, "1.2.3", created=stamp(90))
    registry.push_index(repository, "1.3.0", BOTH, created=stamp(30))
    registry.push_image(repository, "1.4.0", created=stamp(1))
    registry.push_image(repository, "1.5.0", created="1970-01-01T00:00:00Z")
    registry.push_image(repository, "1.6.0", created=None)
    decision = deciding({"max": "major", "min-age": "3d"}, parse_reference(f"{name}:1.2.3"), client)
    assert decision.tag == "1.3.0"
    assert decision.reason == (
        "1.3.0 is the newest that passes, created 30 days ago (only the image itself says so); "
        "1.6.0: its age is unknown: neither the registry nor the image says it"
    )
    assert {r.tag: r.eligible_at for r in decision.rejections} == {
        "1.4.0": NOW + timedelta(days=2),
        "1.5.0": None,
        "1.6.0": None,
    }
    keys = {"max": "major", "min-age": "3d", "min-age-unknown": "accept"}
    assert deciding(keys, parse_reference(f"{name}:1.2.3"), client).tag == "1.6.0"


def test_a_mutable_tag_is_followed_when_it_is_old_enough(
    registry: Registry, repository: str, name: str, client: RegistryClient
) -> None:
    first = registry.push_image(repository, "main", content="first", created=stamp(9))
    field = parse_reference(f"{name}:main@{first}")
    keys = {"follow": "main", "min-age": "3d"}
    assert deciding(keys, field, client).code == "current"
    registry.push_image(repository, "main", content="second", created=stamp(1))
    waiting = deciding(keys, field, client)
    assert (waiting.code, waiting.moves) == ("min-age", False)
    assert waiting.eligible_at == NOW + timedelta(days=2)
    third = registry.push_image(repository, "main", content="third", created=stamp(4))
    moved = deciding(keys, field, client)
    assert (moved.tag, moved.digest, moved.update_type) == (None, third, "digest")


def test_a_moved_tag_is_pinned_again_or_left(
    registry: Registry, repository: str, name: str, client: RegistryClient
) -> None:
    first = registry.push_image(repository, "1.2.3", content="first")
    second = registry.push_image(repository, "1.2.3", content="second")
    field = parse_reference(f"{name}:1.2.3@{first}")
    refreshed = deciding({"pin": "digest"}, field, client)
    assert (refreshed.tag, refreshed.digest, refreshed.code) == (None, second, "digest")
    frozen = deciding({"pin": {"digest": "with-tag"}}, field, client)
    assert (frozen.digest, frozen.code) == (None, "tag-moved")
    assert second[:19] in frozen.reason


def test_the_image_of_one_platform_is_not_a_tag_that_moved(
    registry: Registry, repository: str, name: str, client: RegistryClient
) -> None:
    one = registry.push_image(repository, "amd64", content="1.2.3 linux/amd64")
    registry.push_index(repository, "1.2.3", BOTH)
    field = parse_reference(f"{name}:1.2.3@{one}")
    assert deciding({}, field, client).code == "current"
    registry.push_index(repository, "1.2.3", BOTH, content="built again")
    assert deciding({}, field, client).code == "tag-moved"


def test_a_floating_tag_is_followed_where_its_digest_is_written(
    registry: Registry, repository: str, name: str, client: RegistryClient
) -> None:
    registry.push_image(repository, "1.27.3-alpine", content="first")
    first = registry.push_image(repository, "1-alpine", content="first")
    field = parse_reference(f"{name}:1-alpine@{first}")
    keys = {"max": "minor", "adopt": False}
    assert deciding(keys, field, client).code == "current"
    second = registry.push_index(repository, "1-alpine", BOTH)
    moved = deciding(keys, field, client)
    assert (moved.tag, moved.digest, moved.code) == (None, second, "digest")
    latest = registry.push_image(repository, "latest", content="third")
    moved = deciding(keys, parse_reference(f"{name}:latest@{first}"), client)
    assert (moved.tag, moved.digest, moved.code) == (None, latest, "digest")


def answering(keys: Mapping[str, object], reference: str, client: RegistryClient) -> Decision:
    question = TagQuery.of(parse_reference(reference), build_policy("tested", keys))
    found = resolve([question], client, now=NOW).of[question]
    assert isinstance(found, Decision)
    return found


@pytest.mark.parametrize("keys", [{"follow": "main"}, {"pin": "digest"}])
def test_a_tag_that_is_gone_is_told_from_a_repository_that_is(
    registry: Registry, repository: str, name: str, client: RegistryClient, keys: dict[str, object]
) -> None:
    registry.push_image(repository, "main")
    registry.push_image(repository, "dev")
    folder = registry.root / "docker/registry/v2/repositories" / repository
    shutil.rmtree(folder / "_manifests/tags/main")
    gone = answering(keys, f"{name}:main", client)
    assert (gone.moves, gone.settled) == (False, False)
    assert "not in the registry" in gone.reason
    shutil.rmtree(folder / "_manifests/tags/dev")
    empty = answering(keys, f"{name}:main", client)
    assert (empty.code, empty.reason) == ("no-candidate", "the repository has no tags")
    assert not empty.settled
    shutil.rmtree(folder)
    nowhere = answering(keys, f"{name}:main", client)
    assert (nowhere.code, nowhere.settled) == ("no-candidate", False)
    assert nowhere.reason == "the registry does not have the repository"


def test_the_version_of_a_moving_tag(
    registry: Registry, repository: str, name: str, client: RegistryClient
) -> None:
    registry.push_image(repository, "1.28.0")
    release = registry.push_index(repository, "1.29.1", BOTH, content="one")
    registry.push_index(repository, "latest", BOTH, content="one")
    registry.push_image(repository, "1.30.0")
    keys = {"version-of": "latest", "pin": "digest"}
    found = answering(keys, f"{name}:1.28.0", client)
    assert (found.tag, found.digest, found.code) == ("1.29.1", release, "newer")
    assert answering(keys, f"{name}:1.29.1@{release}", client).code == "current"
    registry.push_image(repository, "latest", content="built again")
    kept = answering(keys, f"{name}:1.29.1@{release}", client)
    assert (kept.moves, kept.code) == (False, "no-candidate")


def test_an_empty_list_is_undecided(
    registry: Registry, repository: str, name: str, client: RegistryClient
) -> None:
    registry.push_image(repository, "1.2.3")
    tags = registry.root / "docker/registry/v2/repositories" / repository / "_manifests/tags"
    shutil.rmtree(tags / "1.2.3")
    decision = answering({"semver": "^1"}, f"{name}:1.2.3", client)
    assert (decision.code, decision.settled) == ("no-candidate", False)


def test_orders_by_the_date_of_creation(
    registry: Registry, repository: str, name: str, client: RegistryClient
) -> None:
    registry.push_image(repository, "main-aaaaaaa", created=stamp(5))
    registry.push_image(repository, "main-bbbbbbb", created=stamp(1))
    registry.push_index(repository, "main-ccccccc", BOTH, created=stamp(3))
    registry.push_image(repository, "main-ddddddd", created=None)
    registry.push_image(repository, "other", created=stamp(0))
    keys = {"order": "created", "pattern": "^main-"}
    decision = deciding(keys, parse_reference(f"{name}:main-aaaaaaa"), client)
    assert decision.tag == "main-bbbbbbb"
    assert decision.candidates == ("main-bbbbbbb", "main-ccccccc", "main-aaaaaaa")
    assert {r.tag: r.rule for r in decision.rejections} == {
        "main-ddddddd": "created",
        "other": "pattern",
    }


def test_a_digest_alone_is_given_a_tag(
    registry: Registry, repository: str, name: str, client: RegistryClient
) -> None:
    old = registry.push_image(repository, "1.2.3")
    new = registry.push_image(repository, "1.3.0")
    kept = deciding({"semver": "^1"}, parse_reference(f"{name}@{old}"), client)
    assert (kept.moves, kept.code) == (False, "no-order")
    assert "write its tag beside it" in kept.reason
    keys = {"semver": "^1", "adopt": True}
    decision = deciding(keys, parse_reference(f"{name}@{old}"), client)
    assert (decision.tag, decision.digest, decision.code) == ("1.3.0", new, "adopted")
    settled = deciding(keys, parse_reference(f"{name}@{new}"), client)
    assert (settled.moves, settled.code) == (False, "current")


def test_thousands_of_tags(
    registry: Registry, repository: str, name: str, client: RegistryClient
) -> None:
    registry.many_tags(repository, [f"1.{n // 50}.{n % 50}" for n in range(3000)])
    decision = deciding({"max": "major", "exists": True}, parse_reference(f"{name}:1.0.0"), client)
    assert decision.tag == "1.59.49"
    assert len(decision.candidates) == 3000
