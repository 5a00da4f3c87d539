"""Writing what was decided: one transaction for each batch, in the caller's thread or beside it.

Nothing is decided here, and nothing in a batch changes any more: it may be written while the next is being worked out.
"""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from sightline.kernel.ports import Database, Session, Value
from sightline.ledger.positions import advance, unmoved

REBUILT = "rebuilt:folds"
"""Position that counts how often the tables were rebuilt: a decider that began before one loads them again."""

Rows = list[tuple[str, Sequence[Sequence[Value]]]]
"""Statements, each with the rows to run it for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """What the entries between two positions came to."""

    start: int
    end: int
    entries: int
    rebuilt: int
    """How often the tables had been rebuilt when it was begun."""
    rows: Rows


def put(session: Session, rows: Rows) -> None:
    """Run each statement for its rows."""
    for sql, each in rows:
        session.execute_many(sql, each)


class Writing:
    """Writes batches one after the other, at most one at a time. Each only if the position is where it started."""

    def __init__(self, database: Database, name: str) -> None:
        """`name` of the position."""
        self.at = 0
        """The position up to which everything is stored, as far as is known here."""
        self._database = database
        self._name = name
        self._beside = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"sightline-{name}-writing")
        self._under_way: Future[int] | None = None

    def write(self, batch: Batch) -> int:
        """Write it now; how many entries it is for. Raises Unavailable ``overtaken`` when another was first."""
        with self._database.transaction() as session:
            advance(session, self._name, batch.start, batch.end)
            unmoved(session, REBUILT, batch.rebuilt)
            put(session, batch.rows)
        self.at = batch.end
        return batch.entries

    def begin(self, batch: Batch) -> None:
        """Have it written beside what the caller does next. What was begun before must be finished."""
        self._under_way = self._beside.submit(self.write, batch)

    def finish(self) -> int:
        """Wait for what was begun; how many entries it was for, 0 if nothing was. Raises what `write` raises."""
        under_way, self._under_way = self._under_way, None
        return under_way.result() if under_way is not None else 0

    def forget(self) -> None:
        """Wait for what was begun, whatever becomes of it: the caller reads afterwards what is stored."""
        with suppress(Exception):
            self.finish()

    def close(self) -> None:
        """Wait for what was begun, and begin nothing more."""
        self._beside.shutdown()
