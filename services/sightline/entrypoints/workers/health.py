"""A worker's page: ``/healthz``, ``/readyz`` and ``/metrics``, answered by a thread of its own."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import orjson

from sightline.runtime.worker_metrics import CONTENT_TYPE, WorkerMetrics

JSON = "application/json"


@contextmanager
def answering(host: str, port: int, metrics: WorkerMetrics) -> Iterator[int]:
    """While this holds, the page is there; on the port that it gives, a free one for 0."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, kind, body = _answer(self.path, metrics)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Who asks how we are is not worth a line."""

    server = ThreadingHTTPServer((host, port), Page)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, name="sightline-health", daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _answer(path: str, metrics: WorkerMetrics) -> tuple[HTTPStatus, str, bytes]:
    pages: dict[str, Callable[[], tuple[HTTPStatus, str, bytes]]] = {
        "/healthz": lambda: (HTTPStatus.OK, JSON, b'{"status":"ok"}'),
        "/readyz": lambda: _ready(metrics),
        "/metrics": lambda: (HTTPStatus.OK, CONTENT_TYPE, metrics.text()),
    }
    known = pages.get(path.partition("?")[0])
    return known() if known is not None else (HTTPStatus.NOT_FOUND, JSON, b"{}")


def _ready(metrics: WorkerMetrics) -> tuple[HTTPStatus, str, bytes]:
    """Ready while it moves, or stands by for one that does."""
    health = metrics.health()
    is_ready = not health["trouble"]
    body = orjson.dumps({"status": "ready" if is_ready else "not ready", **health})
    return (HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE), JSON, body
