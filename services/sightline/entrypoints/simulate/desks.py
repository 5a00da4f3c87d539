"""The desks of a simulated area: all sectors, under names that nobody has."""

from dataclasses import dataclass

from sightline.entrypoints.invented.desks import opened
from sightline.formats.event import AREAS
from sightline.kernel.errors import Refused
from sightline.kernel.ids import DeskId
from sightline.kernel.values import Desk


@dataclass(frozen=True, kw_only=True, slots=True)
class Desks:
    """Who takes part."""

    area: str
    bureau: DeskId
    missing: DeskId
    response: tuple[DeskId, ...]
    mash: DeskId
    social_care: tuple[DeskId, ...]
    teams: tuple[DeskId, ...]
    homes: tuple[DeskId, ...]
    health: tuple[DeskId, ...]
    surgeries: tuple[DeskId, ...]
    schools: tuple[DeskId, ...]
    charities: tuple[DeskId, ...]
    early_help: DeskId

    @property
    def police(self) -> tuple[DeskId, ...]:
        """Desks of the force that send notifications."""
        return (self.missing, *self.response)

    @property
    def reporters(self) -> tuple[DeskId, ...]:
        """Who reports a child missing."""
        return (
            self.missing,
            self.missing,
            *self.response,
            *self.homes,
            *self.homes,
            *self.social_care,
            *self.schools[:2],
        )

    @property
    def interviewers(self) -> tuple[DeskId, ...]:
        """Who speaks with a child that came back."""
        return (*self.social_care, self.charities[0], self.early_help)

    @property
    def noticers(self) -> tuple[DeskId, ...]:
        """Who sends intelligence and referrals."""
        return (
            *self.schools,
            *self.charities,
            *self.homes,
            *self.health,
            *self.surgeries,
            *self.teams,
            self.early_help,
        )

    def all(self) -> list[Desk]:
        """Every desk as the hub's operators would open it, in a fixed order."""
        rows = (
            ((self.bureau,), "police", "police_intelligence_bureau"),
            ((self.missing,), "police", "police_missing_persons"),
            (self.response, "police", "police_response"),
            ((self.mash,), "mash", "mash"),
            (self.social_care, "childrens_social_care", "childrens_social_care"),
            (self.teams, "childrens_social_care", "allocated_team"),
            (self.homes, "childrens_residential", "placing_team"),
            (self.health, "health", "health_safeguarding"),
            (self.surgeries, "nhs_gp_camhs", "gp"),
            (self.schools, "education", "school"),
            (self.charities, "voluntary_and_faith", "charity"),
            ((self.early_help,), "early_help", "early_help"),
        )
        return opened(rows, self.area)


def desks_of(area: str) -> Desks:
    """The desks of an area. Raises Refused ``unknown_area``."""
    if area not in AREAS:
        raise Refused("unknown_area", "areas are " + ", ".join(sorted(AREAS)))
    name = area.replace("_", "-")

    def some(agency: str, *desks: str) -> tuple[DeskId, ...]:
        return tuple(DeskId(f"{name}-{agency}/{desk}") for desk in desks)

    def several(agency: str, desk: str, count: int) -> tuple[DeskId, ...]:
        return tuple(DeskId(f"{name}-{agency}-{number}/{desk}") for number in range(1, count + 1))

    return Desks(
        area=area,
        bureau=some("police", "intelligence")[0],
        missing=some("police", "missing")[0],
        response=some("police", "response-north", "response-south"),
        mash=some("mash", "desk")[0],
        social_care=some("csc", "assessment", "out-of-hours"),
        teams=some("csc", "team-east", "team-west"),
        homes=several("home", "staff", 2),
        health=some("health", "safeguarding", "community"),
        surgeries=several("surgery", "doctors", 2),
        schools=several("school", "safeguarding", 4),
        charities=some("youth-trust", "outreach", "helpline"),
        early_help=some("early-help", "families")[0],
    )
