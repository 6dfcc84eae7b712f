"""What a scan depends on besides the bytes and the path of a file."""

from __future__ import annotations

from dataclasses import dataclass

# What files have in them that say, or leave it to another file to say, which image is meant:
# Flux's markers and image objects, and HelmRepository objects, of which the nearest counts.
REFERS_ELSEWHERE = (
    "$imagepolicy",
    "image.toolkit.fluxcd.io",
    "source.toolkit.fluxcd.io",
    "oci://",
)

# What a file says that means an image of this last name without writing it: kubeadm's `dns`.
UNSAID = {"coredns": "imageRepository"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraField:
    """A configured image location: `kind` of resource and dotted paths to its parts."""

    kind: str
    path: str = ""
    registry: str = ""
    repository: str = ""
    tag: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraFile:
    """Files that are no YAML: globs, and an RE2 pattern with the groups name, tag and digest."""

    match: tuple[str, ...]
    pattern: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanOptions:
    """`fields` and `files` are configured image locations; `chart` says that the file lies under
    `templates/` beside a `Chart.yaml`; `compose_defaults` that `${VAR:-app:1.2}` is to be read as
    `app:1.2`.

    `mentions` narrows a scan: a file without any of these texts is not read (nor is a larger one
    than is read at all, which is said). They are the last
    parts of repository names, for a pass that looks for given images only.
    """

    fields: tuple[ExtraField, ...] = ()
    files: tuple[ExtraFile, ...] = ()
    chart: bool = False
    compose_defaults: bool = False
    mentions: tuple[str, ...] = ()
