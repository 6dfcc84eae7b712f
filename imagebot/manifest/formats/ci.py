"""Images that continuous integration runs its jobs in: GitLab CI, GitHub Actions and CircleCI."""

from __future__ import annotations

from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.images.findings import Keys
from imagebot.manifest.images.walk import walk
from imagebot.manifest.yaml.tree import Mapping, Node, is_scalar

_DOCKER = "docker://"


def find_gitlab(context: DocumentContext, root: Mapping, keys: Keys) -> None:
    """`image` and `services` at the top, under `default`, and of every job."""
    _find_gitlab_job(context, root, keys, None)
    for name, (_, job) in root.items():
        if isinstance(job, Mapping) and name not in ("image", "services", "variables"):
            _find_gitlab_job(context, job, (*keys, name), name)


def _find_gitlab_job(context: DocumentContext, job: Mapping, keys: Keys, name: str | None) -> None:
    _image_or_name(context, job.node("image"), (*keys, "image"), name)
    for number, service in enumerate(job.sequence("services") or ()):
        _image_or_name(context, service, (*keys, "services", number), name)


def _image_or_name(context: DocumentContext, node: Node, keys: Keys, job: str | None) -> None:
    if is_scalar(node):
        context.inline(node, keys, container=job)
    elif isinstance(node, Mapping) and (name := node.scalar("name")) is not None:
        context.inline(name, (*keys, "name"), container=job)


def find_github(context: DocumentContext, root: Mapping, keys: Keys) -> None:
    """`container`, `services` and `uses: docker://…` of jobs; `runs.image` of an action."""
    jobs = root.mapping("jobs") or Mapping()
    for name, (_, job) in jobs.items():
        if isinstance(job, Mapping):
            _find_github_job(context, job, (*keys, "jobs", name), name)
    runs = root.mapping("runs")
    if runs is not None:
        _docker(context, runs.node("image"), (*keys, "runs", "image"), None)
        _find_steps(context, runs, (*keys, "runs"), None)


def _find_github_job(context: DocumentContext, job: Mapping, keys: Keys, name: str) -> None:
    container = job.node("container")
    at = (*keys, "container")
    if isinstance(container, Mapping):
        container, at = container.node("image"), (*at, "image")
    if is_scalar(container):
        context.inline(container, at, container=name)
    for service, (_, settings) in (job.mapping("services") or {}).items():
        at = (*keys, "services", service)
        if is_scalar(settings):
            context.inline(settings, at, container=service)
        elif isinstance(settings, Mapping) and (image := settings.scalar("image")) is not None:
            context.inline(image, (*at, "image"), container=service)
    _find_steps(context, job, keys, name)


def _find_steps(context: DocumentContext, owner: Mapping, keys: Keys, job: str | None) -> None:
    for number, step in enumerate(owner.sequence("steps") or ()):
        if isinstance(step, Mapping):
            _docker(context, step.node("uses"), (*keys, "steps", number, "uses"), job)


def _docker(context: DocumentContext, node: Node, keys: Keys, job: str | None) -> None:
    if is_scalar(node) and node.value.strip().startswith(_DOCKER):
        context.inline(node, keys, container=job, span=(len(_DOCKER), None))


def find_circle(context: DocumentContext, root: Mapping, keys: Keys) -> None:
    """`docker` lists of jobs, executors and orbs; `machine.image` is not a container."""
    walk(context, root, keys, _find_executor)


def _find_executor(context: DocumentContext, executor: Mapping, keys: Keys) -> None:
    if "docker" not in executor:
        return
    name = str(keys[-1]) if keys else None
    for number, item in enumerate(executor.sequence("docker") or ()):
        if isinstance(item, Mapping) and (image := item.scalar("image")) is not None:
            context.inline(image, (*keys, "docker", number, "image"), container=name)
