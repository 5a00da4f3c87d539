"""What this process has used so far: processor seconds and memory."""

import resource
import sys
import time
from pathlib import Path

_STATUS = Path("/proc/self/status")


def cpu_s() -> float:
    """Processor seconds of all threads, in our code and in the system's."""
    return time.process_time()


def peak_memory_bytes() -> int:
    """The most memory that the process has held.

    Linux: ``VmHWM``. ``ru_maxrss`` would count what the process that started this one held at that moment.
    """
    if _STATUS.exists():
        peak = next((line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM:")), "")
        if peak:
            return int(peak.split()[1]) * 1024
    return maxrss_bytes(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def maxrss_bytes(maxrss: int) -> int:
    """A ``ru_maxrss`` in bytes: Linux counts kibibytes, macOS bytes."""
    return maxrss * (1 if sys.platform == "darwin" else 1024)
