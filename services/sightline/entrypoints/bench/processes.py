"""What processes have used: each with all those that it started. As Linux's /proc tells; elsewhere nothing is known."""

import os
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sightline.entrypoints.bench.measure import megabytes

_PROC = Path("/proc")
_PARENT, _TIMES = 1, slice(11, 15)
"""Places in a ``stat`` file (proc(5)) after the name: the parent; own and waited-for children's time, in user's and system."""


@dataclass(frozen=True, slots=True)
class Used:
    """By one family so far."""

    cpu_s: float
    """With that of those who have ended and were waited for."""
    memory_bytes: int
    """Held now: what several map counts in parts (``Pss``)."""


class Meter:
    """Looks at families of processes again and again, in a thread of its own."""

    def __init__(self, every_s: float) -> None:
        self.roots: dict[str, int] = {}
        """Name of the family to the first of its processes. May be changed while it looks: see `ends`."""
        self.samples: list[tuple[float, dict[str, int]]] = []
        """Moment (of `time.perf_counter`), and bytes held by each family."""
        self._every_s = every_s
        self._ended: dict[str, float] = defaultdict(float)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="bench-meter", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
        self._thread.join()

    def ends(self, name: str) -> None:
        """That family is about to end; another of its name may begin, and what both have used is one sum."""
        used = used_by({name: self.roots.pop(name)})
        self._ended[name] += used[name].cpu_s if name in used else 0.0

    def cpu_s(self) -> dict[str, float]:
        """Processor seconds of each family so far."""
        found = {name: used.cpu_s for name, used in used_by(self.roots).items()}
        return {name: found.get(name, 0.0) + self._ended.get(name, 0.0) for name in found.keys() | self._ended.keys()}

    def peak_mb(self) -> dict[str, float]:
        """The most that each family was seen to hold."""
        peaks: dict[str, int] = {}
        for _, held in self.samples:
            for name, count in held.items():
                peaks[name] = max(peaks.get(name, 0), count)
        return {name: megabytes(count) for name, count in peaks.items()}

    def table(self, cpu_before: Mapping[str, float]) -> dict[str, dict[str, float]]:
        """Of each family: processor seconds since then, and peak memory."""
        cpu, peak = self.cpu_s(), self.peak_mb()
        return {
            name: {"cpu_s": round(cpu[name] - cpu_before.get(name, 0.0), 2), "peak_memory_mb": peak.get(name, 0.0)}
            for name in sorted(cpu)
        }

    def _watch(self) -> None:
        while not self._stopping.wait(self._every_s):
            held = {name: used.memory_bytes for name, used in used_by(self.roots).items()}
            self.samples.append((time.perf_counter(), held))


def used_by(roots: Mapping[str, int]) -> dict[str, Used]:
    """What each family has used. One whose first process is gone has used nothing."""
    stats = dict(_stats())
    children: dict[int, list[int]] = defaultdict(list)
    for pid, stat in stats.items():
        children[int(stat[_PARENT])].append(pid)
    known = dict(roots)
    return {
        name: _used(list(_family(root, children, set(known.values()))), stats)
        for name, root in known.items()
        if root in stats
    }


def _family(root: int, children: Mapping[int, list[int]], others: AbstractSet[int]) -> Iterator[int]:
    """The process and all below it, but for those that are a family of their own."""
    waiting = [root]
    while waiting:
        one = waiting.pop()
        yield one
        waiting += [child for child in children.get(one, []) if child not in others]


def _used(family: list[int], stats: Mapping[int, list[str]]) -> Used:
    ticks = sum(int(value) for pid in family for value in stats[pid][_TIMES])
    return Used(ticks / os.sysconf("SC_CLK_TCK"), sum(map(_memory, family)))


def _stats() -> Iterator[tuple[int, list[str]]]:
    if not _PROC.is_dir():
        return
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            try:
                text = (entry / "stat").read_text()
            except OSError:
                continue  # It ended meanwhile.
            yield int(entry.name), text.rpartition(") ")[2].split()


def _memory(pid: int) -> int:
    """Linux's own sum of the process's parts; what it holds in memory, where those are another's to read."""
    try:
        lines = (_PROC / str(pid) / "smaps_rollup").read_text().splitlines()
        return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
    except OSError:
        return _resident(pid)


def _resident(pid: int) -> int:
    try:
        return int((_PROC / str(pid) / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def by_minute(samples: list[tuple[float, dict[str, int]]], start: float) -> list[dict[str, Any]]:
    """The most that each family held in each minute from the start."""
    minutes: dict[int, dict[str, int]] = defaultdict(dict)
    for at, held in samples:
        if at >= start:
            most = minutes[int((at - start) // 60)]
            for name, count in held.items():
                most[name] = max(most.get(name, 0), count)
    return [{name: megabytes(count) for name, count in sorted(minutes[m].items())} for m in sorted(minutes)]
