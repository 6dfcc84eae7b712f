"""ApplicationSets whose generators have the tags: what `imagebot set` finds, and what is bounded.

What is found and edited is in tests/data/layers.
"""

from __future__ import annotations

from pathlib import Path

from imagebot.errors import ImagebotError
from imagebot.manifest.template_words import with_words
from imagebot.reference import parse_repository
from imagebot.scan.inventory import find_named, take_inventory
from tests.scan.test_inventory import Blobs, configuration
from tests.scan.test_layers import DATA, tree

SET = """apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
spec:
  generators: [{list: {elements: [%s]}}]
  template:
    spec: {source: {path: x, kustomize: {images: ['ghcr.io/acme/{{name}}:{{tag}}']}}}
"""


def before(name: str) -> dict[str, bytes | ImagebotError]:
    return tree(Path(DATA) / name / "before")


def found(files: dict[str, bytes | ImagebotError]) -> list[str]:
    return [str(each.reference) for each in take_inventory(Blobs(files), configuration()).fields]


def test_a_given_image_is_found_in_the_file_of_a_generator() -> None:
    source = Blobs(before("applicationset-git-files"))
    wanted = [parse_repository("ghcr.io/acme/prod")]
    fields = find_named(source, configuration(), wanted).fields
    assert "envs/prod/app.yaml ghcr.io/acme/prod:1.4.1" in [
        f"{each.path} {each.reference}" for each in fields
    ]


def test_a_given_image_is_found_in_an_element() -> None:
    source = Blobs(before("applicationset-tags"))
    fields = find_named(source, configuration(), [parse_repository("ghcr.io/acme/api")]).fields
    places = [f"{each.path}:{each.line}" for each in fields if each.reference.name.endswith("api")]
    assert places == ["chart/values.yaml:3", "set.yaml:8", "set.yaml:10"]


def test_the_name_of_an_image_is_that_of_the_element() -> None:
    elements = "{name: a, tag: '1.0'}, {name: b, tag: '2.0'}, {tag: '3.0'}, {name: '{{x}}', tag: 4}"
    assert found({"set.yaml": (SET % elements).encode()}) == [
        "ghcr.io/acme/a:1.0",
        "ghcr.io/acme/b:2.0",
    ]


def test_a_generator_with_its_own_template_is_listed() -> None:
    text = SET.replace("%s]", "{name: a, tag: '1.0'}], template: {spec: {}}")
    inventory = take_inventory(Blobs({"set.yaml": text.encode()}), configuration())
    assert inventory.fields == ()
    assert [each.code for each in inventory.unread] == ["no-repository", "variable"]


def test_elements_through_an_alias_are_edited_together() -> None:
    elements = "&a {name: a, tag: '1.0'}, *a"
    text = (SET % elements).encode()
    (one, two) = take_inventory(Blobs({"set.yaml": text}), configuration()).fields
    assert one.tag == two.tag
    assert one.shared == two.shared == 2


def test_words_are_as_long_as_placeholders_and_new() -> None:
    data = b"z0001 {{x}} {{ .a.b }} {{x}} {{ a | b }} {{- x }} {{if x}}"
    made, words = with_words(data)
    assert made == b"z0001 z0002 z000000003 z0002 {{ a | b }} {{- x }} {{if x}}"
    assert words == {"z0002": "x", "z000000003": "a.b"}


def test_every_one_of_many_elements_is_found() -> None:
    elements = ", ".join(f"{{name: n{number}, tag: '{number}'}}" for number in range(900))
    assert len(found({"set.yaml": (SET % elements).encode()})) == 900
