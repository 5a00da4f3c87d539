"""One agency: its desks, their keys and standing, and what it was refused."""

from dataclasses import replace
from datetime import datetime
from typing import Self
from uuid import UUID, uuid5

from eventsourcing.domain import event

from sightline.kernel.ids import AgencyId, DeskId, KeyId
from sightline.kernel.values import Desk, SigningKey
from sightline.ledger import root

AGENCIES = UUID("6f0f2a0e-5d7e-5d2a-9d6c-3a3f3b6f0a11")
"""Namespace of agency streams: an agency's stream is found from its name, so nothing has to look it up."""


def agency_stream(agency: AgencyId) -> UUID:
    """The stream of the agency of that name."""
    return uuid5(AGENCIES, agency)


class Agency(root.Recorded):
    """The aggregate of one agency."""

    TOPIC = "agency"

    class Event(root.Entry):
        """Base of this aggregate's events."""

    class Registered(root.Opened):
        TOPIC = "agency.registered.v1"
        name: str

    class DeskOpened(Event):
        TOPIC = "agency.desk_opened.v1"
        desk: str
        sector: str
        roles: list[str]
        areas: list[str]
        kind: str
        first_responder: bool
        verification: list[str]

        def as_desk(self) -> Desk:
            """The desk as it was opened, in good standing."""
            return Desk(
                id=DeskId(self.desk),
                agency=AgencyId(self.desk.partition("/")[0]),
                sector=self.sector,
                roles=frozenset(self.roles),
                areas=frozenset(self.areas),
                kind=self.kind,
                first_responder=self.first_responder,
                verification=frozenset(self.verification),
            )

    class DeskStandingChanged(Event):
        TOPIC = "agency.desk_standing_changed.v1"
        desk: str
        standing: str

    class KeyRegistered(Event):
        TOPIC = "agency.key_registered.v1"
        desk: str
        kid: str
        alg: str
        public: bytes
        sources: list[str]
        types: list[str]
        valid_from: datetime
        valid_until: datetime
        proof: bytes
        """The desk's own signature over its request: that it holds the private key."""

    class KeyRevoked(Event):
        TOPIC = "agency.key_revoked.v1"
        kid: str

    class SubmissionRefused(Event):
        TOPIC = "agency.submission_refused.v2"
        desk: str
        code: str
        pointer: str
        event_id: str
        type: str
        digest: bytes
        area: str

    class SubmissionDelayed(Event):
        """It was accepted a minute ago and is not decided yet."""

        TOPIC = "agency.submission_delayed.v1"
        desk: str
        event_id: str
        type: str
        area: str

    class SubmissionRefusedV1(Event):
        """What was written before entries named the area. Only read."""

        TOPIC = "agency.submission_refused.v1"
        desk: str
        code: str
        pointer: str
        event_id: str
        type: str
        digest: bytes

    @event(Registered)
    def __init__(self, name: str) -> None:
        self.name = name
        self.desks: dict[DeskId, Desk] = {}
        self.keys: dict[KeyId, SigningKey] = {}

    @classmethod
    def registered(cls, name: AgencyId, *, step: str, at: datetime) -> Self:
        """A new agency. Its desks and keys come one by one."""
        return cls._create(cls.Registered, id=agency_stream(name), step=step, timestamp=at, name=name)

    @event(DeskOpened)
    def _desk_opened(
        self,
        desk: str,
        sector: str,
        roles: list[str],
        areas: list[str],
        kind: str,
        first_responder: bool,
        verification: list[str],
    ) -> None:
        self.desks[DeskId(desk)] = Desk(
            id=DeskId(desk),
            agency=AgencyId(self.name),
            sector=sector,
            roles=frozenset(roles),
            areas=frozenset(areas),
            kind=kind,
            first_responder=first_responder,
            verification=frozenset(verification),
        )

    @event(DeskStandingChanged)
    def _desk_standing_changed(self, desk: str, standing: str) -> None:
        self.desks[DeskId(desk)] = replace(self.desks[DeskId(desk)], standing=standing)

    @event(KeyRegistered)
    def _key_registered(
        self,
        desk: str,
        kid: str,
        alg: str,
        public: bytes,
        sources: list[str],
        types: list[str],
        valid_from: datetime,
        valid_until: datetime,
    ) -> None:
        self.keys[KeyId(kid)] = SigningKey(
            kid=KeyId(kid),
            desk=DeskId(desk),
            alg=alg,
            public=public,
            sources=tuple(sources),
            types=tuple(types),
            valid_from=valid_from,
            valid_until=valid_until,
        )

    @event(KeyRevoked)
    def _key_revoked(self, kid: str, timestamp: datetime) -> None:
        self.keys[KeyId(kid)] = replace(self.keys[KeyId(kid)], revoked_at=timestamp)
