"""The ledger itself: append in one transaction, load many streams in one query, read on from a position."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast
from uuid import UUID

import msgspec
from eventsourcing.application import Application
from eventsourcing.persistence import IntegrityError, Notification, StoredEvent, Transcoder
from eventsourcing.utils import Environment, EnvType

from sightline.kernel.errors import Corrupt, Unavailable
from sightline.kernel.ids import Position
from sightline.kernel.ports import Database, Session
from sightline.ledger.agency import Agency
from sightline.ledger.child import Child
from sightline.ledger.matter import Matter
from sightline.ledger.policy import Policy
from sightline.ledger.root import Entry, Recorded

AGGREGATES: tuple[type[Recorded], ...] = (Child, Matter, Agency, Policy)
"""Every aggregate. Importing them is what lets stored topics resolve (eventsourcing 9.5.6)."""


@dataclass(frozen=True, slots=True)
class Placed:
    """An entry and its place in the ledger's one total order."""

    position: Position
    entry: Entry


class Collision(Unavailable):
    """Another writer was first: a stream's version or a unique row is taken. Load again and try again."""

    def __init__(self) -> None:
        super().__init__("collision", "another writer was first")


class Streams(Protocol):
    """What the store adapters' recorders add to the library's own."""

    database: Database

    def select_streams(self, ids: Sequence[UUID]) -> list[StoredEvent]:
        """All events of those streams in one query, in the ledger's order (of a few hundred streams at a time)."""

    def each_stream(self, ids: Sequence[UUID]) -> Iterator[StoredEvent]:
        """The same, stream by stream, each from its beginning. To be read to its end."""

    def select_entries(self, names: Sequence[tuple[UUID, int]]) -> list[StoredEvent]:
        """The events of those (stream, version) names in one query, in any order."""

    def versions(self, ids: Sequence[UUID]) -> dict[UUID, int]:
        """The version that each of those streams has come to; streams without events are missing."""


class MsgpackTranscoder(Transcoder):
    """Event state as MessagePack: bytes and instants are native, so sealed bodies are stored as they are."""

    def __init__(self) -> None:
        super().__init__()
        self._encode = msgspec.msgpack.Encoder(enc_hook=None).encode
        self._decode = msgspec.msgpack.Decoder().decode

    def encode(self, obj: Any) -> bytes:
        """One event's state. Sets are not allowed: their order is not stable."""
        return self._encode(obj)

    def decode(self, data: bytes) -> Any:
        """What `encode` was given, lists for tuples."""
        return self._decode(data)


class Ledger(Application[UUID]):
    """The event-sourced record of what agencies said and of what followed from it."""

    name = "ledger"

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        """Only what `runtime` gives: the library would merge the process environment in."""
        chosen = dict(env or {})
        if chosen.get("POSTGRES_ENABLE_DB_FUNCTIONS"):
            raise Corrupt("setting_refused", "POSTGRES_ENABLE_DB_FUNCTIONS drops the rows that must commit with events")
        return Environment(name, chosen)

    def construct_transcoder(self) -> Transcoder:
        """MessagePack in place of the library's JSON."""
        return MsgpackTranscoder()

    @property
    def streams(self) -> Streams:
        """The adapter's recorder, as far as the library does not know it."""
        return cast("Streams", self.recorder)

    @property
    def database(self) -> Database:
        """Tables of ours in the same database."""
        return self.streams.database

    def append(self, entries: Sequence[Entry], *, also: Callable[[Session], None] | None = None) -> None:
        """Add entries, and whatever rows must commit with them, in one transaction. Raises `Collision`."""
        try:
            self.events.put(list(entries), also=also)
        except IntegrityError as exc:
            raise Collision from exc

    def load(self, ids: Iterable[UUID]) -> dict[UUID, Recorded]:
        """The aggregates of those streams as they stand, in one query; streams without events are missing."""
        wanted = list(dict.fromkeys(ids))
        found: dict[UUID, Recorded] = {}
        for stored in self.streams.each_stream(wanted) if wanted else ():
            event: Any = self.mapper.to_domain_event(stored)
            found[stored.originator_id] = event.mutate(found.get(cast("UUID", stored.originator_id)))  # type: ignore[index]  # ids are UUIDs here
        return found

    def caught_up(self, stream: UUID, held: Recorded | None) -> Recorded | None:
        """The aggregate of one stream as it stands; only what was added since `held` was read is read, and applied to it."""
        for stored in self.recorder.select_events(stream, gt=held.version if held is not None else None):
            event: Any = self.mapper.to_domain_event(stored)
            held = event.mutate(held)
        return held

    def entries(self, names: Sequence[tuple[UUID, int]]) -> dict[tuple[UUID, int], Entry]:
        """The entries of those (stream, version) names, in one query."""
        if not names:
            return {}
        stored = self.streams.select_entries(names)
        return {
            (cast("UUID", s.originator_id), s.originator_version): cast("Entry", self.mapper.to_domain_event(s))
            for s in stored
        }

    def history(self, stream: UUID) -> list[Entry]:
        """All entries of one stream, in order."""
        return [cast("Entry", self.mapper.to_domain_event(stored)) for stored in self.streams.select_streams([stream])]

    def read(self, after: int, limit: int, topics: Sequence[str] = ()) -> list[Placed]:
        """Up to `limit` entries after that position, in order."""
        return [self._placed(n) for n in self.recorder.select_notifications(after + 1, limit, topics=topics)]

    def read_steps(self, after: int, limit: int) -> list[Placed]:
        """Like `read`, but only whole steps: entries of one submission are never parted."""
        while True:
            placed = self.read(after, limit)
            if len(placed) < limit:
                return placed
            whole = [p for p in placed if p.entry.step != placed[-1].entry.step]
            if whole:
                return whole
            limit *= 2

    def head(self) -> Position:
        """The last position, 0 for an empty ledger."""
        return Position(self.recorder.max_notification_id() or 0)

    def _placed(self, notification: Notification) -> Placed:
        return Placed(Position(notification.id), cast("Entry", self.mapper.to_domain_event(notification)))
