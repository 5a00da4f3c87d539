"""A hub in distributed mode for one measurement: its five workers as processes, on services of its own.

This process holds what `serve` would: it founds the hub, admits the cast and reads. It records and decides nothing.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.request import urlopen

from sightline.adapters.keyparts import STAGES as HOLDERS
from sightline.adapters.keyparts import hand_out
from sightline.entrypoints.bench.cast import DESKS
from sightline.entrypoints.bench.processes import Meter
from sightline.entrypoints.bench.rounds import ORIGIN, Keys, admit
from sightline.entrypoints.bench.services import Services, standing
from sightline.runtime.distributed import distributed
from sightline.runtime.hub import Hub
from sightline.runtime.settings import Settings

STAGES = ("record", "relay", "decide", "seal", "clock")
STANDSTILL_S = 120.0
"""How long nothing may move until a wait is given up."""
_POLL_S = 0.05
_STOP_S = 30.0
_COMMAND = (sys.executable, "-c", "from sightline.entrypoints.cli import app; app()", "worker")
_SECONDS = re.compile(r'^sightline_stage_seconds_total{stage="(\w+)"} (\S+)$', re.MULTILINE)

Where = tuple[int, ...]


class Works:
    """One that runs."""

    def __init__(self, hub: Hub, keys: Keys, services: Services, settings: Settings, meter: Meter) -> None:
        self.hub = hub
        self.keys = keys
        self.services = services
        self.meter = meter
        self._settings = settings
        self._workers: dict[str, subprocess.Popen[bytes]] = {}
        self._pages: dict[str, str] = {}

    def start(self, *stages: str) -> None:
        """Start these workers, at once; ready when this returns. Raises RuntimeError."""
        begun = {stage: self._begin(stage) for stage in stages}
        for stage, process in begun.items():
            said = process.stdout.readline() if process.stdout else b""
            if not said:
                raise RuntimeError(f"{stage} did not start: see {self._log(stage)}")
            self._pages[stage] = json.loads(said)["health"]
            self.meter.roots[stage] = process.pid

    def stop(self, *stages: str) -> None:
        """Stop these, each after its batch."""
        for stage in stages:
            process = self._workers.pop(stage)
            self.meter.ends(stage)
            process.terminate()
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout:
                process.stdout.close()

    def stop_all(self) -> None:
        """Stop whatever runs."""
        self.stop(*self._workers)

    def seconds(self) -> dict[str, float]:
        """How long each stage was busy, as the workers say."""
        found: dict[str, float] = {}
        for stage in self._workers:
            with urlopen(f"{self._pages[stage]}/metrics", timeout=10) as page:  # noqa: S310  # our own worker's page, on loopback
                found |= {name: float(value) for name, value in _SECONDS.findall(page.read().decode())}
        return found

    def wait_until(self, holds: Callable[[], bool]) -> None:
        """Return when it holds. Raises RuntimeError when a worker has ended, or nothing moves any more."""
        last, since = self._position(), time.perf_counter()
        while not holds():
            time.sleep(_POLL_S)
            if time.perf_counter() - since > 1.0:
                self._check()
                here = self._position()
                if here == last and time.perf_counter() - since > STANDSTILL_S:
                    raise RuntimeError(f"nothing moves any more: {_troubles(self._pages.values())}")
                if here != last:
                    last, since = here, time.perf_counter()

    def receipts(self) -> int:
        """How many submissions were answered so far: each agency's receipts are numbered without gaps."""
        one = "(SELECT COALESCE(MAX(number), 0) FROM receipts WHERE agency = ?)"
        with self.hub.database.reading() as session:
            found = session.execute("SELECT " + " + ".join([one] * len(AGENCIES)), AGENCIES)
        return int(found[0][0])

    def is_settled(self) -> bool:
        """Whether all that is recorded is decided, sealed, told and published."""
        with self.hub.database.reading() as session:
            at = {str(name): int(n) for name, n in session.execute("SELECT name, position FROM positions")}
            feeds = session.execute("SELECT desk, seq FROM feed_heads")
            leaves = session.execute("SELECT COALESCE(MAX(n), -1) + 1 FROM leaves")[0][0]
        return (
            at.get("decide", 0) >= self.hub.ledger.head()
            and at.get("feed", 0) >= int(leaves)
            and all(at.get(f"relay:feed:{desk}", 0) >= int(seq) for desk, seq in feeds)
            and sum(n for name, n in at.items() if name.startswith("relay:receipts:")) >= self.receipts()
        )

    def _position(self) -> Where:
        with self.hub.database.reading() as session:
            rows = session.execute("SELECT position FROM positions ORDER BY name")
        return (self.hub.ledger.head(), *(int(position) for (position,) in rows))

    def _check(self) -> None:
        for stage, process in self._workers.items():
            if process.poll() is not None:
                raise RuntimeError(f"{stage} ended: see {self._log(stage)}")

    def _begin(self, stage: str) -> subprocess.Popen[bytes]:
        environment = self.services.environment(self._settings, stage)
        with self._log(stage).open("ab") as log:
            process = subprocess.Popen(  # noqa: S603  # our own interpreter and module
                [*_COMMAND, stage, "--port", "0", "--json"], env=environment, stdout=subprocess.PIPE, stderr=log
            )
        self._workers[stage] = process
        return process

    def _log(self, stage: str) -> Path:
        return self._settings.data / f"{stage}.log"


AGENCIES = sorted({str(desk.agency) for desk in DESKS})


@contextmanager
def at_work(folder: Path, *, every_s: float) -> Iterator[Works]:
    """A new hub with the cast admitted and all workers running, until the end of the block; looked at so often."""
    desks = {agency: [d.id.partition("/")[2] for d in DESKS if d.agency == agency] for agency in AGENCIES}
    with standing(folder, desks) as services:
        settings = services.settings(folder / "hub", ORIGIN)
        settings.data.mkdir()
        with closing(distributed(settings)) as hub:
            keys = admit(hub)
            for stage in HOLDERS:
                hand_out(settings.keys, stage, settings.data / f"keys-{stage}")
            works = Works(hub, keys, services, settings, Meter(every_s))
            works.meter.roots |= {**services.pids(), "bench": os.getpid()}
            try:
                works.start(*STAGES)
                works.meter.start()
                yield works
            finally:
                works.meter.stop()
                works.stop_all()


def _troubles(pages: Iterable[str]) -> str:
    """What the workers wait for."""
    found = []
    for page in pages:
        try:
            with urlopen(f"{page}/readyz", timeout=5) as answer:  # noqa: S310  # our own worker's page, on loopback
                found.append(answer.read().decode())
        except OSError as exc:
            found.append(str(exc))
    return "; ".join(found)
