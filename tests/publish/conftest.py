from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from imagebot.config.model import (
    CommitOptions,
    GitCredential,
    Position,
    PullRequestOptions,
    Route,
)
from imagebot.config.secret_source import SecretSource
from imagebot.forge.connect import ForgeAccess
from imagebot.forge.model import Forge
from imagebot.forge.sandbox import SandboxForge
from imagebot.git.checkout import Checkout, open_checkout
from imagebot.git.credentials import Access, access_for
from imagebot.git.tree import Committer, Identity
from imagebot.plan.model import Plan, Published, Update
from imagebot.publish.changes import Change, changes_of
from imagebot.publish.context import PublishContext
from imagebot.publish.publishers import PUBLISHERS
from tests.support.git_repository import BareRepository, Entry

BOT = CommitOptions(author_name="imagebot", author_email="bot@example.com")
WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TEST = "clusters/test/api.yaml"
PRODUCTION = "clusters/production/api.yaml"
WEB = "clusters/production/web.yaml"
FILES: dict[str, Entry] = {
    "README.md": b"# acme\n",
    TEST: b"image: ghcr.io/acme/api:1.0.0\n",
    PRODUCTION: b"image: ghcr.io/acme/api:1.0.0\n",
    WEB: b"image: nginx:1.0.0\n",
}


def make_route(name: str = "production", publish: str = "pull-request", **options: object) -> Route:
    assert publish in ("commit", "pull-request")
    return Route(
        name=name,
        files=(f"clusters/{name}/**",),
        publish="commit" if publish == "commit" else "pull-request",
        images=(),
        place=Position("imagebot.yaml", 1, 1),
        pull_request=dataclasses.replace(PullRequestOptions(), **options),  # type: ignore[arg-type]  # checked there
    )


ROUTES = (make_route("test", "commit"), make_route("production"))


@dataclass(slots=True)
class Bot:
    """A bot that publishes plans, with caches that can be thrown away."""

    url: str
    access: Access
    forge: Forge | None
    open: Callable[[], Checkout]
    when: datetime = WHEN

    def change(self, *updates: Update, **fields: object) -> Change:
        """The one change that the updates make."""
        (change,) = changes_of(Plan(updates=updates), ROUTES, target="acme/gitops", base="main")
        return dataclasses.replace(change, **fields)  # type: ignore[arg-type]  # checked there

    def publish(
        self,
        *updates: Update,
        change: Change | None = None,
        edits: Mapping[str, bytes] | None = None,
        checkout: Checkout | None = None,
    ) -> Published:
        """One pass: look, edit, publish."""
        change = change or self.change(*updates)
        checkout = checkout or self.open()
        checkout.refresh()
        if edits is None:
            edits = edit(checkout, change.updates)
        context = context_of(checkout, self.forge, when=self.when)
        return PUBLISHERS[change.mode](change, edits, context)


def context_of(
    checkout: Checkout,
    forge: Forge | None,
    *,
    when: datetime = WHEN,
    email: str = BOT.author_email,
) -> PublishContext:
    """What a pass publishes with; the checkout's commits are the bot's from now on."""
    checkout.committer = Committer(Identity(BOT.author_name, email), when)
    return PublishContext(checkout, ForgeAccess(forge))


def edit(checkout: Checkout, updates: tuple[Update, ...]) -> dict[str, bytes]:
    """The files with the references of the updates in them."""
    blobs = {file.path: file.blob for file in checkout.files()}
    files: dict[str, bytes] = {}
    for update in updates:
        path = update.field.path
        data = files.get(path) or checkout.read([blobs[path]])[blobs[path]]
        old, new = str(update.field.reference), update.new_reference
        files[path] = data.replace(old.encode(), new.encode())
    return files


@pytest.fixture
def bare(tmp_path: Path) -> BareRepository:
    repository = BareRepository.create(tmp_path / "remote.git", FILES)
    repository.configure("uploadpack.allowFilter", "true")
    return repository


@pytest.fixture
def sandbox(tmp_path: Path) -> SandboxForge:
    return SandboxForge(tmp_path / "pulls", "acme/gitops", "main")


@pytest.fixture
def make_bot(tmp_path: Path) -> Iterator[Callable[..., Bot]]:
    """Bots on a remote; each pass of each has a cache of its own."""
    stack = ExitStack()
    numbers = iter(range(1000))

    def make(url: str, forge: Forge | None, token: str = "") -> Bot:
        credential = GitCredential(name="c", token=SecretSource("env", "T")) if token else None
        access = access_for(credential, {**os.environ, "T": token})

        def start() -> Checkout:
            cache = tmp_path / f"cache-{next(numbers)}"
            return stack.enter_context(open_checkout(cache, url, "main", access, lock_seconds=5))

        return Bot(url, access, forge, start)

    with stack:
        yield make


@pytest.fixture
def bot(bare: BareRepository, sandbox: SandboxForge, make_bot: Callable[..., Bot]) -> Bot:
    return make_bot(bare.folder.as_uri(), sandbox)
