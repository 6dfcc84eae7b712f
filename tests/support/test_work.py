from __future__ import annotations

from tests.support.work import count_steps, is_linear


def visit(times: int) -> None:
    for _ in range(times):
        pass


def visit_pairs(times: int) -> None:
    for number in range(times):
        visit(number)


def steps(work: object, times: int) -> int:
    assert callable(work)
    return count_steps(lambda: work(times))


def test_steps_are_counted_in_every_version_of_python() -> None:
    assert steps(visit, 800) > 800
    assert steps(visit, 100) == steps(visit, 100)


def test_what_is_linear() -> None:
    assert is_linear(steps(visit, 100), steps(visit, 800))
    assert not is_linear(steps(visit_pairs, 100), steps(visit_pairs, 800))


def test_a_part_that_is_not_linear_is_seen() -> None:
    """Of a hundred steps for each, one for each pair at half of the size."""

    def work(times: int) -> None:
        visit(100 * times)
        visit_pairs(times // 2)

    assert not is_linear(steps(work, 100), steps(work, 800))
