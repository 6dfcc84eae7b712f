"""From a push to a registry to the commit: docker-registry, the daemon, and git over HTTP."""

from __future__ import annotations

from tests.serve.conftest import Stage, pod


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
