"""A database of one process's own, on disk and nowhere in its folders: when the process ends, however it ends, it is gone.

What is rebuilt grows as large as what stands, so it is not held in memory; and it says of children what the hub's tables
say, so it lies where they do, and in no folder that is everybody's.
"""

import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sightline.adapters.sqlite import SqliteSession, faults
from sightline.kernel.ports import Session

_SETTINGS = (
    # Nothing of it outlives the process, so nothing need be kept for the case that the process dies.
    "PRAGMA journal_mode=OFF",
    "PRAGMA synchronous=OFF",
    "PRAGMA locking_mode=EXCLUSIVE",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-16384",
)


class Scratch:
    """One connection, for one thread. What fails within a transaction leaves it unusable."""

    def __init__(self, folder: Path, tables: Sequence[str]) -> None:
        """`folder`: on whose disk it lies. Raises Unavailable ``database_unavailable``."""
        with faults(), tempfile.TemporaryDirectory(prefix="rebuild-", dir=folder) as made:
            self._db = sqlite3.connect(Path(made) / "rows", isolation_level=None)
            for statement in (*_SETTINGS, *tables):
                SqliteSession(self._db.cursor()).execute(statement)
        # The file has no name any more; the connection holds what is in it.

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Read and write."""
        with faults():
            self._db.execute("BEGIN")
            yield SqliteSession(self._db.cursor())
            self._db.execute("COMMIT")

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Read."""
        with faults():
            yield SqliteSession(self._db.cursor())

    def close(self) -> None:
        """Let it go."""
        self._db.close()
