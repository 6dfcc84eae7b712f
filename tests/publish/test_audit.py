"""docs/audit.md: each question is asked of a history that real passes made, and has its answer.

Alice sets up the repository, imagebot commits to the test cluster and proposes for production, Bob
merges that, and Carol rolls it back.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from imagebot.config.load import load_bot_configuration
from imagebot.registry.memo import Memo
from imagebot.run.passes import PassContext, PassResult, run_pass
from tests.readme.blocks import Block, blocks
from tests.support.fake_registry import FakeRegistry
from tests.support.git_repository import BareRepository, git, git_text, isolated_environment

TEXT = (Path(__file__).parent.parent.parent / "docs" / "audit.md").read_text("utf-8")
QUESTIONS = [block for block in blocks(TEXT) if block.language == "sh"]
ANSWERS = [block.text for block in blocks(TEXT) if block.language == "text"]

CONFIGURATION = b"""\
policies:
  every-patch: {semver: ^1.4}
  careful: {semver: ^1, max: minor}
routes:
  - name: test
    files: [clusters/test/**]
    publish: commit
    images: [{match: "**", policy: every-patch}]
  - name: production
    files: [clusters/production/**]
    publish: pull-request
    images: [{match: "**", policy: careful}]
"""
API = "ghcr.io/acme/api"
WEB = "ghcr.io/acme/web"
TEST = "clusters/test/api.yaml"
PRODUCTION = "clusters/production/api.yaml"


def pod(*images: str) -> bytes:
    containers = "".join(f"    - name: c\n      image: {image}\n" for image in images)
    return f"apiVersion: v1\nkind: Pod\nspec:\n  containers:\n{containers}".encode()


def day(number: int) -> datetime:
    return datetime(2026, 3, number, 9, 30, tzinfo=UTC)


@dataclass
class Story:
    """A target, and a bot that looks at it when it is told to."""

    bare: BareRepository
    folder: Path

    def run(self, when: datetime, *tags: str) -> PassResult:
        text = (
            f"targets: [{{url: '{self.bare.folder.as_uri()}', branch: main,"
            f" forge: {{kind: sandbox, folder: '{self.folder / 'pulls'}'}}}}]\n"
        )
        registry = FakeRegistry({API: tags, WEB: tags})
        result = run_pass(
            PassContext(
                bot=load_bot_configuration(text, "bot.yaml"),
                registry=Memo(registry).for_pass(),
                environment={"PATH": "/usr/bin:/bin"},
                cache=self.folder / "cache",
                now=when,
            )
        )
        assert result.plan.problems == ()
        return result

    def person(self, name: str, when: datetime) -> dict[str, str]:
        both = ("AUTHOR", "COMMITTER")
        return {
            **{f"GIT_{who}_NAME": name for who in both},
            **{f"GIT_{who}_EMAIL": f"{name.lower()}@example.com" for who in both},
            **{f"GIT_{who}_DATE": when.isoformat() for who in both},
        }

    def merge(self, name: str, when: datetime, branch: str) -> None:
        """As a forge merges a pull request, and says so."""
        tip, main = self.bare.head(branch), self.bare.head()
        assert tip
        assert main
        made = git(
            self.bare.folder, "commit-tree", f"{tip}^{{tree}}", "-p", main, "-p", tip, "-m",
            f"Merge pull request #1 from acme/{branch}", env=self.person(name, when),
        )  # fmt: skip
        self.bare.move("main", made.decode().strip())
        (pull,) = (self.folder / "pulls").glob("1.json")
        pull.write_text(json.dumps({**json.loads(pull.read_text()), "state": "merged"}))


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A person's clone of the target, at the end of the story."""
    folder = tmp_path_factory.mktemp("audit")
    bare = BareRepository.create(folder / "remote.git")
    bare.configure("uploadpack.allowFilter", "true")
    story = Story(bare, folder)
    files = {
        "imagebot.yaml": CONFIGURATION,
        TEST: pod(f"{API}:1.4.1"),
        PRODUCTION: pod(f"{API}:1.4.0", f"{WEB}:1.4.1"),
    }
    people = {"author": "Alice", "email": "alice@example.com"}
    bare.commit(files, message="Set up the clusters", date=day(2).isoformat(), **people)
    result = story.run(day(3), "1.4.0", "1.4.1", "1.4.2")
    branch = next(each.branch for each in result.published if each.status == "opened")
    story.merge("Bob", day(5), branch)
    carol = {"author": "Carol", "email": "carol@example.com"}
    bare.commit(
        {PRODUCTION: pod(f"{API}:1.4.0", f"{WEB}:1.4.2")},
        message="Go back to api 1.4.0: it loses sessions",
        date=day(6).isoformat(),
        **carol,
    )
    story.run(day(9), "1.4.0", "1.4.1", "1.4.2", "1.4.3")
    git(folder, "clone", "--quiet", bare.folder.as_uri(), "clone")
    return folder / "clone"


def ask(command: str, clone: Path) -> str:
    done = subprocess.run(
        ["/bin/sh", "-ec", command],
        cwd=clone,
        env={**isolated_environment(), "TZ": "UTC"},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b""), done.stderr.decode()
    return done.stdout.decode()


def test_each_question_has_an_answer() -> None:
    assert len(QUESTIONS) == len(ANSWERS) > 6


@pytest.mark.parametrize(
    ("question", "answer"),
    [pytest.param(q, a, id=q.heading) for q, a in zip(QUESTIONS, ANSWERS, strict=True)],
)
def test_what_the_history_answers(question: Block, answer: str, clone: Path) -> None:
    assert ask(question.text, clone) == answer


def test_the_history_can_be_pushed_nowhere_unseen(clone: Path) -> None:
    """The questions change nothing."""
    assert git_text(clone, "status", "--porcelain") == ""
