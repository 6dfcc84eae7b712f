"""Propose: a first imagebot.yaml from the images that are there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from imagebot.config.scalar import read_plain
from imagebot.glob import matches_any
from imagebot.manifest.images.field import ImageField
from imagebot.reference import Repository
from imagebot.values import dataclass

_TEST = frozenset({"test", "tests", "testing", "stage", "staging", "qa", "uat"}) | frozenset(
    {"dev", "develop", "development", "preview", "sandbox"}
)
_PRODUCTION = frozenset({"production", "prod", "live"})
_SAFE_PLAIN = re.compile(r"[A-Za-z0-9_/$][A-Za-z0-9_./$*-]*")
_HASH = r"[0-9a-f]{7,40}"
# How builds are tagged: a tag of each kind, and the pattern of its kind with the prefix left out.
_BUILD = "(?P<build>[0-9]+)"
_BUILD_STYLES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(rf"([A-Za-z][\w.-]*?)-[0-9]+-{_HASH}"), f"^{{}}-{_BUILD}-{_HASH}$"),
    (re.compile(rf"([A-Za-z][\w.-]*?)-{_HASH}-[0-9]+"), f"^{{}}-{_HASH}-{_BUILD}$"),
    (re.compile(r"(b|build|ci|run)-?[0-9]+"), f"^{{}}-?{_BUILD}$"),
    (re.compile(rf"()(?=[0-9a-f]*[a-f])(?=[0-9a-f]*[0-9]){_HASH}"), f"^{_HASH}$"),
)
_MANY_FOLDERS = 3
_MANY_REPOSITORIES = 3
_MAX_GLOB = 1000

_HEAD = """\
# Proposed by `imagebot init` from the images in this repository: read it, change it, commit it.
# `imagebot config check` says whether it is right, `imagebot plan` what it would do.
"""
_CAREFUL = """\
  # Newer releases of the same major version, in the same flavour (1.2.3-alpine stays alpine).
  careful:
    max: minor
    adopt: false      # images without a version (latest, a bare digest) are left as they are
    # min-age: 3d     # only what has been out for three days, where the registry can tell
    # pin: digest     # write the digest beside the tag
"""
# Comments: what is proposed must be right as it is.
_ENTRIES = """\
# These versions belong to images whose registry is not known here. Write it in place of REGISTRY:
# fields:
"""
_MAX_ENTRIES = 50


@dataclass(frozen=True, slots=True)
class _Style:
    """A way to tag builds, with a tag that shows it."""

    pattern: str
    by_push: bool
    example: str


def propose(fields: Sequence[ImageField], entries: Iterable[str] = ()) -> str:
    """The text of an imagebot.yaml that covers `fields`; it always loads.

    `entries` are those of `fields` that would govern images of unknown registries: see Unread.

    Folders named for a test or staging environment are committed to, everything else gets pull
    requests. Repositories whose tags are builds of a branch get a policy that takes each build.
    """
    sections = list(_sections(fields))
    styles = [_build_styles(inside) for *_, inside in sections]
    names = _policy_names(style for each in styles for style in each.values())
    text = _HEAD + "policies:\n"
    text += "".join(_style_policy(name, style) for style, name in names.items()) + _CAREFUL
    text += "routes:\n"
    for (name, files, publish, inside), own in zip(sections, styles, strict=True):
        globs = _image_entries(inside, own, names)
        text += _route(name, files, publish, [*globs, ("**", "careful")])
    return text + _proposed_fields(dict.fromkeys(entries))


def _proposed_fields(entries: Iterable[str]) -> str:
    lines = ["".join(c if c.isprintable() else "?" for c in each) for each in entries]
    if not lines:
        return ""
    text = _ENTRIES + "".join(f"#   - {line}\n" for line in lines[:_MAX_ENTRIES])
    more = len(lines) - _MAX_ENTRIES
    return f"{text}# and {more} more: see `imagebot scan --unread`\n" if more > 0 else text


def _sections(
    fields: Sequence[ImageField],
) -> Iterator[tuple[str, tuple[str, ...], str, list[ImageField]]]:
    """Name, files and way to publish of each route, and the fields in it."""
    rest = list(fields)
    for name, files, publish in _routes(fields):
        taken = {field.path for field in rest if matches_any(files, field.path)}
        yield name, files, publish, [field for field in rest if field.path in taken]
        rest = [field for field in rest if field.path not in taken]


def _routes(fields: Sequence[ImageField]) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Name, files and way to publish of each route, the careful ones first."""
    production, test = _folders(fields, _PRODUCTION), _folders(fields, _TEST)
    if production:
        yield "production", production, "pull-request"
    if test:
        yield "test", test, "commit"
    yield "everything-else" if production or test else "everything", ("**",), "pull-request"


def _build_styles(fields: Iterable[ImageField]) -> dict[Repository, _Style]:
    """The style of each repository that has one: the first tag's, when every tag has one.

    A release among builds is not a build, and must not become one.
    """
    found: dict[Repository, _Style | None] = {}
    for field in fields:
        repository = field.reference.repository
        style = _style_of(field.reference.tag or "")
        found[repository] = style and found.get(repository, style)
    return {repository: style for repository, style in found.items() if style is not None}


def _style_of(tag: str) -> _Style | None:
    for expression, template in _BUILD_STYLES:
        match = expression.fullmatch(tag)
        if match is not None:
            return _Style(template.replace("{}", re.escape(match[1])), _BUILD not in template, tag)
    return None


def _policy_names(styles: Iterable[_Style]) -> dict[_Style, str]:
    """A name for each pattern: `every-push`, `every-push-2`, …"""
    by_pattern: dict[str, _Style] = {}
    for style in styles:
        by_pattern.setdefault(style.pattern, style)
    return {
        style: "every-push" if number == 1 else f"every-push-{number}"
        for number, style in enumerate(by_pattern.values(), 1)
    }


def _style_policy(name: str, style: _Style) -> str:
    if style.by_push:
        return (
            f"  # Tags such as {style.example}, which say nothing about their order: the last\n"
            "  # push is the newest, where the registry tells when that was.\n"
            f"  {name}:\n    pattern: {_quote(style.pattern)}\n    order: pushed\n"
        )
    return (
        f"  # Tags such as {style.example}: the highest build number is the newest.\n"
        f"  {name}:\n    pattern: {_quote(style.pattern)}\n"
        "    extract: $build\n    order: numerical\n"
    )


def _image_entries(
    fields: Iterable[ImageField], styles: dict[Repository, _Style], names: dict[_Style, str]
) -> list[tuple[str, str]]:
    """Pairs of glob and policy; a namespace that holds nothing but builds of one style is one."""
    by_pattern = {style.pattern: name for style, name in names.items()}
    policies = {repository: by_pattern[style.pattern] for repository, style in styles.items()}
    everything = {field.reference.repository for field in fields}
    entries: dict[str, str] = {}
    for repository in sorted(policies):
        space = _namespace(repository)
        siblings = {other for other in everything if _namespace(other) == space}
        alike = {other for other in siblings if policies.get(other) == policies[repository]}
        whole = len(siblings) > _MANY_REPOSITORIES and alike == siblings
        glob = f"{_escape(space)}/**" if whole else _escape(str(repository))
        entries[glob] = policies[repository]
    return list(entries.items())


def _namespace(repository: Repository) -> str:
    return str(repository).rpartition("/")[0]


def _folders(fields: Iterable[ImageField], words: frozenset[str]) -> tuple[str, ...]:
    """Globs of the folders that are named with one of the words."""
    found: dict[str, set[str]] = {}
    for field in fields:
        folders = field.path.split("/")[:-1]
        kind = next((words_ for words_ in (_PRODUCTION, _TEST) if _named(folders, words_)), None)
        if kind is not words:
            continue
        depth = _named(folders, words)
        prefix = "/".join(_escape(folder) for folder in folders[:depth])
        if ".." not in folders and folders[0] not in ("", ".") and len(prefix) <= _MAX_GLOB:
            found.setdefault(_escape(folders[depth - 1]), set()).add(prefix)
    globs: list[str] = []
    for name, prefixes in found.items():
        many = len(prefixes) > _MANY_FOLDERS
        globs += [f"**/{name}/**"] if many else [f"{prefix}/**" for prefix in prefixes]
    return tuple(sorted(globs))


def _named(folders: Sequence[str], words: frozenset[str]) -> int:
    """How many folders down the first one is that has one of the words in its name, else 0."""
    for depth, folder in enumerate(folders, 1):
        if words & set(re.split(r"[-_.]", folder.lower())):
            return depth
    return 0


def _route(
    name: str, files: Sequence[str], publish: str, entries: Sequence[tuple[str, str]]
) -> str:
    why = "commits to the branch" if publish == "commit" else "one pull request, kept current"
    text = f"  # {why[0].upper()}{why[1:]}.\n  - name: {name}\n    files:\n"
    text += "".join(f"      - {_quote(glob)}\n" for glob in files)
    text += f"    publish: {publish}\n    images:\n"
    return text + "".join(
        f"      - {{match: {_quote(glob)}, policy: {policy}}}\n" for glob, policy in entries
    )


def _escape(name: str) -> str:
    """A name as a glob that matches it; what YAML cannot hold on one line matches any character."""
    return "".join(
        f"[{char}]" if char in "*?[{" else char if char.isprintable() else "?" for char in name
    )


def _quote(text: str) -> str:
    """A printable text as a YAML scalar."""
    if _SAFE_PLAIN.fullmatch(text) and isinstance(read_plain(text), str):
        return text
    return "'" + text.replace("'", "''") + "'"
