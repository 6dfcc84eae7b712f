from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.config import document as document_module
from imagebot.config.document import read_document
from imagebot.config.node import Spot
from imagebot.errors import ConfigurationError
from tests.config.shown import show


@pytest.fixture(params=["c", "pure"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both parsers: without the C one everything must read the same."""
    if request.param == "pure":
        monkeypatch.setattr(document_module, "has_c_parser", lambda: False)
    return str(request.param)


def errors_of(text: str) -> list[str]:
    try:
        read_document(text, "f.yaml")
    except ConfigurationError as error:
        return [show(issue) for issue in error.issues]
    return []


def issues(text: str) -> list[str]:
    found = errors_of(text)
    assert found, "it was read"
    return found


@pytest.mark.usefixtures("engine")
class TestValues:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("", None),
            ("---\n", None),
            ("# nothing\n", None),
            ("a: 1\nb: [x, 'y', \"z\"]\n", {"a": 1, "b": ["x", "y", "z"]}),
            ("a: {b: {c: null}}\n", {"a": {"b": {"c": None}}}),
            ("a: no\nb: yes\nc: on\n", {"a": "no", "b": "yes", "c": "on"}),
            ("a: '1'\nb: \"true\"\n", {"a": "1", "b": "true"}),
            ("a: !!str 1\nb: ! 2\n", {"a": "1", "b": "2"}),
            ("a: &x [1]\nb: *x\n", {"a": [1], "b": [1]}),
            ("a: &x 1\nb: &x 2\nc: *x\n", {"a": 1, "b": 2, "c": 2}),
            ("1: a\ntrue: b\n", {"1": "a", "true": "b"}),
            ("{image: nginx:1.25}", {"image": "nginx:1.25"}),
            ("\ufeffa: b\r\n", {"a": "b"}),
            ("a: |\n  x\n  y\n", {"a": "x\ny\n"}),
        ],
    )
    def test_read(self, text: str, value: object) -> None:
        assert read_document(text, "f.yaml").value == value

    def test_places(self) -> None:
        document = read_document("a:\n  - b: x\n    'c': \"yz\"\n  - 3\n", "f.yaml")
        assert document.spot(("a",)) == Spot(1, 1)
        assert document.spot(("a", 0, "c")) == Spot(3, 5)
        assert document.spot(("a", 1)) == Spot(4, 5)
        assert document.value_spot(("a", 0, "b")) == Spot(2, 8)
        # Into the text of a quoted scalar, not at its quote.
        assert document.value_spot(("a", 0, "c"), 1) == Spot(3, 12)
        # What is not there has the place of what would hold it.
        assert document.spot(("a", 0, "missing")) == Spot(2, 5)
        assert document.spot(("nowhere", "at", "all")) == Spot(1, 1)

    @pytest.mark.parametrize("text", ["a: 'it''s'\n", 'a: "\\x41b"\n', "a: >-\n  x\n  y\n"])
    def test_a_position_in_a_text_that_is_not_literal_is_its_beginning(self, text: str) -> None:
        assert read_document(text, "f.yaml").value_spot(("a",), 2) == Spot(1, 4)

    def test_what_aliases_stand_for_has_the_place_of_the_original(self) -> None:
        document = read_document("a: &x {b: 1}\nc: *x\n", "f.yaml")
        assert document.spot(("c",)) == Spot(2, 1)
        assert document.spot(("c", "b")) == Spot(1, 8)


@pytest.mark.usefixtures("engine")
class TestIssues:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("a: 1\nb: 2\na: 3\n", ["f.yaml:3:1: a: given twice, first on line 1"]),
            (
                "p:\n  x: {a: 1, a: 2}\n",
                ["f.yaml:2:13: p.x.a: given twice, first on line 2"],
            ),
            ("? [a]\n: b\n", ["f.yaml:1:3: a key must be text"]),
            (": b\n", ["f.yaml:1:1: an empty key"]),
            (
                "a: &b {c: 1}\nd:\n  <<: *b\n",
                ["f.yaml:3:3: d: merge keys are not supported (policies have `extends`)"],
            ),
            (
                "a: !!python/object:os.system x\n",
                ["f.yaml:1:4: a: YAML tags are not supported (remove the tag)"],
            ),
            (
                "a: !!map {b: 1}\n",
                ["f.yaml:1:4: a: YAML tags are not supported (remove the tag)"],
            ),
            (
                "a: &x [*x]\n",
                ["f.yaml:1:8: a[0]: *x contains itself (a text that begins with * needs quotes)"],
            ),
            (
                "a: 1\n---\nb: 2\n",
                ["f.yaml:2:1: a second document: a configuration is one document"],
            ),
            ("a: \ud800\n", ["f.yaml:1:4: not a valid character"]),
            ("a: 1\na: 2\nb: !x y\n", [
                "f.yaml:2:1: a: given twice, first on line 1",
                "f.yaml:3:4: b: YAML tags are not supported (remove the tag)",
            ]),
        ],
    )  # fmt: skip
    def test_exact(self, text: str, expected: list[str]) -> None:
        assert issues(text) == expected

    @pytest.mark.parametrize(
        ("text", "place"),
        [
            ("a: [1, 2\nb: 3\n", "f.yaml:2:2: "),
            ("a: b: c\n", "f.yaml:1:5: "),
            ("a: 'x\n", "f.yaml:2:1: "),
            ("a:\n\t- b\n", "f.yaml:2:1: "),
            ("a: 1\n\nb: \x07\n", "f.yaml:3:4: "),
            ("%YAML 3.0\n---\na: 1\n", "f.yaml:1:1: "),
        ],
    )
    def test_broken_yaml_says_where(self, text: str, place: str) -> None:
        (issue,) = issues(text)
        assert issue.startswith(place + "broken YAML: ")

    @pytest.mark.parametrize("text", ["match: **/x\n", "a: {match: **}\n", "- *.yaml\n"])
    def test_an_unquoted_glob_is_explained(self, text: str) -> None:
        (issue,) = issues(text)
        assert "needs quotes" in issue

    def test_a_tab_is_explained(self) -> None:
        (issue,) = issues("a:\n\tb: 1\n")
        assert issue.endswith("(YAML indents with spaces, not with tabs)")

    def test_the_message_is_safe_to_print(self) -> None:
        for issue in issues('"a\\e[31m": 1\n"a\\e[31m": 2\n"x\\n://u:secret@h": !y z\n'):
            assert issue.isprintable()
            assert "secret" not in issue


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30)
)
NESTED = "a0: &a0 " + "[" * 40 + "]" * 40 + "\n" + "".join(
    f"a{n}: &a{n} {'[' * 40}*a{n - 1}{']' * 40}\n" for n in range(1, 60)
)  # fmt: skip


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[" * 200_000, "nested deeper than 64 levels"),
        ("{a: " * 200_000, "nested deeper than 64 levels"),
        ("- " * 200, "nested deeper than 64 levels"),
        (BOMB, "more than 50,000 values, aliases expanded"),
        (NESTED, "nested deeper than 64 levels, aliases expanded"),
        ("a: " + "x" * 2_000_000, "longer than 1,048,576 characters"),
        ("[" + "x," * 400_000 + "]", "more values than a configuration can hold"),
        ("".join(f"k: {n}\n" for n in range(5_000)), "too many issues"),
    ],
)
@pytest.mark.timeout(60)
def test_hostile_text_is_refused_soon(text: str, reason: str) -> None:
    found = issues(text)
    assert reason in found[-1]
    assert len(found) <= 101
    assert sys.getsizeof(found[-1]) < 1000


FRAGMENTS = st.sampled_from(
    ["a", "b: ", "- ", "\n", "  ", "{", "}", "[", "]", ", ", ": ", "'", '"', "|", ">-", "&a ", "*a",
     "!x ", "---\n", "...\n", "%YAML 1.1\n", "\t", " #c", "? ", "<<: ", "\r\n", "\u2028", "\x85",
     "\ufeff", "\\x41", "\\", "é", "😀", "1.10", "-", "`", "@", "%", "\x00", "\ud800"]
)  # fmt: skip


@given(st.one_of(st.text(max_size=200), st.lists(FRAGMENTS, max_size=60).map("".join)))
def test_any_text_is_a_document_or_issues(text: str) -> None:
    for issue in errors_of(text):
        assert "\n" not in issue
