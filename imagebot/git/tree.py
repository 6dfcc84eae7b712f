"""Git's formats: batches of objects, refs, and the stream that makes a commit. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from imagebot.errors import GitError
from imagebot.values import dataclass

_OID_RE = re.compile(rb"[0-9a-f]{40}|[0-9a-f]{64}")
ODD_NAME = "its name is not UTF-8"
LINK = "it is a symbolic link"
# As many links as Linux follows on the way to one file.
_MOST_LINKS = 40


@dataclass(frozen=True, slots=True)
class TreeFile:
    """An ordinary file of a commit: its path, `100644` or `100755`, and its blob's id."""

    path: str
    mode: str
    blob: str


@dataclass(frozen=True, slots=True)
class TreeOther:
    """An entry of a commit at `path` (made printable) that cannot be read, and why.

    `blob` is the id of what a link says; "" for others.
    """

    path: str
    reason: str
    blob: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """The author and committer of a commit."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Committer:
    """Who makes the commits of a pass, and when; `when` has a time zone.

    `author` None is the committer too. `signer` takes what signs them; nothing does yet.
    """

    identity: Identity
    when: datetime
    signer: None = None
    author: Identity | None = None

    @property
    def addresses(self) -> tuple[str, str]:
        """The e-mail addresses of the author and the committer of each commit."""
        return (self.author or self.identity).email, self.identity.email


def leads_out(path: str, links: Mapping[str, bytes]) -> bool:
    """Whether the link at `path` leads out of the tree; one in a circle leads nowhere.

    `links` has what each link of the tree says, by its path.
    """
    inside: list[str] = []
    rest = path.encode().split(b"/")[::-1]
    followed = 0
    while rest:
        part = rest.pop()
        if part in (b"", b"."):
            continue
        if part == b"..":
            if not inside:
                return True
            inside.pop()
            continue
        inside.append(part.decode("utf-8", "surrogateescape"))
        said = links.get("/".join(inside))
        if said is not None:
            followed += 1
            if said.startswith(b"/"):
                return True
            if followed > _MOST_LINKS:
                return False
            inside.pop()
            rest += said.split(b"/")[::-1]
    return False


def as_lines(words: Iterable[str]) -> bytes:
    """What git commands read from their input: one word, or what else they take, in a line."""
    return "".join(f"{word}\n" for word in words).encode()


def parse_sizes(output: bytes) -> dict[str, int | None]:
    """Read `git cat-file --batch-check`: the size of each blob, None where it is not here."""
    sizes: dict[str, int | None] = {}
    for line in output.splitlines():
        name, _, rest = line.partition(b" ")
        kind, _, size = rest.partition(b" ")
        sizes[name.decode()] = int(size) if kind == b"blob" else None
    return sizes


def parse_objects(output: bytes) -> dict[str, tuple[bytes, bytes]]:
    """Read `git cat-file --batch`, `id SP kind SP size LF content LF` again and again: by id, the
    kind and the content of each object.

    Raises ValueError for an object that is missing, and for one that has another id.
    """
    objects: dict[str, tuple[bytes, bytes]] = {}
    at = 0
    while at < len(output):
        end = output.index(b"\n", at)
        name, kind, size = output[at:end].split(b" ")
        at = end + 1 + int(size)
        oid, content = name.decode(), output[end + 1 : at]
        if object_id(kind, content, oid) != oid:
            raise ValueError(f"object {oid} has another content")
        objects[oid] = kind, content
        at += 1
    return objects


def parse_refs(output: bytes) -> dict[str, str]:
    """Read `git ls-remote`: the commit of each ref. Lines that are not of this form are left out.

    A remote may answer whatever it likes.
    """
    refs: dict[str, str] = {}
    for line in output.splitlines():
        oid, tab, name = line.partition(b"\t")
        if tab and _OID_RE.fullmatch(oid):
            refs[name.decode("utf-8", "replace")] = oid.decode()
    return refs


def is_oid(text: str) -> bool:
    """Whether it can be the id of an object."""
    return _OID_RE.fullmatch(text.encode()) is not None


def object_format(oid: str) -> str:
    """What git calls the way in which a repository makes ids such as this one."""
    return "sha256" if len(oid) == 64 else "sha1"


def blob_id(data: bytes, like: str) -> str:
    """The id that `data` has in a repository whose ids look like `like` (SHA-1 or SHA-256)."""
    return object_id(b"blob", data, like)


def object_id(kind: bytes, data: bytes, like: str) -> str:
    """As `blob_id`, of an object of any kind."""
    digest = hashlib.new(object_format(like), usedforsecurity=False)
    digest.update(b"%s %d\0" % (kind, len(data)))
    digest.update(data)
    return digest.hexdigest()


def commit_stream(
    *,
    ref: str,
    base: str,
    files: Iterable[tuple[TreeFile, bytes]],
    message: str,
    committer: Committer,
) -> bytes:
    """For `git fast-import`: the commit that puts new bytes into `files`; prints its id.

    `ref` is gone again afterwards. fast-import checks no paths, so `files` must be files that the
    base has.
    """
    stream = bytearray(b"feature done\n")
    changes = bytearray()
    for number, (file, data) in enumerate(files, 2):
        stream += b"blob\nmark :%d\ndata %d\n%s\n" % (number, len(data), data)
        changes += b"M %s :%d %s\n" % (file.mode.encode(), number, quote_path(file.path))
    text = message.encode()
    stream += b"commit %s\nmark :1\n%s" % (ref.encode(), _people(committer))
    stream += b"data %d\n%s\nfrom %s\n%s" % (len(text), text, base.encode(), changes)
    stream += b"\nget-mark :1\nreset %s\nfrom %s\n\ndone\n" % (ref.encode(), b"0" * len(base))
    return bytes(stream)


def commit_text(tree: str, parent: str, message: str, committer: Committer) -> bytes:
    """The commit object that fast-import makes, as git stores it."""
    above = f"tree {tree}\nparent {parent}\n".encode()
    return b"%s%s\n%s" % (above, _people(committer), message.encode())


def _people(committer: Committer) -> bytes:
    author = _person(committer.author or committer.identity, committer.when)
    person = _person(committer.identity, committer.when)
    return b"author %s\ncommitter %s\n" % (author, person)


def _person(identity: Identity, when: datetime) -> bytes:
    name = re.sub(r"[\x00-\x1f<>\x7f]", "", identity.name).strip() or "imagebot"
    email = re.sub(r"[\x00-\x20<>\x7f]", "", identity.email)
    return f"{name} <{email}> {int(when.timestamp())} +0000".encode()


def quote_path(path: str) -> bytes:
    """A path in fast-import's C-style quotes."""
    quoted = bytearray(b'"')
    for byte in path.encode():
        if byte in b'"\\':
            quoted += b"\\%c" % byte
        elif 0x20 <= byte < 0x7F:
            quoted.append(byte)
        else:
            quoted += b"\\%03o" % byte
    return bytes(quoted + b'"')


def pick_files(
    find: Callable[[str], TreeFile | None], changes: Mapping[str, bytes], subject: str
) -> list[tuple[TreeFile, bytes]]:
    """Those changes that differ from what the base has, in the order of their paths.

    `find` gives a file of the base. Raises GitError for a path that is not one: a new file, a
    link, `..`.
    """
    picked = []
    for path in sorted(changes):
        file = find(path)
        if file is None:
            raise GitError(subject, f"{path!r} is not a file of the commit to change")
        if blob_id(changes[path], file.blob) != file.blob:
            picked.append((file, changes[path]))
    return picked
