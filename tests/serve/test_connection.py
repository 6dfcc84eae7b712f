"""How the listener's connections are kept from waiting, and from making others wait."""

from __future__ import annotations

import asyncio
import socket
from contextlib import closing
from pathlib import Path

import pytest
from starlette.applications import Starlette

from imagebot.config.model_serve import Listen
from imagebot.run.diagnostics import Diagnostics
from imagebot.serve import connection
from imagebot.serve.connection import ListeningSocket
from imagebot.serve.listener import Listener, Tls
from tests.support.certificates import write_tls

LESS_THAN_ASYNCIO_WAITS = 30.0


def test_no_answer_waits_for_the_acknowledgement_of_its_head() -> None:
    """Nagle's algorithm would hold the body back for as long as the other side delays that, which
    is 40 ms on Linux."""

    async def is_set() -> int:
        found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def note(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            accepted = writer.get_extra_info("socket")
            found.set_result(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        listening = ListeningSocket(socket.AF_INET, Diagnostics())
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        async with await asyncio.start_server(note, sock=listening):
            with closing(socket.create_connection(listening.getsockname())):
                return await found

    assert asyncio.run(is_set())


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "tls"])
def test_a_connection_on_which_nothing_comes_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encrypted: bool
) -> None:
    """Before the TLS handshake, too."""
    monkeypatch.setattr(connection, "_LONGEST", 0.1)
    files = write_tls(tmp_path / "tls")
    tls = Tls(str(files.certificate_file), str(files.key_file)) if encrypted else None
    with closing(Listener(Listen("127.0.0.1", 0), Starlette(), Diagnostics(), tls)) as listener:
        address = (listener.address.host, listener.address.port)
        with socket.create_connection(address, LESS_THAN_ASYNCIO_WAITS) as idle:
            try:
                ended = idle.recv(1) == b""
            except ConnectionResetError:
                ended = True
        assert ended
