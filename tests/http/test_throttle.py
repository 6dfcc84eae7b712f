from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from imagebot.errors import RegistryRateLimitError, RegistryUnreachableError
from imagebot.http.message import Request, Response
from imagebot.http.patience import Patience, Question
from imagebot.http.pauses import HeadRoom
from imagebot.http.rates import Rate
from imagebot.http.throttle import HostThrottle
from imagebot.http.unreachable import CannotConnectError


@dataclass(slots=True)
class Clock:
    """Time that passes only by sleeping."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@dataclass(slots=True)
class Script:
    """Gives its responses in turn; the last one stays."""

    responses: list[Response | Exception]
    sent: list[str] = field(default_factory=list)

    def __call__(self, request: Request) -> Response:
        self.sent.append(request.url)
        response = self.responses.pop(0) if len(self.responses) > 1 else self.responses[0]
        if isinstance(response, Exception):
            raise response
        return response


def response(status: int, **headers: str) -> Response:
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Response("http://r.example/", status, pairs, b"")


def request(host: str = "r.example", path: str = "") -> Request:
    return Request(subject=f"{host}/app", url=f"http://{host}/{path}")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@dataclass(slots=True)
class Throttled:
    """A throttle, and the pass that asks now."""

    clock: Clock
    per_host: int = 4
    rates: Mapping[str, Rate] = field(default_factory=dict)
    throttle: HostThrottle = field(init=False)
    question: Question = field(init=False)

    def __post_init__(self) -> None:
        def rate_of(host: str) -> Rate:
            return self.rates.get(host, Rate(self.per_host, None))

        self.throttle = HostThrottle(rate_of=rate_of, sleep=self.clock.sleep, clock=self.clock)
        self.begin_pass()

    def begin_pass(self) -> None:
        self.question = Patience(clock=self.clock).open_question()

    def send(self, request: Request, send: Callable[[Request], Response]) -> Response:
        return self.throttle.send(request, send, self.question)


@pytest.fixture
def throttle(clock: Clock) -> Throttled:
    return Throttled(clock)


@pytest.mark.parametrize("status", [200, 204, 301, 400, 401, 403, 404, 405, 501])
def test_an_answer_is_an_answer(throttle: Throttled, clock: Clock, status: int) -> None:
    script = Script([response(status)])
    assert throttle.send(request(), script).status == status
    assert (len(script.sent), clock.slept) == (1, [])


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_passes_is_tried_again(throttle: Throttled, clock: Clock, status: int) -> None:
    script = Script([response(status), response(status), response(200)])
    assert throttle.send(request(), script).status == 200
    assert len(clock.slept) == 2
    assert 0 <= clock.slept[0] <= 1
    assert 0 <= clock.slept[1] <= 4


def test_what_lasts_is_the_answer(throttle: Throttled) -> None:
    script = Script([response(503)])
    assert throttle.send(request(), script).status == 503
    assert len(script.sent) == 3


def test_a_broken_connection_is_tried_again(throttle: Throttled) -> None:
    broken = RegistryUnreachableError("r", "broke", temporary=True)
    script = Script([broken, response(200)])
    assert throttle.send(request(), script).status == 200


def test_what_does_not_pass_is_not_tried_again(throttle: Throttled, clock: Clock) -> None:
    script = Script([RegistryUnreachableError("r", "no trust")])
    with pytest.raises(RegistryUnreachableError, match="no trust"):
        throttle.send(request(), script)
    assert (len(script.sent), clock.slept) == (1, [])


def test_the_pause_asked_for_is_kept(throttle: Throttled, clock: Clock) -> None:
    script = Script([response(429, Retry_After="7"), response(200)])
    assert throttle.send(request(), script).status == 200
    assert clock.slept == [7.0]


def test_a_date_counts_from_the_answers_own(throttle: Throttled, clock: Clock) -> None:
    limited = response(
        429,
        Date="Tue, 14 Nov 2023 22:13:20 GMT",
        Retry_After="Tue, 14 Nov 2023 22:13:31 GMT",
    )
    throttle.send(request(), Script([limited, response(200)]))
    assert clock.slept == [11.0]


def test_a_long_pause_is_for_the_next_pass(throttle: Throttled, clock: Clock) -> None:
    script = Script([response(429, Retry_After="3600")])
    assert throttle.send(request(), script).status == 429
    assert (len(script.sent), clock.slept) == (1, [])


def test_pauses_add_up(throttle: Throttled, clock: Clock) -> None:
    script = Script([response(429, Retry_After="40")])
    assert throttle.send(request(), script).status == 429
    assert (len(script.sent), sum(clock.slept)) == (2, 40.0)


def test_everybody_keeps_the_hosts_pause(throttle: Throttled, clock: Clock) -> None:
    throttle.send(request(), Script([response(429, Retry_After="3600")]))
    script = Script([response(200)])
    with pytest.raises(RegistryRateLimitError) as caught:
        throttle.send(request(path="other"), script)
    assert caught.value.retry_after == pytest.approx(3600)
    assert script.sent == []
    assert throttle.send(request("other.example"), script).status == 200
    clock.now += 3590
    assert throttle.send(request(), script).status == 200
    assert clock.slept == [pytest.approx(10)]


def test_a_host_that_is_down_is_not_tried_for_every_repository(
    throttle: Throttled, clock: Clock
) -> None:
    down = Script([CannotConnectError("a", "cannot connect", hint="do this", temporary=True)])
    with pytest.raises(CannotConnectError):
        throttle.send(request(), down)
    assert len(down.sent) == 3
    script = Script([response(200)])
    with pytest.raises(CannotConnectError, match=r"r\.example/app: cannot connect") as caught:
        throttle.send(request(path="other"), script)
    assert caught.value.hint == "do this"
    assert script.sent == []
    assert throttle.send(request("other.example"), script).status == 200
    clock.now += 3600
    with pytest.raises(CannotConnectError):
        throttle.send(request(path="other"), script)
    throttle.begin_pass()
    assert throttle.send(request(), script).status == 200


def test_who_waits_for_a_slot_notices_that_the_host_is_down(clock: Clock) -> None:
    """200 repositories on a host that takes ten seconds not to response."""
    throttle = Throttled(clock, per_host=1)
    began, fail = threading.Event(), threading.Event()
    sent: list[str] = []
    caught: list[Exception] = []

    def send(request: Request) -> Response:
        sent.append(request.url)
        began.set()
        assert fail.wait(30)
        raise CannotConnectError("a", "no trust")

    def run(path: str) -> None:
        try:
            throttle.send(request(path=path), send)
        except CannotConnectError as exc:
            caught.append(exc)

    threads = [threading.Thread(target=run, args=(str(number),)) for number in range(20)]
    threads[0].start()
    assert began.wait(30)
    for thread in threads[1:]:
        thread.start()
    fail.set()
    for thread in threads:
        thread.join(30)
    assert (len(sent), len(caught)) == (1, 20)


def test_one_broken_repository_does_not_make_a_host_down(throttle: Throttled) -> None:
    script = Script([RegistryUnreachableError("r", "broke", temporary=True)])
    with pytest.raises(RegistryUnreachableError):
        throttle.send(request(), script)
    assert throttle.send(request(path="other"), Script([response(200)])).status == 200


def test_a_limit_of_requests_per_host(clock: Clock) -> None:
    throttle = Throttled(clock, per_host=2)
    release, lock = threading.Event(), threading.Lock()
    running: dict[str, int] = {"a.example": 0, "b.example": 0}
    most = dict(running)
    full = threading.Semaphore(0)

    def send(sent: Request) -> Response:
        host = sent.subject.partition("/")[0]
        with lock:
            running[host] += 1
            most[host] = max(most[host], running[host])
        full.release()
        assert release.wait(30)
        with lock:
            running[host] -= 1
        return response(200)

    threads = [
        threading.Thread(target=throttle.send, args=(request(host), send))
        for host in ("a.example", "b.example")
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for _ in range(4):
        assert full.acquire(timeout=30)
    release.set()
    for thread in threads:
        thread.join(30)
    assert most == {"a.example": 2, "b.example": 2}


def test_the_pause_of_the_last_try_is_kept_for_later_passes(
    throttle: Throttled, clock: Clock
) -> None:
    script = Script([response(503), response(503), response(429, Retry_After="900"), response(200)])
    assert throttle.send(request(), script).status == 429
    clock.now += 600
    with pytest.raises(RegistryRateLimitError) as caught:
        throttle.send(request(path="other"), script)
    assert caught.value.retry_after == 300
    clock.now += 300
    assert throttle.send(request(), script).status == 200


def test_an_error_of_one_repository_is_not_a_limit_of_the_host(
    throttle: Throttled, clock: Clock
) -> None:
    script = Script([response(503, Retry_After="3600"), response(200)])
    assert throttle.send(request(), script).status == 503
    clock.now += 60
    assert throttle.send(request(path="other"), script).status == 200


def test_a_host_cannot_silence_itself_for_ever(throttle: Throttled, clock: Clock) -> None:
    script = Script([response(429, Retry_After="1e9"), response(200)])
    assert throttle.send(request(), script).status == 429
    with pytest.raises(RegistryRateLimitError):
        throttle.send(request(), script)
    clock.now += 3600
    assert throttle.send(request(), script).status == 200


def test_full_jitter(clock: Clock, throttle: Throttled) -> None:
    """Hosts that failed many at once are not asked again by all of them at once."""
    for count in range(50):
        throttle.send(request(f"h{count}.example"), Script([response(503), response(200)]))
    assert len(set(clock.slept)) > 40
    assert min(clock.slept) < 0.25
    assert 0.75 < max(clock.slept) <= 1


def test_a_moment_is_no_pause(throttle: Throttled, clock: Clock) -> None:
    """As GHCR says it: with microseconds alone, all tries would be over within one."""
    text = b"toomanyrequests: retry-after: 880\xc2\xb5s, allowed: 44000/minute"
    limited = Response("http://r.example/", 429, (), text)
    assert throttle.send(request(), Script([limited, limited, response(200)])).status == 200
    assert sum(clock.slept) > 0.00088 * 2


def test_the_rate_of_a_host(clock: Clock) -> None:
    """Four seconds' worth at once, then one after another; other hosts do not wait."""
    throttle = Throttled(clock, rates={"slow.example": Rate(4, 5.0)})
    script = Script([response(200)])
    for _ in range(20):
        throttle.send(request("slow.example"), script)
    assert clock.slept == []
    for _ in range(10):
        throttle.send(request("slow.example"), script)
    assert sum(clock.slept) == pytest.approx(2)
    for _ in range(100):
        throttle.send(request("other.example"), script)
    assert sum(clock.slept) == pytest.approx(2)


def test_a_rate_is_no_pause_of_the_host(clock: Clock) -> None:
    throttle = Throttled(clock, rates={"r.example": Rate(4, 0.01)})
    script = Script([response(200)])
    assert [throttle.send(request(), script).status for _ in range(3)] == [200] * 3
    assert sum(clock.slept) == pytest.approx(200)


def test_who_waits_for_the_rate_notices_that_the_host_asks_for_a_pause(clock: Clock) -> None:
    slow, well = Throttled(clock), Script([response(200)])
    refused = Script([response(429, Retry_After="3000")])
    sleep, asking = clock.sleep, iter([True])

    def meanwhile(seconds: float) -> None:
        if next(asking, False):
            assert slow.send(request(path="meanwhile"), refused).status == 429
        sleep(seconds)

    slow.throttle = HostThrottle(rate_of=lambda _: Rate(4, 1.0), sleep=meanwhile, clock=clock)
    for _ in range(4):
        slow.send(request(), well)
    sent = len(well.sent)
    with pytest.raises(RegistryRateLimitError, match="has asked for a pause"):
        slow.send(request(), well)
    assert len(well.sent) == sent


@pytest.mark.parametrize(
    "headers",
    [
        {
            "X_RateLimit_Remaining": "0",
            "X_RateLimit_Reset": "1700003000",
            "Date": "Tue, 14 Nov 2023 22:13:20 GMT",
        },
        {"Retry_After": "3000"},
    ],
)
def test_a_limit_as_github_says_it(throttle: Throttled, headers: dict[str, str]) -> None:
    """With 403, which is a refusal where nothing is said of a wait."""
    refused = Script([response(403, X_RateLimit_Remaining="7", X_RateLimit_Reset="9")])
    for _ in range(2):
        assert throttle.send(request(), refused).status == 403
    assert len(refused.sent) == 2
    limited = Script([response(403, **headers)])
    assert throttle.send(request(), limited).status == 403
    with pytest.raises(RegistryRateLimitError, match="has asked for a pause of 3000 s"):
        throttle.send(request(), limited)
    assert len(limited.sent) == 1


def test_head_room_is_what_was_said_last(throttle: Throttled) -> None:
    first = response(200, ratelimit_limit="100;w=21600", ratelimit_remaining="98;w=21600")
    last = response(200, ratelimit_limit="100;w=21600", ratelimit_remaining="97;w=21600")
    before = time.time()
    for each in (first, last, response(200)):
        throttle.send(request(), Script([each]))
        throttle.send(request("other.example"), Script([response(200)]))
    ((host, room),) = throttle.throttle.head_room().items()
    assert (host, replace(room, seen=0.0)) == ("r.example", HeadRoom(97, 100, 21600))
    assert before <= room.seen <= time.time()


@pytest.mark.parametrize(
    ("resets_in", "at"),
    [(None, None), (60.0, datetime(2023, 11, 14, 22, 14, 20, tzinfo=UTC)), (1e300, None)],
)
def test_when_a_window_ends(resets_in: float | None, at: datetime | None) -> None:
    assert HeadRoom(3, resets_in=resets_in, seen=1_700_000_000.0).resets_at == at
