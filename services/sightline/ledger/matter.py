"""What is not one child's: the shared part of a submission about several, and submissions about no known child."""

from datetime import datetime
from typing import Self
from uuid import UUID

from eventsourcing.domain import event

from sightline.ledger import root
from sightline.ledger.items import ItemEntry, Stream


class Matter(Stream):
    """The aggregate of one matter."""

    TOPIC = "matter"

    class Event(root.Entry):
        """Base of this aggregate's events."""

    class Opened(root.Opened):
        TOPIC = "matter.opened.v1"

    class Item(Event, ItemEntry):
        TOPIC = "matter.item.v1"

    class ItemCorrected(Event):
        TOPIC = "matter.item_corrected.v1"
        item: str
        by: str

    class ItemRetracted(Event):
        TOPIC = "matter.item_retracted.v1"
        item: str
        reason: str

    class RecallAnswered(Event):
        TOPIC = "matter.recall_answered.v1"
        recall: str
        by: str
        answer: str

    class ClockStruck(Event):
        TOPIC = "matter.clock_struck.v1"
        clock: str
        ref: str

    @event(Opened)
    def __init__(self) -> None:
        self.answered_recalls: set[str] = set()

    @classmethod
    def opened(cls, matter: UUID, *, step: str, at: datetime) -> Self:
        """A new matter for something that no single child's record can hold."""
        return cls._create(cls.Opened, id=matter, step=step, timestamp=at)

    @event(RecallAnswered)
    def _recall_answered(self, recall: str) -> None:
        self.answered_recalls.add(recall)
