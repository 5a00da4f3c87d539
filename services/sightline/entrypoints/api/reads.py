"""The one port through which desks read: every call names the reader, so that a reading can be recorded first."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import orjson

from sightline.entrypoints.api.readers import Reader
from sightline.feed.reading import PAGE, FeedPage
from sightline.formats.feed import entry_json
from sightline.formats.merkle import leaf_hash
from sightline.kernel.errors import Refused
from sightline.kernel.ids import agency_of
from sightline.kernel.rows import select_in
from sightline.runtime.hub import Hub
from sightline.runtime.metrics import Metrics
from sightline.view.reading import ItemView

Json = Mapping[str, Any]

_OF_A_DECISION = (
    "v",
    "typ",
    "id",
    "eff",
    "classes",
    "told",
    "basis",
    "obl",
    "pur",
    "pol",
    "eng",
    "edn",
    "by",
    "sup",
    "ts",
)
_OF_A_RECALL = ("v", "typ", "id", "kind", "of", "edn", "ts")
"""What of its leaf a desk is given. `withheld` and `rules` would tell it which classes an item holds that it may not see
(P11), `cause` and `item` are ledger positions."""


class Reads:
    """Reads for one desk at a time. A desk that lost its standing reads nothing, whatever was decided before."""

    def __init__(self, hub: Hub, metrics: Metrics) -> None:
        self._hub = hub
        self._metrics = metrics

    def check_standing(self, reader: Reader) -> None:
        """Raises Refused ``desk_not_in_standing``."""
        self._hub.view.check_standing(reader.desk)

    def feed(self, reader: Reader, *, after: int, limit: int = PAGE, with_bodies: bool = False) -> Json:
        """A page of the desk's feed, with the signed heartbeat of the moment it was read."""
        self.check_standing(reader)
        page = self._hub.feeds.page(reader.desk, after=after, limit=limit)
        views = self._views(reader, page) if with_bodies else {}
        if page.entries:
            self._count("feed", reader)
        return {
            "entries": [
                entry_json(entry) | ({"item": item_json(views[position])} if position in views else {})
                for entry, position in zip(page.entries, page.items, strict=True)
            ],
            "heartbeat": self._hub.feeds.heartbeat(reader.desk, page),
            "count": page.count,
            "running": page.running,
        }

    def item(self, reader: Reader, ref: str) -> Json:
        """One item as the desk may see it. Raises Refused ``not_found``."""
        self._count("item", reader)
        return item_json(self._hub.view.item(reader.desk, ref))

    def items(self, reader: Reader, *, after: int, limit: int) -> Json:
        """What the desk may see, oldest first."""
        self._count("items", reader)
        return {"items": [item_json(view) for view in self._hub.view.items(reader.desk, after=after, limit=limit)]}

    def child(self, reader: Reader, ref: str) -> Json:
        """What the desk may see about one child. Raises Refused ``not_found``."""
        self._count("child", reader)
        return {"ref": ref, "items": [item_json(view) for view in self._hub.view.child(reader.desk, ref)]}

    def alerts(self, reader: Reader) -> Json:
        """The hub's own items for the desk, and notices of refusals (P12)."""
        self._count("alerts", reader)
        return {
            "alerts": [item_json(view) for view in self._hub.view.alerts(reader.desk)],
            "notices": [asdict(notice) for notice in self._hub.notices.of(reader.desk)],
        }

    def receipt(self, reader: Reader, name: str) -> bytes:
        """A receipt of the reader's own agency. Raises Refused ``not_found``."""
        self.check_standing(reader)
        with self._hub.database.reading() as session:
            rows = session.execute("SELECT agency, body FROM receipts WHERE id = ?", (name,))
        if not rows or rows[0][0] != agency_of(reader.desk):
            raise Refused("not_found")
        self._count("receipt", reader)
        return bytes(rows[0][1])

    def decision(self, reader: Reader, leaf: str) -> Json:
        """What the desk may know of a leaf of its own, with its number and hash. Raises Refused ``not_found``."""
        number, body, ref = self._own(reader, leaf)
        members = orjson.loads(body)
        names = _OF_A_RECALL if members["typ"] == "recall" else _OF_A_DECISION
        self._count("decision", reader)
        return {
            "leaf": {name: members[name] for name in names if name in members},
            "item": ref,
            "index": number,
            "hash": leaf_hash(body).hex(),
        }

    def proof(self, reader: Reader, leaf: str) -> str:
        """The ``.tlog-proof`` of a leaf of the desk's own. Raises Refused ``not_found``."""
        number, _, _ = self._own(reader, leaf)
        self._count("proof", reader)
        return self._hub.register.reader.prove(number)

    def _own(self, reader: Reader, leaf: str) -> tuple[int, bytes, str]:
        """Number, bytes and item of a sealed leaf that tells the desk something; one that tells it nothing is not there."""
        self.check_standing(reader)
        sealed = self._hub.register.reader.head()
        with self._hub.database.reading() as session:
            rows = session.execute(
                "SELECT l.n, l.body, f.ref FROM leaves l LEFT JOIN item_folds f ON f.position = l.item WHERE l.id = ?"
                " AND l.desk = ? AND l.n < ? AND (l.typ = 'recall' OR l.eff = 'disclose' OR l.told <> 'nothing')",
                (leaf, reader.desk, sealed.size if sealed else 0),
            )
        if not rows:
            raise Refused("not_found")
        return int(rows[0][0]), bytes(rows[0][1]), str(rows[0][2] or "")

    def _views(self, reader: Reader, page: FeedPage) -> dict[int, ItemView]:
        """The items of a page by their place in the ledger, as they may be seen now."""
        positions = list(dict.fromkeys(page.items))
        views = {view.ref: view for view in self._hub.view.items_at(reader.desk, positions)}
        return {position: views[ref] for position, ref in self._refs(positions).items() if ref in views}

    def _refs(self, positions: Sequence[int]) -> dict[int, str]:
        asked = "SELECT position, ref FROM item_folds WHERE position IN ({})"
        with self._hub.database.reading() as session:
            rows = select_in(session.execute, asked, positions)
        return {int(position): str(ref) for position, ref in rows}

    def _count(self, what: str, reader: Reader) -> None:
        self._metrics.reads.labels(what, reader.purpose).inc()


def item_json(view: ItemView) -> Json:
    """An item on the wire: what is empty is left out, except the body of what is disclosed."""
    members = asdict(view)
    return {name: value for name, value in members.items() if value or (name == "body" and view.state == "disclosed")}
