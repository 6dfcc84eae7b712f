"""Passes beside each registry of the table, behind real sockets: what was sent to it, that no
credential left for another, and that a healthy target is published in time."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from imagebot.http.limits import TimeLimits
from imagebot.reference import parse_reference
from imagebot.registry.client import RegistryClient
from imagebot.registry.credentials import Credential
from imagebot.run.passes import PassResult, run_pass
from tests.run import hostile_registries as table
from tests.run.hostile_registries import NOTHING, Scenario, Stage
from tests.run.test_misbehaving_registries import CONFIGURATION, context, good
from tests.support.git_repository import BareRepository
from tests.support.here import HERE
from tests.support.scripted_http import Answer, Request, ScriptedServer, scripted_http

SHORT = TimeLimits(answer=2, page=2, repository=4, silence=1, rate=1024, rate_over=1)
BOUND = 30.0
"""Seconds, for a pass that would never end without limits. On an idle machine it takes five."""
POD = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - {{name: c, image: '{}'}}\n"
PINNING = CONFIGURATION.replace(b"{semver: ^1}", b"{semver: ^1, pin: digest}")
SPELLINGS = [
    *(table.SECRET, table.GRANTED, table.USER, quote(table.USER, safe="")),
    *(
        base64.b64encode(text.encode()).decode().rstrip("=")[:-1]
        for text in (table.SECRET, f"{table.USER}:{table.SECRET}", table.GRANTED)
    ),
]


@dataclass(frozen=True, slots=True)
class Known:
    """A credential for one registry."""

    registry: str
    credential: Credential

    def lookup(self, registry: str, path: str) -> Credential | None:
        del path
        return self.credential if registry == self.registry else None


@dataclass(frozen=True, slots=True)
class Outcome:
    result: PassResult
    seconds: float
    tag: str
    """Of the image of the registry, after the pass."""
    sent: list[str]
    elsewhere: list[str]
    others: list[Request]
    """Requests to all servers that may not see the credential."""
    healthy: bool
    """Whether the healthy target has been published."""


def describe(request: Request) -> str:
    scheme = (request.authorization or "").partition(" ")[0]
    where = f"{request.path}?{request.query}" if request.query else request.path
    return f"{request.method} {where} {scheme}".strip()


def elsewhere(request: Request) -> Answer:
    """Grants tokens, asks everybody for a credential, and lists what must not be chosen."""
    if request.path == "/token":
        return Answer(body={"token": table.GRANTED})
    if request.authorization is None:
        return Answer(401, {"WWW-Authenticate": 'Basic realm="x"'})
    return table.tags(table.WRONG)


def credential(scenario: Scenario) -> Credential:
    kind = scenario.known or "password"
    return Credential(origin="the test", username=table.USER, secret=table.SECRET, kind=kind)


@pytest.fixture
def serve() -> Iterator[Callable[..., ScriptedServer]]:
    with ExitStack() as stack:
        yield lambda handler: stack.enter_context(scripted_http(handler))


@pytest.fixture
def play(serve: Callable[..., ScriptedServer], tmp_path: Path) -> Callable[[Scenario], Outcome]:
    """Runs a pass over a target with an image of the scenario's registry, and a healthy one."""

    def run(scenario: Scenario) -> Outcome:
        other, registry = serve(elsewhere), serve(good)
        bad = serve(None)
        stage = Stage(bad.host, other.host)
        bad.handler = lambda request: _behave(scenario, request, stage)
        hostile = _target(tmp_path / "hostile.git", f"{bad.host}/app:{table.OLD}", scenario.pin)
        healthy = _target(tmp_path / "healthy.git", f"{registry.host}/app:{table.OLD}", False)
        known = Known(bad.host if scenario.known else "", credential(scenario))
        begun = time.monotonic()
        with RegistryClient(known, limits=SHORT, reach=HERE, sleep=lambda _: None) as client:
            result = run_pass(context(tmp_path, [hostile, healthy], client))
        return Outcome(
            result,
            time.monotonic() - begun,
            _tag(hostile),
            list(map(describe, bad.requests)),
            list(map(describe, other.requests)),
            [*registry.requests, *(() if scenario.trusted else other.requests)],
            _tag(healthy) == table.NEW,
        )

    return run


def _behave(scenario: Scenario, request: Request, stage: Stage) -> Answer:
    if "/manifests/" in request.path and not scenario.pin:
        return Answer(headers={"Docker-Content-Digest": table.DIGEST})
    return scenario.behave(request, stage)


def _target(folder: Path, image: str, pin: bool) -> BareRepository:
    configuration = PINNING if pin else CONFIGURATION
    files = {"imagebot.yaml": configuration, "pod.yaml": POD.format(image).encode()}
    return BareRepository.create(folder, files)


def _tag(target: BareRepository) -> str:
    text = target.read_files()["pod.yaml"].decode()
    (found,) = re.findall(r"image: '(.+)'", text)
    return parse_reference(found).tag or ""


CASES = [
    (f"{kind}: {name}", each) for kind, rows in table.TABLES.items() for name, each in rows.items()
]


def _expected(scenario: Scenario) -> tuple[str, ...]:
    """With what is asked about an image that is chosen, as the list was asked for."""
    if scenario.says or scenario.pin:
        return scenario.sent
    _, _, *scheme = scenario.sent[-1].split(" ")
    return (*scenario.sent, " ".join((f"HEAD /v2/app/manifests/{table.NEW}", *scheme)))


@pytest.mark.parametrize("scenario", [each for _, each in CASES], ids=[name for name, _ in CASES])
def test_a_registry_of_the_table(play: Callable[[Scenario], Outcome], scenario: Scenario) -> None:
    outcome = play(scenario)
    assert tuple(outcome.sent) == _expected(scenario)
    assert tuple(outcome.elsewhere) == scenario.elsewhere
    messages = [f"{problem.message} {problem.hint}" for problem in outcome.result.plan.problems]
    if scenario.says in ("", NOTHING):
        assert messages == []
    else:
        (message,) = messages
        assert re.search(scenario.says, outcome.result.plan.problems[0].message)
        assert message.isprintable() or "registries:" in message
    assert outcome.tag == (table.OLD if scenario.says else table.NEW)
    for request in outcome.others:
        sent = f"{request.path}?{request.query} {request.headers} {request.body!r}"
        assert not any(spelling in sent for spelling in SPELLINGS)
        assert request.authorization is None
    shown = f"{messages} {outcome.result.plan}"
    assert not any(spelling in shown for spelling in SPELLINGS)
    assert outcome.healthy
    assert outcome.seconds < BOUND


def test_the_table_has_every_row() -> None:
    assert len(CASES) >= 100
