"""Many hooks at once: none lost, passes put together, nothing that grows."""

from __future__ import annotations

import itertools
import resource
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest

from tests.support.certificates import write_tls
from tests.support.daemon import Daemon
from tests.support.daemon_stage import BEARER, Stage, announce, pod
from tests.support.process import PATIENCE
from tests.support.registry import Registry

REPOSITORIES = 50
ROUNDS = 12
SENDERS = 4
MOST_MEMORY = 300.0


def memory(daemon: Daemon) -> float:
    """Resident, in MB."""
    status = Path(f"/proc/{daemon.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def prepare(stage: Stage, registry: Registry) -> tuple[str, ...]:
    """Five targets of ten images each."""
    names = tuple(f"app-{number}" for number in range(REPOSITORIES))
    registry.push_image(names[0], "main-1")
    registry.copy_repository(names[0], names[1:])
    repositories = []
    for number in range(5):
        mine = names[number::5]
        files = {f"{name}.yaml": pod(f"{registry.host}/{name}:main-1", name) for name in mine}
        repositories.append(stage.add_target(f"gitops{number}", files))
    return tuple(repositories)


def flood(daemon: Daemon, registry: Registry, rounds: range) -> None:
    """Every image gets a new tag in every round, and each is announced; by several senders."""
    # All images are the same. To push so many takes longer than all that is tested.
    digest = registry.push_image("app-0", "main-1")
    pushes = [(f"app-{number}", f"main-{each}") for each in rounds for number in range(50)]
    turn = itertools.count()
    failures: list[Exception] = []

    def send() -> None:
        try:
            with httpx.Client(verify=False, trust_env=False, timeout=PATIENCE) as client:
                while (number := next(turn)) < len(pushes):
                    name, tag = pushes[number]
                    registry.write_tags(name, [tag], digest)
                    answer = client.post(
                        f"{daemon.url}/hooks/registry",
                        content=announce(registry.host, name, tag),
                        headers=BEARER,
                    )
                    assert answer.status_code == 202
        except Exception as error:  # noqa: BLE001 - raised again below
            failures.append(error)

    threads = [threading.Thread(target=send) for _ in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def wait_for_tags(
    tags: set[str], stage: Stage, repositories: tuple[str, ...], *daemons: Daemon
) -> None:
    """Until the targets have these and no others. They are looked at after each commit only: to
    read them takes more processes than the daemons do."""
    seen = -1

    def there() -> bool:
        nonlocal seen
        before, seen = seen, sum(len(each.events("committed")) for each in daemons)
        return before != seen and set(written(stage, repositories)) == tags

    daemons[0].wait_until(there, "the newest tags")


def written(stage: Stage, repositories: tuple[str, ...]) -> Iterator[str]:
    for repository in repositories:
        for path, content in stage.git.read_files(repository).items():
            if path.startswith("app-"):
                yield content.decode().rpartition(":")[2].strip("}\n ")


def test_many_hooks(stage: Stage) -> None:
    registry = stage.start_registry()
    repositories = prepare(stage, registry)
    daemon = stage.start()
    for number in range(5):
        daemon.wait_for("pass", target=f"gitops{number}", problems=0, kept=10)

    flood(daemon, registry, range(2, ROUNDS + 2))

    wait_for_tags({f"main-{ROUNDS + 1}"}, stage, repositories, daemon)
    assert len(daemon.events("pass")) < REPOSITORIES * ROUNDS / 4
    assert daemon.events("problem") == []
    assert memory(daemon) < MOST_MEMORY


def test_senders_that_do_not_wait(stage: Stage) -> None:
    """Each hook on a connection of its own, and nobody reads an answer before all are sent."""
    registry = stage.start_registry()
    repositories = prepare(stage, registry)
    daemon = stage.start()
    for number in range(5):
        daemon.wait_for("pass", target=f"gitops{number}", problems=0, kept=10)
    before = len(daemon.events("pass"))
    digest = registry.push_image("app-0", "main-1")

    with ExitStack() as stack:
        sent = []
        for tag in (f"main-{number}" for number in range(2, 10)):
            for image in (f"app-{number}" for number in range(REPOSITORIES)):
                registry.write_tags(image, [tag], digest)
                delivery = announce(registry.host, image, tag)
                sent.append(stack.enter_context(sent_hook(daemon, delivery)))
        answers = [connection.makefile("rb").readline() for connection in sent]

    assert set(answers) == {b"HTTP/1.1 202 Accepted\r\n"}
    counted = 'imagebot_hook_deliveries_total{hook="registry",outcome="accepted"} 400'
    assert counted in daemon.get("/metrics").text
    wait_for_tags({"main-9"}, stage, repositories, daemon)
    assert len(daemon.events("pass")) - before < len(sent) / 4
    assert daemon.events("problem") == []
    assert memory(daemon) < MOST_MEMORY


def sent_hook(daemon: Daemon, body: bytes) -> socket.socket:
    """A connection with a delivery that is on its way."""
    host, _, port = daemon.addresses[0].rpartition(":")
    connection = socket.create_connection((host, int(port)), PATIENCE)
    fields = {**BEARER, "Host": "x", "Connection": "close", "Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    connection.sendall(f"POST /hooks/registry HTTP/1.1\r\n{head}\r\n".encode() + body)
    return connection


def test_a_daemon_that_is_killed_in_the_middle_catches_up(stage: Stage) -> None:
    registry = stage.start_registry()
    repositories = prepare(stage, registry)
    first = stage.start()
    for number in range(5):
        first.wait_for("pass", target=f"gitops{number}", problems=0, kept=10)
    flood(first, registry, range(2, 5))
    first.wait_for("committed")
    first.process.kill()
    first.process.wait(PATIENCE)
    second = stage.start(log="second.log")
    wait_for_tags({"main-4"}, stage, repositories, second)


def test_two_replicas_do_no_harm(stage: Stage) -> None:
    registry = stage.start_registry()
    repositories = prepare(stage, registry)
    first = stage.start()
    stage.bot["cache-dir"] = "cache-of-the-second"
    second = stage.start(log="second.log")
    daemons = (first, second)
    for daemon in daemons:
        for number in range(5):
            daemon.wait_for("pass", target=f"gitops{number}", problems=0, kept=10)
    digest = registry.push_image("app-0", "main-1")
    for each in range(2, 5):
        for name in (f"app-{number}" for number in range(REPOSITORIES)):
            registry.write_tags(name, [f"main-{each}"], digest)
            for daemon in daemons:
                daemon.post(
                    "/hooks/registry", announce(registry.host, name, f"main-{each}"), BEARER
                )
    wait_for_tags({"main-4"}, stage, repositories, *daemons)
    for repository in repositories:
        commits = stage.git.log(repository)
        # Each commit writes something that the one before did not have.
        assert len({commit.message for commit in commits}) == len(commits)
        stage.git.assert_sound(repository)


def test_large_bodies_of_strangers_do_not_fill_the_memory(stage: Stage) -> None:
    """The secret is checked when a body is there, so anybody can send many, and not end them."""
    stage.add_target("gitops", {})
    daemon = stage.start()
    host, _, port = daemon.addresses[0].rpartition(":")
    large = 1024 * 1024 - 1
    head = f"POST /hooks/registry HTTP/1.1\r\nHost: x\r\nContent-Length: {large + 1}\r\n\r\n"
    with ExitStack() as stack:
        held = []
        for _ in range(64):
            held.append(stack.enter_context(socket.create_connection((host, int(port)), PATIENCE)))
            # Where there is no room, the answer comes before the end.
            with suppress(OSError):
                held[-1].sendall(head.encode() + b" " * large)
        assert any(map(is_refused, reversed(held)))
        assert memory(daemon) < MOST_MEMORY
    # There is room again.
    large_one = b" " * 500_000
    daemon.wait_until(
        lambda: daemon.post("/hooks/registry", large_one, BEARER).status_code == 400, "room"
    )


def is_refused(connection: socket.socket) -> bool:
    try:
        return connection.recv(100).startswith(b"HTTP/1.1 503 ")
    except OSError:
        return False


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "tls"])
def test_idle_connections_are_bounded(stage: Stage, tmp_path: Path, encrypted: bool) -> None:
    """Before the TLS handshake, too."""
    stage.add_target("gitops", {})
    tls = write_tls(tmp_path / "tls")
    files = ("--tls-cert", str(tls.certificate_file), "--tls-key", str(tls.key_file))
    daemon = stage.start(*(files if encrypted else ()))
    host, _, port = daemon.addresses[0].rpartition(":")
    daemon.wait_for("pass", target="gitops")
    before = open_files(daemon)
    with ExitStack() as stack:
        idle = [
            stack.enter_context(socket.create_connection((host, int(port)), PATIENCE))
            for _ in range(700)
        ]
        most = before + 510
        daemon.wait_until(
            lambda: open_files(daemon) > most or any(map(is_closed, reversed(idle))), "the bound"
        )
        assert open_files(daemon) <= most
    daemon.wait_until(lambda: open_files(daemon) <= before + 10, "the end of all")
    reached = httpx.get(
        f"http{'s' if encrypted else ''}://{daemon.addresses[0]}/healthz",
        verify=ssl.create_default_context(cafile=tls.ca_file),
        trust_env=False,
        timeout=PATIENCE,
    )
    assert reached.status_code == 200


def open_files(daemon: Daemon) -> int:
    return len(list(Path(f"/proc/{daemon.pid}/fd").iterdir()))


def is_closed(connection: socket.socket) -> bool:
    connection.settimeout(0.01)
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def test_a_low_limit_of_open_files_is_raised(stage: Stage) -> None:
    """1024 is a common one, and a thousand connections are allowed."""
    stage.add_target("gitops", {})
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # The daemon inherits the limits of this process.
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(1024, hard), hard))
    try:
        daemon = stage.start()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE) == (min(4096, hard), hard)


def test_connections_for_which_there_is_no_file_are_ended_and_logged_once(stage: Stage) -> None:
    stage.add_target("gitops", {})
    daemon = stage.start()
    daemon.wait_for("pass", target="gitops")
    host, _, port = daemon.addresses[0].rpartition(":")
    _, hard = resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE)
    few = open_files(daemon) + 20
    resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (few, hard))
    with ExitStack() as stack:
        idle = [
            stack.enter_context(socket.create_connection((host, int(port)), PATIENCE))
            for _ in range(60)
        ]
        daemon.wait_until(lambda: sum(map(is_closed, idle)) > 30, "the end of those beyond it")
    daemon.wait_until(lambda: open_files(daemon) < few - 10, "the end of all")
    assert daemon.get("/healthz").status_code == 200
    # Every line of the log is an event.
    (warning,) = [each for each in daemon.events() if "accept" in each["message"]]
    assert "ulimit" in warning["hint"]
