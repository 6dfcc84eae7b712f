"""Scans many files, in a second process too where that pays."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from imagebot.manifest.cache import decode, encode
from imagebot.manifest.events import event_classes, has_c_parser
from imagebot.manifest.field import Scan
from imagebot.manifest.options import ScanOptions
from imagebot.manifest.scan import may_hold_images, scan

Item = tuple[str, bytes, ScanOptions]
_Task = list[Item]

# Starting processes costs as much as scanning this much.
_WORTH_IT = 2 * 1024 * 1024
_CHUNK = 256 * 1024
_AHEAD = 6


def scan_many(items: Iterable[Item], *, processes: int = 1) -> Iterator[tuple[str, Scan]]:
    """The scan of every (path, content, options), in the order given.

    More than one process may only be asked for by a process that has one thread: the others are
    forked from it. They are only started when there is enough to read.
    """
    waiting: _Task = []
    size = 0
    rest = iter(items)
    if processes > 1 and "fork" in multiprocessing.get_all_start_methods():
        for item in rest:
            waiting.append(item)
            if may_hold_images(*item):
                size += len(item[1])
            if size > _WORTH_IT:
                yield from _scan_in_pool(_chain(waiting, rest), processes)
                return
    for path, data, options in _chain(waiting, rest):
        yield path, scan(path, data, options)


def _chain(first: _Task, rest: Iterator[Item]) -> Iterator[Item]:
    first.reverse()
    while first:
        yield first.pop()
    yield from rest


def _scan_in_pool(items: Iterator[Item], processes: int) -> Iterator[tuple[str, Scan]]:
    # What every file needs is imported once, before the processes part.
    if has_c_parser():
        event_classes()

    with multiprocessing.get_context("fork").Pool(processes) as pool:
        running: deque[tuple[list[str], Any]] = deque()
        for paths, task in _tasks(items):
            running.append((paths, pool.apply_async(_scan_task, (task,)) if task else None))
            if len(running) > _AHEAD:
                yield from _results(*running.popleft())
        while running:
            yield from _results(*running.popleft())


def _tasks(items: Iterator[Item]) -> Iterator[tuple[list[str], list[tuple[int, Item]]]]:
    """Chunks of work: all paths, and those of them (by number) that are worth sending."""
    paths: list[str] = []
    task: list[tuple[int, Item]] = []
    size = 0
    for item in items:
        if may_hold_images(*item):
            task.append((len(paths), item))
            size += len(item[1])
        paths.append(item[0])
        if size > _CHUNK:
            yield paths, task
            paths, task, size = [], [], 0
    if paths:
        yield paths, task


def _scan_task(task: list[tuple[int, Item]]) -> list[tuple[int, list[Any]]]:
    return [(number, encode(scan(*item))) for number, item in task]


def _results(paths: list[str], running: Any) -> Iterator[tuple[str, Scan]]:
    found = dict(running.get()) if running is not None else {}
    for number, path in enumerate(paths):
        yield path, decode(found.get(number, []), path)
