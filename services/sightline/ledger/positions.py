"""How far each follower has come. A follower commits its result and its new position in one transaction, or neither.

The advance is a compare and set: a consumer that was overtaken finds another position than it started from and fails,
with all it wrote, where the library's own tracking would let an overlapping batch through.
"""

from sightline.kernel.errors import Unavailable
from sightline.kernel.ports import Session

TABLES = ("CREATE TABLE IF NOT EXISTS positions (name TEXT PRIMARY KEY, position BIGINT NOT NULL)",)


class Overtaken(Unavailable):
    """Another follower of the same name was first. Drop what is in memory and read the position again."""

    def __init__(self, name: str) -> None:
        super().__init__("overtaken", f"another {name} was first")


def position(session: Session, name: str) -> int:
    """The position up to which that follower has committed its results; 0 at the start."""
    rows = session.execute("SELECT position FROM positions WHERE name = ?", (name,))
    return int(rows[0][0]) if rows else 0


def advance(session: Session, name: str, start: int, end: int) -> None:
    """Move from the position that the batch started at. Raises `Overtaken`.

    Called before the batch's results are written: on PostgreSQL it holds the row until the transaction ends, so that a
    second follower waits and is then overtaken, where it would else fail on a row that the first has written.
    """
    session.execute("INSERT INTO positions VALUES (?, 0) ON CONFLICT (name) DO NOTHING", (name,))
    moved = session.execute(
        "UPDATE positions SET position = ? WHERE name = ? AND position = ? RETURNING position", (end, name, start)
    )
    if not moved:
        raise Overtaken(name)


def held(session: Session, name: str) -> int:
    """The position, with its follower kept from moving it until the transaction ends."""
    session.execute("INSERT INTO positions VALUES (?, 0) ON CONFLICT (name) DO NOTHING", (name,))
    rows = session.execute("UPDATE positions SET position = position WHERE name = ? RETURNING position", (name,))
    return int(rows[0][0])


def unmoved(session: Session, name: str, start: int) -> None:
    """Raises `Overtaken` unless the position is still where it was. Asked after `advance`: who holds its row is done."""
    if position(session, name) != start:
        raise Overtaken(name)
