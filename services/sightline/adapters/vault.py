"""Keys of children and areas in a database of their own, outside the ledger and its backups, each wrapped.

Destroying a row destroys everything sealed under that key, everywhere (P9). Rows name the dated wrapping key they are
under, so that a wrapping key can be retired when the backups that hold it have expired.
"""

import os
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sightline.kernel.errors import Corrupt, Unavailable

_KEPT = 20_000
"""Unwrapped keys held in memory."""
_CHUNK = 400


def connect(path: Path) -> sqlite3.Connection:
    """The vault's file, opened so that a key is on disk before anything can be sealed under it."""
    file = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    file.execute("PRAGMA journal_mode=WAL")
    file.execute("PRAGMA synchronous=FULL")
    file.execute("CREATE TABLE IF NOT EXISTS keys (name TEXT PRIMARY KEY, under TEXT, wrapped BLOB)")
    return file


class SqliteVault:
    """A key vault in one SQLite file. `wrapping` maps the name of each wrapping key to its 32 bytes; the last wraps."""

    def __init__(self, path: Path, wrapping: Mapping[str, bytes]) -> None:
        self._wrapping = dict(wrapping)
        self._current = list(wrapping)[-1]
        self._lock = threading.Lock()
        self._open: OrderedDict[str, bytes] = OrderedDict()
        self._db = connect(path)

    def open(self, names: Sequence[str]) -> dict[str, bytes]:
        """The keys of those names that exist. Raises Corrupt for one that does not open."""
        with self._held() as file:
            found = {n: self._open[n] for n in names if n in self._open}
            missing = [n for n in dict.fromkeys(names) if n not in found]
            for start in range(0, len(missing), _CHUNK):
                chunk = missing[start : start + _CHUNK]
                marks = ",".join("?" * len(chunk))
                rows = file.execute(f"SELECT name, under, wrapped FROM keys WHERE name IN ({marks})", chunk)  # noqa: S608  # only question marks are put in
                found |= {name: self._unwrap(name, under, wrapped) for name, under, wrapped in rows}
            self._keep(found)
            return found

    def store(self, keys: Mapping[str, bytes]) -> None:
        """Keep new keys, durably before this returns."""
        rows = [(name, self._current, self._wrap(name, key)) for name, key in keys.items()]
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

    def _keep(self, keys: Mapping[str, bytes]) -> None:
        self._open.update(keys)
        while len(self._open) > _KEPT:
            self._open.popitem(last=False)

    def _wrap(self, name: str, key: bytes) -> bytes:
        nonce = os.urandom(12)
        return nonce + AESGCM(self._wrapping[self._current]).encrypt(nonce, key, name.encode())

    def _unwrap(self, name: str, under: str, wrapped: bytes) -> bytes:
        try:
            return AESGCM(self._wrapping[under]).decrypt(wrapped[:12], wrapped[12:], name.encode())
        except (InvalidTag, KeyError, ValueError) as exc:
            raise Corrupt("wrapped_key", "a key does not open under its wrapping key") from exc
