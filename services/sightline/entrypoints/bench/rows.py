"""The rows by name, in the order in which they are measured."""

from collections.abc import Callable
from typing import Any

from sightline.entrypoints.bench import floor, inprocess
from sightline.entrypoints.bench.inprocess import Asked

ROWS: dict[str, Callable[[Asked], dict[str, Any]]] = {
    "inprocess": inprocess.measure,
    "floor": floor.measure,
}

NEEDS = {"floor": ("inprocess",)}
"""Rows that need what another left: the same bytes, the same facts."""
