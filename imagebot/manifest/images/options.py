"""The options of a scan: everything it depends on besides the path and bytes of a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from imagebot.glob import compile_captures
from imagebot.manifest.images.layers import Layers, Section
from imagebot.values import dataclass

# Texts in files that say which image is meant, or leave that to another file:
# Flux's markers and image objects, and HelmRepository objects, of which the nearest counts.
REFERS_ELSEWHERE = (
    "$imagepolicy",
    "image.toolkit.fluxcd.io",
    "source.toolkit.fluxcd.io",
    "oci://",
    # Who deploys a kustomization, and may replace its images.
    "fieldPaths:",
    "kustomize.toolkit.fluxcd.io",
    "argoproj.io/",
)

# Texts in files that say which values Helm merges.
LAYERS = (
    *("valueFiles", "valuesFrom", "helm.toolkit", "source.toolkit", "helmCharts", "Generator:"),
    *("releases:", "parameters:", "valuesObject", "dependencies:", "appVersion", "ConfigMap"),
    "ApplicationSet",
    *("helm.crossplane.io/", "helm.cattle.io/", "valuesFiles:"),
)

# Texts in files without which another file with markers could be read differently: markers, Flux's
# objects, releases of charts and what they merge. Kustomizations, charts and what changes sources
# of Applications are known by their names.
MARKED_OR_NEEDED = (
    *("$imagepolicy", "magebot", "mageBot", "MAGEBOT", "toolkit.fluxcd.io", "argoproj.io/"),
    *("repoURL", "releases:", "valuesFrom", "valueFiles", "ConfigMap", "stringData"),
    *("helm.crossplane.io/", "helm.cattle.io/", "valuesFiles:"),
)

# A key that stands for an image of this name without naming it: kubeadm's `dns`.
UNSAID = {"coredns": "imageRepository"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraField:
    """A configured image location: dotted paths to the parts of a reference in a document.

    The document is a resource of a `kind` (`*`: any), or with `kind` "" any YAML, in files that a
    glob of `files` matches, or if that is empty in all. `image` is the name of the repository where
    the document does not have it, in which `{name}` is what the glob captures.
    """

    kind: str = ""
    path: str = ""
    registry: str = ""
    repository: str = ""
    tag: str = ""
    digest: str = ""
    files: tuple[str, ...] = ()
    image: str = ""

    def captured(self, path: str) -> Mapping[str, str] | None:
        """What the first matching glob captures of the path of a file, None if none matches."""
        if not self.files:
            return {}
        found = (compile_captures(glob)(path) for glob in self.files)
        return next((each for each in found if each is not None), None)

    def names(self, path: str) -> bool:
        """Whether this says that a file is YAML whose name does not say so.

        Its name has no extension, or a glob that matches it has the same one.
        """
        name = path.rpartition("/")[2]
        _, dot, extension = name.rpartition(".")
        return any(
            (not dot or glob.endswith(f".{extension}")) and compile_captures(glob)(path) is not None
            for glob in self.files
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraFile:
    """Files that are not YAML: globs, and an RE2 pattern with the groups name, tag and digest."""

    match: tuple[str, ...]
    pattern: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanOptions:
    """`fields` and `files` are configured image locations; `chart` means that the file is under
    `templates/` next to a `Chart.yaml`, `compose_defaults` that `${VAR:-app:1.2}` is read as
    `app:1.2`.

    `mentions` narrows a scan to files with any of these texts: the last parts of repository names,
    for a pass that looks for given images only. A file that is too large to read is still listed.

    `is_env` says that a kustomization makes a ConfigMap of the lines of the file.
    `markers_only` leaves out files without markers, except those that others depend on: they are
    not parsed, and nothing is said of them.

    `layers` has, by path, what other layers of Helm values give to the values of a file. With
    `sections` a scan has the values of these sections of the file, and nothing else. With
    `as_words` it has the images of the templates of ApplicationSets, and nothing else.
    """

    fields: tuple[ExtraField, ...] = ()
    files: tuple[ExtraFile, ...] = ()
    chart: bool = False
    compose_defaults: bool = False
    mentions: tuple[str, ...] = ()
    is_env: bool = False
    markers_only: bool = False
    layers: Layers = field(default_factory=dict, hash=False)
    sections: tuple[Section, ...] = ()
    as_words: bool = False
