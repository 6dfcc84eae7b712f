from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.errors import RepositoryNotFoundError
from imagebot.reference import Repository
from imagebot.registry.listing import ask_each
from tests.support.fake_registry import FakeRegistry
from tests.support.process import PATIENCE
from tests.support.scripted_http import Answer, ScriptedServer


def repository(number: int) -> Repository:
    return Repository("r.example", f"app{number}")


@dataclass
class Lists(FakeRegistry):
    """Every third repository is not there."""

    def tags(self, repository: Repository) -> tuple[str, ...]:
        self._note("tags", repository)
        if int(repository.path.removeprefix("app")) % 3 == 0:
            raise RepositoryNotFoundError(str(repository), "not there")
        return (f"tag-of-{repository.path}",)


@given(st.lists(st.integers(0, 20)), st.integers(1, 8))
def test_each_once_and_failures_are_values(numbers: list[int], workers: int) -> None:
    lists = Lists()
    calls: list[tuple[int, int]] = []
    wanted = [repository(number) for number in numbers]
    found = ask_each(wanted, lists.tags, workers=workers, progress=lambda *n: calls.append(n))
    assert list(found) == list(dict.fromkeys(wanted))
    assert sorted(lists.calls) == sorted({("tags", str(one)) for one in wanted})
    for one, tags in found.items():
        if int(one.path.removeprefix("app")) % 3 == 0:
            assert isinstance(tags, RepositoryNotFoundError)
            assert tags.subject == str(one)
        else:
            assert tags == (f"tag-of-{one.path}",)
    assert calls == [(n, len(found)) for n in range(1, len(found) + 1)]


def test_progress_is_told_in_the_thread_that_asked() -> None:
    threads: set[int] = set()
    wanted = [repository(1), repository(2)]
    ask_each(wanted, Lists().tags, progress=lambda *_: threads.add(threading.get_ident()))
    assert threads == {threading.get_ident()}


def test_as_many_at_once_as_workers() -> None:
    barrier = threading.Barrier(5)

    class Together(FakeRegistry):
        def tags(self, repository: Repository) -> tuple[str, ...]:
            # Breaks, and raises, unless five ask at the same time.
            barrier.wait(30)
            return ()

    assert len(ask_each([repository(n) for n in range(10)], Together().tags, workers=5)) == 10


def test_a_bug_is_no_failure_of_a_repository() -> None:
    class Broken(FakeRegistry):
        def tags(self, repository: Repository) -> tuple[str, ...]:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ask_each([repository(1)], Broken().tags)


def test_after_an_interrupt_no_repository_is_begun(
    wait_until: Callable[[Callable[[], bool]], None],
) -> None:
    go_on = threading.Event()
    ended: list[Repository] = []

    class Slow(Lists):
        def tags(self, repository: Repository) -> tuple[str, ...]:
            found = super().tags(repository)
            if len(self.calls) > 1:
                assert go_on.wait(30)
            ended.append(repository)
            return found

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    lists = Slow()
    wanted = [repository(3 * n + 1) for n in range(100)]
    with pytest.raises(KeyboardInterrupt):
        ask_each(wanted, lists.tags, workers=2, progress=stop)
    begun = len(lists.calls)
    go_on.set()
    wait_until(lambda: len(ended) == begun)
    wait_until(lambda: not any(t.name == "list-tags" for t in threading.enumerate()))
    assert len(lists.calls) == begun <= 3


def test_an_interrupt_ends_it_at_once(
    scripted: ScriptedServer, tmp_path: Path, wait_until: Callable[[Callable[[], bool]], None]
) -> None:
    """A process that lists from a registry that never answers, and its user presses Ctrl-C."""
    scripted.handler = lambda _: Answer(hang=True)
    script = textwrap.dedent(
        f"""
        import signal

        from imagebot.reference import Repository
        from imagebot.registry.client import RegistryClient
        from imagebot.registry.credentials import Credentials
        from imagebot.registry.listing import ask_each
        from tests.support.here import HERE

        # A shell's background job ignores it, and so would everything that the job starts.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        repositories = [Repository({scripted.host!r}, f"app{{n}}") for n in range(50)]
        try:
            with RegistryClient(Credentials([], {{}}), reach=HERE) as client:
                ask_each(repositories, client.tags)
        except KeyboardInterrupt:
            raise SystemExit(130)
        """
    )
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", script],
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    try:
        wait_until(lambda: len(scripted.requests) >= 8)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, errors) == (130, b"")
