"""Who could be told, and by which rule: desks from the ledger, duties, remits and areas from the policy's data."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import orjson

from sightline.kernel.ids import DeskId
from sightline.kernel.values import Desk

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
            switched={c: b for c, b in documents["bases"]["codes"].items() if b["switched"]},
        )

    def edition(self, area: str) -> str:
        """The protocol edition in force in an area; ``unknown`` for an area without one."""
        return str(self.areas.get(area, {}).get("edition", "unknown"))

    def law(self, now: datetime) -> list[str]:
        """Switched legal bases in force at that time, sorted."""
        today = now.date()
        return sorted(code for code, basis in self.switched.items() if _in_force(basis, today))

    def telling(self, event_type: str, circumstance: str, area: str) -> dict[str, list[str]]:
        """Duty rows that this type, circumstance and area bring into play, with the roles each tells."""
        edition = self.edition(area)
        return {row: duty["roles"] for row, duty in self.duties.items() if _applies(duty, event_type, circumstance, edition)}


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
class World:
    """The desks as the ledger knows them, found by role and area."""

    data: PolicyData
    desks: dict[DeskId, Desk] = field(default_factory=dict)
    _by_role: dict[tuple[str, str], list[DeskId]] = field(default_factory=dict)
    _changed: dict[DeskId, Desk] = field(default_factory=dict)

    def add(self, desk: Desk) -> None:
        """A desk opened, or changed."""
        self.desks[desk.id] = self._changed[desk.id] = desk
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

    def of_agency(self, name: str) -> set[DeskId]:
        """That desk, or every desk of that agency."""
        return {d for d in self.desks if d == name or d.partition("/")[0] == name}

    def in_remit(self, event_type: str, area: str) -> set[DeskId]:
        """Desks whose role and area give them a remit for that type."""
        roles = [role for role, remit in self.data.remits.items() if event_type in remit["types"]]
        return self.holding(roles, area)

    def told_by_duty(self, event_type: str, circumstance: str, area: str) -> dict[DeskId, list[str]]:
        """Desks that a duty names, with its rows, sorted."""
        told: dict[DeskId, list[str]] = {}
        for row, roles in sorted(self.data.telling(event_type, circumstance, area).items()):
            for desk in self.holding(roles, area):
                told.setdefault(desk, []).append(row)
        return told


@lru_cache(maxsize=65536)
def canonical_part(part: tuple[tuple[str, object], ...]) -> bytes:
    """Canonical JSON of one section of a facts document, given as sorted (name, value) pairs."""
    return orjson.dumps({k: list(v) if isinstance(v, tuple) else v for k, v in part}, option=orjson.OPT_SORT_KEYS)
