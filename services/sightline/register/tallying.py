"""Sealed decisions, one after the other, for whoever counts them (catalogue Q-15, Q-23)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import orjson

from sightline.kernel.ports import Database

_PAGE = 2000
_SELECT = (
    "SELECT l.n, l.body, l.item, l.desk, i.area FROM leaves l LEFT JOIN item_folds f ON f.position = l.item"
    " LEFT JOIN items i ON i.ref = f.ref WHERE l.n >= ? AND l.n < ? AND l.typ = 'decision' ORDER BY l.n"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """One decision: about which item, for whom, how it came out, by which rules."""

    item: int
    desk: str
    area: str
    """Of the item; empty where the item is not known any more."""
    outcome: str
    rules: tuple[str, ...]
    basis: tuple[str, ...]


def decisions(database: Database, size: int, begins: datetime, ends: datetime) -> Iterator[Told]:
    """The decisions of the first `size` leaves whose causes were recorded from `begins` and before `ends`, in order.

    Times never go back along the register, so that the first is found by halving, and the last ends the reading.
    """
    n = _first(database, size, int(begins.timestamp()))
    while n < size:
        with database.reading() as session:
            rows = session.execute(_SELECT, (n, min(n + _PAGE, size)))
        for _, body, item, desk, area in rows:
            leaf = orjson.loads(bytes(body))
            if leaf["ts"] >= ends.timestamp():
                return
            yield Told(
                item=int(item),
                desk=desk,
                area=area or "",
                outcome=leaf["eff"],
                rules=tuple(leaf["rules"]),
                basis=tuple(leaf["basis"]),
            )
        n += _PAGE


def _first(database: Database, size: int, begins: int) -> int:
    low, high = 0, size
    while low < high:
        middle = (low + high) // 2
        with database.reading() as session:
            rows = session.execute("SELECT body FROM leaves WHERE n = ?", (middle,))
        if orjson.loads(bytes(rows[0][0]))["ts"] < begins:
            low = middle + 1
        else:
            high = middle
    return low
