"""Decides by name which files a sweep leaves alone: nothing in them is deployed from there."""

from __future__ import annotations

import re

from imagebot.manifest.formats.own_configuration import is_own_file

# Text for people, styles, and what tools generate from other files.
_ENDINGS = (
    *(".md", ".mdx", ".markdown", ".rst", ".adoc", ".asciidoc", ".org", ".tex", ".man", ".ipynb"),
    *(".html", ".htm", ".css", ".scss", ".sass", ".less", ".svg", ".min.js", ".map", ".snap"),
    *(".lock", "-lock.json", ".lock.json", ".lock.hcl", "-lock.yaml", ".sum", ".mod", ".diff"),
    *(".patch", ".pem", ".crt", ".pub", ".asc", ".log", ".csv", ".tsv", ".po", ".sql"),
)
# Files with these names, whatever their ending. `.txt` files are text for people in these folders.
_PROSE = re.compile(
    r"(?:readme|changelog|changes|history|news|release-?notes|notes|licen[cs]e|copying|notice"
    r"|authors|contributors|contributing|maintainers|owners|codeowners|security|governance"
    r"|code[-_]of[-_]conduct|todo|roadmap|adopters|third[-_]party[-_\w]*)(?:[-_.].*)?"
)
_FROM_TEMPLATE = re.compile(r"\.(?:md|rst|adoc|html)\.[a-z0-9]+$")
_PROSE_ENDINGS = ("", ".txt", ".md", ".rst")
_DOC_TEXT = re.compile(r"(?:^|/)(?:docs?|documentation|licen[cs]es)/(?:.*/)?[^/]*\.txt$")
# Settings of tools that update, build or check, and lists of packages of programming languages.
_SETTINGS = re.compile(
    r"\.?renovate(?:rc)?(?:\.json5?)?|dependabot\.ya?ml|updatecli.*\.(?:ya?ml|tpl)"
    r"|\.pre-commit-config\.ya?ml|\.?goreleaser\.ya?ml|mkdocs\.ya?ml|\.?codecov\.ya?ml"
    r"|\.gitignore|\.gitattributes|\.dockerignore|\.helmignore|\.editorconfig|\.mailmap"
    r"|(?:dev-)?requirements.*\.txt|pom\.xml|go\.work|cargo\.toml|pyproject\.toml|pipfile"
    r"|gemfile|.*\.gemspec|composer\.json|tsconfig.*\.json|\.?eslintrc.*|\.?trivyignore.*"
)
_SETTING_FOLDERS = re.compile(r"(?:^|/)(?:\.?updatecli(?:\.d)?|\.renovate)/")
_TEST_DATA = re.compile(
    r"(?:^|/)(?:testdata|test[-_]data|__snapshots__|__fixtures__|__tests__|node_modules)/"
    r"|(?:_test\.(?:go|py|rb|exs?)|\.(?:test|spec)\.[cm]?[jt]sx?|(?:^|/)(?:test_[^/]*|conftest)\.py)$"
)
# Longer paths are not worth their searches.
_MAX_PATH = 4_096


def is_swept(path: str) -> bool:
    """Whether a sweep looks into a file of this name.

    It does not into documentation, licences, change logs, lock files, test data, and the settings
    of other updaters and of imagebot.
    """
    if len(path) > _MAX_PATH or is_own_file(path):
        return False
    name = path.rpartition("/")[2].lower()
    if name.endswith(_ENDINGS) or _SETTINGS.fullmatch(name):
        return False
    if _FROM_TEMPLATE.search(name):
        return False
    if _PROSE.fullmatch(name) and ("." not in name or name.endswith(_PROSE_ENDINGS[1:])):
        return False
    lower = path.lower()
    return not (
        _DOC_TEXT.search(lower) or _SETTING_FOLDERS.search(lower) or _TEST_DATA.search(lower)
    )
