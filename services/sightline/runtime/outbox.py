"""What is recorded and not yet on the broker: receipts by agency, feed entries by desk, each topic in its own order.

Each topic has a position of its own, in the database: the last number that the broker is known to have. It moves after
the broker said so, by compare and set. So everything is published at least once, and whoever reads a topic knows by the
number (of a feed entry: `seq`; of a receipt: `number`) what it had already. Setting a position back tells again.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import orjson

from sightline.formats import topic_names
from sightline.formats.feed import FeedEntry, entry_json
from sightline.kernel.errors import Corrupt, Refused
from sightline.kernel.ids import AgencyId, DeskId
from sightline.kernel.ports import Database, Row, Session
from sightline.ledger.directory import Directory
from sightline.ledger.positions import advance

RECEIPTS = "relay:receipts:"
FEED = "relay:feed:"
"""What positions are called, before the agency's or desk's name."""
AT_ONCE = 500
"""Letters of one topic in one go."""

Letter = tuple[bytes, bytes]
"""Key and value. A receipt's key is its name, under which the hub gives it again; a feed entry's is the desk."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """The next letters of one topic, in order, without a gap."""

    name: str
    """Of the position."""
    topic: str
    start: int
    """Number of the last letter before these."""
    letters: Sequence[Letter]


class Outbox:
    """Reads what is to be published. Keeps nothing in memory: who else moved a position is seen at once."""

    def __init__(self, *, database: Database, directory: Directory) -> None:
        self._database = database
        self._directory = directory

    def runs(self, *, without: Collection[str] = (), limit: int = AT_ONCE) -> list[Run]:
        """The next letters of every topic that has any, those left out that are named (by their positions)."""
        self._directory.refresh()
        with self._database.reading() as session:
            waiting = [(name, start) for name, start, _ in self._waiting(session) if name not in without]
            runs = [_run(session, name, start, limit) for name, start in waiting]
        return [run for run in runs if run.letters]

    def lag(self) -> int:
        """How many letters wait."""
        self._directory.refresh()
        with self._database.reading() as session:
            return sum(last - start for _, start, last in self._waiting(session))

    def published(self, run: Run, count: int) -> None:
        """The broker has the run's first `count` letters. Raises `Overtaken` when another relay was first."""
        with self._database.transaction() as session:
            advance(session, run.name, run.start, run.start + count)

    def _waiting(self, session: Session) -> list[tuple[str, int, int]]:
        """Topics that are behind: position's name, its number, and the last number that there is."""
        desks = self._directory.desks()
        last = _receipts(session, sorted({desk.agency for desk in desks})) | _feeds(
            session, {desk.id for desk in desks}
        )
        # A semicolon follows a colon in ASCII: the range is every name that begins so.
        rows = session.execute("SELECT name, position FROM positions WHERE name > 'relay:' AND name < 'relay;'")
        told = {str(name): int(position) for name, position in rows}
        return [(name, told.get(name, 0), end) for name, end in last.items() if end > told.get(name, 0)]


def retell(database: Database, whose: str, after: int = 0) -> str:
    """Have it published again what comes after that number, to an agency's or a desk's topic, whose name is returned.

    For a topic that was deleted and made again. Raises Refused ``not_told_so_far`` for a number not reached yet.
    """
    name = (FEED if "/" in whose else RECEIPTS) + whose
    topic = _topic(name)
    with database.transaction() as session:
        moved = session.execute(
            "UPDATE positions SET position = ? WHERE name = ? AND position >= ? RETURNING position",
            (after, name, after),
        )
    if not moved:
        raise Refused("not_told_so_far", "nothing was published there yet, or not so much")
    return topic


def _topic(name: str) -> str:
    if name.startswith(FEED):
        return topic_names.feed_topic(DeskId(name.removeprefix(FEED)))
    return topic_names.receipts_topic(AgencyId(name.removeprefix(RECEIPTS)))


def _receipts(session: Session, agencies: Sequence[AgencyId]) -> dict[str, int]:
    """Each agency's last number, found by index: a maximum by group would read every receipt there is."""
    if not agencies:
        return {}
    one = "SELECT ?, (SELECT MAX(number) FROM receipts WHERE agency = ?)"
    asked = [agency for agency in agencies for _ in range(2)]
    rows = session.execute(" UNION ALL ".join([one] * len(agencies)), asked)
    return {RECEIPTS + agency: int(last or 0) for agency, last in rows}


def _feeds(session: Session, desks: Collection[DeskId]) -> dict[str, int]:
    rows = session.execute("SELECT desk, seq FROM feed_heads")
    return {FEED + desk: int(last) for desk, last in rows if desk in desks}


def _run(session: Session, name: str, start: int, limit: int) -> Run:
    letters = _entries if name.startswith(FEED) else _bodies
    return Run(name=name, topic=_topic(name), start=start, letters=letters(session, name, start, limit))


def _bodies(session: Session, name: str, start: int, limit: int) -> list[Letter]:
    rows = session.execute(
        "SELECT number, id, body FROM receipts WHERE agency = ? AND number > ? ORDER BY number LIMIT ?",
        (name.removeprefix(RECEIPTS), start, limit),
    )
    return [(str(name).encode(), bytes(body)) for _, name, body in _dense(rows, start)]


def _entries(session: Session, name: str, start: int, limit: int) -> list[Letter]:
    desk = name.removeprefix(FEED)
    rows = session.execute(
        "SELECT seq, leaf, leaf_hash, kind FROM feed WHERE desk = ? AND seq > ? ORDER BY seq LIMIT ?",
        (desk, start, limit),
    )
    return [
        (desk.encode(), orjson.dumps(entry_json(FeedEntry(seq=int(seq), leaf=leaf, leaf_hash=hashed, kind=kind))))
        for seq, leaf, hashed, kind in _dense(rows, start)
    ]


def _dense(rows: Sequence[Row], start: int) -> Sequence[Row]:
    """The rows, if their numbers go on from `start` without a gap: positions count letters. Raises Corrupt."""
    if [int(row[0]) for row in rows] != list(range(start + 1, start + 1 + len(rows))):
        raise Corrupt("numbers_missing", "a number between two is missing")
    return rows
