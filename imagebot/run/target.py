"""Reads the configuration of a target, and says what of it a plan depends on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from imagebot.config.load import load_configuration
from imagebot.config.model import Configuration, Target
from imagebot.errors import ConfigIssue, ConfigurationError
from imagebot.git.checkout import Checkout
from imagebot.git.tree import TreeOther
from imagebot.scan.checkout import CheckoutSource
from imagebot.values import dataclass


@dataclass(frozen=True, slots=True)
class TreeRead:
    """What of a target's head a plan depends on; equal ones give the same plan and edits.

    `files` has the blobs of the manifests and their companions by path, `configuration` that of
    `imagebot.yaml`, None without one; `others` are the entries that cannot be read.
    """

    files: Mapping[str, str]
    configuration: str | None
    others: tuple[TreeOther, ...]


_MAX_CONFIGURATION = 1024 * 1024


def target_configuration(
    checkout: Checkout, target: Target, otherwise: Configuration | None
) -> Configuration:
    """The configuration of a target: the file at its branch's head, else `otherwise`.

    Never read from anywhere but the head of the target's branch. Raises ConfigurationError.
    """
    blob = checkout.blob(target.configuration)
    if blob is None:
        _refuse_other(checkout, target)
        if otherwise is not None:
            return otherwise
        here = target.work_tree
        if here is not None and Path(here.top, target.configuration).is_file():
            name = target.configuration
            message = f"{name} is here but not on {here.upstream}: commit and push it"
            raise _fault(target, message, "")
        hint = (
            "let `imagebot init` propose one, put policies and routes into the bot's own file, "
            "or use the built-in policy with --no-config"
        )
        raise _fault(target, f"there is no such file on branch {target.branch}", hint)
    data = checkout.read_kept(blob, max_size=_MAX_CONFIGURATION)
    if data is None:
        raise _fault(target, f"is larger than {_MAX_CONFIGURATION} bytes", "")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _fault(target, f"is not UTF-8 at byte {error.start}", "save it as UTF-8") from error
    return load_configuration(text, target.configuration, trusted=False)


def _refuse_other(checkout: Checkout, target: Target) -> None:
    """Refuse an entry that has the file's name but is not a file, such as a link."""
    for other in checkout.others():
        if other.path == target.configuration:
            hint = "put the file itself there"
            raise _fault(target, f"cannot be read on {target.branch}: {other.reason}", hint)


def _fault(target: Target, message: str, hint: str) -> ConfigurationError:
    return ConfigurationError((ConfigIssue(target.configuration, 0, 0, "", message, hint),))


def tree_read(source: CheckoutSource, target: Target) -> TreeRead:
    """What of the checkout's head is in `source`, and the target's configuration."""
    # Only passes with updates need it.
    from imagebot.manifest.companion import companion_of

    blobs = source.blobs()
    files = {path: blobs.get(path, "") for path in source.paths()}
    companions = [each for path in files if (each := companion_of(path)) in blobs]
    return TreeRead(
        files=files | {path: blobs[path] for path in companions},
        configuration=blobs.get(target.configuration),
        others=source.checkout.others(),
    )


def same_manifest(path: str, then: Mapping[str, str], now: Mapping[str, str]) -> bool:
    """Whether a manifest and its companion have the same blobs in the files of two `TreeRead`s."""
    from imagebot.manifest.companion import companion_of

    if then.get(path, "") != now.get(path) or not now[path]:
        return False
    companion = companion_of(path)
    return then.get(companion) == now.get(companion)
