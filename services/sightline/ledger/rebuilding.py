"""What a follower keeps made anew beside it: come near while it goes on, then compare at one of its positions.

How its rows are made, and which they are, its own stage says. To put right what stands, the follower is kept from moving
on meanwhile; one that had begun before finds that it was rebuilt, loses, and reads what it holds again.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable

from sightline.kernel.ports import Database, Session
from sightline.ledger.comparing import Difference, Found, Table, compare
from sightline.ledger.positions import advance, held, position

OnProgress = Callable[[str, int, int], None]
"""What is being done, how far it has come, and how far there is to go."""


class Rebuild(ABC):
    """One rebuild of one follower."""

    def __init__(
        self,
        *,
        database: Database,
        scratch: Database,
        name: str,
        rebuilt: str,
        near: int,
        on_progress: OnProgress,
    ) -> None:
        """`name` is the follower's position; `rebuilt` counts how often it was rebuilt.

        `near`: how far from the follower the rebuild may be when it keeps it waiting.
        """
        self._database = database
        self._scratch = scratch
        self._name = name
        self._rebuilt = rebuilt
        self._near = near
        self._on_progress = on_progress
        self._at = 0

    def check(self) -> Found:
        """Rebuild, and compare with what stands. Changes nothing, and keeps nobody waiting."""
        self._approach()
        with self._database.reading() as stands:
            return self._compare(stands, position(stands, self._name), mend=False)

    def run(self) -> Found:
        """Rebuild, and make what stands the same, in one transaction."""
        while True:
            self._approach()
            with self._database.transaction() as stands:
                end = held(stands, self._name)
                if end - self._at > self._near:
                    continue  # So much was done while we came near: nobody is to wait for that.
                found = self._compare(stands, end, mend=True)
                times = position(stands, self._rebuilt)
                advance(stands, self._rebuilt, times, times + 1)
                self._on_progress("swap", end, end)
                return found

    @abstractmethod
    def _approach(self) -> None:
        """Make rows up to where the follower is now. Raises Corrupt where the logs do not come so far."""

    @abstractmethod
    def _come_to(self, stands: Session, end: int) -> None:
        """Make rows up to that position, which `stands` sees and nobody moves."""

    @abstractmethod
    def _tables(self) -> Iterable[Table]:
        """What is compared."""

    def _is_beyond(self, _: Table) -> Callable[[Difference], bool]:
        """Whether a difference in that table is one that nobody can judge any more."""
        return lambda _: False

    def _compare(self, stands: Session, end: int, *, mend: bool) -> Found:
        self._come_to(stands, end)
        found = Found(at=end)
        with self._scratch.reading() as rebuilt:
            for table in self._tables():
                tally = compare(table, stands, rebuilt, mend=mend, is_beyond=self._is_beyond(table))
                found.tables[table.name] = tally
                self._on_progress(table.name, tally.rows, tally.rows)
        return found
