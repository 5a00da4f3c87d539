"""Invented desks: as a hub's operators would open them, and what one signs."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sightline.agency.sign import sign_event
from sightline.formats.jwk import PrivateKey
from sightline.kernel.ids import AgencyId, DeskId, agency_of
from sightline.kernel.values import Desk

ACTOR = "staff-0017:practitioner"
"""Who did all of it, as forms say."""

Row = tuple[Iterable[DeskId], str, str]
"""Desks, their sector, their role."""


def opened(rows: Iterable[Row], area: str) -> list[Desk]:
    """Every desk of those rows, in one area, in their order."""
    return [_desk(desk, sector, role, area) for desks, sector, role in rows for desk in desks]


def source_of(desk: DeskId) -> str:
    """The one system of a desk."""
    return f"/agencies/{desk}/records"


def signed_by(
    key: PrivateKey, *, type: str, data: dict[str, Any], area: str, purpose: str, at: datetime, id: str
) -> bytes:
    """What the desk of that key sends then."""
    return sign_event(
        key,
        source=source_of(key.desk),
        type=type,
        data=data,
        area=area,
        purpose=purpose,
        actor=ACTOR,
        time=at,
        id=id,
    )


def _desk(desk: DeskId, sector: str, role: str, area: str) -> Desk:
    return Desk(
        id=desk,
        agency=AgencyId(agency_of(desk)),
        sector=sector,
        roles=frozenset({role}),
        areas=frozenset({area}),
        first_responder=sector in {"police", "childrens_social_care"},
    )
