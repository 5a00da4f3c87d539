"""The rows by name, in the order in which they are measured."""

from importlib import import_module
from typing import Any

from sightline.entrypoints.bench.rounds import Asked

_MODULES = {
    "inprocess": "inprocess",
    "floor": "floor",
    "http": "overhttp",
    "latency": "latency",
    "naive": "naive",
    "distributed": "distributed",
    "load": "load",
    "year": "year",
}
ROWS = tuple(_MODULES)

ON_DEMAND = frozenset({"load", "year"})
"""Rows that `all` leaves out."""

NEEDS = {"floor": ("inprocess",), "naive": ("inprocess",)}
"""Rows that need what another left: the same bytes, the same facts."""


def measure(row: str, asked: Asked) -> dict[str, Any]:
    """The figures of that row.

    Its module is loaded here and no other: what brokers need would count as memory of a hub that has none.
    """
    found: dict[str, Any] = import_module(f"{__package__}.{_MODULES[row]}").measure(asked)
    return found
