"""What the daemon answers: hooks, whether it lives, its metrics, and the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from imagebot.run.exposition import expose
from imagebot.run.metrics import Metrics
from imagebot.serve.board import Board
from imagebot.serve.bodies import Bodies
from imagebot.serve.door import Door
from imagebot.serve.gate import Gate
from imagebot.serve.hooks.model import Delivery
from imagebot.serve.page import Page

_QUICK = 64 * 1024
"""Bytes of a delivery that is looked at where it arrives. Handing it to another thread takes longer
while passes run: both threads then wait for their turn to run Python."""
_AT_ONCE = 16
"""Larger deliveries that are looked at, each in a thread."""
_ASKING = 4
"""Deliveries that wait for the keys of an issuer: those of others do not wait with them."""
_ALLOW = {"Allow": "POST"}
_ASKS = 'Basic realm="imagebot", charset="UTF-8"'
_CAREFUL = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Of the page: nothing keeps it, takes it for something else, or puts it into another one."""
_LATE = 30.0
"""Seconds since the loop went round, after which it does not live."""


def hooks_app(door: Door) -> Starlette:
    """Hooks, and nothing else."""
    return _strict(hook_routes(door))


def whole_app(
    door: Door, board: Board, metrics: Metrics, gate: Gate, page: Page, *, hooks: bool
) -> Starlette:
    """Everything, with or without the hooks."""
    return _strict(
        [
            *_probe_routes(board),
            _metrics_route(metrics),
            _page_route(board, gate, page),
            *(hook_routes(door) if hooks else ()),
        ],
    )


def _strict(routes: list[Route]) -> Starlette:
    """An application that redirects nobody: senders of hooks do not follow, and `Host` is
    anybody's."""
    app = Starlette(routes=routes, middleware=[Middleware(_OneLength)])
    app.router.redirect_slashes = False
    return app


class _OneLength:
    """Refuses requests with both a Content-Length and a Transfer-Encoding, and what follows them:
    a proxy may go by the other one, and take what is in a body for a request (RFC 9112, 6.1)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        names = {name for name, _ in scope.get("headers", ())}
        if {b"content-length", b"transfer-encoding"} <= names:
            refusal = Response(status_code=400, headers={"Connection": "close"})
            await refusal(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def hook_routes(door: Door) -> list[Route]:
    """`POST /hooks/NAME`, and `OPTIONS` for senders that ask before they deliver."""
    at_once, asking, bodies = CapacityLimiter(_AT_ONCE), CapacityLimiter(_ASKING), Bodies()

    async def hook(request: Request) -> Response:
        name, headers = request.path_params["name"], _joined(request.headers.items())
        asks = door.asks_an_issuer(name)
        async with bodies.body_of(request) as body:
            delivery = Delivery(headers=headers, query=dict(request.query_params), body=body)
            if not asks and len(body) <= _QUICK:
                answer = door.knock(name, delivery)
            else:
                limiter = asking if asks else at_once
                answer = await to_thread.run_sync(door.knock, name, delivery, limiter=limiter)
        return Response(answer.content, answer.status, media_type="application/json")

    async def ask(request: Request) -> Response:
        headers = _joined(request.headers.items())
        delivery = Delivery(headers=headers, query=dict(request.query_params))
        origin = door.permit(request.path_params["name"], delivery)
        if not origin:
            # As if nobody had asked here.
            raise HTTPException(405, headers=_ALLOW)
        allowed = {"WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": "*"}
        return Response(headers={**_ALLOW, **allowed})

    path = "/hooks/{name}"
    # The first is the one whose methods others are told.
    return [Route(path, hook, methods=["POST"]), Route(path, ask, methods=["OPTIONS"])]


def _probe_routes(board: Board) -> list[Route]:
    async def health(_: Request) -> Response:
        turned = board.snapshot().turned
        late = (datetime.now(UTC) - turned).total_seconds() > _LATE
        return PlainTextResponse(
            "the loop stands still\n" if late else "ok\n", 503 if late else 200
        )

    async def ready(_: Request) -> Response:
        is_ready = board.snapshot().ready
        said = "ok\n" if is_ready else "the first pass is not done\n"
        return PlainTextResponse(said, 200 if is_ready else 503)

    return [Route("/healthz", health), Route("/readyz", ready)]


def _metrics_route(metrics: Metrics) -> Route:
    limiter = CapacityLimiter(1)

    async def read(request: Request) -> Response:
        accept = request.headers.get("accept", "")
        content, kind = await to_thread.run_sync(expose, metrics, accept, limiter=limiter)
        return Response(content, headers={"Content-Type": kind})

    return Route("/metrics", read)


def _page_route(board: Board, gate: Gate, page: Page) -> Route:
    limiter = CapacityLimiter(1)

    def answer(headers: Mapping[str, str]) -> Response:
        status = gate.check(headers)
        if status != 200:
            asks = {"WWW-Authenticate": _ASKS} if status == 401 else {}
            return Response(status_code=status, headers=asks)
        content, policy = page.render(board.snapshot(), datetime.now(UTC))
        return HTMLResponse(content, headers={**_CAREFUL, "Content-Security-Policy": policy})

    async def show(request: Request) -> Response:
        headers = _joined(request.headers.items())
        return await to_thread.run_sync(answer, headers, limiter=limiter)

    return Route("/", show)


def _joined(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Headers by name; one that comes twice is none, because nobody could say which counts."""
    found: dict[str, str] = {}
    twice: set[str] = set()
    for name, value in headers:
        if name in found:
            twice.add(name)
        found[name] = value
    return {name: value for name, value in found.items() if name not in twice}
