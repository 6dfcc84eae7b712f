"""docs/hooks.md: every block for bot.yaml loads, and every request is heard by such a hook."""

from __future__ import annotations

import os
import re
import subprocess
import time
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
from ruamel.yaml import YAML

from imagebot.config.load import load_bot_configuration
from imagebot.config.model_serve import Hook, HookType
from imagebot.serve.hooks.jwks import read_keys
from imagebot.serve.hooks.model import Delivery, Heard, Refused
from imagebot.serve.hooks.receive import receive
from tests.readme.blocks import Block, blocks
from tests.serve.hooks.deliveries import images
from tests.serve.hooks.issuer import claims, jwk, jwks, key, token
from tests.support.require import require
from tests.support.scripted_http import Answer, Request, ScriptedServer

PAGE = (Path(__file__).parents[3] / "docs" / "hooks.md").read_text("utf-8")
BLOCKS = list(blocks(PAGE))
HOST = "https://imagebot.example.com/hooks"
SECRET = "a1b2c3d4"
# What is shown for a cloud's own command line, which is not here.
NOT_HERE = ("az ",)
SCRIPTS = [each for each in BLOCKS if each.language == "sh" and not each.text.startswith(NOT_HERE)]
# What each script announces, by its heading.
ANNOUNCED = {
    "Docker Hub": ["docker.io/acme/app:1.2"],
    "GitHub packages": ["ghcr.io/acme/app:1.2"],
    "Harbor": ["harbor.example.com/acme/app:1.2"],
    "Quay": ["quay.io/acme/app:1.2", "quay.io/acme/app:latest"],
    "Azure Container Registry": ["acme.azurecr.io/app:1.2"],
    "Amazon ECR": ["123456789012.dkr.ecr.eu-west-1.amazonaws.com/acme/app:1.2"],
    "Distribution": ["registry.example.com/acme/app:1.2"],
    "Scripts: HMAC": ["ghcr.io/acme/app:1.2", "ghcr.io/acme/web:1.2"],
    "Standard Webhooks": ["ghcr.io/acme/app:1.2"],
}


def bot_files() -> list[Block]:
    return [each for each in BLOCKS if each.text.startswith("# bot.yaml")]


def hooks() -> dict[str, Hook]:
    """All of the page; no name is there twice."""
    every: dict[str, Hook] = {}
    for each in bot_files():
        served = load_bot_configuration(each.text, "bot.yaml").serve
        assert served is not None
        assert not every.keys() & served.hooks.keys()
        every.update(served.hooks)
    return every


class Listener:
    """Hears at `/hooks/NAME`, with the hooks of the page."""

    def __init__(self, server: ScriptedServer) -> None:
        self.heard: list[Heard | Refused] = []
        self.url = server.url
        server.handler = self._answer

    def _answer(self, request: Request) -> Answer:
        if request.path == "/token":
            [audience] = request.parameters["audience"]
            return Answer(body={"value": token(claims(time.time(), aud=audience))})
        hook = hooks()[request.path.removeprefix("/hooks/")]
        delivery = Delivery(
            headers={name.lower(): value for name, value in request.headers.items()},
            query=dict(urllib.parse.parse_qsl(request.query)),
            body=request.body,
        )
        secret = "" if hook.type == "oidc" else SECRET
        keys = read_keys(jwks(jwk(key("main"), "main")))
        found = receive(hook, delivery, secret, now=time.time(), keys=keys)
        self.heard.append(found)
        return Answer(found.status if isinstance(found, Refused) else 202)

    def run(self, script: str, **environment: str) -> int:
        text = script.replace(HOST, f"{self.url}/hooks")
        assert text != script
        given = {"PATH": os.environ["PATH"], "HOOK_SECRET": SECRET, **environment}
        ran = subprocess.run(["bash", "-euo", "pipefail", "-c", text], env=given, check=False)
        return ran.returncode


@pytest.fixture
def listener(start_scripted: Callable[..., ScriptedServer]) -> Listener:
    require("bash", "curl", "openssl")
    return Listener(start_scripted())


def test_every_type_of_hook_has_a_block() -> None:
    assert {hook.type for hook in hooks().values()} == set(get_args(HookType))
    assert len(bot_files()) == 13
    table = re.findall(r"(?m)^\| \[`([\w-]+)`\]\(#", PAGE)
    assert set(table) == set(get_args(HookType))


def test_every_hook_of_the_page_has_its_address_on_it() -> None:
    """But for the second Quay, which has that of the first."""
    for name in set(hooks()) - {"own-quay", "forge"}:
        assert re.search(rf"{HOST}/{name}\b(?!-)", PAGE), name


def test_there_is_a_script_for_every_sender() -> None:
    assert [each.heading for each in SCRIPTS] == list(ANNOUNCED)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda each: each.heading)
def test_scripts_are_heard(listener: Listener, script: Block) -> None:
    assert listener.run(script.text) == 0
    [heard] = listener.heard
    assert images(heard) == ANNOUNCED[script.heading]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda each: each.heading)
def test_scripts_without_the_secret_are_refused(listener: Listener, script: Block) -> None:
    assert listener.run(script.text, HOOK_SECRET="another") == 22
    [refused] = listener.heard
    assert isinstance(refused, Refused)
    assert refused.status == 401


def job(title: str) -> Any:
    return YAML(typ="safe").load(next(each.text for each in BLOCKS if title in each.text[:60]))


def test_the_job_of_github_is_heard(listener: Listener) -> None:
    require("jq")
    [step] = job(".github/workflows/build.yaml")["jobs"]["build"]["steps"]
    environment = {
        **step["env"],
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-the-runner",
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{listener.url}/token?api-version=2.0",
    }
    assert listener.run(step["run"], **environment) == 0
    assert images(listener.heard[0]) == ["ghcr.io/acme/app:1.2"]


def test_the_job_of_gitlab_is_heard(listener: Listener) -> None:
    found = job(".gitlab-ci.yml")["announce"]
    [script] = found["script"]
    audience = found["id_tokens"]["IMAGEBOT_TOKEN"]["aud"]
    said = claims(
        time.time(),
        iss=hooks()["gitlab-ci"].issuer,
        aud=audience,
        project_path="acme/app",
        ref_protected="true",
    )
    made = {**found["variables"], "IMAGEBOT_TOKEN": token(said)}
    assert listener.run(script, **made) == 0
    assert images(listener.heard[0]) == ["registry.example.com/acme/app:1.2"]
    made["IMAGEBOT_TOKEN"] = token({**said, "ref_protected": "false"})
    assert listener.run(script, **made) == 22
