from __future__ import annotations

import json
import ssl
import subprocess
from collections.abc import Callable

import httpx
import pytest

from tests.support.images import ANY_MANIFEST, DOCKER_LIST, OCI_INDEX
from tests.support.plain_http import get
from tests.support.registry import PASSWORD, USERNAME, Registry
from tests.support.require import require
from tests.support.scripted_http import Answer, ScriptedServer


def test_tags_and_digests(registry: Registry, repository: str) -> None:
    first = registry.push_image(repository, "1.0")
    second = registry.push_image(repository, "1.1")
    registry.tag(repository, "1.1", "latest")
    assert first != second
    assert registry.tags(repository) == ["1.0", "1.1", "latest"]
    assert registry.digest(repository, "latest") == second


def test_equal_arguments_give_equal_digests(registry: Registry, repository: str) -> None:
    assert registry.push_image(repository, "a", content="x") == registry.push_image(
        repository, "b", content="x"
    )


def test_configuration_says_what_was_asked_for(registry: Registry, repository: str) -> None:
    registry.push_image(
        repository,
        "1.0",
        created="2020-02-02T02:02:02Z",
        architecture="arm",
        variant="v7",
        labels={"a": "b"},
        annotations={"c": "d"},
    )
    base = f"{registry.url}/v2/{repository}"
    manifest = get(f"{base}/manifests/1.0", headers={"Accept": ANY_MANIFEST}).json()
    config = get(f"{base}/blobs/{manifest['config']['digest']}").json()
    assert manifest["annotations"] == {"c": "d"}
    assert config["created"] == "2020-02-02T02:02:02Z"
    assert (config["os"], config["architecture"], config["variant"]) == ("linux", "arm", "v7")
    assert config["config"]["Labels"] == {"a": "b"}


@pytest.mark.parametrize(("docker", "media_type"), [(False, OCI_INDEX), (True, DOCKER_LIST)])
def test_index(registry: Registry, repository: str, docker: bool, media_type: str) -> None:
    digest = registry.push_index(
        repository,
        "2.0",
        ["linux/amd64", "linux/arm/v7"],
        nested=[["linux/s390x"]],
        attestations=True,
        docker=docker,
    )
    url = f"{registry.url}/v2/{repository}/manifests/2.0"
    answer = get(url, headers={"Accept": ANY_MANIFEST})
    assert answer.headers["Content-Type"] == media_type
    assert answer.headers["Docker-Content-Digest"] == digest
    entries = answer.json()["manifests"]
    assert [entry.get("platform") for entry in entries] == [
        {"architecture": "amd64", "os": "linux"},
        {"architecture": "arm", "os": "linux", "variant": "v7"},
        {"architecture": "unknown", "os": "unknown"},
        {"architecture": "unknown", "os": "unknown"},
        None,
    ]
    inner = get(f"{url[:-3]}{entries[-1]['digest']}", headers={"Accept": ANY_MANIFEST})
    assert inner.json()["manifests"][0]["platform"]["architecture"] == "s390x"


def test_untag_and_delete(registry: Registry, repository: str) -> None:
    digest = registry.push_image(repository, "1.0")
    registry.tag(repository, "1.0", "1", "latest")
    registry.untag(repository, "1")
    assert registry.tags(repository) == ["1.0", "latest"]
    registry.delete(repository, digest)
    assert registry.tags(repository) == []


def test_many_tags(registry: Registry, repository: str) -> None:
    tags = [f"1.{minor}.{patch}" for minor in range(10) for patch in range(50)]
    digest = registry.many_tags(repository, tags)
    assert registry.tags(repository) == sorted(tags)
    assert registry.digest(repository, "1.9.49") == digest


@pytest.mark.parametrize("password", [None, "wrong"])
def test_htpasswd_refuses(
    htpasswd_registry: Registry, repository: str, password: str | None
) -> None:
    htpasswd_registry.push_image(repository, "1.0")
    url = f"{htpasswd_registry.url}/v2/{repository}/tags/list"
    refused = get(url, auth=(USERNAME, password) if password else None)
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"].startswith("Basic realm=")
    assert get(url, auth=(USERNAME, PASSWORD)).json()["tags"] == ["1.0"]


def test_tls(tls_registry: Registry, repository: str) -> None:
    tls_registry.push_image(repository, "1.0")
    url = f"{tls_registry.url}/v2/{repository}/tags/list"
    trusted = ssl.create_default_context(cafile=str(tls_registry.ca_file))
    assert get(url, verify=trusted).json()["tags"] == ["1.0"]
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        get(url, verify=True)


def test_notifications(
    start_registry: Callable[..., Registry],
    scripted: ScriptedServer,
    repository: str,
    wait_until: Callable[[Callable[[], bool]], None],
) -> None:
    scripted.on("POST", "/event", Answer(200))
    registry = start_registry(
        notify=f"{scripted.url}/event", notify_headers={"Authorization": "Bearer hook"}
    )
    digest = registry.push_image(repository, "1.0")
    wait_until(lambda: bool(scripted.requests))
    (request,) = scripted.requests
    target = request.json()["events"][0]["target"]
    assert (target["repository"], target["tag"], target["digest"]) == (
        repository,
        "1.0",
        digest,
    )
    assert request.authorization == "Bearer hook"


def test_skopeo_agrees(htpasswd_registry: Registry, repository: str) -> None:
    require("skopeo")
    digest = htpasswd_registry.push_index(repository, "1.0")
    asked = subprocess.run(
        [
            *("skopeo", "inspect", "--tls-verify=false", "--creds", f"{USERNAME}:{PASSWORD}"),
            f"docker://{htpasswd_registry.host}/{repository}:1.0",
        ],
        capture_output=True,
        check=True,
    )
    found = json.loads(asked.stdout)
    assert (found["Digest"], found["RepoTags"]) == (digest, ["1.0"])
