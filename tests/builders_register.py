"""Builders for the register: leaves, a database that holds them, a sealed folder. Every key is made from a fixed seed."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from eventsourcing.persistence import InfrastructureFactory
from eventsourcing.utils import Environment

from sightline.formats import base64url
from sightline.formats.bundle import pack
from sightline.formats.checkpoint import Checkpoint, sign_checkpoint
from sightline.formats.merkle import leaf_hashes
from sightline.formats.note import Ed25519Signer
from sightline.formats.tile import ENTRIES, WIDTH, Edge, TilePath
from sightline.kernel.ports import Database
from sightline.register import TABLES, Export, Register

ORIGIN = "hub.example/hampshire"

LEAVES_TABLE = (
    "CREATE TABLE IF NOT EXISTS leaves (n BIGINT PRIMARY KEY, id TEXT UNIQUE, cause BIGINT, item BIGINT, desk TEXT,"
    " typ TEXT, eff TEXT, told TEXT, sup TEXT, body BLOB)"
)
"""As the decide stage makes it."""


def a_digest(text: str) -> str:
    """A digest as leaves write it, of nothing in particular."""
    return base64url.text(sha256(text.encode()).digest())


POLICY = f"sha256:{a_digest('policy')}"
ENGINE = f"sha256:{a_digest('engine')}"


def a_checkpoint_key(seed: str = "checkpoint", origin: str = ORIGIN) -> Ed25519Signer:
    """A log's signing key."""
    return Ed25519Signer(origin, Ed25519PrivateKey.from_private_bytes(sha256(seed.encode()).digest()))


def a_leaf_id(name: object) -> str:
    """An opaque id as the hub would derive it."""
    return f"l-{sha256(str(name).encode()).hexdigest()[:26]}"


def a_policy_leaf(cause: int = 1, **changes: Any) -> dict[str, Any]:
    """The announcement of the policy and the engine that `a_decision_leaf` names."""
    leaf = {"v": 1, "typ": "policy", "id": a_leaf_id(f"policy {cause}"), "cause": cause, "item": cause, "desk": "hub"}
    return {**leaf, "pol": POLICY, "eng": ENGINE, "edn": 1, "ts": 1_700_000_000, **changes}


def a_decision_leaf(cause: int, desk: str = "hampshire-police/missing", **changes: Any) -> dict[str, Any]:
    """A decision about the item recorded at position `cause`."""
    leaf = {
        "v": 1,
        "typ": "decision",
        "id": a_leaf_id(f"{cause} {desk}"),
        "cause": cause,
        "item": cause,
        "desk": desk,
        "eff": "disclose",
        "classes": ["assessment", "identity"],
        "withheld": ["source_contact:D-42"],
        "told": "classes",
        "rules": ["D-01", "D-42"],
        "basis": ["ca_2004_s11"],
        "obl": [],
        "pur": "missing_or_safeguarding_response",
        "pol": POLICY,
        "eng": ENGINE,
        "edn": 1,
        "by": "rule",
        "ts": 1_700_000_000 + cause,
        "cfacts": a_digest(f"facts {cause} {desk}"),
        "citem": a_digest(f"item {cause}"),
    }
    return {**leaf, **changes}


def a_recall_leaf(cause: int, recalled: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The recall of an earlier decision."""
    leaf = {"v": 1, "typ": "recall", "id": a_leaf_id(f"recall {cause} {recalled['id']}"), "cause": cause}
    same = {"item": recalled["item"], "desk": recalled["desk"], "of": recalled["id"]}
    return {**leaf, **same, "kind": "lapsed", "edn": 1, "ts": 1_700_000_000 + cause, **changes}


def leaf_bytes(leaf: dict[str, Any]) -> bytes:
    """A leaf as it stands in the register."""
    return orjson.dumps(leaf, option=orjson.OPT_SORT_KEYS)


DESKS = ("hampshire-police/missing", "hampshire-police/mash", "solent-health/safeguarding")


def some_leaves(count: int) -> list[dict[str, Any]]:
    """A policy's announcement and then, for item after item, one decision for each of three desks."""
    return [_leaf(number) for number in range(count)]


def _leaf(number: int) -> dict[str, Any]:
    decision = number - 1
    return a_decision_leaf(2 + decision // 3, sorted(DESKS)[decision % 3]) if number else a_policy_leaf()


def some_entries(count: int, start: int = 0) -> list[bytes]:
    """The bytes of `some_leaves`, from number `start` on."""
    return [_entry(number) for number in range(start, count)]


@cache
def _entry(number: int) -> bytes:
    return leaf_bytes(_leaf(number))


@contextmanager
def a_database(**settings: str) -> Iterator[Database]:
    """A database of the library's settings, with the tables of decide and register."""
    factory: InfrastructureFactory[Any] = InfrastructureFactory.construct(Environment("hub", settings))
    recorder: Any = factory.application_recorder()
    try:
        yield with_tables(recorder.database)
    finally:
        factory.close()


def an_sqlite_database(folder: Path) -> AbstractContextManager[Database]:
    """The database that the hub uses when it is embedded."""
    return a_database(PERSISTENCE_MODULE="sightline.adapters.sqlite", SQLITE_DBNAME=str(folder / "hub.sqlite"))


def tamper(database: Database, sql: str, params: Sequence[bytes | int] = ()) -> None:
    """Change what stands behind the register's back."""
    with database.transaction() as session:
        session.execute(sql, params)


def with_tables(database: Database) -> Database:
    """The same database, with the tables that sealing needs."""
    with database.transaction() as session:
        for statement in (LEAVES_TABLE, *TABLES):
            session.execute(statement)
    return database


def decide_leaves(database: Database, entries: Iterable[bytes]) -> None:
    """Put leaves behind those already there, as the decide stage does."""
    with database.transaction() as session:
        start = session.execute("SELECT COUNT(*) FROM leaves")[0][0]
        rows = [(start + at, _id_of(entry, start + at), entry) for at, entry in enumerate(entries)]
        session.execute_many("INSERT INTO leaves (n, id, body) VALUES (?, ?, ?)", rows)


def a_register(database: Database, folder: Path | None = None, **options: Any) -> Register:
    """A sealer of that database, and of the folder if there is one."""
    key = a_checkpoint_key()
    export = Export(folder, vkey=key.vkey) if folder else None
    return Register(database=database, signer=key, origin=ORIGIN, export=export, **options)


@contextmanager
def a_sealed_folder(folder: Path, leaves: Sequence[dict[str, Any]], *, steps: Sequence[int] = ()) -> Iterator[Register]:
    """A register over these leaves, exported to ``folder/register``: sealed after each of `steps`, then whole."""
    with an_sqlite_database(folder) as database:
        register = a_register(database, folder / "register")
        start = 0
        for end in (*steps, len(leaves)):
            decide_leaves(database, [leaf_bytes(leaf) for leaf in leaves[start:end]])
            while register.seal().count:
                pass
            start = end
        yield register


def write_folder(folder: Path, entries: Sequence[bytes], signer: Ed25519Signer | None = None) -> None:
    """A register's folder made from the formats alone, as an operator with the key could make any."""
    edge, tiles = Edge().extended(leaf_hashes(entries))
    for tile in tiles:
        write_file(folder, str(tile.path), tile.hashes)
    for start in range(0, len(entries), WIDTH):
        some = entries[start : start + WIDTH]
        write_file(folder, str(TilePath(ENTRIES, start // WIDTH, len(some))), pack(some))
    write_checkpoint(folder, Checkpoint(origin=ORIGIN, size=len(entries), root=edge.root()), signer)


def write_checkpoint(folder: Path, checkpoint: Checkpoint, signer: Ed25519Signer | None = None) -> None:
    """Sign a checkpoint into the folder."""
    write_file(folder, "checkpoint", sign_checkpoint(checkpoint, signer or a_checkpoint_key()))


def write_file(folder: Path, name: str, data: bytes) -> None:
    """Put bytes at a relative path."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _id_of(entry: bytes, number: int) -> str:
    return str(orjson.loads(entry)["id"]) if entry.startswith(b"{") else str(number)
