"""Who takes part: eight desks, each with a key of its own, and two invented children."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sightline.agency.keys import generate, make_registration
from sightline.formats.jwk import PrivateKey
from sightline.kernel.ids import DeskId, agency_of
from sightline.kernel.values import Desk
from sightline.runtime.hub import Hub

BOTH = frozenset({"hampshire", "southampton"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """One desk of the story."""

    id: DeskId
    name: str
    """As it is called in sentences."""
    short: str
    """As it is called in tables."""
    does: str
    """What it is there for, for a reader who does not know the field."""
    sector: str
    roles: frozenset[str]
    areas: frozenset[str] = BOTH
    first_responder: bool = False
    """Whether it may refer a possible victim of trafficking to the national mechanism."""

    @property
    def source(self) -> str:
        """The system that it sends from."""
        return f"/agencies/{self.id}/records"


BUREAU = Actor(
    id=DeskId("hampshire-police/intelligence"),
    name="Police intelligence bureau",
    short="Intelligence",
    does="grades what partners tell the police, and passes on what can safely be passed on",
    sector="police",
    roles=frozenset({"police_intelligence_bureau"}),
)
MISSING = Actor(
    id=DeskId("hampshire-police/missing"),
    name="Police missing-persons desk",
    short="Missing persons",
    does="finds missing children and issues the PPN1, the police alert to children's services",
    sector="police",
    roles=frozenset({"police_missing_persons"}),
    first_responder=True,
)
HAMPSHIRE = Actor(
    id=DeskId("hampshire-council/childrens-services"),
    name="Hampshire children's services",
    short="Hampshire",
    does="looks after Wren Tolliver",
    sector="childrens_social_care",
    roles=frozenset({"childrens_social_care"}),
    areas=frozenset({"hampshire"}),
    first_responder=True,
)
SOUTHAMPTON = Actor(
    id=DeskId("southampton-council/childrens-services"),
    name="Southampton children's services",
    short="Southampton",
    does="is responsible for Jory Penhallick",
    sector="childrens_social_care",
    roles=frozenset({"childrens_social_care"}),
    areas=frozenset({"southampton"}),
    first_responder=True,
)
MASH = Actor(
    id=DeskId("solent-mash/desk"),
    name="MASH",
    short="MASH",
    does="multi-agency safeguarding hub: pools what police, social care, health and schools know",
    sector="mash",
    roles=frozenset({"mash"}),
)
HEALTH = Actor(
    id=DeskId("quaydown-health/safeguarding"),
    name="Quaydown health trust",
    short="Health trust",
    does="its safeguarding nurses",
    sector="health",
    roles=frozenset({"health_safeguarding"}),
)
SCHOOL = Actor(
    id=DeskId("thornbeck-school/safeguarding"),
    name="Thornbeck School",
    short="School",
    does="its safeguarding lead; both children are pupils there",
    sector="education",
    roles=frozenset({"school"}),
)
CHARITY = Actor(
    id=DeskId("lantern-quay/outreach"),
    name="Lantern Quay",
    short="Charity",
    does="a charity whose outreach workers support young people who run away",
    sector="voluntary_and_faith",
    roles=frozenset({"charity"}),
)
CAST = (BUREAU, MISSING, HAMPSHIRE, SOUTHAMPTON, MASH, HEALTH, SCHOOL, CHARITY)
ACTORS: Mapping[str, Actor] = {actor.id: actor for actor in CAST}

WREN: dict[str, Any] = {
    "given_name": "Wren",
    "family_name": "Tolliver",
    "date_of_birth": "2011-04-03",
    "identifiers": [{"scheme": "upn", "value": "Z990900126001"}],
}
JORY: dict[str, Any] = {
    "given_name": "Jory",
    "family_name": "Penhallick",
    "date_of_birth": "2012-09-21",
    "identifiers": [{"scheme": "upn", "value": "Z990900126002"}],
}
WREN_CASE = {"scheme": "la-case:hampshire-council", "value": "HC-20417"}
"""Hampshire's own case number, which it gave to the charity when it asked for the service."""


def enrol(hub: Hub) -> dict[DeskId, PrivateKey]:
    """Admit every desk, and its key once it has shown that it holds the private half."""
    keys: dict[DeskId, PrivateKey] = {}
    for actor in CAST:
        hub.admin.open_desk(_desk(actor))
        key = keys[actor.id] = generate(actor.id)
        request = make_registration(key, sources=[actor.source], types=["*"], now=hub.clock.now())
        hub.admin.register_key(request)
    return keys


def called(desk: str) -> str:
    """The desk's short name; the hub's own is just that."""
    return ACTORS[desk].short if desk in ACTORS else "the hub"


def _desk(actor: Actor) -> Desk:
    return Desk(
        id=actor.id,
        agency=agency_of(actor.id),
        sector=actor.sector,
        roles=actor.roles,
        areas=actor.areas,
        first_responder=actor.first_responder,
    )
