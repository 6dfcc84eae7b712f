"""From a choice to what a field shall say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from imagebot.config.builtin import SHAPE_KEYS
from imagebot.errors import RegistryError
from imagebot.plan.gates.admit import MOST_EXAMINED, admit
from imagebot.policy.build import build_policy
from imagebot.policy.builtin import IGNORE, SHAPE
from imagebot.policy.choose import choose
from imagebot.policy.model import Decision, Policy
from imagebot.registry.api import Pushed
from tests.plan.gates.fake_images import FakeImages, digest_of
from tests.policy.choosing import reference
from tests.support.fake_registry import ANY

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def deciding(
    policy: Policy | Mapping[str, object],
    tags: str,
    current: str | None,
    images: FakeImages,
    *,
    digest: str | None = None,
) -> Decision:
    """`digest` is the name of the image that the field has the digest of."""
    made = policy if isinstance(policy, Policy) else build_policy("tested", policy)
    field = reference(current, digest_of(digest) if digest else None)
    choice = choose(made, tags.split(), field, today=NOW.date())
    return admit(choice, made, field, images, now=NOW)


def pushed(days: float, name: str | None = None) -> Pushed:
    return Pushed(NOW - timedelta(days=days), "the registry", digest_of(name) if name else None)


def written(decision: Decision) -> tuple[str | None, str | None, str | None, str]:
    return decision.tag, decision.digest, decision.update_type, decision.code


def test_a_newer_tag_is_taken_without_a_request() -> None:
    images = FakeImages()
    decision = deciding({}, "1.2.3 1.3.0", "1.2.3", images)
    assert written(decision) == ("1.3.0", None, "minor", "newer")
    assert decision.candidates == ("1.3.0", "1.2.3")
    assert images.asked == []


@pytest.mark.parametrize(
    ("policy", "tags", "current", "code"),
    [
        ({}, "1.2.3", "1.2.3", "current"),
        (SHAPE, "14 15", "14", "max"),
        (SHAPE, "1.2.3 latest", "latest", "no-order"),
        (IGNORE, "1.2.3 1.3.0", "1.2.3", "ignored"),
        ({"ignore": ["1.3.0"]}, "1.3.0", "1.2.3", "ignore"),
        ({"semver": "^2"}, "1.2.3", None, "no-candidate"),
    ],
)
def test_kept_without_a_request(
    policy: Policy | Mapping[str, object], tags: str, current: str | None, code: str
) -> None:
    images = FakeImages()
    decision = deciding(policy, tags, current, images)
    assert written(decision) == (None, None, None, code)
    assert not decision.moves
    assert images.asked == []


# What is written: (keys, current tag, current digest, tag, digest, kind, code); 1.2.3 and 1.3.0
# are in the registry, with main and latest.
MINOR = {"max": "minor"}
WITH_TAG = {"digest": "with-tag"}
DIGESTS: list[
    tuple[Mapping[str, object], str | None, str | None, str | None, str | None, str | None, str]
]
DIGESTS = [
    # A digest beside the tag moves with it.
    ({}, "1.2.3", "1.2.3", "1.3.0", "1.3.0", "minor", "newer"),
    ({**MINOR, "pin": "digest"}, "1.2.3", None, "1.3.0", "1.3.0", "minor", "newer"),
    ({**MINOR, "pin": WITH_TAG}, "1.2.3", "old", "1.3.0", "1.3.0", "minor", "newer"),
    # The newest tag already: only a pin touches its digest.
    ({}, "1.3.0", None, None, None, None, "current"),
    ({}, "1.3.0", "1.3.0", None, None, None, "current"),
    ({}, "1.3.0", "old", None, None, None, "tag-moved"),
    ({**MINOR, "pin": "digest"}, "1.3.0", None, None, "1.3.0", "digest", "digest"),
    ({**MINOR, "pin": "digest"}, "1.3.0", "old", None, "1.3.0", "digest", "digest"),
    ({**MINOR, "pin": "digest"}, "1.3.0", "1.3.0", None, None, None, "current"),
    ({**MINOR, "pin": WITH_TAG}, "1.3.0", None, None, "1.3.0", "digest", "digest"),
    ({**MINOR, "pin": WITH_TAG}, "1.3.0", "old", None, None, None, "tag-moved"),
    # A policy that says nothing but to pin never changes a tag.
    ({"pin": "digest"}, "1.2.3", None, None, "1.2.3", "digest", "digest"),
    ({"pin": "digest"}, "1.2.3", "old", None, "1.2.3", "digest", "digest"),
    ({"pin": "digest"}, "1.2.3", "1.2.3", None, None, None, "current"),
    ({"pin": "digest"}, "latest", "old", None, "latest", "digest", "digest"),
    ({"pin": WITH_TAG}, "1.2.3", None, None, "1.2.3", "digest", "digest"),
    ({"pin": WITH_TAG}, "1.2.3", "old", None, None, None, "tag-moved"),
    ({"pin": "digest"}, None, None, None, None, None, "no-order"),
    ({"pin": "digest"}, None, "old", None, None, None, "no-order"),
    ({"exists": True}, "1.2.3", None, None, None, None, "current"),
    ({"exists": True}, "1.2.3", "old", None, None, None, "tag-moved"),
    ({"exists": True}, "latest", "old", None, "latest", "digest", "digest"),
    ({"order": "none"}, "1.2.3", "1.2.3", None, None, None, "current"),
    # A tag that the policy keeps for another reason is pinned too.
    ({"pin": "digest", "adopt": False}, "latest", None, None, "latest", "digest", "digest"),
    # The digest beside a tag that moves by design follows it.
    (SHAPE_KEYS, "latest", "old", None, "latest", "digest", "digest"),
    (SHAPE_KEYS, "latest", "latest", None, None, None, "no-order"),
    (SHAPE_KEYS, "latest", None, None, None, None, "no-order"),
    (MINOR, "latest", "old", None, "latest", "digest", "digest"),
    (MINOR, "latest", None, "1.3.0", None, "other", "adopted"),
    ({**MINOR, "adopt": True}, "latest", "old", "1.3.0", "1.3.0", "other", "adopted"),
    ({**MINOR, "pin": "digest"}, "latest", "old", None, "latest", "digest", "digest"),
    ({**MINOR, "pin": WITH_TAG}, "latest", "old", None, None, None, "tag-moved"),
    ({"semver": "^1"}, "latest", "old", "1.3.0", "1.3.0", "other", "adopted"),
    ({"semver": "^1", "adopt": False}, "latest", "old", None, "latest", "digest", "digest"),
    ({"semver": "^1", "adopt": False, "pin": WITH_TAG}, "latest", "old", None, None, None,
     "tag-moved"),
    # A digest alone stays: it does not show which version it is.
    ({}, None, "old", None, None, None, "no-order"),
    ({"semver": "^1"}, None, "old", None, None, None, "no-order"),
    ({"semver": "^1", "pin": "digest"}, None, "old", None, None, None, "no-order"),
    ({"adopt": False}, None, "old", None, None, None, "no-order"),
    # Unless it is to be adopted, and is not the same image.
    ({"adopt": True}, None, "old", "1.3.0", "1.3.0", "other", "adopted"),
    ({"adopt": True}, None, "1.3.0", None, None, None, "current"),
    ({"adopt": True, "pin": "digest"}, None, "1.3.0", "1.3.0", "1.3.0", "other", "adopted"),
    ({}, None, None, "1.3.0", None, "other", "adopted"),
    # Following a tag.
    ({"follow": "main"}, "main", None, None, "main", "digest", "digest"),
    ({"follow": "main"}, "main", "old", None, "main", "digest", "digest"),
    ({"follow": "main"}, "main", "main", None, None, None, "current"),
    ({"follow": "main"}, None, "old", None, "main", "digest", "digest"),
    ({"follow": "main"}, None, "main", None, None, None, "current"),
    ({"follow": "main", "pin": "digest"}, None, "main", "main", "main", "other", "newer"),
    # Another tag is another matter; a reference without one has the tag latest.
    ({"follow": "main"}, "1.2.3", None, None, None, None, "no-order"),
    ({"follow": "main"}, "1.2.3", "old", None, None, None, "no-order"),
    ({"follow": "main", "pin": "digest"}, "1.2.3", None, None, None, None, "no-order"),
    ({"follow": "main", "adopt": False}, "1.2.3", None, None, None, None, "no-order"),
    ({"follow": "main", "adopt": True}, "1.2.3", None, "main", "main", "other", "newer"),
    ({"follow": "main", "adopt": True}, "1.2.3", "main", "main", "main", "other", "newer"),
    ({"follow": "main"}, None, None, None, None, None, "no-order"),
    ({"follow": "main", "adopt": True}, None, None, "main", "main", "other", "newer"),
    ({"follow": "latest"}, None, None, "latest", "latest", "other", "newer"),
    ({"follow": "latest", "pin": "digest"}, None, None, "latest", "latest", "other", "newer"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("keys", "tag", "digest", "new_tag", "new_digest", "kind", "code"), DIGESTS
)
def test_digests(
    keys: Mapping[str, object],
    tag: str | None,
    digest: str | None,
    new_tag: str | None,
    new_digest: str | None,
    kind: str | None,
    code: str,
) -> None:
    decision = deciding(keys, "1.2.3 1.3.0 main latest", tag, FakeImages(), digest=digest)
    expected = digest_of(new_digest) if new_digest else None
    assert written(decision) == (new_tag, expected, kind, code)


def test_a_moved_tag_never_keeps_the_old_digest() -> None:
    images = FakeImages(failing=frozenset({"1.3.0"}))
    with pytest.raises(RegistryError):
        deciding({}, "1.2.3 1.3.0", "1.2.3", images, digest="1.2.3")


def test_pinning_a_tag_that_is_gone_keeps_it() -> None:
    images = FakeImages({ANY: ("1.2.3",)})
    decision = deciding({"pin": "digest"}, "1.2.3", "1.3.0", images, digest="1.3.0")
    assert written(decision) == (None, None, None, "current")
    assert "not in the registry" in decision.reason


def test_following_a_tag_that_is_gone_keeps_the_field() -> None:
    images = FakeImages({ANY: ("1.2.3",)})
    decision = deciding({"follow": "main"}, "", "main", images, digest="old")
    assert written(decision) == (None, None, None, "no-candidate")
    assert not decision.settled


def test_a_full_version_that_was_pushed_again_is_said_before_what_is_blocked() -> None:
    images = FakeImages()
    decision = deciding({"max": "minor"}, "1.2.3 2.0.0", "1.2.3", images, digest="old")
    assert written(decision) == (None, None, None, "tag-moved")
    now = digest_of("1.2.3")[:19]
    assert decision.reason.startswith(
        f"1.2.3 has the digest {now} now; `pin: digest` would follow it; 2.0.0"
    )
    assert decision.settled


@pytest.mark.parametrize("keys", [{"max": "minor"}, {"pin": {"digest": "with-tag"}}])
def test_the_digest_of_one_platform_is_no_tag_that_moved(keys: Mapping[str, object]) -> None:
    images = FakeImages(indexes={"1.2.3": (digest_of("amd64"), digest_of("arm64"))})
    kept = deciding(keys, "1.2.3 1.2.2", "1.2.3", images, digest="amd64")
    assert written(kept) == (None, None, None, "current")
    assert images.asked == ["digest 1.2.3", "images 1.2.3"]
    moved = deciding(keys, "1.2.3 1.2.2", "1.2.3", images, digest="s390x")
    assert written(moved) == (None, None, None, "tag-moved")


def test_nothing_is_looked_into_without_need() -> None:
    images = FakeImages()
    deciding({"max": "minor"}, "1.2.3 latest", "1.2.3", images, digest="1.2.3")
    deciding({"max": "minor"}, "1.2.3 latest", "latest", images, digest="old")
    deciding({"pin": "digest"}, "1.2.3", "1.2.3", images, digest="old")
    assert images.count("images") == 0


def test_a_floating_digest_goes_through_the_gates() -> None:
    images = FakeImages(pushes={"1-alpine": pushed(1)})
    keys = {"min-age": "3d", "max": "minor"}
    tags = "1-alpine 1.27.3-alpine"
    decision = deciding(keys, tags, "1-alpine", images, digest="old")
    assert written(decision) == (None, None, None, "min-age")
    assert decision.eligible_at == NOW + timedelta(days=2)
    images = FakeImages(pushes={"1-alpine": pushed(4)})
    decision = deciding(keys, tags, "1-alpine", images, digest="old")
    assert written(decision) == (None, digest_of("1-alpine"), "digest", "digest")


def test_a_floating_tag_moves_with_its_digest() -> None:
    decision = deciding({}, "1 1.27.3 2 2.0.0", "1", FakeImages(), digest="1")
    assert written(decision) == ("2", digest_of("2"), "major", "newer")


@pytest.mark.parametrize("tag", ["abcdef1", "sha-abcdef1", "sha-1234567"])
def test_a_hash_is_a_full_version(tag: str) -> None:
    decision = deciding({"max": "minor"}, f"{tag} latest", tag, FakeImages(), digest="old")
    assert written(decision) == (None, None, None, "tag-moved")


def test_a_listed_tag_without_a_manifest_is_passed_over() -> None:
    images = FakeImages(missing=frozenset({"1.4.0"}))
    decision = deciding({"max": "major", "exists": True}, "1.2.3 1.3.0 1.4.0", "1.2.3", images)
    assert written(decision) == ("1.3.0", None, "minor", "newer")
    assert [(r.tag, r.rule) for r in decision.rejections] == [("1.4.0", "exists")]
    assert decision.candidates == ("1.3.0", "1.2.3")
    assert images.asked == ["digest 1.4.0", "digest 1.3.0"]
    # Without the gate, the same is found out when the digest is written.
    assert (
        deciding({"max": "major", "pin": "digest"}, "1.3.0 1.4.0", "1.2.3", images).tag == "1.3.0"
    )


def test_gates_stop_at_the_first_that_passes() -> None:
    images = FakeImages(runs_on={"1.5.0": ("linux/amd64",)})
    keys = {"max": "major", "platforms": ["linux/amd64", "linux/arm64"]}
    decision = deciding(keys, "1.2.3 1.3.0 1.4.0 1.5.0", "1.2.3", images)
    assert written(decision) == ("1.4.0", None, "minor", "newer")
    assert [r.reason for r in decision.rejections] == ["it is not there for linux/arm64"]
    assert "platforms 1.3.0" not in images.asked
    assert decision.reason == (
        "1.4.0 is the newest that passes; 1.5.0: it is not there for linux/arm64"
    )


def test_gates_never_go_below_the_current_tag() -> None:
    images = FakeImages(runs_on={"1.5.0": ()})
    decision = deciding(
        {"platforms": ["linux/amd64"], "allow-downgrade": True},
        "1.2.3 1.3.0 1.5.0",
        "1.3.0",
        images,
    )
    assert written(decision) == (None, None, None, "platforms")
    assert decision.candidates == ("1.3.0", "1.2.3")
    assert "platforms 1.3.0" not in images.asked


def test_the_first_refusal_explains_why_a_field_is_kept() -> None:
    images = FakeImages(pushes={"1.4.0": pushed(1), "1.3.0": pushed(2)})
    decision = deciding({"max": "major", "min-age": "3d"}, "1.2.3 1.3.0 1.4.0", "1.2.3", images)
    assert written(decision) == (None, None, None, "min-age")
    assert decision.eligible_at == NOW + timedelta(days=2)
    assert decision.reason == (
        "1.4.0: pushed 1d ago (the registry says so), waits until 2026-03-12 12:00 UTC (min-age 3d)"
    )
    assert [(r.tag, r.eligible_at) for r in decision.rejections] == [
        ("1.3.0", NOW + timedelta(days=1)),
        ("1.4.0", NOW + timedelta(days=2)),
    ]


def test_push_times_are_asked_once_for_all_candidates() -> None:
    images = FakeImages(pushes={"1.4.0": pushed(1), "1.3.0": pushed(9)})
    decision = deciding({"max": "major", "min-age": "3d"}, "1.2.3 1.3.0 1.4.0", "1.2.3", images)
    assert decision.tag == "1.3.0"
    assert images.asked == ["digest 1.4.0", "pushed 1.4.0 1.3.0", "digest 1.3.0"]
    assert decision.reason == (
        "1.3.0 is the newest that passes, pushed 9 days ago (the registry says so); "
        "1.4.0: pushed 1d ago (the registry says so), waits until 2026-03-12 12:00 UTC (min-age 3d)"
    )


def test_a_digest_change_waits_for_its_age_too() -> None:
    keys = {"pin": "digest", "min-age": "3d"}
    images = FakeImages(points={"1.2.3": "rebuilt"}, claims={"rebuilt": NOW - timedelta(days=1)})
    decision = deciding(keys, "1.2.3", "1.2.3", images, digest="1.2.3")
    assert written(decision) == (None, None, None, "min-age")
    assert decision.eligible_at == NOW + timedelta(days=2)
    follow = {"follow": "main", "min-age": "3d"}
    images = FakeImages(pushes={"main": pushed(1)})
    decision = deciding(follow, "", "main", images, digest="old")
    assert written(decision) == (None, None, None, "min-age")
    assert decision.eligible_at == NOW + timedelta(days=2)


def test_a_newer_tag_that_waits_is_told_of_before_a_digest_that_waits() -> None:
    keys = {"max": "major", "pin": "digest", "min-age": "3d"}
    images = FakeImages(pushes={"1.2.3": pushed(1), "1.3.0": pushed(2)})
    decision = deciding(keys, "1.2.3 1.3.0", "1.2.3", images, digest="old")
    assert written(decision) == (None, None, None, "min-age")
    assert decision.reason.startswith("1.3.0: ")
    assert decision.eligible_at == NOW + timedelta(days=1)
    assert [r.tag for r in decision.rejections] == ["1.3.0"]


def test_the_digest_of_a_tag_that_the_policy_does_not_admit_waits_too() -> None:
    keys = {"pin": "digest", "min-age": "3d", "adopt": False}
    images = FakeImages(pushes={"latest": pushed(1)})
    decision = deciding(keys, "1.2.3 latest", "latest", images, digest="old")
    assert written(decision) == (None, None, None, "min-age")
    assert decision.eligible_at == NOW + timedelta(days=2)
    assert [(r.tag, r.rule) for r in decision.rejections] == [("latest", "shape")]


def test_an_unchanged_digest_is_not_asked_about_further() -> None:
    keys = {"pin": "digest", "min-age": "3d", "platforms": ["linux/amd64"]}
    images = FakeImages()
    decision = deciding(keys, "1.2.3", "1.2.3", images, digest="1.2.3")
    assert decision.code == "current"
    assert images.asked == ["digest 1.2.3"]


def test_no_more_than_some_candidates_are_looked_at() -> None:
    tags = [f"1.0.{patch}" for patch in range(MOST_EXAMINED + 50)]
    images = FakeImages(missing=frozenset(tags))
    decision = deciding({"max": "major", "exists": True}, " ".join(tags), "1.0.0", images)
    assert decision.code == "exists"
    assert f"no more than {MOST_EXAMINED}" in decision.reason
    assert len(images.asked) == MOST_EXAMINED


def test_adoption_goes_through_the_gates() -> None:
    images = FakeImages(missing=frozenset({"1.3.0"}))
    decision = deciding({"max": "major", "exists": True}, "1.2.3 1.3.0", "latest", images)
    assert written(decision) == ("1.2.3", None, "other", "adopted")


def test_a_registry_that_does_not_answer_is_an_error() -> None:
    images = FakeImages(failing=frozenset({"1.3.0"}))
    with pytest.raises(RegistryError, match="does not answer"):
        deciding({"max": "major", "exists": True}, "1.2.3 1.3.0", "1.2.3", images)
