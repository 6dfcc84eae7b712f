"""People on a branch of the bot: a merge of the base is nothing, an edit is theirs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from imagebot.git.checkout import Checkout
from imagebot.publish.comments import HAND_BACK
from tests.publish.world import APP, CONFIGURATION, World, configuration, make_world, pod
from tests.support.git_repository import git

POD = "production/pod.yaml"
ALICE = "alice@example.com"


@pytest.fixture
def world(tmp_path: Path) -> World:
    files = {CONFIGURATION: configuration(), POD: pod("app:1.0.0"), "README.md": b"# acme\n"}
    made = make_world(tmp_path, files)
    assert made.statuses() == [(1, "opened")]
    return made


def branch(world: World) -> str:
    return str(world.pull(1)["branch"])


def newer(world: World) -> None:
    world.tags[APP] = ("1.0.0", "1.1.0", "1.2.0")


def commit_tree(world: World, tree: str, *parents: str, **who: str) -> None:
    """Move the branch to a commit of a tree, made by alice unless `who` says otherwise."""
    argv = [part for parent in parents for part in ("-p", parent)]
    made = git(world.bare.folder, "commit-tree", tree, *argv, "-m", "m", env=who)
    world.bare.move(branch(world), made.decode().strip())


def merge(world: World) -> None:
    world.bare.commit({"README.md": b"moved\n"})
    world.update_branch(branch(world))


def merge_in_the_same_file(world: World) -> None:
    world.bare.commit({POD: b"# a comment\n" + pod("app:1.0.0")})
    world.update_branch(branch(world))


def merge_twice(world: World) -> None:
    merge(world)
    world.bare.commit({"OTHER.md": b"new\n"})
    world.update_branch(branch(world))


def rebase(world: World) -> None:
    """*Update branch* may rebase instead: the bot stays the author, GitHub commits."""
    moved = world.bare.commit({"README.md": b"moved\n"})
    tips = (branch(world), moved)
    tree = git(world.bare.folder, "merge-tree", "--write-tree", *tips).decode().split()[0]
    author = "imagebot@users.noreply.github.com"
    who = {"GIT_AUTHOR_EMAIL": author, "GIT_COMMITTER_EMAIL": "n@github.com"}
    message = world.bare.log(branch(world))[0].message
    argv = ("commit-tree", tree, "-p", moved, "-m", message)
    world.bare.move(branch(world), git(world.bare.folder, *argv, env=who).decode().strip())


NOTHING: Mapping[str, Callable[[World], None]] = {
    "a merge of the base": merge,
    "a merge of the base in the same file": merge_in_the_same_file,
    "two merges of the base": merge_twice,
    "a rebase onto the base": rebase,
}


@pytest.mark.parametrize("happens", NOTHING.values(), ids=NOTHING)
def test_what_adds_nothing_is_no_edit(world: World, happens: Callable[[World], None]) -> None:
    happens(world)
    assert world.statuses()[0][1] in ("unchanged", "updated")
    before = world.everything()
    assert world.statuses() == [(1, "unchanged")]
    assert world.everything() == before
    newer(world)
    assert world.statuses() == [(1, "updated")]
    assert b"app:1.2.0" in world.bare.read_files(branch(world))[POD]
    assert world.pull(1)["comments"] == []


@pytest.mark.parametrize("happens", NOTHING.values(), ids=NOTHING)
def test_what_adds_nothing_does_not_keep_it_open(
    world: World, happens: Callable[[World], None]
) -> None:
    happens(world)
    merged = world.bare.read_files(branch(world))[POD]
    world.bare.commit({POD: merged})
    assert world.statuses() == [(1, "closed")]


def reset_to_the_base(world: World) -> None:
    world.bare.move(branch(world), str(world.bare.head()))


def reset_to_an_older_proposal(world: World) -> None:
    older = str(world.bare.head(branch(world)))
    newer(world)
    world.run()
    world.bare.move(branch(world), older)


def pushed_and_killed(world: World) -> None:
    """A bot pushed a newer proposal, and ended before it changed the text; then that tag went."""
    body, title = world.pull(1)["body"], world.pull(1)["title"]
    newer(world)
    world.run()
    world.press(1, body=body, title=title)
    world.tags[APP] = ("1.0.0", "1.1.0")


REWRITTEN: Mapping[str, Callable[[World], None]] = {
    "to the base": reset_to_the_base,
    "to an older proposal": reset_to_an_older_proposal,
    "by a bot that was killed": pushed_and_killed,
}


@pytest.mark.parametrize("happens", REWRITTEN.values(), ids=REWRITTEN)
def test_a_branch_that_lacks_what_the_text_says_is_made_anew(
    world: World, happens: Callable[[World], None]
) -> None:
    happens(world)
    tag = world.tags[APP][-1]  # type: ignore[index]  # no test here has an error for it
    assert world.statuses() == [(1, "updated")]
    assert world.bare.read_files(branch(world))[POD] == pod(f"app:{tag}")
    assert f"`{tag}`" in world.pull(1)["body"]
    before = world.everything()
    assert world.statuses() == [(1, "unchanged")]
    assert world.everything() == before


def test_a_forged_commit_in_the_marker_is_neither_shown_nor_kept(world: World) -> None:
    body = world.pull(1)["body"]
    tip = str(world.bare.head(branch(world)))
    world.press(1, body=body.replace(tip, "--upload-pack=x"))
    (entry,) = world.run().published
    assert entry.commit == tip
    assert world.pull(1)["body"] == body


def edit_another_file(world: World) -> None:
    world.bare.commit({"README.md": b"mine\n"}, branch=branch(world), email=ALICE)


def edit_the_tag(world: World) -> None:
    world.bare.commit({POD: pod("app:1.0.9")}, branch=branch(world), email=ALICE)


def edit_a_byte(world: World) -> None:
    world.bare.commit({POD: pod("app:1.1.0") + b"\n"}, branch=branch(world), email=ALICE)


def add_a_file(world: World) -> None:
    world.bare.commit({"new.yaml": b"a: 1\n"}, branch=branch(world), email=ALICE)


def merge_that_adds(world: World) -> None:
    """An edit that hides in a merge."""
    merge(world)
    tree = world.bare.commit({"README.md": b"mine\n"}, branch=branch(world), email=ALICE)
    first = git(world.bare.folder, "rev-parse", f"{tree}^^1", f"{tree}^^2").decode().split()
    commit_tree(world, f"{tree}^{{tree}}", *first)


def amend(world: World) -> None:
    tip = str(world.bare.head(branch(world)))
    world.bare.commit({"README.md": b"mine\n"}, branch=branch(world), email=ALICE)
    tree = f"{world.bare.head(branch(world))}^{{tree}}"
    author = "imagebot@users.noreply.github.com"
    parent = git(world.bare.folder, "rev-parse", f"{tip}^").decode().strip()
    commit_tree(world, tree, parent, GIT_AUTHOR_EMAIL=author, GIT_COMMITTER_EMAIL=ALICE)


def edit_and_revert(world: World) -> None:
    world.bare.commit({"README.md": b"mine\n"}, branch=branch(world), email=ALICE)
    world.bare.commit({"README.md": b"# acme\n"}, branch=branch(world), email=ALICE)


def reword(world: World) -> None:
    """The same files with another message, which would be lost."""
    tip = str(world.bare.head(branch(world)))
    parent = git(world.bare.folder, "rev-parse", f"{tip}^").decode().strip()
    author = "imagebot@users.noreply.github.com"
    commit_tree(
        world, f"{tip}^{{tree}}", parent, GIT_AUTHOR_EMAIL=author, GIT_COMMITTER_EMAIL=ALICE
    )


EDITS: Mapping[str, Callable[[World], None]] = {
    "another file": edit_another_file,
    "the tag": edit_the_tag,
    "a byte beside it": edit_a_byte,
    "a new file": add_a_file,
    "a merge that adds something": merge_that_adds,
    "an amended commit": amend,
    "a reworded commit": reword,
    "an edit that was taken back": edit_and_revert,
}


@pytest.mark.parametrize("happens", EDITS.values(), ids=EDITS)
@pytest.mark.parametrize("change", [lambda _: None, newer], ids=["the same plan", "a newer tag"])
def test_an_edit_is_left_alone_and_said_once(
    world: World, happens: Callable[[World], None], change: Callable[[World], None]
) -> None:
    happens(world)
    tip = world.bare.head(branch(world))
    change(world)
    assert world.statuses() == [(1, "waiting-for-people")]
    assert world.bare.head(branch(world)) == tip
    (comment,) = world.pull(1)["comments"]
    assert "delete the branch" in comment
    assert f"`{HAND_BACK}`" in comment
    assert world.pull(1)["body"].startswith("> - other people have committed to this branch")
    before = world.everything()
    assert world.statuses() == [(1, "waiting-for-people")]
    assert world.everything() == before
    # More of them is not said again.
    world.bare.commit({"MORE.md": b"more\n"}, branch=branch(world), email=ALICE)
    assert world.statuses() == [(1, "waiting-for-people")]
    assert len(world.pull(1)["comments"]) == 1


def test_people_who_were_told_are_not_looked_up_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That may take a fetch."""
    edit_another_file(world)
    world.run()
    monkeypatch.setattr(Checkout, "authors", None)
    monkeypatch.setattr(Checkout, "fetch_branch", None)
    assert world.statuses() == [(1, "waiting-for-people")]


@pytest.mark.parametrize("change", [lambda _: None, newer], ids=["the same plan", "a newer tag"])
def test_a_label_gives_it_back(world: World, change: Callable[[World], None]) -> None:
    edit_another_file(world)
    world.run()
    change(world)
    world.press(1, labels=["images", HAND_BACK])
    assert world.statuses() == [(1, "updated")]
    files = world.bare.read_files(branch(world))
    assert files["README.md"] == b"# acme\n"
    assert world.pull(1)["labels"] == ["images"]
    assert not world.pull(1)["body"].startswith(">")
    assert world.statuses() == [(1, "unchanged")]


def test_a_label_on_a_branch_that_nobody_edited_is_taken_away(world: World) -> None:
    world.press(1, labels=[HAND_BACK])
    assert world.statuses() == [(1, "unchanged")]
    assert world.pull(1)["labels"] == []


def test_deleting_the_branch_gives_it_back(world: World) -> None:
    edit_another_file(world)
    world.run()
    git(world.bare.folder, "update-ref", "-d", f"refs/heads/{branch(world)}")
    assert world.statuses() == [(1, "updated")]
    assert world.bare.read_files(branch(world))[POD] == pod("app:1.1.0")
    assert world.statuses() == [(1, "unchanged")]


def test_deleting_the_branch_may_close_the_pull_request(world: World) -> None:
    """As on GitHub: that is no refusal, because people were told to do it."""
    edit_another_file(world)
    world.run()
    git(world.bare.folder, "update-ref", "-d", f"refs/heads/{branch(world)}")
    world.press(1, state="closed")
    assert world.statuses() == [(2, "opened")]
    # The second one has no edits of people: closing it refuses its updates.
    git(world.bare.folder, "update-ref", "-d", f"refs/heads/{branch(world)}")
    world.press(2, state="closed")
    world.run()
    assert world.open() == []


def test_closing_without_deleting_refuses(world: World) -> None:
    edit_another_file(world)
    world.run()
    world.press(1, state="closed")
    world.run()
    assert world.open() == []


def test_what_people_work_on_is_not_closed(world: World) -> None:
    edit_another_file(world)
    world.bare.commit({POD: pod("app:1.1.0")})
    assert world.statuses() == [(1, "waiting-for-people")]
    assert world.open() == [1]
    before = world.everything()
    world.run()
    assert world.everything() == before


def test_what_people_work_on_is_not_said_to_be_closed(world: World) -> None:
    """Although its route is gone."""
    world.bare.commit({"notes.txt": b"by hand\n"}, branch=world.pull(1)["branch"])
    world.run()
    world.bare.commit({CONFIGURATION: configuration(route="live", files="live/**")})
    result = world.run()
    assert world.statuses(result) == [(1, "waiting-for-people")]
    assert "closes" not in "".join(result.plan.warnings)


def test_an_edit_on_a_branch_without_a_pull_request(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    edit_another_file(world)
    world.press(1, state="merged")
    tip = world.bare.head(branch(world))
    assert world.statuses() == [(0, "waiting-for-people")]
    assert world.bare.head(branch(world)) == tip
    assert "delete the branch" in caplog.text
