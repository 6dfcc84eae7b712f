from __future__ import annotations

import pytest

from imagebot.manifest.scan import scan

APPLICATION = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec:\n  source:\n"
APPLICATION += "    targetRevision: main\n    helm:\n"
SET = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nspec:\n"


def read(text: str) -> tuple[list[str], list[tuple[str, bool]]]:
    found = scan("app.yaml", text.encode())
    return [str(each.reference) for each in found.fields], [
        (each.code, each.expected) for each in found.unread
    ]


def parameters(**values: str) -> str:
    lines = (f"      - {{name: {name!r}, value: {value!r}}}\n" for name, value in values.items())
    return f"{APPLICATION}      parameters:\n{''.join(lines)}"


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (
            {
                "image.repository": "ghcr.io/acme/main",
                "image.tag": "1.0",
                "imageName": "ghcr.io/acme/a5",
                "imageTag": "v1",
            },
            ["ghcr.io/acme/main:1.0", "ghcr.io/acme/a5:v1"],
        ),
        ({"image.repository": "acme/a", "image.tag": "1"}, ["acme/a:1"]),
        ({"image.name": "acme/a", "image.tag": "1"}, ["acme/a:1"]),
        ({"web.image": "acme/a", "web.tag": "1"}, ["acme/a:1"]),
        ({"web.image": "acme/a", "web.imageTag": "1"}, ["acme/a:1"]),
        ({"image": "acme/a", "tag": "1"}, ["acme/a:1"]),
        ({"repository": "acme/a", "tag": "1"}, ["acme/a:1"]),
        ({"workerImageRepository": "acme/a", "workerImageTag": "1"}, ["acme/a:1"]),
        ({"web.image.main.repository": "acme/a", "web.image.main.tag": "1"}, ["acme/a:1"]),
        ({"web.repository": "nvcr.io/nvidia", "web.image": "driver", "web.tag": "1"},
         ["nvcr.io/nvidia/driver:1"]),
        (
            {"global.imageRegistry": "ghcr.io", "image.repository": "acme/a", "image.tag": "1"},
            ["ghcr.io/acme/a:1"],
        ),
        ({"image": "acme/a:1"}, ["acme/a:1"]),
    ],
)  # fmt: skip
def test_parameters_are_paired_within_their_place(
    values: dict[str, str], wanted: list[str]
) -> None:
    assert read(parameters(**values)) == (wanted, [])


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"image.tag": "1"}, "no-repository"),
        ({"imageTag": "1"}, "no-repository"),
        ({"tag": "1"}, "no-repository"),
        ({"image.repository": "ghcr.io/acme", "image.name": "a", "image.tag": "1"}, "ambiguous"),
    ],
)
def test_parameters_that_say_half_are_unread(values: dict[str, str], code: str) -> None:
    assert read(parameters(**values)) == ([], [(code, True)])


def test_elements_of_a_generator_name_images() -> None:
    text = (
        f"{SET}  generators:\n  - matrix:\n      generators:\n      - list:\n          elements:\n"
        "          - cluster: a\n            image: ghcr.io/a/el:1.0\n"
        "          - values: {image: {repository: ghcr.io/a/va, tag: '1.0'}}\n"
        "  - clusters: {values: {image: 'ghcr.io/a/cl:1.0'}}\n"
        "  - git: {repoURL: 'https://example.com/x', repository: acme/web, tag: v1}\n"
    )
    assert read(text) == (["ghcr.io/a/el:1.0", "ghcr.io/a/va:1.0", "ghcr.io/a/cl:1.0"], [])


@pytest.mark.parametrize("text", ["-f a.yaml", "--values=a.yaml,b.yaml", "-f", "--values "])
def test_files_of_arguments_are_no_values(text: str) -> None:
    plugin = APPLICATION.replace("    helm:\n", "    plugin:\n")
    assert read(f"{plugin}      env: [{{name: HELM_ARGS, value: '{text}'}}]\n") == ([], [])
    array = text.split() or [""]
    assert read(f"{plugin}      parameters: [{{name: a, array: {array}}}]\n") == ([], [])


PATCH = (
    "    spec:\n      source:\n        helm:\n          parameters:\n"
    "          - {name: image.repository, value: ghcr.io/a/b}\n"
    "          - {name: image.tag, value: '1.0'}\n"
)


def test_a_template_patch_is_read_as_an_application() -> None:
    assert read(f"{SET}  templatePatch: |\n{PATCH}") == (["ghcr.io/a/b:1.0"], [])


def test_a_template_patch_that_is_not_yaml_is_listed() -> None:
    text = f"{SET}  templatePatch: |\n    {{{{- if .auto }}}}\n{PATCH}    {{{{- end }}}}\n"
    assert read(text) == ([], [("template", True)])


def test_a_quoted_template_patch_is_listed() -> None:
    text = f'{SET}  templatePatch: "spec: {{source: {{helm: {{image: 1}}}}}}"\n'
    assert read(text) == ([], [("embedded", False)])


def test_an_image_of_kustomize_without_a_tag_is_unread() -> None:
    text = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec:\n  source:\n    kustomize:\n"
    text += "      images:\n"
    for image, unread in {
        "web=ghcr.io/acme/web": [("no-tag", True)],
        "ghcr.io/acme/web": [("no-tag", True)],
        "web=${IMAGE}": [("variable", True)],
        "web=": [],
        "web=Not One": [("not-a-reference", True)],
    }.items():
        assert read(f"{text}      - {image}\n") == ([], unread)
    assert read(f"{text}      - web=acme/web:1.0\n      - a=b\n") == (
        ["acme/web:1.0"],
        [("no-tag", True)],
    )
