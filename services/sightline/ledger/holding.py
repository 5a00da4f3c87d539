"""Aggregates kept from batch to batch: what nobody has added to since is not read again, however long its history is.

Reading a hot child's stream reads every sealed body in it, and joined records are put together entry by entry.
"""

import threading
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from uuid import UUID

from sightline.ledger.child import Child
from sightline.ledger.people import People, load
from sightline.ledger.root import Recorded
from sightline.ledger.store import Ledger

ROOM = 20_000_000
"""Bytes that are held at most, about: room for those of whom most is said, who are spoken of again and again."""
_RECORD, _ENTRY = 3_500, 200
"""Bytes of a record, and of each entry of it (measured)."""


class _Kept(NamedTuple):
    one: Recorded
    group: tuple[UUID, ...]
    """The records it was joined with, itself among them: joined records share what they hold, or are not held."""
    size: int


class Held:
    """Children's records, those used last kept longest. May be used by several threads."""

    def __init__(self, ledger: Ledger, *, room: int = ROOM) -> None:
        self._ledger = ledger
        self._room = room
        self._kept: dict[UUID, _Kept] = {}
        self._size = 0
        self._lock = threading.Lock()

    def load(self, wanted: Iterable[UUID], people: People) -> dict[UUID, Recorded]:
        """As `people.load`: the aggregates of those streams as they stand, and of every record joined with one of them.

        What was kept is asked whether it still stands. It is handed out and no longer kept, until `keep`: what fails in
        between leaves nothing behind.
        """
        streams = {member for one in wanted for member in people.get(one, (one,))}
        taken = self._take(streams)
        versions = self._ledger.streams.versions(list(taken)) if taken else {}
        stands = {
            stream
            for stream, kept in taken.items()
            if kept.group == people.get(stream, (stream,)) and kept.one.version == versions.get(stream)
        }
        whole = {stream for stream in stands if stands.issuperset(taken[stream].group)}
        return {
            **load(self._ledger, streams - whole, people),
            **{stream: taken[stream].one for stream in whole},
        }

    def keep(self, streams: Mapping[UUID, Recorded], people: People) -> None:
        """Keep the children's records among them. All that was collected of them must have been stored."""
        with self._lock:
            for stream, one in streams.items():
                if isinstance(one, Child) and not one.pending_events:
                    self._drop(stream)
                    size = _RECORD + _ENTRY * one.version
                    self._kept[stream] = _Kept(one, people.get(stream, (stream,)), size)
                    self._size += size
            while self._size > self._room:
                self._drop(next(iter(self._kept)))

    def _take(self, streams: Iterable[UUID]) -> dict[UUID, _Kept]:
        with self._lock:
            return {stream: kept for stream in streams if (kept := self._drop(stream)) is not None}

    def _drop(self, stream: UUID) -> _Kept | None:
        kept = self._kept.pop(stream, None)
        if kept is not None:
            self._size -= kept.size
        return kept
