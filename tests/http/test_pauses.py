from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.http.message import Response
from imagebot.http.pauses import HeadRoom, parse_duration, read_head_room, requested_pause

NOW = 1_700_000_000.0
GHCR = "toomanyrequests: retry-after: 880µs, allowed: 44000/minute"


def response(status: int = 429, body: str | bytes = b"", **headers: str) -> Response:
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    data = body.encode() if isinstance(body, str) else body
    return Response("https://r.example/", status, pairs, data)


@pytest.mark.parametrize(
    ("given", "pause"),
    [
        (response(Retry_After="7"), 7.0),
        (response(Retry_After=" 1.5 "), 1.5),
        (response(Retry_After="-3"), 0.0),
        (response(Retry_After="Tue, 14 Nov 2023 22:13:31 GMT"), 11.0),
        (response(Retry_After="Tuesday, 14-Nov-23 22:13:31 GMT"), 11.0),
        (response(Retry_After="Tue Nov 14 22:13:31 2023"), 11.0),
        (
            response(
                Date="Tue, 14 Nov 2023 22:00:00 GMT", Retry_After="Tue, 14 Nov 2023 22:00:05 GMT"
            ),
            5.0,
        ),
        (response(Retry_After="1m30s"), 90.0),
        (response(Retry_After="250ms"), 0.25),
        (response(Retry_After="soon"), None),
        (response(Retry_After="nan"), None),
        (response(503, Retry_After="20"), 20.0),
        # Sent twice, and joined by a proxy
        (response(Retry_After="5, 9"), 9.0),
        (response(Retry_After="9,5"), 9.0),
        (response(Retry_After="soon, 1m30s,"), 90.0),
        (response(Retry_After="Tue, 14 Nov 2023 22:13:31 GMT, 5"), 11.0),
        (response(Retry_After="5, Tue, 14 Nov 2023 22:13:31 GMT"), 11.0),
        (response(Retry_After="Tuesday, 14-Nov-23 22:13:31 GMT, Tue Nov 14 22:13:35 2023"), 15.0),
        (response(Retry_After=","), None),
        # GHCR: in the text of the body
        (response(body=GHCR), 880e-6),
        (response(body='{"errors": [{"code": "TOOMANYREQUESTS", "message": "' + GHCR), 880e-6),
        (response(body="Retry-After: 2m, later"), 120.0),
        (response(body="retry-after 30"), 30.0),
        (response(body="retry-after: 1.5, later"), 1.5),
        (response(body="retry-after: 5."), 5.0),
        (response(body="Retry-After: 5 seconds"), 5.0),
        # µ as JSON may have it, and in the wrong encoding
        (response(body='{"errors": [{"message": "retry-after: 880\\u00b5s, allowed"}]}'), 880e-6),
        (response(body='{"message": "retry-after: 880\\u00b5s, allowed"}'), 880e-6),
        (response(body='{"message": "retry-after: 880\\u00B5s'), 880e-6),
        (response(body="retry-after: 880\u00c2\u00b5s, allowed"), None),
        (response(body="retry-after: 2min"), None),
        (response(body="retry-after: 5.5.5"), None),
        # A time instead of a number of seconds
        (response(Retry_After=str(int(NOW) + 20)), 20.0),
        (response(Retry_After=str(int(NOW) - 20)), 0.0),
        (response(Retry_After=str(int(NOW) + 20), Date="Tue, 14 Nov 2023 22:13:30 GMT"), 10.0),
        (response(503, body=GHCR), None),
        (response(body="retry-after: 5parsecs"), None),
        (response(body=b"\xff" * 100), None),
        (response(), None),
        # The header counts where there are both.
        (response(Retry_After="3", body=GHCR), 3.0),
        # A window that is used up
        (response(ratelimit_remaining="0", ratelimit_reset="40"), 40.0),
        (response(X_RateLimit_Remaining="0", X_RateLimit_Reset=str(int(NOW) + 25)), 25.0),
        (response(ratelimit_remaining="5", ratelimit_reset="40"), None),
        (response(200, ratelimit_remaining="0", ratelimit_reset="40"), None),
        (response(RateLimit='"hour";r=0;t=40'), 40.0),
        (response(RateLimit='"hour";r=5;t=40'), None),
    ],
)
def test_pauses(given: Response, pause: float | None) -> None:
    assert requested_pause(given, NOW) == (pytest.approx(pause) if pause is not None else None)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1h2m3s", 3723.0),
        ("1.5s", 1.5),
        ("5us", 5e-6),
        ("5\u03bcs", 5e-6),
        ("7ns", 7e-9),
        ("7", None),
        ("", None),
        ("s", None),
        ("1s 2s", None),
        ("1d", None),
        ("1" * 10 + "s", None),
    ],
)
def test_durations(text: str, seconds: float | None) -> None:
    assert parse_duration(text) == (pytest.approx(seconds) if seconds is not None else None)


@pytest.mark.parametrize(
    ("given", "room", "shown"),
    [
        (
            response(
                200,
                ratelimit_limit="100;w=21600",
                ratelimit_remaining="98;w=21600",
                docker_ratelimit_source="192.0.2.1",
            ),
            HeadRoom(98, 100, 21600),
            "98 of 100 requests left in 6 h",
        ),
        (
            response(
                200,
                X_RateLimit_Limit="180",
                X_RateLimit_Remaining="179",
                X_RateLimit_Reset=str(int(NOW) + 60),
            ),
            HeadRoom(179, 180, None, 60.0),
            "179 of 180 requests left, anew in 1 min",
        ),
        (
            response(200, RateLimit_Limit="10, 10;w=1, 50;w=60", RateLimit_Remaining="9"),
            HeadRoom(9, 10, 1),
            "9 of 10 requests left in 1 s",
        ),
        (response(200, ratelimit_remaining="3"), HeadRoom(3), "3 requests left"),
        # The later drafts of the IETF: one field, with the policy in another
        (
            response(200, RateLimit='"default";r=50;t=30', RateLimit_Policy='"default";q=100;w=60'),
            HeadRoom(50, 100, 60, 30.0),
            "50 of 100 requests left in 1 min, anew in 30 s",
        ),
        (
            response(
                200,
                RateLimit='"day"; r=900; t=5000, "hour"; t=7; r=3',
                RateLimit_Policy='"hour";q=10;w=3600,"day";q=1000;w=86400',
            ),
            HeadRoom(3, 10, 3600, 7.0),
            "3 of 10 requests left in 1 h, anew in 7 s",
        ),
        (
            response(
                200, RateLimit="limit=100, remaining=50, reset=5", RateLimit_Policy="100;w=60"
            ),
            HeadRoom(50, 100, 60, 5.0),
            "50 of 100 requests left in 1 min, anew in 5 s",
        ),
        (response(200, RateLimit="default;r=4"), HeadRoom(4), "4 requests left"),
        (response(200, RateLimit='"a;r=0";t=1'), None, ""),
        (response(200, RateLimit="r=many"), None, ""),
        # Where there are both, the older ones.
        (
            response(200, RateLimit='"a";r=1', ratelimit_remaining="2"),
            HeadRoom(2),
            "2 requests left",
        ),
        (response(200, ratelimit_limit="100;w=21600"), None, ""),
        (response(200, ratelimit_remaining="many"), None, ""),
        (response(200, ratelimit_remaining="9" * 40), None, ""),
    ],
)
def test_head_room(given: Response, room: HeadRoom | None, shown: str) -> None:
    found = read_head_room(given, NOW)
    assert found == room
    assert found is None or str(found) == shown


@given(st.text(max_size=60), st.binary(max_size=60))
def test_anything_may_be_sent(text: str, body: bytes) -> None:
    names = ("Retry-After", "ratelimit-remaining", "ratelimit-reset", "RateLimit")
    for kept in ("", *names):
        sent = response(429, body, **{name: text for name in names if not kept or name == kept})
        pause = requested_pause(sent, NOW)
        assert pause is None or pause >= 0
