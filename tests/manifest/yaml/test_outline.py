from __future__ import annotations

import pytest

from imagebot.manifest.scan import scan
from imagebot.manifest.yaml.outline import outline
from imagebot.manifest.yaml.plain_lines import AT_ONCE
from imagebot.manifest.yaml.tree import Mapping, Sequence

PLAIN = {
    "a pod": "apiVersion: v1\nspec:\n  containers:\n  - name: a\n    image: app:1.0\n",
    "a sequence at the column of its key": "images:\n- name: a\n  newTag: v1\n",
    "nested sequences": "a:\n- - image: app:1.0\n  - b\n",
    "comments and blanks": "# a\n\nimage: app:1.0 # b\n   # c\n",
    "quotes": "image: \"app:1.0\"\na:\n  b: 'it''s'\n",
    "flow that tells nothing": "a: {b: [c, 'd: e']}\nimage: app:1.0\n",
    "a block that tells nothing": "a: |\n  x {\n\n   y: [\nimage: app:1.0\n",
    "a marker first": "---\nimage: app:1.0\n",
}
NOT_PLAIN = {
    "flow around an image": "a: {image: 'app:1.0'}\n",
    "flow over lines": "a: [b,\n  c]\nimage: app:1.0\n",
    "a quoted text over lines": 'a: "b\n  image: x:1"\nimage: app:1.0\n',
    "a plain text over lines": "image: app:1.0\na: b\n  c\n",
    "a block with an image": "a: |\n  image: app:1.0\n",
    "a folded image": "image: >-\n  app:1.0\n",
    "an alias as image": "a: &a app:1.0\nimage: *a\n",
    "a merge": "a: &a {}\nb:\n  <<: *a\n  image: app:1.0\n",
    "a tag": "image: !!str app:1.0\n",
    "a quoted key": '"image": app:1.0\n',
    "a complex key": "? image\n: app:1.0\n",
    "tabs": "image: app:1.0\t\n",
    "windows lines": "image: app:1.0\r\n",
    "a sequence at the top": "- image: app:1.0\n",
    "a repeated key": "image: app:1.0\nimage: app:1.0\n",
    "a tag without a value": "image:\n  repository: a\n  tag:\n",
    "images in a mapping": "images:\n  # a\n\n  api: app:1.0\n",
    "an end marker": "image: app:1.0\n...\n",
}


@pytest.mark.parametrize("text", PLAIN.values(), ids=PLAIN.keys())
def test_plain_documents_have_an_outline(text: str) -> None:
    assert outline(text) is not None


@pytest.mark.parametrize("text", NOT_PLAIN.values(), ids=NOT_PLAIN.keys())
def test_others_are_left_to_the_parser(text: str) -> None:
    assert outline(text) is None


def test_an_outline_has_what_can_matter_at_its_place() -> None:
    text = "kind: Pod\nspec:\n  other: 1\n  containers:\n  - args: [a]\n    image: app:1.0 # x\n"
    root = outline(text)
    assert root is not None
    spec = root.mapping("spec")
    assert spec is not None
    assert list(spec) == ["containers"]
    containers = spec.sequence("containers")
    assert isinstance(containers, Sequence)
    (container,) = containers
    assert isinstance(container, Mapping)
    image = container.scalar("image")
    assert image is not None
    assert image.value == "app:1.0"
    assert text[image.start_mark.index : image.end_mark.index] == "app:1.0"


def test_a_reference_below_other_keys_is_not_stepped_over() -> None:
    text = "a:\n  image:\n    x:\n      reference: app:1.0\n      pull: always\n  z: y\n"
    root = outline(text)
    assert root is not None
    image = root.mapping("a").mapping("image")  # type: ignore[union-attr]  # fails when not there
    assert image is not None
    assert image.mapping("x").text("reference") == "app:1.0"  # type: ignore[union-attr]  # as above


# Entered as a field, this value is left to the parser.
SILENT = '  k#n: "a\\"b"\n'


@pytest.mark.parametrize("lines", [AT_ONCE - 1, AT_ONCE, AT_ONCE + 1, 3 * AT_ONCE + 1])
@pytest.mark.parametrize("head", ["spec:\n", "spec:\n  a:\n"])
@pytest.mark.parametrize("end", ["", "  image: app:1.0\n"])
def test_any_number_of_lines_is_stepped_over(head: str, lines: int, end: str) -> None:
    deeper = "  " * (head.count("\n") - 1)
    body = "".join(deeper + SILENT.replace("#n", str(n)) for n in range(lines))
    root = outline(f"{head}{body}{end}x: y\n")
    assert root is not None
    spec = root.mapping("spec")
    assert spec is not None or not end
    assert spec is None or ("image" in spec) == bool(end)


@pytest.mark.parametrize(
    "value",
    ["a:" * 300 + "a", '"' + '\\"' * 6_000 + '"', "'" + "''" * 300 + "'", "[" + "'a'," * 500 + "]"],
)
def test_a_line_with_more_than_any_is_left_to_the_parser(value: str) -> None:
    simple = f"kind: Pod\nspec:\n  a: {value}\n  containers:\n  - image: app:1.0\n"
    # The expression that has these limits is for documents that are not simple.
    text = f"{simple}  other: é\n"
    assert outline(text) is None
    for each in (simple, text):
        found = scan("a.yaml", each.encode())
        assert [str(field.reference) for field in found.fields] == ["app:1.0"]
