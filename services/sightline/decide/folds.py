"""Folds in tables, with the position they were folded to. Children's are sealed under the child's key."""

import os
from collections.abc import Sequence
from sys import intern

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from sightline.decide.writing import Rows
from sightline.kernel.ports import Database, Row, Value
from sightline.kernel.rows import select_in
from sightline.ledger.folds import Brief, ChildFold, ItemFold
from sightline.ledger.sealing import KeyVault
from sightline.ledger.working import Working, key_name

TABLES = (
    "CREATE TABLE IF NOT EXISTS child_folds (id TEXT PRIMARY KEY, sealed BLOB)",
    (
        "CREATE TABLE IF NOT EXISTS item_folds (position BIGINT PRIMARY KEY, ref TEXT UNIQUE, type TEXT, stream TEXT,"
        " version BIGINT, state BLOB)"
    ),
    "CREATE INDEX IF NOT EXISTS item_folds_type ON item_folds (type, position)",
    (
        "CREATE TABLE IF NOT EXISTS child_items (child TEXT, item BIGINT, purpose TEXT, children TEXT,"
        " PRIMARY KEY (child, item))"
    ),
    "CREATE TABLE IF NOT EXISTS open_alerts (position BIGINT PRIMARY KEY, area TEXT)",
    "CREATE INDEX IF NOT EXISTS open_alerts_area ON open_alerts (area, position)",
)

_encode = msgspec.msgpack.Encoder().encode
decode_child = msgspec.msgpack.Decoder(ChildFold).decode
decode_item = msgspec.msgpack.Decoder(ItemFold).decode


class TableFolds:
    """What the decider folded before, as `FoldStore`; each question is one query."""

    def __init__(self, database: Database, vault: KeyVault) -> None:
        self._database = database
        self._vault = vault

    def children(self, ids: list[str]) -> dict[str, ChildFold]:
        """The folds of those children that have one."""
        rows = self._select("SELECT id, sealed FROM child_folds WHERE id IN ({})", ids)
        keys = self._vault.open([key_name(row[0]) for row in rows])
        named = ((key_name(row[0]), row) for row in rows)
        return {row[0]: decode_child(open_fold(keys[key], bytes(row[1]))) for key, row in named if key in keys}

    def items(self, positions: list[int]) -> dict[int, ItemFold]:
        """The folds of those items."""
        rows = self._select("SELECT position, state FROM item_folds WHERE position IN ({})", positions)
        return {int(row[0]): decode_item(bytes(row[1])) for row in rows}

    def items_of(self, children: list[str]) -> dict[str, list[Brief]]:
        """The items that concern each of those children, in order."""
        found: dict[str, list[Brief]] = {}
        several: dict[str, tuple[str, ...]] = {}
        for child, item, purpose, names in self._select(
            "SELECT child, item, purpose, children FROM child_items WHERE child IN ({}) ORDER BY item", children
        ):
            concerned = several.get(names) or several.setdefault(names, tuple(names.split()))
            found.setdefault(child, []).append(Brief(int(item), intern(purpose), concerned))
        return found

    def named(self, refs: list[str]) -> dict[str, int]:
        """Positions of the items of those references."""
        rows = self._select("SELECT ref, position FROM item_folds WHERE ref IN ({})", refs)
        return {row[0]: int(row[1]) for row in rows}

    def between(self, after: int, upto: int, desk: str, limit: int) -> list[int]:
        """The next items in that range, for a slice of a large change: all, or those ever considered for that desk."""
        every = "SELECT position FROM item_folds WHERE position > ? AND position <= ? ORDER BY position LIMIT ?"
        of_desk = "SELECT DISTINCT item FROM leaves WHERE desk = ? AND item > ? AND item <= ? ORDER BY item LIMIT ?"
        with self._database.reading() as session:
            if desk:
                rows = session.execute(of_desk, (desk, after, upto, limit))
            else:
                rows = session.execute(every, (after, upto, limit))
        return [int(row[0]) for row in rows]

    def asking(self, after: int, upto: int, areas: list[str], limit: int) -> list[int]:
        """The next alerts in that range that are open in one of those areas."""
        asked = "SELECT position FROM open_alerts WHERE area = ? AND position > ? AND position <= ? ORDER BY position LIMIT ?"
        with self._database.reading() as session:
            found = [row for area in areas for row in session.execute(asked, (area, after, upto, limit))]
        return sorted(int(row[0]) for row in found)[:limit]

    def rows(self, working: Working) -> Rows:
        """What the batch changed, as statements and their rows: later changes do not reach them."""
        children = [working.children[c] for c in sorted(working.changed_children)]
        keys = self._vault.open([key_name(c.id) for c in children])
        items = [working.items[p] for p in sorted(working.changed_items)]
        new = [working.items[p] for p in working.new_items]
        return [
            (
                "INSERT INTO child_folds VALUES (?,?) ON CONFLICT (id) DO UPDATE SET sealed = excluded.sealed",
                [(c.id, _seal(keys[key_name(c.id)], _encode(c))) for c in children if key_name(c.id) in keys],
            ),
            (
                "INSERT INTO item_folds VALUES (?,?,?,?,?,?) ON CONFLICT (position) DO UPDATE SET state = excluded.state",
                [(i.position, i.ref, i.type, i.stream, i.version, _encode(i)) for i in items],
            ),
            (
                "INSERT INTO child_items VALUES (?,?,?,?) ON CONFLICT (child, item) DO NOTHING",
                [
                    (child, item.position, item.purpose, " ".join(item.children))
                    for item in new
                    for child in item.children
                ],
            ),
            (
                "INSERT INTO open_alerts VALUES (?,?) ON CONFLICT (position) DO NOTHING",
                [(item.position, item.area) for item in new if item.is_open],
            ),
            ("DELETE FROM open_alerts WHERE position = ?", [(position,) for position in working.met]),
        ]

    def _select(self, sql: str, values: Sequence[Value]) -> list[Row]:
        with self._database.reading() as session:
            return select_in(session.execute, sql, values)


def _seal(key: bytes, plain: bytes) -> bytes:
    nonce = os.urandom(12)
    return nonce + AESGCM(_fold_key(key)).encrypt(nonce, plain, b"fold")


def open_fold(key: bytes, sealed: bytes) -> bytes:
    """A child's fold as it was encoded. Raises `InvalidTag` for what that key did not seal."""
    return AESGCM(_fold_key(key)).decrypt(sealed[:12], sealed[12:], b"fold")


def _fold_key(key: bytes) -> bytes:
    return HKDFExpand(SHA256(), 32, b"sightline child fold").derive(key)
