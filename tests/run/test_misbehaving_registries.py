"""Passes beside registries that never end, behind real sockets."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from imagebot.config.load import load_bot_configuration
from imagebot.http.limits import TimeLimits
from imagebot.registry.client import RegistryClient
from imagebot.registry.credentials import Credentials
from imagebot.registry.memo import Memo
from imagebot.run.passes import PassContext, PassResult, run_pass
from tests.support.git_repository import BareRepository
from tests.support.here import HERE
from tests.support.scripted_http import Answer, Request, ScriptedServer, drip, scripted_http

CONFIGURATION = b"""\
policies: {stable: {semver: ^1}}
routes: [{name: all, files: ["**"], publish: commit, images: [{match: "**", policy: stable}]}]
"""
AGES = 600.0
PATIENT = TimeLimits(answer=AGES, page=AGES, repository=AGES, silence=AGES, rate=0)
HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"

Misbehave = Callable[[Request], Answer]
BAD: tuple[Misbehave, ...] = (
    lambda _: Answer(hang=True),
    lambda _: Answer(raw=drip(HEAD + b"X: ", b"x", every=0.1)),
    lambda _: Answer(raw=drip(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", every=0.1)),
    lambda _: Answer(raw=drip(HEAD + b"Content-Length: 9999\r\n\r\n{", b" ", every=0.1)),
    lambda _: Answer(raw=drip(CHUNKED + b"5;", b"a", every=0.1)),
    lambda _: Answer(raw=drip(CHUNKED + b'c\r\n{"tags": []}\r\n0\r\nX: ', b"a", every=0.1)),
    lambda request: Answer(302, {"Location": request.path + "/x"}, delay=0.5),
    lambda _: Answer(429, {"Retry-After": "55"}),
)


def good(_request: Request) -> Answer:
    return Answer(body={"tags": ["1.0.0", "1.1.0"]})


@pytest.fixture
def servers() -> Iterator[Callable[[Misbehave], ScriptedServer]]:
    with ExitStack() as stack:
        yield lambda handler: stack.enter_context(scripted_http(handler))


def manifest(*hosts: str, images: int = 3) -> bytes:
    containers = "".join(
        f"    - {{name: c, image: '{host}/app{number}:1.0.0'}}\n"
        for host in hosts
        for number in range(images)
    )
    return f"apiVersion: v1\nkind: Pod\nspec:\n  containers:\n{containers}".encode()


def make_target(folder: Path, *hosts: str) -> BareRepository:
    files = {"imagebot.yaml": CONFIGURATION, "pod.yaml": manifest(*hosts)}
    return BareRepository.create(folder, files)


def updated(target: BareRepository, host: str) -> bool:
    """Whether all images of the host have the new tag."""
    text = target.read_files()["pod.yaml"].decode()
    return f"{host}/app" in text and not any(
        host in line and "1.0.0" in line for line in text.splitlines()
    )


def _eights(servers: list[ScriptedServer]) -> Iterator[list[ScriptedServer]]:
    for start in range(0, len(servers), 8):
        yield servers[start : start + 8]


def context(folder: Path, targets: list[BareRepository], client: RegistryClient) -> PassContext:
    lines = "".join(
        f"  - {{url: '{one.folder.as_uri()}', branch: main, name: {one.folder.stem}}}\n"
        for one in targets
    )
    return PassContext(
        bot=load_bot_configuration(f"targets:\n{lines}", "bot.yaml"),
        registry=Memo(client).for_pass(registry=client),
        environment=os.environ,
        cache=folder / "cache",
        now=datetime(2026, 11, 1, tzinfo=UTC),
    )


def test_ten_healthy_targets_are_published_while_forty_hosts_never_end(
    servers: Callable[[Misbehave], ScriptedServer],
    tmp_path: Path,
    wait_until: Callable[[Callable[[], bool]], None],
) -> None:
    """No limit is met: the healthy ones wait for none of the others, which come first."""
    bad = [servers(handler) for _ in range(5) for handler in BAD]
    registry = servers(good)
    hostile = [
        make_target(tmp_path / f"hostile{number}.git", *(each.host for each in some))
        for number, some in enumerate(_eights(bad))
    ]
    healthy = [make_target(tmp_path / f"good{number}.git", registry.host) for number in range(10)]
    outcomes: list[PassResult] = []
    with RegistryClient(Credentials([], {}), limits=PATIENT, reach=HERE) as client:
        setting = context(tmp_path, [*hostile, *healthy], client)
        thread = threading.Thread(target=lambda: outcomes.append(run_pass(setting)), daemon=True)
        thread.start()
        wait_until(lambda: all(updated(target, registry.host) for target in healthy))
        assert outcomes == []
        assert thread.is_alive()
        client.close()
    thread.join(60)
    (outcome,) = outcomes
    assert [entry.target for entry in outcome.published] == [f"good{n}" for n in range(10)]
    assert not any(updated(target, host.host) for target in hostile for host in bad)
    # Each of the hosts, and nothing else, has a problem.
    failed = {problem.subject.partition("/")[0] for problem in outcome.plan.problems}
    assert failed == {each.host for each in bad}
    assert all(each.decision.settled is False for each in outcome.plan.kept)


def test_short_limits_end_every_kind(
    servers: Callable[[Misbehave], ScriptedServer], tmp_path: Path
) -> None:
    """One target with all of them, and a healthy registry between: its images are published."""
    bad, registry = [servers(handler) for handler in BAD], servers(good)
    hosts = [each.host for each in bad]
    target = make_target(tmp_path / "mixed.git", *hosts[:4], registry.host, *hosts[4:])
    short = TimeLimits(answer=2, page=2, repository=3, silence=1, rate=1024, rate_over=1)
    with RegistryClient(Credentials([], {}), limits=short, reach=HERE) as client:
        outcome = run_pass(context(tmp_path, [target], client))
    assert [entry.status for entry in outcome.published] == ["committed"]
    assert updated(target, registry.host)
    assert {problem.subject.partition("/")[0] for problem in outcome.plan.problems} == set(hosts)


def test_the_time_of_the_pass_ends_and_what_is_decided_is_published(
    servers: Callable[[Misbehave], ScriptedServer], tmp_path: Path
) -> None:
    bad, registry = [servers(handler) for handler in BAD[:6]], servers(good)
    hosts = [each.host for each in bad]
    target = make_target(tmp_path / "mixed.git", *hosts, registry.host)
    with RegistryClient(Credentials([], {}), limits=PATIENT, reach=HERE) as client:
        setting = context(tmp_path, [target], client)
        registries = Memo(client).for_pass(registry=client.for_pass(5.0))
        outcome = run_pass(replace(setting, registry=registries))
    assert updated(target, registry.host)
    assert len(outcome.plan.updates) == 3
    kept = {(each.decision.code, each.decision.settled) for each in outcome.plan.kept}
    assert kept == {("registry-deadline", False)}
    # One problem for each registry, for all its images.
    assert {problem.subject for problem in outcome.plan.problems} == set(hosts)
    assert {problem.code for problem in outcome.plan.problems} == {"registry-deadline"}
    assert "and 2 more" in outcome.plan.problems[0].message
