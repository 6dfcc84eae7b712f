"""What the policies want of a target's head, with what earlier passes have kept of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from imagebot.config.model import Configuration, Target
from imagebot.git.url import identity_of
from imagebot.manifest.cache import (
    StaleScanError,
    UnencodableScanError,
    decode_value,
    encode_value,
)
from imagebot.parallel.threads import Progress
from imagebot.plan.build import Built, build, build_unmoved
from imagebot.plan.model import Plan, PlanTarget
from imagebot.plan.questions import Questions, nothing_moves
from imagebot.plan.resolve import Written, resolve
from imagebot.registry.api import Registry
from imagebot.run.keep import KeptFiles
from imagebot.scan.cache import read_kept, reader_version, write_kept
from imagebot.scan.checkout import CheckoutSource
from imagebot.scan.kept import KeptTree, find_tree, kept_inventory

_FORMAT = b"imagebot-asked-1"
# What decides which questions a scanned tree and a configuration make, and what is said of them.
_READERS = ("plan/*.py", "policy/model.py", "config/*.py", "glob.py", "text.py", "problem.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadContext:
    """What `build_head` asks with; as the arguments of `build`."""

    registry: Registry
    now: datetime
    written: Written
    waiting: Callable[[], AbstractContextManager[None]]
    progress: Progress | None


def build_head(
    source: CheckoutSource,
    configuration: Configuration,
    target: Target,
    files: KeptFiles,
    context: HeadContext,
    earlier: Built | None = None,
) -> Built:
    """What `build` makes of a checkout's head.

    Where the head and the configuration are as they were in an earlier pass, the questions are
    known; where nothing moves either, nothing else is looked at. `earlier` is of the same pass.
    Raises GitError.
    """
    found = find_tree(source, configuration, tree=files.tree, url=target.url)
    key = _key(found, configuration, target)
    if earlier is None and (known := _unmoved(found, key, configuration, target, files, context)):
        if known.questions:
            return known
        earlier = known
    inventory = kept_inventory(
        source, configuration, tree=files.tree, scans=files.scans, url=target.url, found=found
    )
    built = build(
        source,
        configuration,
        context.registry,
        now=context.now,
        target=_plan_target(target),
        limits=target.limits,
        inventory=inventory,
        written=context.written,
        waiting=context.waiting,
        progress=context.progress,
        earlier=earlier,
    )
    # The updates of a tree are published, so that the next pass finds another one.
    if built.questions and not built.plan.updates:
        _save(files.asked, key, built.questions)
    return built


def _unmoved(
    found: KeptTree,
    key: str,
    configuration: Configuration,
    target: Target,
    files: KeptFiles,
    context: HeadContext,
) -> Built | None:
    """The plan where nothing moves; only answers, without `questions`, where something does.

    None where the questions are not known.
    """
    questions = _load(files.asked, key) if found.body is not None else None
    if questions is None:
        return None
    with context.waiting():
        resolution = resolve(
            questions.queries(configuration),
            context.registry,
            now=context.now,
            written=context.written,
            progress=context.progress,
        )
    if not nothing_moves(resolution):
        return Built(Plan(), resolution, context.written)
    return build_unmoved(
        questions,
        resolution,
        configuration,
        target=_plan_target(target),
        limits=target.limits,
        inventory=found.inventory,
        written=context.written,
    )


def _plan_target(target: Target) -> PlanTarget:
    return PlanTarget(target.name, identity_of(target.url, target.branch))


def _key(found: KeptTree, configuration: Configuration, target: Target) -> str:
    """Equal where the same tree, configuration and limits are planned by the same code."""
    code = reader_version(Path(__file__).parent.parent, _READERS)
    said = repr((found.key, code, configuration, target.limits, _plan_target(target)))
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


def _load(path: Path, key: str) -> Questions | None:
    body = read_kept(path, _FORMAT, key)
    try:
        return None if body is None else decode_value(body, Questions)
    except StaleScanError:
        return None


def _save(path: Path, key: str, questions: Questions) -> None:
    try:
        body = encode_value(questions)
    except UnencodableScanError:
        return
    write_kept(path, _FORMAT, key, body)
