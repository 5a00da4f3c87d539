"""Where the child was: a few bytes of a mapped file, which outlive the process that wrote them."""

import mmap
import os
from pathlib import Path

STEPS = ("verify", "record", "decide", "seal", "export_write", "export_rename")
"""Every step that the hub announces."""
BETWEEN = "between"
STARTING = "starting"
PLACES = (STARTING, BETWEEN, *STEPS)

_WRITER, _CHECKER, _KILLED = 0, 1, 2
_SIZE = 64


class Marks:
    """The step that each of the two threads of the line is in, and the step that the child killed itself at."""

    def __init__(self, path: Path, *, fresh: bool = False) -> None:
        if fresh:
            path.write_bytes(bytes(_SIZE))
        handle = os.open(path, os.O_RDWR)
        self._map = mmap.mmap(handle, _SIZE)
        os.close(handle)

    def entered(self, place: str) -> None:
        """A thread came to this step."""
        self._map[_CHECKER if place == "verify" else _WRITER] = PLACES.index(place)

    def left(self, checker: bool = False) -> None:
        """A thread left its step."""
        self._map[_CHECKER if checker else _WRITER] = PLACES.index(BETWEEN)

    def killed_at(self, step: str) -> None:
        """The child is about to kill itself at the beginning of this step."""
        self._map[_KILLED] = PLACES.index(step)

    def landed(self) -> tuple[str, bool]:
        """Where the kill landed, and whether it was at the step's beginning. The writer's step goes before the other's."""
        if self._map[_KILLED]:
            return PLACES[self._map[_KILLED]], True
        places = [PLACES[self._map[slot]] for slot in (_WRITER, _CHECKER)]
        return next((p for p in places if p in STEPS), places[0]), False

    def close(self) -> None:
        """Unmap."""
        self._map.close()
