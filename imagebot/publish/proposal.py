"""One update that a pull request proposes. Pure."""

from __future__ import annotations

from imagebot.manifest.images.field import FieldEdit, ImageField
from imagebot.values import dataclass

Value = tuple[str | None, str | None]
"""What a field says: its tag and its digest."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """The field as the pull request's branch found it, and what it says there now.

    `named_elsewhere` when another file says which repository it is about, so that the field has
    none. `was_listed` unless the registry did not list the tag that it replaces when that was
    first proposed.
    """

    field: ImageField
    after: Value
    named_elsewhere: bool = False
    was_listed: bool = True

    @property
    def before(self) -> Value:
        return value_of(self.field)

    def is_of(self, field: ImageField) -> bool:
        """Whether a field in the same place is about the same repository."""
        same = field.reference.repository == self.field.reference.repository
        return same or self.named_elsewhere


def value_of(field: ImageField) -> Value:
    return field.reference.tag, field.reference.digest


def edit_to(field: ImageField, after: Value) -> FieldEdit:
    """The edit that makes a field say something else."""
    (tag, digest), (new_tag, new_digest) = value_of(field), after
    return FieldEdit(
        field,
        new_tag if new_tag != tag else None,
        new_digest if new_digest != digest else None,
    )
