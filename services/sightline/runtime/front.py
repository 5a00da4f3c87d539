"""The line of `serve` in distributed mode: it records what comes over HTTP, and hears of what the workers did.

Recording is the embedded line's own. What that does besides (deciding, sealing, telling, striking) workers do here; in
its place the database is looked at, to wake streams that wait for news and to know how far the decider has come.
"""

import threading
from time import perf_counter

from sightline.kernel.ids import DeskId
from sightline.kernel.ports import Database
from sightline.ledger.positions import position
from sightline.runtime.decider import DEAF, Ears
from sightline.runtime.hub import Hub
from sightline.runtime.reports import Progress
from sightline.runtime.runner import Runner
from sightline.runtime.settings import Settings

LOOK_S = 0.05
"""How often the database is looked at."""


class Elsewhere:
    """A decider that is a worker's affair: known by its position alone."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._progress = Progress()
        self._looked_at = -1.0

    @property
    def progress(self) -> Progress:
        """How far the worker has come, looked up at most every `LOOK_S`."""
        if perf_counter() - self._looked_at >= LOOK_S:
            with self._database.reading() as session:
                self._progress = Progress(position=position(session, "decide"))
            self._looked_at = perf_counter()
        return self._progress

    @property
    def is_over(self) -> bool:
        """Always: nothing runs here that would have to end."""
        return True

    def start(self, ears: Ears = DEAF) -> None:
        """Nothing to start."""

    def __call__(self, *, is_new: bool) -> bool:
        """The worker finds what is new by itself."""
        return False

    def stop(self, timeout_s: float) -> bool:
        """Nothing to stop."""
        return True


class Front(Runner):
    """Records, and watches."""

    def __init__(self, hub: Hub, settings: Settings) -> None:
        super().__init__(hub, settings, Elsewhere(hub.database))
        self._heads: dict[str, int] = {}
        self._heads_lock = threading.Lock()

    def seq_of(self, desk: DeskId) -> int:
        """The number of the desk's last entry, as of the last look."""
        with self._heads_lock:
            return self._heads.get(desk, 0)

    def _strike(self) -> bool:
        """The `clock` worker's."""
        return False

    def _release_once(self) -> bool:
        """Look for news; whether there is any."""
        self._stopping.wait(LOOK_S)
        with self._hub.database.reading() as session:
            heads = {str(desk): int(seq) for desk, seq in session.execute("SELECT desk, seq FROM feed_heads")}
        with self._heads_lock:
            is_new, self._heads = heads != self._heads, heads
        if is_new:
            with self._news:
                self._news.notify_all()
        return is_new
