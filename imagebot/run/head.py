"""What the policies want of a target's head, with what earlier passes have kept of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime

from imagebot.config.model import Configuration, Target
from imagebot.parallel.threads import Progress
from imagebot.plan.build import Built, build, build_unmoved
from imagebot.plan.model import Plan
from imagebot.plan.questions import nothing_moves
from imagebot.plan.resolve import Written, resolve
from imagebot.registry.api import Registry
from imagebot.run.asked import asked_key, load_questions, plan_target, save_questions
from imagebot.run.keep import KeptFiles
from imagebot.scan.checkout import CheckoutSource
from imagebot.scan.kept import KeptTree, find_tree, kept_inventory
from imagebot.values import dataclass


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
    key = asked_key(found, configuration, target)
    known = None
    if earlier is None:
        known = _unmoved(found, key, configuration, target, files, context)
    if known and known.questions:
        return known
    inventory = kept_inventory(
        source, configuration, tree=files.tree, scans=files.scans, url=target.url, found=found
    )
    built = build(
        source,
        configuration,
        context.registry,
        now=context.now,
        target=plan_target(target),
        limits=target.limits,
        inventory=inventory,
        written=context.written,
        waiting=context.waiting,
        progress=context.progress,
        earlier=earlier or known,
    )
    # The updates of a tree are published, so that the next pass finds another one.
    if known is None and built.questions and not built.plan.updates:
        save_questions(files.asked, key, built.questions)
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
    questions = load_questions(files.asked, key) if found.body is not None else None
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
        target=plan_target(target),
        limits=target.limits,
        inventory=found.inventory,
        written=context.written,
    )
