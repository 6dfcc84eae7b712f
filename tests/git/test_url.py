from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.errors import GitError
from imagebot.git.url import check_branch, identity_of, parse_url
from imagebot.text import printable

GOOD = {
    "https://github.com/acme/gitops.git": ("https", "github.com", "https://github.com"),
    "https://git.example.com:8443/a/b": (
        "https",
        "git.example.com",
        "https://git.example.com:8443",
    ),
    "https://[2001:db8::1]:8443/a/b": ("https", "[2001:db8::1]", "https://[2001:db8::1]:8443"),
    "http://127.0.0.1:3000/a.git": ("http", "127.0.0.1", "http://127.0.0.1:3000"),
    "http://localhost/a.git": ("http", "localhost", "http://localhost"),
    "http://[::1]:80/a.git": ("http", "[::1]", "http://[::1]:80"),
    "ssh://git@github.com/acme/gitops.git": ("ssh", "github.com", ""),
    "ssh://git@git.example.com:2222/a": ("ssh", "git.example.com", ""),
    "git@github.com:acme/gitops.git": ("ssh", "github.com", ""),
    "host.example:path/to/it": ("ssh", "host.example", ""),
    "file:///srv/git/a.git": ("file", "", ""),
    "/srv/git/a.git": ("file", "", ""),
}


@pytest.mark.parametrize("url", GOOD)
def test_good(url: str) -> None:
    address = parse_url(url)
    assert (address.scheme, address.host, address.origin) == GOOD[url]
    assert address.text == (url if not url.startswith("/") else f"file://{url}")


BAD = {
    "": "empty",
    "-oProxyCommand=touch x": "hyphen",
    "--upload-pack=touch x": "hyphen",
    "ext::sh -c touch% x": "space",
    "ext::touch": "remote helpers",
    "fd::17": "remote helpers",
    "ext::https://example.com/a": "remote helpers",
    "ssh://-oProxyCommand=touch/x": "valid host",
    "ssh://git@-oProxyCommand=touch/x": "valid host",
    "-oProxyCommand=x:path": "hyphen",
    "git@-oProxyCommand:path": "valid host",
    "git@host:-path": "valid host",
    "git@host:/": "valid host",
    "https://host/": "no path",
    "ssh://git@host/a?x=1": "`?` or `#`",
    "ssh://git@host/a?": "`?` or `#`",
    "https://host/a\u202eb": "control",
    "ssh://-x@host/path": "valid user",
    "-x@host:path": "hyphen",
    "ssh://git:secret@host/path": "password",
    "https://token@github.com/a/b": "user name or password",
    "https://user:secret@github.com/a/b": "user name or password",
    "http://github.com/a/b": "plain http",
    "http://127.0.0.1.example.com/a": "plain http",
    "git://github.com/a/b": "'git' is not allowed",
    "ftp://github.com/a/b": "'ftp' is not allowed",
    "file://host/a": "three slashes",
    "relative/path": "not a URL",
    "../a": "not a URL",
    "https://github.com/a/b?x=1": "`?` or `#`",
    "https://github.com/a/b#x": "`?` or `#`",
    "https://github.com": "no path",
    "https:///a/b": "valid host",
    "https://github.com:port/a": "not a valid URL",
    "https://github.com/a\nb": "control",
    "https://github.com/a\x1b[2J": "control",
    "https://git hub.com/a": "space",
    "https://" + "a" * 3000: "2048",
}


@pytest.mark.parametrize("url", BAD)
def test_bad(url: str) -> None:
    with pytest.raises(GitError) as caught:
        parse_url(url)
    assert BAD[url] in str(caught.value)
    assert "secret" not in f"{caught.value}{caught.value.hint}"
    assert str(caught.value).isprintable()


@given(st.text(max_size=60))
def test_whatever_comes_is_an_address_or_a_git_error(text: str) -> None:
    address, error = None, None
    try:
        address = parse_url(text)
    except GitError as refused:
        error = refused
    assert error is None or printable(str(error)) == str(error)
    assert address is None or not address.text.startswith("-")
    assert address is None or "::" not in address.text or "[" in address.text


@pytest.mark.parametrize(
    ("url", "host", "project", "name"),
    [
        ("https://github.com/acme/gitops.git", "github.com", "acme/gitops", "acme/gitops"),
        ("https://GitHub.com/acme/gitops/", "github.com", "acme/gitops", "acme/gitops"),
        ("ssh://git@github.com:22/acme/gitops.git", "github.com", "acme/gitops", "acme/gitops"),
        ("git@github.com:acme/gitops.git", "github.com", "acme/gitops", "acme/gitops"),
        ("GitHub.com:/acme/gitops", "github.com", "acme/gitops", "acme/gitops"),
        ("https://gitlab.com/a/b/c.git", "gitlab.com", "a/b/c", "b/c"),
        ("file:///srv/git/gitops.git", "", "srv/git/gitops", "git/gitops"),
        ("/srv/git/gitops.git", "", "srv/git/gitops", "git/gitops"),
        ("/srv", "", "srv", "srv"),
        ("/", "", "", "target"),
        ("https://github.com.evil.com/a/b", "github.com.evil.com", "a/b", "a/b"),
        ("ssh://github.com@evil.com/a/b", "evil.com", "a/b", "a/b"),
    ],
)
def test_host_project_and_name(url: str, host: str, project: str, name: str) -> None:
    parsed = parse_url(url)
    assert (parsed.host, parsed.project, parsed.name) == (host, project, name)


ONE = "https://git.example.com/acme/gitops"


@pytest.mark.parametrize(
    "url",
    [
        ONE,
        f"{ONE}.git",
        f"{ONE}/",
        f"{ONE}.git/",
        "https://GIT.Example.com/acme/gitops",
        "https://git.example.com:443/acme/gitops",
        "ssh://git@git.example.com/acme/gitops.git",
        "ssh://git.example.com:22/acme/gitops",
        "git@git.example.com:acme/gitops.git",
        "Git.example.com:/acme/gitops",
    ],
)
def test_every_spelling_of_a_repository_has_one_identity(url: str) -> None:
    assert identity_of(url, "main") == identity_of(ONE, "main")


@pytest.mark.parametrize(
    ("url", "branch"),
    [
        (ONE, "next"),
        ("https://git.example.com:8443/acme/gitops", "main"),
        ("https://git.example.com/ACME/gitops", "main"),
        ("https://git.example.com/acme/gitops.git.git", "main"),
        ("https://other.example.com/acme/gitops", "main"),
        ("/git.example.com/acme/gitops", "main"),
    ],
)
def test_other_repositories_and_branches_have_other_identities(url: str, branch: str) -> None:
    assert identity_of(url, branch) != identity_of(ONE, "main")


@pytest.mark.parametrize("url", ["file:///srv/a.git", "/srv/a", "/srv/a/.git"])
def test_the_identity_of_a_folder(url: str) -> None:
    assert identity_of(url, "main") == identity_of("/srv/a.git", "main")


def allows(name: str) -> bool:
    try:
        return check_branch(name) == name
    except GitError:
        return False


BRANCHES = [
    "main", "release/1.2", "imagebot/all-0a1b2c3d", "feature_x", "a.b", "ünïcode", "a@b", "@a",
    "-main", "", "a b", "a..b", "a~1", "a^", "a:b", "a?", "a*", "a[b", "a\\b", "/a", "a/",
    "a//b", ".a", "a/.b", "a.", "a.lock", "a.lock/b", "a@{1}", "a\x7f", "a\nb", "a\x1b[0m",
]  # fmt: skip


@pytest.mark.parametrize("name", BRANCHES)
def test_branches_are_those_that_git_takes(name: str, tmp_path: Path) -> None:
    argv = ["git", "check-ref-format", "--branch", name]
    ours = allows(name)
    # Outside a repository, so that `@{…}` is not looked up in its log.
    git = subprocess.run(argv, cwd=tmp_path, capture_output=True, check=False)
    assert ours == (git.returncode == 0)


@given(st.text(alphabet="ab-./@{}~^:?*[\\ \x01ü", max_size=8))
def test_no_branch_is_allowed_that_git_refuses(name: str) -> None:
    assert not allows(name) or (
        subprocess.run(["git", "check-ref-format", f"refs/heads/{name}"], check=False).returncode
        == 0
    )


def test_a_bad_branch_is_shown_escaped() -> None:
    with pytest.raises(GitError, match=r"'a\\x1b\[2J'"):
        check_branch("a\x1b[2J")
