"""The embedded mode: one process, one folder, SQLite, and the policy compiled to WebAssembly."""

from collections.abc import Callable
from pathlib import Path

from sightline.adapters.clock import SystemClock
from sightline.adapters.keyfile import load_or_create
from sightline.adapters.opa_wasm import WasmEngine
from sightline.kernel.ports import Clock
from sightline.kernel.share import share
from sightline.runtime.build import Parts, build
from sightline.runtime.hub import Hub
from sightline.runtime.stores import KEYS, ledger_of, vault_of


def embedded(
    folder: Path, *, origin: str, clock: Clock | None = None, on_step: Callable[[str], None] = lambda _: None
) -> Hub:
    """A hub in that folder, founded if it is new."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    keys = load_or_create(folder / KEYS, origin)
    vault = vault_of(folder, keys.wrapping)
    ledger = ledger_of(folder)
    policies = share("policies")
    engine = WasmEngine(policies, late=True)

    def close() -> None:
        hub.verify.close()
        hub.decide.close()
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
