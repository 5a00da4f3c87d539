"""The rows by name, in the order in which they are measured."""

from collections.abc import Callable
from typing import Any

from sightline.entrypoints.bench import distributed, floor, inprocess, latency, load, naive, overhttp
from sightline.entrypoints.bench.rounds import Asked

ROWS: dict[str, Callable[[Asked], dict[str, Any]]] = {
    "inprocess": inprocess.measure,
    "floor": floor.measure,
    "http": overhttp.measure,
    "latency": latency.measure,
    "naive": naive.measure,
    "distributed": distributed.measure,
    "load": load.measure,
}

ON_DEMAND = frozenset({"load"})
"""Rows that `all` leaves out."""

NEEDS = {"floor": ("inprocess",), "naive": ("inprocess",)}
"""Rows that need what another left: the same bytes, the same facts."""
