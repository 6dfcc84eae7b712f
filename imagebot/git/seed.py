"""A new bare repository with one commit: what the demonstration's sandbox starts from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from imagebot.git.credentials import Access
from imagebot.git.runner import Runner
from imagebot.git.tree import Committer, quote_path


def create_repository(
    path: Path,
    files: Mapping[str, bytes],
    *,
    branch: str,
    message: str,
    committer: Committer,
    access: Access,
) -> str:
    """Make a bare repository at `path` (which must not exist) and return its first commit's id.

    Raises GitError.
    """
    path.mkdir(parents=True)
    runner = Runner(directory=path, access=access)
    runner.local("init", "--quiet", "--bare", "--template=", f"--initial-branch={branch}", ".")
    # Lets clones leave blobs out and fetch them by id, as forges do.
    runner.local("config", "uploadpack.allowFilter", "true")
    runner.local("config", "uploadpack.allowAnySHA1InWant", "true")
    stream = _first_commit(f"refs/heads/{branch}", files, message, committer)
    output = runner.local("fast-import", "--quiet", "--done", "--date-format=raw", payload=stream)
    return output.decode().strip()


def _first_commit(
    ref: str, files: Mapping[str, bytes], message: str, committer: Committer
) -> bytes:
    text = message.encode()
    who = committer.identity
    person = f"{who.name} <{who.email}> {int(committer.when.timestamp())} +0000".encode()
    stream = bytearray(b"feature done\n")
    stream += b"commit %s\nmark :1\ncommitter %s\n" % (ref.encode(), person)
    stream += b"data %d\n%s\n" % (len(text), text)
    for path, data in files.items():
        stream += b"M 100644 inline %s\ndata %d\n%s\n" % (quote_path(path), len(data), data)
    stream += b"\nget-mark :1\ndone\n"
    return bytes(stream)
