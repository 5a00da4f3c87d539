"""The decide stage put together: all that deciding needs, and none of the hub's keys but the one that wraps others."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from sightline.decide.stage import Decide
from sightline.formats.fields import Fields
from sightline.formats.policy_digest import policy_data
from sightline.formats.schemas import Schemas
from sightline.kernel.ports import Clock, PolicyEngine
from sightline.ledger.kept_policies import ReadyPolicy
from sightline.ledger.sealing import KeyVault
from sightline.ledger.store import Ledger
from sightline.ledger.world import PolicyData
from sightline.runtime.policies import HeldPolicies


@dataclass(frozen=True, kw_only=True)
class Rules:
    """A policy folder read once, and the forms that the program knows."""

    folder: Path
    documents: Mapping[str, Any]
    data: PolicyData
    schemas: Schemas
    fields: Fields


def read_rules(policies: Path) -> Rules:
    """The data beside that folder's Rego, and the forms."""
    documents = policy_data(policies)
    schemas, fields = _forms(frozenset(documents["duty_types"]))
    return Rules(folder=policies, documents=documents, data=PolicyData.read(documents), schemas=schemas, fields=fields)


@lru_cache(maxsize=4)
def _forms(duty_types: frozenset[str]) -> tuple[Schemas, Fields]:
    """The program's own forms. They do not change while it runs, and to compile them takes half a second."""
    schemas = Schemas.load(duty_types=duty_types)
    return schemas, Fields(schemas)


def build_decide(
    *,
    ledger: Ledger,
    vault: KeyVault,
    engine: PolicyEngine,
    rules: Rules,
    clock: Clock,
    on_step: Callable[[str], None] = lambda _: None,
) -> Decide:
    """The stage over a ledger that is founded and whose tables exist."""
    at_hand = ReadyPolicy(engine, rules.data)
    return Decide(
        ledger=ledger,
        database=ledger.database,
        at_hand=at_hand,
        policies=HeldPolicies(ledger=ledger, folder=rules.folder, at_hand=at_hand),
        fields=rules.fields,
        vault=vault,
        clock=clock,
        on_step=on_step,
    )
