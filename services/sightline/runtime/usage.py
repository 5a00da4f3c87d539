"""What this process has used so far: processor seconds and memory."""

import resource
import sys
import time
from pathlib import Path

_STATUS, _PAGES = Path("/proc/self/status"), Path("/proc/self/smaps_rollup")


def cpu_s() -> float:
    """Processor seconds of all threads, in our code and in the system's."""
    return time.process_time()


def peak_memory_bytes() -> int:
    """The most memory that the process has held.

    Linux: ``VmHWM`` (``ru_maxrss`` would count what the process that started this one held at that moment), less this
    process's share of what it has in common with others now, so that the peaks of several can be added up.
    """
    peak = _kibibytes(_STATUS, "VmHWM")
    if peak:
        return (peak - _kibibytes(_PAGES, "Rss") + _kibibytes(_PAGES, "Pss")) * 1024
    return maxrss_bytes(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def _kibibytes(file: Path, name: str) -> int:
    """A figure of a file of Linux's /proc; 0 where there is none."""
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{name}:")), 0)


def maxrss_bytes(maxrss: int) -> int:
    """A ``ru_maxrss`` in bytes: Linux counts kibibytes, macOS bytes."""
    return maxrss * (1 if sys.platform == "darwin" else 1024)
