from __future__ import annotations

import pytest

from imagebot.errors import GitAuthError, GitError, PushRejectedError
from imagebot.git.checkout import Checkout
from imagebot.git.credentials import Access
from imagebot.git.tree import Committer
from tests.git.conftest import BOT, FILES, Open, read, token_access
from tests.support.git_repository import BareRepository, Executable, Symlink
from tests.support.git_server import GitServer

API = "clusters/test/api.yaml"


def commit(checkout: Checkout, data: bytes = b"new\n", path: str = API) -> str:
    return checkout.commit(checkout.head, {path: data}, message="Update\n\nbody\n")


def test_a_commit_changes_only_its_files(bare: BareRepository, checkouts: Open) -> None:
    bare.commit({"run.sh": Executable(b"old\n"), "link": Symlink("run.sh")})
    modes = bare.modes()
    checkout = checkouts(bare)
    made = checkout.commit(
        checkout.head, {"run.sh": b"new\n", API: b"\x00\xff\r\n"}, message="Ü\n\nb\n"
    )
    checkout.push(made, "main")
    assert bare.modes() == modes
    assert bare.read_files() == {
        **FILES, "run.sh": b"new\n", "link": b"run.sh", API: b"\x00\xff\r\n",
    }  # fmt: skip
    newest = bare.log()[0]
    assert (newest.sha, newest.message.strip()) == (made, "Ü\n\nb")
    assert (newest.author, newest.email, newest.committer_email) == (
        "imagebot", "bot@example.com", "bot@example.com",
    )  # fmt: skip
    assert checkout.head == made


def test_names_of_files_are_taken_as_they_are(bare: BareRepository, checkouts: Open) -> None:
    names = [
        'a "b".yaml',
        "new\nline.yaml",
        "ta\tb.yaml",
        "back\\slash.yaml",
        "ünï.yaml",
        "-x",
        "*?",
    ]
    bare.commit(dict.fromkeys(names, b"old\n"))
    checkout = checkouts(bare)
    changes = dict.fromkeys(names, b"new\n")
    checkout.push(checkout.commit(checkout.head, changes, message="m"), "main")
    assert {name: data for name, data in bare.read_files().items() if name not in FILES} == changes


def test_the_same_arguments_make_the_same_commit(bare: BareRepository, checkouts: Open) -> None:
    one, other = checkouts(bare), checkouts(bare, cache="other")
    assert commit(one) == commit(other)
    before = commit(one)
    one.committer = Committer(BOT.identity, BOT.when.replace(year=2027))
    assert commit(one) != before


def test_an_equal_tree_is_no_commit(bare: BareRepository, checkouts: Open) -> None:
    checkout = checkouts(bare)
    assert checkout.commit(checkout.head, {}, message="m") == checkout.head
    assert commit(checkout, read(checkout, API)) == checkout.head


@pytest.mark.parametrize("path", ["new.yaml", "../x", "/etc/passwd", ".git/config", "link", "sub"])
def test_only_files_that_are_there_are_written(
    path: str, bare: BareRepository, checkouts: Open
) -> None:
    bare.commit({"link": Symlink("/etc/passwd"), "sub/x.yaml": b""})
    with pytest.raises(GitError, match="is not a file"):
        commit(checkouts(bare), path=path)


def test_behind(bare: BareRepository, checkouts: Open) -> None:
    checkout = checkouts(bare)
    made = commit(checkout)
    bare.commit({"README.md": b"other\n"})
    with pytest.raises(PushRejectedError) as caught:
        checkout.push(made, "main")
    assert caught.value.kind == "behind"
    assert bare.read_files()["README.md"] == b"other\n"
    checkout.refresh()
    checkout.push(commit(checkout), "main")
    assert bare.read_files() == {**FILES, "README.md": b"other\n", API: b"new\n"}


def test_pushing_the_same_again_changes_nothing(bare: BareRepository, checkouts: Open) -> None:
    checkout = checkouts(bare)
    made = commit(checkout)
    checkout.push(made, "main")
    checkout.push(made, "main")
    assert [one.sha for one in bare.log()][:1] == [made]
    assert len(bare.log()) == 2


def test_protected(bare: BareRepository, checkouts: Open) -> None:
    bare.protect("main", message="GH006: Protected branch")
    checkout = checkouts(bare)
    with pytest.raises(PushRejectedError, match="GH006: Protected branch") as caught:
        checkout.push(commit(checkout), "main")
    assert caught.value.kind == "protected"
    assert "publish: pull-request" in caught.value.hint
    checkout.push(commit(checkout), "imagebot/x", lease="")


def test_a_dry_push_changes_nothing(bare: BareRepository, checkouts: Open) -> None:
    checkout = checkouts(bare)
    refs = bare.refs()
    checkout.try_push("main")
    checkout.try_push("imagebot/x")
    assert bare.refs() == refs
    assert checkout.bot_branches() == ()
    bare.commit({"a.yaml": b"somebody else\n"})
    with pytest.raises(PushRejectedError) as caught:
        checkout.try_push("main")
    assert caught.value.kind == "behind"


def test_a_lease_for_a_new_branch(bare: BareRepository, checkouts: Open) -> None:
    one, other = checkouts(bare), checkouts(bare, cache="other")
    assert one.remote_branch("imagebot/x") is None
    first = commit(one)
    one.push(first, "imagebot/x", lease="")
    assert one.remote_branch("imagebot/x") == first
    assert one.bot_branches() == ("imagebot/x",)
    with pytest.raises(PushRejectedError) as caught:
        other.push(commit(other, b"else\n"), "imagebot/x", lease="")
    assert caught.value.kind == "lease"
    assert bare.head("imagebot/x") == first
    assert one.head == bare.head("main")


def test_a_lease_for_what_was_seen(bare: BareRepository, checkouts: Open) -> None:
    checkout = checkouts(bare)
    first = commit(checkout)
    checkout.push(first, "imagebot/x", lease="")
    second = commit(checkout, b"second\n")
    checkout.push(second, "imagebot/x", lease=first)
    assert bare.head("imagebot/x") == second
    human = bare.commit({API: b"by hand\n"}, branch="imagebot/x")
    with pytest.raises(PushRejectedError) as caught:
        checkout.push(commit(checkout, b"third\n"), "imagebot/x", lease=second)
    assert caught.value.kind == "lease"
    assert bare.head("imagebot/x") == human


def test_deleting_a_branch(bare: BareRepository, checkouts: Open) -> None:
    checkout = checkouts(bare)
    first = commit(checkout)
    checkout.push(first, "imagebot/x", lease="")
    human = bare.commit({API: b"by hand\n"}, branch="imagebot/x")
    with pytest.raises(PushRejectedError):
        checkout.delete_branch("imagebot/x", lease=first)
    checkout.delete_branch("imagebot/x", lease=human)
    assert bare.head("imagebot/x") is None
    assert checkout.bot_branches() == ()


def test_a_branch_in_the_way(bare: BareRepository, checkouts: Open) -> None:
    bare.move("imagebot/x/y", str(bare.head()))
    checkout = checkouts(bare)
    with pytest.raises(PushRejectedError) as caught:
        checkout.push(commit(checkout), "imagebot/x", lease="")
    assert caught.value.kind == "clash"


def test_who_committed(bare: BareRepository, checkouts: Open) -> None:
    checkout = checkouts(bare)
    base = checkout.head
    bot = commit(checkout)
    checkout.push(bot, "imagebot/x", lease="")
    assert [
        (one.commit, one.author, one.committer) for one in checkout.authors(base, "imagebot/x")
    ] == [(bot, "bot@example.com", "bot@example.com")]
    human = bare.commit({API: b"by hand\n"}, branch="imagebot/x", email="alice@example.com")
    checkout.refresh()
    found = checkout.authors(base, "imagebot/x")
    assert [(one.commit, one.author) for one in found] == [
        (human, "alice@example.com"),
        (bot, "bot@example.com"),
    ]
    assert checkout.parents(human) == (bot,)
    assert checkout.tree(human) != checkout.tree(bot)
    assert checkout.authors(base, "imagebot/none") == ()


def test_a_token_that_may_only_read(
    http_target: tuple[str, Access], checkouts: Open, git_server: GitServer
) -> None:
    url, _ = http_target
    git_server.read_only = {"reader"}
    checkout = checkouts(url, access=token_access("reader"))
    with pytest.raises(GitAuthError, match="may not do this") as caught:
        checkout.push(commit(checkout), "main")
    assert "write access" in caught.value.hint
    with pytest.raises(GitAuthError, match="may not do this"):
        checkout.try_push("main")


@pytest.mark.parametrize("branch", ["-f", "--mirror", "a:b", "+main", "a b", "../x", "refs heads"])
def test_branches_that_are_options(branch: str, bare: BareRepository, checkouts: Open) -> None:
    checkout = checkouts(bare)
    refs = bare.refs()
    if branch == "+main":
        checkout.push(checkout.head, branch)
        assert bare.refs() == {**refs, "refs/heads/+main": checkout.head}
        return
    with pytest.raises(GitError, match="not a valid name for a branch"):
        checkout.push(checkout.head, branch)
    assert bare.refs() == refs
