"""Makes a GitHub API's branches those of a bare repository, object by object, with the same ids.

Run by a post-receive hook, with nothing but the standard library:
`python -I mirror.py API_URL OWNER/NAME TOKEN` in the repository's folder.
"""

from __future__ import annotations

import base64
import datetime
import fcntl
import http.client
import json
import subprocess
import sys
import traceback
import urllib.parse
from pathlib import Path
from typing import Any

ERRORS = "mirror-errors"
"""A file in the bare repository; git tells a pusher nothing of a failed post-receive hook."""


class MirrorError(Exception):
    """The other side has, or said, something else."""


class Mirror:
    def __init__(self, folder: Path, api_url: str, repository: str, token: str) -> None:
        self.folder = folder
        self._path = f"/repos/{repository}"
        self._token = token
        self._connection = http.client.HTTPConnection(urllib.parse.urlsplit(api_url).netloc)

    def sync(self) -> None:
        """Bring the other side to where this one is now, whichever push it was that changed it."""
        with (self.folder / "mirror-lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            here, there = self._refs_here(), self.refs()
            news = [sha for ref, sha in here.items() if there.get(ref) != sha]
            wanted = set(self._rev_list(news, there, "--objects", "--no-object-names"))
            for commit in self._rev_list(news, there, "--reverse", "--topo-order"):
                self._send_commit(commit, wanted)
            for ref, sha in here.items():
                if ref not in there:
                    self._ask("POST", "/git/refs", {"ref": ref, "sha": sha})
                elif there[ref] != sha:
                    self._ask("PATCH", f"/git/{ref}", {"sha": sha, "force": True})
            for ref in there.keys() - here.keys():
                self._ask("DELETE", f"/git/{ref}")

    def refs(self) -> dict[str, str]:
        """Branches of the other side."""
        found = self._ask("GET", "/git/matching-refs/heads", accept=(404,)) or []
        return {ref["ref"]: ref["object"]["sha"] for ref in found}

    def fetch_commit(self, sha: str) -> None:
        """Make here a commit that was made there; its tree and parents must be here."""
        commit = self._ask("GET", f"/git/commits/{sha}")
        lines = [f"tree {commit['tree']['sha']}"]
        lines += [f"parent {parent['sha']}" for parent in commit["parents"]]
        lines += [f"{who} {_git_person(commit[who])}" for who in ("author", "committer")]
        # The API drops the final newline that every message here has.
        message = commit["message"].rstrip("\n") + "\n"
        body = "\n".join(lines).encode() + b"\n\n" + message.encode()
        made = self._git("hash-object", "-t", "commit", "-w", "--stdin", stdin=body)
        if made.decode().strip() != sha:
            raise MirrorError(f"commit {sha} cannot be rebuilt from {commit}")

    def close(self) -> None:
        self._connection.close()

    def _refs_here(self) -> dict[str, str]:
        shape = "--format=%(refname) %(objectname)"
        listed = self._git("for-each-ref", shape, "refs/heads").decode()
        return dict(line.split() for line in listed.splitlines())

    def _rev_list(self, news: list[str], there: dict[str, str], *options: str) -> list[str]:
        if not news:
            return []
        revisions = "\n".join([*news, *(f"^{sha}" for sha in there.values())]) + "\n"
        # A commit that was made through the API is not here.
        argv = ["rev-list", "--ignore-missing", *options, "--stdin"]
        return self._git(*argv, stdin=revisions.encode()).decode().split()

    def _send_commit(self, sha: str, wanted: set[str]) -> None:
        raw = self._git("cat-file", "commit", sha).decode()
        head, _, message = raw.partition("\n\n")
        fields = [line.split(" ", 1) for line in head.splitlines()]
        if unknown := {name for name, _ in fields} - {"tree", "parent", "author", "committer"}:
            raise MirrorError(f"commit {sha}: the API cannot take {', '.join(sorted(unknown))}")
        if not message.endswith("\n"):
            raise MirrorError(f"commit {sha}: the emulator ends a message with a newline")
        one = dict(fields)
        self._send_tree(one["tree"], wanted)
        body = {
            "message": message,
            "tree": one["tree"],
            "parents": [value for name, value in fields if name == "parent"],
            "author": _api_person(one["author"]),
            "committer": _api_person(one["committer"]),
        }
        self._send("/git/commits", body, sha)

    def _send_tree(self, sha: str, wanted: set[str]) -> None:
        if sha not in wanted:
            return
        wanted.discard(sha)
        entries = []
        for record in filter(None, self._git("ls-tree", "-z", sha).decode().split("\0")):
            meta, path = record.split("\t", 1)
            mode, kind, entry = meta.split()
            if kind == "tree":
                self._send_tree(entry, wanted)
            elif kind == "blob" and entry in wanted:
                wanted.discard(entry)
                content = base64.b64encode(self._git("cat-file", "blob", entry)).decode()
                self._send("/git/blobs", {"content": content, "encoding": "base64"}, entry)
            entries.append({"path": path, "mode": mode, "type": kind, "sha": entry})
        self._send("/git/trees", {"tree": entries}, sha)

    def _send(self, path: str, body: dict[str, Any], sha: str) -> None:
        made = self._ask("POST", path, body)
        if made["sha"] != sha:
            raise MirrorError(f"{path}: {sha} here is {made['sha']} there: {body}")

    def _ask(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        accept: tuple[int, ...] = (),
    ) -> Any:
        """The answer's JSON; None for an empty answer, or for a status in `accept`."""
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        data = json.dumps(body) if body is not None else None
        url = urllib.parse.quote(self._path + path)
        self._connection.request(method, url, data, headers)
        response = self._connection.getresponse()
        text = response.read()
        if response.status in accept:
            return None
        if response.status >= 300:
            raise MirrorError(f"{method} {path}: {response.status} {text[:500]!r}")
        return json.loads(text) if text else None

    def _git(self, *arguments: str, stdin: bytes = b"") -> bytes:
        argv = ["git", f"--git-dir={self.folder}", *arguments]
        done = subprocess.run(argv, input=stdin, capture_output=True, check=False)
        if done.returncode != 0:
            raise MirrorError(f"git {' '.join(arguments)}: {done.stderr.decode()}")
        return done.stdout


def _api_person(person: str) -> dict[str, str]:
    """`Name <mail> seconds +hhmm` as the API has it."""
    name, _, rest = person.partition(" <")
    email, _, time = rest.partition("> ")
    seconds, zone = time.split()
    offset = datetime.timedelta(hours=int(zone[1:3]), minutes=int(zone[3:5]))
    tz = datetime.timezone(-offset if zone[0] == "-" else offset)
    date = datetime.datetime.fromtimestamp(int(seconds), tz).isoformat()
    return {"name": name, "email": email, "date": date}


def _git_person(person: dict[str, str]) -> str:
    date = datetime.datetime.fromisoformat(person["date"])
    return f"{person['name']} <{person['email']}> {int(date.timestamp())} {date:%z}"


def main() -> None:
    folder = Path.cwd()
    mirror = Mirror(folder, *sys.argv[1:4])
    try:
        mirror.sync()
    except Exception:
        with (folder / ERRORS).open("a") as errors:
            traceback.print_exc(file=errors)
        raise


if __name__ == "__main__":
    main()
