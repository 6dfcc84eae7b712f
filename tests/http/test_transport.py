from __future__ import annotations

import gzip
import inspect
import socket
import ssl
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from imagebot.errors import RegistryError, RegistryProtocolError, RegistryUnreachableError
from imagebot.http import transport as transports
from imagebot.http.message import Request, Response
from imagebot.http.transport import Transport
from imagebot.http.unreachable import CannotConnectError
from imagebot.http.zone import NetworkZone
from tests.support.certificates import write_tls
from tests.support.here import TransportHere
from tests.support.scripted_http import Answer as Scripted
from tests.support.scripted_http import ScriptedServer

Start = Callable[..., ScriptedServer]


@pytest.fixture
def transport() -> Iterator[Transport]:
    with ExitStack() as stack:
        made = TransportHere()
        stack.callback(made.close)
        yield made


def ask(
    server: ScriptedServer, path: str = "/", *, limit: int = 1000, method: str = "GET"
) -> Request:
    return Request(subject="r.example/app", url=server.url + path, limit=limit, method=method)


def test_an_answer(scripted: ScriptedServer, transport: Transport) -> None:
    scripted.on("GET", "/x", Scripted(418, [("Link", "a"), ("link", "b")], "body"))
    answer = transport.send(ask(scripted, "/x?y=z"))
    assert (answer.status, answer.body) == (418, b"body")
    assert answer.values("LINK") == ("a", "b")
    assert (answer.header("link"), answer.header("none")) == ("a", None)
    assert answer.url == f"{scripted.url}/x?y=z"
    request = scripted.requests[0]
    assert request.query == "y=z"
    assert request.authorization is None
    assert request.headers["User-Agent"] == "imagebot"


def test_forms_and_bodies(scripted: ScriptedServer, transport: Transport) -> None:
    scripted.on("POST", "/", Scripted())
    one = ask(scripted, method="POST")
    transport.send(Request(subject="", url=one.url, method="POST", form={"a": "b c"}))
    transport.send(Request(subject="", url=one.url, method="POST", content=b"raw"))
    assert [request.body for request in scripted.requests] == [b"a=b+c", b"raw"]


def test_redirects_are_answers(scripted: ScriptedServer, transport: Transport) -> None:
    scripted.on("GET", "/", Scripted(302, {"Location": "/elsewhere"}))
    assert transport.send(ask(scripted)).status == 302
    assert len(scripted.requests) == 1


def test_cookies_are_not_kept(scripted: ScriptedServer, transport: Transport) -> None:
    scripted.on("GET", "/", Scripted(headers={"Set-Cookie": "id=7; Path=/"}))
    transport.send(ask(scripted))
    transport.send(ask(scripted))
    assert scripted.requests[1].headers["Cookie"] is None


def test_gzip(scripted: ScriptedServer, transport: Transport) -> None:
    packed = gzip.compress(b"0123456789" * 100)
    scripted.on("GET", "/", Scripted(headers={"Content-Encoding": "gzip"}, body=packed))
    assert transport.send(ask(scripted)).body == b"0123456789" * 100


def test_a_head_has_no_body(scripted: ScriptedServer, transport: Transport) -> None:
    scripted.on(
        "HEAD", "/", Scripted(headers={"Content-Encoding": "gzip", "Content-Length": "999999"})
    )
    assert transport.send(ask(scripted, method="HEAD")).body == b""


def endless() -> Iterator[bytes]:
    while True:
        yield b"x" * 1000


@pytest.mark.parametrize(
    ("answer", "error", "reason"),
    [
        (Scripted(body="x" * 1001), RegistryProtocolError, "larger than 1000"),
        (Scripted(body=endless()), RegistryProtocolError, "larger than 1000"),
        (
            Scripted(headers={"Content-Encoding": "gzip"}, body=gzip.compress(bytes(50_000_000))),
            RegistryProtocolError,
            "larger than 1000",
        ),
        (
            Scripted(headers={"Content-Encoding": "gzip"}, body=gzip.compress(b"x" * 500)[:-9]),
            RegistryProtocolError,
            "is cut short",
        ),
        (
            Scripted(headers={"Content-Encoding": "gzip"}, body="plain"),
            RegistryProtocolError,
            "claims to be gzip",
        ),
        (
            Scripted(headers={"Content-Encoding": "br"}, body="x"),
            RegistryProtocolError,
            "not requested: 'br'",
        ),
        (Scripted(body="x" * 500, cut_at=10), RegistryUnreachableError, "connection broke"),
        (Scripted(body=iter([b"a" * 10, b"b" * 10]), cut_at=10), RegistryUnreachableError, "broke"),
        (Scripted(drop=True), RegistryUnreachableError, "connection broke"),
        (Scripted(headers={"Content-Length": "ten"}), RegistryUnreachableError, "broke"),
    ],
)
def test_bad_answers(
    scripted: ScriptedServer,
    transport: Transport,
    answer: Scripted,
    error: type[RegistryError],
    reason: str,
) -> None:
    scripted.on("GET", "/", answer)
    with pytest.raises(error, match=reason) as caught:
        transport.send(ask(scripted))
    assert caught.value.subject == "r.example/app"


def test_nobody_there(start_scripted: Start, transport: Transport) -> None:
    with pytest.raises(CannotConnectError, match=r"127\.0\.0\.1:9: Connection refused$") as caught:
        transport.send(Request(subject="r.example/app", url="http://127.0.0.1:9/"))
    assert caught.value.temporary


def test_an_own_authority(start_scripted: Start, transport: Transport, tmp_path: Path) -> None:
    server = start_scripted(tls=tmp_path / "tls")
    server.on("GET", "/", Scripted(body="ok"))
    with pytest.raises(CannotConnectError, match=r"not trusted: its authority is not kn") as caught:
        transport.send(ask(server))
    assert "ca-file" in caught.value.hint
    trusted = Request(subject="", url=server.url + "/", ca_file=str(server.ca_file))
    assert transport.send(trusted).body == b"ok"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "No such file or directory"),
        (b"no certificate", "it has no certificate in PEM"),
        (b"", "it has no certificate in PEM"),
    ],
)
def test_an_authority_that_cannot_be_used(
    tmp_path: Path, transport: Transport, content: bytes | None, reason: str
) -> None:
    path = tmp_path / "ca.crt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RegistryUnreachableError, match=f"{path} cannot be used: {reason}$"):
        transport.send(Request(subject="r.example", url="https://127.0.0.1:9/", ca_file=str(path)))


def test_plain_http_where_tls_is_expected(scripted: ScriptedServer, transport: Transport) -> None:
    url = scripted.url.replace("http:", "https:")
    with pytest.raises(CannotConnectError, match="does not speak TLS") as caught:
        transport.send(Request(subject="r.example/app", url=url))
    assert "insecure" in caught.value.hint


@pytest.mark.parametrize(
    "url",
    [
        "http://",
        "ftp://r.example/",
        "http://[::1/",
        "http://r.example:99999/",
        "http://a b/",
        "http://\x00/",
        "//r.example/",
        "http://" + "a" * 300 + ".localhost/",
        "http://xn--a.localhost/",
        "http://127.0.0.1:9/" + "a" * 70_000,
    ],
)
def test_unusable_addresses(transport: Transport, url: str) -> None:
    with pytest.raises(RegistryError):
        transport.send(Request(subject="r.example/app", url=url))


EXCEPTIONS = sorted(
    {
        kind
        for _, kind in inspect.getmembers(httpx, inspect.isclass)
        if issubclass(kind, Exception) and kind is not httpx.HTTPStatusError
    },
    key=lambda kind: kind.__name__,
)


def make(kind: type[Exception]) -> Exception:
    if kind in (httpx.StreamClosed, httpx.StreamConsumed, httpx.RequestNotRead):
        return kind()
    return httpx.ResponseNotRead() if kind is httpx.ResponseNotRead else kind("secret?no")


@pytest.mark.parametrize("kind", [*EXCEPTIONS, ssl.SSLError, OSError, RuntimeError, UnicodeError])
def test_no_exception_of_httpx_escapes(kind: type[Exception]) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise make(kind)

    transport = TransportHere(transport=httpx.MockTransport(fail))
    with pytest.raises(RegistryError) as caught:
        transport.send(Request(subject="r.example/app", url="http://127.0.0.1/"))
    assert caught.value.__cause__ is not None
    assert isinstance(caught.value.__cause__, kind)
    transport.close()


def test_there_are_exceptions_to_try() -> None:
    names = {kind.__name__ for kind in EXCEPTIONS}
    assert {
        "ConnectError",
        "ReadTimeout",
        "InvalidURL",
        "DecodingError",
        "TooManyRedirects",
    } <= names


def test_closed(scripted: ScriptedServer, transport: Transport) -> None:
    transport.close()
    with pytest.raises(RegistryUnreachableError, match="closed"):
        transport.send(ask(scripted))


def test_no_secret_in_a_representation() -> None:
    sent = Request(
        subject="r.example/app",
        url="https://r.example/",
        headers={"Authorization": "Basic canary"},
        form={"refresh_token": "canary"},
        content=b"canary",
    )
    assert "canary" not in repr(sent)
    assert "canary" not in repr(Response("u", 200, (("X", "canary"),), b"canary"))


@pytest.mark.parametrize("there", [True, False])
def test_the_usual_authorities(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    """The system's, or certifi's where it has none (a slim image without ca-certificates)."""
    certificate = write_tls(tmp_path / "tls").ca_file
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "empty"))
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate if there else tmp_path / "missing"))
    context = transports._tls_context(Request(subject="s", url="https://r.example/"))
    names = str(context.get_ca_certs())
    assert ("imagebot test authority" in names) is there
    assert there or len(context.get_ca_certs()) > 50


def test_plain_http_first_does_not_make_tls_careless(
    scripted: ScriptedServer, start_scripted: Start, transport: Transport, tmp_path: Path
) -> None:
    scripted.on("GET", "/", Scripted(body="ok"))
    secure = start_scripted(lambda _: Scripted(body="ok"), tls=tmp_path / "tls")
    assert transport.send(ask(scripted)).status == 200
    with pytest.raises(CannotConnectError, match="not trusted"):
        transport.send(ask(secure))
    assert secure.requests == []


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "gopher://x", "http://[::1"])
def test_a_proxy_that_cannot_be_used(
    transport: Transport, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(RegistryUnreachableError, match="proxy settings") as caught:
        transport.send(Request(subject="r.example/app", url="https://r.example/"))
    assert "HTTPS_PROXY" in caught.value.hint


def test_no_proxy_sees_what_a_metadata_server_is_asked(
    transport: Transport, monkeypatch: pytest.MonkeyPatch, start_scripted: Start
) -> None:
    proxy, metadata = start_scripted(), start_scripted()
    metadata.on("GET", "/keys", Scripted(body="keys"))
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    # This machine, by a name that does not say so.
    port = int(metadata.host.partition(":")[2])
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
    proxied = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *args, **options: (
            found if host == "metadata.example" else proxied(host, *args, **options)
        ),
    )
    url = f"http://metadata.example:{port}/keys"
    answer = transport.send(Request(subject="login", url=url, reaches=NetworkZone.LINK_LOCAL))
    assert answer.body == b"keys"
    assert proxy.requests == []
    transport.send(Request(subject="login", url=url, reaches=NetworkZone.PRIVATE))
    assert len(proxy.requests) == 1


def test_a_proxy_is_asked_and_this_machine_is_not(
    scripted: ScriptedServer, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted.handler = lambda _: Scripted(body="from the proxy")
    monkeypatch.setenv("HTTP_PROXY", scripted.url)
    answer = transport.send(Request(subject="s", url="http://r.example/v2/"))
    assert answer.body == b"from the proxy"
    assert scripted.requests[0].path == "http://r.example/v2/"
    with pytest.raises(CannotConnectError):
        transport.send(Request(subject="s", url="http://127.0.0.1:9/"))
    assert len(scripted.requests) == 1


def test_a_small_answer_that_unpacks_to_a_large_one_fills_no_memory(
    scripted: ScriptedServer, transport: Transport
) -> None:
    """64 kB on the wire are 64 MB unpacked."""
    packed = gzip.compress(bytes(100_000_000))
    scripted.on("GET", "/", Scripted(headers={"Content-Encoding": "gzip"}, body=packed))
    tracemalloc.start()
    try:
        with pytest.raises(RegistryProtocolError, match="larger"):
            transport.send(ask(scripted))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10_000_000


@pytest.mark.parametrize(
    "host",
    [
        *("8.8.8.8:65536", "127.0.0.1:99999999999999999999", "[::1]:65536", "localhost:65536"),
        *("127.0.0.01", "999.1.1.1", "xn--a.example", f"{'a' * 64}.localhost", "a..localhost"),
    ],
)
@pytest.mark.parametrize("proxied", [False, True])
def test_hosts_that_cannot_be(
    transport: Transport, monkeypatch: pytest.MonkeyPatch, host: str, proxied: bool
) -> None:
    if proxied:
        monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    with pytest.raises(RegistryError, match=r"not a usable address|cannot connect"):
        transport.send(Request(subject="r.example/app", url=f"https://{host}/"))
