"""A hub behind a real server on loopback, and desks that talk to it."""

import io
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2

from sightline.agency.client import HubClient, HubKeys
from sightline.entrypoints.cli_serve import bind, serving
from sightline.formats.jwk import PrivateKey
from sightline.formats.reading_token import make_token
from sightline.formats.receipt import Receipt, read_receipt
from sightline.kernel.ids import DeskId
from sightline.runtime import logs
from sightline.runtime.hub import Hub
from sightline.runtime.settings import Settings
from tests.builders_hub import RESPONSE, Town, signs

ACTOR = "s-4711:duty_officer"
HEARTBEAT_S = 0.2


@dataclass(frozen=True, kw_only=True)
class Served:
    """A running server."""

    url: str
    port: int
    town: Town
    stop: Any
    """Call it, and the server begins to stop."""
    http: httpx2.Client
    log: io.StringIO
    """Everything that was logged since the server started."""

    @property
    def keys(self) -> HubKeys:
        """The hub's public keys."""
        with HubClient(self.url, key=None, clock=self.town.clock) as client:
            return client.keys()

    def client(self, desk: DeskId, **how: Any) -> HubClient:
        """That desk's client."""
        values: dict[str, Any] = {
            "key": self.town.keys[desk],
            "actor": ACTOR,
            "purpose": RESPONSE,
            "clock": self.town.clock,
            "wait": lambda _: None,
        }
        return HubClient(self.url, **(values | how))

    def token(self, key: PrivateKey, **claims: Any) -> str:
        """A reading token of that key."""
        values: dict[str, Any] = {
            "audience": "sightline",
            "actor": ACTOR,
            "purpose": RESPONSE,
            "now": self.town.clock.now(),
        }
        return make_token(key, **(values | claims)).decode()

    def get(self, path: str, desk: DeskId | None = None, headers: Mapping[str, str] | None = None) -> httpx2.Response:
        """One plain request, with a token of that desk if one is named."""
        signed = {"Authorization": f"Bearer {self.token(self.town.keys[desk])}"} if desk else {}
        return self.http.get(path, headers=signed | dict(headers or {}))

    def post(self, raw: bytes | Iterator[bytes]) -> httpx2.Response:
        """One submission, sent plainly."""
        return self.http.post("/v1/submissions", content=raw)

    def sends(self, desk: DeskId, type: str, data: Mapping[str, Any], **envelope: Any) -> Receipt:
        """Sign, post, and wait until it is told: the receipt. The line does the work, as nobody else may meanwhile."""
        answer = self.post(signs(self.town, desk, type, data, **envelope))
        assert answer.status_code == 201, answer.text
        self.settled()
        return read_receipt(answer.content, self.town.hub.hub_keys)

    def settled(self) -> None:
        """Wait until everything that was taken is decided, sealed and told."""
        hub = self.town.hub
        wait_until(lambda: hub.decide.at >= hub.ledger.head() and _is_sealed(hub))


def wait_until(is_so: Callable[[], bool], seconds: float = 15) -> None:
    """Return when it is so; fail when it is not in time."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        time.sleep(0.01)


def _is_sealed(hub: Hub) -> bool:
    with hub.database.reading() as session:
        leaves, sealed, told = session.execute(
            "SELECT (SELECT COUNT(*) FROM leaves), (SELECT size FROM register_head),"
            " (SELECT position FROM positions WHERE name = 'feed')"
        )[0]
    return bool(leaves == sealed == told)


@contextmanager
def served(town: Town, *, port: int = 0, **settings: Any) -> Iterator[Served]:
    """The town's hub behind a server in a thread, until the end of the block; the hub stays open."""
    chosen = Settings(**({"heartbeat_interval_s": HEARTBEAT_S, "seal_interval_ms": 1} | settings))
    listening = bind("127.0.0.1", port)
    taken = listening.getsockname()[1]
    log = io.StringIO()
    logs.configure(stream=log)
    with serving(town.hub, chosen) as server:
        thread = threading.Thread(target=server.run, args=([listening],), name="server")
        thread.start()
        try:
            wait_until(lambda: server.started)
            url = f"http://127.0.0.1:{taken}"
            with httpx2.Client(base_url=url, trust_env=False, timeout=20) as http:
                yield Served(url=url, port=taken, town=town, stop=server.stop, http=http, log=log)
        finally:
            server.stop()
            thread.join(20)
            assert not thread.is_alive(), "the server did not stop"


def raw_request(port: int, head: str, body: bytes = b"") -> bytes:
    """Bytes as they are, over a socket; what the server says until it closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)
        said = b""
        while part := connection.recv(65536):
            said += part
        return said
