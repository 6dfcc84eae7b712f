"""Finds every image field of a file. Pure: the same path, bytes and options give the same scan."""

from __future__ import annotations

import functools
import re
from dataclasses import replace

from imagebot.manifest import sops
from imagebot.manifest.finish import finish
from imagebot.manifest.formats import helm, kubernetes, nested_yaml
from imagebot.manifest.formats.configured import entries_for
from imagebot.manifest.formats.document import find_document
from imagebot.manifest.formats.own_configuration import is_configuration, is_own_file
from imagebot.manifest.formats.select import PathKind, path_kind
from imagebot.manifest.helm.values import read_values
from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.images.field import Scan, Unread
from imagebot.manifest.images.findings import MAX_FIELDS, MAX_SLOW, FieldEntry, FileFindings
from imagebot.manifest.images.generated import TemplateImage
from imagebot.manifest.images.layers import Section, SectionValues
from imagebot.manifest.images.options import MARKED_OR_NEEDED, ScanOptions
from imagebot.manifest.images.renamed import with_names
from imagebot.manifest.markers.outlined import are_in_outline
from imagebot.manifest.markers.written import may_have_markers
from imagebot.manifest.template_words import doubts, template_images, uses, with_words
from imagebot.manifest.text.literals import with_literals
from imagebot.manifest.text.read import find_text, has_text_markers, not_utf8, patterns_for
from imagebot.manifest.yaml.document_text import DocumentText, split_documents
from imagebot.manifest.yaml.events import (
    MAX_BYTES,
    YamlFaultError,
    few_brackets,
    has_c_parser,
    is_accepted,
)
from imagebot.manifest.yaml.file_text import FileText, newline_of, wide_encoding
from imagebot.manifest.yaml.masked import is_masked, mask, only_fills_in
from imagebot.manifest.yaml.outline import SIGNS as OUTLINE_SIGNS
from imagebot.manifest.yaml.outline import outline
from imagebot.manifest.yaml.signs import holds_one_of, which_of
from imagebot.manifest.yaml.tree import Node, build, build_and_engine

__all__ = ["ScanOptions", "scan"]

SMALL = 800
"""Of so few characters the outline takes as long as the tree."""

# A line with more than a comment; YAML knows more line breaks than `^` does.
_CONTENT = re.compile(r"(?:\A|[\r\n\x85\u2028\u2029])[ \t]*[^#\s]")
_HINTS = (
    *("image", "Image", "repository", "oci://", "HelmRe", "HelmChart", "targetRevision"),
    *("tekton.dev/", "kustomize.toolkit.fluxcd.io", "repoURL"),
    *("GitRepository", "valueFiles:", "releases:", "datasource=docker"),
    *("pkg.crossplane.io/", "DockerImage", "repositories:", "values.yaml:", "valuesFiles:"),
)
# Objects with values for Helm in texts under any key: all three are in them.
_HOLDERS = (("ConfigMap", "stringData"), (": |",), ("ag:", "ersion:", "igest:"))
_HOLDERS_BYTES = tuple(tuple(sign.encode() for sign in some) for some in _HOLDERS)
# Documents with these are read whole: what decides in them is under keys that tell nothing.
_DECIDING = (
    *("fieldPaths:", "dependsOn:", "inherit:", "valuesFiles:", "targetCustomizations:"),
    *("helm.crossplane.io/", "helm.cattle.io/"),
)
_HINTS_OF: dict[PathKind, tuple[str, ...]] = {
    "github-actions": (*_HINTS, "container", "docker://", "services"),
    "gitlab-ci": (*_HINTS, "services"),
    "chart": (*_HINTS, "name"),
    "kustomization": (*_HINTS, "Generator:", "helmCharts:"),
}
# Formats that name images under keys that are not about images in other formats.
_ALL_KEYS: frozenset[PathKind] = frozenset(
    {"gitlab-ci", "github-actions", "circleci", "chart", "argocd-source"}
)
# Formats of which every file may say what is deployed in place of a marked image.
_NEEDED: frozenset[PathKind] = frozenset({"kustomization", "chart", "argocd-source"})
# What is looked for in every document that is read.
_OF_FORMATS = (*kubernetes.SIGNS, *helm.SIGNS)
_SIGNS = tuple(dict.fromkeys((*_DECIDING, *OUTLINE_SIGNS, *_OF_FORMATS)))
# JSON files without these belong to other tools, such as editors, which may allow comments.
_OBJECT_KEYS = tuple(re.compile(rf"""["']{key}["']\s*:""") for key in ("apiVersion", "kind"))
_CHART_TEMPLATE = "a template of a Helm chart"
# Codes of files that are something else than YAML.
_NOT_YAML = frozenset({"not-yaml", "not-utf8", "too-big"})
# Each costs an entry in the scan, and some a second parser.
_MAX_BROKEN = 1_000
_ONCE = frozenset({"helm-template", "template", "not-yaml"})
_NOTHING = Scan()
_TOO_BIG = f"larger than {MAX_BYTES // (1024 * 1024)} MiB"


def scan(path: str, data: bytes, options: ScanOptions = ScanOptions()) -> Scan:  # noqa: B008
    """The image fields of the file at `path` with the content `data`.

    A file that is not a manifest gives an empty scan. No content makes this raise: unreadable parts
    are in `Scan.unread`.
    """
    if options.sections:
        return Scan(values=_values(path, data, options.sections))
    if options.as_words:
        return _templates(path, data, replace(options, as_words=False))
    if options.markers_only and _is_left_out(path, data, options):
        return _NOTHING
    found = _scan(path, data, options)
    if is_masked(path) and not options.chart and len(data) <= MAX_BYTES:
        literal = _scan(path, mask(data), replace(options, files=()), literal=True)
        found = with_literals(found, literal, data)
    only_named = found.unread and options.fields and _is_only_named(path, options)
    if only_named or (found.unread and _may_only_hold_values(path, data)):
        # `fields` may name more files than are YAML, and few texts in ConfigMaps are values.
        found = replace(found, unread=tuple([_as_expected(each) for each in found.unread]))
    if options.layers and path in options.layers:
        found = with_names(found, options.layers[path])
    if found is not _NOTHING and found != _NOTHING and (line := sops.line_of_mac(data)):
        expected = not (found.fields or found.pending)
        return Scan(unread=(Unread(path, line, sops.CODE, sops.REASON, expected),))
    if found.overlays and options.mentions and not _holds_any(data, options.mentions):
        return Scan(overlays=found.overlays, env_files=found.env_files)
    return found


def _values(path: str, data: bytes, sections: tuple[Section, ...]) -> tuple[SectionValues, ...]:
    found = read_values(data, sections)
    if found or not is_masked(path) or len(data) > MAX_BYTES:
        return found
    simple = only_fills_in(data.decode("utf-8", "replace"))
    return read_values(mask(data), sections) if simple else found


def _templates(path: str, data: bytes, options: ScanOptions) -> Scan:
    made, words = with_words(data)
    if not words:
        return _NOTHING
    found = _scan(path, made, options)
    images = list(template_images(found, words))
    for value, doubt in doubts(found, made, words):
        images.append(TemplateImage(0, (), value, "", "", doubt=doubt))
    for value, line in uses(found, made):
        images.append(TemplateImage(0, (), value, "", f"{path}:{line}", part=True))
    return Scan(template_images=tuple(images))


def _is_only_named(path: str, options: ScanOptions) -> bool:
    """Whether nothing but a configured field says that a file is read."""
    return path_kind(path) == "" and not patterns_for(path, options)


def _may_only_hold_values(path: str, data: bytes) -> bool:
    """Whether a file is read only because a release may name values in it."""
    kind = path_kind(path)
    if kind not in ("yaml", "compose") or b"image" in data:
        return False
    return not _holds_any(data, _HINTS_OF.get(kind, _HINTS)) and _may_hold_values(data)


def _as_expected(unread: Unread) -> Unread:
    return replace(unread, expected=True) if unread.code in _NOT_YAML else unread


def _scan(path: str, data: bytes, options: ScanOptions, *, literal: bool = False) -> Scan:
    """`literal` is for a template of YAML whose actions are hidden."""
    kind = "yaml" if literal else path_kind(path)
    entries = entries_for(path, options.fields) if options.fields else ()
    if kind in ("", "text") and not is_own_file(path):
        kind = "yaml" if any(each.extra.names(path) for each in entries) else kind
    hints = _HINTS_OF.get(kind, _HINTS)
    if not _worth_reading(path, kind, data, hints, options, entries):
        return _without_hints(path, kind, data, options)
    if len(data) > MAX_BYTES:
        return Scan(unread=(Unread(path, 0, "too-big", _TOO_BIG),))
    patterns = patterns_for(path, options) if options.files else ()
    if options.chart and b"{{" in data and not patterns and not has_text_markers(data):
        return Scan(unread=(Unread(path, 0, "helm-template", _CHART_TEMPLATE, True),))
    if encoding := wide_encoding(data):
        return Scan(unread=(not_utf8(path, encoding),))
    try:
        file = FileText(data)
    except UnicodeDecodeError as error:
        line = data.count(newline_of(data), 0, error.start) + 1
        return Scan(unread=(Unread(path, line, "not-utf8", "not UTF-8"),))
    if is_configuration(file.text):
        return _NOTHING
    findings = FileFindings(path, options, may_have_markers(file.text), patterns)
    findings.entries = entries
    findings.data = data
    findings.below = {each.section: each for each in options.layers.get(path, ())}
    _read_documents(findings, file, kind, hints)
    nested_yaml.read(findings, hints)
    if findings.is_full:
        reason = f"more than {MAX_FIELDS:,} images, or documents with markers"
        return Scan(unread=(Unread(path, 0, "too-big", reason),))
    return finish(findings, file, data)


def _is_left_out(path: str, data: bytes, options: ScanOptions) -> bool:
    """Whether nothing in a file can have a marker, or tell what a marker elsewhere means."""
    if path in options.layers or path_kind(path) in _NEEDED:
        return False
    if holds_one_of(data, MARKED_OR_NEEDED):
        return False
    # What cannot be searched is listed, as ever.
    return len(data) <= MAX_BYTES and not wide_encoding(data)


def _worth_reading(
    path: str,
    kind: PathKind,
    data: bytes,
    hints: tuple[str, ...],
    options: ScanOptions,
    entries: tuple[FieldEntry, ...],
) -> bool:
    if kind in ("", "text"):
        return False
    if any(each.extra.image and not each.extra.kind for each in entries):
        # The file need not have the name of the image.
        return True
    if kind in ("kustomization", "argocd-source") or (options.layers and path in options.layers):
        return True
    if encoding := wide_encoding(data):
        data = data.decode(encoding, "replace").encode()
    if options.mentions and not _holds_any(data, options.mentions):
        return False
    if b"image" in data or _holds_any(data, hints):
        return True
    if not options.chart and _may_hold_values(data):
        return True
    return any(each.extra.kind in ("", "*") or each.extra.kind.encode() in data for each in entries)


def _may_hold_values(data: bytes) -> bool:
    return all(any(sign in data for sign in some) for some in _HOLDERS_BYTES)


def _without_hints(path: str, kind: PathKind, data: bytes, options: ScanOptions) -> Scan:
    """The scan of a file that is not worth reading as YAML."""
    if is_own_file(path) or (options.files and is_configuration(data.decode("utf-8", "replace"))):
        return _NOTHING
    reads = bool(options.files) or kind == "text" or options.is_env
    found = find_text(path, data, options) if reads else _NOTHING
    if len(data) > MAX_BYTES and kind not in ("", "text") and found == _NOTHING:
        # The rest of the file, which was not loaded, may have images.
        reason = f"{_TOO_BIG}: only its beginning was searched"
        return Scan(unread=(Unread(path, 0, "too-big", reason, True),))
    return found


def _holds_any(data: bytes, texts: tuple[str, ...]) -> bool:
    for text in _encoded(texts):  # noqa: SIM110  # a generator costs more than the search
        if text in data:
            return True
    return False


@functools.lru_cache(maxsize=16)
def _encoded(texts: tuple[str, ...]) -> tuple[bytes, ...]:
    return tuple(text.encode() for text in texts)


def _read_documents(
    findings: FileFindings, file: FileText, kind: PathKind, hints: tuple[str, ...]
) -> None:
    kinds = tuple(each.extra.kind for each in findings.entries)
    wanted = (*hints, *kinds)
    every = "*" in kinds or "" in kinds
    reads_all = kind in _ALL_KEYS or kind == "kustomization" or every or bool(findings.below)
    number = 0
    codes: set[str] = set()
    for document_text in split_documents(file):
        text = document_text.text
        if document_text.base == 0 and not text.startswith("---") and not _CONTENT.search(text):
            continue
        marked = findings.has_markers and may_have_markers(text)
        try:
            if not (reads_all or marked or _is_wanted(text, wanted)):
                _check(text, patient=number < MAX_SLOW)
                number += 1
                continue
            extra = any(each in text for each in kinds)
            found = which_of(text, _SIGNS)
            document_text.remember(_OF_FORMATS, found)
            decides = not found.isdisjoint(_DECIDING)
            whole = reads_all or extra or decides or (marked and not are_in_outline(text))
            roots = _read(findings, text, found, whole=whole, patient=number < MAX_SLOW)
        except YamlFaultError as fault:
            _list_broken(findings, document_text, fault, codes)
            if len(findings.broken) > _MAX_BROKEN:
                return
            number += 1
            continue
        for root in roots:
            context = DocumentContext(findings, document_text, number, "kubernetes")
            if marked:
                context.mark(root)
            find_document(context, root, kind)
            number += 1
        if findings.is_full:
            return


def _is_wanted(text: str, hints: tuple[str, ...]) -> bool:
    if any(hint in text for hint in hints):
        return True
    return all(any(sign in text for sign in some) for some in _HOLDERS)


def _check(text: str, *, patient: bool) -> None:
    """Raises YamlFaultError for a broken text, in a fifth of the time of reading it."""
    if not (has_c_parser() and few_brackets(text) and is_accepted(text)):
        build(text, patient=patient)


def _read(
    findings: FileFindings, text: str, found: set[str], *, whole: bool, patient: bool
) -> list[Node]:
    """The documents of a text; unless `whole`, only the relevant parts. Raises YamlFaultError.

    `found` are those of `_SIGNS` that are in the text.
    """
    if has_c_parser() and not whole and len(text) > SMALL:
        plain = outline(text, found)
        if plain is not None and is_accepted(text):
            return [plain]
    roots, engine = build_and_engine(text, patient=patient)
    if engine != "c":
        # An edit is proven with libyaml, which has not read this to its end.
        findings.data = b""
    return roots


def _list_broken(
    findings: FileFindings, document_text: DocumentText, fault: YamlFaultError, codes: set[str]
) -> None:
    """List a broken document; a template gets only one entry per code, whatever its documents.

    `codes` are those that the file already has entries for.
    """
    file = document_text.file
    unread = _unread(findings, document_text, fault)
    if len(findings.broken) == _MAX_BROKEN:
        line = file.line(document_text.base)
        reason = (
            f"more than {_MAX_BROKEN:,} documents are not YAML: nothing after this line is read"
        )
        findings.unread.append(Unread(findings.path, line, "too-big", reason, unread.expected))
        findings.broken.append(
            DocumentText(file, file.text[document_text.base :], document_text.base)
        )
        return
    if unread.code not in codes or "{{" not in file.text:
        findings.unread.append(unread)
    if unread.code in _ONCE:
        codes.add(unread.code)
    findings.broken.append(document_text)


def _unread(findings: FileFindings, document_text: DocumentText, fault: YamlFaultError) -> Unread:
    line = document_text.line(fault.line) if fault.line else 0
    if fault.code != "not-yaml":
        return Unread(findings.path, line, fault.code, fault.reason)
    if findings.options.chart:
        return Unread(findings.path, line, "helm-template", _CHART_TEMPLATE, True)
    if "{{" in document_text.text:
        return Unread(findings.path, line, "template", "a template, not YAML", True)
    if not findings.path.endswith(".json"):
        return Unread(findings.path, line, "not-yaml", f"not YAML: {fault.reason}")
    if all(key.search(document_text.file.text) for key in _OBJECT_KEYS):
        return Unread(findings.path, line, "not-yaml", f"not JSON: {fault.reason}")
    return Unread(findings.path, line, "not-yaml", "not JSON: JSON with comments is not read", True)
