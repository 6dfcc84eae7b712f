"""What the loop does next, with a clock that the tests move."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from imagebot.config.model import Target
from imagebot.reference import Repository, parse_repository
from imagebot.serve.agenda import RESTS, RETRIES, Agenda, Ended, Hint, Job
from imagebot.serve.hooks.model import Announcement

API = parse_repository("ghcr.io/acme/api")
WEB = parse_repository("ghcr.io/acme/web")
INTERVAL = 300.0
MOST = 4


def target(name: str, branch: str = "main") -> Target:
    return Target(name=name, url=f"https://git.example/acme/{name}.git", branch=branch)


ONE, TWO = target("one"), target("two")


def agenda_of(*targets: Target, settle: float = 0.0) -> Agenda:
    made = Agenda(lambda _: INTERVAL, settle=settle)
    made.follow(targets, 0.0)
    return made


def started(agenda: Agenda, now: float, most: int = MOST) -> list[Job]:
    return list(agenda.take(now, most))


def names(jobs: list[Job]) -> list[str]:
    return [job.target.name for job in jobs]


def used(*repositories: Repository) -> Ended:
    return Ended(uses=frozenset(repositories))


def looked_at(settle: float = 0.0) -> Agenda:
    """At second 10 `one`, which uses the API, and `two`, which uses the web, had their passes."""
    agenda = agenda_of(ONE, TWO, settle=settle)
    started(agenda, 0.0)
    agenda.end("one", used(API), 10.0)
    agenda.end("two", used(WEB), 10.0)
    return agenda


def hint(repository: Repository, heard: float, tag: str = "") -> Hint:
    return Hint(Announcement(repository, tag), heard)


def test_all_targets_are_due_at_the_start() -> None:
    agenda = agenda_of(ONE, TWO)
    jobs = started(agenda, 0.0)
    assert names(jobs) == ["one", "two"]
    assert all(job.scheduled for job in jobs)
    assert not agenda.ready
    agenda.end("one", used(API), 1.0)
    assert not agenda.ready
    agenda.end("two", used(WEB), 1.0)
    assert agenda.ready


def test_a_target_is_due_again_after_its_interval() -> None:
    agenda = looked_at()
    assert agenda.next_moment(MOST) == 310.0
    assert started(agenda, 309.9) == []
    assert names(started(agenda, 310.0)) == ["one", "two"]


def test_a_hint_starts_the_targets_that_use_the_repository_at_once() -> None:
    agenda = looked_at()
    heard = hint(API, 20.0, "1.2")
    assert agenda.hear(heard)
    (job,) = started(agenda, 20.0)
    assert (job.target, job.scheduled, job.hints) == (ONE, False, (heard,))


def test_what_nobody_uses_starts_nothing() -> None:
    agenda = looked_at()
    assert not agenda.hear(hint(parse_repository("ghcr.io/acme/other"), 20.0))
    assert started(agenda, 20.0) == []


def test_what_comes_during_a_pass_forms_the_next() -> None:
    agenda = looked_at()
    agenda.hear(hint(API, 20.0, "1"))
    started(agenda, 20.0)
    for number in range(2, 50):
        agenda.hear(hint(API, 20.5, str(number)))
        agenda.hear(hint(API, 20.6, str(number)))
    assert started(agenda, 21.0) == []
    agenda.end("one", used(API), 22.0)
    (job,) = started(agenda, 22.0)
    assert len(job.hints) == 48
    assert {each.heard for each in job.hints} == {20.5}
    agenda.end("one", used(API), 23.0)
    assert started(agenda, 23.0) == []


def test_a_running_pass_may_find_an_image_that_the_last_one_did_not() -> None:
    agenda = looked_at()
    agenda.hear_git(["one"], "c1", 20.0)
    started(agenda, 20.0)
    assert agenda.hear(hint(WEB, 21.0))
    agenda.end("one", used(API, WEB), 22.0)
    assert names(started(agenda, 22.0)) == ["one", "two"]


def test_a_hint_that_no_pass_needs_is_dropped_at_its_end() -> None:
    agenda = agenda_of(ONE)
    started(agenda, 0.0)
    agenda.hear(hint(WEB, 1.0))
    agenda.end("one", used(API), 2.0)
    assert started(agenda, 2.0) == []


def test_the_first_event_waits_for_others() -> None:
    agenda = looked_at(settle=3.0)
    agenda.hear(hint(API, 20.0, "1"))
    agenda.hear(hint(API, 22.0, "2"))
    assert agenda.next_moment(MOST) == 23.0
    assert started(agenda, 22.9) == []
    (job,) = started(agenda, 23.0)
    assert len(job.hints) == 2


def test_a_tag_that_is_not_listed_yet_is_looked_for_again() -> None:
    agenda = looked_at()
    agenda.hear(hint(API, 20.0, "1.2"))
    now = 20.0
    for tries, delay in enumerate((*RETRIES, None)):
        ((sought,),) = (job.hints for job in started(agenda, now))
        assert (sought.tries, sought.heard) == (tries, 20.0)
        agenda.end("one", Ended(uses=frozenset({API}), missing=(sought,)), now)
        if delay is not None:
            assert agenda.next_moment(MOST) == now + delay
            assert agenda.retries(now + delay / 2) == ()
            now += delay
            assert agenda.retries(now) == (sought.image,)
    # Now it is left to the schedule.
    assert agenda.next_moment(MOST) == 310.0


def test_the_bots_own_push_starts_nothing() -> None:
    agenda = looked_at()
    agenda.hear(hint(API, 20.0))
    started(agenda, 20.0)
    # It comes back before the pass that made it has ended, and once more.
    assert agenda.hear_git(["one"], "made-by-the-bot", 20.5)
    agenda.end("one", Ended(uses=frozenset({API}), commits=("made-by-the-bot",)), 21.0)
    assert started(agenda, 21.0) == []
    assert not agenda.hear_git(["one"], "made-by-the-bot", 22.0)
    assert started(agenda, 22.0) == []


def test_a_push_of_people_starts_a_pass() -> None:
    agenda = looked_at()
    assert agenda.hear_git(["one"], "made-by-people", 20.0)
    (job,) = started(agenda, 20.0)
    assert (job.target, job.hints) == (ONE, ())


def test_a_failure_is_tried_again_later_and_later() -> None:
    agenda = agenda_of(ONE)
    now, waits = 0.0, []
    for _ in range(9):
        assert names(started(agenda, now)) == ["one"]
        agenda.end("one", Ended(uses=None, failed=True), now)
        waits.append(agenda.next_moment(MOST) - now)
        now = agenda.next_moment(MOST)
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300, 300]
    started(agenda, now)
    agenda.end("one", used(API), now)
    assert agenda.next_moment(MOST) == now + INTERVAL
    started(agenda, now + INTERVAL)
    agenda.end("one", Ended(uses=None, failed=True), now + INTERVAL)
    assert agenda.next_moment(MOST) == now + INTERVAL + 5


def failed(job: Job) -> Ended:
    """The end of a pass that could not answer any of its hints."""
    return Ended(uses=None, failed=True, open=(*job.hints, *job.open))


def test_what_a_failed_pass_could_not_answer_stays_open() -> None:
    agenda = looked_at()
    heard = hint(API, 20.0, "1")
    agenda.hear(heard)
    now = 20.0
    (job,) = started(agenda, now)
    # It starts nothing: the next pass comes when it would have come.
    for wait in (5.0, 10.0, 20.0):
        agenda.end("one", failed(job), now)
        assert agenda.next_moment(MOST) == now + wait
        now += wait
        (job,) = started(agenda, now)
        assert (job.hints, job.open, job.scheduled) == ((), (heard,), True)
    agenda.end("one", Ended(uses=frozenset({API}), answered=job.open), now)
    agenda.hear(hint(API, 90.0, "2"))
    (job,) = started(agenda, 90.0)
    assert job.open == ()


def test_of_a_push_that_is_announced_again_the_first_time_counts() -> None:
    agenda = looked_at()
    agenda.hear(hint(API, 20.0, "1"))
    (job,) = started(agenda, 20.0)
    agenda.end("one", failed(job), 21.0)
    agenda.hear(hint(API, 22.0, "1"))
    (job,) = started(agenda, 26.0)
    agenda.end("one", failed(job), 27.0)
    agenda.hear(hint(API, 28.0, "1"))
    (job,) = started(agenda, 40.0)
    assert [each.heard for each in (*job.hints, *job.open)] == [28.0, 20.0]


def test_what_is_looked_for_later_is_open_for_other_passes_and_answered_once() -> None:
    agenda = looked_at()
    agenda.hear(hint(API, 20.0, "2"))
    (job,) = started(agenda, 20.0)
    agenda.end("one", Ended(uses=frozenset({API}), missing=job.hints), 20.0)
    agenda.hear_git(["one"], "made-by-people", 20.1)
    (job,) = started(agenda, 20.1)
    assert [(each.tries, each.heard) for each in job.open] == [(1, 20.0)]
    agenda.end("one", Ended(uses=frozenset({API}), answered=job.open), 20.15)
    assert len(agenda.retries(20.2)) == 1
    (job,) = started(agenda, 20.2)
    assert [each.answered for each in job.hints] == [True]
    assert job.open == ()


def test_what_is_open_is_bounded_and_only_of_what_a_target_uses() -> None:
    agenda = looked_at()
    agenda.hear_git(["one"], "made-by-people", 20.0)
    started(agenda, 20.0)
    many = tuple(hint(API, 20.0 + number, str(number)) for number in range(3000, 0, -1))
    foreign = hint(WEB, 19.0)
    agenda.end("one", Ended(uses=None, failed=True, open=(*many, foreign)), 20.0)
    (job,) = started(agenda, 25.0)
    assert len(job.open) <= 1000
    assert min(each.heard for each in job.open) == 21.0
    assert foreign not in job.open


def test_a_failed_pass_does_not_forget_what_a_target_uses() -> None:
    agenda = looked_at()
    agenda.hear(hint(API, 20.0))
    started(agenda, 20.0)
    agenda.end("one", Ended(uses=None, failed=True), 21.0)
    assert not agenda.hear(hint(parse_repository("ghcr.io/acme/other"), 21.5))
    assert agenda.hear(hint(API, 22.0))
    assert names(started(agenda, 26.0)) == ["one"]


def test_announcements_do_not_hurry_a_target_that_fails() -> None:
    """A busy registry must not make a target that cannot be read fail all the time."""
    agenda = agenda_of(ONE)
    started(agenda, 0.0)
    agenda.hear(hint(WEB, 0.5))
    agenda.end("one", Ended(uses=None, failed=True), 1.0)
    agenda.hear(hint(API, 2.0))
    assert started(agenda, 5.9) == []
    assert agenda.next_moment(MOST) == 6.0
    (job,) = started(agenda, 6.0)
    assert {each.image.repository for each in job.hints} == {WEB, API}
    agenda.end("one", used(API), 7.0)
    agenda.hear(hint(API, 7.5))
    assert names(started(agenda, 7.5)) == ["one"]


def test_a_registry_that_is_away_is_asked_again_soon_and_delays_no_announcement() -> None:
    agenda = agenda_of(ONE)
    started(agenda, 0.0)
    away = Ended(uses=frozenset({API}), partial=True)
    agenda.end("one", away, 1.0)
    assert agenda.next_moment(MOST) == 6.0
    agenda.hear(hint(API, 2.0))
    assert names(started(agenda, 2.0)) == ["one"]
    agenda.end("one", away, 3.0)
    assert agenda.next_moment(MOST) == 13.0
    started(agenda, 13.0)
    agenda.end("one", used(API), 14.0)
    assert agenda.next_moment(MOST) == 14.0 + INTERVAL


def test_what_people_push_to_a_target_that_fails_is_looked_at_at_once() -> None:
    agenda = agenda_of(ONE)
    started(agenda, 0.0)
    agenda.end("one", Ended(uses=None, failed=True), 1.0)
    agenda.hear_git(["one"], "mends-it", 2.0)
    assert names(started(agenda, 2.0)) == ["one"]


def test_a_crowd_of_foreign_announcements_during_a_pass_hides_none_that_counts() -> None:
    agenda = looked_at()
    agenda.hear_git(["one"], "c1", 20.0)
    started(agenda, 20.0)
    for number in range(1500):
        agenda.hear(hint(parse_repository(f"ghcr.io/acme/other-{number}"), 20.5))
    assert agenda.hear(hint(API, 21.0))
    agenda.end("one", used(API), 22.0)
    assert names(started(agenda, 22.0)) == ["one"]
    agenda.end("one", used(API), 23.0)
    assert started(agenda, 23.0) == []


def test_no_more_passes_than_there_is_room_for() -> None:
    agenda = agenda_of(*(target(f"t{number}") for number in range(9)))
    first = started(agenda, 0.0, most=4)
    assert len(first) == agenda.running == 4
    assert started(agenda, 0.0, most=4) == []
    assert agenda.next_moment(4) == math.inf
    agenda.end(first[0].target.name, used(), 1.0)
    assert agenda.next_moment(4) == 0.0
    assert len(started(agenda, 1.0, most=4)) == 1


def test_a_git_host_that_stalls_leaves_room_for_another() -> None:
    elsewhere = Target(name="else", url="git@other.example:acme/else.git", branch="main")
    agenda = agenda_of(*(target(f"t{number}") for number in range(9)), elsewhere)
    assert names(started(agenda, 0.0, most=8)) == [f"t{number}" for number in range(6)] + ["else"]
    assert agenda.next_moment(8) == math.inf, "what is due has no room"
    assert started(agenda, 0.0, most=8) == []
    agenda.end("else", used(), 1.0)
    assert started(agenda, 1.0, most=8) == []
    assert agenda.next_moment(8) == 1.0 + INTERVAL
    agenda.hear(hint(API, 2.0))
    agenda.hear_git(["else"], "c1", 2.0)
    assert names(started(agenda, 2.0, most=8)) == ["else"]
    agenda.end("t3", used(), 3.0)
    assert agenda.next_moment(8) == 0.0
    assert names(started(agenda, 3.0, most=8)) == ["t6"]


def test_a_git_host_of_targets_that_are_gone_counts_until_they_end() -> None:
    elsewhere = Target(name="else", url="https://other.example/acme/else.git", branch="main")
    agenda = agenda_of(*(target(f"t{number}") for number in range(4)))
    assert len(started(agenda, 0.0, most=4)) == 4
    agenda.follow([target("new"), elsewhere], 1.0)
    assert started(agenda, 1.0, most=4) == []
    agenda.end("t0", used(), 2.0)
    assert names(started(agenda, 2.0, most=4)) == ["else"]
    agenda.end("t1", used(), 3.0)
    assert names(started(agenda, 3.0, most=4)) == ["new"]


def test_one_place_is_for_any_git_host() -> None:
    elsewhere = Target(name="else", url="https://other.example/acme/else.git", branch="main")
    agenda = agenda_of(ONE, elsewhere)
    assert names(started(agenda, 0.0, most=1)) == ["one"]
    agenda.end("one", used(), 1.0)
    assert names(started(agenda, 1.0, most=1)) == ["else"]


def test_events_that_keep_coming_gather_between_passes() -> None:
    agenda = looked_at()
    agenda.hear(hint(API, 20.0, "first"))
    now, waits = 20.0, []
    for number in range(6):
        assert names(started(agenda, now)) == ["one"]
        agenda.hear(hint(API, now + 0.1, f"{number}"))
        now += 1.0
        agenda.end("one", used(API), now)
        waits.append(agenda.next_moment(MOST) - now)
        now = max(now, agenda.next_moment(MOST))
    assert [round(max(0.0, wait), 3) for wait in waits] == [0.0, *RESTS, RESTS[-1], RESTS[-1]]
    # Once nothing came while a pass ran, the next event starts one at once again.
    assert names(started(agenda, now)) == ["one"]
    agenda.end("one", used(API), now + 1.0)
    agenda.hear(hint(API, now + 1.0, "last"))
    assert names(started(agenda, now + 1.0)) == ["one"]


def test_what_is_due_does_not_wait_for_more_to_come() -> None:
    agenda = looked_at()
    agenda.hear(hint(API, 20.0, "first"))
    now = 20.0
    for number in range(5):
        started(agenda, now)
        agenda.hear(hint(API, now + 0.1, f"{number}"))
        agenda.end("one", used(API), now + 1.0)
        now = max(now + 1.0, agenda.next_moment(MOST))
    started(agenda, now)
    agenda.hear(hint(API, now, "more"))
    agenda.end("one", used(API), now + 1.0)
    agenda.follow([target("one", "release"), TWO], now + 1.0)
    assert names(started(agenda, now + 1.0)) == ["one"]


def test_the_bots_own_push_makes_nothing_wait() -> None:
    agenda = looked_at()
    for number in range(5):
        now = 20.0 + number
        agenda.hear(hint(API, now, f"{number}"))
        assert names(started(agenda, now)) == ["one"]
        agenda.hear_git(["one"], f"c{number}", now + 0.1)
        agenda.end("one", Ended(uses=frozenset({API}), commits=(f"c{number}",)), now + 0.2)


def test_what_somebody_waits_for_comes_first() -> None:
    agenda = looked_at()
    agenda.hear(hint(WEB, 310.5))
    assert names(started(agenda, 311.0, most=1)) == ["two"]


def test_a_changed_target_is_due_and_others_are_not() -> None:
    agenda = looked_at()
    agenda.follow([target("one", "release"), TWO, target("three")], 20.0)
    jobs = started(agenda, 20.0)
    assert names(jobs) == ["one", "three"]
    assert jobs[0].target.branch == "release"


def test_a_target_that_changes_during_its_pass_has_another_one() -> None:
    agenda = looked_at()
    agenda.hear(hint(API, 20.0))
    started(agenda, 20.0)
    agenda.follow([target("one", "release"), TWO], 20.5)
    assert started(agenda, 20.5) == []
    agenda.end("one", used(API), 21.0)
    (job,) = started(agenda, 21.0)
    assert job.target.branch == "release"
    agenda.end("one", used(API), 22.0)
    assert started(agenda, 22.0) == []


def test_a_target_that_is_gone_is_left_alone() -> None:
    agenda = looked_at()
    agenda.hear(hint(API, 20.0))
    started(agenda, 20.0)
    agenda.follow([TWO], 20.5)
    agenda.end("one", used(API), 21.0)
    assert not agenda.hear(hint(API, 22.0))
    assert agenda.next_moment(MOST) == 310.0


def test_a_target_that_comes_back_during_its_pass_has_no_second_one_beside() -> None:
    agenda = looked_at()
    agenda.hear(hint(API, 20.0))
    started(agenda, 20.0)
    agenda.follow([TWO], 20.5)
    assert agenda.running == 1
    agenda.follow([ONE, TWO], 20.6)
    assert agenda.running == 1
    assert started(agenda, 20.7) == []
    agenda.end("one", used(API), 21.0)
    assert names(started(agenda, 21.0)) == ["one"]
    agenda.end("one", used(API), 22.0)
    assert agenda.running == 0
    assert started(agenda, 22.0) == []


def test_a_target_that_is_gone_counts_until_its_pass_ends() -> None:
    agenda = looked_at()
    agenda.hear(hint(API, 20.0))
    started(agenda, 20.0)
    agenda.follow([TWO], 20.5)
    agenda.follow([TWO], 20.6)
    assert agenda.running == 1
    agenda.end("one", used(API), 21.0)
    assert agenda.running == 0


EVENTS = st.lists(
    st.tuples(
        st.sampled_from([*["hint"] * 3, *["end"] * 4, "git", "missing", "fail", "wait"]),
        st.integers(0, 3),
    ),
    max_size=60,
)


@given(EVENTS, st.integers(1, 3))
def test_no_hint_is_lost_and_no_target_has_two_passes(
    events: list[tuple[str, int]], most: int
) -> None:
    """Whatever happens in whatever order: after each hint that a target uses, a pass of it begins
    later than the hint was heard. Where there is room, it begins at once if nothing happened to the
    target before, and else no later than the longest rest after the last one has ended; only those
    that fail wait longer."""
    targets = [target(f"t{number}") for number in range(3)]
    repositories = [parse_repository(f"ghcr.io/acme/r{number}") for number in range(4)]
    uses = {each.name: frozenset(repositories) for each in targets}
    agenda = agenda_of(*targets)
    now = 0.0
    running: dict[str, Job] = {}
    open_hints: dict[str, set[Announcement]] = {each.name: set() for each in targets}
    # When the last pass ended well, and whether anything came while it ran or after it.
    ended_at: dict[str, float] = {}
    quiet: dict[str, bool] = {each.name: True for each in targets}

    def go_round() -> None:
        agenda.retries(now)
        for job in agenda.take(now, most):
            name = job.target.name
            assert name not in running
            running[name] = job
            quiet[name] = True
            open_hints[name] -= {each.image for each in job.hints}
        assert len(running) <= most
        if len(running) == most:
            return
        for name in ended_at.keys() - running.keys():
            assert not open_hints[name] or now - ended_at[name] < RESTS[-1]

    def end(ended: Ended) -> None:
        if running:
            name, _ = running.popitem()
            agenda.end(name, ended, now)
            ended_at.pop(name, None)
            if not ended.failed:
                ended_at[name] = now

    for tag, (what, number) in enumerate(events):
        now += number / 2 if what == "wait" else 0.05
        if what == "hint":
            said = Announcement(repositories[number], f"{tag}")
            idle = {name for name in ended_at.keys() - running.keys() if quiet[name]}
            agenda.hear(Hint(said, now))
            for each in targets:
                open_hints[each.name].add(said)
            go_round()
            assert len(running) == most or idle <= running.keys()
            for name in quiet.keys() - idle:
                quiet[name] = False
        elif what == "git":
            name = targets[number % 3].name
            agenda.hear_git([name], f"c{tag}", now)
            quiet[name] = False
        elif what == "end":
            end(Ended(uses=frozenset(repositories)))
        elif what == "fail":
            end(Ended(uses=None, failed=True))
        elif what == "missing" and running:
            job = next(reversed(running.values()))
            end(Ended(uses=uses[job.target.name], missing=job.hints))
        go_round()
    for _ in range(100):
        while running:
            end(Ended(uses=frozenset(repositories)))
        now += 1.0
        go_round()
    assert all(not left for left in open_hints.values())
