"""One batch being written: streams loaded once, entries in order of arrival, rows that commit with them."""

import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any, cast
from uuid import UUID

import orjson

from sightline.kernel.ids import DeskId, agency_of
from sightline.kernel.ports import Session, Value
from sightline.ledger import clocks, notices
from sightline.ledger.child import Child
from sightline.ledger.items import Stream
from sightline.ledger.matter import Matter
from sightline.ledger.root import Entry, Recorded
from sightline.ledger.sealing import ItemKey, KeyVault, child_key_name, child_ref, key_names
from sightline.record.known import Known, KnownItem

Pair = tuple[DeskId, str]

HUB_DESK = DeskId("hub/alerts")
"""The originating desk of the hub's own items."""

_INSERTS = {
    "claims": "INSERT INTO claims VALUES (?,?,?,?)",
    "receipts": "INSERT INTO receipts VALUES (?,?,?,?,?,?,?)",
    "quarantine": "INSERT INTO quarantine VALUES (?,?,?)",
    "notices": notices.INSERT,
    "bound_identifiers": "INSERT INTO bound_identifiers VALUES (?,?)",
    "name_tokens": "INSERT INTO name_tokens VALUES (?,?)",
    "possible_matches": "INSERT INTO possible_matches VALUES (?,?,?,?)",
    "match_rulings": (
        "INSERT INTO match_rulings VALUES (?,?,?,?)"
        " ON CONFLICT (child, other) DO UPDATE SET ruling = excluded.ruling, ruled = excluded.ruled"
    ),
    "people": "INSERT INTO people VALUES (?,?) ON CONFLICT (child) DO UPDATE SET person = excluded.person",
    "child_refs": "INSERT INTO child_refs VALUES (?,?)",
    "items": "INSERT INTO items VALUES (?,?,?,?,?,?,?,?)",
    "clocks": clocks.SET,
    "alert_states": clocks.NOTE_ALERT,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemForm:
    """What an item's entry says, before it is sealed and placed."""

    type: str
    schema_version: int
    part: str
    index: int
    desk: DeskId
    source: str
    event_id: str
    area: str
    purpose: str
    sent: datetime
    plain: bytes
    defects: list[list[str]] = field(default_factory=list)
    about: list[str] = field(default_factory=list)
    cause: str = ""
    alert: dict[str, Any] | None = None
    digest: bytes = b""


class Work:
    """A batch in the making. Nothing of it is visible before `rows` and `entries` commit together."""

    def __init__(
        self,
        *,
        known: Known,
        streams: dict[UUID, Recorded],
        vault: KeyVault,
        new_id: Callable[[], UUID],
        shown: Callable[[Sequence[Pair]], set[Pair]] = lambda _: set(),
    ) -> None:
        self.known = known
        self.streams = streams
        self.shown = shown
        """Which (desk, item) pairs are shown, for what `known` was not asked beforehand."""
        self.new_keys: dict[str, bytes] = {}
        self.unclear: set[str] = set()
        """Steps whose form answers one of several things that its sender was shown, and says not which."""
        self.entries: list[Entry] = []
        self._rows: dict[str, list[tuple[Value, ...]]] = {name: [] for name in _INSERTS}
        self._clocks: dict[str, tuple[Value, ...]] = {}
        self._vault = vault
        self._keys: dict[str, bytes] = {}
        self._new_id = new_id
        self._refs: dict[UUID, str] = {}

    def row(self, table: str, *values: Value) -> None:
        """A row to commit with the entries."""
        self._rows[table].append(values)

    def rows(self, session: Session) -> None:
        """Write all rows: called inside the accepting transaction. Raises `Collision`."""
        self.known.matches.check(session)
        self._rows["clocks"] = list(self._clocks.values())
        for table, rows in self._rows.items():
            if rows:
                session.execute_many(_INSERTS[table], rows)

    def take(self, stream: Recorded) -> None:
        """Move a stream's new entries to the end of the batch: entries of one submission stand together."""
        self.entries += stream.collect()

    def child(self, child: UUID) -> Child:
        """A child's record as this batch has it so far."""
        return cast("Child", self.streams[child])

    def may_be(self, child: Child) -> list[Child]:
        """One record of each other child that may be the same as that one's, as far as they were asked for."""
        known = self.known
        mine = known.person(child.id)
        others = {known.person(other)[0] for one in mine for other in known.candidates.get(one, ())}
        found = (self.streams.get(other) for other in sorted(others - {*mine}))
        return [one for one in found if isinstance(one, Child)]

    def new_child(self, key: bytes, *, step: str, at: datetime) -> Child:
        """A new record with a new key."""
        child = Child.opened(self._new_id(), step=step, at=at)
        self.streams[child.id] = child
        name = child_key_name(child.id)
        self.new_keys[name] = self._keys[name] = key
        self.row("child_refs", self.ref_of(child.id), child.id.hex)
        self.take(child)
        return child

    def new_matter(self, *, step: str, at: datetime) -> Matter:
        """A new matter."""
        matter = Matter.opened(self._new_id(), step=step, at=at)
        self.streams[matter.id] = matter
        self.take(matter)
        return matter

    def ref_of(self, child: UUID) -> str:
        """The opaque name under which desks see that child."""
        if child not in self._refs:
            self._refs[child] = child_ref(self._parents([child_key_name(child)])[0])
        return self._refs[child]

    def own_names(self, child: UUID, text: str) -> list[str]:
        """An agency's own reference on that child's record, and on those joined with it: digests under their keys (P9).

        The first is that child's. Under a key that was destroyed there is none.
        """
        names = [child_key_name(one) for one in (child, *self.known.person(child))]
        self.preload_keys(name for name in names if name not in self._keys)
        keys = dict.fromkeys(self._keys[name] for name in names if name in self._keys)
        return [
            f"r-{blake2b(text.encode(), key=key, person=b'own reference', digest_size=16).hexdigest()}" for key in keys
        ]

    def preload_keys(self, names: Iterable[str]) -> None:
        """Fetch the keys of known children and areas in one query."""
        self._keys |= self._vault.open(list(names))

    def record_item(self, stream: Stream, form: ItemForm, children: list[UUID], *, step: str, at: datetime) -> str:
        """Seal an item under its own key and add its entry; the reference under which desks will know it."""
        version = stream.version + 1
        names = key_names([c.hex for c in children], form.area)
        key = ItemKey(self._parents(names), stream.id, version)
        ref = key.name("i", "ref")
        stream.note(
            stream.Item,
            step=step,
            timestamp=at,
            ref=ref,
            type=form.type,
            schema_version=form.schema_version,
            part=form.part,
            index=form.index,
            desk=form.desk,
            source=form.source,
            event_id=form.event_id,
            area=form.area,
            purpose=form.purpose,
            sent=form.sent,
            children=[c.hex for c in children],
            defects=form.defects,
            about=form.about,
            cause=form.cause,
            alert=form.alert,
            digest=form.digest,
            sealed=key.seal("body", form.plain),
        )
        self._index_item(ref, stream, version, form, children)
        return ref

    def set_clock(self, kind: str, *, due: datetime, stream: UUID, ref: str, desk: str, area: str) -> None:
        """A clock that strikes at `due`. Setting it again moves it."""
        seconds = math.ceil(due.timestamp())  # Never before it is due: what ends within a second has not ended yet.
        name = clocks.clock_id(kind, stream.hex, ref)
        self._clocks[name] = (name, kind, seconds, stream.hex, ref, desk, area)

    def note_alert(self, ref: str, state: str, at: datetime) -> None:
        """What became of an alert, for those who may see it: ``open``, ``acknowledged`` or ``met``."""
        self.row("alert_states", ref, state, int(at.timestamp()))

    def _index_item(self, ref: str, stream: Stream, version: int, form: ItemForm, children: list[UUID]) -> None:
        agency = agency_of(form.desk)
        is_alert = form.alert is not None
        self.known.items[ref] = KnownItem(
            ref, stream.id, version, form.type, agency, form.area, tuple(children), is_alert
        )
        hexes = " ".join(c.hex for c in children)
        self.row("items", ref, stream.id.hex, version, form.type, agency, form.area, hexes, int(is_alert))

    def _parents(self, names: list[str]) -> list[bytes]:
        missing = [n for n in names if n not in self._keys]
        if missing:
            self._keys |= self._vault.open(missing)
            for name in [n for n in missing if n not in self._keys and n.startswith("area:")]:
                self._vault.store({name: new_key()})
                self._keys |= self._vault.open([name])
        return [self._keys[n] for n in names]


def new_key() -> bytes:
    """32 random bytes."""
    return os.urandom(32)


def hub_body(form: Mapping[str, Any]) -> bytes:
    """The body of one of the hub's own items."""
    return orjson.dumps(form, option=orjson.OPT_SORT_KEYS)
