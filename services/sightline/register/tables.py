"""The register's tables, and the few statements that touch them. SQL that SQLite and PostgreSQL read alike."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sightline.formats.checkpoint import Checkpoint
from sightline.formats.merkle import HASH_BYTES
from sightline.formats.tile import WIDTH, Tile, count_at
from sightline.kernel.errors import Corrupt, Unavailable
from sightline.kernel.ports import Session

TABLES: tuple[str, ...] = (
    """
    CREATE TABLE IF NOT EXISTS register_head (
        origin TEXT PRIMARY KEY, size BIGINT NOT NULL, root BLOB NOT NULL, checkpoint TEXT NOT NULL
    )""",
    """
    CREATE TABLE IF NOT EXISTS register_tiles (
        level BIGINT NOT NULL, idx BIGINT NOT NULL, hashes BLOB NOT NULL, PRIMARY KEY (level, idx)
    )""",
)
"""DDL of what this stage owns. ``leaves`` belongs to ``decide``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """The last sealed state of one log."""

    origin: str
    size: int
    root: bytes
    checkpoint: str
    """The signed note; empty while nothing was ever sealed."""

    def is_as_signed(self) -> bool:
        """Whether the row says what its own signed checkpoint says."""
        text = self.checkpoint.rpartition("\n\n")[0] + "\n"
        return (
            len(self.root) == HASH_BYTES
            and text.encode() == Checkpoint(origin=self.origin, size=self.size, root=self.root).text()
        )


def read_head(session: Session, origin: str) -> Head | None:
    """The stored head, or None before the first seal."""
    rows = session.execute("SELECT size, root, checkpoint FROM register_head WHERE origin = ?", (origin,))
    if not rows:
        return None
    size, root, checkpoint = rows[0]
    return Head(origin=origin, size=size, root=bytes(root), checkpoint=checkpoint)


def claim_head(session: Session, believed: Head) -> None:
    """Hold the head for this transaction. Raises Unavailable ``overtaken`` when it is no longer the one believed."""
    if not believed.checkpoint:
        session.execute(
            "INSERT INTO register_head (origin, size, root, checkpoint) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (believed.origin, believed.size, believed.root, believed.checkpoint),
        )
    # Writing what stands there takes the row's lock on PostgreSQL; SQLite's writer has the whole file already.
    held = session.execute(
        "UPDATE register_head SET size = size WHERE origin = ? AND size = ? AND root = ? AND checkpoint = ?"
        " RETURNING size",
        (believed.origin, believed.size, believed.root, believed.checkpoint),
    )
    if not held:
        raise Unavailable("overtaken", "another sealer has moved the head")


def move_head(session: Session, head: Head) -> None:
    """Put a new head in the place of the one claimed in this transaction."""
    session.execute(
        "UPDATE register_head SET size = ?, root = ?, checkpoint = ? WHERE origin = ?",
        (head.size, head.root, head.checkpoint, head.origin),
    )


def read_entries(session: Session, start: int, limit: int) -> list[bytes]:
    """The bodies of leaves from number `start` on. Raises Corrupt for a gap in the numbers."""
    rows = session.execute("SELECT n, body FROM leaves WHERE n >= ? ORDER BY n LIMIT ?", (start, limit))
    if rows and (rows[0][0] != start or rows[-1][0] != start + len(rows) - 1):
        raise Corrupt("leaf_gap", f"the leaves from number {start} on are not dense")
    return [bytes(body) for _, body in rows]


def read_tile(session: Session, level: int, index: int) -> bytes:
    """The joined hashes of one tile at its widest; empty when there is none."""
    rows = session.execute("SELECT hashes FROM register_tiles WHERE level = ? AND idx = ?", (level, index))
    return bytes(rows[0][0]) if rows else b""


def tile_source(session: Session) -> Callable[[int, int], bytes]:
    """Tiles by level and index, each read once."""
    seen: dict[tuple[int, int], bytes] = {}

    def tile(level: int, index: int) -> bytes:
        if (level, index) not in seen:
            seen[level, index] = read_tile(session, level, index)
        return seen[level, index]

    return tile


def tiles_from(session: Session, size: int, levels: int) -> dict[tuple[int, int], bytes]:
    """Every stored tile at or beyond the right edge of a tree of `size` leaves, for the lowest `levels` levels."""
    found = {}
    for level in range(levels):
        first = count_at(level, size) // WIDTH
        rows = session.execute("SELECT idx, hashes FROM register_tiles WHERE level = ? AND idx >= ?", (level, first))
        found.update({(level, index): bytes(hashes) for index, hashes in rows})
    return found


def write_tiles(session: Session, size: int, tiles: Sequence[Tile]) -> None:
    """Store new and wider tiles of a tree that had `size` leaves.

    A stored tile may only be continued: any other bytes at its place raise Corrupt, so that a full tile never changes.
    A tile already stored wider (a log begun anew over restored leaves) is left as it is.
    """
    stored = tiles_from(session, size, 1 + max((tile.level for tile in tiles), default=-1))
    wider = [tile for tile in tiles if _continues(stored.get((tile.level, tile.index), b""), tile)]
    session.execute_many(
        "INSERT INTO register_tiles (level, idx, hashes) VALUES (?, ?, ?)"
        " ON CONFLICT (level, idx) DO UPDATE SET hashes = excluded.hashes",
        _rows(wider),
    )


def _continues(stored: bytes, tile: Tile) -> bool:
    """Whether the tile must be written. Raises Corrupt when it contradicts what is stored."""
    common = min(len(stored), len(tile.hashes))
    if stored[:common] != tile.hashes[:common]:
        raise Corrupt("tile_differs", f"tile {tile.level}/{tile.index} is stored with other hashes")
    return len(tile.hashes) > len(stored)


def _rows(tiles: Iterable[Tile]) -> list[tuple[int, int, bytes]]:
    return [(tile.level, tile.index, tile.hashes) for tile in tiles]
