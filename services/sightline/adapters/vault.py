"""Keys of children and areas in a database of their own, outside the ledger and its backups, each wrapped.

Destroying a row destroys everything sealed under that key, everywhere (P9). Rows name the dated wrapping key they are
under, so that a wrapping key can be retired when the backups that hold it have expired.
"""

import os
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sightline.kernel.errors import Corrupt

_KEPT = 20_000
"""Unwrapped keys held in memory."""
_CHUNK = 400


class SqliteVault:
    """A key vault in one SQLite file. `wrapping` maps the name of each wrapping key to its 32 bytes; the last wraps."""

    def __init__(self, path: Path, wrapping: Mapping[str, bytes]) -> None:
        self._wrapping = dict(wrapping)
        self._current = list(wrapping)[-1]
        self._lock = threading.Lock()
        self._open: OrderedDict[str, bytes] = OrderedDict()
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute("CREATE TABLE IF NOT EXISTS keys (name TEXT PRIMARY KEY, under TEXT, wrapped BLOB)")

    def open(self, names: Sequence[str]) -> dict[str, bytes]:
        """The keys of those names that exist."""
        with self._lock:
            found = {n: self._open[n] for n in names if n in self._open}
            missing = [n for n in dict.fromkeys(names) if n not in found]
            for start in range(0, len(missing), _CHUNK):
                chunk = missing[start : start + _CHUNK]
                marks = ",".join("?" * len(chunk))
                rows = self._db.execute(f"SELECT name, under, wrapped FROM keys WHERE name IN ({marks})", chunk)  # noqa: S608  # only question marks are put in
                found |= {name: self._unwrap(name, under, wrapped) for name, under, wrapped in rows}
            self._keep(found)
            return found

    def store(self, keys: Mapping[str, bytes]) -> None:
        """Keep new keys, durably before this returns."""
        rows = [(name, self._current, self._wrap(name, key)) for name, key in keys.items()]
        with self._lock:
            self._db.execute("BEGIN")
            self._db.executemany("INSERT INTO keys VALUES (?,?,?) ON CONFLICT (name) DO NOTHING", rows)
            self._db.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

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
        except (InvalidTag, KeyError) as exc:
            raise Corrupt("wrapped_key", "a key does not open under its wrapping key") from exc
