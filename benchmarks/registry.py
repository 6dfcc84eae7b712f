"""How long listing takes, by the number of threads. Run it with `python -m benchmarks.registry`.

The registry is a small server of its own process on loopback, once as fast as it can be and once
with the delay of a registry far away: the threads are there for the delay. `plain` is httpx alone
asking the same in one thread, to see what the client costs.
"""

from __future__ import annotations

import asyncio
import functools
import json
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from urllib.parse import parse_qs, urlsplit

import httpx

from imagebot.errors import RegistryError
from imagebot.reference import Repository
from imagebot.registry.client import RegistryClient
from imagebot.registry.credentials import Credentials
from imagebot.registry.listing import ask_each

REPOSITORIES = 200
TAGS = 100
LARGE = 50_000
FAR_AWAY = 0.03
"""Seconds before every answer."""
THREADS = (1, 2, 4, 8, 16, 32)

_SMALL_BODY = json.dumps({"name": "small", "tags": [f"1.{n}.0" for n in range(TAGS)]}).encode()
_LARGE_TAGS = [f"main-{n:06}-{n * 7919 % 0xFFFFFFF:07x}" for n in range(LARGE)]


def _answer(target: str) -> tuple[bytes, str]:
    """Body and Link header for a request target."""
    address = urlsplit(target)
    if not address.path.startswith("/v2/large"):
        return _SMALL_BODY, ""
    query = parse_qs(address.query)
    size = int(query.get("n", ["1000"])[0])
    start = int(query.get("last", ["-1"])[0]) + 1
    body = json.dumps({"name": "large", "tags": _LARGE_TAGS[start : start + size]}).encode()
    end = start + size
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


def _run_server(delay: float, port: Connection) -> None:
    async def run() -> None:
        server = await asyncio.start_server(
            lambda reader, writer: _serve(reader, writer, delay), "127.0.0.1", 0, backlog=256
        )
        port.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


@contextmanager
def serving(delay: float) -> Iterator[str]:
    """The host of a running server."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_run_server, args=(delay, there), daemon=True
    )
    process.start()
    try:
        yield f"127.0.0.1:{here.recv()}"
    finally:
        process.terminate()
        process.join()


def list_small(host: str, threads: int) -> None:
    repositories = [Repository(host, f"small/app{n}") for n in range(REPOSITORIES)]
    with RegistryClient(Credentials([], {}), workers=threads) as client:
        found = ask_each(repositories, client.tags, workers=threads, per_host=threads)
    assert all(not isinstance(tags, RegistryError) and len(tags) == TAGS for tags in found.values())


def list_large(host: str) -> None:
    with RegistryClient(Credentials([], {})) as client:
        assert len(client.tags(Repository(host, "large/app"))) == LARGE


def list_plain(host: str) -> None:
    with httpx.Client(trust_env=False, verify=False) as client:
        for number in range(REPOSITORIES):
            answer = client.get(f"http://{host}/v2/small/app{number}/tags/list")
            assert len(answer.json()["tags"]) == TAGS


def measure(work: Callable[[], None], runs: int = 3) -> float:
    """Seconds of the fastest run."""
    best = float("inf")
    for _ in range(runs):
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
    return best


def report(name: str, seconds: float) -> None:
    print(f"{name:<64} {seconds * 1000:8.0f} ms", flush=True)


def measure_all(delay: float) -> None:
    where = f"{delay * 1000:.0f} ms away"
    small = f"{REPOSITORIES} repositories of {TAGS} tags, {where}"
    with serving(delay) as host:
        report(f"{small}, plain", measure(lambda: list_plain(host), 1))
        for threads in THREADS:
            # The delay makes for long runs, and drowns the noise that repeating is for.
            work = functools.partial(list_small, host, threads)
            seconds = measure(work, runs=1 if delay else 3)
            report(f"{small}, {threads} threads", seconds)
        report(f"1 repository of {LARGE:,} tags, {where}", measure(lambda: list_large(host)))


def main() -> int:
    for delay in (0.0, FAR_AWAY):
        measure_all(delay)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak:.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
