"""Builders for rebuilding: what a hub folds from its logs, row for row, and a rebuild of it beside the hub."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from sightline.adapters.keyfile import load_or_create
from sightline.adapters.vault import SqliteVault
from sightline.decide.folds import open_fold
from sightline.kernel.ports import Database
from sightline.ledger.comparing import Found
from sightline.ledger.rebuilding import OnProgress
from sightline.ledger.store import Ledger
from sightline.ledger.working import key_name
from sightline.runtime.rebuild import Rebuilding
from tests.builders_hub import ORIGIN

What = Literal["folds", "views"]

FOLDS = ("child_folds", "item_folds", "child_items", "open_alerts", "desk_folds", "decide_state")
VIEWS = ("feed", "feed_heads", "clocks", "notices")
TABLES: dict[What, tuple[str, ...]] = {"folds": FOLDS, "views": VIEWS}

Rows = dict[str, list[tuple[Any, ...]]]


@contextmanager
def keys_of(folder: Path) -> Iterator[SqliteVault]:
    """The keys of children of the hub in that folder, as another process opens them."""
    keys = load_or_create(folder / "keys", ORIGIN)
    vault = SqliteVault(folder / "keys" / "children.sqlite", {"2026": keys.wrapping})
    try:
        yield vault
    finally:
        vault.close()


def rebuilds(
    ledger: Ledger, folder: Path, what: What, *, check: bool = False, on_progress: OnProgress = lambda *_: None
) -> Found:
    """Rebuild, or check, the folds or views of the hub in that folder."""
    rebuilding = Rebuilding(ledger=ledger, folder=folder, on_progress=on_progress)
    if what == "views":
        return rebuilding.views(check=check)
    with keys_of(folder) as vault:
        return rebuilding.folds(vault, check=check)


def standing(database: Database, *tables: str) -> Rows:
    """Those tables, row for row and byte for byte."""
    with database.reading() as session:
        found = {table: session.execute(f"SELECT * FROM {table}") for table in tables}
    return {table: sorted((tuple(row) for row in rows), key=repr) for table, rows in found.items()}


def opened(rows: Rows, folder: Path) -> Rows:
    """The same, with children's folds as they are under their seals: each sealing of one gives other bytes."""
    with keys_of(folder) as vault:
        keys = vault.open([key_name(child) for child, _ in rows["child_folds"]])
        plain = [(child, open_fold(keys[key_name(child)], sealed)) for child, sealed in rows["child_folds"]]
    return rows | {"child_folds": plain}
