"""Renders a tree before and after imagebot's edits, and compares."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from imagebot.config.builtin import default_configuration
from imagebot.manifest.edit import edit
from imagebot.manifest.images.field import FieldEdit, ImageField, Slot
from imagebot.plan.assign import assign
from imagebot.reference import Reference, parse_reference
from imagebot.scan.inventory import Inventory, take_inventory
from tests.scan.test_inventory import Blobs

# The tags that are written; every one in its tree is another. Half of them need quotes.
_WRITTEN = re.compile(
    r"(?:9\.[0-9]{3}0|8\.[0-9]{3}\.1-new)(?:@sha256:[0-9a-f]{64})?|sha256:f00d[0-9a-f]{60}"
)

Files = Mapping[str, str]
Render = Callable[[Path], "str | None"]


@dataclass(frozen=True, slots=True)
class Rendering:
    """One way in which a part of a tree is deployed; `render` gives None where it cannot be."""

    name: str
    render: Render


@dataclass(slots=True)
class Outcome:
    """What was compared. `faults` has a line for each other difference than that of an edit, `idle`
    the edits that reach no rendering, `unmoved` a line for each rendered image that no edit has
    changed."""

    edits: int = 0
    images: int = 0
    refused: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    idle: list[str] = field(default_factory=list)
    unmoved: list[str] = field(default_factory=list)
    inventory: Inventory | None = None


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    for path, data in files.items():
        at = folder / path
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_bytes(data)


def check(
    folder: Path, files: Mapping[str, bytes], renderings: Sequence[Rendering], *, pin: bool
) -> Outcome:
    """Edit every managed field of a tree, and say what its renderings do not follow.

    With `pin` every field that can have a digest gets one. Both versions are below `folder`.
    """
    found = take_inventory(Blobs(files), default_configuration())
    edits = edits_of(found.fields, pin=pin)
    outcome = Outcome(edits=len(edits), inventory=found)
    by_path: dict[str, list[FieldEdit]] = {}
    for each in edits:
        by_path.setdefault(each.field.path, []).append(each)
    after = dict(files)
    for path, own in by_path.items():
        after[path] = edit(path, files[path], own)
    write(folder / "before", files)
    write(folder / "after", after)
    reached: set[tuple[str, int]] = set()
    for each_way in renderings:
        old = each_way.render(folder / "before")
        new = each_way.render(folder / "after")
        if old is None or new is None:
            outcome.refused.append(each_way.name)
            if (old is None) != (new is None):
                outcome.faults.append(f"{each_way.name}: can be rendered only once")
            continue
        _compare(each_way.name, old, new, edits, reached, outcome)
    # What repeats the reference that overrides it moves with that, and is as idle as before.
    repeated = {str(one.field.reference) for one in edits if _key(one) in reached}
    for one in edits:
        if _key(one) not in reached and str(one.field.reference) not in repeated:
            outcome.idle.append(_told(one))
    return outcome


def edits_of(fields: Sequence[ImageField], *, pin: bool) -> list[FieldEdit]:
    """An edit for each managed field; those of one text get one tag."""
    edits: list[FieldEdit] = []
    numbers: dict[tuple[str, Slot | None], int] = {}
    for each in assign(fields, default_configuration()):
        one = each.field
        if not each.managed or one.refusal or one.reference.chart:
            continue
        slot = one.tag if one.reference.tag or not one.reference.digest else None
        number = numbers.setdefault((one.path, slot or one.digest), len(numbers))
        tag = f"9.{number:03}0" if number % 2 else f"8.{number:03}.1-new"
        digest = None
        if one.digest is not None and (pin or one.reference.digest):
            digest = "sha256:f00d" + hashlib.sha256(tag.encode()).hexdigest()[4:]
        if slot is None:
            if digest is not None:
                edits.append(FieldEdit(one, None, digest))
        else:
            edits.append(FieldEdit(one, tag, digest))
    return edits


def _compare(
    name: str,
    old: str,
    new: str,
    edits: Sequence[FieldEdit],
    reached: set[tuple[str, int]],
    outcome: Outcome,
) -> None:
    """`reached` gets what is in the rendering; whatever else differs is a fault."""
    before, after = list(_texts(_load(old))), list(_texts(_load(new)))
    if [path for path, _ in before] != [path for path, _ in after]:
        outcome.faults.append(f"{name}: other keys are rendered")
        return
    by_text: dict[str, list[FieldEdit]] = {}
    for each in edits:
        made = _edited(each)
        # The tag alone is in values that Helm gets later, on the cluster.
        for text in (_suffix(made), made.tag or ""):
            by_text.setdefault(text, []).append(each)
    for (path, was), (_, text) in zip(before, after, strict=True):
        if was == text:
            if path[-1] == "image" and isinstance(text, str) and _suffix(parse_reference(text)):
                outcome.unmoved.append(f"{name}: {'.'.join(path)}: {text}")
            continue
        by = _by(was, text, by_text)
        if not by:
            outcome.faults.append(f"{name}: {path}: {was!r} became {text!r}")
            continue
        outcome.images += 1
        reached.update(map(_key, by))


def _by(was: Any, text: Any, by_text: Mapping[str, list[FieldEdit]]) -> list[FieldEdit]:
    """The edits that make the new text of the old one."""
    written = _WRITTEN.search(text) if isinstance(text, str) else None
    if written is None or not isinstance(was, str):
        return []
    by = by_text.get(text[max(written.start() - 1, 0) :], [])
    return [each for each in by if _explains(each.field.reference, was, text)]


def _explains(old: Reference, was: str, text: str) -> bool:
    if was == old.tag:
        return True
    repository = _repository(text)
    if repository.startswith("mirror.example/") and _repository(was) == repository:
        # An overlay gives it another name and leaves the tag.
        return _suffix(parse_reference(was)) == _suffix(old)
    expected = str(old.repository)
    return repository == expected and _normal(was) == expected + _suffix(old)


def _edited(each: FieldEdit) -> Reference:
    reference = each.field.reference
    return reference.to(each.tag or reference.tag, each.digest or reference.digest)


def _suffix(reference: Reference) -> str:
    tag = f":{reference.tag}" if reference.tag is not None else ""
    return tag + (f"@{reference.digest}" if reference.digest is not None else "")


def _key(each: FieldEdit) -> tuple[str, int]:
    slot = each.field.tag if each.tag is not None else each.field.digest
    assert slot is not None
    return each.field.path, slot.start


def _told(each: FieldEdit) -> str:
    return f"{each.field.path}:{each.field.line} {each.field.reference}"


def _normal(text: str) -> str:
    return _repository(text) + _suffix(parse_reference(text))


def _repository(text: str) -> str:
    return str(parse_reference(text).repository)


def _load(text: str) -> list[Any]:
    return list(YAML(typ="safe").load_all(text))


def _texts(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every scalar with its path."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, (*path, str(key)))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _texts(item, (*path, str(number)))
    else:
        yield path, value
