"""The policy in force, and the hub's own bookkeeping of deciding: slices, parked items, hourly epochs."""

from datetime import datetime
from typing import Self
from uuid import UUID

from eventsourcing.domain import event

from sightline.ledger import root

POLICY_STREAM = UUID("0c6a1c3e-8f1b-5f0e-8a55-6b1e1d3f7c20")
"""There is one policy stream in a hub."""


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
        """``policy`` or ``standing:<desk>``."""
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

    @event(Founded)
    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.policy = ""
        self.engine = ""
        self.hour = 0

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

    @event(EpochStruck)
    def _epoch_struck(self, hour: int) -> None:
        self.hour = hour
