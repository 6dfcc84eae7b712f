"""What a branch of the bot proposes, and who else has worked on it: read from Git.

The diff of the bot's own commit says it. So nothing needs to be remembered of an update but its
id, and a bot without caches comes to the same end.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from imagebot.config.model import Configuration
from imagebot.errors import RefusedEditError
from imagebot.git.checkout import Checkout
from imagebot.git.history import Author, FileDiff
from imagebot.manifest.companion import Content, companion_of, edit_content
from imagebot.manifest.images.field import FieldEdit, ImageField
from imagebot.manifest.images.layers import Layers
from imagebot.manifest.images.options import ScanOptions
from imagebot.manifest.images.same import same_field
from imagebot.manifest.scan import scan
from imagebot.publish.marker import PullRequestMarker
from imagebot.publish.proposal import Proposal, edit_to, value_of

_OID_RE = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def scan_options(configuration: Configuration, layers: Layers) -> ScanOptions:
    """How the files of a target are scanned for fields."""
    return ScanOptions(
        fields=configuration.fields,
        files=configuration.files.patterns,
        compose_defaults=configuration.files.compose_defaults,
        layers=layers,
    )


def read_proposals(
    branch: str, known: PullRequestMarker, checkout: Checkout, options: ScanOptions
) -> tuple[Proposal, ...]:
    """What the bot last put on the branch of its pull request, in the order of the files.

    Empty when that commit is not to be had any more. Raises GitError.
    """
    own = _own_commit(branch, known, checkout)
    return proposals_of(own, checkout, options) if own else ()


def own_message(branch: str, known: PullRequestMarker, checkout: Checkout) -> str:
    """The message of the bot's commit on the branch, "" where that is not to be had any more."""
    own = _own_commit(branch, known, checkout)
    return checkout.message(own) if own else ""


def proposals_of(commit: str, checkout: Checkout, options: ScanOptions) -> tuple[Proposal, ...]:
    """What a commit that the cache has changes of images."""
    parents = checkout.parents(commit)
    if not parents:
        return ()
    diffs = checkout.changed(parents[0], commit)
    contents = _read(diffs, checkout)
    return tuple(each for diff in diffs for each in _proposals(diff, contents, options))


def people_on(
    branch: str, checkout: Checkout, known: PullRequestMarker | None, options: ScanOptions
) -> tuple[str, ...]:
    """Addresses of those, other than the bot, who have worked on the branch.

    Merging the base into it, or putting it on a newer base, is no work where it adds nothing.
    """
    if known is not None and known.pushed == checkout.remote_branch(branch):
        return ()
    commits = _by_others(branch, checkout)
    if commits and known is not None:
        own = _own_commit(branch, known, checkout)
        moved = own and all(each.merge or _is_moved(each, own, checkout) for each in commits)
        if moved and _adds_nothing(own, branch, checkout, options):
            return ()
    found = (address for each in commits for address in (each.author, each.committer))
    return tuple(dict.fromkeys(address for address in found if address != _bot(checkout)[1]))


def own_commits(branch: str, checkout: Checkout) -> tuple[Author, ...]:
    """The bot's own commits on a branch, the newest first."""
    commits = checkout.authors(checkout.head, branch)
    return tuple(each for each in commits if (each.author, each.committer) == _bot(checkout))


def is_rewritten(branch: str, checkout: Checkout, known: PullRequestMarker | None) -> bool:
    """Whether the branch is not at what its pull request says the bot pushed last, and not because
    of what others committed.

    Somebody moved it back, or a bot ended between the push and the change of the text.
    """
    tip = checkout.remote_branch(branch)
    if known is None or tip in (None, known.pushed):
        return False
    return not _by_others(branch, checkout)


def _by_others(branch: str, checkout: Checkout) -> tuple[Author, ...]:
    commits = checkout.authors(checkout.head, branch)
    return tuple(each for each in commits if (each.author, each.committer) != _bot(checkout))


def _bot(checkout: Checkout) -> tuple[str, str]:
    """The addresses of the author and of the committer of the bot's own commits."""
    return checkout.committer.addresses


def _is_moved(commit: Author, own: str, checkout: Checkout) -> bool:
    """Whether a commit is the bot's `own`, put on another base by somebody else."""
    by_bot = commit.author == _bot(checkout)[0]
    return by_bot and commit.message.strip() == checkout.message(own).strip()


def _own_commit(branch: str, known: PullRequestMarker, checkout: Checkout) -> str:
    """The bot's commit on the branch, "" where it cannot be had."""
    tip = checkout.fetch_branch(branch)
    # People can edit the text that the marker is in.
    if _OID_RE.fullmatch(known.pushed) and checkout.has(known.pushed):
        return known.pushed
    return tip if tip and not _by_others(branch, checkout) else ""


def _adds_nothing(own: str, branch: str, checkout: Checkout, options: ScanOptions) -> bool:
    """Whether the branch differs from the base that is in it only by what `own` changed."""
    tip = checkout.remote_branch(branch)
    base = checkout.merge_base(tip) if tip else ""
    if not tip or not base:
        return False
    proposals = proposals_of(own, checkout, options)
    diffs = checkout.changed(base, tip)
    by_path = {diff.path: diff for diff in diffs}
    paths = {each.field.path for each in proposals} & set(by_path)
    if not set(by_path) <= {*paths, *map(companion_of, paths)}:
        return False
    contents = _read(diffs, checkout)
    return all(_is_edited(path, by_path, contents, proposals, options) for path in paths)


def _is_edited(
    path: str,
    diffs: Mapping[str, FileDiff],
    contents: Mapping[str, bytes],
    proposals: Collection[Proposal],
    options: ScanOptions,
) -> bool:
    """Whether a file and its companion differ by these proposals, to the byte."""
    diff, beside = diffs[path], diffs.get(companion_of(path))
    if any(
        blob not in contents for each in (diff, beside) if each for blob in (each.old, each.new)
    ):
        return False
    old = Content(contents[diff.old], contents[beside.old] if beside else None)
    new = Content(contents[diff.new], contents[beside.new] if beside else None)
    fields = fields_of(path, old.data, options)
    edits: list[FieldEdit] = []
    for proposal in proposals:
        field = same_field(fields, proposal.field) if proposal.field.path == diff.path else None
        if field is not None and value_of(field) == proposal.before:
            edits.append(edit_to(field, proposal.after))
    try:
        return edit_content(path, old, edits) == new
    except RefusedEditError:
        return False


def fields_of(path: str, data: bytes, options: ScanOptions) -> tuple[ImageField, ...]:
    """Every image field of a file, also those whose repository another file names."""
    found = scan(path, data, options)
    return (*found.fields, *(pending.field for pending in found.pending))


def _proposals(
    diff: FileDiff, contents: Mapping[str, bytes], options: ScanOptions
) -> Iterable[Proposal]:
    if diff.old not in contents or diff.new not in contents:
        return
    after = fields_of(diff.path, contents[diff.new], options)
    found = scan(diff.path, contents[diff.old], options)
    pending = [each.field for each in found.pending]
    for field in (*found.fields, *pending):
        same = same_field(after, field)
        if same is not None and value_of(same) != value_of(field):
            yield Proposal(field, value_of(same), named_elsewhere=field in pending)


def _read(diffs: Iterable[FileDiff], checkout: Checkout) -> dict[str, bytes]:
    return checkout.read(blob for diff in diffs for blob in (diff.old, diff.new) if blob)
