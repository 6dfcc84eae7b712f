"""After a lost push: what the other push did not touch is kept, and the plan is the same."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from imagebot.config.load import load_bot_configuration, load_configuration
from imagebot.files.rewrite import FileChange
from imagebot.git.checkout import Checkout, open_checkout
from imagebot.git.credentials import access_for
from imagebot.manifest.edit import edit
from imagebot.plan.build import Built, build
from imagebot.plan.edits import make_edits
from imagebot.reference import parse_repository
from imagebot.run.passes import PassContext, run_pass
from imagebot.scan.checkout import CheckoutSource
from tests.support.fake_registry import FakeRegistry, digest_of
from tests.support.git_repository import BareRepository, Entry

NAMES = tuple(f"r.example/app{number}" for number in range(8))
TAGS = ("1.0.0", "1.1.0", "1.2.0", "2.0.0")
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
TEXT = """\
policies: {stable: {semver: ^1}, pinned: {semver: ^1, pin: digest}, as-is: {pin: digest}}
routes:
  - name: all
    files: ["*.yaml"]
    publish: commit
    images:
      - {match: r.example/app1, policy: pinned}
      - {match: r.example/app2, policy: as-is}
      - {match: "**", policy: stable}
"""
POD = "kind: Pod\napiVersion: v1\nmetadata: {name: p}\nspec:\n  containers:\n"
OVERLAY = "kind: Kustomization\nimages: [{name: web, newName: r.example/app3, newTag: 1.0.0}]\n"
BROKEN = b"kind: Pod\nspec: {containers: [\n"


def pod(*images: str) -> bytes:
    rows = (f"    - {{name: c{at}, image: '{image}'}}\n" for at, image in enumerate(images))
    return (POD + "".join(rows)).encode()


def some_pod(chance: random.Random) -> bytes:
    images = [f"{name}:{chance.choice(TAGS)}" for name in chance.sample(NAMES, 3)]
    extra = chance.choice(["web", "r.example/gone:1.0.0", "r.example/down:1.0.0", "x"])
    return pod(*images, extra)


def registry() -> FakeRegistry:
    """One repository is not there, and one tag of another does not answer."""
    listed = dict.fromkeys((*NAMES, "r.example/down"), TAGS)
    return FakeRegistry(listed, failing=frozenset({"2.0.0"}))


def files(chance: random.Random) -> dict[str, bytes]:
    return {f"{number}.yaml": some_pod(chance) for number in range(12)}


def another(chance: random.Random) -> dict[str, Entry | None]:
    """What another push does: it changes, adds, breaks and deletes files."""
    kinds: list[bytes | None] = [some_pod(chance), BROKEN, None, b"# nothing\n"]
    names = chance.sample(range(14), chance.randrange(1, 5))
    done: dict[str, Entry | None] = {}
    for number in names:
        done[f"{number}.yaml"] = chance.choice(kinds) if number < 12 else some_pod(chance)
    if chance.random() < 0.3:
        done["kustomization.yaml"] = OVERLAY.encode()
    return done


@pytest.fixture
def checkout(bare: BareRepository, tmp_path: Path) -> Iterator[Checkout]:
    access = access_for(None, os.environ)
    with open_checkout(tmp_path / "cache", bare.folder.as_uri(), "main", access) as opened:
        yield opened


@pytest.fixture
def bare(tmp_path: Path) -> BareRepository:
    repository = BareRepository.create(tmp_path / "remote.git", {"README.md": b"#\n"})
    repository.configure("uploadpack.allowFilter", "true")
    return repository


CONFIGURATION = load_configuration(TEXT, "imagebot.yaml", trusted=False)
NO_MAJOR = TEXT.replace("^1}", "^2}", 1)


@pytest.mark.parametrize("seed", range(12))
def test_the_same_as_a_whole_plan(seed: int, bare: BareRepository, checkout: Checkout) -> None:
    chance = random.Random(seed)
    bare.commit(dict(files(chance)))
    asked = registry()
    earlier: Built | None = None
    edited: dict[str, FileChange] = {}
    for step in range(4):
        checkout.refresh()
        source = CheckoutSource(checkout, CONFIGURATION.files)
        text = NO_MAJOR if chance.random() < 0.25 else TEXT
        configuration = load_configuration(text, "imagebot.yaml", trusted=False)
        key = (parse_repository(chance.choice(NAMES)), "1.2.0")
        written = {key: digest_of("another")} if step else {}
        whole = build(source, configuration, registry(), now=NOW, written=written)
        again = build(source, configuration, asked, now=NOW, written=written, earlier=earlier)
        assert again.plan == whole.plan
        all_made = make_edits(source, whole.plan.updates)
        kept = {path: change for path, change in edited.items() if is_same(source, change)}
        assert make_edits(source, again.plan.updates, made_before=kept) == all_made
        earlier, edited = again, {each.path: each for each in all_made.changes}
        bare.commit(another(chance))


def is_same(source: CheckoutSource, change: FileChange) -> bool:
    blob = source.blobs().get(change.path)
    return blob is not None and source.checkout.read([blob])[blob] == change.old


def test_only_what_is_new_is_asked(bare: BareRepository, checkout: Checkout) -> None:
    bare.commit({f"{number}.yaml": pod(f"{name}:1.0.0") for number, name in enumerate(NAMES)})
    first = build_at(checkout)
    bare.commit({"4.yaml": pod(f"{NAMES[4]}:1.1.0"), "9.yaml": pod("r.example/down:1.0.0")})
    asked = registry()
    again = build_at(checkout, first, asked)
    assert {call[1] for call in asked.calls} == {NAMES[4], "r.example/down"}
    assert again.plan == build_at(checkout).plan


def build_at(
    checkout: Checkout, earlier: Built | None = None, asked: FakeRegistry | None = None
) -> Built:
    checkout.refresh()
    source = CheckoutSource(checkout, CONFIGURATION.files)
    return build(source, CONFIGURATION, asked or registry(), now=NOW, earlier=earlier)


def test_a_pass_that_loses_its_push(
    bare: BareRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody pushes to one file at that moment: the others are not edited again."""
    images = {f"{number}.yaml": pod(f"{name}:1.0.0") for number, name in enumerate(NAMES[3:])}
    bare.commit({"imagebot.yaml": TEXT.encode(), **images})
    edited: list[str] = []
    push = Checkout.push

    def counted(path: str, *rest: object) -> bytes:
        edited.append(path)
        return edit(path, *rest)  # type: ignore[arg-type]  # as it was called

    def late(self: Checkout, commit: str, branch: str, *, lease: str | None = None) -> None:
        if bare.head() == head:
            bare.commit({"1.yaml": pod(f"{NAMES[5]}:1.1.0", f"{NAMES[0]}:1.0.0")})
        push(self, commit, branch, lease=lease)

    monkeypatch.setattr("imagebot.manifest.companion.edit", counted)
    monkeypatch.setattr(Checkout, "push", late)
    head = bare.head()
    asked = registry()
    text = f"targets: [{{name: it, url: '{bare.folder.as_uri()}', branch: main}}]\n"
    context = PassContext(
        bot=load_bot_configuration(text, "bot.yaml"),
        registry=asked,
        environment=os.environ,
        cache=tmp_path / "cache",
        now=NOW,
        sleep=lambda _: None,
    )
    result = run_pass(context)
    assert result.plan.problems == ()
    assert [each.status for each in result.published] == ["committed"]
    after = bare.read_files()
    assert after["1.yaml"] == pod(f"{NAMES[5]}:1.2.0", f"{NAMES[0]}:1.2.0")
    others = [number for number in range(5) if number != 1]
    assert all(after[f"{n}.yaml"] == pod(f"{NAMES[3 + n]}:1.2.0") for n in others)
    assert sorted(edited) == ["0.yaml", "1.yaml", "1.yaml", "2.yaml", "3.yaml", "4.yaml"]
    listed = [call[1] for call in asked.calls if call[0] == "tags"]
    assert {name for name in listed if listed.count(name) > 1} == {NAMES[5]}
    assert run_pass(context).plan.updates == ()
