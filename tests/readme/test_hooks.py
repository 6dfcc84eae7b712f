"""What README.md says to enter at registries and in CI jobs is heard by a daemon with its hooks."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.readme.blocks import blocks, rows
from tests.readme.content import README, ROOT, whole_file
from tests.readme.world import USERS, World, configure, make_world
from tests.serve.hooks.issuer import claims, jwk, jwks, key, token
from tests.support.daemon import Daemon, daemon
from tests.support.daemon_stage import SECRET, Stage, pod
from tests.support.git_server import GitServer
from tests.support.github import Forge
from tests.support.registry import Registry, registry
from tests.support.require import require
from tests.support.scripted_http import Answer, Request, ScriptedServer

HERE = "https://imagebot.example.com"
GUIDE = (ROOT / "docs" / "hooks.md").read_text("utf-8")


def parsed(text: str) -> Any:
    return YAML(typ="safe").load(text)


HOOKS: dict[str, Any] = parsed(whole_file("bot.yaml"))["serve"]["hooks"]
# Those with a secret; the requests to try them with are in docs/hooks.md.
SENDERS = [name for name, hook in HOOKS.items() if hook["type"] != "oidc"]


def request_to(name: str) -> str:
    """The script of docs/hooks.md that sends something to the hook of a name."""
    return next(
        block.text
        for block in blocks(GUIDE)
        if block.language == "sh" and re.search(rf"{HERE}/hooks/{name}\b.* ", block.text, re.DOTALL)
        if block.text.lstrip().startswith(("curl", "body="))
    )


def run(script: str, to: Daemon, **environment: str) -> tuple[int, str]:
    """The exit code of a script, and what the daemon has answered."""
    require("bash", "curl", "openssl", "jq")
    text = script.replace(f"{HERE}/hooks", f"{to.hooks_url}/hooks")
    assert text != script
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout


class TestRegistries:
    def test_all_are_in_the_table(self) -> None:
        told = [row[2] for row in rows(README, "registry")[:-1]]
        found = [re.findall(rf"{HERE}/hooks/([\w-]+)", cell) for cell in told]
        # The last row is that of config.yml.
        assert sorted([name for names in found for name in names] + ["registry"]) == sorted(SENDERS)

    def test_secrets_are_where_the_guide_has_them(self) -> None:
        """In the URL, or in `Authorization`."""
        for row in rows(README, "registry")[:-1]:
            ((url, name),) = re.findall(rf"({HERE}/hooks/(\w+)[^`\s]*)", row[2])
            script = request_to(name)
            assert url.replace("=SECRET", "=$HOOK_SECRET") in script
            in_header = "SECRET" in row[2].replace(url, "")
            assert in_header == ("Authorization: " in script), name

    @pytest.fixture
    def stage(self, tmp_path: Path, git_server: GitServer) -> Iterator[Stage]:
        made = Stage(tmp_path, git_server)
        yield made
        made.close()

    def test_their_requests_are_accepted(self, stage: Stage) -> None:
        stage.add_target("gitops", {})
        stage.bot["serve"]["hooks"] = {
            name: {**HOOKS[name], "secret": {"env": "HOOK_SECRET"}} for name in SENDERS
        }
        running = stage.start()
        for name in SENDERS:
            code, answer = run(request_to(name), running, HOOK_SECRET=SECRET)
            assert (name, code, answer) == (name, 0, '{"status": "accepted"}')
            assert run(request_to(name), running, HOOK_SECRET="another") == (22, "")

    def test_docker_registry_with_this_configuration(self, stage: Stage) -> None:
        """A push to it becomes a commit."""
        gitops = stage.add_target("gitops", {})
        hook = stage.bot["serve"]["hooks"]["registry"]
        assert hook["type"] == HOOKS["registry"]["type"]
        running = stage.start()
        running.wait_for("pass", target="gitops")
        block = json.dumps(parsed(whole_file("config.yml"))["notifications"])
        block = block.replace(HERE, running.hooks_url).replace("SECRET", SECRET)
        with registry(stage.folder / "registry", notifications=json.loads(block)) as real:
            real.push_image("api", "main-1")
            manifest = pod(f"{real.host}/api:main-1").encode()
            stage.git.repository(gitops).commit({"api.yaml": manifest})
            stage.bot["registries"][real.host] = {"insecure": True}
            hook["images"] = [f"{real.host}/**"]
            stage.write()
            running.wait_for("pass", target="gitops", more_than=1)
            real.push_image("api", "main-2")
            running.wait_for("committed", target="gitops")
        assert b"api:main-2" in stage.git.read_files(gitops)["api.yaml"]


class Issuer:
    """Of GitHub and of GitLab in one, with the endpoint that gives a job of GitHub its token."""

    def __init__(self, server: ScriptedServer) -> None:
        self.url = server.url
        self.repository = "acme/api"
        server.handler = self._answer

    def token(self, **said: Any) -> str:
        return token(claims(time.time(), iss=self.url, **said))

    def _answer(self, request: Request) -> Answer:
        if request.path == "/token":
            assert request.authorization == "Bearer of-the-runner"
            [audience] = request.parameters["audience"]
            return Answer(body={"value": self.token(aud=audience, repository=self.repository)})
        if request.path == "/jwks":
            return Answer(body=jwks(jwk(key("main"), "main")))
        assert request.path == "/.well-known/openid-configuration"
        return Answer(body={"issuer": self.url, "jwks_uri": f"{self.url}/jwks"})


class TestJobs:
    @pytest.fixture
    def issuer(self, start_scripted: Callable[..., ScriptedServer]) -> Issuer:
        return Issuer(start_scripted())

    @pytest.fixture
    def flux(self, start_scripted: Callable[..., ScriptedServer]) -> ScriptedServer:
        return start_scripted()

    @pytest.fixture
    def world(
        self,
        tmp_path: Path,
        start_registry: Callable[..., Registry],
        forge: Forge,
        home: Path,
        flux: ScriptedServer,
        issuer: Issuer,
    ) -> World:
        users = start_registry(auth="htpasswd", users=USERS)
        made = make_world(tmp_path, users, forge, home, flux)
        issuers = (HOOKS["ci"]["issuer"], HOOKS["gitlab-ci"]["issuer"])
        stands_for = {**made.stands_for, **dict.fromkeys(issuers, issuer.url)}
        made = replace(made, stands_for=stands_for)
        configure(made)
        return made

    def test_of_github(self, world: World, issuer: Issuer, flux: ScriptedServer) -> None:
        """Until Flux is told of the commit."""
        (step,) = parsed(whole_file("build.yaml"))["jobs"]["build"]["steps"]
        given = {
            "IMAGE": f"{world.registry.host}/acme/api:main-43-77c0d5a",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-the-runner",
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{issuer.url}/token?api-version=2.0",
        }
        with daemon(world.checkout, environment=world.environment) as running:
            running.wait_for("pass", target="acme/gitops", problems=0)
            world.registry.push_image("acme/api", "main-43-77c0d5a")
            issuer.repository = "others/api"
            assert run(step["run"], running, **given) == (22, "")
            issuer.repository = "acme/api"
            assert run(step["run"], running, **given) == (0, '{"status": "accepted"}')
            commit = running.wait_for("committed")
            running.wait_for("nudged")
        assert commit["updates"][0]["to"]["tag"] == "main-43-77c0d5a"
        assert "main-43-77c0d5a" in world.remote("clusters/test/api.yaml")
        assert len(flux.requests) == 1

    def test_of_gitlab(self, world: World, issuer: Issuer) -> None:
        job = parsed(whole_file(".gitlab-ci.yml"))["announce"]
        (script,) = job["script"]
        said = {
            "aud": job["id_tokens"]["IMAGEBOT_TOKEN"]["aud"],
            "project_path": "acme/shop/api",
            "ref_protected": "true",
        }
        given = {"IMAGE": "registry.example.com/acme/api:1.2"}
        with daemon(world.checkout, environment=world.environment) as running:
            good, bad = issuer.token(**said), issuer.token(**{**said, "ref_protected": "false"})
            accepted = run(script, running, IMAGEBOT_TOKEN=good, **given)
            assert accepted == (0, '{"status": "accepted"}')
            assert run(script, running, IMAGEBOT_TOKEN=bad, **given) == (22, "")
