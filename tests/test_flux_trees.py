"""Flux's markers and objects from end to end, as Flux itself would follow them."""

from __future__ import annotations

import pytest

from imagebot.config.load import load_configuration
from imagebot.pipeline import Draft, draft
from tests.manifest.test_flux_nearest import policy, repository
from tests.support.fixed_images import FixedImages, digest_of
from tests.test_pipeline import NOW, ROUTE, Files

WEB, OTHER = "ghcr.io/acme/web", "ghcr.io/acme/other"
TAGS = ("1.2.0", "1.4.0", "1.3.0")
OLD = digest_of("old")
NEW = digest_of(f"{WEB}:1.4.0")
FULL = f'image: {WEB}:1.2.0 # {{"$imagepolicy": "flux-system:web"}}\n'


def drafting(files: dict[str, str], route_policy: str = "shape") -> Draft:
    configuration = load_configuration(
        ROUTE.replace("P", route_policy), "imagebot.yaml", trusted=False
    )
    registry = FixedImages({WEB: TAGS, OTHER: TAGS, "docker.io/library/web": TAGS})
    source = Files({path: text.encode() for path, text in files.items()})
    return draft(source, configuration, registry, now=NOW)


def drafting_one(objects: str, marked: str, route_policy: str = "shape") -> Draft:
    return drafting({"flux.yaml": objects, "x.yaml": marked}, route_policy)


def changed(drafted: Draft) -> str:
    assert drafted.plan.problems == ()
    (change,) = drafted.changes
    return change.new.decode()


def test_an_excluded_tag_is_not_written() -> None:
    objects = repository("web", ", exclusionList: ['^1[.]4']") + policy()
    assert changed(drafting_one(objects, FULL)) == FULL.replace("1.2.0", "1.3.0")


def test_an_exclusion_that_cannot_be_read_is_a_problem() -> None:
    objects = repository("web", ", exclusionList: ['(?=x)']") + policy()
    drafted = drafting_one(objects, FULL)
    assert drafted.changes == ()
    assert {each.code for each in drafted.plan.problems} == {"flux-policy", "unknown-policy"}
    assert all("exclude" in each.message for each in drafted.plan.problems)


SUSPENDED = {
    "ImageRepository": (
        repository("web", ", suspend: true") + policy(),
        "ImageRepository web (flux.yaml:2) is suspended",
    ),
    "ImagePolicy": (
        repository("web") + policy("1.x", ", suspend: true"),
        "ImagePolicy web (flux.yaml:7) is suspended",
    ),
}


@pytest.mark.parametrize(
    "marked",
    [FULL, 'a: 1.2.0 # {"$imagepolicy": "flux-system:web:tag"}\n'],
    ids=["full", "bare"],
)
@pytest.mark.parametrize(("objects", "reason"), SUSPENDED.values(), ids=SUSPENDED.keys())
def test_what_is_suspended_is_kept(objects: str, reason: str, marked: str) -> None:
    drafted = drafting_one(objects, marked)
    assert (drafted.changes, drafted.plan.problems) == ((), ())
    assert [(each.code, each.reason) for each in drafted.plan.kept] == [("suspended", reason)]


def test_what_is_not_suspended_moves() -> None:
    objects = repository("web", ", suspend: false") + policy("1.x", ", suspend: false")
    assert changed(drafting_one(objects, FULL)) == FULL.replace("1.2.0", "1.4.0")


def test_a_marker_on_an_image_of_another_repository_is_a_problem() -> None:
    drafted = drafting_one(repository("web") + policy(), FULL.replace(WEB, OTHER))
    assert drafted.changes == ()
    (problem,) = drafted.plan.problems
    assert (problem.code, problem.path, problem.line) == ("invalid-marker", "x.yaml", 1)
    assert WEB in problem.message
    assert OTHER in problem.message
    assert [each.code for each in drafted.plan.kept] == ["invalid-marker"]


def test_another_spelling_is_the_same_repository() -> None:
    objects = repository("web").replace("ghcr.io/acme/web", "docker.io/library/web") + policy()
    marked = FULL.replace(WEB, "web")
    assert changed(drafting_one(objects, marked)) == marked.replace("1.2.0", "1.4.0")


def test_a_full_reference_may_follow_a_policy_whose_repository_is_missing() -> None:
    assert changed(drafting_one(policy(), FULL)) == FULL.replace("1.2.0", "1.4.0")
    bare = 'a: 1.2.0 # {"$imagepolicy": "flux-system:web:tag"}\n'
    drafted = drafting_one(policy(), bare)
    assert drafted.changes == ()
    (problem,) = drafted.plan.problems
    assert problem.code == "marker"
    assert "whose ImageRepository is not here" in problem.message


def test_policies_of_two_clusters_are_followed_each_in_its_own() -> None:
    files = {
        "c/a/flux.yaml": repository("web") + policy("1.x"),
        "c/b/flux.yaml": repository("web") + policy("~1.2.0 || ~1.3.0"),
        "c/a/x.yaml": FULL,
        "c/b/x.yaml": FULL,
    }
    drafted = drafting(files)
    assert drafted.plan.problems == ()
    assert {u.field.path: (u.tag, u.policy) for u in drafted.plan.updates} == {
        "c/a/x.yaml": ("1.4.0", "flux-system:web"),
        "c/b/x.yaml": ("1.3.0", "flux-system:web"),
    }
