"""The feed stage: sealed leaves become numbered entries of the desks they are for."""

from sightline.feed.telling import TABLES, Areas, Telling, leaves_to_tell, recall_clocks
from sightline.kernel.ids import DeskId
from sightline.kernel.ports import Database
from sightline.ledger import clocks
from sightline.ledger.positions import advance, position, unmoved

__all__ = ["TABLES", "Areas", "Feed"]

NAME = "feed"
REBUILT = "rebuilt:views"
"""Position that counts how often the tables were rebuilt: who began before one reads the heads again."""
BATCH = 4096


class Feed:
    """The one writer of feeds; a second one anywhere loses by compare and set."""

    def __init__(self, *, database: Database, areas: Areas, origin: str) -> None:
        self._database = database
        self._areas = areas
        self._origin = origin
        self._telling = Telling()
        self._position = -1
        self._rebuilt = 0

    def __call__(self, limit: int = BATCH) -> set[DeskId]:
        """Tell of newly sealed leaves; the desks that have something new."""
        try:
            return self._tell(limit)
        except BaseException:
            # In memory only what is committed: after any failure the stored heads are read again.
            self._telling.heads.clear()
            self._position = -1
            raise

    def seq_of(self, desk: DeskId) -> int:
        """The number of the last entry that this process told that desk; 0 if it told none yet."""
        return self._telling.heads.get(desk, (0, ""))[0]

    def _tell(self, limit: int) -> set[DeskId]:
        with self._database.reading() as session:
            if self._position < 0:
                self._position, self._rebuilt = position(session, NAME), position(session, REBUILT)
            start = self._position
            rows = session.execute("SELECT size FROM register_head WHERE origin = ?", (self._origin,))
            end = min(int(rows[0][0]) if rows else 0, start + limit)
            if end <= start:
                return set()
            leaves = leaves_to_tell(session, start, end)
            self._telling.load(session, {row[3] for row in leaves})
            due = recall_clocks(session, leaves, self._areas)
        entries = self._telling.entries(leaves)
        with self._database.transaction() as session:
            advance(session, NAME, start, end)
            unmoved(session, REBUILT, self._rebuilt)
            self._telling.write(session, entries)
            session.execute_many(clocks.SET, due)
        self._position = end
        return {DeskId(row[3]) for row in leaves}
