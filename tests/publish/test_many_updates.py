"""A pull request with more updates than its text, its marker and its trailers have room for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from imagebot.config.load import load_bot_configuration
from imagebot.forge.github import GitHubForge
from imagebot.publish.marker import read_marker
from imagebot.registry.memo import Memo
from imagebot.run.passes import PassContext, PassResult, run_pass
from tests.support.fake_registry import ANY, FakeRegistry
from tests.support.git_repository import Entry, git
from tests.support.github import Forge

NAME = "acme/gitops"
FILES, IMAGES = 30, 40
"""1,200 updates in 30 files."""
CONFIGURATION = b"""\
policies: {stable: {semver: ^1}}
routes:
  - {name: all, files: ["**"], publish: pull-request, images: [{match: "**", policy: stable}]}
"""


def pod(number: int, tag: str) -> bytes:
    names = (f"ghcr.io/acme/team-{number}/a-service-with-a-long-name-{n}" for n in range(IMAGES))
    containers = "".join(
        f"    - {{name: c{at}, image: '{name}:{tag}'}}\n" for at, name in enumerate(names)
    )
    head = "apiVersion: v1\nkind: Pod\nmetadata: {name: pod}\nspec:\n  containers:\n"
    return (head + containers).encode()


def pods(tag: str) -> dict[str, Entry]:
    return {f"clusters/production/{number}.yaml": pod(number, tag) for number in range(FILES)}


@dataclass
class Passes:
    forge: Forge
    cache: Path
    url: str

    def run(self, *tags: str) -> PassResult:
        text = (
            f"targets: [{{url: '{self.url}', branch: main, credential: it,"
            f" limits: {{max-updates: {FILES * IMAGES}}},"
            f" forge: {{kind: github, url: '{self.forge.api_url}'}}}}]\n"
            "credentials: {git: {it: {token: {env: TOKEN}}}}\n"
        )
        return run_pass(
            PassContext(
                bot=load_bot_configuration(text, "bot.yaml"),
                registry=Memo(FakeRegistry({ANY: tags})).for_pass(),
                environment={"TOKEN": self.forge.bot_token, "PATH": "/usr/bin:/bin"},
                cache=self.cache,
                now=datetime.now(UTC),
            )
        )


@pytest.fixture
def passes(forge: Forge, tmp_path: Path) -> Passes:
    url = forge.make_repository(NAME, {"imagebot.yaml": CONFIGURATION, **pods("1.0.0")})
    return Passes(forge, tmp_path / "cache", url)


def test_a_pull_request_with_more_than_a_thousand_updates(passes: Passes, tmp_path: Path) -> None:
    result = passes.run("1.0.0", "1.1.0")
    assert result.plan.problems == ()
    (opened,) = result.published
    assert (opened.status, len(opened.updates)) == ("opened", FILES * IMAGES)
    (pull,) = passes.forge.pull_requests(NAME)
    repository = passes.forge.git.repository(NAME)
    branch = pull["head"]["ref"]

    # The branch has all of them, and the text says how many it leaves out.
    assert repository.read_files(branch) == {"imagebot.yaml": CONFIGURATION, **pods("1.1.0")}
    body = pull["body"]
    limits = GitHubForge.limits
    assert (len(pull["title"]) <= limits.title, len(body) <= limits.body) == (True, True)
    assert f"imagebot proposes {FILES * IMAGES} updates" in body
    rows = len(re.findall(r"^\| `clusters/", body, re.MULTILINE))
    assert f"… and {FILES * IMAGES - rows} more: the commit has them all." in body
    assert rows > 100

    known = read_marker(body)
    assert known is not None
    assert (known.route, known.pushed) == ("all", repository.head(branch))

    # The trailers are read by git, and of each kind there is what it takes.
    path = tmp_path / "message"
    path.write_text(repository.log(branch)[0].message + "\n")
    lines = git(tmp_path, "interpret-trailers", "--parse", str(path)).decode().splitlines()
    updates = [line for line in lines if line.startswith("Imagebot-Update: ")]
    assert len(updates) == len(set(updates)) == 1000
    assert all(" 1.0.0 -> 1.1.0@sha256:" in line for line in updates)
    assert {"Imagebot-Policy: stable", "Imagebot-Route: all"} < set(lines)
    assert sum(line.startswith("Imagebot-Plan: ") for line in lines) == 1


def test_later_passes_over_so_many_updates(passes: Passes) -> None:
    """They do nothing; a newer tag updates it in place; closing it refuses every one of them."""
    repository = passes.forge.git.repository(NAME)
    passes.run("1.0.0", "1.1.0")
    for tags, status in ((("1.0.0", "1.1.0"), "unchanged"), (("1.0.0", "1.2.0"), "updated")):
        before = repository.refs(), passes.forge.pull_requests(NAME, "all")
        result = passes.run(*tags)
        assert [(each.number, each.status) for each in result.published] == [(1, status)]
        after = repository.refs(), passes.forge.pull_requests(NAME, "all")
        assert (after == before) is (status == "unchanged")
    (pull,) = passes.forge.pull_requests(NAME)
    assert repository.read_files(pull["head"]["ref"]).items() > pods("1.2.0").items()

    passes.forge.close(NAME, 1)
    refs = repository.refs()
    passes.run("1.0.0", "1.2.0")
    assert repository.refs() == refs
    assert [pull["state"] for pull in passes.forge.pull_requests(NAME, "all")] == ["closed"]
