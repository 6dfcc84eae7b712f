"""Hooks of a forge: people push, merge and close, and the daemon looks at once."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.support.daemon import Daemon
from tests.support.daemon_stage import BEARER, SECRET, Stage, announce, pod
from tests.support.github import Forge
from tests.support.registry import Registry

REVIEWED = """\
policies:
  every-push: {pattern: '^main-(?P<build>[0-9]+)$', extract: $build, order: numerical}
routes:
  - name: production
    files: ["**"]
    publish: pull-request
    images: [{match: "**", policy: every-push}]
"""
NAME = "acme/gitops"


def sign(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def push_event(daemon: Daemon, url: str, commit: str, ref: str = "refs/heads/main") -> int:
    """What GitHub sends of a push, as far as it counts; returns the status of the answer."""
    document = {"ref": ref, "after": commit, "repository": {"clone_url": url}}
    body = json.dumps(document).encode()
    headers = {"X-GitHub-Event": "push", "X-Hub-Signature-256": sign(body)}
    return daemon.post("/hooks/forge", body, headers).status_code


@pytest.fixture
def registry(stage: Stage) -> Registry:
    stage.bot["serve"]["hooks"]["forge"] = {"type": "github", "secret": {"env": "HOOK_SECRET"}}
    made = stage.start_registry()
    made.push_image("api", "main-1")
    return made


def test_the_bots_own_push_coming_back_starts_nothing(stage: Stage, registry: Registry) -> None:
    gitops = stage.add_target("gitops", {"api.yaml": pod(f"{registry.host}/api:main-1")})
    url = stage.git.url_of(gitops)
    daemon = stage.start()
    daemon.wait_for("pass", target="gitops", problems=0)
    registry.push_image("api", "main-2")
    daemon.post("/hooks/registry", announce(registry.host, "api", "main-2"), BEARER)
    committed = daemon.wait_for("committed", target="gitops")
    daemon.wait_for("pass", target="gitops", more_than=1)

    assert push_event(daemon, url, committed["commit"]) == 202
    # Somebody else's push starts the third pass: the bot's own one started none.
    theirs = stage.git.repository(gitops).commit(
        {"web.yaml": pod(f"{registry.host}/api:main-1", "web").encode()}
    )
    assert push_event(daemon, url, theirs) == 202
    daemon.wait_for("committed", target="gitops", more_than=1)
    daemon.wait_for("pass", target="gitops", more_than=2)
    assert len(daemon.events("pass")) == 3


@pytest.mark.parametrize(
    "change",
    [
        {"repository": {"clone_url": "https://git.example/other/repository.git"}},
        {"ref": "refs/heads/topic"},
        {"ref": "refs/tags/v1"},
    ],
)
def test_a_push_elsewhere_starts_nothing(
    stage: Stage, registry: Registry, change: Mapping[str, Any]
) -> None:
    gitops = stage.add_target("gitops", {"api.yaml": pod(f"{registry.host}/api:main-1")})
    url = stage.git.url_of(gitops)
    daemon = stage.start()
    daemon.wait_for("pass", target="gitops", problems=0)
    document = {"ref": "refs/heads/main", "after": "c" * 40, "repository": {"clone_url": url}}
    body = json.dumps({**document, **change}).encode()
    headers = {"X-GitHub-Event": "push", "X-Hub-Signature-256": sign(body)}
    assert daemon.post("/hooks/forge", body, headers).status_code == 202
    push_event(daemon, url, "d" * 40)
    daemon.wait_for("pass", target="gitops", more_than=1)
    assert len(daemon.events("pass")) == 2


def test_a_pull_request_that_people_merge(stage: Stage, registry: Registry, forge: Forge) -> None:
    manifest = pod(f"{registry.host}/api:main-1")
    url = forge.make_repository(
        NAME, {"imagebot.yaml": REVIEWED.encode(), "api.yaml": manifest.encode()}
    )
    stage.environment["GITOPS_TOKEN"] = forge.bot_token
    stage.bot["targets"].append(
        {
            "name": "gitops",
            "url": url,
            "branch": "main",
            "credential": "gitops",
            "forge": {"kind": "github", "url": forge.api_url},
        }
    )
    daemon = stage.start()
    daemon.wait_for("pass", target="gitops", problems=0)
    forge.add_hook(NAME, f"{daemon.url}/hooks/forge", SECRET, "push", "pull_request")

    registry.push_image("api", "main-2")
    daemon.post("/hooks/registry", announce(registry.host, "api", "main-2"), BEARER)
    opened = daemon.wait_for("opened", target="gitops")
    # What the bot did to its own pull request was announced as well, and started nothing.
    assert push_event(daemon, url, "e" * 40) == 202
    daemon.wait_for("pass", target="gitops", more_than=2)
    passes = len(daemon.events("pass"))
    assert passes == 3
    forge.merge(NAME, opened["pullRequest"]["number"])

    daemon.wait_for("pass", target="gitops", more_than=passes)
    daemon.wait_for("pass", target="gitops", updates=0, problems=0, more_than=1)
    assert forge.pull_requests(NAME) == []


def test_a_pull_request_that_people_close_is_refused_at_once(
    stage: Stage, registry: Registry, forge: Forge
) -> None:
    manifest = pod(f"{registry.host}/api:main-1")
    url = forge.make_repository(
        NAME, {"imagebot.yaml": REVIEWED.encode(), "api.yaml": manifest.encode()}
    )
    stage.environment["GITOPS_TOKEN"] = forge.bot_token
    target = {"name": "gitops", "url": url, "branch": "main", "credential": "gitops"}
    stage.bot["targets"].append({**target, "forge": {"kind": "github", "url": forge.api_url}})
    registry.push_image("api", "main-2")
    daemon = stage.start()
    forge.add_hook(NAME, f"{daemon.url}/hooks/forge", SECRET, "pull_request")
    opened = daemon.wait_for("opened", target="gitops")

    forge.close(NAME, opened["pullRequest"]["number"])

    kept = daemon.wait_for("kept", target="gitops")
    assert kept["code"] == "refused"
