"""Feeds, their heads and the clocks of recalls made anew from the sealed leaves, while the feed stage goes on telling.

They are numbered again by the code that numbered them at first, in a place of their own, and compared with what stands at
one position of the stage. To put these right the stage is kept from moving on; one that had begun before loses, and reads
the heads again. Whether a clock has struck is the clock stage's to say: that of a clock that was lost is in the ledger.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sightline.feed.stage import BATCH, NAME, REBUILT
from sightline.feed.telling import BREACH, RECALL_ANSWER, TABLES, Areas, Telling, leaves_to_tell, recall_clocks
from sightline.formats.feed import START
from sightline.kernel.errors import Corrupt
from sightline.kernel.ports import Database, Row, Session
from sightline.ledger import clocks
from sightline.ledger.child import Child
from sightline.ledger.comparing import Table
from sightline.ledger.matter import Matter
from sightline.ledger.positions import position
from sightline.ledger.rebuilding import OnProgress, Rebuild
from sightline.ledger.store import Ledger

OWN_TABLES = (*TABLES, *clocks.TABLES)
"""What the rebuilt rows are put into."""

NEAR = 2 * BATCH
"""Leaves that may be told again while the stage is kept waiting."""


class RebuildFeeds(Rebuild):
    """One rebuild, in memory that grows with the number of desks alone."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        scratch: Database,
        areas: Areas,
        on_progress: OnProgress = lambda *_: None,
    ) -> None:
        """`scratch` is empty and has `OWN_TABLES`."""
        super().__init__(
            database=ledger.database,
            scratch=scratch,
            name=NAME,
            rebuilt=REBUILT,
            near=NEAR,
            on_progress=on_progress,
        )
        self._areas = areas
        self._telling = Telling()
        self._told = (
            Table(name="feed", columns=("desk", "seq", "leaf", "leaf_hash", "kind", "item"), key=2),
            Table(name="feed_heads", columns=("desk", "seq", "running")),
            _Clocks(
                name="clocks",
                columns=("id", "kind", "due", "stream", "ref", "desk", "area"),
                only=f"kind IN ('{RECALL_ANSWER}', '{BREACH}')",
                ledger=ledger,
            ),
        )

    def _approach(self) -> None:
        with self._database.reading() as session:
            end = position(session, NAME)
        self._tell_to(end)

    def _tell_to(self, end: int) -> None:
        while self._at < end:
            upto = min(end, self._at + BATCH)
            with self._database.reading() as session:
                leaves = leaves_to_tell(session, self._at, upto)
                due = recall_clocks(session, leaves, self._areas)
                self._check_sealed(session, end)
            for desk in {str(row[3]) for row in leaves}:
                self._telling.heads.setdefault(desk, (0, START))
            entries = self._telling.entries(leaves)
            with self._scratch.transaction() as session:
                self._telling.write(session, entries)
                session.execute_many(clocks.SET, due)
            self._at = upto
            self._on_progress("tell", upto, end)

    @staticmethod
    def _check_sealed(session: Session, end: int) -> None:
        rows = session.execute("SELECT MAX(size) FROM register_head")
        if end > int(rows[0][0] or 0):
            raise Corrupt("position_ahead", "the feeds' position is past what is sealed")

    def _come_to(self, stands: Session, end: int) -> None:
        self._tell_to(end)

    def _tables(self) -> Iterable[Table]:
        return self._told


@dataclass(frozen=True, kw_only=True, slots=True)
class _Clocks(Table):
    """Clocks of recalls. The mark that one has struck is not compared."""

    ledger: Ledger

    def put(self, session: Session, row: Row) -> None:
        """Set a clock that was lost, as struck if the ledger says that it has."""
        session.execute("INSERT INTO clocks VALUES (?,?,?,?,?,?,?,?)", (*row, self._struck(UUID(row[3]), row[4])))

    def _struck(self, stream: UUID, recall: str) -> int:
        """When it struck, in seconds since 1970: the end of its step's name. 0 if it did not."""
        at = 0
        for entry in self.ledger.history(stream):
            if isinstance(entry, Child.ClockStruck | Matter.ClockStruck) and entry.ref == recall:
                at = int(entry.step.rpartition(":")[2])
        return at
