from __future__ import annotations

from collections.abc import Collection, Sequence

from imagebot.config.builtin import default_configuration
from imagebot.config.load import load_configuration
from imagebot.config.model import Limits, Route
from imagebot.manifest.images.field import ImageField
from imagebot.plan.limits import apply_limits, exceeds_max_updates, may_ask
from imagebot.plan.model import Plan, PlanTarget, Update
from imagebot.policy.model import Decision
from imagebot.problem import Problem
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
    decision = Decision(policy="shape", tag="1.0.1", update_type="patch", code="newer", reason="")
    return Update(target=PlanTarget("t"), field=field, route=route, decision=decision)


def limit(
    updates: Sequence[Update], limits: Limits, *, target: str = "", settled: Collection[str] = ()
) -> tuple[tuple[Update, ...], tuple[Problem, ...]]:
    """The allowed updates and the problems of a plan; the whole plan keeps its updates."""
    plan = Plan(updates=tuple(updates), problems=(BEFORE,))
    limited = apply_limits(plan, limits, ROUTES, target, settled=settled)
    assert limited.plan.updates == tuple(updates)
    assert limited.plan.problems == limited.allowed.problems
    before, *problems = limited.plan.problems
    assert before == BEFORE
    return limited.allowed.updates, tuple(problems)


BEFORE = Problem(scope="target", subject="t", code="c", message="m")


def routes() -> tuple[Route, ...]:
    return ROUTES


def test_without_limits_everything_is_allowed() -> None:
    updates = [update("test/a.yaml"), update("b.yaml", "reviewed")]
    assert limit(updates, Limits()) == (tuple(updates), ())


def test_a_file_outside_of_limits_commit_is_held_back_and_told_once() -> None:
    inside, first, second = (
        update("test/a.yaml"),
        update("live/b.yaml"),
        update("live/b.yaml", line=9),
    )
    limits = Limits(commit=("test/**",))
    allowed, problems = limit([inside, first, second], limits, target="acme/x")
    assert allowed == (inside,)
    (problem,) = problems
    assert (problem.scope, problem.code, problem.path) == ("file", "limit-commit", "live/b.yaml")
    assert problem.subject == "acme/x"
    assert "'direct'" in problem.message


def test_limits_commit_says_nothing_about_pull_requests() -> None:
    updates = (update("live/b.yaml", "reviewed"),)
    assert limit(updates, Limits(commit=())) == (updates, ())


def test_an_empty_limit_lets_nothing_be_committed() -> None:
    allowed, problems = limit([update("test/a.yaml")], Limits(commit=()))
    assert allowed == ()
    assert len(problems) == 1


def test_more_updates_than_allowed_publish_nothing() -> None:
    updates = tuple(update(f"test/{number}.yaml") for number in range(3))
    assert limit(updates, Limits(max_updates=3)) == (updates, ())
    allowed, problems = limit(updates, Limits(max_updates=2), target="acme/x")
    assert allowed == ()
    (problem,) = problems
    assert (problem.scope, problem.code) == ("target", "limit-max-updates")
    assert problem.message.startswith("3 updates are more than limits.max-updates allows (2)")


def test_what_a_pass_has_nothing_to_do_for_does_not_count() -> None:
    updates = tuple(update(f"test/{number}.yaml") for number in range(3))
    limits = Limits(max_updates=2)
    assert limit(updates, limits, settled={updates[0].id}) == (updates, ())
    assert limit(updates, limits, settled={"other"})[0] == ()


def test_when_the_forge_is_asked_what_is_settled() -> None:
    """It costs a request for each pull request, so only where there are too many updates."""
    limits = [Limits(max_updates=most) for most in (None, 4, 3, 2)]
    assert [exceeds_max_updates(3, each) for each in limits] == [False, False, False, True]


def test_what_is_held_back_anyway_does_not_count() -> None:
    updates = [update("test/a.yaml"), update("live/b.yaml"), update("live/c.yaml")]
    allowed, problems = limit(updates, Limits(commit=("test/**",), max_updates=1))
    assert allowed == (updates[0],)
    assert [problem.code for problem in problems] == ["limit-commit", "limit-commit"]


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
