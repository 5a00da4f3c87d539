"""Invented children: what forms say of one, and numbers that nobody was given."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sightline.entrypoints.invented import texts
from sightline.entrypoints.invented.chance import Chance
from sightline.formats.identifiers import nhs_number_is_valid
from sightline.kernel.ids import DeskId


@dataclass(kw_only=True, slots=True)
class Subject:
    """An invented child, and what was said of it so far."""

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


@dataclass(frozen=True, kw_only=True, slots=True)
class Sort:
    """What sort of child is to be invented."""

    ages: tuple[int, int]
    """Years on the first day: from, to before."""
    looked_after: float
    """How often it is looked after."""
    trafficked: float
    """How often a form says how the child stands as one who may be trafficked."""


def an_identity(chance: Chance, number: int, sort: Sort, *, today: date, identifiers: dict[str, str]) -> dict[str, Any]:
    """The ``child`` object of child `number`; `identifiers`: those by scheme that it has beside an NHS number."""
    looked_after = chance.random() < sort.looked_after
    schemes = {"nhs-number": nhs_number(number), **identifiers}
    low, high = sort.ages
    identity: dict[str, Any] = {
        "identifiers": [{"scheme": scheme, "value": value} for scheme, value in schemes.items()],
        "given_name": chance.choice(texts.GIVEN),
        "family_name": f"{chance.choice(texts.FAMILY_FIRST)}{chance.choice(texts.FAMILY_LAST)}-{number}",
        "date_of_birth": (today - timedelta(days=chance.randrange(low * 365, high * 365))).isoformat(),
        "gender": chance.choice(("female", "male", "other", "not_stated")),
        "address": f"{chance.randrange(1, 200)} Example Row, Exampleton",
        "is_looked_after": looked_after,
    }
    if looked_after:
        identity["legal_status"] = chance.choice(("s20_accommodated", "care_order", "interim_care_order"))
    if chance.random() < sort.trafficked:
        identity["trafficking_status"] = chance.choice(("indicators", "suspected", "not_confirmed", "none"))
    return identity


def by_name(identity: dict[str, Any]) -> dict[str, Any]:
    """The same child where the sender knows no number of it."""
    return {name: identity[name] for name in ("given_name", "family_name", "date_of_birth")}


def nhs_number(number: int) -> str:
    """A number of the range that is never issued (999), with its check digit; about one in eleven has none."""
    for body in range(number, 10**6, 100_000):
        for check in "0123456789":
            found = f"999{body:06d}{check}"
            if nhs_number_is_valid(found):
                return found
    raise ValueError(number)
