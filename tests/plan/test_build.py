"""From files to a draft: every field ends in the plan, and what fails stops nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from imagebot.config.load import load_configuration
from imagebot.config.model import Limits
from imagebot.errors import (
    FolderError,
    ImagebotError,
    RegistryRateLimitError,
    RegistryUnreachableError,
)
from imagebot.plan.build import build
from imagebot.plan.edits import PlanWithEdits, edit_plan
from imagebot.plan.model import PlanTarget
from tests.support.fake_registry import FakeRegistry, digest_of

NOW = datetime(2026, 11, 1, tzinfo=UTC)
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n"
ROUTE = 'routes: [{name: all, files: ["**"], publish: commit, images: [{match: "**", policy: P}]}]'
APP = "docker.io/library/app"


@dataclass(frozen=True)
class Files:
    """A source made of values; a file that is an error cannot be read."""

    files: Mapping[str, bytes | ImagebotError]
    whole: bool = True

    def paths(self) -> Sequence[str]:
        return sorted(self.files)

    def fetch(self, paths: Sequence[str]) -> None:
        pass

    def read(self, paths: Sequence[str]) -> Iterator[tuple[str, bytes | ImagebotError]]:
        return ((path, self.files[path]) for path in paths)

    def has(self, path: str) -> bool:
        return path in self.files

    def blobs(self) -> Mapping[str, str]:
        return {}


def pod(*images: str) -> bytes:
    return (POD + "".join(f"    - {{name: c, image: {image}}}\n" for image in images)).encode()


def run(
    files: Mapping[str, bytes | ImagebotError],
    registry: FakeRegistry,
    policy: str = "{semver: ^1}",
    limits: Limits = Limits(),
) -> PlanWithEdits:
    text = f"policies: {{mine: {policy}}}\n" + ROUTE.replace("P", "mine")
    configuration = load_configuration(text, "imagebot.yaml", trusted=False)
    source = Files(files)
    plan = build(
        source, configuration, registry, now=NOW, target=PlanTarget("t"), limits=limits
    ).plan
    return edit_plan(source, plan)


def test_fields_that_agree_are_asked_for_once() -> None:
    registry = FakeRegistry({APP: ("1.0", "1.1")})
    files = {f"{name}.yaml": pod("app:1.0", "docker.io/library/app:1.0") for name in "abc"}
    drafted = run(files, registry)
    assert len(drafted.plan.updates) == 6
    assert registry.calls == [("tags", APP)]
    assert [change.path for change in drafted.changes] == ["a.yaml", "b.yaml", "c.yaml"]
    assert drafted.changes[0].new == pod("app:1.1", "docker.io/library/app:1.1")


def test_updates_are_in_the_order_of_the_files() -> None:
    registry = FakeRegistry({APP: ("1.0", "1.1")})
    files = {"b.yaml": pod("app:1.0"), "a.yaml": pod("app:1.0", "app:1.0")}
    places = [(u.field.path, u.field.line) for u in run(files, registry).plan.updates]
    assert places == [("a.yaml", 6), ("a.yaml", 7), ("b.yaml", 6)]


def test_one_problem_for_a_repository_however_many_fields_name_it() -> None:
    error = RegistryUnreachableError("ghcr.io/x", "no answer", hint="wait")
    registry = FakeRegistry({APP: ("1.0", "1.1"), "ghcr.io/x": error})
    drafted = run({"a.yaml": pod("ghcr.io/x:1", "app:1.0", "ghcr.io/x:2")}, registry)
    assert [(p.scope, p.subject, p.hint) for p in drafted.plan.problems] == [
        ("repository", "ghcr.io/x", "wait")
    ]
    (problem,) = drafted.plan.problems
    assert [str(place) for place in problem.places] == ["a.yaml:6", "a.yaml:8"]
    assert [kept.decision.code for kept in drafted.plan.kept] == ["registry-unreachable"] * 2
    assert drafted.changes[0].new == pod("ghcr.io/x:1", "app:1.1", "ghcr.io/x:2")


def test_a_file_that_cannot_be_read_is_a_problem() -> None:
    registry = FakeRegistry({APP: ("1.0", "1.1")})
    broken = FolderError("a.yaml", "no permission")
    files: dict[str, bytes | ImagebotError] = {"a.yaml": broken, "b.yaml": pod("app:1.0")}
    drafted = run(files, registry)
    assert [(p.scope, p.path, p.code) for p in drafted.plan.problems] == [
        ("file", "a.yaml", "folder")
    ]
    assert len(drafted.plan.updates) == 1


def test_a_digest_never_stays_beside_another_tag() -> None:
    registry = FakeRegistry({APP: ("1.0", "1.1")})
    old = digest_of("old")
    drafted = run({"a.yaml": pod(f"app:1.0@{old}")}, registry)
    new = digest_of(f"{APP}:1.1")
    assert drafted.changes[0].new == pod(f"app:1.1@{new}")


def test_limits_keep_a_repository_from_being_asked() -> None:
    registry = FakeRegistry({APP: ("1.0", "1.1")})
    drafted = run({"a.yaml": pod("app:1.0")}, registry, limits=Limits(images=("ghcr.io/**",)))
    assert [kept.decision.code for kept in drafted.plan.kept] == ["outside-limits"]
    assert registry.calls == []


def test_what_is_undecided_is_warned_about_with_every_place() -> None:
    files = {"a.yaml": pod("app:1.0", "app:1.0"), "b.yaml": pod("app:1.0", "web:1.0")}
    registry = FakeRegistry({APP: (), "docker.io/library/web": ("1.0", "1.1")})
    plan = run(files, registry).plan
    assert plan.problems == ()
    (warning,) = plan.warnings
    places = "t: a.yaml:6, a.yaml:7, b.yaml:6"
    assert warning == f"{APP}: the repository has no tags; nothing was decided for {places}"
    assert [(each.route, each.decision.settled) for each in plan.kept] == [("all", False)] * 3


def test_many_undecided_places_are_all_named() -> None:
    files = {f"{number:02}.yaml": pod("app:1.0") for number in range(25)}
    warnings = run(files, FakeRegistry({APP: ()})).plan.warnings
    assert len(warnings) == 2
    assert all(any(f"{path}:6" in warning for warning in warnings) for path in files)


def test_following_a_tag_lists_nothing() -> None:
    registry = FakeRegistry({APP: ("stable", "1.0")})
    drafted = run({"a.yaml": pod("app:stable")}, registry, "{follow: stable}")
    assert ("tags", APP) not in registry.calls
    (update,) = drafted.plan.updates
    assert (update.tag or "stable", update.digest) == ("stable", digest_of(f"{APP}:stable"))


def test_warns_of_a_tag_that_is_gone_and_of_a_pattern_that_allows_nothing() -> None:
    registry = FakeRegistry({APP: ("1.0", "1.1")})
    gone = run({"a.yaml": pod("app:0.9"), "b.yaml": pod("app:1.0", "app:0.9")}, registry)
    assert gone.plan.warnings == (
        f"{APP}: the registry does not list the current tag 0.9 any more: t: a.yaml:6, b.yaml:7",
    )
    pattern = run({"a.yaml": pod("app:1.0")}, registry, "{pattern: '^main-', order: alphabetical}")
    assert pattern.plan.warnings == (
        f"{APP}: policy mine allows none of its 2 tags (pattern 2): t: a.yaml:6",
    )


def test_what_cannot_be_edited_is_a_problem_and_the_rest_of_the_file_is_done() -> None:
    registry = FakeRegistry({APP: ("1.0", "1.1"), "docker.io/library/web": ("1.0", "1.1")})
    text = pod('"app:1\\x2e0"', "web:1.0")
    drafted = run({"a.yaml": text}, registry)
    codes = [(problem.scope, problem.path, problem.line) for problem in drafted.plan.problems]
    assert codes == [("field", "a.yaml", 6)]
    assert [str(update.field.reference) for update in drafted.plan.updates] == ["web:1.0"]
    assert drafted.changes[0].new == pod('"app:1\\x2e0"', "web:1.1")
    assert drafted.changes[0].updates == (drafted.plan.updates[0].id,)


def test_fields_that_share_a_text_are_edited_together_beside_one_that_is_refused() -> None:
    registry = FakeRegistry({APP: ("1.0", "1.1"), "docker.io/library/web": ("1.0", "1.1")})
    text = POD + (
        '    - {name: a, image: "web:1\\x2e0"}\n'
        "    - {name: b, image: &app app:1.0}\n"
        "    - {name: c, image: *app}\n"
    )
    drafted = run({"a.yaml": text.encode()}, registry)
    assert [problem.line for problem in drafted.plan.problems] == [6]
    assert drafted.changes[0].new == text.replace("app:1.0", "app:1.1").encode()
    assert len(drafted.plan.updates) == 2


def test_one_problem_for_all_repositories_of_a_registry_that_asks_for_a_pause() -> None:
    """Each says how long it is still to wait, which is less for the later ones."""
    errors = {
        f"ghcr.io/{name}": RegistryRateLimitError(f"ghcr.io/{name}", f"wait {seconds} s", hint="h")
        for name, seconds in (("x", 30), ("y", 29), ("z", 29))
    }
    drafted = run({"a.yaml": pod(*(f"{name}:1" for name in errors))}, FakeRegistry(errors))
    (problem,) = drafted.plan.problems
    assert (problem.subject, problem.code, problem.hint) == ("ghcr.io", "registry-rate-limit", "h")
    assert problem.message == "ghcr.io: wait 30 s; skipped ghcr.io/x and 2 more"
    assert [str(place) for place in problem.places] == ["a.yaml:6", "a.yaml:7", "a.yaml:8"]


def test_one_problem_for_all_repositories_of_a_registry_that_does_not_answer() -> None:
    errors = {
        f"ghcr.io/{name}": RegistryUnreachableError(f"ghcr.io/{name}", "no answer")
        for name in ("x", "y", "z")
    }
    drafted = run({"a.yaml": pod(*(f"{name}:1" for name in errors))}, FakeRegistry(errors))
    (problem,) = drafted.plan.problems
    assert problem.subject == "ghcr.io"
    assert problem.message == "ghcr.io: no answer; skipped ghcr.io/x and 2 more"
    assert len(drafted.plan.kept) == 3
    assert [str(place) for place in problem.places] == ["a.yaml:6", "a.yaml:7", "a.yaml:8"]
