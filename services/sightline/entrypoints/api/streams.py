"""Open streams: how many a desk may have, and the end of all of them when the hub stops."""

import threading
from collections import Counter

from anyio import CapacityLimiter

from sightline.kernel.errors import Refused
from sightline.kernel.ids import DeskId

MOST_OF_A_DESK = 4
MOST_OF_ALL = 256


class Streams:
    """Counts streams. Each waits in a thread of its own, apart from those that answer requests."""

    def __init__(self, *, of_a_desk: int = MOST_OF_A_DESK, of_all: int = MOST_OF_ALL) -> None:
        self.waiting = CapacityLimiter(of_all)
        self._of_a_desk = of_a_desk
        self._of_all = of_all
        self._open: Counter[DeskId] = Counter()
        self._closing = threading.Event()
        self._lock = threading.Lock()

    @property
    def is_closing(self) -> bool:
        """Whether the hub stops: streams end, and clients come back with the number of their last event."""
        return self._closing.is_set()

    def close(self) -> None:
        """End all streams soon. Safe to call from a signal handler."""
        self._closing.set()

    def take(self, desk: DeskId) -> None:
        """One more. Raises Refused ``too_many_streams``."""
        with self._lock:
            if self._open[desk] >= self._of_a_desk or self._open.total() >= self._of_all:
                raise Refused("too_many_streams", f"a desk has at most {self._of_a_desk} open streams")
            self._open[desk] += 1

    def give_back(self, desk: DeskId) -> None:
        """One less."""
        with self._lock:
            self._open[desk] -= 1
