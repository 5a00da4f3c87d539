"""Who could be told, and by which rule: desks from the ledger, duties, remits and areas from the policy's data."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sightline.kernel.ids import DeskId
from sightline.kernel.values import Desk
from sightline.protocol.calendar import local_date
from sightline.protocol.clock_rules import clock_documents

Json = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class PolicyData:
    """The data beside the Rego that says which desks are considered. Part of the policy's identity."""

    duties: Json
    """N-row to types, circumstances, editions, roles (``duties.rows``)."""
    alerts: Json
    """Alert type to owner and escalation roles (``duties.alerts``)."""
    remits: Json
    """Role to types."""
    areas: Json
    clocks: Json
    """Clock rule to the roles that own it and hear of it when it is late (``clocks_...``)."""
    switched: Json
    """Legal bases that hold only from a date (``bases.codes`` where ``switched``)."""

    @classmethod
    def read(cls, documents: Mapping[str, Any]) -> "PolicyData":
        """From the merged data documents, as the engine sees them."""
        return cls(
            duties=documents["rows"],
            alerts=documents["alerts"],
            remits=documents["remits"],
            areas=documents["areas"],
            clocks=clock_documents(documents),
            switched={c: b for c, b in documents["bases"]["codes"].items() if b["switched"]},
        )

    def edition(self, area: str) -> str:
        """The protocol edition of an area that has chosen none; ``unknown`` for an area without one."""
        return str(self.areas.get(area, {}).get("edition", "unknown"))

    def asked(self, event_type: str, clock: str, area: str) -> tuple[str, str]:
        """Roles of the desks that an alert of that type is for: who owns it, and who else hears of it."""
        alert, rule, of_area = self.alerts[event_type], self.clocks.get(clock, {}), self.areas.get(area, {})
        named = {"clock.owner": rule.get("owner"), "clock.escalation": rule.get("escalation")}
        named["area.cover"] = of_area.get("cover_role")
        owner, escalation = (named.get(role, role) or "" for role in (alert["owner"], alert["escalation"]))
        return owner, escalation

    def asked_roles(self) -> set[str]:
        """Every role that some alert is for, in some area."""
        named = {role for asks in (*self.alerts.values(), *self.clocks.values()) for role in _owning(asks)}
        return named | {area["cover_role"] for area in self.areas.values() if area.get("cover_role")}

    def law(self, now: datetime) -> list[str]:
        """Switched legal bases in force at that time, sorted."""
        today = local_date(now)
        return sorted(code for code, basis in self.switched.items() if _in_force(basis, today))

    def telling(self, event_type: str, circumstance: str, edition: str) -> dict[str, list[str]]:
        """Duty rows that this type, circumstance and edition bring into play, with the roles each tells."""
        return {
            row: duty["roles"] for row, duty in self.duties.items() if _applies(duty, event_type, circumstance, edition)
        }


def _owning(asks: Json) -> tuple[str, str]:
    return asks["owner"], asks["escalation"]


def _applies(duty: Json, event_type: str, circumstance: str, edition: str) -> bool:
    return (
        event_type in duty["types"]
        and (not duty["circumstances"] or circumstance in duty["circumstances"])
        and (not duty["editions"] or edition in duty["editions"])
    )


def _in_force(basis: Json, today: date) -> bool:
    start, end = basis.get("in_force_from"), basis.get("in_force_to")
    return start is not None and date.fromisoformat(start) <= today and (end is None or today < date.fromisoformat(end))


@dataclass(slots=True)
class Reach:
    """Who is reached by items of one type, circumstance and area, whoever they are about."""

    remit: set[DeskId]
    duty: dict[DeskId, list[str]]
    """Desks that a duty names, with its rows, sorted."""
    owners: set[DeskId]
    escalation: set[DeskId]
    desks: set[DeskId]
    """All of these."""
    sections: dict[tuple[DeskId, tuple[object, ...]], Any] = field(default_factory=dict)
    """Desks' sections of facts made so far, by how the desk stands to the item."""
    plain: dict[DeskId, Any] = field(default_factory=dict)
    """Those of desks that stand to it in no particular way."""


@dataclass(slots=True)
class World:
    """The desks as the ledger knows them, found by role and area."""

    data: PolicyData
    desks: dict[DeskId, Desk] = field(default_factory=dict)
    _by_role: dict[tuple[str, str], list[DeskId]] = field(default_factory=dict)
    _changed: dict[DeskId, Desk] = field(default_factory=dict)
    _reaches: dict[tuple[str, str, str], Reach] = field(default_factory=dict)
    chosen: dict[str, str] = field(default_factory=dict)
    """Area to the edition that it has chosen (`Policy.EditionBegan`)."""

    def add(self, desk: Desk) -> None:
        """A desk opened, or changed."""
        self.desks[desk.id] = self._changed[desk.id] = desk
        self._reaches.clear()
        for role in desk.roles:
            for area in desk.areas:
                holders = self._by_role.setdefault((role, area), [])
                if desk.id not in holders:
                    holders.append(desk.id)

    def take_changed(self) -> list[Desk]:
        """Desks opened or changed since the last call."""
        changed = list(self._changed.values())
        self._changed.clear()
        return changed

    def holding(self, roles: Iterable[str], area: str) -> set[DeskId]:
        """Desks that hold one of those roles in that area."""
        return {desk for role in roles for desk in self._by_role.get((role, area), ())}

    def may_be_asked(self, desk: Desk) -> bool:
        """Whether any alert could be that desk's, by its roles."""
        return not desk.roles.isdisjoint(self.data.asked_roles())

    def reach(self, event_type: str, circumstance: str, area: str) -> Reach:
        """Who is reached by items of that type, circumstance and area."""
        key = (event_type, circumstance, area)
        if key not in self._reaches:
            self._reaches[key] = self._reach(*key)
        return self._reaches[key]

    def edition(self, area: str) -> str:
        """The protocol edition in force in an area; ``unknown`` for an area without one."""
        return self.chosen.get(area) or self.data.edition(area)

    def choose(self, area: str, edition: str) -> bool:
        """That edition is in force in that area from now on; whether another was before."""
        before = self.edition(area)
        self.chosen[area] = edition
        self._reaches.clear()
        return before != edition

    def use(self, data: PolicyData) -> None:
        """Take another policy's data: from its activation on, others may be reached."""
        self.data = data
        self._reaches.clear()

    def _reach(self, event_type: str, circumstance: str, area: str) -> Reach:
        roles = [role for role, remit in self.data.remits.items() if event_type in remit["types"]]
        duty: dict[DeskId, list[str]] = {}
        for row, told in sorted(self.data.telling(event_type, circumstance, self.edition(area)).items()):
            for desk in self.holding(told, area):
                duty.setdefault(desk, []).append(row)
        owners, escalation = self._asked(event_type, circumstance, area)
        remit = self.holding(roles, area)
        return Reach(remit, duty, owners, escalation, remit | set(duty) | owners | escalation)

    def _asked(self, event_type: str, clock: str, area: str) -> tuple[set[DeskId], set[DeskId]]:
        """Who owns an alert and who else hears of it. Where nobody can act for the owner, those others own it (P12)."""
        if event_type not in self.data.alerts:
            return set(), set()
        owner, escalation = self.data.asked(event_type, clock, area)
        others = self.holding([escalation], area)
        owners = self.holding([owner], area)
        able = any(self.desks[desk].standing == "good" for desk in owners)
        return (owners if able else owners | others), others
