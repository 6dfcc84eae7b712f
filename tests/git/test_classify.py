from __future__ import annotations

import pytest

from imagebot.errors import GitAuthError, GitError, GitUnreachableError
from imagebot.git.classify import failure, push_failure, quote_git
from imagebot.redaction import Redaction, Secret

URL = "https://git.example.com/a/b"

# What git 2.39, curl and OpenSSH 9.2 say.
FAILURES: dict[str, type[GitError]] = {
    "fatal: could not read Username for 'https://x': terminal prompts disabled": GitAuthError,
    "fatal: Authentication failed for 'https://x/a/b/'": GitAuthError,
    "remote: HTTP Basic: Access denied\nfatal: Authentication failed": GitAuthError,
    "fatal: unable to access 'https://x/': The requested URL returned error: 403": GitAuthError,
    "remote: Permission to a/b.git denied to bot.\nfatal: unable to access": GitAuthError,
    "remote: Write access to repository not granted.": GitAuthError,
    "git@x: Permission denied (publickey).\nfatal: Could not read from remote": GitAuthError,
    "Host key verification failed.\nfatal: Could not read from remote": GitAuthError,
    "No ED25519 host key is known for x and you have requested strict checking.": GitAuthError,
    "WARNING: UNPROTECTED PRIVATE KEY FILE!": GitAuthError,
    'Load key "/k": invalid format': GitAuthError,
    'Load key "/k": error in libcrypto': GitAuthError,
    "No user exists for uid 12345": GitAuthError,
    "fatal: unable to access 'https://x/': Could not resolve host: x": GitUnreachableError,
    "ssh: Could not resolve hostname x: Name or service not known": GitUnreachableError,
    "fatal: unable to access 'https://x/': Failed to connect to x port 443": GitUnreachableError,
    "ssh: connect to host x port 22: Connection refused": GitUnreachableError,
    "ssh: connect to host x port 22: Connection timed out": GitUnreachableError,
    "fatal: the remote end hung up unexpectedly": GitUnreachableError,
    "error: RPC failed; HTTP 502\nfatal: early EOF": GitUnreachableError,
    "fatal: unable to access 'x': The requested URL returned error: 503": GitUnreachableError,
    "fatal: unable to access 'x': The requested URL returned error: 429": GitUnreachableError,
    "server certificate verification failed. CAfile: none": GitUnreachableError,
    "SSL certificate problem: self signed certificate": GitUnreachableError,
    # As in Debian 13, whose curl has GnuTLS.
    "server verification failed: certificate signer not trusted. (CAfile: /a)": GitUnreachableError,
    "server verification failed: certificate has expired. (CAfile: /a)": GitUnreachableError,
    "SSL: certificate subject name (a) does not match target hostname 'b'": GitUnreachableError,
    "fatal: unable to access 'x': The requested URL returned error: 302": GitError,
    "fatal: repository 'https://x/a/' not found": GitError,
    "remote: Repository not found.": GitError,
    "fatal: '/x' does not appear to be a git repository": GitError,
    "fatal: detected dubious ownership in repository at '/x'": GitError,
    "fatal: write error: No space left on device": GitError,
}


@pytest.mark.parametrize("text", FAILURES)
def test_failures_have_a_kind_and_a_hint(text: str) -> None:
    error = failure(URL, 128, text)
    assert type(error) is FAILURES[text]
    assert error.hint
    assert URL in error.message


def test_what_nobody_knows_is_passed_on() -> None:
    error = failure(URL, 128, "fatal: something new\n")
    assert type(error) is GitError
    assert error.message == f"{URL}: fatal: something new"
    assert failure(URL, 3, "").message == f"{URL}: git ended with status 3"


def test_no_git() -> None:
    error = failure(URL, 127, "env: 'git': No such file or directory")
    assert "not installed" in error.message
    assert "install" in error.hint


FAILED = "error: remote unpack failed: eof\nerror: failed to push some refs to"
# From facts that were measured with git 2.39 and from GitHub's and GitLab's documentation.
REFUSALS = {
    ("[rejected] (fetch first)", ""): "behind",
    ("[rejected] (non-fast-forward)", ""): "behind",
    ("[remote rejected] (failed to update ref)", ""): "race",
    ("[remote rejected] (incorrect old value provided)", ""): "race",
    ("[remote rejected] (cannot lock ref 'refs/heads/b': is at 1 but expected 2)", ""): "race",
    ("[remote rejected] (reference already exists)", ""): "race",
    ("[rejected] (stale info)", ""): "lease",
    ("[remote rejected] (pre-receive hook declined)", ""): "protected",
    ("[remote rejected] (protected branch hook declined)", ""): "protected",
    ("[remote rejected] (push declined)", "remote: error: GH013: rules"): "protected",
    ("[remote rejected] (hook declined)", "remote: GitLab: not allowed to push"): "protected",
    ("[remote rejected] (failed to update ref)", "'refs/heads/b' exists; cannot create"): "clash",
    ("[remote rejected] (shallow update not allowed)", ""): "other",
    ("[rejected] (needs force)", ""): "behind",
    ("[remote rejected] (unpacker error)", f"{FAILED} 'https://host/protected'"): "other",
    ("[remote failure] (remote failed to report status)", ""): "other",
}


@pytest.mark.parametrize(("summary", "stderr"), REFUSALS)
def test_refusals_of_a_push(summary: str, stderr: str) -> None:
    out = f"To {URL}\n!\t1234:refs/heads/b\t{summary}\nDone\n"
    error = push_failure(URL, out, stderr)
    assert error is not None
    assert error.kind == REFUSALS[summary, stderr]
    assert error.hint


def test_what_to_do_about_a_branch_that_is_protected() -> None:
    """A branch of a pull request is refused where the route opens pull requests already."""
    out = f"To {URL}\n!\t1234:refs/heads/b\t[remote rejected] (pre-receive hook declined)\nDone\n"
    hints = [
        error.hint
        for proposes in (False, True)
        if (error := push_failure(URL, out, "", proposes=proposes)) is not None
    ]
    assert ["pull-request" in hint for hint in hints] == [True, False]
    assert "imagebot/" in hints[1]


def test_a_push_that_shows_no_refusal() -> None:
    assert push_failure(URL, "To x\n \t1:refs/heads/b\t1..2\nDone\n", "") is None
    assert push_failure(URL, "", "fatal: unable to access") is None


def test_clean() -> None:
    text = "remote: \x1b[2Jhi\rthere\nfatal: https://me:s3cret@host/ s3cret and tok%2Fen-of-acme"
    said = quote_git(text, Redaction.of([Secret("s3cret"), Secret("tok/en-of-acme")]))
    assert said == "remote: \\x1b[2Jhi; there; fatal: https://host/ *** and ***"
    assert len(quote_git("x" * 5000)) == 600
