"""Sealed leaves into numbered entries and the clocks of recalls: what the feed stage writes, and a rebuild writes again."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Protocol

import orjson

from sightline.formats.feed import START, FeedEntry, running_hash
from sightline.formats.merkle import leaf_hashes
from sightline.kernel.ports import Row, Session
from sightline.kernel.rows import select_in
from sightline.ledger import clocks

TABLES = (
    (
        "CREATE TABLE IF NOT EXISTS feed (desk TEXT, seq BIGINT, leaf TEXT, leaf_hash TEXT, kind TEXT, item BIGINT,"
        " PRIMARY KEY (desk, seq))"
    ),
    "CREATE TABLE IF NOT EXISTS feed_heads (desk TEXT PRIMARY KEY, seq BIGINT, running TEXT)",
)

RECALL_ANSWER = "recall_answer"
"""Kind of the clock that a recall sets."""
BREACH = "breach"
"""Kind of the clock that makes a person judge a disclosure that was wrong."""


class Areas(Protocol):
    """How long a desk has to answer a recall, by area."""

    def recall_answer(self, area: str) -> timedelta:
        """The time allowed."""


def leaves_to_tell(session: Session, start: int, end: int) -> list[Row]:
    """Number, id, item, desk, kind and bytes of the leaves in that range that some desk is told of."""
    return session.execute(
        "SELECT n, id, item, desk, kind, body FROM leaves WHERE n >= ? AND n < ? AND kind <> '' ORDER BY n",
        (start, end),
    )


class Telling:
    """Where each desk's feed has come to, in memory."""

    def __init__(self) -> None:
        self.heads: dict[str, tuple[int, str]] = {}
        """Desk to the number and running hash of its last entry, for the desks that were looked at."""

    def load(self, session: Session, desks: set[str]) -> None:
        """Have those desks' heads in hand."""
        missing = sorted(d for d in desks if d not in self.heads)
        if not missing:
            return
        rows = select_in(session.execute, "SELECT desk, seq, running FROM feed_heads WHERE desk IN ({})", missing)
        self.heads |= dict.fromkeys(missing, (0, START)) | {r[0]: (int(r[1]), r[2]) for r in rows}

    def entries(self, leaves: Sequence[Row]) -> list[tuple[str, int, str, str, str, int]]:
        """Rows of the feeds: the next number of each leaf's desk, whose head moves on."""
        hashes = leaf_hashes([bytes(row[5]) for row in leaves])
        entries = []
        for (_, leaf, item, desk, kind, _), hashed in zip(leaves, hashes, strict=True):
            seq, running = self.heads[desk]
            entry = FeedEntry(seq=seq + 1, leaf=leaf, leaf_hash=hashed.hex(), kind=kind)
            self.heads[desk] = (entry.seq, running_hash(running, entry))
            entries.append((desk, entry.seq, leaf, entry.leaf_hash, kind, int(item)))
        return entries

    def write(self, session: Session, entries: Sequence[Sequence[str | int]]) -> None:
        """Keep entries, and the heads of their desks."""
        session.execute_many("INSERT INTO feed VALUES (?,?,?,?,?,?)", entries)
        session.execute_many(
            "INSERT INTO feed_heads VALUES (?,?,?) ON CONFLICT (desk) DO UPDATE"
            " SET seq = excluded.seq, running = excluded.running",
            [(desk, *self.heads[desk]) for desk in sorted({str(entry[0]) for entry in entries})],
        )


Clock = tuple[str, str, int, str, str, str, str]
"""What `clocks.SET` takes."""


def recall_clocks(session: Session, leaves: Sequence[Row], areas: Areas) -> list[Clock]:
    """A recall must be answered, and a clock runs (P8): those of the recalls among the leaves."""
    recalls = [row for row in leaves if row[4] == "recall"]
    if not recalls:
        return []
    rows = select_in(
        session.execute,
        "SELECT f.position, f.stream, i.area, i.children FROM item_folds f JOIN items i ON i.ref = f.ref"
        " WHERE f.position IN ({})",
        sorted({int(row[2]) for row in recalls}),
    )
    where: Mapping[int, tuple[str, str]] = {int(p): (stream, area) for p, stream, area, _ in rows}
    home = {int(p): (children.partition(" ")[0] or stream, area) for p, stream, area, children in rows}
    known = [row for row in recalls if int(row[2]) in where]
    breaches = {clock[0]: clock for row in reversed(known) for clock in _breach(row, home[int(row[2])])}
    return [*(_clock(row, where[int(row[2])], areas) for row in known), *breaches.values()]


def _clock(recall: Row, where: tuple[str, str], areas: Areas) -> Clock:
    _, leaf, _, desk, _, body = recall
    stream, area = where
    due = int(orjson.loads(bytes(body))["ts"]) + int(areas.recall_answer(area).total_seconds())
    return clocks.clock_id(RECALL_ANSWER, stream, leaf), RECALL_ANSWER, due, stream, leaf, desk, area


def _breach(recall: Row, home: tuple[str, str]) -> Iterator[Clock]:
    """What should never have been shown is a breach, to be judged within 72 hours: one for each cause (†)."""
    members = orjson.loads(bytes(recall[5]))
    if members["kind"] == "wrong_disclosure":
        stream, area = home
        ref = f"{members['cause']}:{members['ts']}"
        yield clocks.clock_id(BREACH, "", ref), BREACH, int(members["ts"]), stream, ref, "", area
