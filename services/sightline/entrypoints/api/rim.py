"""The outermost layer: headers that every answer carries, one log line and one measurement for each, no error past it."""

from time import perf_counter

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sightline.entrypoints.api.errors import internal
from sightline.runtime.metrics import Metrics

_log = structlog.get_logger("sightline.http")

_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
}
_GONE = 499
"""The client went away before it was answered: for logs and metrics only."""
_METHODS = frozenset({"GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"})


class Rim:
    """ASGI middleware. It stands inside the framework's own error page, so that no trace of ours reaches a log."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        started, status = perf_counter(), 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except ClientDisconnect:
            status = status or _GONE
        except Exception:  # noqa: BLE001  # whatever it is must end here: past this, the server logs a trace with somebody's data
            _log.exception("request failed", method=_method(scope), route=_route(scope))
            if status == 0:
                await internal()(scope, receive, sending)
        finally:
            self._note(scope, status or 500, perf_counter() - started)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        method, route = _method(scope), _route(scope)
        self._metrics.answered(method=method, route=route, status=status, seconds=seconds)
        _log.info("answered", method=method, route=route, status=status, duration_ms=round(seconds * 1000, 1))


def _method(scope: Scope) -> str:
    method = str(scope["method"])
    return method if method in _METHODS else "other"


def _route(scope: Scope) -> str:
    """The template of the route, or nothing: what was asked for may name someone."""
    return str(getattr(scope.get("route"), "path", "")) or "none"
