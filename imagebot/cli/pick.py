"""`imagebot pick`"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import click

from imagebot.cli.options import format_option
from imagebot.cli.output import print_json
from imagebot.cli.policy_options import merged_policy, policy_options
from imagebot.cli.process import pass_process
from imagebot.errors import InvalidReferenceError, UsageError
from imagebot.problem import Exit
from imagebot.reference import Reference, is_tag, parse_reference
from imagebot.run.diagnostics import open_diagnostics
from imagebot.run.process import Process
from imagebot.run.registries import open_registries
from imagebot.text import printable, printable_lines
from imagebot.values import dataclass
from imagebot.version.chart import chart_version, registry_tag, with_registry_tag

if TYPE_CHECKING:
    from imagebot.policy.model import Decision, Policy


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question to a policy, and its answer."""

    reference: Reference
    tags: tuple[str, ...]
    decision: Decision


@click.command("pick")
@click.argument("repository", metavar="REPOSITORY|-")
@click.option(
    "--current",
    metavar="TAG",
    help="The tag in use: the chosen tag has its shape, and is not lower.",
)
@click.option(
    "--chart",
    is_flag=True,
    help="The tags are of a Helm chart: only SemVer 2, with + for _. Implied by a + in TAG.",
)
@policy_options
@click.option("--why", metavar="TAG", multiple=True, help="Explain only this tag; repeatable.")
@click.option("-q", "--quiet", is_flag=True, help="No explanation on stderr.")
@format_option
@pass_process
def command(
    process: Process,
    /,
    repository: str,
    current: str | None,
    chart: bool,
    why: tuple[str, ...],
    quiet: bool,
    output_format: str,
    **keys: object,
) -> int:
    """Choose a tag of REPOSITORY by a policy, and explain every tag.

    The chosen tag alone goes to stdout, the explanation to stderr. With `-` the tags are read from
    stdin, one per line, and no registry is needed. Exits with 5 when nothing is chosen.
    """
    from imagebot.plan.report import pick_document
    from imagebot.policy.explain import explain
    from imagebot.policy.update_types import version_of

    open_diagnostics("text", quiet, process.vault)
    policy = merged_policy(keys)
    is_stdin = repository == "-"
    reference = _reference("stdin" if is_stdin else repository, current, chart)
    if reference.tag is None and reference.digest is None and _says_no_order(keys):
        # `--min-age 3d` alone keeps a tag in a file. Here there is none yet.
        policy = replace(policy, order="shape") if policy.order == "none" else policy
    asked = _of_stdin(policy, reference) if is_stdin else _of_registry(process, policy, reference)
    decision = asked.decision
    chosen = _chosen(decision, asked.reference)
    if output_format == "json":
        name = "-" if is_stdin else str(asked.reference.repository)
        shown = replace(decision, tag=chosen)
        versions = partial(version_of, policy)
        print_json(pick_document(name, asked.reference.tag, shown, versions))
    elif chosen is not None:
        click.echo(f"{chosen}@{decision.digest}" if decision.digest else chosen)
    if not quiet and output_format == "table":
        told = explain(policy, asked.tags, decision, asked.reference, of_interest=why or None)
        click.echo(printable_lines(str(told)), err=True)
    return Exit.WELL if chosen is not None else Exit.NOTHING_CHOSEN


def _says_no_order(keys: Mapping[str, object]) -> bool:
    return keys["policy_name"] is None and keys["order"] is None


def _of_stdin(policy: Policy, reference: Reference) -> _Asked:
    from imagebot.plan.resolve import answer_offline

    lines = [line.strip() for line in sys.stdin]
    tags = tuple(line for line in lines if line)
    for tag in tags:
        if not is_tag(registry_tag(tag) if reference.chart else tag):
            raise UsageError(
                f"stdin: {printable(tag)[:80]!r} is not a tag", hint="write one tag per line"
            )
    decision = answer_offline(policy, tags, reference, now=datetime.now(UTC))
    return _Asked(reference, tags, decision)


def _of_registry(process: Process, policy: Policy, reference: Reference) -> _Asked:
    from imagebot.plan.resolve import answer, needs_tags

    with open_registries(process) as registry:
        listed = needs_tags(policy, reference)
        tags = registry.tags(reference.repository) if listed else ()
        decision = answer(policy, tags, reference, registry, now=datetime.now(UTC))
    return _Asked(reference, tags, decision)


def _reference(repository: str, current: str | None, chart: bool) -> Reference:
    try:
        reference = parse_reference(with_registry_tag(repository))
    except InvalidReferenceError as error:
        raise UsageError(error.message, hint="write ghcr.io/acme/app, or app:1.2") from error
    if current is not None:
        if reference.tag is not None:
            raise UsageError("give the current tag once: after the colon, or with --current")
        if not is_tag(registry_tag(current)):
            raise UsageError(f"--current: {printable(current)!r} is not a tag")
        reference = reference.to(current, reference.digest)
    if not (chart or "+" in repository or "+" in (current or "")):
        return reference
    version = reference.tag and chart_version(reference.tag)
    return replace(reference, tag=version or reference.tag, chart=True)


def _chosen(decision: Decision, reference: Reference) -> str | None:
    """The tag a field should have: the current one where it is the best already."""
    if decision.tag is not None:
        return decision.tag
    stays = decision.moves or decision.code == "current" or reference.tag in decision.candidates
    return reference.tag if stays else None
