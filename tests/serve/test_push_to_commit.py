"""From a push to a registry to the commit: docker-registry, the daemon, and git over HTTP."""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import datetime

import pytest

from tests.support.daemon_stage import BEARER, SECRET, Stage, announce, pod
from tests.support.process import PATIENCE
from tests.support.receiver import Application, ArgoCd, FluxReceiver
from tests.support.scripted_http import Answer, Request, ScriptedServer


def test_a_push_is_committed(stage: Stage) -> None:
    gitops = stage.add_target("gitops", {})
    with_hooks = stage.start()
    registry = stage.start_registry(with_hooks)
    registry.push_image("api", "main-1")
    stage.git.repository(gitops).commit({"api.yaml": pod(f"{registry.host}/api:main-1").encode()})
    stage.write()
    with_hooks.wait_for("reloaded")
    with_hooks.wait_for("pass", target="gitops", more_than=len(with_hooks.events("pass")))

    registry.push_image("api", "main-2")

    committed = with_hooks.wait_for("committed", target="gitops")
    assert committed["updates"][0]["to"]["tag"] == "main-2"
    assert stage.git.read_files(gitops)["api.yaml"].decode() == pod(f"{registry.host}/api:main-2")
    assert stage.git.log(gitops)[0].sha == committed["commit"]


def test_those_who_deploy_are_told(
    stage: Stage, start_scripted: Callable[..., ScriptedServer]
) -> None:
    flux = FluxReceiver(SECRET)
    gitops = stage.add_target("gitops", {})
    argo = ArgoCd(
        secret=SECRET,
        token=SECRET,
        applications={"api": Application(stage.git.url_of(gitops), paths=("api.yaml",))},
    )
    at_flux, at_argo = start_scripted(flux), start_scripted(argo)
    stage.bot["nudges"] = [
        {"type": "flux", "url": at_flux.url + flux.path, "secret": {"env": "HOOK_SECRET"}},
        {"type": "argocd-webhook", "url": at_argo.url, "secret": {"env": "HOOK_SECRET"}},
    ]
    daemon = stage.start()
    registry = stage.start_registry(daemon)
    registry.push_image("api", "main-1")
    manifest = pod(f"{registry.host}/api:main-1").encode()
    stage.git.repository(gitops).commit({"api.yaml": manifest})
    stage.write()
    daemon.wait_for("reloaded")

    registry.push_image("api", "main-2")

    commit = daemon.wait_for("committed", target="gitops")
    for nudge in ("flux", "argocd-webhook"):
        host = (at_flux if nudge == "flux" else at_argo).host
        told = daemon.wait_for("nudged", target="gitops", nudge=f"{nudge} at {host}")
        assert told["pass"] == commit["pass"]
    assert argo.refreshed == ["api"]
    assert len(flux.reconciled) == 1


def test_a_syncer_that_is_silent_delays_nothing(stage: Stage) -> None:
    registry = stage.start_registry()
    registry.push_image("api", "main-1")
    gitops = stage.add_target("gitops", {"api.yaml": pod(f"{registry.host}/api:main-1")})
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/hook/x"
        stage.bot["nudges"] = [{"type": "flux", "url": url, "secret": {"env": "HOOK_SECRET"}}]
        daemon = stage.start()
        daemon.wait_for("pass", target="gitops", problems=0)
        for number in (2, 3, 4):
            tag = f"main-{number}"
            registry.push_image("api", tag)
            daemon.post("/hooks/registry", announce(registry.host, "api", tag), BEARER)
            daemon.wait_for("committed", target="gitops", more_than=number - 2)
        # Nobody was told within the ten seconds that each has.
        failed = daemon.wait_for("problem", code="nudge")
    assert "flux at 127.0.0.1:" in failed["message"]
    assert "/hook/x" not in daemon.log.read_text()
    assert b"api:main-4" in stage.git.read_files(gitops)["api.yaml"]


def test_a_push_that_is_announced_too_early(stage: Stage) -> None:
    registry = stage.start_registry()
    registry.push_image("api", "main-1")
    gitops = stage.add_target("gitops", {"api.yaml": pod(f"{registry.host}/api:main-1")})
    daemon = stage.start()
    daemon.wait_for("pass", target="gitops", problems=0, kept=1)

    daemon.post("/hooks/registry", announce(registry.host, "api", "main-2"), BEARER)
    daemon.wait_for("pass", target="gitops", more_than=1)
    registry.push_image("api", "main-2")

    daemon.wait_for("committed", target="gitops")
    assert b"api:main-2" in stage.git.read_files(gitops)["api.yaml"]


def test_what_was_pushed_while_it_was_away_is_found_at_the_start(stage: Stage) -> None:
    registry = stage.start_registry()
    registry.push_image("api", "main-1")
    gitops = stage.add_target("gitops", {"api.yaml": pod(f"{registry.host}/api:main-1")})
    first = stage.start()
    first.wait_for("pass", target="gitops", problems=0)
    first.process.kill()
    first.process.wait(PATIENCE)
    registry.push_image("api", "main-2")
    second = stage.start(log="second.log")
    second.wait_for("committed", target="gitops")
    assert b"api:main-2" in stage.git.read_files(gitops)["api.yaml"]


def test_only_targets_with_the_image_are_looked_at(stage: Stage) -> None:
    registry = stage.start_registry()
    for name in ("api", "web"):
        registry.push_image(name, "main-1")
        stage.add_target(f"{name}-gitops", {"app.yaml": pod(f"{registry.host}/{name}:main-1")})
    daemon = stage.start()
    for name in ("api", "web"):
        daemon.wait_for("pass", target=f"{name}-gitops", problems=0)
    registry.push_image("api", "main-2")
    daemon.post("/hooks/registry", announce(registry.host, "api", "main-2"), BEARER)
    daemon.post("/hooks/registry", announce(registry.host, "nobody", "main-2"), BEARER)
    daemon.wait_for("committed", target="api-gitops")
    # One more for the web: passes begin in the order of what is heard.
    daemon.post("/hooks/registry", announce(registry.host, "web", "main-1"), BEARER)
    daemon.wait_for("pass", target="web-gitops", more_than=1)
    assert len(daemon.events("pass")) == 4


def test_a_failed_registry_is_asked_again_when_a_push_is_announced(
    stage: Stage, scripted: ScriptedServer
) -> None:
    away = True

    def answer(request: Request) -> Answer:
        if away:
            return Answer(404)
        if request.path.endswith("/tags/list"):
            return Answer(body={"name": "api", "tags": ["main-1", "main-2"]})
        return Answer()

    scripted.handler = answer
    stage.bot["registries"][scripted.host] = {"insecure": True}
    gitops = stage.add_target("gitops", {"api.yaml": pod(f"{scripted.host}/api:main-1")})
    daemon = stage.start()
    daemon.wait_for("pass", target="gitops", problems=1)
    away = False
    daemon.post("/hooks/registry", announce(scripted.host, "api", "main-2"), BEARER)
    daemon.wait_for("committed", target="gitops")
    assert b"api:main-2" in stage.git.read_files(gitops)["api.yaml"]


@pytest.mark.parametrize("failure", [Answer(drop=True), Answer(503)], ids=["drop", "503"])
def test_a_registry_that_was_away_is_asked_again_without_being_told_to(
    stage: Stage, scripted: ScriptedServer, failure: Answer
) -> None:
    """The next pass of the schedule is an hour away."""
    away = True

    def answer(request: Request) -> Answer:
        if away:
            return failure
        if request.path.endswith("/tags/list"):
            return Answer(body={"name": "api", "tags": ["main-1", "main-2"]})
        return Answer()

    scripted.handler = answer
    stage.bot["registries"][scripted.host] = {"insecure": True}
    gitops = stage.add_target("gitops", {"api.yaml": pod(f"{scripted.host}/api:main-1")})
    daemon = stage.start()
    problem = daemon.wait_for("problem", target="gitops")
    assert problem["code"] in ("registry-unreachable", "registry")
    away = False
    daemon.wait_for("committed", target="gitops")
    assert b"api:main-2" in stage.git.read_files(gitops)["api.yaml"]


def test_of_a_registry_with_several_images_that_is_away_an_announced_one_is_looked_for_again(
    stage: Stage, scripted: ScriptedServer
) -> None:
    """Soon, and not when the target is tried again, ten seconds later: for all images together
    there is one problem, which names none of them."""
    scripted.handler = lambda _request: Answer(drop=True)
    stage.bot["registries"][scripted.host] = {"insecure": True}
    files = {f"{name}.yaml": pod(f"{scripted.host}/{name}:main-1") for name in ("api", "web")}
    stage.add_target("gitops", files)
    daemon = stage.start()
    daemon.wait_for("pass", target="gitops", problems=1)
    daemon.post("/hooks/registry", announce(scripted.host, "api", "main-2"), BEARER)
    daemon.wait_for("pass", target="gitops", more_than=3)
    _, second, _, fourth = (
        datetime.fromisoformat(each["time"]) for each in daemon.events("pass")[:4]
    )
    assert (fourth - second).total_seconds() < 10


def test_a_silent_registry_does_not_delay_others(stage: Stage) -> None:
    registry = stage.start_registry()
    registry.push_image("api", "main-1")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"127.0.0.1:{silent.getsockname()[1]}"
        stage.bot["registries"][host] = {"insecure": True}
        for number in range(6):
            stage.add_target(f"silent{number}", {"web.yaml": pod(f"{host}/web{number}:main-1")})
        gitops = stage.add_target("gitops", {"api.yaml": pod(f"{registry.host}/api:main-1")})
        daemon = stage.start()
        daemon.wait_for("pass", target="gitops", problems=0)
        registry.push_image("api", "main-2")
        daemon.post("/hooks/registry", announce(registry.host, "api", "main-2"), BEARER)
        daemon.wait_for("committed", target="gitops")
        # None of the others has given up.
        assert {each["target"] for each in daemon.events("pass")} == {"gitops"}
    assert b"api:main-2" in stage.git.read_files(gitops)["api.yaml"]
