"""Charts and artifacts in OCI registries: their versions are tags."""

from __future__ import annotations

from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.images.findings import Keys, RepositoryLink
from imagebot.manifest.images.layers import Chart, ChartDependency
from imagebot.manifest.images.naming import said
from imagebot.manifest.images.split import Split, find_split
from imagebot.manifest.images.versions import is_artifact_tag
from imagebot.manifest.yaml.tree import Mapping
from imagebot.reference import is_digest

_SCHEME = "oci://"
_REPOSITORIES = ("repository", "repo")


def find(context: DocumentContext, root: Mapping, keys: Keys) -> None:
    """The `dependencies` of a `Chart.yaml` that come from `oci://` repositories."""
    dependencies: list[ChartDependency] = []
    for number, entry in enumerate(root.sequence("dependencies") or ()):
        if isinstance(entry, Mapping):
            at = (*keys, "dependencies", number)
            find_versioned(context, entry, entry.text("repository"), entry.text("name"), at)
            dependencies.append(_dependency(entry))
    chart = Chart(root.text("name"), root.text("appVersion"), tuple(dependencies))
    context.findings.charts.append(chart)


def _dependency(entry: Mapping) -> ChartDependency:
    name = entry.text("name")
    return ChartDependency(
        name, entry.text("alias") or name, entry.text("repository"), entry.text("version")
    )


def find_by_keys(context: DocumentContext, mapping: Mapping, keys: Keys) -> None:
    """A chart in a mapping of any format: `{chart: oci://…, version}`, as in k3s, Fleet and
    helmfile, `{repository: oci://…, name, version}`, as in Crossplane, and in other keys."""
    _find_named(context, mapping, keys)
    key = next((each for each in ("chart", *_REPOSITORIES) if _is_registry(mapping, each)), "")
    if not key or mapping.scalar("version") is None:
        return
    url = said(mapping, key).rstrip("/")
    if key == "chart":
        url, _, name = url.rpartition("/")
    else:
        key = "chart" if said(mapping, "chart") else "name"
        name = said(mapping, key)
    at = mapping.scalar(key)
    if at is not None and not context.is_variable(at, f"{url}/{name}"):
        find_versioned(context, mapping, url, name, keys, loose=True)


def _find_named(context: DocumentContext, mapping: Mapping, keys: Keys) -> None:
    """`{repositoryURL: oci://…, chartName, chartVersion}`, as in Sveltos, and vendir's
    `helmChart: {name, version, repository: {url: oci://…}}`."""
    if _is_registry(mapping, "repositoryURL"):
        url, name, version = said(mapping, "repositoryURL"), "chartName", "chartVersion"
    elif (repository := mapping.mapping("repository")) is not None and keys[-1:] == ("helmChart",):
        url, name, version = said(repository, "url"), "name", "version"
    else:
        return
    chart = said(mapping, name)
    if chart.startswith(_SCHEME):
        url, _, chart = chart.rpartition("/")
    at = mapping.scalar(name)
    if at is None or mapping.scalar(version) is None or context.is_variable(at, f"{url}/{chart}"):
        return
    find_versioned(context, mapping, url, chart, keys, version=version, loose=True)


def _is_registry(mapping: Mapping, key: str) -> bool:
    return said(mapping, key).startswith(_SCHEME)


def find_versioned(
    context: DocumentContext,
    owner: Mapping,
    url: str,
    chart: str,
    keys: Keys,
    *,
    version: str = "version",
    loose: bool = False,
) -> None:
    """A chart named `chart` below an `oci://` URL; other URLs are not images. `loose` is for keys
    that may also hold something else."""
    if url.startswith(_SCHEME) and chart:
        name = f"{url.removeprefix(_SCHEME).rstrip('/')}/{chart}"
        find_version(context, owner, name, keys, version=version, chart=chart, loose=loose)


def find_version(
    context: DocumentContext,
    owner: Mapping,
    name: str,
    keys: Keys,
    *,
    chart: str,
    version: str = "version",
    loose: bool = False,
    link: RepositoryLink | None = None,
) -> None:
    """A chart whose name is known; `link` says which object completes it."""
    shape = Split(
        owner=owner,
        name=name,
        tag=version,
        digest="",
        registry="",
        new_digest="never",
        versions=True,
        link=link,
    )
    find_split(context, shape, keys, container=chart, loose=loose)


def find_artifact(
    context: DocumentContext, owner: Mapping, url: str, keys: Keys, *, version: str
) -> None:
    """An artifact at an `oci://` URL that is not a chart: any tag or digest is a version of it."""
    name = url.removeprefix(_SCHEME).rstrip("/")
    scalar = owner.scalar(version)
    if scalar is None or not name or context.is_variable(scalar, scalar.value):
        return
    if not is_artifact_tag(context, scalar):
        return
    pinned = is_digest(scalar.value.strip())
    shape = Split(
        owner=owner,
        name=name,
        tag="" if pinned else version,
        digest=version if pinned else "",
        registry="",
        new_digest="never",
    )
    find_split(context, shape, keys, container=name.rpartition("/")[2])
