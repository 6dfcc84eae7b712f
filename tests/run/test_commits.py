"""What the commits of a pass say, and what later passes read in them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from imagebot.config.load import load_bot_configuration
from imagebot.registry.memo import Memo
from imagebot.run.passes import PassContext, PassResult, run_pass
from tests.support.fake_registry import FakeRegistry, digest_of
from tests.support.git_repository import BareRepository, Entry, git, git_text

APP = "docker.io/library/app"
NOW = datetime(2026, 11, 1, tzinfo=UTC)
TAGS = ("1.0.0", "1.1.0")
MORE = """\
commit:
  author: {name: Deploy Team, email: team@acme.example}
  committer: {name: imagebot, email: bot@acme.example}
  prefix: "fix: "
  suffix: "[skip ci]"
  sign-off: true
"""


def configuration(publish: str, more: str = "", policy: str = "{semver: ^1}") -> str:
    return (
        f"policies: {{mine: {policy}}}\n"
        f"routes: [{{name: all, files: ['**'], publish: {publish}, images: [{{match: '**', policy:"
        f" mine}}]}}]\n{more}"
    )


def pod(image: str) -> bytes:
    text = "kind: Pod\napiVersion: v1\nspec:\n"
    return f"{text}  containers: [{{name: a, image: '{image}'}}]\n".encode()


@dataclass
class Passes:
    """One pass after another over one target."""

    bare: BareRepository
    pulls: Path
    cache: Path
    points: dict[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = TAGS
    failing: frozenset[str] = frozenset()
    last: FakeRegistry = field(default_factory=FakeRegistry)

    def run(self) -> PassResult:
        text = (
            f"targets: [{{url: '{self.bare.folder.as_uri()}', branch: main,"
            f" forge: {{kind: sandbox, folder: '{self.pulls}'}}}}]\n"
        )
        self.last = FakeRegistry({APP: self.tags}, self.points, failing=self.failing)
        return run_pass(
            PassContext(
                bot=load_bot_configuration(text, "bot.yaml"),
                registry=Memo(self.last).for_pass(),
                environment={"PATH": "/usr/bin:/bin"},
                cache=self.cache,
                now=NOW,
                sleep=lambda _seconds: None,
            )
        )

    def codes(self) -> list[tuple[str, str]]:
        """The codes and reasons of what a pass keeps."""
        result = self.run()
        assert result.plan.problems == ()
        return [(kept.decision.code, kept.decision.reason) for kept in result.plan.kept]


Start = Callable[..., Passes]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    def make(text: str, image: str = "app:1.0.0", **fields: object) -> Passes:
        files: dict[str, Entry] = {"imagebot.yaml": text.encode(), "pod.yaml": pod(image)}
        bare = BareRepository.create(tmp_path / "remote.git", files)
        bare.configure("uploadpack.allowFilter", "true")
        pulls, cache = tmp_path / "pulls", tmp_path / "cache"
        return Passes(bare, pulls, cache, **fields)  # type: ignore[arg-type]  # checked there

    return make


def test_a_commit_names_the_digest_of_a_tag_that_nothing_pins(start: Start) -> None:
    passes = start(configuration("commit"))
    passes.run()
    newest = passes.bare.log()[0]
    digest = digest_of(f"{APP}:1.1.0")
    assert f"\nImagebot-Update: app 1.0.0 -> 1.1.0@{digest}\n" in newest.message
    assert passes.bare.read_files()["pod.yaml"] == pod("app:1.1.0")
    assert passes.last.count("digest") == 1


def test_a_digest_that_is_not_given_keeps_no_commit_back(start: Start) -> None:
    passes = start(configuration("commit"), failing=frozenset({"1.1.0"}))
    result = passes.run()
    assert [each.status for each in result.published] == ["committed"]
    assert result.plan.problems == ()
    message = passes.bare.log()[0].message
    assert "\nImagebot-Update: app 1.0.0 -> 1.1.0\n" in message
    assert f"  digest unknown: {APP}: it does not answer\n" in message


def test_a_tag_that_is_pushed_again_is_reported(start: Start) -> None:
    passes = start(configuration("commit"))
    passes.run()
    assert passes.codes()[0][0] == "current"
    passes.points[f"{APP}:1.1.0"] = "another"
    old, new = digest_of(f"{APP}:1.1.0"), digest_of("another")
    ((code, reason),) = passes.codes()
    assert code == "tag-moved"
    (warning,) = passes.run().plan.warnings
    assert warning.startswith(f"{APP}: {reason}: ")
    assert warning.endswith(": pod.yaml:4")
    assert old[:19] in reason
    assert new[:19] in reason
    # It says so for as long as it is so, with any cache, and whoever commits in between.
    passes.bare.commit({"README.md": b"x"})
    passes.cache = passes.cache.with_name("other")
    assert passes.codes() == [(code, reason)]
    del passes.points[f"{APP}:1.1.0"]
    assert passes.codes()[0][0] == "current"


@pytest.mark.parametrize("message", ["{title} (#1)", "{title} (#1)\n\n* {body}\n\n---\n\nMore: x"])
def test_a_squash_may_bury_the_trailers_or_drop_them(start: Start, message: str) -> None:
    passes = start(configuration("commit"))
    passes.run()
    title, _, body = passes.bare.log()[0].message.partition("\n\n")
    old = passes.bare.log()[1].sha
    passes.bare.move("main", old)
    squashed = message.format(title=title, body=body)
    passes.bare.commit({"pod.yaml": pod("app:1.1.0")}, message=squashed)
    assert passes.codes()[0][0] == "current"
    passes.points[f"{APP}:1.1.0"] = "another"
    assert passes.codes()[0][0] == ("tag-moved" if "{body}" in message else "current")


def test_what_people_wrote_is_not_looked_up(start: Start) -> None:
    passes = start(configuration("commit"), "app:1.1.0")
    assert passes.codes()[0][0] == "current"
    assert passes.last.count("digest") == 0


def test_an_open_pull_request_costs_no_lookup(start: Start) -> None:
    passes = start(configuration("pull-request"))
    assert [each.status for each in passes.run().published] == ["opened"]
    assert passes.last.count("digest") == 1
    assert [each.status for each in passes.run().published] == ["unchanged"]
    assert passes.last.count("digest") == 0


def test_a_committer_apart_from_the_author(start: Start) -> None:
    passes = start(configuration("commit", MORE))
    passes.run()
    newest = passes.bare.log()[0]
    assert (newest.author, newest.email) == ("Deploy Team", "team@acme.example")
    assert newest.committer_email == "bot@acme.example"
    lines = newest.message.splitlines()
    assert lines[0] == "fix: Update app to 1.1.0 [skip ci]"
    assert lines[-1] == "Signed-off-by: imagebot <bot@acme.example>"
    # Taken back by a person, it stays so: the commit was the bot's.
    passes.bare.commit({"pod.yaml": pod("app:1.0.0")}, message="Back")
    assert passes.codes()[0][0] == "rolled-back"


def test_its_own_branch_is_its_own_whoever_the_author_is(start: Start) -> None:
    passes = start(configuration("pull-request", MORE))
    (opened,) = passes.run().published
    path = passes.pulls / "1.json"
    pull = json.loads(path.read_text())
    assert pull["title"] == "fix: Update app to 1.1.0 (all)"
    # Without the hidden marker, only the commits say whose the branch is.
    path.write_text(json.dumps({**pull, "body": "damaged"}))
    passes.tags = (*TAGS, "1.2.0")
    assert [each.status for each in passes.run().published] == ["updated"]
    assert passes.bare.read_files(opened.branch)["pod.yaml"] == pod("app:1.2.0")


@pytest.mark.parametrize("person", ["author", "committer"])
def test_a_person_s_commit_is_theirs_even_by_half(start: Start, person: str) -> None:
    passes = start(configuration("pull-request", MORE))
    (opened,) = passes.run().published
    bare = passes.bare
    addresses = {"author": "team@acme.example", "committer": "bot@acme.example"}
    addresses[person] = "alice@example.com"
    tree = git_text(bare.folder, "rev-parse", f"{opened.branch}^{{tree}}")
    env = {f"GIT_{who.upper()}_EMAIL": address for who, address in addresses.items()}
    made = git(bare.folder, "commit-tree", tree, "-p", opened.commit, "-m", "Mine", env=env)
    bare.move(opened.branch, made.decode().strip())
    passes.tags = (*TAGS, "1.2.0")
    result = passes.run()
    assert [each.status for each in result.published] == ["waiting-for-people"]
    assert result.plan.problems == ()
