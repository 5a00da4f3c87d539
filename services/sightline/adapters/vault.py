"""Keys of children and areas in a file of their own, outside the ledger and its backups, each wrapped.

Destroying a row destroys everything sealed under that key, everywhere (P9).
"""

import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from sightline.adapters.wrapping import TABLE, Wrapping
from sightline.kernel.errors import Corrupt, Unavailable
from sightline.kernel.rows import select_in


def connect(path: Path) -> sqlite3.Connection:
    """The vault's file, opened so that a key is on disk before anything can be sealed under it."""
    file = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    file.execute("PRAGMA journal_mode=WAL")
    file.execute("PRAGMA synchronous=FULL")
    file.execute("PRAGMA cache_size=-256")  # kibibytes: keys that are wanted again are kept open, and not read again
    file.execute(TABLE)
    return file


class SqliteVault:
    """A key vault in one SQLite file. `wrapping` maps the name of each wrapping key to its 32 bytes; the last wraps."""

    def __init__(self, path: Path, wrapping: Mapping[str, bytes]) -> None:
        self._wrapping = Wrapping(wrapping)
        self._lock = threading.Lock()
        self._db = connect(path)

    def open(self, names: Sequence[str]) -> dict[str, bytes]:
        """The keys of those names that exist. Raises Corrupt for one that does not open."""
        with self._held() as file:
            found = self._wrapping.held(names)
            missing = [n for n in dict.fromkeys(names) if n not in found]
            rows = select_in(file.execute, "SELECT name, under, wrapped FROM keys WHERE name IN ({})", missing)
            found |= {row[0]: self._wrapping.opened(*row) for row in rows}
            self._wrapping.keep(found)
            return found

    def store(self, keys: Mapping[str, bytes]) -> None:
        """Keep new keys, durably before this returns."""
        rows = [self._wrapping.row(name, key) for name, key in keys.items()]
        with self._held() as file:
            file.execute("BEGIN IMMEDIATE")
            file.executemany("INSERT INTO keys VALUES (?,?,?) ON CONFLICT (name) DO NOTHING", rows)
            file.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    @contextmanager
    def _held(self) -> Iterator[sqlite3.Connection]:
        """The file, for one thread at a time; whatever fails leaves no transaction open."""
        with self._lock:
            try:
                yield self._db
            except sqlite3.OperationalError as exc:
                raise Unavailable("vault_unavailable", "the file of the key vault is busy or full") from exc
            except sqlite3.DatabaseError as exc:
                raise Corrupt("vault_damaged", "the file of the key vault is damaged") from exc
            finally:
                if self._db.in_transaction:
                    self._db.rollback()
