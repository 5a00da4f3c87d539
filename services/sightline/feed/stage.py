"""The feed stage: sealed leaves become numbered entries of the desks they are for."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Protocol

import orjson

from sightline.formats.feed import START, FeedEntry, running_hash
from sightline.formats.merkle import leaf_hashes
from sightline.kernel.ids import DeskId
from sightline.kernel.ports import Database, Row, Session
from sightline.kernel.rows import select_in
from sightline.ledger import clocks
from sightline.ledger.positions import advance, position

NAME = "feed"
BATCH = 4096

TABLES = (
    (
        "CREATE TABLE IF NOT EXISTS feed (desk TEXT, seq BIGINT, leaf TEXT, leaf_hash TEXT, kind TEXT, item BIGINT,"
        " PRIMARY KEY (desk, seq))"
    ),
    "CREATE TABLE IF NOT EXISTS feed_heads (desk TEXT PRIMARY KEY, seq BIGINT, running TEXT)",
)


class Areas(Protocol):
    """How long a desk has to answer a recall, by area."""

    def recall_answer(self, area: str) -> timedelta:
        """The time allowed."""


class Feed:
    """The one writer of feeds; a second one anywhere loses by compare and set."""

    def __init__(self, *, database: Database, areas: Areas, origin: str) -> None:
        self._database = database
        self._areas = areas
        self._origin = origin
        self._heads: dict[str, tuple[int, str]] = {}
        self._position = -1

    def __call__(self, limit: int = BATCH) -> set[DeskId]:
        """Tell of newly sealed leaves; the desks that have something new."""
        try:
            return self._tell(limit)
        except BaseException:
            # In memory only what is committed: after any failure the stored heads are read again.
            self._heads.clear()
            self._position = -1
            raise

    def seq_of(self, desk: DeskId) -> int:
        """The number of the last entry that this process told that desk; 0 if it told none yet."""
        return self._heads.get(desk, (0, ""))[0]

    def _tell(self, limit: int) -> set[DeskId]:
        with self._database.reading() as session:
            start = self._position if self._position >= 0 else position(session, NAME)
            rows = session.execute("SELECT size FROM register_head WHERE origin = ?", (self._origin,))
            end = min(int(rows[0][0]) if rows else 0, start + limit)
            if end <= start:
                self._position = start
                return set()
            leaves = session.execute(
                "SELECT n, id, item, desk, kind, body FROM leaves WHERE n >= ? AND n < ? AND kind <> '' ORDER BY n",
                (start, end),
            )
            self._load_heads(session, {row[3] for row in leaves})
        entries = self._entries(leaves)
        with self._database.transaction() as session:
            advance(session, NAME, start, end)
            self._write(session, entries, {row[3] for row in leaves})
            self._set_clocks(session, [row for row in leaves if row[4] == "recall"])
        self._position = end
        return {DeskId(row[3]) for row in leaves}

    def _entries(self, leaves: Sequence[Row]) -> list[tuple[str, int, str, str, str, int]]:
        hashes = leaf_hashes([bytes(row[5]) for row in leaves])
        entries = []
        for (_, leaf, item, desk, kind, _), hashed in zip(leaves, hashes, strict=True):
            seq, running = self._heads[desk]
            entry = FeedEntry(seq=seq + 1, leaf=leaf, leaf_hash=hashed.hex(), kind=kind)
            self._heads[desk] = (entry.seq, running_hash(running, entry))
            entries.append((desk, entry.seq, leaf, entry.leaf_hash, kind, int(item)))
        return entries

    def _load_heads(self, session: Session, desks: set[str]) -> None:
        missing = sorted(d for d in desks if d not in self._heads)
        if not missing:
            return
        rows = select_in(session.execute, "SELECT desk, seq, running FROM feed_heads WHERE desk IN ({})", missing)
        self._heads |= dict.fromkeys(missing, (0, START)) | {r[0]: (int(r[1]), r[2]) for r in rows}

    def _write(self, session: Session, entries: Sequence[Sequence[str | int]], desks: set[str]) -> None:
        session.execute_many("INSERT INTO feed VALUES (?,?,?,?,?,?)", entries)
        session.execute_many(
            "INSERT INTO feed_heads VALUES (?,?,?) ON CONFLICT (desk) DO UPDATE"
            " SET seq = excluded.seq, running = excluded.running",
            [(desk, *self._heads[desk]) for desk in sorted(desks)],
        )

    def _set_clocks(self, session: Session, recalls: Sequence[Row]) -> None:
        """A recall must be answered, and a clock runs (P8)."""
        if not recalls:
            return
        rows = select_in(
            session.execute,
            "SELECT f.position, f.stream, i.area FROM item_folds f JOIN items i ON i.ref = f.ref"
            " WHERE f.position IN ({})",
            sorted({int(row[2]) for row in recalls}),
        )
        where: Mapping[int, tuple[str, str]] = {int(p): (stream, area) for p, stream, area in rows}
        session.execute_many(clocks.SET, [self._clock(row, where) for row in recalls if int(row[2]) in where])

    def _clock(self, recall: Row, where: Mapping[int, tuple[str, str]]) -> tuple[str, str, int, str, str, str, str]:
        _, leaf, item, desk, _, body = recall
        stream, area = where[int(item)]
        allowed = int(self._areas.recall_answer(area).total_seconds())
        due = int(orjson.loads(bytes(body))["ts"]) + allowed
        return clocks.clock_id("recall_answer", stream, leaf), "recall_answer", due, stream, leaf, desk, area
