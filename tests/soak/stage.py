"""A target with a forge, for passes that are killed: on the sandbox's forge, and on GitHub's."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import re
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from imagebot.cli.main import main
from imagebot.publish.marker import read_marker
from tests.soak.conftest import ROOT
from tests.soak.killed import SAID
from tests.support.git_repository import BareRepository, Entry
from tests.support.github import Forge
from tests.support.scripted_http import Answer, Request

TOKEN = "STAGE_TOKEN"
# Of commits, files and plans: those of two targets are never the same.
_HASH_RE = re.compile(r"\b[0-9a-f]{8,64}\b")
# They depend on the port of the registry.
_IDS_RE = re.compile(r'(?:(?<=updates\\":\\")|(?<=again\\":\\"))[\w+]+')
_MOMENT_RE = re.compile(rf"^{SAID}(\d+)$", re.MULTILINE)


@dataclass
class Tags:
    """What the registry has, by repository; every tag that is listed has a digest."""

    of: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def answer(self, request: Request) -> Answer:
        name, _, rest = request.path.removeprefix("/v2/").partition("/")
        listed = self.of.get(name, ())
        if rest == "tags/list":
            return Answer(200, {}, {"name": name, "tags": list(listed)})
        if rest.startswith("manifests/") and rest.removeprefix("manifests/") in listed:
            digest = "sha256:" + hashlib.sha256(request.path.encode()).hexdigest()
            media = "application/vnd.oci.image.manifest.v1+json"
            return Answer(200, {"Docker-Content-Digest": digest, "Content-Type": media}, b"{}")
        return Answer(200 if request.path == "/v2/" else 404, {}, {})


@dataclass
class Stage(ABC):
    folder: Path
    host: str
    tags: Tags

    @property
    @abstractmethod
    def bare(self) -> BareRepository: ...

    @abstractmethod
    def commit(self, files: Mapping[str, Entry | None], **options: Any) -> str:
        """As people do."""

    @abstractmethod
    def close(self, number: int) -> None: ...

    @abstractmethod
    def label(self, number: int, label: str) -> None: ...

    @abstractmethod
    def pulls(self) -> list[dict[str, Any]]:
        """All of them, the oldest first, with everything that people see of them."""

    @abstractmethod
    def bot(self) -> str:
        """The target of the bot's own file."""

    @property
    def arguments(self) -> tuple[str, ...]:
        return ("run", "-c", str(self.folder / "bot.yaml"), "--format", "json")

    def set_up(self) -> None:
        (self.folder / "bot.yaml").write_text(
            f"targets: [{self.bot()}]\n"
            f"credentials: {{git: {{it: {{token: {{env: {TOKEN}}}}}}}}}\n"
            f"registries: {{'{self.host}': {{}}}}\n"
            f"cache-dir: {self.folder / 'cache'}\n"
        )

    def run(self, *more: str) -> dict[str, Any]:
        """One pass to its end, in which nothing goes wrong; what it says."""
        said = io.BytesIO()
        with contextlib.redirect_stdout(io.TextIOWrapper(said, write_through=True)):
            code = main((*self.arguments, *more))
            document: dict[str, Any] = json.loads(said.getvalue())
        assert (code, document["problems"]) == (0, [])
        return document

    def run_until(self, moment: int, *more: str) -> int | None:
        """A pass that is killed at one moment: None, or how many there were before it ended."""
        done = subprocess.run(
            [sys.executable, "-m", "tests.soak.killed", str(moment), *self.arguments, *more],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        if done.returncode < 0:
            return None
        assert done.returncode == 0, done.stdout + done.stderr
        found = _MOMENT_RE.search(done.stderr)
        assert found is not None, done.stderr
        return int(found[1])

    def state(self) -> dict[str, Any]:
        """All that publishing makes, as it is on every such target."""
        found = {
            "branches": {
                ref.removeprefix("refs/heads/"): {
                    path: data.decode() for path, data in self.bare.read_files(ref[11:]).items()
                }
                for ref in self.bare.refs()
            },
            "log": [(one.author, one.message) for one in self.bare.log()],
            "pulls": [self._with_head(pull) for pull in self.pulls()],
        }
        text = json.dumps(found).replace(str(self.folder), "FOLDER")
        text = text.replace(self.bare.folder.stem, "NAME")
        shown: dict[str, Any] = json.loads(_IDS_RE.sub("#", _HASH_RE.sub("#", text)))
        return shown

    def _with_head(self, pull: dict[str, Any]) -> dict[str, Any]:
        """Whether its branch is where its text says that it was pushed to."""
        known = read_marker(pull["body"])
        assert known is not None
        head = self.bare.head(pull["branch"])
        return {**pull, "pushed": head and head == known.pushed}


@dataclass
class SandboxStage(Stage):
    @property
    def bare(self) -> BareRepository:
        return BareRepository(self.folder / "gitops.git")

    def set_up(self) -> None:
        BareRepository.create(self.bare.folder, {"README.md": b"# shop\n"})
        self.bare.configure("uploadpack.allowFilter", "true")
        super().set_up()

    def bot(self) -> str:
        url, pulls = self.bare.folder.as_uri(), self.folder / "pulls"
        return f"{{url: '{url}', branch: main, forge: {{kind: sandbox, folder: '{pulls}'}}}}"

    def commit(self, files: Mapping[str, Entry | None], **options: Any) -> str:
        return self.bare.commit(files, **options)

    def close(self, number: int) -> None:
        self._press(number, state="closed", closed=datetime.now(UTC).isoformat())

    def label(self, number: int, label: str) -> None:
        labels = json.loads(self._path(number).read_text())["labels"]
        self._press(number, labels=[*labels, label])

    def pulls(self) -> list[dict[str, Any]]:
        numbers = sorted(int(path.stem) for path in (self.folder / "pulls").glob("*.json"))
        every = [json.loads(self._path(number).read_text()) for number in numbers]
        return [
            {
                key: value
                for key, value in each.items()
                if key not in ("project", "created", "closed")
            }
            for each in every
        ]

    def _press(self, number: int, **fields: Any) -> None:
        path = self._path(number)
        path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))

    def _path(self, number: int) -> Path:
        return self.folder / "pulls" / f"{number}.json"


@dataclass
class GitHubStage(Stage):
    forge: Forge
    name: str

    @property
    def bare(self) -> BareRepository:
        return self.forge.git.repository(self.name)

    def set_up(self) -> None:
        self.forge.make_repository(self.name, {"README.md": b"# shop\n"})
        super().set_up()

    def bot(self) -> str:
        url, api = self.forge.git.url_of(self.name), self.forge.api_url
        forge = f"{{kind: github, url: '{api}'}}"
        return f"{{url: '{url}', branch: main, credential: it, forge: {forge}}}"

    def commit(self, files: Mapping[str, Entry | None], **options: Any) -> str:
        return self.forge.commit(self.name, files, **options)

    def close(self, number: int) -> None:
        self.forge.close(self.name, number)

    def label(self, number: int, label: str) -> None:
        path = f"/repos/{self.name}/issues/{number}/labels"
        self.forge.api("POST", path, {"labels": [label]})

    def pulls(self) -> list[dict[str, Any]]:
        return [
            {
                **{key: pull[key] for key in ("number", "state", "title", "body", "draft")},
                "branch": pull["head"]["ref"],
                "reviewers": [user["login"] for user in pull["requested_reviewers"]],
                "labels": self.forge.labels(self.name, pull["number"]),
                "comments": self.forge.comments(self.name, pull["number"]),
            }
            for pull in self.forge.pull_requests(self.name, "all")
        ]
