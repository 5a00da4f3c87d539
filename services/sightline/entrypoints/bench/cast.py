"""Who takes part: the desks of one area, and children whom nobody knows."""

from datetime import date

from sightline.entrypoints.invented.chance import Chance
from sightline.entrypoints.invented.children import Sort, Subject, an_identity
from sightline.entrypoints.invented.desks import opened
from sightline.kernel.ids import DeskId
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

DESKS: tuple[Desk, ...] = tuple(opened(_ROWS, AREA))
"""Everybody who can be considered."""

_HOT = Sort(ages=(11, 18), looked_after=0.7, trafficked=0.6)
_OTHER = Sort(ages=(11, 18), looked_after=0.3, trafficked=0.15)


def a_subject(chance: Chance, number: int, *, hot: bool, today: date) -> Subject:
    """Child number `number`. Those who cause much are more often looked after."""
    numbers = {"force:hampshire-police": f"P/{70_000 + number}", "la-case:hampshire-csc": f"LC-{20_000 + number}"}
    identity = an_identity(chance, number, _HOT if hot else _OTHER, today=today, identifiers=numbers)
    if chance.random() < 0.03:
        identity |= {"presumed_child": True, "nationality": chance.choice(("VN", "AL", "SD"))}
    return Subject(
        identity=identity,
        school=chance.choice(SCHOOLS),
        surgery=chance.choice(SURGERIES),
        team=chance.choice(ALLOCATED),
    )
