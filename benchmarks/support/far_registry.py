"""A registry that seems far away: another process on loopback, which answers after a delay.

Repositories under `small/` have 100 tags, and those under `large/` have 10,000, in pages of at most
1,000.

    python benchmarks/support/far_registry.py SECONDS
"""

from __future__ import annotations

import asyncio
import json
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

SMALL = 100
LARGE = 10_000
PAGE = 1_000
_PATIENCE = 20.0
"""Seconds that the server may take to start, and to end."""

_SMALL_BODY = json.dumps({"name": "small", "tags": [f"1.{n}.0" for n in range(SMALL)]}).encode()
_LARGE_TAGS = [f"main-{n:06}-{n * 7919 % 0xFFFFFFF:07x}" for n in range(LARGE)]


class ServerError(Exception):
    """The server did not start."""


@contextmanager
def serving(delay: float, *, patience: float = _PATIENCE) -> Iterator[str]:
    """The host of a running server, which answers after `delay` seconds.

    Raises ServerError when it ends, or says nothing for `patience` seconds, before it serves.
    """
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__)), str(delay)], stdout=subprocess.PIPE, text=True
    )
    try:
        yield f"127.0.0.1:{_port(process, patience)}"
    finally:
        process.kill()
        process.wait(_PATIENCE)
        if process.stdout:
            process.stdout.close()


def _port(process: subprocess.Popen[str], patience: float) -> int:
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], patience)
    if not ready:
        raise ServerError(f"the server did not start within {patience:g} s")
    line = process.stdout.readline()
    if not line.strip().isdecimal():
        raise ServerError(f"the server ended with {process.wait(_PATIENCE)} before it served")
    return int(line)


def _answer(target: str) -> tuple[bytes, str]:
    """Body and Link header for a request target."""
    address = urlsplit(target)
    if not address.path.startswith("/v2/large"):
        return _SMALL_BODY, ""
    query = parse_qs(address.query)
    size = min(PAGE, int(query.get("n", [str(PAGE)])[0]))
    start = int(query.get("last", ["-1"])[0]) + 1
    end = start + size
    body = json.dumps({"name": "large", "tags": _LARGE_TAGS[start:end]}).encode()
    link = f'Link: <{address.path}?n={size}&last={end - 1}>; rel="next"\r\n'
    return body, link if end < LARGE else ""


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float) -> None:
    try:
        while line := await reader.readline():
            while await reader.readline() not in (b"\r\n", b""):
                pass
            body, link = _answer(line.split()[1].decode())
            await asyncio.sleep(delay)
            writer.write(f"HTTP/1.1 200 OK\r\n{link}Content-Length: {len(body)}\r\n\r\n".encode())
            writer.write(body)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def _run(delay: float) -> None:
    server = await asyncio.start_server(
        lambda reader, writer: _serve(reader, writer, delay), "127.0.0.1", 0, backlog=256
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_run(float(sys.argv[1])))
