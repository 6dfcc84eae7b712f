"""Documents in random styles: an edit changes the value that it should, and nothing else."""

from __future__ import annotations

import string
from collections.abc import Callable
from typing import Any
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st

from imagebot.manifest import scan as scan_module
from imagebot.manifest.edit import edit
from imagebot.manifest.images.field import FieldEdit
from imagebot.manifest.scan import scan
from imagebot.manifest.yaml import events as events_module
from imagebot.manifest.yaml.events import events

TAGS = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}", fullmatch=True)
NAMES = st.from_regex(r"[a-z0-9]{1,8}(/[a-z0-9]{1,8}){0,2}", fullmatch=True).filter(
    lambda name: len(name) < 60
)
WORDS = st.text(string.ascii_letters + "é🚀 :#,-'\"\\[]{}&*!|>%@`?\t", max_size=12)
COMMENTS = st.sampled_from(["", "", "", " # note", "  # é: 'x' \"y\" {", " #"])
BLANKS = st.sampled_from(["", "", "", "\n", "  \n", "# a line\n", "      # deeper: x\n"])


class Writer:
    """Writes mappings and sequences as YAML, drawing the style of each from hypothesis."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self.draw = draw
        self.out: list[str] = []

    def scalar(self, text: str, *, flow: bool = False) -> str:
        plain = all(c.isalnum() or c in "/._-" for c in text) and text[:1].isalnum()
        ends = text.endswith(":")  # then it would be a key
        if (
            ":" in text
            and not ends
            and not flow
            and text.replace(":", "").replace("/", "").isalnum()
        ):
            plain = True
        quoted = ['"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"']
        if "\t" not in text:
            quoted.append("'" + text.replace("'", "''") + "'")
        styles = [*([text] if plain and text else []), *quoted]
        return str(self.draw(st.sampled_from(styles)))

    def flow(self, node: Any) -> str:
        if isinstance(node, dict):
            inner = ", ".join(f"{self.scalar(k)}: {self.flow(v)}" for k, v in node.items())
            return "{" + inner + "}"
        if isinstance(node, list):
            return "[" + ", ".join(self.flow(item) for item in node) + "]"
        return self.scalar(node, flow=True)

    def block(self, node: Any, indent: int) -> None:
        """The entries of a container, each on a line that starts at `indent`."""
        pairs = node.items() if isinstance(node, dict) else [(None, item) for item in node]
        for key, value in pairs:
            blank = self.draw(BLANKS)
            self.out.append(blank)
            lead = " " * indent + ("- " if key is None else f"{key}:")
            if isinstance(value, str):
                gap = "" if key is None else " " * self.draw(st.integers(1, 3))
                self.out.append(f"{lead}{gap}{self.scalar(value)}{self.draw(COMMENTS)}\n")
            elif not value or self.draw(st.integers(0, 4)) == 0:
                gap = "" if key is None else " "
                self.out.append(f"{lead}{gap}{self.flow(value)}{self.draw(COMMENTS)}\n")
            elif key is None and isinstance(value, dict):
                start = len(self.out)
                self.block(value, indent + 2)
                self._fold_dash(start, indent)
            else:
                self.out.append(f"{lead.rstrip()}{self.draw(COMMENTS)}\n")
                more = self.draw(st.integers(1 if isinstance(value, dict) else 0, 4))
                self.block(value, indent + (more if key is not None else more + 1))

    def _fold_dash(self, start: int, indent: int) -> None:
        """Put the dash of an item before its first key."""
        for number in range(start, len(self.out)):
            line = self.out[number]
            is_entry = bool(line.strip()) and not line.lstrip().startswith("#")
            if is_entry and line.startswith(" " * (indent + 2)):
                self.out[number] = " " * indent + "- " + line[indent + 2 :]
                return


@st.composite
def manifests(draw: Any) -> tuple[str, int]:
    """A pod with containers among other things, and the number of them."""
    count = draw(st.integers(1, 3))
    containers = [
        {
            "name": draw(NAMES).replace("/", "-"),
            "image": f"ghcr.io/{draw(NAMES)}:{draw(TAGS)}",
            "env": [{"name": "A", "value": draw(WORDS)} for _ in range(draw(st.integers(0, 2)))],
            "note": draw(WORDS),
        }
        for _ in range(count)
    ]
    document = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "pod", "labels": {"a": draw(WORDS)}},
        "spec": {"nodeName": draw(WORDS), "containers": containers, "last": [draw(WORDS)]},
    }
    writer = Writer(draw)
    writer.block(document, 0)
    text = "".join(writer.out)
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    if draw(st.booleans()):
        text = text.rstrip("\r\n")
    return draw(st.sampled_from(["", "\ufeff", "---\n", "# top\n---\n"])) + text, count


def signature(text: str) -> list[tuple[Any, ...]]:
    """Every event of a document, without places."""
    found = []
    for event in events(text.removeprefix("\ufeff"), "pure"):
        value = getattr(event, "value", None)
        found.append((type(event).__name__, value, getattr(event, "anchor", None)))
    return found


@settings(max_examples=150, deadline=None)
@given(manifests(), TAGS, st.data())
def test_an_edit_changes_its_value_and_nothing_else(
    made: tuple[str, int], tag: str, data: st.DataObject
) -> None:
    text, count = made
    before = text.encode()
    fields = scan("pod.yaml", before).fields
    assert len(fields) == count
    chosen = fields[data.draw(st.integers(0, count - 1))]
    after = edit("pod.yaml", before, [FieldEdit(chosen, tag, None)])
    old, new = signature(text), signature(after.decode())
    assert len(old) == len(new)
    changed = [(a, b) for a, b in zip(old, new, strict=True) if a != b]
    if tag == chosen.reference.tag:
        assert after == before
    else:
        ((was, now),) = changed
        assert was[1] == str(chosen.reference)
        assert now[1] == str(chosen.reference.to(tag, None))
    fields = scan("pod.yaml", after).fields
    (again,) = (field for field in fields if field.keys == chosen.keys)
    back = [FieldEdit(again, chosen.reference.tag, None)]
    assert edit("pod.yaml", after, back) == before


@settings(max_examples=150, deadline=None)
@given(manifests())
def test_the_outline_and_both_parsers_agree(made: tuple[str, int]) -> None:
    data = made[0].encode()
    found = scan("pod.yaml", data)
    with mock.patch.object(scan_module, "outline", return_value=None):
        assert scan("pod.yaml", data) == found
        # As where libyaml is missing.
        with mock.patch.object(events_module, "has_c_parser", return_value=False):
            assert scan("pod.yaml", data) == found


VALUES = st.fixed_dictionaries(
    {
        "repository": st.just("acme/web"),
        "tag": TAGS,
        "pullPolicy": st.just("Always"),
    }
)


@settings(max_examples=150, deadline=None)
@given(st.data(), VALUES, TAGS)
def test_a_tag_stays_text_in_every_style(data: st.DataObject, image: Any, tag: str) -> None:
    """Quotes are added where the new tag alone would be a number, a date or a truth value."""
    from ruamel.yaml import YAML

    writer = Writer(data.draw)
    writer.block({"web": {"image": image}}, 0)
    before = "".join(writer.out).encode()
    (field,) = scan("values.yaml", before).fields
    after = edit("values.yaml", before, [FieldEdit(field, tag, None)])
    for version in ((1, 1), (1, 2)):
        loader = YAML(typ="safe", pure=True)
        loader.version = version
        value = loader.load(after.decode())["web"]["image"]["tag"]
        assert value == tag or tag == image["tag"]
