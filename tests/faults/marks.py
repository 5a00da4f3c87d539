"""Where the child was: a few bytes of a mapped file, which outlive the process that wrote them."""

import mmap
import os
from pathlib import Path

STEPS = ("verify", "record", "decide", "seal", "export_write", "export_rename")
"""Every step that the hub announces."""
FEED = "feed"
BETWEEN = "between"
STARTING = "starting"
AT_START, INSIDE, AT_END = "at its start", "inside", "at its end"
WHEN = (AT_START, INSIDE, AT_END)
PLACES = (BETWEEN, STARTING, *STEPS, FEED)

_THREADS = (("verify",), (STARTING, "record"), ("decide",), ("seal", FEED), ("export_write", "export_rename"))
"""What the line's threads do (check, write, release, publish), and the decider's process. Each has a byte of its own."""
_SLOTS = {place: slot for slot, places in enumerate(_THREADS) for place in places}
_KILLED, _WHEN = len(_THREADS), len(_THREADS) + 1
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

    def killed_at(self, step: str, when: str) -> None:
        """The child is about to kill itself at the start or the end of this step."""
        self._map[_KILLED], self._map[_WHEN] = PLACES.index(step), WHEN.index(when)

    def landed(self) -> tuple[str, set[str]]:
        """When the kill landed, and where: in one place for each thread that was in any."""
        if self._map[_KILLED]:
            return WHEN[self._map[_WHEN]], {PLACES[self._map[_KILLED]]}
        places = {PLACES[self._map[slot]] for slot in _SLOTS.values()} - {BETWEEN}
        return INSIDE, places or {BETWEEN}

    def close(self) -> None:
        """Unmap."""
        self._map.close()
