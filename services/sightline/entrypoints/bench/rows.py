"""The rows by name."""

from collections.abc import Callable
from typing import Any

from sightline.entrypoints.bench import floor, inprocess
from sightline.entrypoints.bench.inprocess import Asked

ROWS: dict[str, Callable[[Asked], dict[str, Any]]] = {
    "inprocess": inprocess.measure,
    "floor": floor.measure,
}
