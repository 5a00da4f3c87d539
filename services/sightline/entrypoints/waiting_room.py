"""Who asks for a hub that cannot be built yet is told so: its database is away, or a new hub's policy engine.

The socket is the hub's own. What waits in it when the hub is there is answered by the hub.
"""

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import FrameType
from typing import TypeVar

import orjson
import structlog

from sightline.formats.problem import CONTENT_TYPE, problem
from sightline.kernel.errors import Unavailable
from sightline.kernel.values import Refusal
from sightline.runtime.decider import back_off_s

T = TypeVar("T")

_MOST_BYTES = 1024 * 1024

_log = structlog.get_logger("sightline.serve")


def built(build: Callable[[], T], listening: socket.socket) -> T | None:
    """What `build` gives as soon as it gives anything; None where a signal came first. Raises what is not `Unavailable`."""
    try:
        return build()
    except Unavailable as exc:
        code = exc.code
    with _stopped_by_signals() as stopping, _answering(listening, lambda: code):
        failures = 0
        while not stopping.wait(back_off_s(failures)):
            try:
                return build()
            except Unavailable as exc:
                _log.warning("line waits", code=exc.code)
                code, failures = exc.code, failures + 1
    return None


@contextmanager
def _stopped_by_signals() -> Iterator[threading.Event]:
    stopping = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _answering(listening: socket.socket, trouble: Callable[[], str]) -> Iterator[None]:
    class Page(BaseHTTPRequestHandler):
        timeout = 5.0

        def do_GET(self) -> None:
            where = self.path.partition("?")[0]
            if where == "/healthz":
                self._say(HTTPStatus.OK, "application/json", b'{"status":"ok"}')
            elif where == "/readyz":
                body = {"status": "not ready", "alive": True, "stopping": False, "trouble": trouble(), "corrupt": False}
                self._say(HTTPStatus.SERVICE_UNAVAILABLE, "application/json", orjson.dumps(body))
            else:
                self._say(HTTPStatus.SERVICE_UNAVAILABLE, CONTENT_TYPE, _NOT_NOW)

        do_POST = do_GET  # noqa: N815  # the name is the library's

        def _say(self, status: HTTPStatus, kind: str, body: bytes) -> None:
            # Read and dropped, or whoever still sends it would not hear the answer; with it the connection ends.
            size = self.headers.get("Content-Length", "0")
            self.rfile.read(min(int(size), _MOST_BYTES) if size.isdecimal() else 0)
            self.close_connection = True
            self.send_response(status)
            for name, value in (("Content-Type", kind), ("Content-Length", str(len(body))), ("Connection", "close")):
                self.send_header(name, value)
            if status is HTTPStatus.SERVICE_UNAVAILABLE:
                self.send_header("Retry-After", "2")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing: what is asked for may name someone."""

    server = ThreadingHTTPServer(listening.getsockname()[:2], Page, bind_and_activate=False)
    server.socket.close()
    server.socket = listening.dup()
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="sightline-waiting", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


_NOT_NOW = orjson.dumps(problem(Refusal(code="unavailable")))
