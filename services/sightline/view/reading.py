"""The one port through which every read of an item passes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from uuid import UUID

import orjson

from sightline.formats.fields import Fields
from sightline.kernel.errors import Refused
from sightline.kernel.ids import DeskId
from sightline.kernel.ports import Database, Row, Session
from sightline.kernel.rows import marks, select_in
from sightline.kernel.values import Desk
from sightline.ledger.items import CHILD_PART, ItemEntry
from sightline.ledger.reading import open_body
from sightline.ledger.redaction import redact
from sightline.ledger.sealing import ItemKey, KeyVault, child_key_name, child_ref, key_names
from sightline.ledger.store import Ledger

ALERTS = (
    "alert.breach_due", "alert.confirmation_due", "alert.duty_cover", "alert.duty_due", "alert.duty_late",
    "alert.match_possible", "alert.ppn1_due", "alert.recall_overdue",
)  # fmt: skip
"""Types of the hub's own items."""

PAGE = 200

_MAY_KNOW_OF = (
    "SELECT l.item FROM leaves l JOIN (SELECT MAX(n) AS n FROM leaves WHERE desk = ? AND typ = 'decision' AND n < ?"
    " GROUP BY item) x ON x.n = l.n WHERE l.eff = 'disclose' OR l.told = 'exists' OR EXISTS (SELECT 1 FROM leaves r"
    " WHERE r.desk = l.desk AND r.item = l.item AND r.typ = 'recall' AND r.n < ?) ORDER BY l.item LIMIT ? OFFSET ?"
)
"""Only what the desk may know of is counted off: a page cut short by the rest would tell that there is a rest (P11)."""


_ONE_CHILD = (
    "FROM (SELECT o.ref, o.child FROM child_refs c LEFT JOIN people p ON p.child = c.child"
    " LEFT JOIN people m ON m.person = p.person JOIN child_refs o ON o.child = COALESCE(m.child, c.child)"
    " WHERE c.ref = ?) r"
)
"""The record of that reference, and those that a person ruled to be the same child's."""


class Desks(Protocol):
    """The desks that the ledger knows, as they stand now."""

    def desk(self, desk: DeskId) -> Desk | None:
        """That desk, if it is known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemView:
    """One item as one desk may see it now."""

    ref: str
    type: str
    state: str
    """``disclosed``, ``exists`` (ask the originating desk), ``recalled``, ``pending`` or ``erased``."""
    leaf: str = ""
    """The decision it rests on, sealed under a signed checkpoint."""
    body: Mapping[str, Any] = field(default_factory=dict)
    classes: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    """Classes of the item's type that are not shown, whether the item holds any of them or not."""
    basis: tuple[str, ...] = ()
    obligations: tuple[str, ...] = ()
    ask: str = ""
    """The desk to ask, where the item may only be known to exist."""
    recorded: int = 0
    """Seconds since 1970: recorded time of the cause of the decision."""
    children: tuple[str, ...] = ()
    """References of the children it concerns, where identity is shown."""
    part_of: str = ""
    """For one child's part of a form about several: the item that they share, where it stands disclosed to the desk."""
    recall: str = ""
    """The latest recall of this item for this desk, if there is one."""
    status: str = ""
    """Of an alert that stands disclosed: ``open``, ``acknowledged`` or ``met``."""


class View:
    """Reads for desks. `origin` names the log under whose checkpoints a decision must stand."""

    def __init__(
        self, *, database: Database, ledger: Ledger, vault: KeyVault, fields: Fields, desks: Desks, origin: str
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._vault = vault
        self._fields = fields
        self._desks = desks
        self._origin = origin

    def item(self, desk: DeskId, ref: str) -> ItemView:
        """One item. Raises Refused ``not_found``, the same for what is not there and what the desk may not know of."""
        self.check_standing(desk)
        with self._database.reading() as session:
            rows = session.execute("SELECT position FROM item_folds WHERE ref = ?", (ref,))
        found = self.items_at(desk, [int(r[0]) for r in rows])
        if not found:
            raise Refused("not_found")
        return found[0]

    def items(self, desk: DeskId, *, after: int = 0, limit: int = PAGE) -> list[ItemView]:
        """What the desk may see, in order of recording, from after the first `after` items."""
        self.check_standing(desk)
        with self._database.reading() as session:
            size = self._sealed(session)
            rows = session.execute(_MAY_KNOW_OF, (desk, size, size, max(0, min(limit, PAGE)), max(0, after)))
        return self.items_at(desk, [int(r[0]) for r in rows])

    def child(self, desk: DeskId, ref: str) -> list[ItemView]:
        """What the desk may see about one child, by the reference of any of its joined records.

        Raises Refused ``not_found`` when that is nothing.
        """
        self.check_standing(desk)
        with self._database.reading() as session:
            rows = session.execute(f"SELECT r.ref, r.child {_ONE_CHILD}", (ref,))
            refs = {str(row[0]) for row in rows}
            rows = session.execute(
                f"SELECT DISTINCT i.item {_ONE_CHILD} JOIN child_items i ON i.child = r.child ORDER BY i.item", (ref,)
            )
        found = [v for v in self.items_at(desk, [int(r[0]) for r in rows]) if not refs.isdisjoint(v.children)]
        if not found:
            raise Refused("not_found")
        return found

    def alerts(self, desk: DeskId) -> list[ItemView]:
        """The hub's own items that the desk may see: what it owns, was escalated, or gave rise to."""
        self.check_standing(desk)
        with self._database.reading() as session:
            rows = session.execute(
                "SELECT DISTINCT f.position FROM item_folds f JOIN leaves l ON l.item = f.position AND l.desk = ?"  # noqa: S608  # only question marks are put in
                f" WHERE f.type IN ({marks(ALERTS)}) AND l.typ = 'decision' AND l.n < ? ORDER BY f.position",
                (desk, *ALERTS, self._sealed(session)),
            )
        return self.items_at(desk, [int(r[0]) for r in rows])

    def check_standing(self, desk: DeskId) -> None:
        """Raises Refused ``desk_not_in_standing``: every read asks again, whatever was decided before."""
        known = self._desks.desk(desk)
        if known is None or known.standing != "good":
            raise Refused("desk_not_in_standing", "the desk is suspended, withdrawn or not known")

    def items_at(self, desk: DeskId, positions: Sequence[int]) -> list[ItemView]:
        """Views of those items, in order, without those that the desk may not know of; a few queries in all."""
        with self._database.reading() as session:
            size = self._sealed(session)
            folds = _by_position(session, "SELECT position, ref, type, stream, version FROM item_folds", positions)
            leaves = self._latest(session, desk, positions, size)
        standing = {p: leaf for p, leaf in leaves.items() if "decision" in leaf and p in folds}
        opened = [(p, folds[p]) for p in positions if p in standing and standing[p]["decision"]["eff"] == "disclose"]
        names = {p: (UUID(fold[3]), int(fold[4])) for p, fold in folds.items() if p in standing}
        entries = self._ledger.entries(list(names.values()))
        keys = self._keys([e for e in entries.values() if isinstance(e, ItemEntry)])
        wanted = {p for p, _ in opened}
        views = [self._view(standing[p], entries[names[p]], keys, p in wanted) for p in positions if p in standing]
        return self._joined(desk, self._with_status([v for v in views if v is not None]), entries.values())

    def _with_status(self, views: list[ItemView]) -> list[ItemView]:
        """The same views; of each alert that is disclosed, what became of it."""
        wanted = [v.ref for v in views if v.type in ALERTS and v.state == "disclosed"]
        if not wanted:
            return views
        with self._database.reading() as session:
            states = _states(session, wanted)
        return [replace(v, status=states[v.ref]) if v.ref in states else v for v in views]

    def _joined(self, desk: DeskId, views: list[ItemView], entries: Iterable[Any]) -> list[ItemView]:
        """The same views; children's parts name what they share, so that a reader can put the form together again."""
        shared = {e.ref: e.about[0] for e in entries if getattr(e, "part", "") == CHILD_PART and e.about}
        wanted = {shared[v.ref] for v in views if v.ref in shared and v.state == "disclosed"}
        if not wanted:
            return views
        with self._database.reading() as session:
            seen = self._disclosed(session, desk, sorted(wanted))
        return [
            replace(v, part_of=shared[v.ref]) if v.state == "disclosed" and shared.get(v.ref) in seen else v
            for v in views
        ]

    def _disclosed(self, session: Session, desk: DeskId, refs: Sequence[str]) -> set[str]:
        """Those of the items that stand disclosed to the desk."""
        found = _by_ref(session, refs)
        latest = self._latest(session, desk, list(found), self._sealed(session))
        return {found[p] for p, leaf in latest.items() if leaf.get("decision", {}).get("eff") == "disclose"}

    def _view(self, leaf: Mapping[str, Any], entry: Any, keys: Mapping[str, bytes], opened: bool) -> ItemView | None:
        decision = leaf["decision"]
        recall = leaf.get("recall", {})
        common = {
            "ref": entry.ref,
            "type": entry.type,
            "leaf": decision["id"],
            "recorded": decision["ts"],
            "recall": recall.get("id", ""),
        }
        if not opened:
            if decision["told"] == "exists":
                return ItemView(state="recalled" if recall else "exists", ask=entry.desk, **common)
            return ItemView(state="recalled", **common) if recall else None
        body = self._open(entry, keys, frozenset(decision["classes"]))
        if body is None:
            return ItemView(state="erased", **common)
        every = self._fields.all_classes(entry.type, entry.schema_version, part=entry.part)
        shown = tuple(decision["classes"])
        return ItemView(
            state="disclosed",
            body=body,
            classes=shown,
            withheld=tuple(c for c in every if c not in shown) if decision["told"] == "classes" else (),
            basis=tuple(decision["basis"]),
            obligations=tuple(decision["obl"]),
            children=self._children(entry, keys) if "identity" in shown or "duty" in shown else (),
            **common,
        )

    def _open(self, entry: ItemEntry, keys: Mapping[str, bytes], shown: frozenset[str]) -> Mapping[str, Any] | None:
        """The form, redacted; None where a key it needs was destroyed."""
        parents = [keys.get(n) for n in key_names(entry.children, entry.area)]
        if None in parents:
            return None
        key = ItemKey([p for p in parents if p], entry.originator_id, entry.originator_version)
        body = open_body(entry, key.open("body", entry.sealed))
        return redact(self._fields, entry.type, entry.schema_version, body.data, shown, body.defects, part=entry.part)

    def _keys(self, entries: Iterable[ItemEntry]) -> Mapping[str, bytes]:
        return self._vault.open(sorted({n for e in entries for n in key_names(e.children, e.area)}))

    def _children(self, entry: ItemEntry, keys: Mapping[str, bytes]) -> tuple[str, ...]:
        names = [child_key_name(UUID(c)) for c in entry.children]
        return tuple(child_ref(keys[n]) for n in names if n in keys)

    def _latest(self, session: Session, desk: DeskId, positions: Sequence[int], size: int) -> dict[int, dict[str, Any]]:
        """The latest sealed decision and recall for each item."""
        found: dict[int, dict[str, Any]] = {}
        rows = select_in(
            session.execute,
            "SELECT l.item, l.typ, l.body FROM leaves l JOIN (SELECT item, typ, MAX(n) AS n FROM leaves"
            " WHERE desk = ? AND n < ? AND item IN ({}) GROUP BY item, typ) x ON x.n = l.n",
            positions,
            desk,
            size,
        )
        for item, typ, body in rows:
            found.setdefault(int(item), {})[typ] = orjson.loads(bytes(body))
        return found

    def _sealed(self, session: Session) -> int:
        rows = session.execute("SELECT size FROM register_head WHERE origin = ?", (self._origin,))
        return int(rows[0][0]) if rows else 0


def _by_ref(session: Session, refs: Sequence[str]) -> dict[int, str]:
    rows = select_in(session.execute, "SELECT position, ref FROM item_folds WHERE ref IN ({})", refs)
    return {int(row[0]): str(row[1]) for row in rows}


def _states(session: Session, refs: Sequence[str]) -> dict[str, str]:
    rows = select_in(session.execute, "SELECT ref, state FROM alert_states WHERE ref IN ({})", refs)
    return {str(ref): str(state) for ref, state in rows}


def _by_position(session: Session, select: str, positions: Sequence[int]) -> dict[int, Row]:
    return {int(row[0]): row for row in select_in(session.execute, select + " WHERE position IN ({})", positions)}
