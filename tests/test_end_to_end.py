"""The whole job on real parts: docker-registry, git over HTTP, a GitHub API, and a subprocess."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.git_repository import Entry, Executable, git
from tests.support.github import Forge
from tests.support.registry import Registry

TEST_MANIFEST = """\
# Every build goes here.\r
apiVersion: apps/v1\r
kind: Deployment\r
metadata: {name: api, namespace: test}\r
spec:\r
  template:\r
    spec:\r
      containers:\r
        - image:   "HOST/REPO/api:main-9-aaaaaaa"   # \U0001f680 the API\r
          name: api\r
"""

PRODUCTION_MANIFEST = """\
apiVersion: apps/v1
kind: StatefulSet
metadata:
    name: api
spec:
    template:
        spec:
            initContainers: [{name: migrate, image: 'HOST/REPO/api:1.4.0'}]
            containers:
            -   {name: api, image: HOST/REPO/api:1.4.0, env: [{name: A, value: "1.4.0"}]}
---
kind: ConfigMap
apiVersion: v1
data: {release: "HOST/REPO/api:1.4.0"}"""

KUSTOMIZATION = """\
kind: Kustomization
apiVersion: kustomize.config.k8s.io/v1beta1
images:
- name: web
  newName: HOST/REPO/web
  newTag: "1.9"
"""

VALUES = """\
web:
  image:
    registry: HOST
    repository: REPO/web
    tag: "1.9"   # keep the quotes
"""

CONFIGURATION = """\
policies:
  every-push: {pattern: '^main-(?P<build>[0-9]+)-[0-9a-f]{7}$', extract: $build, order: numerical}
  stable: {semver: ^1}
routes:
  - name: test
    files: [clusters/test/**]
    publish: commit
    images: [{match: "**", policy: every-push}]
  - name: production
    files: [clusters/production/**]
    publish: pull-request
    pull-request: {labels: [images]}
    images: [{match: "**", policy: stable}]
"""

BOT = """\
targets:
  - name: gitops
    url: URL
    branch: main
    credential: gitops
    forge: {kind: github, url: API}
    limits: {commit: [clusters/test/**], max-updates: 20}
credentials:
  git:
    gitops: {token: {env: GITOPS_TOKEN}}
  registries:
    HOST: {username: alice, password: {file: registry-password}}
cache-dir: cache
"""


@dataclass(frozen=True, slots=True)
class Job:
    """A target with two clusters, a registry with its images, and the bot's own file."""

    folder: Path
    forge: Forge
    registry: Registry
    repository: str
    environment: Mapping[str, str]
    files: Mapping[str, bytes]

    def run(self, *arguments: str, expect: int = 0) -> dict[str, Any]:
        argv = [sys.executable, "-m", "imagebot", *arguments, "--format", "json"]
        done = subprocess.run(
            argv, cwd=self.folder, env=dict(self.environment), capture_output=True, text=True
        )
        assert done.returncode == expect, done.stderr + done.stdout
        self.assert_no_secret(done.stdout + done.stderr)
        document: dict[str, Any] = json.loads(done.stdout)
        return document

    def assert_no_secret(self, text: str) -> None:
        assert self.forge.bot_token not in text
        assert self.registry.password is not None
        assert self.registry.password not in text

    def clone(self, branch: str) -> dict[str, bytes]:
        """The files of a branch, as plain git clones them."""
        into = self.folder / f"clone-{branch.replace('/', '-')}"
        url = self.forge.git.url_of("acme/gitops", token=self.forge.bot_token)
        git(self.folder, "clone", "--quiet", "--branch", branch, url, str(into))
        paths = [path for path in into.rglob("*") if path.is_file() and ".git" not in path.parts]
        return {path.relative_to(into).as_posix(): path.read_bytes() for path in paths}


@pytest.fixture
def job(
    tmp_path: Path, forge: Forge, htpasswd_registry: Registry, repository: str, home: Path
) -> Job:
    def fill(text: str) -> bytes:
        filled = text.replace("HOST", htpasswd_registry.host).replace("REPO", repository)
        return filled.encode()

    for tag in ("main-9-aaaaaaa", "main-10-bbbbbbb", "1.4.0", "1.5.0", "1.6.0-rc.1", "2.0.0"):
        htpasswd_registry.push_image(f"{repository}/api", tag)
    for tag in ("1.9", "1.10", "latest"):
        htpasswd_registry.push_image(f"{repository}/web", tag)
    files = {
        "imagebot.yaml": CONFIGURATION.encode(),
        "clusters/test/api.yaml": fill(TEST_MANIFEST),
        "clusters/production/api.yaml": fill(PRODUCTION_MANIFEST),
        "clusters/production/kustomization.yaml": fill(KUSTOMIZATION),
        "clusters/production/values.yaml": fill(VALUES),
    }
    entries: dict[str, Entry] = {
        **files,
        "clusters/test/api.yaml": Executable(files["clusters/test/api.yaml"]),
    }
    url = forge.make_repository(files=entries)
    bot = fill(BOT.replace("URL", url).replace("API", forge.api_url))
    tmp_path.joinpath("bot.yaml").write_bytes(bot)
    tmp_path.joinpath("registry-password").write_text(str(htpasswd_registry.password))
    environment = {**os.environ, "HOME": str(home), "GITOPS_TOKEN": forge.bot_token}
    return Job(tmp_path, forge, htpasswd_registry, repository, environment, files)


def test_a_pushed_tag_becomes_a_commit_and_a_pull_request(job: Job) -> None:
    document = job.run("run", "-c", "bot.yaml")

    # The plan, and what became of it.
    moves = {(u["path"], u["from"]["tag"], u["to"]["tag"], u["route"]) for u in document["updates"]}
    production = "clusters/production"
    assert moves == {
        ("clusters/test/api.yaml", "main-9-aaaaaaa", "main-10-bbbbbbb", "test"),
        (f"{production}/api.yaml", "1.4.0", "1.5.0", "production"),
        (f"{production}/kustomization.yaml", "1.9", "1.10", "production"),
        (f"{production}/values.yaml", "1.9", "1.10", "production"),
    }
    assert document["problems"] == []
    statuses = {entry["route"]: entry["status"] for entry in document["published"]}
    assert statuses == {"test": "committed", "production": "opened"}

    # The commit on the branch: exactly those bytes, the mode kept, one commit by the bot.
    expected = dict(job.files)
    old, new = b"main-9-aaaaaaa", b"main-10-bbbbbbb"
    expected["clusters/test/api.yaml"] = job.files["clusters/test/api.yaml"].replace(old, new)
    assert job.clone("main") == expected
    bare = job.forge.git.repository("acme/gitops")
    assert bare.modes()["clusters/test/api.yaml"] == "100755"
    first, *rest = bare.log()
    assert first.author == "imagebot"
    assert "main-10-bbbbbbb" in first.message
    assert len(rest) == 1

    # The pull request: on top of that commit, the other files changed, these bytes and no others.
    (pull,) = job.forge.pull_requests()
    assert pull["base"]["ref"] == "main"
    branch = pull["head"]["ref"]
    proposed = dict(expected)
    api = job.files[f"{production}/api.yaml"]
    container = b"api:1.4.0"
    assert api.count(container) == 3
    head, tail = api.rsplit(container, 1)
    proposed[f"{production}/api.yaml"] = head.replace(container, b"api:1.5.0") + container + tail
    for name in ("kustomization", "values"):
        path = f"{production}/{name}.yaml"
        proposed[path] = job.files[path].replace(b'"1.9"', b'"1.10"')
    assert job.clone(branch) == proposed
    assert job.forge.labels("acme/gitops", pull["number"]) == ["images"]
    assert "1.5.0" in pull["body"]
    assert pull["head"]["sha"] == bare.head(branch)
    job.forge.check_mirror()


def test_a_second_run_changes_nothing(job: Job) -> None:
    job.run("run", "-c", "bot.yaml")
    refs = job.forge.git.repository("acme/gitops").refs()
    before = job.forge.pull_requests()

    document = job.run("run", "-c", "bot.yaml")

    assert [entry["status"] for entry in document["published"]] == ["unchanged"]
    assert job.forge.git.repository("acme/gitops").refs() == refs
    assert job.forge.pull_requests() == before


def test_a_newer_tag_updates_the_pull_request_in_place(job: Job) -> None:
    job.run("run", "-c", "bot.yaml")
    (before,) = job.forge.pull_requests()
    job.registry.push_image(f"{job.repository}/api", "1.5.1")

    document = job.run("run", "-c", "bot.yaml")

    assert [entry["status"] for entry in document["published"]] == ["updated"]
    (after,) = job.forge.pull_requests()
    assert after["number"] == before["number"]
    assert "1.5.1" in after["body"]
    assert b"api:1.5.1" in job.clone(after["head"]["ref"])["clusters/production/api.yaml"]


def test_after_the_merge_there_is_nothing_to_do(job: Job) -> None:
    job.run("run", "-c", "bot.yaml")
    (pull,) = job.forge.pull_requests()
    job.forge.merge("acme/gitops", pull["number"])

    document = job.run("run", "-c", "bot.yaml")

    assert document["updates"] == []
    assert job.forge.pull_requests() == []


def test_a_plan_publishes_nothing(job: Job) -> None:
    refs = job.forge.git.repository("acme/gitops").refs()
    document = job.run("plan", "-c", "bot.yaml", "--exit-code", expect=4)
    assert len(document["updates"]) == 5
    assert document["published"] == []
    assert job.forge.git.repository("acme/gitops").refs() == refs
    assert job.forge.pull_requests() == []


def test_more_updates_than_allowed_publish_nothing(job: Job) -> None:
    bot = job.folder / "bot.yaml"
    bot.write_text(bot.read_text().replace("max-updates: 20", "max-updates: 2"))
    refs = job.forge.git.repository("acme/gitops").refs()

    document = job.run("run", "-c", "bot.yaml", expect=1)

    assert [problem["code"] for problem in document["problems"]] == ["limit-max-updates"]
    assert document["published"] == []
    assert job.forge.git.repository("acme/gitops").refs() == refs


def test_no_secret_is_left_anywhere(job: Job) -> None:
    job.run("run", "-c", "bot.yaml")
    (pull,) = job.forge.pull_requests()
    job.assert_no_secret(json.dumps(pull))
    for path in job.folder.rglob("*"):
        if path.is_file() and path.name != "registry-password" and "git-" not in path.parts[-2]:
            data = path.read_bytes()
            assert job.forge.bot_token.encode() not in data, path
