from __future__ import annotations

from imagebot.config.builtin import default_configuration
from imagebot.config.load import load_configuration
from imagebot.config.model import Limits, Route
from imagebot.manifest.images.field import ImageField
from imagebot.plan.limits import may_ask, within_limits
from imagebot.plan.model import Update
from imagebot.reference import parse_reference, parse_repository

ROUTES = load_configuration(
    """\
routes:
  - {name: direct, files: [test/**], publish: commit, images: [{match: "**", policy: shape}]}
  - {name: reviewed, files: ["**"], publish: pull-request, images: [{match: "**", policy: shape}]}
""",
    "imagebot.yaml",
    trusted=False,
).routes


def update(path: str, route: str = "direct", line: int = 1) -> Update:
    field = ImageField(
        path=path,
        line=line,
        column=1,
        format="kubernetes",
        document=0,
        keys=(line,),
        resource=None,
        container=None,
        reference=parse_reference("ghcr.io/acme/api:1.0.0"),
        tag=None,
        digest=None,
    )
    return Update(
        target="t",
        field=field,
        tag="1.0.1",
        digest=None,
        kind="patch",
        policy="shape",
        route=route,
        code="newer",
        reason="",
    )


def routes() -> tuple[Route, ...]:
    return ROUTES


def test_without_limits_everything_is_allowed() -> None:
    updates = [update("test/a.yaml"), update("b.yaml", "reviewed")]
    limited = within_limits(updates, Limits(), ROUTES)
    assert limited.allowed == tuple(updates)
    assert limited.problems == ()


def test_a_file_outside_of_limits_commit_is_held_back_and_told_once() -> None:
    inside, first, second = (
        update("test/a.yaml"),
        update("live/b.yaml"),
        update("live/b.yaml", line=9),
    )
    limited = within_limits([inside, first, second], Limits(commit=("test/**",)), ROUTES, "acme/x")
    assert limited.allowed == (inside,)
    (problem,) = limited.problems
    assert (problem.scope, problem.code, problem.path) == ("file", "limit-commit", "live/b.yaml")
    assert problem.subject == "acme/x"
    assert "'direct'" in problem.message


def test_limits_commit_says_nothing_about_pull_requests() -> None:
    updates = (update("live/b.yaml", "reviewed"),)
    assert within_limits(updates, Limits(commit=()), ROUTES).allowed == updates


def test_an_empty_limit_lets_nothing_be_committed() -> None:
    limited = within_limits([update("test/a.yaml")], Limits(commit=()), ROUTES)
    assert limited.allowed == ()
    assert len(limited.problems) == 1


def test_more_updates_than_allowed_publish_nothing() -> None:
    updates = [update(f"test/{number}.yaml") for number in range(3)]
    assert within_limits(updates, Limits(max_updates=3), ROUTES).problems == ()
    limited = within_limits(updates, Limits(max_updates=2), ROUTES, "acme/x")
    assert limited.allowed == ()
    (problem,) = limited.problems
    assert (problem.scope, problem.code) == ("target", "limit-max-updates")
    assert problem.message.startswith("3 updates are more than limits.max-updates allows (2)")


def test_what_a_pass_has_nothing_to_do_for_does_not_count() -> None:
    updates = tuple(update(f"test/{number}.yaml") for number in range(3))
    limits = Limits(max_updates=2)
    limited = within_limits(updates, limits, ROUTES, settled=lambda each: {each[0].id})
    assert (limited.allowed, limited.problems) == (updates, ())
    assert within_limits(updates, limits, ROUTES, settled=lambda _: {"other"}).allowed == ()


def test_nobody_is_asked_while_there_are_not_too_many() -> None:
    """To find out what is settled costs a request to the forge for each pull request."""
    asked: list[int] = []

    def settled(each: tuple[Update, ...]) -> set[str]:
        asked.append(len(each))
        return set()

    updates = [update(f"test/{number}.yaml") for number in range(3)]
    for most in (None, 4, 3, 2):
        within_limits(updates, Limits(max_updates=most), ROUTES, settled=settled)
    assert asked == [3]


def test_what_is_held_back_anyway_does_not_count() -> None:
    updates = [update("test/a.yaml"), update("live/b.yaml"), update("live/c.yaml")]
    limits = Limits(commit=("test/**",), max_updates=1)
    limited = within_limits(updates, limits, ROUTES)
    assert limited.allowed == (updates[0],)
    assert [problem.code for problem in limited.problems] == ["limit-commit", "limit-commit"]


def test_which_images_may_be_asked_for() -> None:
    limits = Limits(images=("ghcr.io/acme/**", "docker.io/library/*"))
    assert may_ask(limits, parse_repository("ghcr.io/acme/team/api"))
    assert may_ask(limits, parse_repository("nginx"))
    assert not may_ask(limits, parse_repository("ghcr.io/other/api"))
    assert not may_ask(limits, parse_repository("acme/nginx"))
    assert may_ask(Limits(), parse_repository("anything"))
    assert not may_ask(Limits(images=()), parse_repository("anything"))


def test_the_default_configuration_covers_everything() -> None:
    configuration = default_configuration()
    (route,) = configuration.routes
    assert (route.files, route.publish) == (("**",), "pull-request")
    assert route.images[0].policy == "shape"
    assert configuration.built_in
    assert default_configuration("commit").routes[0].publish == "commit"
