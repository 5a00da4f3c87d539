"""The policies that a hub can decide by, or explain: the one at hand, and those that were in force before it.

Each is kept in the hub's database when it is put in force. An older one runs as WebAssembly, and is believed only if its
sources have the digest under which the ledger knows it and its compiled module that of an engine which the ledger names for
it: both stand in the register's leaves as well, so that nobody can put another in their place unseen.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import structlog

from sightline.adapters.opa_wasm import WasmEngine
from sightline.formats.policy_bundle import packed, unpack_into
from sightline.formats.policy_digest import policy_data, policy_digest
from sightline.kernel.errors import Refused, Unavailable
from sightline.kernel.ports import Database
from sightline.ledger import kept_policies
from sightline.ledger.kept_policies import ReadyPolicy
from sightline.ledger.policy import POLICY_STREAM, Policy
from sightline.ledger.store import Ledger
from sightline.ledger.world import PolicyData

_log = structlog.get_logger("sightline.policy")


def keep_policy(database: Database, folder: Path) -> None:
    """Keep the policy of that folder, before it is put in force."""
    digest = policy_digest(folder)
    with database.reading() as session:
        if kept_policies.is_kept(session, digest):
            return
    with database.transaction() as session:
        kept_policies.keep(session, digest, packed(folder))


@contextmanager
def folder_of(database: Database, digest: str, at_hand: Path) -> Iterator[Path | None]:
    """The files of that policy, for a while: `at_hand` where it is that one. None where it is not kept, or damaged."""
    if policy_digest(at_hand) == digest:
        yield at_hand
        return
    bundle = kept_policies.kept(database, digest)
    if bundle is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="sightline-policy-") as made:
        yield Path(made) if _is_unpacked(bundle, Path(made), digest) else None


def _is_unpacked(bundle: bytes, folder: Path, digest: str) -> bool:
    try:
        unpack_into(bundle, folder)
        found = policy_digest(folder)
    except Refused as exc:
        _log.warning("kept policy unusable", code=exc.code)
        return False
    if found != digest:
        _log.warning("kept policy unusable", code="policy_damaged")
    return found == digest


class HeldPolicies:
    """What decides by a policy, by its digest: the one at hand, and one older at a time."""

    def __init__(self, *, ledger: Ledger, folder: Path, at_hand: ReadyPolicy) -> None:
        """`at_hand` is the policy of `folder`; who made its engine closes it."""
        self._ledger = ledger
        self._folder = folder
        self._at_hand = at_hand
        self._older: ReadyPolicy | None = None
        self._engine: WasmEngine | None = None
        """The older one's, to be closed."""

    def __call__(self, digest: str) -> ReadyPolicy | None:
        """What decides by that policy; None where it is neither at hand nor kept, or cannot be used."""
        if self._at_hand.engine.policy == digest:
            self.close()
            return self._at_hand
        if self._older is None or self._older.engine.policy != digest:
            self.close()
            self._open(digest)
        return self._older

    def close(self) -> None:
        """Close the older engine, if one is open."""
        if self._engine is not None:
            self._engine.close()
        self._older = self._engine = None

    def _open(self, digest: str) -> None:
        with folder_of(self._ledger.database, digest, self._folder) as folder:
            if folder is None:
                return
            try:
                self._older = self._ready(folder, digest)
            except (Refused, Unavailable) as exc:
                _log.warning("kept policy unusable", code=exc.code)
            except KeyError:
                _log.warning("kept policy unusable", code="policy_data_unknown")

    def _ready(self, folder: Path, digest: str) -> ReadyPolicy:
        data = PolicyData.read(policy_data(folder))
        self._engine = WasmEngine(folder)
        if (digest, self._engine.engine) not in {(one.policy, one.engine) for one in history(self._ledger)}:
            raise Refused("engine_not_named", "the ledger names no such engine for that policy")
        return ReadyPolicy(self._engine, data)


class InForce(NamedTuple):
    """What decides from that moment on."""

    since: datetime
    policy: str
    engine: str


def history(ledger: Ledger) -> list[InForce]:
    """Every policy and engine that was put in force, in order, as the ledger says."""
    found: list[InForce] = []
    for entry in ledger.history(POLICY_STREAM):
        if isinstance(entry, Policy.Activated):
            found.append(InForce(entry.timestamp, entry.policy, entry.engine))
        elif isinstance(entry, Policy.EngineChanged):
            found.append(InForce(entry.timestamp, found[-1].policy, entry.engine))
    return found
