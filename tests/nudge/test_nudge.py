"""Who is told of a commit, behind real sockets: well, slow, broken and hostile ones."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

import imagebot.nudge.nudge as module
from imagebot.config.model import BotConfiguration
from imagebot.config.secret import Vault
from imagebot.nudge.model import Nudged
from imagebot.nudge.nudge import nudge
from imagebot.parallel.stop import Stop
from imagebot.plan.model import Plan
from tests.nudge.commits import PASS, Pass, bot_with
from tests.support.receiver import Application, ArgoCd, FluxReceiver
from tests.support.scripted_http import Answer, Request, ScriptedServer, drip

SECRET = "c0rrect-horse-battery"
GITOPS = Application("https://git.example.com/acme/gitops", "main")
Start = Callable[..., ScriptedServer]


def tell(bot: BotConfiguration, result: Pass = PASS, **options: Any) -> tuple[Nudged, ...]:
    given = {
        "environment": {"SECRET": SECRET},
        "vault": Vault(),
        "stop": Stop(),
        "sleep": lambda _seconds: None,
        **options,
    }
    return nudge(bot, result, **given)


def to_flux(url: str, more: str = "") -> str:
    return f"{{type: flux, url: '{url}', secret: {{env: SECRET}}{more}}}"


def to_refresh(url: str, *names: str) -> str:
    return (
        f"{{type: argocd-refresh, url: '{url}', secret: {{env: SECRET}}, "
        f"applications: [{', '.join(names)}]}}"
    )


def why(nudged: Nudged) -> str:
    assert nudged.problem is not None
    assert not nudged.answered
    return nudged.problem.message


def test_flux_and_argocd_are_told(start_scripted: Start) -> None:
    receiver = FluxReceiver(SECRET)
    argo = ArgoCd(
        secret=SECRET, token=SECRET, applications={"web": GITOPS, "api": GITOPS}, prefix="/argo"
    )
    flux, argocd = start_scripted(receiver), start_scripted(argo)
    vault = Vault()
    bot = bot_with(
        to_flux(f"{flux.url}{receiver.path}"),
        f"{{type: argocd-webhook, url: '{argocd.url}/argo', secret: {{env: SECRET}}}}",
        to_refresh(f"{argocd.url}/argo", "api", "web"),
    )
    told = tell(bot, vault=vault)
    assert [(each.nudge, each.application, each.answered, each.problem) for each in told] == [
        (f"flux at {flux.host}", "", True, None),
        (f"argocd-webhook at {argocd.host}", "", True, None),
        (f"argocd-refresh at {argocd.host}", "api", True, None),
        (f"argocd-refresh at {argocd.host}", "web", True, None),
    ]
    assert {(each.target, each.commit) for each in told} == {("acme/gitops", "a" * 40)}
    assert [body["commit"] for body in receiver.reconciled] == ["a" * 40]
    assert sorted(argo.refreshed) == ["api", "api", "web", "web"]
    assert vault.hide(f"x {SECRET}") == "x ***"


def test_only_those_of_the_target_are_told(start_scripted: Start) -> None:
    server = start_scripted(lambda _request: Answer(200))
    more = "  - {url: 'https://git.example.com/acme/other.git', branch: main}\n"
    bot = bot_with(
        to_flux(f"{server.url}/other", ", targets: [acme/other]"),
        to_flux(f"{server.url}/mine", ", targets: [acme/gitops]"),
        targets=more,
    )
    assert len(tell(bot)) == 1
    assert [request.path for request in server.requests] == ["/mine"]


def test_nobody_is_told_of_nothing(start_scripted: Start) -> None:
    server = start_scripted(lambda _request: Answer(200))
    bot = bot_with(to_flux(server.url))
    assert tell(bot, Pass(Plan(), ())) == ()
    assert tell(replace(bot, nudges=())) == ()
    assert server.requests == []


REFUSALS = [
    (401, "its own log says why"),
    (404, "status.webhookPath"),
    (400, "another token"),
    (302, "redirects are not followed"),
    (204, None),
]


@pytest.mark.parametrize(("status", "hint"), REFUSALS)
def test_an_answer(start_scripted: Start, status: int, hint: str | None) -> None:
    server = start_scripted(lambda _request: Answer(status))
    (told,) = tell(bot_with(to_flux(f"{server.url}/hook/0")))
    if hint is None:
        assert told.problem is None
        return
    assert told.problem is not None
    assert told.problem.message == f"flux at {server.host}: it answered with status {status}"
    assert hint in told.problem.hint
    assert (told.problem.scope, told.problem.code, told.problem.target) == (
        "change",
        "nudge",
        "acme/gitops",
    )
    assert len(server.requests) == 1


def test_a_fault_of_a_moment_is_tried_again(start_scripted: Start) -> None:
    server = start_scripted()
    server.on("POST", "/500", Answer(500), Answer(200))
    server.on("POST", "/drop", Answer(drop=True), Answer(200))
    server.on("POST", "/always", Answer(503))
    bot = bot_with(*(to_flux(f"{server.url}/{path}") for path in ("500", "drop", "always")))
    once, dropped, always = tell(bot)
    assert (once.problem, dropped.problem) == (None, None)
    assert "status 503" in why(always)
    assert [len(server.asked("POST", f"/{path}")) for path in ("500", "drop", "always")] == [2] * 3
    first, second = server.asked("POST", "/500")
    assert first.body == second.body
    assert first.headers["X-Signature"] == second.headers["X-Signature"]


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    (told,) = tell(bot_with(to_flux(f"http://127.0.0.1:{port}/hook/0123456789abcdef")))
    assert "cannot connect to 127.0.0.1" in why(told)
    assert "0123456789abcdef" not in str(told)


def test_a_slow_one_delays_nobody(start_scripted: Start) -> None:
    """A byte of the headers now and then: the deadline ends it."""
    heard = threading.Event()

    def slowly(_request: Request) -> Answer:
        return Answer(raw=drip(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a", every=0.05))

    def promptly(_request: Request) -> Answer:
        heard.set()
        return Answer(200)

    slow, prompt = start_scripted(slowly), start_scripted(promptly)
    results: list[tuple[Nudged, ...]] = []
    nudges = [to_flux(f"{slow.url}/{number}") for number in range(3)]
    bot = bot_with(*nudges, to_flux(f"{prompt.url}/last"))
    worker = threading.Thread(target=lambda: results.append(tell(bot, seconds=3.0)))
    worker.start()
    assert heard.wait(60)
    worker.join(60)
    *late, last = results[0]
    assert last.problem is None
    assert [why(each) for each in late] == [f"flux at {slow.host}: there was no answer in time"] * 3


def test_what_hangs_in_many_threads_does_not_keep_the_result(
    start_scripted: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More applications than are asked at once: those that had no turn are problems, too."""
    monkeypatch.setattr(module, "_EACH", 2)
    server = start_scripted(lambda _request: Answer(500))
    server.on("GET", "/api/v1/applications/a", Answer(hang=True))
    names = ["a", "a", *(f"b{number}" for number in range(5))]
    told = tell(bot_with(to_refresh(server.url, *names)), seconds=3.0)
    assert [each.application for each in told] == names
    assert [each.problem is None for each in told] == [True, True] + [False] * 5


def test_argocd_takes_its_time(start_scripted: Start) -> None:
    """Argo CD answers when the refresh is over; it was told all the same."""
    argo = ArgoCd(token=SECRET, applications={"web": GITOPS})
    argo.ready.clear()
    server = start_scripted(argo)
    try:
        (told,) = tell(bot_with(to_refresh(server.url, "web")), seconds=3.0)
    finally:
        argo.ready.set()
    assert (told.answered, told.problem) == (False, None)
    assert "still at it" in str(told)
    assert argo.refreshed == ["web"]


def test_applications_of_other_namespaces(start_scripted: Start) -> None:
    argo = ArgoCd(token=SECRET, applications={"web": GITOPS, "team-a/web": GITOPS})
    server = start_scripted(argo)
    names = ("web", "team-a/web", "team-b/web")
    own, other, absent = tell(bot_with(to_refresh(server.url, *names)))
    assert (own.problem, other.problem) == (None, None)
    assert sorted(argo.refreshed) == ["team-a/web", "web"]
    assert str(other).endswith(" to refresh team-a/web")
    assert why(absent).endswith("(team-b/web): it answered with status 403")


def test_argocd_refuses(start_scripted: Start) -> None:
    argo = ArgoCd(token="another", applications={"web": GITOPS})
    server = start_scripted(argo)
    (refused,) = tell(bot_with(to_refresh(server.url, "web")))
    assert why(refused) == f"argocd-refresh at {server.host} (web): it answered with status 401"
    argo.token = SECRET
    (absent,) = tell(bot_with(to_refresh(server.url, "none")))
    assert absent.problem is not None
    assert "there is no such application" in absent.problem.hint


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/latest", "http://[fe80::1]/", "http://0.0.0.0/"]
)
def test_a_link_local_address_is_never_called(url: str) -> None:
    (told,) = tell(bot_with(to_flux(url)))
    assert "its address is a link-local one" in why(told)


def test_a_redirect_is_not_followed(start_scripted: Start) -> None:
    other = start_scripted(lambda _request: Answer(200))
    server = start_scripted()
    targets = ["http://169.254.169.254/latest/meta-data", f"{other.url}/"]
    answers = [Answer(307, {"Location": target}) for target in targets]
    server.on("POST", "/a", *answers)
    for _ in targets:
        (told,) = tell(bot_with(to_flux(f"{server.url}/a")))
        assert "it answered with status 307" in why(told)
    assert other.requests == []


HOSTILE = [
    Answer(400, body=SECRET),
    Answer(401, {"WWW-Authenticate": SECRET}),
    Answer(302, {"Location": f"https://{SECRET}.example/"}),
    Answer(200, {"Content-Encoding": SECRET}),
    Answer(200, body=b"x" * 100_000),
    Answer(raw=[SECRET.encode() + b"\r\n\r\n"]),
    Answer(raw=[b"HTTP/1.1 2OO /hook/pr1vate-path\r\n\r\n"]),
    Answer(200, {"Content-Encoding": "gzip"}, body=SECRET),
    Answer(200, {"Content-Length": "99"}, body=SECRET, cut_at=5),
]


@pytest.mark.parametrize("answer", HOSTILE, ids=range(len(HOSTILE)))
def test_nothing_that_it_says_is_repeated(start_scripted: Start, answer: Answer) -> None:
    server = start_scripted(lambda _request: answer)
    (told,) = tell(bot_with(to_flux(f"{server.url}/hook/pr1vate-path")))
    assert told.problem is not None
    assert SECRET not in repr(told)
    assert "pr1vate-path" not in repr(told)


def test_a_secret_that_cannot_be_used(start_scripted: Start) -> None:
    receiver = FluxReceiver(SECRET)
    server = start_scripted(receiver)
    bot = bot_with(
        f"{{type: flux, url: '{server.url}/x', secret: {{env: MISSING}}}}",
        f"{{type: webhook, url: '{server.url}/y', secret: {{env: BROKEN}}}}",
        to_flux(f"{server.url}{receiver.path}"),
    )
    environment = {"SECRET": SECRET, "BROKEN": "whsec_*"}
    missing, broken, well = tell(bot, environment=environment)
    assert "the variable MISSING" in why(missing)
    assert "not base64" in why(broken)
    assert well.problem is None
    assert len(receiver.reconciled) == 1


def test_a_bug_is_a_problem_of_its_own(
    start_scripted: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start_scripted(lambda _request: Answer(200))

    def broken(_request: object, **_options: object) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr("imagebot.http.transport.Transport.send", broken)
    (told,) = tell(bot_with(to_flux(server.url)))
    assert told.problem is not None
    assert (told.problem.code, SECRET in repr(told)) == ("bug", False)


@pytest.fixture
def asked() -> Stop:
    """A process that was asked to end, whose main thread rests and which nothing ends."""
    stop = Stop(leave=lambda _status: None)
    stop.rest()
    return stop


def test_whoever_is_asked_to_stop_begins_no_call(start_scripted: Start, asked: Stop) -> None:
    server = start_scripted(lambda _request: Answer(200))
    asked.ask()
    (told,) = tell(bot_with(to_flux(server.url)), stop=asked)
    assert "imagebot was asked to stop" in why(told)
    assert server.requests == []


def test_whoever_is_asked_to_stop_waits_for_no_answer(start_scripted: Start, asked: Stop) -> None:
    def never(_request: Request) -> Answer:
        asked.ask()
        return Answer(hang=True)

    server = start_scripted(never)
    # Longer than a test may take.
    (told,) = tell(bot_with(to_flux(server.url)), stop=asked, seconds=1000.0)
    assert "imagebot was asked to stop" in why(told)


def test_with_a_certificate_of_an_own_authority(start_scripted: Start, tmp_path: Any) -> None:
    receiver = FluxReceiver(SECRET)
    server = start_scripted(receiver, tls=tmp_path)
    url = f"{server.url}{receiver.path}"
    known, unknown, missing = tell(
        bot_with(
            to_flux(url, f", ca-file: '{server.ca_file}'"),
            to_flux(url),
            to_flux(url, ", ca-file: /nowhere/ca.pem"),
        )
    )
    assert known.problem is None
    assert "is not trusted" in why(unknown)
    assert unknown.problem is not None
    assert "`ca-file` of the nudge" in unknown.problem.hint
    assert "/nowhere/ca.pem cannot be used" in why(missing)
