"""A hub behind HTTP in a process of its own, as ``sightline serve`` starts it: for the rows that measure it from outside."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from sightline.entrypoints.bench.measure import megabytes
from sightline.entrypoints.bench.rounds import ORIGIN, Keys, admit
from sightline.runtime.embedded import embedded

_COMMAND = (sys.executable, "-c", "from sightline.entrypoints.cli import app; app()", "serve")


_PEAK = re.compile(r"^sightline_peak_memory_bytes{.*} (\S+)$", re.MULTILINE)
_TIMEOUT_S = 60.0


@dataclass(slots=True)
class Server:
    """One that runs, or has run."""

    url: str
    peak_memory_mb: float = 0.0
    """Of its processes, until it was told to end; known from then on."""

    @property
    def port(self) -> int:
        """Where it listens on loopback."""
        return int(self.url.rpartition(":")[2])


def founded(folder: Path) -> Keys:
    """A new hub in that folder with the whole cast admitted, closed again; the desks' keys."""
    with closing(embedded(folder, origin=ORIGIN)) as hub:
        return admit(hub)


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """The hub of that folder on a free port of loopback, until the end of the block. Its log stands beside the folder.

    Raises RuntimeError when it does not start.
    """
    command = [*_COMMAND, "--data", str(folder), "--host", "127.0.0.1", "--port", "0", "--json"]
    with (
        folder.with_suffix(".log").open("wb") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log) as process,  # noqa: S603  # no shell; this interpreter runs this package's own module
    ):
        said = process.stdout.readline() if process.stdout else b""
        if not said:
            raise RuntimeError(f"the server did not start: see {log.name}")
        server = Server(json.loads(said)["url"])
        try:
            yield server
        finally:
            with suppress(OSError):  # One that died is seen by whoever waits for it; it has nothing to tell.
                server.peak_memory_mb = _peak_memory_mb(server.port)
            process.terminate()


def _peak_memory_mb(port: int) -> float:
    """The most that the hub's process held, and its decider's: what they say themselves, added up."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)) as connection:
        connection.request("GET", "/metrics")
        page = connection.getresponse().read().decode()
    return megabytes(round(sum(map(float, _PEAK.findall(page)))))
