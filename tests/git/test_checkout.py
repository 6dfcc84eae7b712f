from __future__ import annotations

import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from imagebot.errors import GitAuthError, GitError, GitUnreachableError
from imagebot.git.cache import cache_path
from imagebot.git.credentials import Access
from tests.git.conftest import FILES, Open, blob_of, read, token_access
from tests.support.git_repository import (
    BareRepository,
    Executable,
    Submodule,
    Symlink,
    git,
    git_text,
)
from tests.support.git_server import GitServer
from tests.support.scripted_http import ScriptedServer
from tests.support.ssh_server import SshServer

API = "clusters/test/api.yaml"


def local_blobs(cache: Path) -> int:
    """How many blobs a cache holds."""
    (repository,) = [path for path in (cache / "git").iterdir() if path.is_dir()]
    listed = git_text(repository, "cat-file", "--batch-all-objects", "--batch-check")
    return sum(line.split()[1] == "blob" for line in listed.splitlines())


def test_files_and_their_contents(bare: BareRepository, checkouts: Open) -> None:
    checkout = checkouts(bare)
    assert checkout.head == bare.head()
    assert {file.path: file.mode for file in checkout.files()} == dict.fromkeys(FILES, "100644")
    contents = checkout.read(file.blob for file in checkout.files())
    assert {file.path: contents[file.blob] for file in checkout.files()} == FILES
    assert checkout.read([]) == {}


def test_what_is_no_file_is_listed_apart(bare: BareRepository, checkouts: Open) -> None:
    bare.commit(
        {
            "run.sh": Executable(b"#!/bin/sh\n"),
            "link.yaml": Symlink("/etc/passwd"),
            "folder": Symlink("../.."),
            "module": Submodule("1" * 40),
        }
    )
    checkout = checkouts(bare)
    modes = {file.path: file.mode for file in checkout.files()}
    assert modes == {**dict.fromkeys(FILES, "100644"), "run.sh": "100755"}
    assert {other.path for other in checkout.others()} == {"link.yaml", "folder", "module"}


def test_only_what_is_read_is_fetched(
    http_target: tuple[str, Access], checkouts: Open, git_server: GitServer, tmp_path: Path
) -> None:
    url, access = http_target
    repository = git_server.repository("acme/gitops")
    repository.commit({f"many/{number}.yaml": b"%d\n" % number for number in range(300)})
    checkout = checkouts(url, access=access)
    assert local_blobs(tmp_path / "cache") == 0
    wanted = [file.blob for file in checkout.files() if file.path.startswith("clusters/")]
    before = len(git_server.requests)
    assert len(checkout.read(wanted)) == 3
    assert local_blobs(tmp_path / "cache") == 3
    posts = [one for one in git_server.requests[before:] if one.method == "POST"]
    assert len(posts) == 1, "all blobs come at once"
    before = len(git_server.requests)
    checkout.read(wanted)
    assert git_server.requests[before:] == []
    commit = checkout.commit(checkout.head, {API: b"new\n"}, message="m")
    checkout.push(commit, "main")
    assert local_blobs(tmp_path / "cache") == 4
    assert git_server.read_files("acme/gitops")[API] == b"new\n"


def test_a_head_that_has_not_moved_costs_one_question(
    http_target: tuple[str, Access], checkouts: Open, git_server: GitServer
) -> None:
    url, access = http_target
    checkout = checkouts(url, access=access)
    checkout.read(file.blob for file in checkout.files())
    before = len(git_server.requests)
    checkout.refresh()
    asked = {(one.path.rpartition("/")[2], one.status) for one in git_server.requests[before:]}
    assert asked == {("refs", 401), ("refs", 200), ("git-upload-pack", 200)}
    assert len(git_server.requests) - before == 3


def test_a_head_that_moved_is_fetched(bare: BareRepository, checkouts: Open) -> None:
    checkout = checkouts(bare)
    first = checkout.head
    second = bare.commit({API: b"two\n"})
    assert checkout.refresh() == second != first
    assert read(checkout, API) == b"two\n"
    bare.move("main", first)
    assert checkout.refresh() == first
    rewritten = bare.commit({API: b"three\n"}, date="2020-01-01T00:00:00+00:00")
    assert checkout.refresh() == rewritten
    assert read(checkout, API) == b"three\n"


def test_a_second_process_uses_the_cache(
    http_target: tuple[str, Access], checkouts: Open, git_server: GitServer, tmp_path: Path
) -> None:
    url, access = http_target
    from imagebot.git.checkout import open_checkout

    for _ in range(2):
        before = len(git_server.requests)
        with open_checkout(tmp_path / "cache", url, "main", access) as checkout:
            checkout.refresh()
            checkout.read(file.blob for file in checkout.files())
    posts = [one.path for one in git_server.requests[before:] if one.method == "POST"]
    assert len(posts) == 1


def test_a_remote_that_gives_out_no_single_blobs(
    http_target: tuple[str, Access], checkouts: Open, git_server: GitServer
) -> None:
    git_server.allow_filter = False
    url, access = http_target
    checkout = checkouts(url, access=access)
    assert read(checkout, API) == FILES[API]


def test_a_remote_that_stops_to_give_out_blobs(
    http_target: tuple[str, Access], checkouts: Open, git_server: GitServer
) -> None:
    """It served the clone, and then refuses what the clone left out."""
    url, access = http_target
    checkout = checkouts(url, access=access)
    # Blobs alone are not refused with protocol 2, so make the answer to them useless.
    repository = git_server.repository("acme/gitops")
    missing = blob_of(checkout, API)
    stored = repository.folder / "objects" / missing[:2] / missing[2:]
    stored.rename(repository.folder / "aside")
    with pytest.raises(GitError):
        checkout.read([missing])
    (repository.folder / "aside").rename(stored)
    assert checkout.read([missing])[missing] == FILES[API]


def test_blobs_beyond_the_limit_are_left_out(bare: BareRepository, checkouts: Open) -> None:
    bare.commit({"big.yaml": b"x" * 1001, "fits.yaml": b"x" * 1000})
    checkout = checkouts(bare)
    big, fits = blob_of(checkout, "big.yaml"), blob_of(checkout, "fits.yaml")
    assert checkout.read([big, fits], max_size=1000) == {fits: b"x" * 1000}


def test_a_blob_that_the_remote_does_not_have(bare: BareRepository, checkouts: Open) -> None:
    with pytest.raises(GitError):
        checkouts(bare).read(["1" * 40])


Damage = Callable[[Path], None]


def damage_packs(cache: Path) -> None:
    for pack in (*cache.glob("objects/pack/*.pack"), *cache.glob("objects/pack/*.idx")):
        pack.chmod(0o600)
        pack.write_bytes(pack.read_bytes()[:20])


def drop_objects(cache: Path) -> None:
    subprocess.run(["rm", "-rf", str(cache / "objects")], check=True)


def drop_head(cache: Path) -> None:
    (cache / "HEAD").unlink()


def break_config(cache: Path) -> None:
    (cache / "config").write_text("[core\n")


def replace_by_file(cache: Path) -> None:
    subprocess.run(["rm", "-rf", str(cache)], check=True)
    cache.write_text("not a folder")


def empty_head(cache: Path) -> None:
    (cache / "HEAD").write_text("")


def leave_locks(cache: Path) -> None:
    (cache / "refs" / "imagebot" / "head.lock").write_text("")
    (cache / "config.lock").write_text("")


@pytest.mark.parametrize(
    "damage",
    [
        damage_packs, drop_objects, drop_head, break_config, replace_by_file, empty_head,
        leave_locks,
    ],
)  # fmt: skip
def test_a_damaged_cache_is_made_anew(
    damage: Damage, bare: BareRepository, checkouts: Open, tmp_path: Path
) -> None:
    checkout = checkouts(bare)
    read(checkout, API)
    moved = bare.commit({API: b"two\n"})
    damage(cache_path(tmp_path / "cache", bare.folder.as_uri()))
    assert checkout.refresh() == moved
    assert read(checkout, API) == b"two\n"


def test_what_a_killed_git_left_is_deleted(
    bare: BareRepository, checkouts: Open, tmp_path: Path
) -> None:
    """Of any branch of the repository, as soon as the next pass begins."""
    checkouts(bare)
    bare.move("other", bare.head() or "")
    (repository,) = (path for path in (tmp_path / "cache" / "git").iterdir() if path.is_dir())
    begun = [repository / "objects" / name for name in ("pack/tmp_pack_x", "pack/tmp_idx_x")]
    for path in begun:
        path.write_bytes(b"half")
    checkouts(bare, branch="other")
    assert [path for path in begun if path.exists()] == []


def test_the_cache_is_the_bots_alone(bare: BareRepository, checkouts: Open, tmp_path: Path) -> None:
    checkouts(bare)
    for path in (tmp_path / "cache" / "git", *(tmp_path / "cache" / "git").iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


def test_no_such_branch(bare: BareRepository, checkouts: Open) -> None:
    with pytest.raises(GitError, match="no branch 'other'") as caught:
        checkouts(bare, branch="other")
    assert caught.value.hint
    assert caught.value.reason.endswith("it has main")


def test_the_branches_that_are_there_are_named(bare: BareRepository, checkouts: Open) -> None:
    for name in ("a", "releases", "b\u202ec", *(f"z{number}" for number in range(20))):
        bare.move(name, str(bare.head()))
    with pytest.raises(GitError, match="no branch 'release'") as caught:
        checkouts(bare, branch="release")
    # What was likely meant comes first; nothing in a name can change how the rest is read.
    there = "it has main, releases, a, b\\u202ec, z0, z1, z10, z11, z12, z13 and 14 more"
    assert caught.value.reason.endswith(there)


def test_an_empty_repository(checkouts: Open, tmp_path: Path) -> None:
    with pytest.raises(GitError, match="no branch 'main'"):
        checkouts(BareRepository.create(tmp_path / "empty.git"))


def test_no_such_repository(checkouts: Open, tmp_path: Path, git_server: GitServer) -> None:
    for url in ((tmp_path / "nothing").as_uri(), git_server.url_of("nothing")):
        with pytest.raises(GitError, match="no such repository") as caught:
            checkouts(url, access=token_access(git_server.token))
        assert caught.value.hint


@pytest.mark.parametrize("token", ["wrong", ""])
def test_credentials_that_are_wrong_or_missing(
    token: str, http_target: tuple[str, Access], checkouts: Open
) -> None:
    url, _ = http_target
    with pytest.raises(GitAuthError) as caught:
        checkouts(url, access=token_access(token) if token else None)
    assert caught.value.hint
    used = "credential gitops, variable TOKEN" if token else "no credential"
    assert f"({used})" in caught.value.reason


def test_nobody_listens(checkouts: Open, scripted: ScriptedServer) -> None:
    port = scripted.host.rpartition(":")[2]
    scripted.on("GET", "/a/b.git/info/refs")
    with pytest.raises(GitUnreachableError):
        checkouts(f"http://127.0.0.1:1/{port}/b.git")


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_a_server_with_a_fault(
    status: int, http_target: tuple[str, Access], checkouts: Open, git_server: GitServer
) -> None:
    url, access = http_target
    git_server.fail_with = status
    with pytest.raises(GitUnreachableError):
        checkouts(url, access=access)


def test_over_ssh(ssh_server: SshServer, git_server: GitServer, checkouts: Open) -> None:
    git_server.make_repository("acme/gitops", FILES)
    access = Access(
        ssh_key=str(ssh_server.key_file),
        known_hosts=str(ssh_server.known_hosts_file),
        inherited={"PATH": "/usr/local/bin:/usr/bin:/bin"},
    )
    url = ssh_server.url_of("acme/gitops")
    checkout = checkouts(url, access=access)
    assert read(checkout, API) == FILES[API]
    commit = checkout.commit(checkout.head, {API: b"by ssh\n"}, message="m")
    checkout.push(commit, "main")
    assert git_server.read_files("acme/gitops")[API] == b"by ssh\n"
    scp = f"{ssh_server.user}@127.0.0.1:acme/gitops.git"
    with pytest.raises(GitError):
        checkouts(scp, access=access)


def test_ssh_keys_and_hosts_that_are_refused(
    ssh_server: SshServer, git_server: GitServer, checkouts: Open, tmp_path: Path
) -> None:
    git_server.make_repository("acme/gitops", FILES)
    url = ssh_server.url_of("acme/gitops")
    path = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
    other = str(ssh_server.other_key_file)
    hosts = str(ssh_server.known_hosts_file)
    with pytest.raises(GitAuthError, match="SSH key was refused"):
        checkouts(url, access=Access(ssh_key=other, known_hosts=hosts, inherited=path))
    nobody = tmp_path / "known_hosts"
    nobody.write_text("")
    key = str(ssh_server.key_file)
    access = Access(ssh_key=key, known_hosts=str(nobody), inherited=path)
    with pytest.raises(GitAuthError, match="host's SSH key is unknown") as caught:
        checkouts(url, access=access, cache="other")
    assert "known-hosts" in caught.value.hint
    assert nobody.read_text() == ""


def test_over_tls(start_git_server: Callable[..., GitServer], checkouts: Open) -> None:
    server = start_git_server(tls=True)
    url = server.make_repository("acme/gitops", FILES)
    with pytest.raises(GitUnreachableError, match="certificate") as caught:
        checkouts(url, access=token_access(server.token), cache="other")
    assert "SSL_CERT_FILE" in caught.value.hint
    access = token_access(server.token, SSL_CERT_FILE=str(server.ca_file))
    assert read(checkouts(url, access=access), API) == FILES[API]


def store(bare: BareRepository, kind: str, content: bytes) -> str:
    """An object that git itself would not make."""
    argv = ("hash-object", "-w", "--literally", "--stdin", "-t", kind)
    return git(bare.folder, *argv, stdin=content).decode().strip()


def test_blemishes_of_old_commits_are_no_obstacle(bare: BareRepository, checkouts: Open) -> None:
    tree = git_text(bare.folder, "rev-parse", "main^{tree}")
    person = "A <a@example.com> 1 +051800"
    commit = store(
        bare, "commit", f"tree {tree}\nauthor {person}\ncommitter {person}\n\nold\n".encode()
    )
    bare.move("main", commit)
    assert checkouts(bare).head == commit


@pytest.mark.parametrize("name", [b"..", b".git", b".GIT", b"git~1"])
def test_trees_that_would_leave_the_work_tree(
    name: bytes, bare: BareRepository, checkouts: Open
) -> None:
    """There is no work tree to leave, and yet such a repository is not worked on."""
    blob = store(bare, "blob", b"x")
    inner = store(bare, "tree", b"100644 x\0" + bytes.fromhex(blob))
    tree = store(bare, "tree", b"40000 %s\0" % name + bytes.fromhex(inner))
    person = "A <a@example.com> 1 +0000"
    bare.move(
        "main",
        store(bare, "commit", f"tree {tree}\nauthor {person}\ncommitter {person}\n\nx\n".encode()),
    )
    with pytest.raises(GitError, match="git's check refuses") as caught:
        checkouts(bare)
    assert "git fsck" in caught.value.hint


def test_messages_of_the_newest_commits(bare: BareRepository, checkouts: Open) -> None:
    first = bare.log()[0].message
    bare.commit({"a": b"1"}, message="One\n\nbody\n")
    bare.commit({"a": b"2"}, message="Two \u00e9")
    checkout = checkouts(bare)
    found = checkout.messages(most=10)
    assert [message.strip() for message in found] == ["Two \u00e9", "One\n\nbody", first.strip()]
    assert [message.strip() for message in checkout.messages(most=1)] == ["Two \u00e9"]
