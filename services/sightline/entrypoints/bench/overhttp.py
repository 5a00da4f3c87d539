"""The row "http": the same workload over HTTP, to a server in a process of its own, many connections at once.

It is a sample: what differs from the row in process is the way in, which costs each submission the same.
"""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from threading import local
from typing import Any

import orjson

from sightline.adapters.clock import SystemClock
from sightline.agency.client import SENT_AS, HubClient
from sightline.entrypoints import folder as data_folder
from sightline.entrypoints.bench import rounds
from sightline.entrypoints.bench.rounds import Answered, Asked, Keys, News, Rounds
from sightline.entrypoints.bench.server import Server, founded, serving
from sightline.entrypoints.invented.desks import ACTOR
from sightline.entrypoints.invented.forms import PURPOSES
from sightline.kernel.ids import DeskId
from sightline.ledger.positions import position
from sightline.ledger.store import Ledger
from sightline.runtime import usage

SAMPLE = 4_000
CONNECTIONS = 128
"""Open at once. A partner sends the next when it has the receipt for the last, so this is how many are under way."""
_TIMEOUT_S = 60.0
_IDLE_S = 2.0
"""After so long a connection is opened anew: the server closes those that stand idle for five seconds."""
_POLL_S = 0.005
_OUTCOME = {201: "accepted", 200: "repeated"}


class Posting:
    """Connections to one server, one for each thread that posts."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._mine = local()
        self._all: list[HTTPConnection] = []

    def post(self, raw: bytes) -> Answered:
        """Send one submission and wait for its receipt."""
        connection = self._connection()
        if time.perf_counter() - self._mine.used > _IDLE_S:
            connection.close()
        connection.request("POST", "/v1/submissions", raw, {"Content-Type": SENT_AS})
        answer = connection.getresponse()
        body = answer.read()
        self._mine.used = time.perf_counter()
        if answer.status in _OUTCOME:
            return Answered(_OUTCOME[answer.status], "", body)
        return Answered("refused", str(orjson.loads(body).get("code", answer.status)), b"")

    def close(self) -> None:
        """Close them all."""
        for connection in self._all:
            connection.close()

    def _connection(self) -> HTTPConnection:
        if not hasattr(self._mine, "connection"):
            self._mine.connection = HTTPConnection("127.0.0.1", self._port, timeout=_TIMEOUT_S)
            self._mine.used = time.perf_counter()
            self._all.append(self._mine.connection)
        found: HTTPConnection = self._mine.connection
        return found


class OverHttp:
    """The line to a server. That all is released is seen in its folder: asking over HTTP would be work for it."""

    def __init__(self, server: Server, keys: Keys, ledger: Ledger, pool: ThreadPoolExecutor) -> None:
        self.posting = Posting(server.port)
        self._url = server.url
        self._keys = keys
        self._ledger = ledger
        self._pool = pool

    def send(self, raws: Sequence[bytes]) -> list[Answered]:
        """Over as many connections as the pool has threads; answers in the same order."""
        return list(self._pool.map(self.posting.post, raws))

    def wait_until_released(self) -> None:
        """Until every entry is decided, every leaf sealed and every sealed leaf told."""
        head = self._ledger.head()
        while not (self._decided() >= head and rounds.is_told(self._ledger)):
            time.sleep(_POLL_S)

    def cpu_s(self) -> float:
        """Of this process alone: the server's is not told."""
        return usage.cpu_s()

    def news(self, desk: DeskId, after: int) -> list[News]:
        """A page of that desk's feed."""
        with self.client(desk) as client:
            told = client.page(after=after).told
        return [News(one.entry.seq, one.entry.kind, one.entry.leaf) for one in told]

    def alerts(self, desk: DeskId) -> list[str]:
        """References of the alerts that the desk is shown."""
        with self.client(desk) as client:
            return [str(one["ref"]) for one in client.alerts()["alerts"] if one["state"] == "disclosed"]

    def client(self, desk: DeskId) -> HubClient:
        """That desk's system."""
        return HubClient(self._url, key=self._keys[desk], actor=ACTOR, purpose=PURPOSES[0], clock=SystemClock())

    def _decided(self) -> int:
        with self._ledger.database.reading() as session:
            return position(session, "decide")


@contextmanager
def connected(server: Server, keys: Keys, ledger: Ledger, connections: int) -> Iterator[OverHttp]:
    """A line with that many connections, closed at the end."""
    with ThreadPoolExecutor(max_workers=connections) as pool:
        line = OverHttp(server, keys, ledger, pool)
        try:
            yield line
        finally:
            line.posting.close()


def measure(asked: Asked) -> dict[str, Any]:
    """The row."""
    sample = min(SAMPLE, asked.submissions)
    hub = asked.folder / "http"
    keys = founded(hub)
    workload = rounds.a_workload(asked, SystemClock().now())
    with data_folder.opened(hub) as opened:
        with serving(hub) as server, connected(server, keys, opened.ledger, CONNECTIONS) as line:
            sending = Rounds("http", line, keys, workload, None)
            sending.run(sample)
        found = rounds.counts(opened.ledger)
    return {
        **sending.figures(),
        "sample_of": asked.submissions,
        "connections": CONNECTIONS,
        "decisions_per_s": sending.spent.rate(found["decisions"]),
        **found,
        "peak_memory_mb": server.peak_memory_mb,
    }
