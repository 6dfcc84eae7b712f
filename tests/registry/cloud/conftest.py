"""A cloud client with an environment of the test's own, and moto."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest

from imagebot.config.model import Cloud
from imagebot.http.endpoint import Endpoint
from imagebot.http.message import Request, Response
from imagebot.http.transport import Transport
from imagebot.registry.cloud.client import Grant
from imagebot.registry.cloud.login import CloudLogin
from tests.support.here import TransportHere
from tests.support.moto import ACCOUNT, Moto, moto

ECR = f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com"


@dataclass
class Cloudy:
    """Logs in to clouds over real sockets; notes the requests, and the secrets to be hidden."""

    transport: Transport
    requests: list[Request] = field(default_factory=list)
    kept: set[str] = field(default_factory=set)

    def send(self, request: Request) -> Response:
        self.requests.append(request)
        return self.transport.send(request)

    def log_in(
        self,
        cloud: Cloud,
        env: Mapping[str, str],
        *,
        registry: str = "",
        url: str = "http://127.0.0.1:9",
        now: Callable[[], float] = time.time,
    ) -> Grant:
        """One login for a registry, whose address is only used where it is asked itself."""
        usual = {"aws": ECR, "azure": "acme.azurecr.io", "gcp": "europe-docker.pkg.dev"}
        login = CloudLogin(cloud, env, clock=time.monotonic, now=now)
        return login.grant(Endpoint(registry or usual[cloud], url), self.send, self.kept.add)


@pytest.fixture
def cloud() -> Iterator[Cloudy]:
    with ExitStack() as stack:
        transport = TransportHere()
        stack.callback(transport.close)
        yield Cloudy(transport)


@pytest.fixture(scope="session")
def shared_moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moto]:
    with moto(tmp_path_factory.mktemp("moto")) as started:
        yield started


@pytest.fixture
def aws(shared_moto: Moto) -> Moto:
    """AWS that believes nobody without a signature."""
    shared_moto.trust(0)
    return shared_moto
