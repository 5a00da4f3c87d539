"""The line of `serve` in distributed mode: it records what comes over HTTP, and hears of what the workers did.

Recording is the embedded line's own. What that does besides (deciding, sealing, telling, striking) workers do here; in
its place the database is looked at, to wake streams that wait for news and to know how far the decider has come.
"""

import threading

from sightline.kernel.errors import Corrupt, Refused, Unavailable
from sightline.kernel.ids import DeskId
from sightline.ledger.positions import position
from sightline.runtime.decider import DEAF, Ears, back_off_s
from sightline.runtime.hub import Hub
from sightline.runtime.reports import Progress
from sightline.runtime.runner import Runner
from sightline.runtime.settings import Settings

LOOK_S = 0.05
"""How often the database is looked at."""


class Elsewhere:
    """A decider that is a worker's affair: known by its position alone, as the line last saw it."""

    def __init__(self) -> None:
        self.progress = Progress()

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
        self._elsewhere = Elsewhere()
        super().__init__(hub, settings, self._elsewhere)
        self._heads: dict[str, int] = {}
        self._heads_lock = threading.Lock()
        self._agree = threading.Thread(target=self._agree_on_policy, name="sightline-policy", daemon=True)

    def start(self) -> None:
        """Begin. An engine that does not answer yet is said and waited for; what comes is recorded meanwhile."""
        super().start()
        self._agree.start()

    def seq_of(self, desk: DeskId) -> int:
        """The number of the desk's last entry, as of the last look."""
        with self._heads_lock:
            return self._heads.get(desk, 0)

    def _strike(self) -> bool:
        """The `clock` worker's."""
        return False

    def _agree_on_policy(self) -> None:
        """Once, as soon as it can be: the ledger must say which policy and engine are in force."""
        failures = 0
        while not self._stopping.is_set():
            try:
                self._hub.found()
            except (Unavailable, Refused) as exc:
                self._note("policy", exc.code)
            except Corrupt as exc:
                return self._break(exc.code)
            else:
                self._trouble.pop("policy", None)
                return None
            self._stopping.wait(back_off_s(failures))
            failures += 1
        return None

    def _release_once(self) -> bool:
        """Look for news; whether there is any."""
        self._stopping.wait(LOOK_S)
        with self._hub.database.reading() as session:
            heads = {str(desk): int(seq) for desk, seq in session.execute("SELECT desk, seq FROM feed_heads")}
            at = position(session, "decide")
        self._elsewhere.progress = Progress(position=at)
        with self._heads_lock:
            is_new, self._heads = heads != self._heads, heads
        if is_new:
            with self._news:
                self._news.notify_all()
        return is_new

    def _publish_once(self) -> bool:
        """The `seal` worker's."""
        self._stopping.wait(LOOK_S)
        return False
