from __future__ import annotations

import pytest

from imagebot.config.model import RegistryOptions
from imagebot.http.address import normalise_host
from imagebot.http.endpoint import Endpoint, by_host, find_endpoint
from imagebot.http.tls import ClientIdentity
from imagebot.reference import Repository


def endpoint(registry: str, *options: RegistryOptions) -> Endpoint:
    return find_endpoint(registry, by_host(options))


@pytest.mark.parametrize(
    ("registry", "url"),
    [
        ("docker.io", "https://registry-1.docker.io"),
        ("ghcr.io", "https://ghcr.io"),
        ("registry.example:8443", "https://registry.example:8443"),
        ("localhost:5000", "http://localhost:5000"),
        ("127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("[::1]:5000", "http://[::1]:5000"),
        ("registry.localhost", "http://registry.localhost"),
        ("127.0.0.1.evil.example", "https://127.0.0.1.evil.example"),
        ("localhost.evil.example:5000", "https://localhost.evil.example:5000"),
        ("10.0.0.1:5000", "https://10.0.0.1:5000"),
        ("192.168.1.1", "https://192.168.1.1"),
    ],
)
def test_urls(registry: str, url: str) -> None:
    assert endpoint(registry) == Endpoint(registry, url)


def test_plain_http_only_when_asked_for() -> None:
    insecure = RegistryOptions(host="registry.example", insecure=True)
    assert endpoint("registry.example", insecure).url == "http://registry.example"
    assert endpoint("other.example", insecure).url == "https://other.example"


def test_an_authority_means_tls_even_on_loopback() -> None:
    options = RegistryOptions(host="localhost:5000", ca_file="/ca.crt")
    assert endpoint("localhost:5000", options) == Endpoint(
        "localhost:5000", "https://localhost:5000", "", "/ca.crt"
    )


@pytest.mark.parametrize(
    ("mirror", "found"),
    [
        ("mirror.example", Endpoint("mirror.example", "https://mirror.example")),
        ("https://mirror.example/", Endpoint("mirror.example", "https://mirror.example")),
        ("mirror.example/hub", Endpoint("mirror.example", "https://mirror.example", "hub/")),
        ("localhost:5000", Endpoint("localhost:5000", "http://localhost:5000")),
    ],
)
def test_a_mirror_is_asked_instead(mirror: str, found: Endpoint) -> None:
    options = RegistryOptions(host="index.docker.io", mirror=mirror)
    assert endpoint("docker.io", options) == found
    assert endpoint("ghcr.io", options).url == "https://ghcr.io"


def test_a_mirror_with_options() -> None:
    own = RegistryOptions(host="docker.io", mirror="mirror.example", insecure=True)
    assert endpoint("docker.io", own).url == "http://mirror.example"
    of_mirror = RegistryOptions(host="mirror.example", ca_file="/ca.crt")
    assert endpoint("docker.io", own, of_mirror) == Endpoint(
        "mirror.example", "https://mirror.example", "", "/ca.crt"
    )


def test_a_mirror_knows_repositories_by_other_names() -> None:
    options = RegistryOptions(host="docker.io", mirror="harbor.example/hub")
    found = endpoint("docker.io", options).repository(Repository("docker.io", "library/nginx"))
    assert found == Repository("harbor.example", "hub/library/nginx")


def test_all_names_of_docker_hub() -> None:
    names = ("docker.io", "index.docker.io", "registry-1.docker.io", "Docker.IO")
    assert {normalise_host(name) for name in names} == {"docker.io"}


def test_a_loopback_registry_that_asks_for_a_certificate_speaks_tls() -> None:
    options = RegistryOptions(host="localhost:5000", client_certificate="bot.pem")
    found = find_endpoint("localhost:5000", by_host([options]))
    assert (found.url, found.identity) == ("https://localhost:5000", ClientIdentity("bot.pem"))
