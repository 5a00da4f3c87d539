"""One child's record: what was said about the child, and what followed from it.

Its entries, with what each of them changes, stand by what they are about: child_episodes, child_ties, child_clocks,
child_matches. What is asked of one is a name of `Child` all the same (``Child.EpisodeBegan``), and only that is recorded:
the library refuses to record an entry of a part.
"""

from datetime import datetime
from typing import Self
from uuid import UUID

from eventsourcing.domain import event

from sightline.ledger import root
from sightline.ledger.child_clocks import Alert, Clocks, Running, raised, retracted
from sightline.ledger.child_episodes import RETURNED, Episodes
from sightline.ledger.child_matches import Matches
from sightline.ledger.child_ties import Ties
from sightline.ledger.items import ItemEntry, Stream

__all__ = ["Alert", "Child", "Running"]


class Child(Episodes, Ties, Clocks, Matches, Stream):
    """The aggregate of one child's record. Its id is random and known only to the hub.

    While records are joined, an entry on one of them may speak of what another holds (an episode, an alert): read alone,
    it passes that by. Everything public that this holds is a dictionary or a set, so that joined records can share it.
    """

    TOPIC = "child"

    class Event(root.Entry):
        """Base of this aggregate's events."""

    class Opened(root.Opened):
        TOPIC = "child.opened.v1"

    class Item(Event, ItemEntry):
        TOPIC = "child.item.v1"

        def apply(self, child: "Child") -> None:
            if self.alert is not None:
                raised(child, self.ref, self.type, self.alert)
            elif self.type == RETURNED:
                child.returns[self.step] = self.ref

    class ItemCorrected(Event):
        TOPIC = "child.item_corrected.v1"
        item: str
        by: str

    class ItemRetracted(Event):
        TOPIC = "child.item_retracted.v1"
        item: str
        reason: str

        def apply(self, child: "Child") -> None:
            retracted(child, self.item)

    class RecallAnswered(Event):
        TOPIC = "child.recall_answered.v1"
        recall: str
        by: str
        answer: str

        def apply(self, child: "Child") -> None:
            child.answered_recalls.add(self.recall)

    @event(Opened)
    def __init__(self) -> None:
        for part in (Episodes, Ties, Clocks, Matches):
            part.__init__(self)
        self.answered_recalls: set[str] = set()

    @classmethod
    def opened(cls, child: UUID, *, step: str, at: datetime) -> Self:
        """A new record, at once, so that nothing waits for a match to be ruled on (design §5)."""
        return cls._create(cls.Opened, id=child, step=step, timestamp=at)
