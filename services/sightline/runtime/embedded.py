"""The embedded mode: one process, one folder, SQLite, and the policy compiled to WebAssembly."""

from collections.abc import Callable
from pathlib import Path

from sightline.adapters import sqlite
from sightline.adapters.clock import SystemClock
from sightline.adapters.keyfile import load_or_create
from sightline.adapters.opa_wasm import WasmEngine
from sightline.adapters.vault import SqliteVault
from sightline.kernel.ports import Clock
from sightline.kernel.share import share
from sightline.ledger.store import Ledger
from sightline.runtime.build import Parts, build
from sightline.runtime.hub import Hub

WRAPPING = "2026"
"""Name of the wrapping key in force: dated, so that it can be retired with the backups that hold it."""


def embedded(
    folder: Path, *, origin: str, clock: Clock | None = None, on_step: Callable[[str], None] = lambda _: None
) -> Hub:
    """A hub in that folder, founded if it is new."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    keys = load_or_create(folder / "keys", origin)
    vault = SqliteVault(folder / "keys" / "children.sqlite", {WRAPPING: keys.wrapping})
    ledger = Ledger(env={"PERSISTENCE_MODULE": sqlite.MODULE, "SQLITE_DBNAME": str(folder / "sightline.sqlite")})
    policies = share("policies")
    engine = WasmEngine(policies)

    def close() -> None:
        hub.verify.close()
        engine.close()
        ledger.close()
        vault.close()

    hub = build(
        Parts(
            origin=origin,
            ledger=ledger,
            vault=vault,
            engine=engine,
            policies=policies,
            keys=keys,
            clock=clock or SystemClock(),
            register_folder=folder / "register",
            on_step=on_step,
            close=close,
        )
    )
    return hub
