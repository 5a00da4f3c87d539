"""What desks learn from their feeds that wants an answer, read as their own systems would."""

from collections.abc import Iterator, Sequence

from sightline.entrypoints.simulate.answering import Asks
from sightline.entrypoints.simulate.desks import Desks
from sightline.formats.feed import FeedEntry
from sightline.kernel.errors import Refused
from sightline.kernel.ids import DeskId
from sightline.kernel.rows import select_in
from sightline.record.queue import unruled
from sightline.runtime.hub import Hub
from sightline.view.reading import ALERTS, ItemView

_PAIRS = 1_000
"""How many of the oldest questions about possible matches are looked at."""


class Following:
    """Reads the feeds of all desks of some areas, from where they were read last."""

    def __init__(self, hub: Hub, areas: Sequence[Desks]) -> None:
        self._hub = hub
        self._desks = [desk.id for desks in areas for desk in desks.all()]
        self._mashes = {desks.area: desks.mash for desks in areas}
        self._told: dict[DeskId, int] = {}
        self._asks_matches = False

    def asked(self) -> Iterator[Asks]:
        """What is new: each alert once, with all desks that may take it on, then recalls."""
        seen: dict[str, list[DeskId]] = {}
        recalls = []
        for desk in self._desks:
            for positions, entries in self._pages(desk):
                recalls += [Asks(kind="recall", desks=(desk,), refs=(x.leaf,)) for x in entries if x.kind == "recall"]
                for view in self._alerts(desk, positions):
                    seen.setdefault(view.ref, []).append(desk)
                    self._asks_matches |= view.type == "alert.match_possible"
        yield from (Asks(kind="alert", desks=tuple(desks), refs=(ref,)) for ref, desks in seen.items())
        yield from recalls

    def matches(self) -> Iterator[Asks]:
        """The queue of possible matches, where feeds told of another since it was looked at last."""
        if not self._asks_matches:
            return
        self._asks_matches = False
        with self._hub.database.reading() as session:
            questions = unruled(session, _PAIRS)
        for one in questions:
            yield Asks(kind="match", desks=(self._mashes[one.area],), refs=(one.first, one.second))

    def is_shown(self, desk: DeskId, item: str) -> bool:
        """Whether the desk may know the item by name."""
        try:
            return bool(item) and self._hub.view.item(desk, item).state == "disclosed"
        except Refused:
            return False

    def _pages(self, desk: DeskId) -> Iterator[tuple[Sequence[int], Sequence[FeedEntry]]]:
        while self._hub.feed.seq_of(desk) > self._told.get(desk, 0):
            page = self._hub.feeds.page(desk, after=self._told.get(desk, 0))
            self._told[desk] = page.entries[-1].seq
            yield page.items, page.entries

    def _alerts(self, desk: DeskId, positions: Sequence[int]) -> list[ItemView]:
        """Those of the items that ask something of the desk and that nobody has taken on yet."""
        asked = "SELECT position, type FROM item_folds WHERE position IN ({})"
        with self._hub.database.reading() as session:
            found = {
                int(row[0]) for row in select_in(session.execute, asked, sorted(set(positions))) if row[1] in ALERTS
            }
        views = self._hub.view.items_at(desk, sorted(found)) if found else []
        return [view for view in views if view.status == "open" and "duty" in view.classes]
