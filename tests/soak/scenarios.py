"""What publishing does in one pass, from what happened before it: scenarios to be killed in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from imagebot.publish.comments import HAND_BACK
from tests.publish.world import CONFIGURATION, configuration
from tests.soak.stage import Stage
from tests.support.git_repository import DATE

POD = "production/pod.yaml"
TAGS = {"app": ("1.0.0", "1.1.0"), "web": ("1.0.0", "1.1.0")}
PERSON = "alice@example.com"


@dataclass(frozen=True)
class Scenario:
    """`before` passes are done, then something `happens`, and then a pass publishes.

    `rule` are the arguments of the configuration, and `more` those of the command. `said_anew`
    where the next pass has another reason for what it does, and may add it to the first one.
    """

    happens: Callable[[Stage], object]
    before: int = 1
    rule: Mapping[str, str] = field(default_factory=dict)
    more: tuple[str, ...] = ()
    said_anew: bool = False

    def prepare(self, stage: Stage) -> None:
        stage.tags.of = dict(TAGS)
        write(stage)
        rules(**self.rule)(stage)
        for _ in range(self.before):
            stage.run()
        self.happens(stage)


def pod(stage: Stage, app: str, web: str) -> bytes:
    images = (f"{stage.host}/app:{app}", f"{stage.host}/web:{web}")
    containers = "".join(
        f"    - {{name: c{number}, image: '{image}'}}\n" for number, image in enumerate(images)
    )
    head = "apiVersion: v1\nkind: Pod\nmetadata: {name: pod}\nspec:\n  containers:\n"
    return (head + containers).encode()


def write(stage: Stage, app: str = "1.0.0", web: str = "1.0.0", message: str = "Mine") -> None:
    stage.commit({POD: pod(stage, app, web)}, message=message)


def rules(*, date: str = DATE, **fields: str) -> Callable[[Stage], object]:
    """Somebody pushes another configuration; its pull requests have labels and reviewers."""
    text = configuration(**fields).replace(
        b"pull-request: {group", b"pull-request: {labels: [images, bot], reviewers: [alice], group"
    )
    if fields.get("publish") == "commit":
        text = b"".join(line for line in text.splitlines(True) if b"pull-request: {" not in line)
    return lambda stage: stage.commit({CONFIGURATION: text}, date=date)


def nothing(_stage: Stage) -> None:
    pass


def newer(stage: Stage) -> None:
    stage.tags.of = {name: (*listed, "1.2.0") for name, listed in TAGS.items()}


def lost(stage: Stage) -> None:
    stage.tags.of = {"app": ("1.0.0",), "web": TAGS["web"]}


def lost_and_back(stage: Stage) -> None:
    lost(stage)
    stage.run()
    stage.tags.of = dict(TAGS)


def arrived(stage: Stage) -> None:
    write(stage, "1.1.0", "1.1.0", "By hand")


def one_arrived(stage: Stage) -> None:
    write(stage, "1.1.0", "1.0.0", "By hand")


def route_is_gone(stage: Stage) -> None:
    """Just now, so that its pull request is not closed yet."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    rules(date=now, route="other", files="elsewhere/**")(stage)


def route_was_gone_before(stage: Stage) -> None:
    """By a commit that is older than ten minutes."""
    rules(route="other", files="elsewhere/**")(stage)
    stage.run()


def refused(stage: Stage) -> None:
    newer(stage)
    stage.run()
    stage.close(1)
    stage.run()


def rolled_back(stage: Stage) -> None:
    write(stage, message='Revert "Update 2 images"')
    stage.run()


def edited(stage: Stage) -> None:
    branch = str(stage.pulls()[0]["branch"])
    stage.commit({"README.md": b"by hand\n"}, branch=branch, email=PERSON)


def given_back(stage: Stage) -> None:
    edited(stage)
    stage.run()
    stage.label(1, HAND_BACK)


SCENARIOS: Mapping[str, Scenario] = {
    "opens": Scenario(nothing, before=0),
    "opens two": Scenario(nothing, before=0, rule={"group": "repository"}),
    "revises": Scenario(newer),
    "revises what is left": Scenario(one_arrived),
    "closes what the base has": Scenario(arrived),
    "says that a route is gone": Scenario(route_is_gone),
    "closes what has no route": Scenario(route_was_gone_before),
    "moves to a route": Scenario(rules(route="live")),
    "moves to two groups": Scenario(rules(group="repository")),
    "moves to one group": Scenario(rules(group="all"), rule={"group": "repository"}),
    "moves to a commit": Scenario(rules(publish="commit"), said_anew=True),
    "drafts what is gone": Scenario(lost),
    "takes back a draft": Scenario(lost_and_back),
    "commits": Scenario(newer, rule={"publish": "commit"}),
    "proposes again": Scenario(refused, more=("--again", "HOST/app:1.2.0")),
    "commits again": Scenario(
        rolled_back, rule={"publish": "commit"}, more=("--again", "HOST/app")
    ),
    "leaves it to people": Scenario(edited),
    "takes a branch back": Scenario(given_back),
}
