"""What an auditor with the data folder may look at: leaves, the facts behind one, and the whole decided again."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from sightline.adapters.keyfolder import WRAPPING, wrapping_key
from sightline.adapters.opa_server import ServerEngine
from sightline.adapters.opa_wasm import WasmEngine
from sightline.audit.replay import Replay, Replaying
from sightline.entrypoints.folder import Folder
from sightline.entrypoints.rules import citations, texts_of_rules
from sightline.kernel.errors import Refused, Unavailable
from sightline.kernel.ids import DeskId
from sightline.kernel.share import share
from sightline.ledger.documents import unpack
from sightline.ledger.items import ItemEntry
from sightline.ledger.kept_policies import ReadyPolicy
from sightline.ledger.sealing import ItemKey, KeyVault, key_names
from sightline.runtime import distributed
from sightline.runtime.build_decide import read_rules
from sightline.runtime.policies import HeldPolicies, folder_of
from sightline.runtime.stores import KEYS, vault_of

Json = dict[str, Any]

_SELECT = (
    "SELECT l.n, l.body, f.ref, f.type, f.stream, f.version FROM leaves l LEFT JOIN item_folds f ON f.position = l.item"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which leaves."""

    desk: str = ""
    item: str = ""
    """The item's reference."""
    since: int = 0
    """Seconds since 1970."""
    limit: int = 100


def leaves(hub: Folder, wanted: Wanted) -> list[Json]:
    """Sealed leaves with their numbers and their items' references; the newest of those wanted, oldest first."""
    asked = {"l.desk = ?": wanted.desk, "f.ref = ?": wanted.item}
    conditions = ["l.n < ?", *(condition for condition, value in asked.items() if value)]
    head = hub.register.head()
    with hub.ledger.database.reading() as session:
        rows = session.execute(
            f"{_SELECT} WHERE {' AND '.join(conditions)} ORDER BY l.n DESC",
            (head.size if head else 0, *(value for value in asked.values() if value)),
        )
    found: list[Json] = []
    for n, body, ref, kind, *_ in rows:
        leaf = orjson.loads(bytes(body))
        # Times never go back along the register: the first that is too old ends the search.
        if leaf["ts"] < wanted.since or len(found) == wanted.limit:
            break
        found.append(leaf | {"n": int(n), "ref": ref, "type": kind})
    return found[::-1]


def explain(hub: Folder, leaf: str) -> Json:
    """One leaf in words, and the facts it was decided from. Raises Refused ``unknown_leaf``."""
    with hub.ledger.database.reading() as session:
        rows = session.execute(f"{_SELECT} WHERE l.id = ?", (leaf,))
    if not rows:
        raise Refused("unknown_leaf", "no leaf has this id")
    n, body, ref, kind, stream, version = rows[0]
    members = orjson.loads(bytes(body))
    rules, cited = _said_by(hub, str(members.get("pol", "")))
    withheld = [entry.partition(":") for entry in members.get("withheld", ())]
    state, facts = _facts(hub, members, (UUID(stream), int(version)) if stream else None)
    return {
        "number": int(n),
        "item": ref,
        "type": kind,
        "leaf": members,
        "withheld": {f"{name} ({rule})": rules.get(rule, ()) for name, _, rule in withheld},
        "rules": {rule: rules.get(rule, ()) for rule in members.get("rules", ())},
        "basis": {code: (cited.get(code, ""),) for code in members.get("basis", ())},
        "facts_state": state,
        "facts": facts,
    }


def _said_by(hub: Folder, policy: str) -> tuple[Mapping[str, Sequence[str]], Mapping[str, str]]:
    """The rules' texts and the bases' citations as the policy that decided has them; none where it is not kept."""
    with folder_of(hub.ledger.database, policy, share("policies")) as folder:
        return (texts_of_rules(folder), citations(folder)) if folder is not None else ({}, {})


def _facts(hub: Folder, leaf: Mapping[str, Any], name: tuple[UUID, int] | None) -> tuple[str, Sequence[Json]]:
    """The facts documents of a decision, and whether they could be opened: ``opened``, ``erased`` or ``none``."""
    with hub.ledger.database.reading() as session:
        rows = session.execute("SELECT sealed FROM facts WHERE cause = ? AND item = ?", (leaf["cause"], leaf["item"]))
    entry = hub.ledger.entries([name]).get(name) if name is not None else None
    if not rows or not isinstance(entry, ItemEntry):
        return "none", ()
    names = key_names(entry.children, entry.area)
    with vault(hub) as keys:
        held = keys.open(names)
    if len(held) < len(set(names)):
        return "erased", ()
    key = ItemKey([held[one] for one in names], UUID(str(entry.originator_id)), entry.originator_version)
    documents = unpack(key.open(f"facts {leaf['cause']}", bytes(rows[0][0])))
    return "opened", [json.loads(document) for document in documents.get(DeskId(leaf["desk"]), ())]


def replay(hub: Folder) -> Replay:
    """Decide everything again, each thing under the policy then in force; one that is not kept could not be checked."""
    folder, database = share("policies"), hub.ledger.database
    rules = read_rules(folder)
    with (
        closing(_engine(hub)) as engine,
        closing(HeldPolicies(ledger=hub.ledger, folder=folder, at_hand=ReadyPolicy(engine, rules.data))) as policies,
        vault(hub) as keys,
    ):
        return Replaying(ledger=hub.ledger, database=database, vault=keys, fields=rules.fields, policies=policies).run()


def _engine(hub: Folder) -> WasmEngine | ServerEngine:
    """Of the kind that decided: what another decided can only be compared in part."""
    return WasmEngine(share("policies")) if hub.settings is None else distributed.engine_of(hub.settings)


@contextmanager
def vault(hub: Folder) -> Iterator[KeyVault]:
    """The hub's keys of children and areas. Raises Unavailable ``no_keys`` where they are kept elsewhere."""
    folder = hub.settings.keys if hub.settings is not None else hub.path / KEYS
    if not (folder / WRAPPING).exists():
        raise Unavailable("no_keys", "the hub's keys are not in this folder")
    key = wrapping_key(folder)
    opened = vault_of(hub.path, key) if hub.settings is None else distributed.vault_of(hub.settings, key)
    try:
        yield opened
    finally:
        opened.close()
