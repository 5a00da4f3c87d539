"""Our own root of all aggregates: every event names its topic, its time comes from the clock, its step is known."""

from datetime import datetime
from typing import Any, ClassVar, cast
from uuid import UUID

from eventsourcing.domain import BaseAggregate, CanInitAggregate, CanMutateAggregate, DomainEvent


class Entry(CanMutateAggregate[UUID], DomainEvent):
    """A ledger entry. Entries of one submission carry one `step`: they stand together and are decided as one."""

    step: str


class Opened(CanInitAggregate[UUID], Entry):
    """The first entry of a stream."""

    originator_topic: str


class Recorded(BaseAggregate[UUID]):
    """Aggregates whose stored history survives moving or renaming a module: topics are spelt out, never derived."""

    TOPIC: ClassVar[str]

    class Event(Entry):
        """Base of the aggregate's own events."""

    def note(self, kind: type[Any], /, *, step: str, timestamp: datetime, **what: Any) -> None:
        """Record that something happened. What may happen is decided before this call; this never refuses."""
        self.trigger_event(kind, step=step, timestamp=timestamp, **what)

    def collect(self) -> list[Entry]:
        """The entries recorded since the last call, in order."""
        collected = cast("list[Entry]", self.pending_events[:])
        self.pending_events.clear()
        return collected
