"""The policy in force, the areas' editions, and the hub's own bookkeeping of deciding: slices, parked items, epochs."""

from datetime import datetime
from typing import NamedTuple, Self
from uuid import UUID

from eventsourcing.domain import event

from sightline.ledger import root

POLICY_STREAM = UUID("0c6a1c3e-8f1b-5f0e-8a55-6b1e1d3f7c20")
"""There is one policy stream in a hub."""


class Choice(NamedTuple):
    """An edition that an area has chosen and that has not begun yet."""

    edition: str
    starts: datetime


class Policy(root.Recorded):
    """The aggregate of what decides."""

    TOPIC = "policy"

    class Event(root.Entry):
        """Base of this aggregate's events."""

    class Founded(root.Opened):
        TOPIC = "policy.founded.v1"
        origin: str

    class Activated(Event):
        TOPIC = "policy.activated.v1"
        policy: str
        """Digest of the Rego and data sources: the policy's identity."""
        engine: str
        """Digest of what evaluates them."""
        hold: bool
        """Whether items read as pending until their slice is decided again."""

    class EngineChanged(Event):
        TOPIC = "policy.engine_changed.v1"
        engine: str

    class SliceOpened(Event):
        TOPIC = "policy.slice_opened.v1"
        reason: str
        """``policy``, ``standing:<desk>``, ``edition:<area>`` or ``opened:<desk>``."""
        activation: int
        """Position of the entry that made it necessary."""
        after: int
        """Items at later positions than this ..."""
        upto: int
        """... and not later than this are decided again; at most 500 of them."""
        last: bool

    class ItemParked(Event):
        TOPIC = "policy.item_parked.v1"
        item: int
        causes: list[int]
        """Positions of the steps whose decisions about it could not be made: replay need not try them again."""
        reason: str

    class EpochStruck(Event):
        TOPIC = "policy.epoch_struck.v1"
        hour: int
        """Hours since 1970-01-01T00:00Z."""

    class EditionChosen(Event):
        TOPIC = "policy.edition_chosen.v1"
        area: str
        edition: str
        starts: datetime
        """The local midnight at which it begins; it begins with the choice where that is past."""

    class EditionBegan(Event):
        """From this entry on the area's facts name the edition, and what follows in it is by this edition."""

        TOPIC = "policy.edition_began.v1"
        area: str
        edition: str

    @event(Founded)
    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.policy = ""
        self.engine = ""
        self.hour = 0
        self.editions: dict[str, str] = {}
        """Area to the edition that it has chosen, as far as this has begun."""
        self.waiting: dict[str, Choice] = {}
        """Area to its latest choice, until this begins."""

    @classmethod
    def founded(cls, *, origin: str, step: str, at: datetime) -> Self:
        """The first entry of a hub's ledger."""
        return cls._create(cls.Founded, id=POLICY_STREAM, step=step, timestamp=at, origin=origin)

    @event(Activated)
    def _activated(self, policy: str, engine: str) -> None:
        self.policy, self.engine = policy, engine

    @event(EngineChanged)
    def _engine_changed(self, engine: str) -> None:
        self.engine = engine

    @event(EditionChosen)
    def _edition_chosen(self, area: str, edition: str, starts: datetime) -> None:
        self.waiting[area] = Choice(edition, starts)

    @event(EditionBegan)
    def _edition_began(self, area: str, edition: str) -> None:
        self.waiting.pop(area, None)
        self.editions[area] = edition

    def begin(self, area: str, *, step: str, at: datetime) -> None:
        """Let the area's latest choice begin, if it is time."""
        choice = self.waiting.get(area)
        if choice is not None and choice.starts <= at:
            self.note(Policy.EditionBegan, step=step, timestamp=at, area=area, edition=choice.edition)

    @event(EpochStruck)
    def _epoch_struck(self, hour: int) -> None:
        self.hour = hour
