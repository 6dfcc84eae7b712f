from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from imagebot.config.model import GitCredential
from imagebot.config.secret_source import SecretSource
from imagebot.git.checkout import Checkout, open_checkout
from imagebot.git.credentials import Access, access_for
from imagebot.git.tree import Committer, Identity
from tests.support.git_repository import BareRepository, Entry
from tests.support.git_server import GitServer

BOT = Committer(Identity("imagebot", "bot@example.com"), datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
FILES: dict[str, Entry] = {
    "README.md": b"# acme\n",
    "clusters/test/api.yaml": b"image: ghcr.io/acme/api:1.0\n",
    "clusters/test/web.yaml": b"image: ghcr.io/acme/web:1.0\n",
    "clusters/production/api.yaml": b"image: ghcr.io/acme/api:0.9\n",
}


def token_access(token: str, **environment: str) -> Access:
    credential = GitCredential(name="gitops", token=SecretSource("env", "TOKEN"))
    return access_for(credential, {**os.environ, "TOKEN": token, **environment})


def ambient_access() -> Access:
    return access_for(None, os.environ)


@pytest.fixture
def bare(tmp_path: Path) -> BareRepository:
    """A target over file://, with partial clones served."""
    repository = BareRepository.create(tmp_path / "remote.git", FILES)
    repository.configure("uploadpack.allowFilter", "true")
    repository.configure("uploadpack.allowAnySHA1InWant", "true")
    return repository


Open = Callable[..., Checkout]


@pytest.fixture
def checkouts(tmp_path: Path) -> Iterator[Open]:
    """Opens a checkout, refreshed, of a bare repository or a URL; closed after the test."""
    with ExitStack() as stack:

        def start(
            target: BareRepository | str,
            *,
            cache: str = "cache",
            branch: str = "main",
            access: Access | None = None,
            refresh: bool = True,
            remote_seconds: float = 60,
        ) -> Checkout:
            url = target if isinstance(target, str) else target.folder.as_uri()
            checkout = stack.enter_context(
                open_checkout(
                    tmp_path / cache,
                    url,
                    branch,
                    access or ambient_access(),
                    lock_seconds=10,
                    remote_seconds=remote_seconds,
                )
            )
            checkout.committer = BOT
            if refresh:
                checkout.refresh()
            return checkout

        yield start


@pytest.fixture
def http_target(git_server: GitServer) -> tuple[str, Access]:
    """The URL of a target over HTTP, and what may read and write it."""
    return git_server.make_repository("acme/gitops", FILES), token_access(git_server.token)


def blob_of(checkout: Checkout, path: str) -> str:
    return next(file.blob for file in checkout.files() if file.path == path)


def read(checkout: Checkout, path: str) -> bytes:
    blob = blob_of(checkout, path)
    return checkout.read([blob])[blob]
