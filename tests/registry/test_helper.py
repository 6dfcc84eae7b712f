from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from imagebot.errors import CredentialError
from imagebot.parallel import child as child_module
from imagebot.registry.docker_config import StoredCredential
from imagebot.registry.helper import run_helper
from tests.registry.conftest import HelperFolder
from tests.support.clock import late_once
from tests.support.process import PATIENCE

SERVER = "registry.example"


def test_user_and_password(helpers: HelperFolder) -> None:
    helpers.add("ok", "print(json.dumps({'Username': 'alice', 'Secret': 's3cret'}))")
    assert run_helper("ok", SERVER, helpers.env) == StoredCredential(
        username="alice", password="s3cret"
    )
    assert helpers.calls() == ["['get'] registry.example"]


def test_identity_token(helpers: HelperFolder) -> None:
    helpers.add("ok", "print(json.dumps({'Username': '<token>', 'Secret': 'idt'}))")
    assert run_helper("ok", SERVER, helpers.env) == StoredCredential(
        username="<token>", identity_token="idt"
    )


def test_it_gets_what_it_may_need_of_the_environment(helpers: HelperFolder) -> None:
    helpers.add(
        "ok", "print(json.dumps({'Username': ','.join(sorted(os.environ)), 'Secret': 'x'}))"
    )
    other = {"GHCR_TOKEN": "x", "IMAGEBOT_GIT_TOKEN": "x", "GITHUB_TOKEN": "x", "LD_PRELOAD": ""}
    env = {**helpers.env, **other, "AWS_PROFILE": "dev"}
    entry = run_helper("ok", SERVER, env)
    assert entry is not None
    assert set(entry.username.split(",")) - {"LC_CTYPE"} == {"PATH", "AWS_PROFILE"}


def test_it_has_nothing(helpers: HelperFolder) -> None:
    helpers.add("none", "print('credentials not found in native keychain'); sys.exit(1)")
    assert run_helper("none", SERVER, helpers.env) is None


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("print('cannot reach \\x1b[2Jthe vault'); sys.exit(3)", "status 3: cannot reach [2Jthe"),
        ("sys.exit(1)", "no output"),
        (
            "print(json.dumps({'Username': 'a', 'Secret': 's3cret'})); sys.exit(1)",
            "with status 1: it wrote JSON, which is not shown",
        ),
        ("print('no json')", "not JSON"),
        ("print('[]')", "no Username and Secret"),
        ("print(json.dumps({'Username': 'a', 'Secret': ''}))", "no Username and Secret"),
        ("print(json.dumps({'Username': 'a', 'Secret': 5}))", "no Username and Secret"),
        ("sys.stdout.write('x' * 10_000_000)", "more than"),
        ("os.abort()", "status -6"),
    ],
)
def test_it_does_not_work(helpers: HelperFolder, line: str, reason: str) -> None:
    helpers.add("bad", line)
    with pytest.raises(CredentialError) as caught:
        run_helper("bad", SERVER, helpers.env)
    assert reason in str(caught.value)
    assert str(caught.value).startswith("docker-credential-bad: ")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "line",
    [
        "time.sleep(600)",
        # output that never ends, slowly
        "[(print('x', flush=True), time.sleep(0.05)) for _ in range(10_000)]",
        # closes its output and stays
        "os.close(1); time.sleep(600)",
    ],
)
def test_it_takes_too_long(helpers: HelperFolder, line: str) -> None:
    helpers.add("slow", line)
    with pytest.raises(CredentialError, match=r"within 0\.5 s"):
        run_helper("slow", SERVER, helpers.env, timeout=0.5)


def test_what_it_has_started_ends_with_it(
    helpers: HelperFolder,
    tmp_path: Path,
    wait_until: Callable[[Callable[[], bool]], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    child = tmp_path / "child"
    monkeypatch.setattr(child_module, "time", late_once(child.exists))
    helpers.add(
        "forks",
        "pid = os.fork()",
        "if pid == 0: time.sleep(600)",
        f"open({str(child)!r}, 'w').write(str(pid))",
        "print(json.dumps({'Username': 'a', 'Secret': 'b'}))",
    )
    # The child holds the output open, so the answer never ends.
    with pytest.raises(CredentialError, match="within"):
        run_helper("forks", SERVER, helpers.env, timeout=PATIENCE)
    pid = int(child.read_text())

    def gone() -> bool:
        try:
            # A zombie that waits for a reaper is gone too.
            return ") Z " in Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return True

    wait_until(gone)


def test_a_helper_that_does_not_read(tmp_path: Path) -> None:
    path = tmp_path / "docker-credential-deaf"
    path.write_text("""#!/bin/sh\nexec 0<&-\necho '{"Username": "a", "Secret": "b"}'\n""")
    path.chmod(0o755)
    found = run_helper("deaf", SERVER * 10, {"PATH": f"{tmp_path}{os.pathsep}/bin"})
    assert found == StoredCredential(username="a", password="b")


@pytest.mark.parametrize("name", ["", "../evil", "a/b", "a b", "-x", "a\n", "ä", "x" * 100])
def test_names_that_no_helper_has(helpers: HelperFolder, name: str) -> None:
    with pytest.raises(CredentialError, match="not the name of a credential helper"):
        run_helper(name, SERVER, helpers.env)


def test_a_helper_that_is_not_there(helpers: HelperFolder) -> None:
    with pytest.raises(CredentialError, match="program not found"):
        run_helper("missing", SERVER, helpers.env)


def test_a_helper_that_is_no_program(helpers: HelperFolder) -> None:
    path = helpers.folder / "docker-credential-text"
    path.write_text("#!/no/such/interpreter\n")
    path.chmod(0o755)
    with pytest.raises(CredentialError, match="docker-credential-text"):
        run_helper("text", SERVER, helpers.env)
