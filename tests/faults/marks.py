"""Where the child was: a few bytes of a mapped file, which outlive the process that wrote them."""

import mmap
import os
from pathlib import Path

STEPS = ("verify", "record", "decide", "seal", "export_write", "export_rename")
"""Every step that the hub announces."""
FEED = "feed"
BETWEEN = "between"
STARTING = "starting"
PLACES = (BETWEEN, STARTING, *STEPS, FEED)

_THREADS = (("verify",), (STARTING, "record", "decide"), ("seal", "export_write", "export_rename", FEED))
"""What the line's three threads do: check, write, release. Each has a byte of its own."""
_SLOTS = {place: slot for slot, places in enumerate(_THREADS) for place in places}
_KILLED = len(_THREADS)
_SIZE = 64


class Marks:
    """The step that each thread of the line is in, and the step that the child killed itself at."""

    def __init__(self, path: Path, *, fresh: bool = False) -> None:
        if fresh:
            path.write_bytes(bytes(_SIZE))
        handle = os.open(path, os.O_RDWR)
        self._map = mmap.mmap(handle, _SIZE)
        os.close(handle)

    def entered(self, place: str) -> None:
        """A thread came to this place."""
        self._map[_SLOTS[place]] = PLACES.index(place)

    def left(self, place: str) -> None:
        """A thread is done there."""
        self._map[_SLOTS[place]] = PLACES.index(BETWEEN)

    def killed_at(self, step: str) -> None:
        """The child is about to kill itself at the beginning of this step."""
        self._map[_KILLED] = PLACES.index(step)

    def landed(self) -> tuple[set[str], bool]:
        """The places that the kill landed in, one for each thread that was in any; whether it was at a step's beginning."""
        if self._map[_KILLED]:
            return {PLACES[self._map[_KILLED]]}, True
        places = {PLACES[self._map[slot]] for slot in _SLOTS.values()} - {BETWEEN}
        return places or {BETWEEN}, False

    def close(self) -> None:
        """Unmap."""
        self._map.close()
