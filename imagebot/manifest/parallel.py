"""Scans and edits many files, in a second process too where that pays."""

from __future__ import annotations

import gc
import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, TypeVar

from imagebot.errors import RefusedEditError
from imagebot.manifest.cache import decode, encode
from imagebot.manifest.edit import edit
from imagebot.manifest.events import event_classes, has_c_parser
from imagebot.manifest.field import FieldEdit, Scan
from imagebot.manifest.options import ScanOptions
from imagebot.manifest.scan import may_hold_images, scan

Item = tuple[str, bytes, ScanOptions]
EditItem = tuple[str, bytes, Sequence[FieldEdit]]
Plain = list[Any]
In = TypeVar("In", Item, EditItem, tuple[int, Item])
Out = TypeVar("Out")

# Starting processes costs as much as scanning this much, or editing that much.
_WORTH_SCANNING = 2 * 1024 * 1024
_WORTH_EDITING = 512 * 1024
_CHUNK = 256 * 1024
_AHEAD = 6
_NOTHING = Scan()


def scan_many(items: Iterable[Item], *, processes: int = 1) -> Iterator[tuple[str, Scan]]:
    """The scan of every (path, content, options), in the order given.

    More than one process may only be asked for by a process that has one thread: the others are
    forked from it. They are only started when there is enough to read.
    """
    relevant = (item if may_hold_images(*item) else (item[0], b"", item[2]) for item in items)
    first, rest, is_much = _look_ahead(relevant, processes, _WORTH_SCANNING)
    if not is_much:
        for path, data, options in chain(first, rest):
            yield path, scan(path, data, options) if data else _NOTHING
        return
    tasks = _tasks(chain(first, rest))
    for paths, plain in _run(_scan_task, tasks, processes):
        found = dict(plain)
        for number, path in enumerate(paths):
            yield path, decode(found.get(number, []), path)


def edit_many(
    items: Iterable[EditItem], *, processes: int = 1
) -> Iterator[tuple[str, bytes | RefusedEditError]]:
    """Every file edited, or the refusal, in the order given; for `processes` see `scan_many`."""
    first, rest, is_much = _look_ahead(items, processes, _WORTH_EDITING)
    if not is_much:
        for item in chain(first, rest):
            yield item[0], _edit(item)
        return
    for paths, made in _run(_edit_task, _edit_tasks(chain(first, rest)), processes):
        for path, new in zip(paths, made, strict=True):
            yield path, new if isinstance(new, bytes) else _refusal(new)


def _look_ahead(
    items: Iterable[In], processes: int, worth: int
) -> tuple[list[In], Iterator[In], bool]:
    """The first items, the others, and whether they are so many that processes pay."""
    rest = iter(items)
    first: list[In] = []
    if processes < 2 or "fork" not in multiprocessing.get_all_start_methods():
        return first, rest, False
    size = 0
    for item in rest:
        first.append(item)
        size += len(item[1])
        if size > worth:
            return first, rest, True
    return first, rest, False


def _run(
    work: Callable[[list[In]], list[Out]],
    tasks: Iterator[tuple[list[str], list[In]]],
    processes: int,
) -> Iterator[tuple[list[str], list[Out]]]:
    """The result of each task with its paths; few are under way at a time, to bound memory."""
    # What every task needs is imported once, before the processes part.
    if has_c_parser():
        event_classes()
    with multiprocessing.get_context("fork").Pool(processes, _prepare) as pool:
        running: deque[tuple[list[str], Any]] = deque()
        for paths, task in tasks:
            running.append((paths, pool.apply_async(work, (task,)) if task else None))
            if len(running) > _AHEAD:
                yield _result(*running.popleft())
        while running:
            yield _result(*running.popleft())


def _prepare() -> None:
    """A worker makes many small values and keeps none: collecting them often only costs time."""
    gc.freeze()
    gc.set_threshold(50_000)


def _result(paths: list[str], running: Any) -> tuple[list[str], list[Any]]:
    return paths, [] if running is None else running.get()


def _tasks(items: Iterator[Item]) -> Iterator[tuple[list[str], list[tuple[int, Item]]]]:
    """Chunks of work: all paths, and those of them (by number) that are worth sending."""
    paths: list[str] = []
    task: list[tuple[int, Item]] = []
    size = 0
    for item in items:
        if item[1]:
            task.append((len(paths), item))
            size += len(item[1])
        paths.append(item[0])
        if size > _CHUNK:
            yield paths, task
            paths, task, size = [], [], 0
    if paths:
        yield paths, task


def _scan_task(task: list[tuple[int, Item]]) -> list[tuple[int, Plain]]:
    return [(number, encode(scan(*item))) for number, item in task]


def _edit_tasks(items: Iterator[EditItem]) -> Iterator[tuple[list[str], list[EditItem]]]:
    task: list[EditItem] = []
    size = 0
    for item in items:
        task.append(item)
        size += len(item[1])
        if size > _CHUNK:
            yield [each[0] for each in task], task
            task, size = [], 0
    if task:
        yield [each[0] for each in task], task


def _edit_task(task: list[EditItem]) -> list[bytes | Plain]:
    """New contents; of a refusal what it is made of, since an exception may not survive."""
    made = [_edit(item) for item in task]
    return [
        new if isinstance(new, bytes) else [new.path, new.line, new.reason, new.hint]
        for new in made
    ]


def _edit(item: EditItem) -> bytes | RefusedEditError:
    try:
        return edit(*item)
    except RefusedEditError as refusal:
        return refusal


def _refusal(plain: Plain) -> RefusedEditError:
    path, line, reason, hint = plain
    return RefusedEditError(path, line, reason, hint=hint)
