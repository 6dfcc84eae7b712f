"""Entries of `fields` that name files and images: what is wrong is said with its place."""

from __future__ import annotations

import pytest

from imagebot.config.load import load_configuration
from imagebot.config.static.check import check_file
from imagebot.errors import ConfigurationError
from imagebot.manifest.images.options import ExtraField

ROUTE = (
    "routes: [{name: r, files: ['**'], publish: commit, images: [{match: '**', policy: shape}]}]\n"
)


def _in_brackets(hint: str) -> str:
    return f" ({hint})" if hint else ""


def issues(text: str) -> list[str]:
    with pytest.raises(ConfigurationError) as error:
        load_configuration(text, "i.yaml", trusted=False)
    return [
        f"{each.line}:{each.column}: {each.key}: {each.message}"
        + (f" ({each.hint})" * bool(each.hint))
        for each in error.value.issues
    ]


def test_an_entry_names_files_captures_and_an_image() -> None:
    text = (
        "fields:\n"
        "  - {files: ['image-tags/{env}/{app}'], tag: image_tag, image: 'reg.acme.example/{app}'}\n"
        "  - {files: ['{a,b}/*.yaml'], kind: Widget, registry: a.b, repository: c, digest: d}\n"
    )
    configuration = load_configuration(text, "i.yaml", trusted=False)
    assert configuration.fields == (
        ExtraField(
            files=("image-tags/{env}/{app}",), tag="image_tag", image="reg.acme.example/{app}"
        ),
        ExtraField(
            files=("{a,b}/*.yaml",), kind="Widget", registry="a.b", repository="c", digest="d"
        ),
    )
    assert configuration.files.fields == configuration.fields


WRONG = {
    "neither a kind nor files": (
        "fields: [{path: a}]",
        "1:10: fields[0]: needs kind or files (add files: [GLOB], kind: KIND, or both)",
    ),
    "no files": ("fields: [{files: [], path: a}]", "1:18: fields[0].files: must not be empty"),
    "an image and a path": (
        "fields: [{files: [a], path: b, tag: c, image: d}]",
        ("1:10: fields[0]: needs one of path, repository and image"
        " (path alone is a whole reference)"),
    ),
    "an image and a registry": (
        "fields: [{files: [a], registry: b, tag: c, image: d}]",
        "1:10: fields[0]: has image and registry (write the registry in image)",
    ),
    "an image without a tag": (
        "fields: [{files: [a], image: d}]",
        "1:10: fields[0]: needs tag or digest too (path alone is a whole reference)",
    ),
    "an unknown capture": (
        "fields:\n  - files: ['tags/{env}/{app}']\n    tag: t\n    image: 'r.io/a/{ap}'\n",
        "4:20: fields[0].image: {ap} is not captured by files (did you mean app?)",
    ),
    "a capture of one of two globs": (
        "fields: [{files: ['a/{app}', b/*], tag: t, image: 'r.io/{app}'}]",
        ("1:57: fields[0].image: {app} is not captured by 'b/*'"
        " (write {app} in every glob of files)"),
    ),
    "a capture without files": (
        "fields: [{kind: A, tag: t, image: 'r.io/{app}'}]",
        ("1:41: fields[0].image: {app} is not captured by files"
        " (write {app} in a glob of files)"),
    ),
    "not a repository": (
        "fields: [{files: [a], tag: t, image: acme/X}]",
        ("1:38: fields[0].image: not a repository: 'acme/X': a repository must be lowercase"
        " (write its name, such as ghcr.io/acme/api)"),
    ),
    "a tag": (
        "fields: [{files: [a], tag: t, image: 'r.io/x:1'}]",
        ("1:39: fields[0].image: 'r.io/x:1' has a tag or digest"
        " (image names a repository, without a tag)"),
    ),
    "a capture twice": (
        "fields: [{files: ['{a}/{a}'], tag: t, image: x}]",
        "1:20: fields[0].files[0]: the glob '{a}/{a}' has {a} twice (use another name)",
    ),
    "a capture within braces": (
        "fields: [{files: ['{x,{a}}'], tag: t, image: x}]",
        "1:20: fields[0].files[0]: the glob '{x,{a}}' has {a} within other braces",
    ),
    "a capture without a name": (
        "fields: [{files: ['{}'], tag: t, image: x}]",
        ("1:20: fields[0].files[0]: the glob '{}' has {}, which is not a name"
        " (write {app} for a part of the path, {a,b} for one of several texts)"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong(text: str, expected: str) -> None:
    (issue,) = issues(text)
    assert issue == expected


IDLE = {
    "excluded": (
        (
            "files: {exclude: [vendor/**]}\n"
            "fields: [{files: ['vendor/{app}/values.yaml'], tag: t, image: 'r.io/{app}'}]\n"
        ),
        ["fields[0].files: takes no file: files.exclude has it all"],
    ),
    "one of two excluded": (
        (
            "files: {exclude: [vendor/**]}\n"
            "fields: [{files: [vendor/x.yaml, a.yaml], tag: t, image: r.io/x}]\n"
        ),
        ["fields[0].files[0]: 'vendor/x.yaml' takes no file: it is excluded"],
    ),
    "covered by an earlier one": (
        (
            "fields:\n  - {files: [a/**], tag: t, image: r.io/x}\n"
            "  - {files: ['a/{b}.yaml'], tag: t, image: 'r.io/{b}'}\n"
        ),
        ["fields[1]: finds nothing: an earlier entry finds the same"],
    ),
    "covered for any kind": (
        "fields:\n  - {files: [a/**], path: t}\n  - {files: [a/b.yaml], kind: A, path: t}\n",
        ["fields[1]: finds nothing: an earlier entry finds the same"],
    ),
    "other files": (
        (
            "fields:\n  - {files: [a/*], tag: t, image: r.io/x}\n"
            "  - {files: [a/**], tag: t, image: r.io/y}\n"
        ),
        [],
    ),
    "a kind in some files, then everywhere": (
        "fields:\n  - {files: [a/*], kind: A, path: t}\n  - {kind: A, path: t}\n",
        [],
    ),
    "a kind of which the path is text elsewhere": (
        "fields: [{files: [a/*], path: kind.image}]\n",
        [],
    ),
}


@pytest.mark.parametrize(("text", "expected"), IDLE.values(), ids=IDLE.keys())
def test_what_finds_nothing(text: str, expected: list[str]) -> None:
    checked = check_file(ROUTE + text, "i.yaml")
    assert checked.issues == ()
    assert [f"{each.key}: {each.message}" for each in checked.warnings] == expected
