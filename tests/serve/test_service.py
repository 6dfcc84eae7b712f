"""The daemon as a process: probes, reloads, signals, and what it answers to strangers."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.support.daemon import Daemon
from tests.support.daemon_stage import BEARER, SECRET, Stage, announce, pod
from tests.support.process import PATIENCE


def first_pass(daemon: Daemon, target: str = "gitops") -> None:
    daemon.wait_for("pass", target=target)


@pytest.fixture
def idle(stage: Stage) -> Daemon:
    """A daemon that looks after one target without images."""
    stage.add_target("gitops", {})
    daemon = stage.start()
    first_pass(daemon)
    return daemon


def test_probes(stage: Stage) -> None:
    stage.add_target("gitops", {})
    daemon = stage.start()
    assert daemon.get("/healthz").status_code == 200
    first_pass(daemon)
    daemon.wait_until(lambda: daemon.get("/readyz").status_code == 200)


def test_secrets_that_cannot_be_read_are_reported_at_the_start_and_when_they_change(
    stage: Stage,
) -> None:
    stage.add_target("gitops", {})
    serve = stage.bot["serve"]
    serve["hooks"]["later"] = {"type": "hmac", "secret": {"file": "/nowhere/hook"}}
    daemon = stage.start()
    warned = daemon.wait_for("warning")
    assert "serve.hooks.later: cannot read the secret in the file /nowhere" in warned["message"]
    assert "mounted" in warned["hint"]
    serve["password"] = {"env": "IMAGEBOT_TEST_MISSING"}
    del serve["hooks"]["later"]
    stage.write()
    daemon.wait_for("reloaded")
    messages = [each["message"] for each in daemon.events("warning")]
    assert len(messages) == 2
    assert "serve.password: the variable IMAGEBOT_TEST_MISSING" in messages[1]


def test_it_is_not_ready_before_the_first_pass(stage: Stage) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/silent.git"
    stage.bot["targets"].append({"name": "silent", "url": url, "branch": "main"})
    daemon = stage.start()
    try:
        connection, _ = listening.accept()
        with connection:
            assert daemon.get("/readyz").status_code == 503
            assert daemon.get("/healthz").status_code == 200
    finally:
        listening.close()


@pytest.mark.parametrize(
    ("path", "method", "headers", "body", "status"),
    [
        ("/hooks/registry", "POST", BEARER, announce("r.example", "api", "1"), 202),
        ("/hooks/registry", "POST", BEARER, b'{"events": []}', 202),
        ("/hooks/registry", "POST", BEARER, b"{", 400),
        ("/hooks/registry", "POST", BEARER, b"\xff\xfe", 400),
        ("/hooks/registry", "POST", {}, announce("r.example", "api", "1"), 401),
        ("/hooks/registry", "POST", {"Authorization": "Bearer x"}, b"{", 401),
        ("/hooks/registry", "POST", BEARER, b" " * (1024 * 1024 + 1), 413),
        ("/hooks/registry", "GET", BEARER, b"", 405),
        ("/hooks/other", "POST", BEARER, b"{}", 404),
        ("/hooks/", "POST", BEARER, b"{}", 404),
        ("/elsewhere", "GET", {}, b"", 404),
    ],
)
def test_answers(
    idle: Daemon, path: str, method: str, headers: dict[str, str], body: bytes, status: int
) -> None:
    answer = httpx.request(
        method, idle.url + path, headers=headers, content=body, timeout=PATIENCE, trust_env=False
    )
    assert answer.status_code == status
    assert SECRET not in answer.text
    assert "server" not in answer.headers


def test_a_wrong_secret_is_logged_once_and_not_quoted(idle: Daemon) -> None:
    for _ in range(5):
        answer = idle.post("/hooks/registry", b"{}", {"Authorization": "Bearer guessed-secret"})
        assert answer.json() == {"error": "not authorized"}
    refused = idle.wait_for("hook-refused", hook="registry")
    assert len(idle.events("hook-refused")) == 1
    assert "guessed-secret" not in json.dumps(refused)


def test_a_body_without_a_length_is_capped(idle: Daemon) -> None:
    host, _, port = idle.addresses[0].rpartition(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
        connection.sendall(
            b"POST /hooks/registry HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        answer = b""
        try:
            for _ in range(32):
                connection.sendall(chunk)
            answer = connection.recv(1000)
        except OSError:
            answer = answer or connection.recv(1000)
    assert answer.startswith(b"HTTP/1.1 413 ")


def test_a_request_in_the_body_of_another_is_not_answered(idle: Daemon) -> None:
    """A proxy that goes by Content-Length would take it for a part of the body."""
    host, _, port = idle.addresses[0].rpartition(":")
    inner = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
    body = b"0\r\n\r\n" + inner
    head = (
        "POST /hooks/registry HTTP/1.1\r\nHost: x\r\n"
        f"Content-Length: {len(body)}\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
        connection.sendall(head.encode() + body)
        answer = b""
        while part := connection.recv(65536):
            answer += part
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize("path", ["/metrics/", "/hooks/registry/", "/healthz/?a=b"])
def test_nobody_is_redirected(idle: Daemon, path: str) -> None:
    assert idle.get(path).status_code == 404
    assert idle.post(path, b"", BEARER).status_code == 404


def test_whoever_sends_byte_by_byte_is_shed(idle: Daemon) -> None:
    host, _, port = idle.addresses[0].rpartition(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
        connection.sendall(b"POST /hooks/registry HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        connection.settimeout(0.2)
        ended = False

        def is_ended() -> bool:
            nonlocal ended
            try:
                connection.sendall(b"a")
                ended = connection.recv(1) == b""
            except TimeoutError:
                pass
            except OSError:
                ended = True
            return ended

        # Others are answered all the while.
        idle.wait_until(lambda: is_ended() or idle.get("/healthz").status_code != 200, "the end")
        assert ended


def test_hooks_may_have_an_address_of_their_own(stage: Stage) -> None:
    stage.add_target("gitops", {})
    stage.bot["serve"]["hooks-listen"] = "127.0.0.1:0"
    daemon = stage.start()
    assert len(daemon.addresses) == 2
    assert daemon.post("/hooks/registry", b'{"events": []}', BEARER).status_code == 202
    for path in ("/", "/healthz", "/readyz", "/metrics"):
        assert httpx.get(daemon.hooks_url + path, trust_env=False).status_code == 404
    other = httpx.post(daemon.url + "/hooks/registry", headers=BEARER, trust_env=False)
    assert other.status_code == 404


def test_a_changed_file_is_read_again_and_a_wrong_one_refused(stage: Stage, idle: Daemon) -> None:
    (stage.folder / "bot.yaml").write_text("targets: [{url: nonsense}]\n")
    refused = idle.wait_for("reload-refused")
    assert "bot.yaml:1" in refused["message"]
    assert idle.post("/hooks/registry", b'{"events": []}', BEARER).status_code == 202

    stage.add_target("more", {})
    stage.bot["serve"]["hooks"] = {}
    stage.write()
    idle.wait_for("reloaded", targets=2, hooks=0)
    first_pass(idle, "more")
    assert idle.post("/hooks/registry", b"{}", BEARER).status_code == 404


def test_the_same_faults_are_logged_once_unless_somebody_asks(stage: Stage, idle: Daemon) -> None:
    def save(text: str, times: int) -> None:
        (stage.folder / "bot.yaml").write_text(text)
        refused = f'imagebot_reloads_total{{outcome="refused"}} {times}'
        idle.wait_until(lambda: refused in idle.get("/metrics").text)

    def logged(count: int) -> None:
        idle.wait_until(lambda: len(idle.events("reload-refused")) >= count)
        assert len(idle.events("reload-refused")) == count

    save("targets: nonsense\n", 1)
    logged(1)
    save("targets: nonsense\n# The same.\n", 2)
    logged(1)
    idle.process.send_signal(signal.SIGHUP)
    logged(2)
    save("targets: nonsense of another kind\nmore: 1\n", 4)
    logged(4)
    stage.write()
    idle.wait_until(lambda: "imagebot_configuration_refused 0" in idle.get("/metrics").text)
    save("targets: nonsense\n", 5)
    logged(5)


def test_sighup_reads_the_file_again(stage: Stage, idle: Daemon) -> None:
    stage.add_target("more", {})
    stage.write()
    idle.process.send_signal(signal.SIGHUP)
    idle.wait_for("reloaded", targets=2)
    assert idle.process.poll() is None


def test_what_only_counts_at_the_start_is_said(stage: Stage, idle: Daemon) -> None:
    stage.bot["serve"]["hooks-listen"] = "127.0.0.1:0"
    stage.write()
    assert "restart" in idle.wait_for("warning")["message"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it(idle: Daemon, number: signal.Signals) -> None:
    idle.process.send_signal(number)
    assert idle.process.wait(PATIENCE) == 0


def test_a_signal_ends_it_while_a_registry_is_silent(stage: Stage) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"127.0.0.1:{silent.getsockname()[1]}"
        stage.add_target("gitops", {"api.yaml": pod(f"{host}/api:main-1")})
        stage.bot["registries"][host] = {"insecure": True}
        daemon = stage.start()
        connection, _ = silent.accept()
        with connection:
            daemon.process.send_signal(signal.SIGTERM)
            assert daemon.process.wait(PATIENCE) == 130


def test_an_address_that_is_taken(tmp_path: Path, stage: Stage) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        stage.add_target("gitops", {})
        stage.bot["serve"]["listen"] = f"127.0.0.1:{taken.getsockname()[1]}"
        stage.write()
        argv = [sys.executable, "-m", "imagebot", "serve", "-c", "bot.yaml"]
        done = subprocess.run(argv, cwd=stage.folder, capture_output=True, text=True)
    assert done.returncode == 2
    said = json.loads(done.stderr)
    assert "cannot listen at 127.0.0.1:" in said["message"]
    assert "serve.listen" in said["hint"]


def test_an_open_hook_is_warned_about(stage: Stage) -> None:
    stage.add_target("gitops", {})
    stage.bot["serve"]["listen"] = "0.0.0.0:0"
    stage.bot["serve"]["hooks"]["hub"] = {"type": "docker-hub", "insecure": True}
    daemon = stage.start()
    assert "hook hub is insecure" in daemon.wait_for("warning")["message"]
