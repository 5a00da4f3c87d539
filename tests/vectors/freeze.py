"""Writes what may never change once it was stored: `python -m tests.vectors.freeze` from the root. Guards compare it.

Every event with its stored bytes, and one leaf of each type with all that it is made of spelt out here. A topic or a
leaf version that exists is never edited: a new one is added beside it (``.v2``), with an upcast.
"""

import json
import typing
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from sightline.adapters import sqlite
from sightline.formats.merkle import leaf_hash
from sightline.kernel.ids import DeskId
from sightline.ledger.deciding import Deciding
from sightline.ledger.derivation import Announced, Due
from sightline.ledger.documents import CHILD, DESK, ITEM, PROTOCOL, Facts, interned
from sightline.ledger.folds import ItemFold, Shown, Told
from sightline.ledger.root import Entry
from sightline.ledger.sealing import ItemKey
from sightline.ledger.store import AGGREGATES, Ledger

HERE = Path(__file__).parent
EVENTS = HERE / "events_golden.json"
LEAVES = HERE / "leaf_golden.json"
TOPICS = HERE.parent.parent / "schemas" / "topics.txt"

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
STREAM = UUID("00000000-0000-4000-8000-000000000001")


def events() -> dict[str, type[Any]]:
    """Topic to the class of every event that the ledger may hold."""
    inner: list[Any] = [kind for one in AGGREGATES for kind in vars(one).values() if isinstance(kind, type)]
    return {kind.TOPIC: kind for kind in inner if issubclass(kind, Entry) and hasattr(kind, "TOPIC")}


def fields_of(kind: type[Any]) -> dict[str, Any]:
    """The event's fields with their types."""
    return {
        name: hint
        for name, hint in typing.get_type_hints(kind).items()
        if typing.get_origin(hint) is not typing.ClassVar
    }


def an_event(topic: str) -> Any:
    """An event of that topic, every field set to something that tells it from the others."""
    kind = events()[topic]
    values = {name: _value(name, hint) for name, hint in fields_of(kind).items() if name != "originator_id_type"}
    return kind(**values | {"originator_id": STREAM, "originator_version": 7, "timestamp": AT})


def _value(name: str, hint: Any) -> Any:
    if hint is str:
        return f"{name} ☂"
    plain = {int: 7, bool: True, bytes: b"\x00\xff", datetime: AT}
    if hint in plain:
        return plain[hint]
    if typing.get_origin(hint) is list:
        return [_value(name, typing.get_args(hint)[0])]
    return None


def stored() -> dict[str, dict[str, Any]]:
    """Topic to the names of the stored fields and the stored bytes of `an_event`."""
    ledger = Ledger(env={"PERSISTENCE_MODULE": sqlite.MODULE, "SQLITE_DBNAME": ":memory:"})
    found = {}
    for topic in sorted(events()):
        state = ledger.mapper.to_stored_event(an_event(topic)).state
        found[topic] = {"fields": sorted(msgspec.msgpack.decode(state)), "state": state.hex()}
    ledger.close()
    return found


# ------------------------------------------------------------------------------------------------------------- leaves

CHILD_VALUES = ("13_to_15", "none", "not_sought", False, "not_recorded", "missing", False, False, False, "not_recorded")
ITEM_FACTS: dict[str, Any] = {
    "about": "none", "classes": ("identity", "location"), "detriment": False, "handling": "none",
    "justification": False, "originator_sector": "police", "placement_time": False,
    "purpose": "missing_or_safeguarding_response", "risk": "medium", "sanitised": False,
    "source_recontact": "not_recorded", "state": "current", "type": "missing.reported", "urgency": "not_recorded",
    "welfare_risk": False,
}  # fmt: skip
DIGEST = "sha256:" + "A" * 43


class Says:
    """An engine that says the same to everything."""

    policy = engine = DIGEST

    def __init__(self, answer: Mapping[str, Any]) -> None:
        self._answer = answer

    def decide(self, facts: Sequence[bytes]) -> list[Mapping[str, Any]]:
        return [self._answer for _ in facts]


SHOWS = {
    "outcome": "disclose",
    "classes": ["identity"],
    "withheld": ["location:D-14"],
    "told": "classes",
    "rules": ["D-14", "D-34"],
    "basis": ["ca_1989_s47", "ca_2004_s11"],
    "obligations": ["keep_location_confidential"],
}
HIDES = {
    "outcome": "withhold",
    "classes": [],
    "withheld": ["identity:H-04", "location:H-04"],
    "told": "nothing",
    "rules": ["H-04"],
    "basis": [],
    "obligations": [],
}


def a_due(cause: int, *, told_at: int = 0) -> Due:
    """One item to decide about for one desk, which was shown its first class by an earlier cause if that is given."""
    item = ItemFold(
        position=5,
        ref="i-golden",
        stream=STREAM.hex,
        version=2,
        type="missing.reported",
        schema_version=1,
        part="whole",
        desk="north-police/missing",
        area="hampshire",
        purpose="missing_or_safeguarding_response",
        children=[STREAM.hex],
        facts={"classes": list(ITEM_FACTS["classes"])},
        own={},
        citem="C" * 42 + "A",
        cjust="J" * 42 + "A",
        told={"north-mash/desk": Told(told_at, 0)} if told_at else {},
        outcomes=[Shown(b"before", 1, "classes")] if told_at else [],
    )
    desk = tuple({"kind": "professional", "roles": ("mash",), "told_by_duty": ("N-27",)}.get(n, False) for n in DESK)
    facts = Facts(
        interned(CHILD, CHILD_VALUES),
        interned(DESK, desk),
        interned(ITEM, tuple(ITEM_FACTS[name] for name in ITEM)),
        interned(PROTOCOL, ("hampshire", "4lscb_guide", ())),
    )
    key = ItemKey([b"\x01" * 32], STREAM, 2)
    return Due(cause=cause, at=AT, item=item, key=key, facts={DeskId("north-mash/desk"): (facts,)})


def leaves() -> Iterator[tuple[str, bytes]]:
    """One leaf of each type and way, by name."""
    first = Deciding(Says(SHOWS))([[a_due(5)]], policy=DIGEST, engine=DIGEST).leaves[0]
    yield "decision", first.body
    again = Deciding(Says(HIDES))([[a_due(9, told_at=5)]], policy=DIGEST, engine=DIGEST).leaves
    yield "decision that supersedes", again[0].body
    yield "recall", again[1].body
    policy = Announced(1, AT, "policy", {"pol": DIGEST, "eng": DIGEST})
    epoch = Announced(12, AT, "epoch", {"hour": 7})
    for name, leaf in zip(
        ("policy", "epoch"), Deciding(Says(SHOWS))([[policy], [epoch]], policy="", engine="").leaves, strict=True
    ):
        yield name, leaf.body


def frozen_leaves() -> dict[str, dict[str, str]]:
    """Name to the leaf's bytes and its hash in the tree."""
    return {name: {"leaf": body.decode(), "hash": leaf_hash(body).hex()} for name, body in leaves()}


def main() -> None:
    """Write all three files."""
    EVENTS.write_text(json.dumps(stored(), indent=1) + "\n", encoding="utf-8")
    LEAVES.write_text(json.dumps(frozen_leaves(), indent=1) + "\n", encoding="utf-8")
    TOPICS.write_text("".join(f"{topic}\n" for topic in sorted(events())), encoding="utf-8")


if __name__ == "__main__":
    main()
