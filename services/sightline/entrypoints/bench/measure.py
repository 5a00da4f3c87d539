"""What every row measures the same way: wall time, processor time, memory, and percentiles."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sightline.runtime import usage


@dataclass(slots=True)
class Spent:
    """Time spent inside `Spent.measured` blocks."""

    cpu: Callable[[], float] = usage.cpu_s
    """Processor seconds so far, of whatever is measured."""
    wall_s: float = 0.0
    cpu_s: float = 0.0

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Count what happens inside."""
        wall, cpu = time.perf_counter(), self.cpu()
        yield
        self.wall_s += time.perf_counter() - wall
        self.cpu_s += self.cpu() - cpu

    def rate(self, count: int) -> float:
        """How many in a second."""
        return round(count / self.wall_s, 1) if self.wall_s else 0.0


def peak_memory_mb() -> float:
    """The most memory this process has held so far."""
    return megabytes(usage.peak_memory_bytes())


def megabytes(count: int) -> float:
    """Bytes in megabytes of 10^6."""
    return round(count / 1e6, 1)


def percentile(sorted_values: Sequence[float], share: float) -> float:
    """The smallest value that at least that share does not exceed (nearest rank); 0 for none."""
    if not sorted_values:
        return 0.0
    rank = max(1, -(-len(sorted_values) * share // 1))
    return sorted_values[int(rank) - 1]


def bytes_in(folder: Path) -> int:
    """The size of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def say(text: str) -> None:
    """Progress, on stderr: stdout is for the result."""
    sys.stderr.write(f"bench: {text}\n")
    sys.stderr.flush()
