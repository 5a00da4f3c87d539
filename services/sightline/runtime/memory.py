"""How a long-running process of ours keeps its memory: set once, when all that stays is built."""

import ctypes
import gc
import sys

_NEW_BEFORE_LOOKING = 100_000
"""New containers before the collector looks for cycles. A batch makes tens of thousands, in none of which there is one:
looking as often as Python does by itself takes a fifth of deciding."""
_ARENA_MAX, _ARENAS = -8, 2
"""``M_ARENA_MAX`` of glibc's mallopt(3): an arena for each thread would keep what only one of them once needed."""


def settle() -> None:
    """Call when the program is built and before its work begins."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_BEFORE_LOOKING, 20, 100)
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            mallopt(_ARENA_MAX, _ARENAS)
