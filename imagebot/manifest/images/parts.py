"""Images without an `image:` above: `repository` next to `tag`, and lists under `images`."""

from __future__ import annotations

from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.images.findings import Keys
from imagebot.manifest.images.listed import find_listed, find_named
from imagebot.manifest.images.naming import bare, has_tag, is_address, said
from imagebot.manifest.images.split import Split, find_split
from imagebot.manifest.yaml.tree import Mapping

# Places of other repositories.
_NO_IMAGE = ("git", "chart", "helm", "source")
# Strimzi's charts: a default for several images is rarely a whole name.
_DEFAULT = "`defaultImageRepository` may be the prefix of several image names"


def find_parts(
    context: DocumentContext,
    mapping: Mapping,
    keys: Keys,
    *,
    registry: str = "",
    strict: bool = False,
) -> None:
    """Report the images that keys of `mapping` other than `…image` name.

    `registry` overrides the registry that an image names. `strict` is for resources of any kind,
    where a repository may be one of code: it must then look like an image repository.
    """
    if "repository" in mapping or "<<" in mapping:
        _bare_repository(context, mapping, keys, registry, strict)
    for key in mapping:
        if key.endswith("Repository"):
            _named_repository(context, mapping, key, keys, registry, strict)
        elif key.endswith("Images") and not strict:
            find_named(context, mapping, key, keys, registry=registry)
    if "images" in mapping or "<<" in mapping:
        find_listed(context, mapping, keys, registry=registry, strict=strict)


def _bare_repository(
    context: DocumentContext, mapping: Mapping, keys: Keys, registry: str, strict: bool
) -> None:
    text = mapping.text("repository").strip()
    if mapping.scalar("repository") is None or is_address(text) or _is_taken(mapping, "image"):
        return
    if mapping.node("tag") is None and mapping.node("digest") is None:
        return
    if strict and ("/" not in text or _is_about_code(context, keys)):
        return
    shape = Split.named(bare(mapping), owner=mapping, registry_host=registry)
    find_split(context, shape, keys, loose=True)


def _is_taken(mapping: Mapping, stem: str) -> bool:
    """Whether the tag belongs to an `image` or `imageName`, which is found separately."""
    image = said(mapping, stem)
    return bool(image and not has_tag(image)) or bool(said(mapping, f"{stem}Name"))


def _is_about_code(context: DocumentContext, keys: Keys) -> bool:
    """Whether a mapping is, by its keys or kind, about a source of code or of charts."""
    where = next((str(key) for key in reversed(keys) if isinstance(key, str)), "").lower()
    kind = context.resource.kind if context.resource is not None else ""
    return any(word in where for word in _NO_IMAGE) or "Git" in kind


def _named_repository(
    context: DocumentContext, mapping: Mapping, key: str, keys: Keys, registry: str, strict: bool
) -> None:
    """`workerImageRepository` beside `workerImageTag`; `imageRepository` beside `tag` too."""
    stem = key.removesuffix("Repository")
    scalar = mapping.scalar(key)
    tags = (
        [f"{stem}Tag", "tag"] if stem == "image" and "repository" not in mapping else [f"{stem}Tag"]
    )
    tag = next((each for each in tags if mapping.scalar(each) is not None), "")
    if scalar is None or not tag or is_address(scalar.value.strip()) or _is_taken(mapping, stem):
        return
    if "git" in stem.lower() or (strict and "mage" not in stem):
        return
    shape = Split(
        owner=mapping,
        repository=key,
        name=_kubeadm_name(mapping.text(key), keys) if strict else "",
        tag=tag,
        digest=f"{stem}Digest",
        registry=f"{stem}Registry",
        registry_host=registry,
        doubt=_DEFAULT if stem == "defaultImage" else "",
    )
    if not (shape.name and context.is_variable(scalar, shape.name)):
        find_split(context, shape, keys, loose=True)


def _kubeadm_name(folder: str, keys: Keys) -> str:
    """kubeadm and Cluster API write the prefix of a fixed name, in `dns` and `etcd.local`."""
    base = folder.strip().rstrip("/")
    if base and keys[-1:] in (("dns",), ("coreDNS",)):
        # kubeadm's own registry is the one where CoreDNS has a folder.
        return f"{base}/coredns/coredns" if base == "registry.k8s.io" else f"{base}/coredns"
    return f"{base}/etcd" if base and keys[-2:] == ("etcd", "local") else ""
