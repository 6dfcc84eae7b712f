"""What templates do with the values of an image: a field is what Helm renders, before and after an
edit; the rest is listed. Runs where Helm is (see `support/helm.py`).
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from imagebot.manifest.edit import edit
from imagebot.manifest.images.field import FieldEdit
from imagebot.scan.inventory import take_inventory
from tests.scan.test_inventory import Blobs, configuration
from tests.support.helm import template

_IMAGE = re.compile(r"(?m)^\s*image: '?([^'\n]*)'?$")
_CHART = "apiVersion: v2\nname: c\nversion: 1.0.0\nappVersion: '3.0'\n"
_NAME = "ghcr.io/acme/api.x"
_TAG = "v1.4.1"
_REPOSITORY = "{{ .Values.image.repository }}"
# The values of the templates with `global.tag` empty and set.
_VALUES = "global: {{tag: '{}'}}\nimage:\n  repository: {}\n  tag: '{}'\n"


def files_of(line: str, *, everywhere: str = "", tag: str = _TAG) -> dict[str, str]:
    """A chart; what is before a `|||` is written before the line of the image."""
    before, _, image = line.rpartition("|||")
    return {
        "Chart.yaml": _CHART,
        "values.yaml": _VALUES.format(everywhere, _NAME, tag),
        "templates/a.yaml": f"{before}\nkind: Pod\napiVersion: v1\nimage: '{image}'\n",
    }


def rendered(folder: Path, files: dict[str, str]) -> list[str]:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return _IMAGE.findall(template(folder) or "")


def check(folder: Path, files: dict[str, str]) -> tuple[list[str], list[str]]:
    """The lines of the fields, each of which an edit changes in what is deployed; and the reasons
    of what is listed."""
    found = take_inventory(
        Blobs({path: text.encode() for path, text in files.items()}), configuration()
    )
    deployed = rendered(folder, files)
    for field in found.fields:
        assert str(field.reference) in deployed
        new = "v7.7.7-Xy.z"
        data = edit(field.path, files[field.path].encode(), [FieldEdit(field, new, None)])
        after = rendered(folder, {**files, field.path: data.decode()})
        assert f"{field.reference.name}:{new}" in after
    fields = [str(field.line) for field in found.fields]
    return fields, [each.reason for each in found.unread if each.code == "ambiguous"]


@pytest.mark.parametrize(
    "line",
    [
        f"{_REPOSITORY}:{{{{ .Values.image.tag }}}}",
        f"{_REPOSITORY}:{{{{ .Values.image.tag | toString | trim }}}}",
        f'{_REPOSITORY}:{{{{ .Values.image.tag | default .Chart.AppVersion | replace "+" "_" }}}}',
        '{{ trimSuffix "/" .Values.image.repository }}:{{ .Values.image.tag | trunc 128 }}',
        "{{ lower .Values.image.repository }}:{{ .Values.image.tag }}",
        '{{ printf "%s:%v" .Values.image.repository .Values.image.tag }}',
        "{{ with .Values.image }}{{ .repository }}:{{ .tag }}{{ end }}",
        "{{- $i := deepCopy .Values.image }}|||{{ $i.repository }}:{{ $i.tag }}",
    ],
)
def test_what_leaves_the_text_as_it_is(tmp_path: Path, line: str) -> None:
    assert check(tmp_path, files_of(line)) == (["4"], [])


@pytest.mark.parametrize(
    "change",
    [
        'replace "." "-"', "upper", "title", 'trimSuffix ".x"', 'trimPrefix "ghcr.io/"',
        'regexReplaceAll "x" "ghcr.io/acme/x"', 'printf "%.7s"', 'printf "%q"', "base", "kebabcase",
        "camelcase", "snakecase", "b64enc", "sha256sum", "untitle",
        "swapcase", "initials",
        'splitList "/" | last', 'regexFind "a.*"', "abbrev 9", "substr 0 9", "trunc 9",
        "nospace | upper",
        'cat "x"', "quote | b64enc", "dir", "repeat 2", "wrap 9", 'trimAll "x"',
    ],
)  # fmt: skip
@pytest.mark.parametrize("key", ["repository", "tag"])
def test_what_changes_a_text_is_listed(tmp_path: Path, change: str, key: str) -> None:
    other = "tag" if key == "repository" else "repository"
    parts = {
        key: f"{{{{ .Values.image.{key} | {change} }}}}",
        other: f"{{{{ .Values.image.{other} }}}}",
    }
    line = f"{parts['repository']}:{parts['tag']}".replace("'", "")
    fields, reasons = check(tmp_path, files_of(line))
    if rendered(tmp_path, files_of(line)) != [f"{_NAME}:{_TAG}"]:
        assert fields == []
    assert len(fields) + len(reasons) == 1


@pytest.mark.parametrize(
    "cut",
    [
        "{{ (semver .Values.image.tag).Major }}", '{{ regexFind "[0-9]+" .Values.image.tag }}',
        "{{ substr 0 2 .Values.image.tag }}", '{{ splitList "." .Values.image.tag | first }}',
        '{{ (split "." .Values.image.tag)._0 }}', '{{ trimPrefix "v" .Values.image.tag }}',
        "{{ .Values.image.tag | trunc 2 }}", "{{ .Values.image.tag | lower }}",
        "{{ .Values.image.tag | trunc 9 }}", '{{ .Values.image.tag | trimSuffix "-Xy.z" }}',
        ('{{ if semverCompare ">=1" .Values.image.tag }}{{ .Values.image.tag }}'
        "{{ else }}0{{ end }}"),
        "1.0", "{{ .Chart.AppVersion }}", "{{ .Release.Name }}", "{{ .Capabilities.KubeVersion }}",
    ],
)  # fmt: skip
def test_a_tag_that_is_cut_or_not_used_is_listed(tmp_path: Path, cut: str) -> None:
    fields, reasons = check(tmp_path, files_of(f"{_REPOSITORY}:{cut}"))
    assert fields == []
    assert len(reasons) == 1
    assert "(templates/a.yaml:4)" in reasons[0]


@pytest.mark.parametrize(
    "merged",
    [
        "merge .Values.image .Values.global", "merge (deepCopy .Values.global) .Values.image",
        "mergeOverwrite (dict) .Values.image .Values.global",
        "merge (dict) .Values.global .Values.image",
        "mergeOverwrite (deepCopy .Values.image) .Values.global",
        'merge (dict "tag" "1") .Values.image', 'merge (dict "tag" "") .Values.image',
        'mergeOverwrite .Values.image (dict "tag" .Values.global.tag)',
        ('merge (dict "tag" .Values.global.tag) '
        '(dict "repository" .Values.image.repository "tag" .Values.image.tag)'),
        'set .Values.image "tag" "5"', 'omit .Values.image "x"',
        'pick .Values.image "repository" "tag"',
    ],
)  # fmt: skip
@pytest.mark.parametrize("everywhere", ["", "v9.0.0"])
def test_values_that_are_merged_are_listed(tmp_path: Path, merged: str, everywhere: str) -> None:
    line = f"{{{{- $i := {merged} }}}}|||{{{{ $i.repository }}}}:{{{{ $i.tag }}}}"
    fields, reasons = check(tmp_path, files_of(line, everywhere=everywhere))
    assert fields == []
    assert len(reasons) == 1


@pytest.mark.parametrize(
    "choice",
    [
        "{{ default .Values.image.tag .Values.global.tag }}",
        "{{ .Values.global.tag | default .Values.image.tag }}",
        "{{ coalesce .Values.global.tag .Values.image.tag }}",
        "{{ ternary .Values.global.tag .Values.image.tag (not (empty .Values.global.tag)) }}",
        ("{{ if .Values.global.tag }}{{ .Values.global.tag }}{{ else }}{{ .Values.image.tag }}"
        "{{ end }}"),
        "{{ or .Values.global.tag .Values.image.tag }}",
        ("{{ $t := .Values.image.tag }}{{ if .Values.global.tag }}{{ $t = .Values.global.tag }}"
        "{{ end }}{{ $t }}"),
        '{{ (dict "tag" (.Values.global.tag | default .Values.image.tag)).tag }}',
    ],
)  # fmt: skip
def test_the_value_that_wins_is_the_field(tmp_path: Path, choice: str) -> None:
    line = f"{_REPOSITORY}:{choice}".replace("'", "")
    assert check(tmp_path / "a", files_of(line)) == (["4"], [])
    fields, (reason,) = check(tmp_path / "b", files_of(line, everywhere="v9.0.0"))
    assert fields == ["1"]
    assert "takes the tag from `global.tag` (values.yaml:1)" in reason


def test_an_empty_tag_that_would_be_used_stays_a_field(tmp_path: Path) -> None:
    line = f"{_REPOSITORY}:{{{{ .Values.image.tag | default .Chart.AppVersion }}}}"
    files = files_of(line, tag="")
    found = take_inventory(
        Blobs({path: text.encode() for path, text in files.items()}), configuration()
    )
    assert [str(each.reference) for each in found.fields] == [_NAME]
    assert rendered(tmp_path, files) == [f"{_NAME}:3.0"]


@pytest.mark.parametrize("tag", ["", _TAG])
def test_a_name_with_more_behind_it_is_not_that_of_the_values(tmp_path: Path, tag: str) -> None:
    end = "{{ .Values.image.tag | default .Chart.AppVersion }}"
    files = files_of(f"{_REPOSITORY}/a:{end}'\nmore:\n  image: '{_REPOSITORY}/b:{end}", tag=tag)
    fields, (reason,) = check(tmp_path, files)
    assert fields == []
    assert f"makes {_NAME}/a of it" in reason
