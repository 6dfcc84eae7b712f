from __future__ import annotations

import pytest

from imagebot.manifest.yaml.edits import Edit
from imagebot.manifest.yaml.events import YamlFaultError
from imagebot.manifest.yaml.proof import ProofError, prove


def edit(text: str, old: str, new: str, value: str | None = None, *, added: str = "") -> Edit:
    start = text.index(old)
    return Edit(start, start + len(old), new, new if value is None else value, added)


def after(text: str, *edits: Edit) -> str:
    for each in reversed(edits):
        text = text[: each.start] + each.new + text[each.end :]
    return text


PROVEN = {
    "a plain value": ("a: v1 # x\nb: c\n", "v1", "v2", None),
    "quotes added": ("a: v1\nb: c\n", "v1", '"1.10"', "1.10"),
    "in quotes": ("a: 'v1'\n", "v1", "v2", None),
    "a part": ("a: app:1.0\nb: {c: d}\n", "1.0", "2.0", None),
    "in a block": ("a: |\n  b: v1\n  c: d\ne: f\n", "v1", "v2", None),
    "before what libyaml refuses": ("a: v1\nb: c\nd: {e: http://f}\n", "v1", "v2", None),
    "at the end of the text": ("a: v1", "v1", "v2", None),
}


@pytest.mark.parametrize(("text", "old", "new", "value"), PROVEN.values(), ids=PROVEN.keys())
def test_an_exact_edit_is_proven(text: str, old: str, new: str, value: str | None) -> None:
    made = edit(text, old, new, value)
    prove(text, after(text, made), [made])


REFUSED = {
    "in a key": ("v1: a\n", "v1", "v2"),
    "in a comment": ("a: b # v1\n", "v1", "v2"),
    "over two values": ("a: v1\nb: v1x\n", "v1\nb: v1x", "v2"),
    "an anchor": ("a: &v1 b\n", "v1", "v2"),
    "a line more": ("a: v1\n", "v1", "v2\nb: c"),
    "a comment that starts": ("a: v1\n", "v1", "v2 #3"),
    "no text any more": ("a: v1\n", "v1", "2"),
    "another number": ("a: 1.9\n", "1.9", "1.10"),
    "another structure": ("a: v1\n", "v1", "[v2]"),
    "in a block that is YAML": ("a: |\n  b: v1\n  c: d\n", "v1", "{v2: x}"),
}


@pytest.mark.parametrize(("text", "old", "new"), REFUSED.values(), ids=REFUSED.keys())
def test_anything_else_is_refused(text: str, old: str, new: str) -> None:
    """As if the value of the cut were the bare tag, whatever is written."""
    made = edit(text, old, new, "v2" if old != "v1" or new != "2" else "v9")
    with pytest.raises((ProofError, YamlFaultError)):
        prove(text, after(text, made), [made])


def test_a_change_that_no_edit_explains_is_refused() -> None:
    text = "a: v1\nb: c\nd: e\n"
    made = edit(text, "v1", "v2")
    for other in ("a: v2\nb: x\nd: e\n", "a: v2\nb: c\nd: e\nf: g\n", "a: v2\nb: c\n"):
        with pytest.raises(ProofError):
            prove(text, other, [made])


def test_a_key_is_added_to_its_own_entry_only() -> None:
    text = "images:\n- name: a\n  newTag: v1\n- name: b\n"
    at = text.index("\n- name: b")
    good = Edit(at, at, "\n  digest: x", "x", "digest")
    prove(text, after(text, good), [good])
    end = len(text) - 1
    bad = Edit(end, end, "\n  digest: x", "x", "name")
    with pytest.raises(ProofError):
        prove(text, after(text, bad), [bad])


def test_text_that_breaks_after_the_edit_is_refused() -> None:
    text = "a: v1\nb: c\nd: [\n"
    made = edit(text, "v1", "v2")
    with pytest.raises((ProofError, YamlFaultError)):
        prove(text, after(text, made), [made])
