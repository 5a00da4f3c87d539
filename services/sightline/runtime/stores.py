"""What an embedded hub keeps in its folder, and how it is opened: by the hub, beside it, or for an audit."""

from pathlib import Path

from sightline.adapters import sqlite
from sightline.adapters.vault import SqliteVault
from sightline.ledger.store import Ledger

LEDGER = "sightline.sqlite"
KEYS = "keys"
WRAPPING = "2026"
"""Name of the wrapping key in force: dated, so that it can be retired with the backups that hold it."""


def ledger_of(folder: Path) -> Ledger:
    """The ledger of that folder, and our tables beside it."""
    return Ledger(env={"PERSISTENCE_MODULE": sqlite.MODULE, "SQLITE_DBNAME": str(folder / LEDGER)})


def vault_of(folder: Path, wrapping: bytes) -> SqliteVault:
    """The keys of children and areas of that folder."""
    return SqliteVault(folder / KEYS / "children.sqlite", {WRAPPING: wrapping})
