from __future__ import annotations

import math

import pytest

from imagebot.config.model import RegistryOptions
from imagebot.http.endpoint import by_host
from imagebot.http.rates import Rate, Rates, TokenBucket


def rates(*options: RegistryOptions) -> Rates:
    return Rates(by_host(options), concurrency=8)


@pytest.mark.parametrize(
    ("host", "rate"),
    [
        ("registry.example:5000", Rate(8, math.inf)),
        ("registry-1.docker.io", Rate(8, 15)),
        ("hub.docker.com", Rate(4, 3)),
        ("quay.io", Rate(4, 5)),
        ("quay.io.evil.example", Rate(8, math.inf)),
        ("1.dkr.ecr.eu-west-1.amazonaws.com", Rate(8, 20)),
        ("acme.azurecr.io", Rate(8, 15)),
        ("europe-docker.pkg.dev", Rate(8, 200)),
    ],
)
def test_defaults(host: str, rate: Rate) -> None:
    assert rates().of(host) == rate


def test_what_the_configuration_says() -> None:
    found = rates(
        RegistryOptions(host="quay.io", concurrency=2),
        RegistryOptions(host="docker.io", requests_per_second=1.5),
        RegistryOptions(host="localhost:5000", concurrency=3, requests_per_second=9),
    )
    assert found.of("quay.io") == Rate(2, 5)
    assert found.of("registry-1.docker.io") == Rate(8, 1.5)
    assert found.of("localhost:5000") == Rate(3, 9)


def test_a_mirror() -> None:
    """The entry of what is mirrored is about its mirror, unless that has one of its own."""
    hub = RegistryOptions(host="docker.io", mirror="m.example/hub", concurrency=2)
    assert rates(hub).of("m.example") == Rate(2, math.inf)
    own = RegistryOptions(host="m.example", concurrency=5)
    assert rates(hub, own).of("m.example") == rates(own, hub).of("m.example") == Rate(5, math.inf)
    assert rates(hub).of("registry-1.docker.io") == Rate(8, 15)


def test_a_bucket_fills_again() -> None:
    bucket = TokenBucket(2.0)
    assert [bucket.take(0.0) for _ in range(10)] == [0.0] * 8 + [0.5, 1.0]
    # Two are owed, and one is filled in each half second.
    assert bucket.take(1.0) == 0.5
    assert [bucket.take(100.0) for _ in range(9)] == [0.0] * 8 + [0.5]
    assert [TokenBucket(math.inf).take(0.0) for _ in range(3)] == [0.0] * 3
