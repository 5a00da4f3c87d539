"""Who takes part: the desks of one area, and children whom nobody knows."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sightline.entrypoints.bench import texts
from sightline.entrypoints.bench.chance import Chance
from sightline.formats.identifiers import nhs_number_is_valid
from sightline.kernel.ids import AgencyId, DeskId, agency_of
from sightline.kernel.values import Desk

AREA = "hampshire"

MISSING = DeskId("hampshire-police/missing")
BUREAU = DeskId("hampshire-police/intelligence")
RESPONSE = (DeskId("hampshire-police/response-north"), DeskId("hampshire-police/response-south"))
MASH = (DeskId("hampshire-mash/desk"), DeskId("hampshire-mash/out-of-hours"))
SOCIAL_CARE = tuple(DeskId(f"hampshire-csc/{name}") for name in ("assessment", "missing", "out-of-hours"))
ALLOCATED = tuple(DeskId(f"hampshire-csc/team-{name}") for name in ("east", "north", "west"))
HEALTH = (
    DeskId("hampshire-health/safeguarding"), DeskId("exampleton-hospital/safeguarding"),
    DeskId("hampshire-health/community"),
)  # fmt: skip
SCHOOLS = tuple(DeskId(f"exampleton-school-{number}/safeguarding") for number in range(1, 9))
SURGERIES = tuple(DeskId(f"exampleton-surgery-{number}/doctors") for number in range(1, 5))
CHARITIES = (DeskId("exampleton-youth-trust/outreach"), DeskId("wayfarers/helpline"))

_ROWS: tuple[tuple[tuple[DeskId, ...], str, str], ...] = (
    ((BUREAU,), "police", "police_intelligence_bureau"),
    ((MISSING,), "police", "police_missing_persons"),
    (RESPONSE, "police", "police_response"),
    (MASH, "mash", "mash"),
    (SOCIAL_CARE, "childrens_social_care", "childrens_social_care"),
    (ALLOCATED, "childrens_social_care", "allocated_team"),
    (HEALTH, "health", "health_safeguarding"),
    (SCHOOLS, "education", "school"),
    (SURGERIES, "nhs_gp_camhs", "gp"),
    (CHARITIES, "voluntary_and_faith", "charity"),
)

DESKS: tuple[Desk, ...] = tuple(
    Desk(
        id=desk,
        agency=AgencyId(agency_of(desk)),
        sector=sector,
        roles=frozenset({role}),
        areas=frozenset({AREA}),
        first_responder=sector in {"police", "childrens_social_care"},
    )
    for desks, sector, role in _ROWS
    for desk in desks
)
"""Everybody who can be considered."""


@dataclass(kw_only=True, slots=True)
class Subject:
    """An invented child, and what the workload has said of it so far."""

    identity: dict[str, Any]
    """The ``child`` object of forms that do not use a reference."""
    school: DeskId
    surgery: DeskId
    team: DeskId
    ref: str = ""
    """The hub's reference, once a receipt has told it."""
    missing_since: datetime | None = None
    """Start of the open episode."""
    consents: list[tuple[str, str, DeskId]] = field(default_factory=list)
    """(purpose, giver, desk that recorded it)."""
    involved: dict[DeskId, bool] = field(default_factory=dict)
    """Desk to whether another has confirmed it."""
    flags: list[dict[str, str]] = field(default_factory=list)


def a_subject(chance: Chance, number: int, *, hot: bool, today: date) -> Subject:
    """Child number `number`. Those who cause much are more often looked after."""
    looked_after = chance.random() < (0.7 if hot else 0.3)
    identity: dict[str, Any] = {
        "identifiers": _identifiers(number),
        "given_name": chance.choice(texts.GIVEN),
        "family_name": f"{chance.choice(texts.FAMILY_FIRST)}{chance.choice(texts.FAMILY_LAST)}-{number}",
        "date_of_birth": (today - timedelta(days=chance.randrange(11 * 365, 18 * 365))).isoformat(),
        "gender": chance.choice(("female", "male", "other", "not_stated")),
        "address": f"{chance.randrange(1, 200)} Example Row, Exampleton",
        "is_looked_after": looked_after,
    }
    if looked_after:
        identity["legal_status"] = chance.choice(("s20_accommodated", "care_order", "interim_care_order"))
    if chance.random() < (0.6 if hot else 0.15):
        identity["trafficking_status"] = chance.choice(("indicators", "suspected", "not_confirmed", "none"))
    if chance.random() < 0.03:
        identity |= {"presumed_child": True, "nationality": chance.choice(("VN", "AL", "SD"))}
    return Subject(
        identity=identity,
        school=chance.choice(SCHOOLS),
        surgery=chance.choice(SURGERIES),
        team=chance.choice(ALLOCATED),
    )


def _identifiers(number: int) -> list[dict[str, str]]:
    return [
        {"scheme": "nhs-number", "value": nhs_number(number)},
        {"scheme": "force:hampshire-police", "value": f"P/{70_000 + number}"},
        {"scheme": "la-case:hampshire-csc", "value": f"LC-{20_000 + number}"},
    ]


def nhs_number(number: int) -> str:
    """A number of the range that is never issued (999), with its check digit; about one in eleven has none."""
    for body in range(number, 10**6, 100_000):
        for check in "0123456789":
            found = f"999{body:06d}{check}"
            if nhs_number_is_valid(found):
                return found
    raise ValueError(number)
