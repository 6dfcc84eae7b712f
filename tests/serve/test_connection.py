"""What the listener's connections are set to."""

from __future__ import annotations

import asyncio
import socket
from contextlib import closing

from imagebot.serve.connection import ListeningSocket


def test_no_answer_waits_for_the_acknowledgement_of_its_head() -> None:
    """Nagle's algorithm would hold the body back for as long as the other side delays that, which
    is 40 ms on Linux."""

    async def is_set() -> int:
        found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def note(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            accepted = writer.get_extra_info("socket")
            found.set_result(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        listening = ListeningSocket(socket.AF_INET)
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        async with await asyncio.start_server(note, sock=listening):
            with closing(socket.create_connection(listening.getsockname())):
                return await found

    assert asyncio.run(is_set())
