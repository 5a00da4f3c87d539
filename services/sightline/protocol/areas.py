"""What differs by area and edition, read from data (catalogue 8.3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sightline.protocol.episodes import RepeatRule

CONFIRMING_ROLES = frozenset({"mash", "allocated_team", "childrens_social_care"})
"""Roles whose word confirms another agency's claim of involvement or consent (design §6)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AreaProtocol:
    """One area's choices, as far as clocks and circumstances need them."""

    edition: str
    repeat: RepeatRule
    ppn1_applies: bool
    """Whether the area's edition knows the PPN1 and its three circumstances at all (C-03, C-04)."""
    ppn1_evaluation: timedelta
    """How long after the report an open episode is judged (N-21, A-22 †)."""
    recall_answer: timedelta
    confirmation: timedelta
    possible_match: timedelta
    acknowledge: timedelta
    """Within what time an alert is acknowledged before another desk hears of it (P12 †)."""
    acknowledge_urgent: timedelta

    def amount(self, key: str) -> int | None:
        """What the area's edition says for a configuration key of 8.3; None where it is silent, or for no key."""
        value = getattr(self, key) if key else None
        return value if isinstance(value, int) else None

    def acknowledgement(self, *, urgent: bool) -> timedelta:
        """The time that an alert may stand open."""
        return self.acknowledge_urgent if urgent else self.acknowledge


def read_area(row: Mapping[str, Any]) -> AreaProtocol:
    """One row of ``policies/data/areas.json``."""
    repeat = row["repeat"]
    applies = bool(row["ppn1_applies"])
    return AreaProtocol(
        edition=row["edition"],
        repeat=RepeatRule(
            threshold=repeat["threshold"],
            window=timedelta(days=repeat["window_days"]),
            counted=frozenset(repeat["counted_categories"]) if applies else frozenset(),
            inclusive=repeat["inclusive"],
        ),
        ppn1_applies=applies,
        ppn1_evaluation=timedelta(hours=row["ppn1_evaluation_hours"]),
        recall_answer=timedelta(hours=row["recall_answer_hours"]),
        confirmation=timedelta(hours=row["confirmation_hours"]),
        possible_match=timedelta(hours=row["possible_match_hours"]),
        acknowledge=timedelta(hours=row["acknowledge_hours"]),
        acknowledge_urgent=timedelta(hours=row["acknowledge_urgent_hours"]),
    )
