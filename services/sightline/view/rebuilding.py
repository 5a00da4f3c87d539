"""Notices made anew from the entries that they follow from, and compared with those that stand.

They are written in the transaction of their entry, by whoever makes it, so there is no position: what was committed since
is told apart by looking at the ledger once more.
"""

from collections.abc import Iterator
from typing import Any

from sightline.kernel.ports import Database, Row, Session
from sightline.ledger import notices
from sightline.ledger.agency import Agency
from sightline.ledger.comparing import Difference, Found, Table, compare
from sightline.ledger.items import ItemEntry
from sightline.ledger.policy import Policy
from sightline.ledger.rebuilding import OnProgress
from sightline.ledger.store import Ledger

OWN_TABLES = notices.TABLES
"""What the rebuilt rows are put into."""

_TOPICS = (
    Agency.SubmissionRefused.TOPIC,
    Agency.SubmissionRefusedV1.TOPIC,
    Agency.SubmissionDelayed.TOPIC,
    Policy.ItemParked.TOPIC,
)
_PAGE = 2000
_AREA = 2


class RebuildNotices:
    """One rebuild."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        scratch: Database,
        on_progress: OnProgress = lambda *_: None,
    ) -> None:
        """`scratch` is empty and has `OWN_TABLES`."""
        self._ledger = ledger
        self._scratch = scratch
        self._on_progress = on_progress
        self._at = 0
        self._late: set[str] = set()
        columns = ("id", "desk", "area", "urgent", "code", "type", "reference", "recorded")
        self._table = Table(name="notices", columns=columns, alike=_alike)

    def check(self) -> Found:
        """Rebuild, and compare with what stands. Changes nothing."""
        self._fold()
        with self._ledger.database.reading() as stands:
            return self._compare(stands, mend=False)

    def run(self) -> Found:
        """Rebuild, and make what stands the same, in one transaction."""
        self._fold()
        with self._ledger.database.transaction() as stands:
            return self._compare(stands, mend=True)

    def _fold(self) -> None:
        for rows in self._rows():
            with self._scratch.transaction() as session:
                session.execute_many(f"{notices.INSERT} ON CONFLICT (id) DO NOTHING", rows)
            self._on_progress("notices", self._at, self._at)

    def _rows(self) -> Iterator[list[notices.Row]]:
        """Notices of the entries that were not read yet, a page at a time."""
        while placed := self._ledger.read(self._at, _PAGE, _TOPICS):
            self._at = placed[-1].position
            yield [row for one in placed if (row := self._notice(one.entry)) is not None]

    def _notice(self, entry: Any) -> notices.Row | None:
        if isinstance(entry, Agency.SubmissionRefused | Agency.SubmissionRefusedV1):
            return notices.of_refusal(entry)
        if isinstance(entry, Agency.SubmissionDelayed):
            return notices.of_delay(entry)
        item = self._ledger.read(entry.item - 1, 1)[0].entry
        return notices.of_parking(entry, item) if isinstance(item, ItemEntry) else None

    def _compare(self, stands: Session, *, mend: bool) -> Found:
        with self._scratch.reading() as rebuilt:
            tally = compare(self._table, stands, rebuilt, mend=mend, is_beyond=self._is_late)
        tally.kept = 0
        return Found(at=self._at, tables={self._table.name: tally})

    def _is_late(self, one: Difference) -> bool:
        """Whether a notice that stands is of an entry that was not there when we folded."""
        if one.rebuilt is None and one.key[0] not in self._late:
            self._late.update(str(row[0]) for rows in self._rows() for row in rows)
        return one.rebuilt is None and one.key[0] in self._late


def _alike(stands: Row, rebuilt: Row) -> bool:
    """Equal; an entry from before entries named the area says nothing of it."""
    ours, theirs = list(stands), list(rebuilt)
    if not theirs[_AREA]:
        ours[_AREA] = theirs[_AREA]
    return ours == theirs
