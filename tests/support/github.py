"""A GitHub to test against: the emulator's API, joined to a Git server so that both agree."""

from __future__ import annotations

import contextlib
import re
import shlex
import sys
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.support import mirror as mirrors
from tests.support.git_repository import BareRepository, Entry, git, isolated_environment
from tests.support.git_server import GitServer
from tests.support.mirror import Mirror
from tests.support.process import PATIENCE, running
from tests.support.require import node, require

FOLDER = Path(__file__).parent
SCOPES = ["repo", "user", "admin:org", "admin:repo_hook"]


@contextlib.contextmanager
def github_emulator(folder: Path) -> Iterator[str]:
    """The emulator's process; yields its API URL. `forge` empties it for each test."""
    require("npm emulate")

    def ready(log: str) -> str | None:
        found = re.search(r"^READY (\S+)$", log, re.MULTILINE)
        return found[1] if found else None

    argv = [str(node()), str(FOLDER / "github_emulator.mjs")]
    environment = isolated_environment(folder)
    with running(argv, log=folder / "emulator.log", ready=ready, env=environment) as url:
        yield url


class ForgeError(Exception):
    """The API answered with something else than success."""


@dataclass(frozen=True, slots=True)
class Forge:
    """Repositories of the organisation `acme`, or of the user `imagebot`.

    A push to the Git server is seen by the API at once, with the same ids.
    """

    api_url: str
    git: GitServer
    client: httpx.Client = field(repr=False)
    bot_token: str = field(repr=False)
    """imagebot's own, for Git and the API."""
    human_token: str = field(repr=False)
    """alice's, for Git and the API."""
    owner_tokens: Mapping[str, str] = field(repr=False)
    """By owner, who may do everything to the owner's repositories; Git does not take them."""

    def make_repository(
        self,
        name: str = "acme/gitops",
        files: Mapping[str, Entry] | None = None,
        branch: str = "main",
    ) -> str:
        """A repository on both sides; returns its Git URL, without credentials."""
        owner, short = name.split("/")
        token = self.owner_tokens[owner]
        place = "/user/repos" if owner == "imagebot" else f"/orgs/{owner}/repos"
        self.api("POST", place, {"name": short, "auto_init": False}, token=token)
        url = self.git.make_repository(name, files, branch)
        repository = self.git.repository(name)
        command = [sys.executable, "-I", mirrors.__file__, self.api_url, name, token]
        repository.install_hook("post-receive", f"#!/bin/sh\nexec {shlex.join(command)}\n")
        self.sync(name)
        if branch != "main":
            self.api("PATCH", f"/repos/{name}", {"default_branch": branch}, token=token)
        return url

    def commit(self, name: str, files: Mapping[str, Entry | None], **options: Any) -> str:
        """What BareRepository.commit does, seen by the API too."""
        commit = self.git.repository(name).commit(files, **options)
        self.sync(name)
        return commit

    def sync(self, name: str) -> None:
        """Tell the API of branches that changed without a push."""
        with self._mirror(name) as mirror:
            mirror.sync()

    def pull_back(self, name: str) -> None:
        """Do to the Git repository what was done to branches through the API."""
        repository = self.git.repository(name)
        with self._mirror(name) as mirror:
            there = mirror.refs()
            here = repository.refs()
            for ref, sha in there.items():
                if here.get(ref) != sha:
                    mirror.fetch_commit(sha)
                    git(repository.folder, "update-ref", ref, sha)
        for ref in here:
            if ref.startswith("refs/heads/") and ref not in there:
                git(repository.folder, "update-ref", "-d", ref)

    def pull_requests(self, name: str = "acme/gitops", state: str = "open") -> list[dict[str, Any]]:
        """The oldest first, as the API shows them."""
        found = self.api("GET", f"/repos/{name}/pulls?state={state}&per_page=100")
        return sorted(found, key=lambda pull: int(pull["number"]))

    def comments(self, name: str, number: int) -> list[str]:
        found = self.api("GET", f"/repos/{name}/issues/{number}/comments?per_page=100")
        return [comment["body"] for comment in found]

    def labels(self, name: str, number: int) -> list[str]:
        found = self.api("GET", f"/repos/{name}/issues/{number}/labels?per_page=100")
        return sorted(label["name"] for label in found)

    def add_hook(self, name: str, url: str, secret: str, *events: str) -> None:
        """Announce events of a repository at a URL, signed."""
        config = {"url": url, "content_type": "json", "secret": secret}
        body = {"name": "web", "active": True, "events": list(events), "config": config}
        self.api("POST", f"/repos/{name}/hooks", body)

    def close(self, name: str, number: int) -> None:
        """Close a pull request unmerged, as alice would."""
        body = {"state": "closed"}
        self.api("PATCH", f"/repos/{name}/pulls/{number}", body, token=self.human_token)

    def merge(self, name: str, number: int) -> str:
        """Merge a pull request as alice would, on both sides; returns the merge commit's id."""
        pull = self.api("GET", f"/repos/{name}/pulls/{number}")
        self._update_branch(name, base=pull["base"]["ref"], head=pull["head"]["ref"])
        path = f"/repos/{name}/pulls/{number}/merge"
        merged = self.api("PUT", path, {}, token=self.human_token)
        self.pull_back(name)
        return str(merged["sha"])

    def api(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        token: str | None = None,
    ) -> Any:
        """The JSON of an answer; asked as an admin of acme unless another token is given."""
        headers = {"Authorization": f"Bearer {token or self.owner_tokens['acme']}"}
        answer = self.client.request(method, path, json=body, headers=headers)
        if not answer.is_success:
            raise ForgeError(f"{method} {path}: {answer.status_code} {answer.text[:500]}")
        return answer.json() if answer.content else None

    def check_mirror(self) -> None:
        """Raise what went wrong in a hook; git does not tell the one who pushed."""
        for log in self.git.root.rglob(mirrors.ERRORS):
            raise ForgeError(f"{log}:\n{log.read_text()}")

    def _update_branch(self, name: str, *, base: str, head: str) -> None:
        """Merge a base that has moved on into the head: the emulator takes the head's tree."""
        repository = self.git.repository(name)
        tips = {ref: repository.head(ref) for ref in (base, head)}
        ours, theirs = str(tips[head]), str(tips[base])
        if _text(repository, "merge-base", ours, theirs) == theirs:
            return
        tree = _text(repository, "merge-tree", "--write-tree", ours, theirs)
        message = f"Merge branch '{base}' into {head}"
        merged = _text(repository, *f"commit-tree {tree} -p {ours} -p {theirs} -m".split(), message)
        repository.move(head, merged)
        self.sync(name)

    @contextlib.contextmanager
    def _mirror(self, name: str) -> Iterator[Mirror]:
        folder = self.git.repository(name).folder
        mirror = Mirror(folder, self.api_url, name, self.owner_tokens[name.split("/")[0]])
        try:
            yield mirror
        finally:
            mirror.close()


@contextlib.contextmanager
def forge(api_url: str, server: GitServer) -> Iterator[Forge]:
    """An empty GitHub with tokens of its own; the Git server takes the bot's and the human's."""
    # Fresh tokens: the emulator counts 5,000 requests an hour for each.
    logins = {"bot": "imagebot", "human": "alice", "acme": "admin", "own": "imagebot"}
    token = {who: f"{who}-token-{uuid.uuid4().hex}" for who in logins}
    server.tokens = {token["bot"], token["human"]}
    with httpx.Client(base_url=api_url, verify=False, trust_env=False, timeout=PATIENCE) as client:
        tokens = {
            token[who]: {"login": login, "id": number, "scopes": SCOPES}
            for number, (who, login) in enumerate(logins.items(), start=1000)
        }
        client.post("/_support/reset", json=tokens, params={"git": server.url}).raise_for_status()
        made = Forge(
            api_url=api_url,
            git=server,
            client=client,
            bot_token=token["bot"],
            human_token=token["human"],
            owner_tokens={"acme": token["acme"], "imagebot": token["own"]},
        )
        yield made
    made.check_mirror()


def _text(repository: BareRepository, *arguments: str) -> str:
    return git(repository.folder, *arguments).decode().strip()
