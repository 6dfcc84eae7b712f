"""What the plan and the base say today of the fields that pull requests are about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from imagebot.git.checkout import Checkout
from imagebot.manifest.companion import Content, companion_of
from imagebot.manifest.images.field import ImageField
from imagebot.manifest.images.same import same_field
from imagebot.manifest.scan import scan
from imagebot.plan.model import Kept, Plan, Update
from imagebot.publish.branches import fields_of
from imagebot.publish.changes import Change
from imagebot.publish.context import PublishContext
from imagebot.publish.fates import Today
from imagebot.publish.proposal import Proposal


class Base:
    """Reads the base's files once they are loaded. May raise GitError."""

    def __init__(self, plan: Plan, changes: Sequence[Change], context: PublishContext) -> None:
        self.context = context
        self.checkout: Checkout = context.checkout
        self.branches = {each.id: change.branch for change in changes for each in change.updates}
        self.committed = {
            path for change in changes if change.mode == "commit" for path in change.paths
        }
        self.entries: dict[str, list[Update | Kept]] = {}
        every: list[Update | Kept] = [*plan.updates, *plan.kept]
        for entry in every:
            self.entries.setdefault(entry.field.path, []).append(entry)
        self._contents: dict[str, bytes] = {}
        self._scans: dict[str, tuple[tuple[ImageField, ...], bool]] = {}

    def load(self, paths: Iterable[str]) -> None:
        """Read these files of the base and their companions, as far as they are there, with one
        command."""
        every = [each for path in paths for each in (path, companion_of(path))]
        blobs = {path: blob for path in every if path and (blob := self.checkout.blob(path))}
        contents = self.checkout.read(blobs.values())
        self._contents = {p: contents[blob] for p, blob in blobs.items() if blob in contents}

    def today(self, proposal: Proposal) -> Today:
        path = proposal.field.path
        entries = self.entries.get(path, [])
        found = same_field([entry.field for entry in entries], proposal.field)
        entry = next((each for each in entries if each.field is found), None)
        if entry is not None and not proposal.is_of(entry.field):
            return Today()  # people wrote another image there
        if entry is not None:
            branch = self.branches.get(entry.id, "") if isinstance(entry, Update) else ""
            return Today(entry=entry, field=found, branch=branch)
        return self._uncovered(proposal)

    def content(self, path: str) -> Content | None:
        """A file of the base that was loaded, with its companion; None where that was not
        possible."""
        data, companion = self._contents.get(path), companion_of(path)
        if data is None:
            return None
        if companion and self.checkout.blob(companion) and companion not in self._contents:
            return None
        return Content(data, self._contents.get(companion))

    def _uncovered(self, proposal: Proposal) -> Today:
        path = proposal.field.path
        if not self.checkout.blob(path):
            return Today(whole=path not in {other.path for other in self.checkout.others()})
        if path not in self._contents:
            return Today(whole=False)
        fields, whole = self._scanned(path)
        field = same_field(fields, proposal.field)
        if field is not None and not proposal.is_of(field):
            return Today()
        return Today(field=field, whole=whole)

    def _scanned(self, path: str) -> tuple[tuple[ImageField, ...], bool]:
        """The fields of a file, and whether it was read to its end."""
        if path not in self._scans:
            data, options = self._contents[path], self.context.options
            whole = not scan(path, data, options).unread
            self._scans[path] = fields_of(path, data, options), whole
        return self._scans[path]
