from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.errors import RegistryProtocolError
from imagebot.registry.challenge import parse_challenges, parse_token
from tests.support.work import growth

SUBJECT = "registry.example/app"
HUB = {
    "realm": "https://auth.docker.io/token",
    "service": "registry.docker.io",
    "scope": "repository:library/nginx:pull",
}


@pytest.mark.parametrize(
    ("headers", "challenges"),
    [
        ([], []),
        ([""], []),
        (
            [
                ('Bearer realm="https://auth.docker.io/token",service="registry.docker.io",'
                'scope="repository:library/nginx:pull"')
            ],
            [("bearer", HUB)],
        ),
        (
            [
                ("bearer REALM = https://auth.docker.io/token , Service=registry.docker.io,"
                "scope=repository:library/nginx:pull")
            ],
            [("bearer", HUB)],
        ),
        (['Basic realm="registry"'], [("basic", {"realm": "registry"})]),
        (["Basic"], [("basic", {})]),
        # Codeberg: both in one header
        (
            ['Bearer realm="https://c/t",service="s",scope="*", Basic realm="Gitea"'],
            [
                ("bearer", {"realm": "https://c/t", "service": "s", "scope": "*"}),
                ("basic", {"realm": "Gitea"}),
            ],
        ),
        (
            ["Basic realm=a", "Bearer realm=b"],
            [("basic", {"realm": "a"}), ("bearer", {"realm": "b"})],
        ),
        (["Negotiate, Basic realm=a"], [("negotiate", {}), ("basic", {"realm": "a"})]),
        (["Negotiate YIIZ+/== , Basic realm=a"], [("negotiate", {}), ("basic", {"realm": "a"})]),
        (["NTLM, Negotiate"], [("ntlm", {}), ("negotiate", {})]),
        # a comma, an equals sign and an escaped quote inside quotes
        (
            [r'Bearer realm="https://a/?b=c,d",service="say \"hi\"", error="insufficient_scope"'],
            [
                (
                    "bearer",
                    {
                        "realm": "https://a/?b=c,d",
                        "service": 'say "hi"',
                        "error": "insufficient_scope",
                    },
                )
            ],
        ),
        (['Bearer realm="a",realm="b"'], [("bearer", {"realm": "a"})]),
        # An unclosed quote takes all the rest, whatever that looks like.
        (['Bearer realm="a",service="never closed, Basic realm=b'], [("bearer", {"realm": "a"})]),
        (['realm="nobody\'s", Basic realm=a'], [("basic", {"realm": "a"})]),
        (["Bearer realm="], [("bearer", {})]),
        (["Bearer realm=,service=s"], [("bearer", {"service": "s"})]),
        (["Bearer service=s,realm="], [("bearer", {"service": "s"})]),
    ],
)  # fmt: skip
def test_challenges(headers: list[str], challenges: list[tuple[str, dict[str, str]]]) -> None:
    found = parse_challenges(headers)
    assert [(c.scheme, dict(c.parameters)) for c in found] == challenges
    if not any("never closed" in header for header in headers):
        assert len(found) == len(challenges)


@given(st.lists(st.text(alphabet='Bearsic =",\\\t+/-r', max_size=60), max_size=3))
def test_any_header_is_read(headers: list[str]) -> None:
    for challenge in parse_challenges(headers):
        assert challenge.scheme == challenge.scheme.lower()
        assert challenge.realm == challenge.parameters.get("realm", "")


@pytest.mark.parametrize("piece", ["a", " ", '\\"', "=", ",", 'a"', "a ", "a= ", '"', "a b"])
def test_a_header_of_any_length_is_read_in_linear_time(piece: str) -> None:
    def read(count: int) -> None:
        parse_challenges([piece * count, 'Bearer a="' + piece * count])

    for count in (1000, 8000, 64_000):
        assert growth(read, count, 8 * count, most=20) <= 20, count


@pytest.mark.parametrize(
    ("answer", "value", "lifetime"),
    [
        ({"token": "t"}, "t", 60),
        ({"access_token": "a"}, "a", 60),
        ({"token": "t", "access_token": "a"}, "t", 60),
        ({"token": "", "access_token": "a"}, "a", 60),
        ({"token": "t", "expires_in": 300, "issued_at": "2001-01-01T00:00:00Z"}, "t", 300),
        ({"token": "t", "expires_in": 1}, "t", 60),
        ({"token": "t", "expires_in": 0}, "t", 60),
        ({"token": "t", "expires_in": -5}, "t", 60),
        ({"token": "t", "expires_in": "300"}, "t", 60),
        ({"token": "t", "expires_in": None}, "t", 60),
        ({"token": "t", "expires_in": True}, "t", 60),
        ({"token": "t", "expires_in": 10**40}, "t", 86_400),
        ({"token": "t", "expires_in": math.nan}, "t", 60),
        ({"token": "t", "expires_in": math.inf}, "t", 86_400),
    ],
)
def test_tokens(answer: dict[str, object], value: str, lifetime: float) -> None:
    token = parse_token(SUBJECT, json.dumps(answer).encode())
    assert (token.value, token.lifetime) == (value, lifetime)
    assert "'t'" not in repr(token)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no",
        b"[]",
        b"{}",
        b'{"token": 5}',
        b'{"token": null, "access_token": ""}',
        b'{"token": "a\\r\\nX-Evil: 1"}',
        b'{"token": "a b"}',
        '{"token": "ä"}'.encode(),
        json.dumps({"token": "a" * 100_000}).encode(),
    ],
)
def test_what_is_no_token(body: bytes) -> None:
    with pytest.raises(RegistryProtocolError) as caught:
        parse_token(SUBJECT, body)
    assert len(str(caught.value)) < 200
