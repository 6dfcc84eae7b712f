"""A bot with one target, and a pass that committed to it, made by hand."""

from __future__ import annotations

from dataclasses import dataclass

from imagebot.config.load import load_bot_configuration
from imagebot.config.model import BotConfiguration
from imagebot.nudge.model import Commit, CommittedUpdate
from imagebot.plan.model import Plan, Published
from tests.publish.updates import make_update

URL = "https://git.example.com/acme/gitops.git"
UPDATE = make_update("clusters/test/api.yaml", "ghcr.io/acme/api:1.0.0", "1.1.0")
COMMITTED = Published(
    target="acme/gitops",
    route="test",
    status="committed",
    updates=(UPDATE.id,),
    commit="a" * 40,
    before="b" * 40,
    branch="main",
)
COMMIT = Commit(
    target="acme/gitops",
    url=URL,
    branch="main",
    commit="a" * 40,
    before="b" * 40,
    updates=(
        CommittedUpdate(
            name="ghcr.io/acme/api",
            old="ghcr.io/acme/api:1.0.0",
            new="ghcr.io/acme/api:1.1.0",
            path="clusters/test/api.yaml",
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Pass:
    plan: Plan
    published: tuple[Published, ...]


PASS = Pass(Plan(updates=(UPDATE,)), (COMMITTED,))


def bot_with(*nudges: str, targets: str = "") -> BotConfiguration:
    """A bot with nudges in YAML's flow style, such as `{type: flux, url: …}`."""
    text = f"targets:\n  - {{url: '{URL}', branch: main}}\n{targets}"
    text += "nudges:\n" + "".join(f"  - {each}\n" for each in nudges)
    return load_bot_configuration(text, "bot.yaml")
