"""Images that continuous integration runs its jobs in: GitLab CI, GitHub Actions and CircleCI."""

from __future__ import annotations

from imagebot.manifest.images.found import Found
from imagebot.manifest.images.sheet import Keys
from imagebot.manifest.images.walk import walk
from imagebot.manifest.yaml.tree import Mapping, Node, is_scalar

_DOCKER = "docker://"


def find_gitlab(found: Found, root: Mapping, keys: Keys) -> None:
    """`image` and `services` at the top, under `default`, and of every job."""
    _find_gitlab_job(found, root, keys, None)
    for name, (_, job) in root.items():
        if isinstance(job, Mapping) and name not in ("image", "services", "variables"):
            _find_gitlab_job(found, job, (*keys, name), name)


def _find_gitlab_job(found: Found, job: Mapping, keys: Keys, name: str | None) -> None:
    _image_or_name(found, job.node("image"), (*keys, "image"), name)
    for number, service in enumerate(job.sequence("services") or ()):
        _image_or_name(found, service, (*keys, "services", number), name)


def _image_or_name(found: Found, node: Node, keys: Keys, job: str | None) -> None:
    if is_scalar(node):
        found.inline(node, keys, container=job)
    elif isinstance(node, Mapping) and (name := node.scalar("name")) is not None:
        found.inline(name, (*keys, "name"), container=job)


def find_github(found: Found, root: Mapping, keys: Keys) -> None:
    """`container`, `services` and `uses: docker://…` of jobs; `runs.image` of an action."""
    jobs = root.mapping("jobs") or Mapping()
    for name, (_, job) in jobs.items():
        if isinstance(job, Mapping):
            _find_github_job(found, job, (*keys, "jobs", name), name)
    runs = root.mapping("runs")
    if runs is not None:
        _docker(found, runs.node("image"), (*keys, "runs", "image"), None)
        _find_steps(found, runs, (*keys, "runs"), None)


def _find_github_job(found: Found, job: Mapping, keys: Keys, name: str) -> None:
    container = job.node("container")
    at = (*keys, "container")
    if isinstance(container, Mapping):
        container, at = container.node("image"), (*at, "image")
    if is_scalar(container):
        found.inline(container, at, container=name)
    for service, (_, settings) in (job.mapping("services") or {}).items():
        if isinstance(settings, Mapping) and (image := settings.scalar("image")) is not None:
            found.inline(image, (*keys, "services", service, "image"), container=service)
    _find_steps(found, job, keys, name)


def _find_steps(found: Found, owner: Mapping, keys: Keys, job: str | None) -> None:
    for number, step in enumerate(owner.sequence("steps") or ()):
        if isinstance(step, Mapping):
            _docker(found, step.node("uses"), (*keys, "steps", number, "uses"), job)


def _docker(found: Found, node: Node, keys: Keys, job: str | None) -> None:
    if is_scalar(node) and node.value.strip().startswith(_DOCKER):
        found.inline(node, keys, container=job, span=(len(_DOCKER), None))


def find_circle(found: Found, root: Mapping, keys: Keys) -> None:
    """`docker` lists of jobs and executors, also those of orbs; `machine.image` is no container."""
    walk(found, root, keys, _find_executor)


def _find_executor(found: Found, executor: Mapping, keys: Keys) -> None:
    if "docker" not in executor:
        return
    name = str(keys[-1]) if keys else None
    for number, item in enumerate(executor.sequence("docker") or ()):
        if isinstance(item, Mapping) and (image := item.scalar("image")) is not None:
            found.inline(image, (*keys, "docker", number, "image"), container=name)
