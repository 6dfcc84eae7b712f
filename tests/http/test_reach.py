"""Who may connect where: by tables, and against real sockets on this machine."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from ipaddress import ip_network

import pytest

from imagebot.errors import RegistryError, RegistryRefusedError
from imagebot.http.message import Request
from imagebot.http.reach import PUBLIC_ONLY, Permit, Reach, literal_address
from imagebot.http.transport import Transport
from imagebot.http.zone import NetworkZone
from tests.support.here import HERE, PERMIT
from tests.support.scripted_http import Answer, ScriptedServer

CORP = Reach(hosts=("*.corp.example", "one.example:5000"), networks=(ip_network("10.0.0.0/8"),))


@pytest.fixture
def transport() -> Iterator[Transport]:
    with closing(Transport()) as made:
        yield made


@pytest.fixture
def asked(
    scripted: ScriptedServer, transport: Transport
) -> Callable[[str, Permit], RegistryRefusedError | int]:
    """Asks the server by some name for it: the status, or the refusal."""

    def ask(host: str, permit: Permit) -> RegistryRefusedError | int:
        port = scripted.host.partition(":")[2]
        url = f"http://{host}:{port}/v2/"
        try:
            return transport.send(Request(subject="app", url=url), permit=permit).status
        except RegistryRefusedError as error:
            return error

    return ask


@pytest.mark.parametrize(
    ("host", "port", "ip", "named"),
    [
        ("r.corp.example", 443, "", True),
        ("a.b.corp.example", 1, "", True),
        ("R.CORP.example", 443, "", True),
        ("r.corp.example.", 443, "", True),
        ("one.example.", 5000, "", True),
        ("corp.example", 443, "", False),
        ("r.corp.example.evil", 443, "", False),
        ("evil-corp.example", 443, "", False),
        ("one.example", 5000, "", True),
        ("one.example", 443, "", False),
        ("x.example", 443, "10.1.2.3", True),
        ("x.example", 443, "::ffff:10.1.2.3", True),
        ("x.example", 443, "64:ff9b::a01:203", True),
        ("x.example", 443, "64:ff9b::b01:203", False),
        ("x.example", 443, "11.1.2.3", False),
        ("10.1.2.3", 443, "", False),
    ],
)
def test_what_is_named(host: str, port: int, ip: str, named: bool) -> None:
    assert CORP.names(host, port, ip) is named


@pytest.mark.parametrize(
    ("host", "port", "named"),
    [
        ("r.example", 5000, True),
        ("R.example", 5000, True),
        ("r.example", 5001, False),
        ("r.example.evil", 5000, False),
        ("::1", 5000, True),
        ("::1", 443, False),
    ],
)
def test_named_places(host: str, port: int, named: bool) -> None:
    assert Reach(places=frozenset({"r.example:5000", "[::1]:5000"})).names(host, port) is named


@pytest.mark.parametrize("zone", [each for each in NetworkZone if each is not NetworkZone.PUBLIC])
def test_nothing_that_is_not_public_is_allowed_without_being_named(zone: NetworkZone) -> None:
    ip = {1: "10.0.0.1", 2: "127.0.0.1", 3: "169.254.169.254"}[zone]
    assert not PUBLIC_ONLY.allows("r.example", 443, ip)
    assert Permit(zone=zone).allows("r.example", 443, ip)
    everything = (ip_network("0.0.0.0/1"), ip_network("128.0.0.0/1"))
    named = Permit(Reach(frozenset({"r.example:443"}), ("**",), everything))
    assert named.allows("r.example", 443, ip) is (zone is not NetworkZone.LINK_LOCAL)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("0X7F.1", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"),
        ("127.0.0.1.", "127.0.0.1"),
        ("0", "0.0.0.0"),
        ("::1", "::1"),
        ("[::1]", "::1"),
        ("[::ffff:7f00:1]", "::ffff:7f00:1"),
        ("r.example", ""),
        ("localhost", ""),
        ("face.cafe", ""),
        ("1.2.3.4.5", ""),
        ("256.0.0.1", ""),
        ("", ""),
    ],
)
def test_addresses_in_every_spelling(host: str, address: str) -> None:
    expected = address.replace("::ffff:7f00:1", "::ffff:127.0.0.1")
    assert literal_address(host) in (address, expected)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1"])
def test_this_machine_is_not_asked(
    asked: Callable[[str, Permit], object], scripted: ScriptedServer, host: str
) -> None:
    error = asked(host, PUBLIC_ONLY)
    assert isinstance(error, RegistryRefusedError)
    assert "this machine" in error.reason
    assert "the bot's own file does not name it" in error.reason
    port = scripted.host.partition(":")[2]
    assert error.hint.splitlines()[-2:] == ["registries:", f'  "{host}:{port}": {{}}']
    assert not error.temporary
    assert scripted.requests == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1"])
def test_what_was_named_is_asked(asked: Callable[[str, Permit], object], host: str) -> None:
    assert asked(host, PERMIT) == 404


def test_an_unspecified_address_is_this_machine_too(
    asked: Callable[[str, Permit], object], scripted: ScriptedServer
) -> None:
    """Linux connects to itself; naming it changes nothing."""
    port = int(scripted.host.partition(":")[2])
    for host in ("0.0.0.0", "0"):
        named = Permit(Reach(frozenset({f"{host}:{port}"}), own=True), NetworkZone.LOOPBACK)
        error = asked(host, named)
        assert isinstance(error, RegistryRefusedError)
        assert (error.hint, "no registry is asked" in error.reason) == ("", True)
    assert scripted.requests == []


def resolving(*answers: str) -> Callable[..., list[object]]:
    """A resolver whose answers for one name follow each other; the last stays."""
    left = list(answers)

    def resolve(host: str, port: int, **_: object) -> list[object]:
        ip = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port))]

    return resolve


def test_a_name_for_this_machine(
    asked: Callable[[str, Permit], object],
    scripted: ScriptedServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Judged by what is connected to: a name that changes between looks gains nothing."""
    monkeypatch.setattr(socket, "getaddrinfo", resolving("127.0.0.1"))
    error = asked("rebind.example", PUBLIC_ONLY)
    assert isinstance(error, RegistryRefusedError)
    assert "at 127.0.0.1, this machine" in error.reason
    port = int(scripted.host.partition(":")[2])
    assert asked("rebind.example", Permit(Reach(frozenset({f"rebind.example:{port}"})))) == 404
    assert asked("rebind.example", Permit(Reach(hosts=("*.example",)))) == 404
    assert len(scripted.requests) == 2


def test_only_the_allowed_addresses_of_a_name_are_tried(
    asked: Callable[[str, Permit], object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def both(host: str, port: int, **_: object) -> list[object]:
        addresses = ("127.0.0.2", "127.0.0.1")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    only = Permit(Reach(networks=(ip_network("127.0.0.1/32"),)))
    assert asked("two.example", only) == 404
    none = Permit(Reach(networks=(ip_network("127.0.0.3/32"),)))
    assert isinstance(asked("two.example", none), RegistryRefusedError)


def test_a_kept_connection_is_judged_again(
    asked: Callable[[str, Permit], object], scripted: ScriptedServer
) -> None:
    """It was made for a target that may; the next one may not."""
    assert asked("127.0.0.1", PERMIT) == 404
    assert isinstance(asked("127.0.0.1", PUBLIC_ONLY), RegistryRefusedError)
    assert asked("127.0.0.1", PERMIT) == 404
    assert len(scripted.requests) == 2


def test_what_a_login_reaches(scripted: ScriptedServer, transport: Transport) -> None:
    """A request that says what it reaches is not judged by what the operator named."""
    request = Request(subject="login", url=f"{scripted.url}/", reaches=NetworkZone.LOOPBACK)
    assert transport.send(request).status == 404
    request = Request(subject="login", url=f"{scripted.url}/", reaches=NetworkZone.PRIVATE)
    with pytest.raises(RegistryRefusedError):
        transport.send(request, permit=PERMIT)


def test_where_an_answer_came_from(scripted: ScriptedServer, transport: Transport) -> None:
    answer = transport.send(Request(subject="app", url=f"{scripted.url}/"), permit=Permit(HERE))
    assert (answer.zone, answer.quotable) == (NetworkZone.LOOPBACK, True)


@pytest.fixture
def proxy(scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> ScriptedServer:
    """Answers for every host, with 404."""
    monkeypatch.setenv("HTTP_PROXY", scripted.url)
    monkeypatch.delenv("NO_PROXY", raising=False)
    return scripted


@pytest.mark.parametrize(
    "host",
    ["10.0.0.1", "169.254.169.254", "2130706434", "0x0a000001", "[fd00::1]", "[::ffff:a00:1]"],
)
def test_addresses_behind_a_proxy(proxy: ScriptedServer, transport: Transport, host: str) -> None:
    """The proxy could reach them for us."""
    with pytest.raises(RegistryRefusedError):
        transport.send(Request(subject="app", url=f"http://{host}:5000/v2/"))
    assert proxy.requests == []


def test_names_behind_a_proxy(proxy: ScriptedServer, transport: Transport) -> None:
    """What they stand for is known to the proxy alone; so nobody knows who said it."""
    request = Request(subject="app", url="http://r.corp.example:5000/v2/")
    assert transport.send(request).quotable is False
    assert transport.send(request, permit=Permit(CORP)).quotable is True
    literal = Request(subject="app", url="http://10.0.0.1:5000/v2/")
    assert transport.send(literal, permit=Permit(CORP)).quotable is True
    assert len(proxy.requests) == 3


def test_names_in_unicode_behind_a_proxy(proxy: ScriptedServer, transport: Transport) -> None:
    """Named as it is asked: in ASCII."""
    permit = Permit(Reach(places=frozenset({"xn--bcher-kva.example:5000"})))
    request = Request(subject="app", url="http://xn--bcher-kva.example:5000/v2/")
    assert transport.send(request, permit=permit).quotable is True


def test_ones_own_registries_are_quoted_behind_a_proxy(
    proxy: ScriptedServer, transport: Transport
) -> None:
    """They may be on this machine: whoever says that stands for them."""
    request = Request(subject="app", url="http://r.corp.example:5000/v2/")
    own = Permit(Reach(own=True), NetworkZone.LOOPBACK)
    assert transport.send(request, permit=own).quotable is True
    assert transport.send(request, permit=Permit(Reach(own=True))).quotable is False


@pytest.mark.parametrize(
    "answer",
    [
        Answer(raw=[b"SSH-2.0-canary\r\n\r\n"]),
        Answer(raw=[b"HTTP/1.1 canary\r\n\r\n"]),
        Answer(raw=[b"HTTP/1.1 200 OK\r\nTransfer-Encoding: canary\r\n\r\n"]),
        Answer(headers={"Content-Encoding": "canary"}),
        Answer(headers={"Content-Encoding": "gzip"}, body="canary"),
    ],
)
def test_what_is_no_answer_is_not_quoted_either(
    proxy: ScriptedServer, transport: Transport, answer: Answer
) -> None:
    proxy.handler = lambda _: answer
    with pytest.raises(RegistryError) as caught:
        transport.send(Request(subject="app", url="http://r.corp.example:22/v2/"))
    assert "canary" not in f"{caught.value} {caught.value.hint}"
