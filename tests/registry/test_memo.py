"""Answers are remembered with their time; each pass says how old they may be."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from imagebot.config.model import RegistryOptions
from imagebot.errors import RegistryUnreachableError
from imagebot.http.endpoint import by_host, find_endpoint
from imagebot.reference import Repository
from imagebot.registry.api import Pushed, Registry
from imagebot.registry.memo import Memo
from tests.support.fake_registry import ANY, FakeRegistry, digest_of
from tests.support.process import PATIENCE

APP = Repository("ghcr.io", "acme/app")
WEB = Repository("ghcr.io", "acme/web")
TIME = datetime(2026, 1, 1, tzinfo=UTC)
DIGEST = digest_of("ghcr.io/acme/app:1.0")


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def fake() -> FakeRegistry:
    pushes = {"1.0": Pushed(TIME, "test"), "1.1": Pushed(TIME, "test")}
    return FakeRegistry({ANY: ("1.0", "1.1")}, pushes=pushes)


def ask_all(registry: Registry, repository: Repository = APP) -> None:
    registry.tags(repository)
    registry.digest(repository, "1.0")
    registry.platforms(repository, DIGEST)
    registry.images(repository, DIGEST)
    registry.created(repository, DIGEST)
    registry.pushed(repository, ["1.0"])


ALL = ["tags", "digest", "platforms", "images", "created", "pushed"]


def methods(registry: FakeRegistry) -> list[str]:
    """The methods called since the last look."""
    found = [call[0] for call in registry.calls]
    registry.calls.clear()
    return found


def test_the_view_answers_as_the_registry_does() -> None:
    view = Memo(fake()).for_pass()
    assert view.tags(APP) == ("1.0", "1.1")
    assert view.digest(APP, "1.0") == DIGEST != view.digest(APP, "1.1")
    assert view.platforms(APP, DIGEST)[0] == "linux/amd64"
    assert view.images(APP, DIGEST) == ()
    assert view.created(APP, DIGEST) is None
    assert view.pushed(APP, ["1.0", "none"]) == {"1.0": Pushed(TIME, "test")}
    assert view.check("ghcr.io") == "anonymous"


def test_a_pass_asks_each_question_once() -> None:
    registry = fake()
    view = Memo(registry, clock=Clock()).for_pass()
    for _ in range(3):
        ask_all(view)
        view.check("ghcr.io")
    assert methods(registry) == [*ALL, "check"]
    ask_all(view, WEB)
    assert methods(registry) == ALL


# How old the answers of another pass are, how old they may be, and whether they are asked for anew.
AGES = [
    (1.0, 0.0, True),
    (59.0, 60.0, False),
    (60.0, 60.0, False),
    (61.0, 60.0, True),
]


@pytest.mark.parametrize(("age", "max_age", "anew"), AGES)
def test_what_another_pass_was_told(age: float, max_age: float, anew: bool) -> None:
    registry, clock = fake(), Clock()
    memo = Memo(registry, clock=clock)
    ask_all(memo.for_pass())
    clock.now += age
    registry.calls.clear()
    ask_all(memo.for_pass(lambda _: max_age))
    assert methods(registry) == (ALL if anew else [])


def test_the_age_is_that_at_the_beginning_of_the_pass() -> None:
    """A pass that takes long does not ask for what was new enough when it began."""
    registry, clock = fake(), Clock()
    memo = Memo(registry, clock=clock)
    ask_all(memo.for_pass())
    registry.calls.clear()
    clock.now += 50
    view = memo.for_pass(lambda _: 60.0)
    clock.now += 50
    ask_all(view)
    assert methods(registry) == []


def test_each_repository_has_an_age() -> None:
    registry, clock = fake(), Clock()
    memo = Memo(registry, clock=clock)
    for repository in (APP, WEB):
        ask_all(memo.for_pass(lambda _: 60.0), repository)
    clock.now += 30
    registry.calls.clear()
    view = memo.for_pass(lambda repository: 60.0 if repository == APP else 10.0)
    for repository in (APP, WEB):
        view.tags(repository)
    assert registry.calls == [("tags", str(WEB))]


def test_a_pass_goes_on_with_its_own_answers() -> None:
    """Neither a later pass nor forgetting changes what a running pass has been told."""
    registry, clock = fake(), Clock()
    memo = Memo(registry, clock=clock)
    view = memo.for_pass()
    assert view.tags(APP) == ("1.0", "1.1")
    registry.repositories = {ANY: ("2.0",)}
    clock.now += 10
    later = memo.for_pass()
    memo.forget(APP)
    assert later.tags(APP) == ("2.0",)
    assert view.tags(APP) == ("1.0", "1.1")


def test_several_repositories_are_forgotten_at_once() -> None:
    registry = fake()
    memo = Memo(registry, clock=Clock())
    other = Repository("ghcr.io", "acme/other")
    for repositories in ((), (APP, WEB)):
        memo.forget(*repositories)
        view = memo.for_pass(lambda _: 60.0)
        for repository in (APP, WEB, other):
            view.tags(repository)
    asked = [about for _, about in registry.calls]
    assert asked == [str(APP), str(WEB), str(other), str(APP), str(WEB)]


def test_a_failure_lives_for_one_pass() -> None:
    registry, clock = fake(), Clock()
    registry.repositories = {ANY: RegistryUnreachableError("ghcr.io", "no answer")}
    memo = Memo(registry, clock=clock)
    view = memo.for_pass(lambda _: 60.0)
    for _ in range(2):
        with pytest.raises(RegistryUnreachableError):
            view.tags(APP)
    assert methods(registry) == ["tags"]
    registry.repositories = {ANY: ("1.0",)}
    assert memo.for_pass(lambda _: 60.0).tags(APP) == ("1.0",)
    with pytest.raises(RegistryUnreachableError):
        view.tags(APP)


def test_failed_push_times_live_for_one_pass() -> None:
    registry = fake()
    memo = Memo(registry, clock=Clock())
    view = memo.for_pass(lambda _: 60.0)

    def fail(what: str, repository: Repository) -> None:
        raise RegistryUnreachableError(str(repository), what)

    registry.before = fail
    for _ in range(2):
        with pytest.raises(RegistryUnreachableError):
            view.pushed(APP, ["1.0"])
    assert methods(registry) == ["pushed"]
    registry.before = lambda what, repository: None
    assert memo.for_pass(lambda _: 60.0).pushed(APP, ["1.0"]).keys() == {"1.0"}


def test_only_push_times_that_are_missing_are_asked_for() -> None:
    registry = fake()
    view = Memo(registry).for_pass()
    view.pushed(APP, ["1.0"])
    assert view.pushed(APP, ["1.0", "1.1"]).keys() == {"1.0", "1.1"}
    assert view.pushed(APP, []) == {}
    assert [call[2:] for call in registry.calls] == [("1.0",), ("1.1",)]


def test_forgetting_all_leaves_what_is_about_digests() -> None:
    registry = fake()
    memo = Memo(registry, clock=Clock())
    for repository in (APP, WEB):
        ask_all(memo.for_pass(lambda _: 60.0), repository)
    registry.calls.clear()
    memo.forget_all()
    for repository in (APP, WEB):
        ask_all(memo.for_pass(lambda _: 60.0), repository)
    assert [call[:2] for call in registry.calls] == [
        (what, str(repository))
        for repository in (APP, WEB)
        for what in ("tags", "digest", "pushed")
    ]


def test_forgetting_leaves_what_is_about_a_digest() -> None:
    registry = fake()
    memo = Memo(registry, clock=Clock())
    for repository in (APP, WEB):
        ask_all(memo.for_pass(lambda _: 60.0), repository)
    registry.calls.clear()
    memo.forget(APP)
    for repository in (APP, WEB):
        ask_all(memo.for_pass(lambda _: 60.0), repository)
    assert [call[:2] for call in registry.calls] == [
        ("tags", str(APP)),
        ("digest", str(APP)),
        ("pushed", str(APP)),
    ]


OPTIONS = by_host(
    [
        RegistryOptions(host="docker.io", mirror="harbor.example/hub"),
        RegistryOptions(host="old.example", mirror="new.example"),
        RegistryOptions(host="new.example", mirror="newest.example"),
    ]
)
HUB = Repository("docker.io", "library/nginx")
MIRROR = Repository("harbor.example", "hub/library/nginx")
OLD, NEW, NEWEST = (Repository(f"{host}.example", "app") for host in ("old", "new", "newest"))


def locate(repository: Repository) -> Repository:
    return find_endpoint(repository.registry, OPTIONS).repository(repository)


@pytest.mark.parametrize(
    ("forgotten", "asked", "anew"),
    [
        (HUB, HUB, True),
        (HUB, MIRROR, True),
        (MIRROR, HUB, True),
        (MIRROR, MIRROR, True),
        (MIRROR, Repository("docker.io", "library/redis"), False),
        (MIRROR, Repository("harbor.example", "hub/library/redis"), False),
        (Repository("harbor.example", "library/nginx"), HUB, False),
        # Mirrors are not followed further: `old` is asked at `new`, and `new` at `newest`.
        (NEW, OLD, True),
        (OLD, NEW, True),
        (NEWEST, NEW, True),
        (NEWEST, OLD, False),
    ],
)
def test_a_mirror_is_the_same_repository(
    forgotten: Repository, asked: Repository, anew: bool
) -> None:
    registry = fake()
    memo = Memo(registry, locate=locate, clock=Clock())
    memo.for_pass().tags(asked)
    memo.forget(forgotten)
    memo.for_pass(lambda _: 60.0).tags(asked)
    assert registry.count("tags") == (2 if anew else 1)


def at_once(work: Callable[[int], object], count: int) -> list[object]:
    start = threading.Barrier(count)

    def one(number: int) -> object:
        start.wait(PATIENCE)
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


@pytest.mark.parametrize("passes", [1, 8])
def test_threads_share_one_request(passes: int) -> None:
    """Threads of one pass, and passes that accept each other's answers."""
    registry = fake()
    memo = Memo(registry)
    views = [memo.for_pass(lambda _: 60.0) for _ in range(passes)]
    assert set(at_once(lambda number: views[number % passes].tags(APP), 8)) == {("1.0", "1.1")}
    at_once(lambda number: dict(views[number % passes].pushed(APP, ["1.0"])), 8)
    assert methods(registry) == ["tags", "pushed"]


def test_threads_share_one_failure() -> None:
    registry = fake()
    registry.repositories = {ANY: RegistryUnreachableError("ghcr.io", "no answer")}
    view = Memo(registry).for_pass()

    def ask(_: int) -> str:
        try:
            return str(view.tags(APP))
        except RegistryUnreachableError as error:
            return error.reason

    assert at_once(ask, 8) == ["no answer"] * 8
    assert methods(registry) == ["tags"]


def test_what_is_under_way_when_a_repository_is_forgotten_is_not_kept() -> None:
    """A push while the old list arrives: who asked gets that list, the next pass asks again."""
    registry, entered, go_on = fake(), threading.Event(), threading.Event()

    def wait(what: str, repository: Repository) -> None:
        entered.set()
        assert go_on.wait(PATIENCE)

    registry.before = wait
    memo = Memo(registry, clock=Clock())
    view = memo.for_pass()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(view.tags, APP)
        assert entered.wait(PATIENCE)
        memo.forget(APP)
        registry.before = lambda what, repository: None
        assert memo.for_pass(lambda _: 60.0).tags(APP) == ("1.0", "1.1")
        go_on.set()
        assert waiting.result(PATIENCE) == ("1.0", "1.1")
    assert methods(registry) == ["tags", "tags"]
    memo.for_pass(lambda _: 60.0).tags(APP)
    assert methods(registry) == []


def test_a_failure_that_comes_late_leaves_the_newer_answer() -> None:
    registry, entered, go_on = fake(), threading.Event(), threading.Event()

    def fail_late(what: str, repository: Repository) -> None:
        entered.set()
        assert go_on.wait(PATIENCE)
        raise RegistryUnreachableError(str(repository), what)

    registry.before = fail_late
    memo = Memo(registry, clock=Clock())
    with ThreadPoolExecutor(1) as pool:
        failing = pool.submit(memo.for_pass().tags, APP)
        assert entered.wait(PATIENCE)
        memo.forget(APP)
        registry.before = lambda what, repository: None
        memo.for_pass().tags(APP)
        go_on.set()
        with pytest.raises(RegistryUnreachableError):
            failing.result(PATIENCE)
    registry.calls.clear()
    memo.for_pass(lambda _: 60.0).tags(APP)
    assert methods(registry) == []


def test_push_times_are_requested_one_request_at_a_time() -> None:
    """The second of two passes at once finds what came with the answer to the first."""
    registry, second = fake(), threading.Event()

    def wait_for_another(what: str, repository: Repository) -> None:
        if registry.count("pushed") > 1:
            second.set()
        second.wait(0.2)

    registry.before = wait_for_another
    memo = Memo(registry)
    views = [memo.for_pass(lambda _: 60.0) for _ in range(2)]
    at_once(lambda number: dict(views[number].pushed(APP, ["1.0"])), 2)
    assert methods(registry) == ["pushed"]


def test_old_answers_do_not_fill_the_memory() -> None:
    clock = Clock()
    memo = Memo(fake(), clock=clock)
    for _ in range(100):
        clock.now += 60
        view = memo.for_pass(lambda _: 200.0)
        for number in range(10):
            view.digest(APP, f"1.{number % 2}")
            view.tags(Repository("ghcr.io", f"acme/{clock.now}-{number}"))
    assert len(memo._entries) <= 4 * 12
