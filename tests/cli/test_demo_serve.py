"""`imagebot demo --serve`: a push, and the commit that the daemon makes of it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from imagebot.demo.build import push_image
from tests.cli.test_demo import DEMO, registry_of
from tests.support.daemon import daemon
from tests.support.git_repository import git
from tests.support.process import PATIENCE
from tests.support.signals import with_signals

Wait = Callable[[Callable[[], bool]], None]
SERVE = [*DEMO, "--serve"]


def test_it_shows_the_job_and_leaves_nothing(tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run(SERVE, capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    parts = re.split(r"(?m)^\d\. .*$", done.stdout)
    assert len(parts) == 7
    _, sandbox, listens, build, commit, request, sent = parts
    (registry,) = re.findall(r"registry +(127\.0\.0\.1:\d+)\n", sandbox)
    assert re.search(r"listens +127\.0\.0\.1:\d+\n", listens)
    assert "shop: production: opened #1" in listens
    assert f"pushed    {registry}/shop/api:main-43-77c0d5a\n" in build
    assert re.search(r"^the commit came \d+\.\d\d s after the push$", commit, re.MULTILINE)
    assert "shop: test: committed" in commit
    assert f'+          image: "{registry}/shop/api:main-43-77c0d5a"\n' in commit
    assert f"pushed    {registry}/shop/api:1.4.3\n" in request
    assert "shop: production: updated #1" in request
    assert "title   Update api, cache and web (production)\n" in request
    assert re.search(r"^POST http://127\.0\.0\.1:\d+/hooks/registry$", sent, re.MULTILINE)
    body = sent[sent.index("{\n") :]
    (event,) = json.JSONDecoder().raw_decode(body)[0]["events"]
    assert (event["target"]["repository"], event["target"]["tag"]) == ("shop/api", "1.4.3")
    assert event["request"]["host"] == registry
    assert "docs/hooks.md" in sent
    assert '"event":' not in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_kept_sandbox_can_be_played_with(tmp_path: Path) -> None:
    folder = tmp_path / "sandbox"
    done = subprocess.run([*SERVE, "--keep", str(folder)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    secret = (folder / "hook-secret").read_text()
    assert (folder / "hook-secret").stat().st_mode & 0o077 == 0
    log = (folder / "daemon.log").read_text()
    assert [json.loads(line)["event"] for line in log.splitlines()].count("committed") == 2
    assert secret not in done.stdout + log + (folder / "bot.yaml").read_text()
    assert f"imagebot serve -c {folder}/bot.yaml" in done.stdout
    (image,) = re.findall(r"docker push (\S+)", done.stdout)
    host, _, rest = image.partition("/")
    repository, _, tag = rest.partition(":")

    with registry_of(folder) as says, daemon(folder) as running:
        assert f"announces pushes at {running.url}/hooks/registry" in says
        running.wait_for("pass", target="shop", problems=0)
        push_image(host, repository, tag, created=datetime.now(UTC))
        commit = running.wait_for("committed", target="shop")
    assert commit["updates"][0]["to"]["tag"] == tag
    assert tag in git(folder / "gitops.git", "show", "main:clusters/test/api.yaml").decode()


def test_two_sandboxes_have_two_secrets(tmp_path: Path) -> None:
    found = set()
    for name in ("a", "b"):
        argv = [*SERVE, "--keep", str(tmp_path / name)]
        subprocess.run(argv, capture_output=True, check=True)
        found.add((tmp_path / name / "hook-secret").read_text())
    assert len(found) == 2
    assert all(len(each) == 64 for each in found)


# A git that stops at a command of the daemon's pass, or at one of the main thread.
HANGING_GIT = """\
#!/bin/sh
case " $* " in *" {command} "*) : > {reached}; exec sleep 600;; esac
exec {git} "$@"
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda each: each.name)
@pytest.mark.parametrize("command", ["ls-remote", "for-each-ref"])
def test_it_ends_when_it_is_asked_to(
    tmp_path: Path, command: str, number: signal.Signals, wait_until: Wait
) -> None:
    reached, programs, temporary = (tmp_path / name for name in ("reached", "bin", "tmp"))
    programs.mkdir()
    temporary.mkdir()
    git = HANGING_GIT.format(command=command, reached=reached, git=shutil.which("git"))
    (programs / "git").write_text(git)
    (programs / "git").chmod(0o755)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    with subprocess.Popen(
        with_signals(SERVE),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(temporary), "PATH": path},
    ) as process:
        wait_until(reached.exists)
        process.send_signal(number)
        _, said = process.communicate(timeout=PATIENCE)
    assert (process.returncode, said.split()) == (130, ["interrupted"])
    assert list(temporary.iterdir()) == []


def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['uvicorn'] = None\n")
    path = f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    folder = tmp_path / "sandbox"
    argv = [*SERVE, "--keep", str(folder)]
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(argv, capture_output=True, text=True, env=environment)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "imagebot: the daemon needs uvicorn, which is not installed",
        "hint: pip install 'imagebot[serve]'",
    ]
    assert not folder.exists()
    plain = subprocess.run(DEMO, capture_output=True, text=True, env=environment)
    assert plain.returncode == 0, plain.stderr


@pytest.mark.parametrize("other", ["--serve", "--keep=kept"])
def test_the_registry_alone_or_a_new_sandbox(tmp_path: Path, other: str) -> None:
    argv = [*DEMO, "--registry", str(tmp_path), other]
    done = subprocess.run(argv, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 2
    assert f"--registry and {other.partition('=')[0]} exclude each other" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_help_names_all_three() -> None:
    done = subprocess.run([*DEMO, "--help"], capture_output=True, text=True, check=True)
    for option in ("--serve ", "--keep DIR", "--registry DIR"):
        assert option in done.stdout


def test_the_help_of_serve_says_what_its_log_is() -> None:
    argv = [*DEMO[:-1], "serve", "--help"]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    said = " ".join(done.stdout.split())
    assert "[default: json]" in said
    assert "--every" not in said
