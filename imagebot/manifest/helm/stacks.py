"""Which Helm values are merged over which, from all files of a tree. Pure.

A stack is what one installation merges, lowest first: the values of the subcharts, those of the
chart, then the files and inline values of the release. Every layer of a stack is a section of a
file; `mount` is where its values are among those of the chart that is installed.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field, replace

from imagebot.git.url import same_repository
from imagebot.manifest.flux.nearest import Index
from imagebot.manifest.helm.convention import base_of
from imagebot.manifest.helm.instances import instances
from imagebot.manifest.helm.tree import Tree, is_glob
from imagebot.manifest.images.field import FluxObject, Scan, Unread
from imagebot.manifest.images.layers import Chart, Holder, Layer, Release, Section, ValuePath
from imagebot.manifest.images.overlay import Override
from imagebot.values import dataclass

# More layers, or more stacks with one file, than any release needs: each costs a look at values.
MAX_LAYERS = 64
_MAX_DEPTH = 8
# Subcharts of a chart, of these, and so on.
_MAX_VISITS = 200
_MAX_ABSENT = 1_000
# What is read has one of these names; where such a file is absent, it is not there, or ignored.
_READ = (".yaml", ".yml", ".json", ".gotmpl")
_WHOLE = Section()


@dataclass(frozen=True, slots=True)
class Place:
    """A layer: a section of a file, with its values at `mount`."""

    path: str
    section: Section = _WHOLE
    mount: ValuePath = ()


@dataclass(frozen=True, slots=True)
class Stack:
    """The layers of one installation, lowest first.

    `own` counts the first layers, which are values of charts: defaults that others override.
    `charts` are the folders of these charts with their mounts, also those without values.
    `released` is false where only a convention says so. `absent` names a chart that is not in
    the tree. `images` replace those that the templates make, each with its place.
    """

    layers: tuple[Place, ...]
    own: int = 0
    released: bool = False
    absent: str = ""
    charts: tuple[tuple[str, ValuePath], ...] = ()
    images: tuple[tuple[str, Override], ...] = ()


@dataclass(frozen=True, slots=True)
class Stacks:
    """Every stack of more than one layer, of a chart with templates, or of one that is absent.

    `templates` has the files of the templates of each chart, by its folder; `unread` what there is
    too much of. `absent` are files with values that are not among those of the tree, each with an
    entry for the case that it is there.
    """

    stacks: tuple[Stack, ...] = ()
    templates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unread: tuple[Unread, ...] = ()
    absent: tuple[tuple[str, Unread], ...] = ()


def find_stacks(scans: Mapping[str, Scan], paths: Iterable[str], url: str | None) -> Stacks:
    """The stacks of a tree; `url` is that of its Git repository, None if it is not known."""
    finder = _Finder(scans, Tree(paths), url)
    return finder.find()


class _Finder:
    def __init__(self, scans: Mapping[str, Scan], tree: Tree, url: str | None) -> None:
        self.tree = tree
        self.url = url or ""
        self.charts: dict[str, Chart] = {}
        for folder in tree.charts:
            scan = scans.get(posixpath.join(folder, "Chart.yaml"))
            chart = scan.chart if scan is not None else None
            self.charts[folder] = chart or Chart(posixpath.basename(folder))
        self._inside: dict[str, list[str]] = {}
        for folder in self.charts:
            above, _, _ = folder.rpartition("/")
            if above == "charts" or above.endswith("/charts"):
                self._inside.setdefault(above[: -len("/charts")], []).append(folder)
        self.releases = [(path, each) for path, scan in scans.items() for each in scan.releases]
        self._sources: dict[str, list[tuple[str, Release]]] = {}
        for path, each in self.releases:
            if each.by == "argocd-source":
                self._sources.setdefault(_normal(each.chart), []).append((path, each))
        self.holders: dict[str, list[tuple[str, Holder]]] = {}
        for path, scan in scans.items():
            for holder in scan.holders:
                kind, _, name = holder.name.split(":", 2)
                self.holders.setdefault(f"{kind}:{name}", []).append((path, holder))
        self._scans = scans
        self._index: Index | None = None
        self._own: dict[str, Stack] = {}
        self._visits = 0
        # Layers of releases that others patch: they may be installed without the patch too.
        self._patched: set[Place] = set()
        self.unread: list[Unread] = []
        self.absent: dict[str, Unread] = {}

    def find(self) -> Stacks:
        found: dict[Stack, None] = {}
        named: set[str] = set()
        bases = self._bases()
        for path, release in self.releases:
            for stack in self._of_release(path, release, bases):
                found[stack] = None
                named.update(each.path for each in stack.layers[stack.own :])
        for chart in self.charts:
            found[self._of_chart(chart)] = None
        for path in self.tree.paths:
            if path in named or not ("values" in path or "env" in path):
                continue
            if base := base_of(path, self.tree):
                known = self._of_chart(posixpath.dirname(base))
                own = known if Place(base) in known.layers else Stack((Place(base),), 1)
                found[replace(own, layers=(*own.layers, Place(path)))] = None
        matter = [each for each in found if self._matters(each)]
        # What one of them merges may be all that another release has.
        merged = {place for each in matter for place in each.layers}
        alone = (each for each in found if len(each.layers) == 1 and each.released)
        stacks = tuple(dict.fromkeys((*matter, *(e for e in alone if e.layers[0] in merged))))
        folders = (folder for stack in stacks for folder, _ in stack.charts)
        templates = {folder: self.tree.templates_of(folder) for folder in dict.fromkeys(folders)}
        there = {folder: files for folder, files in templates.items() if files}
        return Stacks(stacks, there, tuple(self.unread), tuple(self.absent.items()))

    def _matters(self, stack: Stack) -> bool:
        """Whether one layer says something about another, templates about values, or the chart of a
        release about what is missing."""
        if not stack.layers:
            return False
        if len(stack.layers) > 1 or stack.images or stack.layers[0] in self._patched:
            return True
        if stack.absent:
            scan = self._scans.get(stack.layers[0].path)
            return scan is not None and any(each.code == "no-repository" for each in scan.unread)
        return any(self.tree.templates_of(folder) for folder, _ in stack.charts)

    def _of_chart(self, chart: str) -> Stack:
        if chart not in self._own:
            self._visits = _MAX_VISITS
            charts = tuple(self._charts(chart, (), ()))
            named = ((self.tree.values_of(folder), mount) for folder, mount in charts)
            own = tuple(Place(path, mount=mount) for path, mount in named if path)
            whole = self._visits >= 0 and len(charts) <= MAX_LAYERS
            self._own[chart] = Stack(own, len(own), charts=charts) if whole else Stack(())
        return self._own[chart]

    def _charts(
        self, chart: str, mount: ValuePath, above: tuple[str, ...]
    ) -> Iterator[tuple[str, ValuePath]]:
        """The folders of the subcharts of a chart, then its own, with their mounts; charts may name
        each other in a circle."""
        if chart in above or len(above) > _MAX_DEPTH:
            return
        for alias, folder in self._subcharts(chart):
            self._visits -= 1
            if self._visits < 0:
                return
            yield from self._charts(folder, (*mount, alias), (*above, chart))
        yield chart, mount

    def _subcharts(self, chart: str) -> Iterator[tuple[str, str]]:
        known = self.charts.get(chart)
        seen: set[str] = set()
        for each in known.dependencies[:MAX_LAYERS] if known is not None else ():
            folder = posixpath.join(chart, "charts", each.name)
            if each.repository.startswith("file://"):
                folder = _normal(posixpath.join(chart, each.repository.removeprefix("file://")))
            seen.add(folder)
            if folder in self.charts:
                yield each.alias, folder
        for folder in self._inside.get(chart, ()):
            if folder not in seen:
                yield self.charts[folder].name or posixpath.basename(folder), folder

    def _bases(self) -> dict[tuple[str, str], list[tuple[str, Release]]]:
        """The complete releases by kind and name: others of that name are patches of them."""
        bases: dict[tuple[str, str], list[tuple[str, Release]]] = {}
        for path, release in self.releases:
            if not release.patch:
                bases.setdefault((release.by, release.name), []).append((path, release))
        return bases

    def _of_release(
        self,
        path: str,
        release: Release,
        bases: Mapping[tuple[str, str], list[tuple[str, Release]]],
    ) -> Iterator[Stack]:
        if not release.patch:
            yield from self._complete(path, release, ())
            return
        patch = list(self._places(path, release, release.layers))
        known = bases.get((release.by, release.name), [])
        for base_path, base in known[:MAX_LAYERS] if patch and len(patch) == 1 else ():
            for stack in self._complete(base_path, base, tuple(patch[0])):
                self._patched.update(stack.layers[:-1])
                yield stack

    def _complete(self, path: str, release: Release, more: tuple[Place, ...]) -> Iterator[Stack]:
        for each in instances(release, self.tree, self.url):
            chart, absent = self._chart(path, each)
            known = self._of_chart(chart) if chart is not None else Stack(())
            own = known.layers
            last = (*more, *self._overriding(path, each))
            for places in self._places(path, each, each.layers):
                layers = [place for place in places if place not in own]
                if release.by == "k3s":
                    # `set` goes before the values of patches too.
                    layers = sorted((*layers, *last), key=lambda each: each.section.parameters)
                whole = (*own, *layers, *(() if release.by == "k3s" else last))
                if len(whole) > MAX_LAYERS:
                    self._too_many(path, release)
                    return
                if layers or last:
                    absent = "" if own else absent
                    images = tuple((f"{path}:{one.line}", one) for one in release.images)
                    yield Stack(whole, len(own), True, absent, known.charts, images)

    def _overriding(self, path: str, release: Release) -> Iterator[Place]:
        """The layers of `.argocd-source` files in the folder of an Application, which win."""
        if release.by not in ("Application", "ApplicationSet") or release.named:
            return
        if not self._sources or not self._is_here(path, release):
            return
        for at, source in self._sources.get(_normal(release.chart), ()):
            name = posixpath.basename(at).partition(".argocd-source")[2].rpartition(".")[0]
            # The name of an ApplicationSet is not that of its Applications.
            own = release.by == "Application" and name == f"-{release.name}"
            if not name or own:
                for places in self._places(at, source, source.layers):
                    yield from places

    def _chart(self, path: str, release: Release) -> tuple[str | None, str]:
        """The folder of the chart in the tree, None if it is elsewhere; and what to call it."""
        absent = f"the chart `{release.chart[:200]}`"
        if release.named or not release.chart or not self._is_here(path, release):
            return None, absent if release.chart else "its chart"
        folder = _normal(release.chart)
        return (folder, "") if folder in self.charts else (None, absent)

    def _is_here(self, path: str, release: Release) -> bool:
        """Whether the files of a release are those of this tree."""
        if release.source:
            return self._source_is_here(path, release.source)
        if release.by in ("helmfile", "kustomization", "argocd-source", "Fleet"):
            return True
        return self._same(release.url)

    def _same(self, url: str) -> bool:
        """Whether a URL is that of this tree; where that is not known, any may be."""
        if not url:
            return False
        return not self.url or same_repository(url, self.url)

    def _source_is_here(self, path: str, source: str) -> bool:
        if self._index is None:
            self._index = Index(self._scans.values())
        found = self._index.choose("GitRepository", source, path, lambda each: each.url)
        if isinstance(found, FluxObject):
            return self._same(found.url)
        # `flux bootstrap` calls the repository that it is run for so.
        return found is None and source.rpartition(":")[2] == "flux-system"

    def _places(
        self, path: str, release: Release, layers: Iterable[Layer]
    ) -> Iterator[list[Place]]:
        """The layers of a release; several lists where a name stands for one of several objects."""
        found: list[list[Place]] = [[]]
        for layer in layers:
            choices = self._of_layer(path, release, layer)
            if choices is None:
                self._too_many(path, release)
                return
            if len(choices) == 1 or len(found) * len(choices) > MAX_LAYERS:
                choices = choices[:1]
            if choices:
                found = [[*each, *choice] for each in found for choice in choices]
        yield from found

    def _of_layer(self, path: str, release: Release, layer: Layer) -> list[list[Place]] | None:
        """The choices for one layer; no choice if it is not in the tree, None if it is too much."""
        if layer.holder:
            return [[place] for place in self._held(path, layer.holder)]
        if not layer.file:
            return [[Place(path, Section(layer.document, layer.keys, layer.parameters))]]
        file = self._file(path, release, layer.file)
        if is_glob(file) and file not in self.tree.files:
            matched = self.tree.globbed(file, MAX_LAYERS)
            return None if matched is None else [[Place(each) for each in matched]]
        if file in self.tree.files:
            return [[Place(file)]]
        if file and not file.startswith("..") and "{{" not in file:
            self._note_absent(path, layer, file)
        return []

    def _note_absent(self, path: str, layer: Layer, file: str) -> None:
        if len(self.absent) < _MAX_ABSENT and not file.endswith(_READ):
            name = posixpath.basename(file)
            reason = f"the values in {file} are not read: name it `{name}.yaml`"
            self.absent.setdefault(file, Unread(path, layer.line, "not-yaml", reason, True))

    def _file(self, path: str, release: Release, written: str) -> str:
        """A file of a release as a path from the top; "" if it is not in this tree."""
        if "://" in written:
            return ""
        if written.startswith("$"):
            name, _, rest = written[1:].partition("/")
            url = dict(release.refs).get(name, "")
            return _normal(rest) if self._same(url) else ""
        if not self._is_here(path, release):
            return ""
        if written.startswith("/"):
            # The root of a packaged chart is its own.
            packaged = release.named and release.by in ("Application", "ApplicationSet")
            return "" if packaged else _normal(written.lstrip("/"))
        return "" if release.named else _normal(posixpath.join(release.chart, written))

    def _held(self, path: str, holder: str) -> list[Place]:
        """Where the values of a ConfigMap or Secret are: those of the nearest one of that name."""
        kind, namespace, name = holder.split(":", 2)
        known = [
            (at, each)
            for at, each in self.holders.get(f"{kind}:{name}", ())
            if not namespace or each.name.split(":", 2)[1] in ("", namespace)
        ]
        nearest = max((_common(path, at) for at, _ in known), default=0)
        return [
            Place(each.file) if each.file else Place(at, Section(each.document, each.keys))
            for at, each in known
            if _common(path, at) == nearest and (not each.file or each.file in self.tree.files)
        ]

    def _too_many(self, path: str, release: Release) -> None:
        reason = f"{release.by} {release.name[:200]} has more than {MAX_LAYERS} layers of values"
        self.unread.append(Unread(path, release.line, "too-big", reason, True))


def _normal(path: str) -> str:
    """A path without `.` and `..`; one that leads out of the tree matches no file."""
    path = posixpath.normpath(path.lstrip("/"))
    return "" if path == "." else path


def _common(one: str, other: str) -> int:
    """How many leading folders two paths have in common."""
    count = 0
    for left, right in zip(one.split("/")[:-1], other.split("/")[:-1], strict=False):
        if left != right:
            break
        count += 1
    return count
