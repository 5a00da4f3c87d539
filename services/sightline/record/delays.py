"""What is still undecided after a minute: its sender is told, and of urgent types the area's MASH and police (P12).

Nobody can see an item before it is decided, so a line that stands still would be silence to those who wait for it.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import cast

from sightline.kernel.ids import DeskId, agency_of
from sightline.kernel.ports import Clock, Session
from sightline.kernel.rows import select_in
from sightline.ledger import notices
from sightline.ledger.agency import Agency, agency_stream
from sightline.ledger.child import Child
from sightline.ledger.items import ItemEntry
from sightline.ledger.matter import Matter
from sightline.ledger.positions import position
from sightline.ledger.store import Collision, Ledger

AFTER = timedelta(seconds=60)
BATCH = 500
_TOPICS = (Child.Item.TOPIC, Matter.Item.TOPIC)


class Delays:
    """Looks at what the decider has not come to. Losing a race to another writer leaves it to the next look."""

    def __init__(self, *, ledger: Ledger, clock: Clock, decider: str = "decide") -> None:
        """`decider` is the name of the position decided up to."""
        self._ledger = ledger
        self._clock = clock
        self._decider = decider
        self._told = 0

    def __call__(self) -> int:
        """How many senders were told of a submission. At most `BATCH` items are looked at."""
        with self._ledger.database.reading() as session:
            decided = position(session, self._decider)
            found = self._ledger.read(max(decided, self._told), BATCH, _TOPICS)
            late = [one for one in found if one.entry.timestamp <= self._clock.now() - AFTER]
            waiting = _of_partners([cast("ItemEntry", one.entry) for one in late])
            known = select_in(session.execute, "SELECT id FROM notices WHERE id IN ({})", list(waiting))
        new = {name: entry for name, entry in waiting.items() if name not in {row[0] for row in known}}
        if new and not self._tell(new):
            return 0
        if late:
            self._told = late[-1].position
        return len(new)

    def _tell(self, late: Mapping[str, ItemEntry]) -> bool:
        """Whether it could be written."""
        streams = {agency_stream(agency_of(DeskId(entry.desk))) for entry in late.values()}
        agencies = self._ledger.load(streams)
        entries = []
        for name, entry in late.items():
            agency = cast("Agency", agencies[agency_stream(agency_of(DeskId(entry.desk)))])
            agency.note(
                Agency.SubmissionDelayed,
                step=name,
                timestamp=self._clock.now(),
                desk=entry.desk,
                event_id=entry.event_id,
                type=entry.type,
                area=entry.area,
            )
            entries += agency.collect()
        rows = [notices.of_delay(cast("Agency.SubmissionDelayed", entry)) for entry in entries]

        def also(session: Session) -> None:
            session.execute_many(notices.INSERT, rows)

        try:
            self._ledger.append(entries, also=also)
        except Collision:
            return False
        return True


def _of_partners(entries: list[ItemEntry]) -> dict[str, ItemEntry]:
    """Name of the notice to the first item of each submission; the hub's own alerts have no sender to tell."""
    found: dict[str, ItemEntry] = {}
    for entry in entries:
        if entry.alert is None:
            found.setdefault(f"delayed-{entry.step}", entry)
    return found
