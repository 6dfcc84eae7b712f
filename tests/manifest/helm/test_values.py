"""Which values count as false in a template, although they have a text: as Helm 3.18 does."""

from __future__ import annotations

import pytest

from imagebot.manifest.helm.values import read_values
from imagebot.manifest.images.layers import Section

FALSE = "false False FALSE no No off Off n N 0 00 0.0 -0 +0 0x0 0o0 .0 0e0 0b0 -0.0 0_0"
TRUE = "true yes y on 1 0.1 0x1 a '0' \"false\" 0a false-1 1e0 !!str 0"


def empty(text: str, section: Section = Section()) -> list[bool]:  # noqa: B008
    ((values),) = read_values(text.encode(), (section,))
    return [value.empty for value in values.values]


@pytest.mark.parametrize(("words", "expected"), [(FALSE, True), (TRUE, False)])
def test_values(words: str, expected: bool) -> None:
    texts = words.replace("!!str 0", "!!str\t0").split(" ")
    text = "".join(f"k{number}: {each}\n" for number, each in enumerate(texts))
    assert empty(text.replace("\t", " ")) == [expected] * len(texts)


@pytest.mark.parametrize(
    ("parameter", "expected"),
    [
        ("{name: a, value: 'false'}", True),
        ("{name: a, value: 'False'}", True),
        ("{name: a, value: '0'}", True),
        ("{name: a, value: '00'}", False),
        ("{name: a, value: 'no'}", False),
        ("{name: a, value: 'false', forceString: true}", False),
        ("{name: a, value: 'false', forcestring: true}", False),
    ],
)
def test_parameters(parameter: str, expected: bool) -> None:
    section = Section(keys=("parameters",), parameters=True)
    assert empty(f"parameters: [{parameter}]\n", section) == [expected]


@pytest.mark.parametrize(
    ("argument", "expected"),
    [("--set a=false", True), ("--set a=0", True), ("--set-string a=false", False)],
)
def test_arguments(argument: str, expected: bool) -> None:
    section = Section(keys=("args",), parameters=True)
    assert empty(f"args: {argument}\n", section) == [expected]
