from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.config.load import load_configuration
from imagebot.config.window import InvalidWindowError, parse_window
from imagebot.errors import ConfigurationError

WORK = "mon-fri 9-17 Europe/Berlin"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("window", "now", "is_open", "opens"),
    [
        # Friday; Berlin is an hour ahead in winter and two in summer.
        (WORK, "2026-11-27 07:59", False, "2026-11-27 08:00"),
        (WORK, "2026-11-27 08:00", True, "2026-11-27 08:00"),
        (WORK, "2026-11-27 15:59", True, "2026-11-27 15:59"),
        (WORK, "2026-11-27 16:00", False, "2026-11-30 08:00"),
        (WORK, "2026-11-28 12:00", False, "2026-11-30 08:00"),
        (WORK, "2026-07-24 07:00", True, "2026-07-24 07:00"),
        (WORK, "2026-07-24 15:00", False, "2026-07-27 07:00"),
        # The clocks go back on a Sunday in between.
        (WORK, "2026-10-24 12:00", False, "2026-10-26 08:00"),
        ("tue 8:30-8:45 UTC", "2026-11-24 08:44", True, "2026-11-24 08:44"),
        ("tue 8:30-8:45 UTC", "2026-11-24 08:45", False, "2026-12-01 08:30"),
        ("MON,wed UTC", "", None, None),
        ("sat-mon 0-24 UTC", "2026-11-29 23:59", True, "2026-11-29 23:59"),
        ("sat-mon 0-24 UTC", "2026-12-01 00:00", False, "2026-12-05 00:00"),
        # Over midnight: it belongs to the day on which it begins.
        ("fri 22-6 UTC", "2026-11-27 23:00", True, "2026-11-27 23:00"),
        ("fri 22-6 UTC", "2026-11-28 05:59", True, "2026-11-28 05:59"),
        ("fri 22-6 UTC", "2026-11-28 06:00", False, "2026-12-04 22:00"),
        ("fri 22-6 UTC", "2026-11-27 05:00", False, "2026-11-27 22:00"),
        # An hour that the clocks of Berlin skip on the last Sunday of March.
        ("sun 2-3 Europe/Berlin", "2026-03-29 00:00", False, "2026-04-05 00:00"),
        ("sun 2:30-4 Europe/Berlin", "2026-03-29 00:00", False, "2026-03-29 01:00"),
        # An hour that they show twice on the last Sunday of October.
        ("sun 2:30-2:45 Europe/Berlin", "2026-10-25 00:00", False, "2026-10-25 00:30"),
        ("sun 2:30-2:45 Europe/Berlin", "2026-10-25 00:45", False, "2026-10-25 01:30"),
        ("sun 2:30-2:45 Europe/Berlin", "2026-10-25 01:45", False, "2026-11-01 01:30"),
    ],
)
def test_when_it_is_open(window: str, now: str, is_open: bool | None, opens: str | None) -> None:
    if is_open is None:
        with pytest.raises(InvalidWindowError):
            parse_window(window)
        return
    parsed = parse_window(window)
    assert parsed.is_open(at(now)) is is_open
    assert parsed.next_open(at(now)) == at(opens or "")


@given(
    st.integers(0, 2**31),
    st.sampled_from(["Europe/Berlin", "Asia/Kolkata", "America/New_York", "UTC"]),
    st.sets(st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]), min_size=1),
    st.integers(0, 23),
    st.integers(0, 24),
)
def test_it_is_open_when_it_opens(
    seconds: int, zone: str, days: set[str], start: int, end: int
) -> None:
    if start == end:
        return
    window = parse_window(f"{','.join(sorted(days))} {start}-{end} {zone}")
    now = datetime.fromtimestamp(seconds, UTC)
    opens = window.next_open(now)
    assert opens is not None
    assert opens >= now
    assert window.is_open(opens)
    assert (opens == now) is window.is_open(now)
    if opens > now:
        assert not window.is_open(opens - timedelta(seconds=1))


@pytest.mark.parametrize(
    ("text", "reason", "hint"),
    [
        ("mon-fri 9-17", "not a window: 'mon-fri 9-17'", "mon-fri 9-17 Europe/Berlin"),
        ("mon-fry 9-17 UTC", "not a day: 'fry'", "one of mon tue"),
        ("mon- 9-17 UTC", "not a day: ''", "one of mon tue"),
        ("mon 9-17:5 UTC", "not hours: '9-17:5'", "9-17"),
        ("mon 9 UTC", "not hours: '9'", "9-17"),
        ("mon 9-25 UTC", "not hours of a day: '9-25'", "24"),
        ("mon 24-3 UTC", "not hours of a day: '24-3'", "24"),
        ("mon 9-9 UTC", "never open: '9-9'", "0-24"),
        ("mon 9-17 Europe/Belin", "not a time zone: 'Europe/Belin'", "Europe/Berlin"),
        ("mon 9-17 Europe", "not a time zone: 'Europe'", "Europe"),
        ("mon 9-17 ../../etc/passwd", "not a time zone: '../../etc/passwd'", ""),
        ("mon 9-17 /etc/passwd", "not a time zone: '/etc/passwd'", ""),
        ("mon 9-17 localtime", "not a time zone: 'localtime'", ""),
    ],
)
def test_what_is_not_a_window(text: str, reason: str, hint: str) -> None:
    with pytest.raises(InvalidWindowError) as caught:
        parse_window(text)
    assert str(caught.value) == reason
    assert hint in caught.value.hint


ROUTE = """\
policies: {{stable: {{semver: ^1}}}}
routes:
  - name: test
    files: ["**"]
    publish: pull-request
    images: [{{match: "**", policy: stable}}]
    {keys}
"""


def test_keys_of_a_route() -> None:
    keys = f'window: "{WORK}"\n    pull-request: {{max-open: 3, per-hour: 2}}'
    (route,) = load_configuration(ROUTE.format(keys=keys), "c.yaml", trusted=False).routes
    assert route.window == parse_window(WORK)
    assert (route.pull_request.max_open, route.pull_request.per_hour) == (3, 2)
    (route,) = load_configuration(ROUTE.format(keys=""), "c.yaml", trusted=False).routes
    assert route.window is None
    assert (route.pull_request.max_open, route.pull_request.per_hour) == (10, 4)


@pytest.mark.parametrize(
    "keys",
    ["window: always", 'window: ""', "window: 9", "pull-request: {max-open: 0}",
     "pull-request: {per-hour: 0}"],
)  # fmt: skip
def test_keys_that_are_wrong(keys: str) -> None:
    with pytest.raises(ConfigurationError):
        load_configuration(ROUTE.format(keys=keys), "c.yaml", trusted=False)
