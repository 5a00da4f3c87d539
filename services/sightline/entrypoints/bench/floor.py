"""The row "floor": what nobody can do without. The same bytes, their signatures checked, put into SQLite; no policy.

Two threads check a batch while the one before is written, as the hub does: 256 to a transaction, `synchronous=FULL`.
"""

import sqlite3
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import sha256
from typing import Any

from sightline.entrypoints.bench import wire
from sightline.entrypoints.bench.measure import Spent, peak_memory_mb
from sightline.entrypoints.bench.rounds import Asked
from sightline.formats import jws

BATCH = 256
CHECKERS = 2
_SHARE = BATCH // CHECKERS

Keys = dict[str, tuple[str, bytes]]
Row = tuple[bytes, bytes]


def measure(asked: Asked) -> dict[str, Any]:
    """The row; needs the bytes that the row in process left."""
    keys = wire.read_keys(asked.folder / "keys.json")
    batches = list(wire.read_batches(asked.folder / "events.bin", BATCH))
    database = _database(asked)
    spent = Spent()
    with ThreadPoolExecutor(max_workers=CHECKERS) as pool, spent.measured():
        written = _run(pool, database, keys, batches)
    database.close()
    return {
        "submissions": written,
        "submissions_per_s": spent.rate(written),
        "wall_s": round(spent.wall_s, 3),
        "cpu_s": round(spent.cpu_s, 3),
        "peak_memory_mb": peak_memory_mb(),
    }


def _database(asked: Asked) -> sqlite3.Connection:
    database = sqlite3.connect(asked.folder / "floor.sqlite", isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("DROP TABLE IF EXISTS submissions")
    database.execute("CREATE TABLE submissions (digest BLOB PRIMARY KEY, body BLOB)")
    return database


def _run(pool: ThreadPoolExecutor, database: sqlite3.Connection, keys: Keys, batches: Sequence[list[bytes]]) -> int:
    written = 0
    checking = _start(pool, keys, batches[0]) if batches else []
    for following in [*batches[1:], []]:
        rows = [row for share in checking for row in share.result()]
        checking = _start(pool, keys, following)
        database.execute("BEGIN")
        database.executemany("INSERT INTO submissions VALUES (?,?)", rows)
        database.execute("COMMIT")
        written += len(rows)
    return written


def _start(pool: ThreadPoolExecutor, keys: Keys, batch: Sequence[bytes]) -> "list[Future[list[Row]]]":
    return [pool.submit(_check, keys, batch[at : at + _SHARE]) for at in range(0, len(batch), _SHARE)]


def _check(keys: Keys, share: Sequence[bytes]) -> list[Row]:
    return [(_verified(keys, compact), compact) for compact in share]


def _verified(keys: Keys, compact: bytes) -> bytes:
    signed = jws.parse(compact, jws.EVENT)
    alg, public = keys[signed.kid]
    if not jws.is_signed(alg=alg, public=public, signing_input=signed.signing_input, signature=signed.signature):
        raise ValueError("a signature of the workload does not match")
    return sha256(signed.payload).digest()
