"""A folder to work in: its configuration, and its files as a source."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from imagebot.config.builtin import default_configuration
from imagebot.config.file import read_configuration, shown_path
from imagebot.config.load import load_configuration
from imagebot.config.model import Configuration
from imagebot.config.search import find_configuration
from imagebot.errors import ImagebotError, UsageError
from imagebot.files.folder import read_files
from imagebot.files.listing import list_files
from imagebot.scan.ahead import Ahead, begin
from imagebot.scan.inventory import Inventory, take_inventory
from imagebot.values import dataclass


@dataclass(frozen=True, slots=True)
class Workspace:
    """Every path is relative to `root`; only files under `below` are used.

    `ahead` is at work on all of them.
    """

    root: Path
    below: str
    configuration: Configuration
    ahead: Ahead | None = None

    @property
    def whole(self) -> bool:
        return not self.below

    def paths(self) -> Sequence[str]:
        return self._listed(every=False)

    def every_path(self) -> Sequence[str]:
        """Every file, whatever its name, that no ignore rule and no `files.exclude` leaves out."""
        return self._listed(every=True)

    def _listed(self, *, every: bool) -> Sequence[str]:
        if self.ahead and not every and (known := self.ahead.paths(self.configuration)) is not None:
            return known
        files = self.configuration.files
        listed = list_files(
            self.root,
            exclude=files.exclude,
            extra=files.patterns,
            fields=files.fields,
            every=every,
        )
        inside = f"{self.below}/" if self.below else ""
        return [path for path in listed if path.startswith(inside)]

    def fetch(self, paths: Sequence[str]) -> None:
        """Nothing to do: the files are in the folder."""

    def read(self, paths: Sequence[str]) -> Iterator[tuple[str, bytes | ImagebotError]]:
        return read_files(self.root, paths)

    def has(self, path: str) -> bool:
        return os.path.lexists(self.root / path)

    def blobs(self) -> Mapping[str, str]:
        return {}


def open_workspace(directory: str) -> Workspace:
    """The workspace that contains `directory`.

    The nearest imagebot.yaml upwards, up to the Git root, is its configuration; otherwise the
    built-in one is (`configuration.built_in`). Raises UsageError and ConfigurationError.
    """
    folder = _folder(directory)
    found = find_configuration(folder)
    if found is None:
        return Workspace(folder, "", default_configuration())
    return _configured(folder, found, read_configuration(found))


@contextmanager
def open_workspace_ahead(directory: str, *, managed_only: bool) -> Iterator[Workspace]:
    """As `open_workspace`; while the configuration is loaded, a child lists and scans the files,
    where that is worth it.

    `managed_only` as in `take_inventory`.
    """
    folder = _folder(directory)
    found = find_configuration(folder)
    if found is None or found.parent != folder:
        yield open_workspace(directory)
        return
    text = read_configuration(found)
    with begin(folder, text, managed_only=managed_only) as ahead:
        yield replace(_configured(folder, found, text), ahead=ahead)


def _folder(directory: str) -> Path:
    try:
        folder = Path(directory).resolve(strict=True)
        is_folder = folder.is_dir()
    except FileNotFoundError:
        is_folder = False
    except (OSError, RuntimeError) as error:
        raise UsageError(f"{directory}: {getattr(error, 'strerror', None) or error}") from error
    if not is_folder:
        raise UsageError(f"{directory}: no such folder")
    return folder


def _configured(folder: Path, found: Path, text: str) -> Workspace:
    root = found.parent
    configuration = load_configuration(text, shown_path(found), trusted=False)
    below = folder.relative_to(root).as_posix()
    return Workspace(root, "" if below == "." else below, configuration)


def managed_inventory(workspace: Workspace) -> Inventory:
    """What `plan` and `update` need of the files: see `take_inventory`."""
    return take_inventory(
        workspace, workspace.configuration, managed_only=True, ahead=workspace.ahead
    )


def require_configuration(workspace: Workspace, *, no_config: bool) -> None:
    """Raises UsageError if there is no configuration and --no-config is not given."""
    if workspace.configuration.built_in and not no_config:
        raise UsageError(
            f"there is no imagebot.yaml in {workspace.root} or above it",
            hint="`imagebot init` proposes one; --no-config uses the built-in policy",
        )
