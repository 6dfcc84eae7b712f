"""Slots: the positions of the parts of a reference within the scalars of a document."""

from __future__ import annotations

from imagebot.manifest.images.field import Slot, Style
from imagebot.manifest.yaml.document_text import DocumentText, written_at
from imagebot.manifest.yaml.events import Scalar
from imagebot.manifest.yaml.tree import Mapping, is_scalar
from imagebot.values import dataclass

_TEXT_TAG = "tag:yaml.org,2002:str"


@dataclass(frozen=True, slots=True)
class EditableScalar:
    """A scalar whose text can be edited. `start` and `end` bound its text in the document without
    quotes and properties; `offset` is where `value` starts there, None if the value is not written
    in one piece (escapes, folded lines)."""

    document_text: DocumentText
    value: str
    start: int
    end: int
    offset: int | None
    plain: bool

    def slot(self, at: int, text: str, prefix: str = "", *, quoted: bool = True) -> Slot | None:
        """The slot of `text`, which is at `at` in the value; None if it cannot be located."""
        start = self.find(at, text)
        if start is None:
            return None
        first = self.document_text.byte(start)
        return Slot(first, first + len(text.encode()), text, prefix=prefix, quoted=quoted)

    def find(self, at: int, text: str) -> int | None:
        """Where `text`, which is at `at` in the value, is written in the document."""
        if self.offset is not None:
            return self.offset + at
        raw = self.document_text.text[self.start : self.end]
        once = bool(text) and raw.count(text) == 1 and self.value.count(text) == 1
        return self.start + raw.index(text) if once else None


def is_typed(scalar: Scalar) -> bool:
    """Whether a YAML tag (`!!str`) gives the type of a scalar, so quotes do not matter."""
    return scalar.tag is not None


def has_other_type(scalar: Scalar) -> bool:
    """Whether a YAML tag gives a scalar another type than text (`!!float 1.9`)."""
    return is_typed(scalar) and scalar.tag not in (_TEXT_TAG, "!")


def editable_scalar(document_text: DocumentText, scalar: Scalar) -> EditableScalar:
    """Where the (stripped) value of a scalar is written."""
    start, end, offset = written_at(document_text.text, scalar)
    return EditableScalar(
        document_text, scalar.value.strip(), start, end, offset, scalar.style in ("", None)
    )


def new_key_slot(
    document_text: DocumentText, after: Mapping, sibling: str, key: str
) -> Slot | None:
    """The slot for a new line (or, in flow style, pair) for `key` after that of `sibling`.

    None if nothing can be added after the sibling's value.
    """
    pair = after.get(sibling)
    if pair is None or not is_scalar(pair[1]) or pair[0].value != sibling:
        # The name of a parameter is not a key beside which another one can be.
        return None
    name, value = pair[0], pair[1]
    if (
        value.style in ("|", ">")
        or "\n" in document_text.text[value.start_mark.index : value.end_mark.index]
    ):
        return None
    text = document_text.text
    if after.flow:
        quote = name.style if name.style in ('"', "'") else ""
        value_quote = value.style if value.style in ('"', "'") else '"'
        at = document_text.byte(value.end_mark.index)
        prefix = f", {quote}{key}{quote}: {value_quote}"
        return Slot(at, at, "", prefix=prefix, suffix=value_quote)
    line_start = text.rfind("\n", 0, name.start_mark.index) + 1
    lead = text[line_start : name.start_mark.index]
    file = document_text.file
    name_at = document_text.index(name.start_mark.index)
    file_lead = file.text[file.start_of_line(name_at) : name_at]
    if lead.strip("- \t") or file_lead.strip("- \t"):
        return None
    end = file.line_end(document_text.index(value.end_mark.index))
    indent = file_lead.replace("-", " ")
    at = file.byte(end)
    prefix = f"{file.newline(name_at)}{indent}{key}: "
    return Slot(at, at, "", prefix=prefix, quoted=False)


def style_of(mapping: Mapping, key: str) -> Style:
    """The style of the value of a key; quoted keys are the sign of JSON."""
    if not mapping.flow:
        return "block"
    return "json" if key in mapping and mapping[key][0].style == '"' else "flow"


def missing_value_slot(document_text: DocumentText, mapping: Mapping, key: str) -> Slot | None:
    """The slot for the missing value of a key (`tag:`)."""
    pair = mapping.get(key)
    if pair is None:
        return None
    colon = document_text.text.find(":", pair[0].end_mark.index)
    between = document_text.text[pair[0].end_mark.index : colon]
    if colon < 0 or between.strip(" \t"):
        return None
    at = document_text.byte(colon + 1)
    return Slot(at, at, "", prefix=" ", quoted=False, style=style_of(mapping, key))
