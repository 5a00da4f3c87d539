"""SERAF, the sexual exploitation risk assessment of Barnardo's Cymru: what a form scores (catalogue 2.4, 7.1: A-01 to A-16).

The score decides and the printed profiles of the categories are guidance (A-15). A score is a number about a child, not
a finding: what follows from it are rows N-80 to N-85.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from sightline.kernel.errors import Refused
from sightline.protocol.calendar import age_on, plus_months

VULNERABILITIES = (
    "emotional_neglect", "physical_abuse_by_family", "sexual_abuse", "family_breakdown", "family_domestic_abuse",
    "family_substance_misuse", "family_mental_health", "low_self_esteem", "unsuitable_accommodation",
    "isolated_from_peers", "no_protective_adult",
)  # fmt: skip
"""F-SER-V01 to V11, in the form's order. No time window."""

MODERATE = (
    "staying_out_late", "multiple_callers", "concerning_mobile_use", "expressions_of_despair",
    "exclusion_or_disengagement", "sti_pregnancy_termination", "drugs_misuse", "alcohol_misuse",
    "concerning_internet_use", "independent_and_out_of_contact",
)  # fmt: skip
"""F-SER-M01 to M10: now or in the six months before the referral (T-60)."""

SIGNIFICANT = (
    "disclosure_then_withdrawal", "peers_in_clipping_or_cse", "missing_overnight_or_longer",
    "older_or_controlling_partner", "physical_abuse_or_unexplained_injury", "emotional_abuse_by_controlling_adult",
    "vehicles_of_unknown_adults", "unexplained_money_or_items", "frequenting_known_areas",
)  # fmt: skip
"""F-SER-S01 to S09: two columns (T-61, T-62)."""

Timing = Literal["none", "recent", "current", "both"]
"""V-11: the left column alone is ``recent``, the right one alone ``current``."""

POINTS: Mapping[str, int] = {"none": 0, "recent": 1, "current": 5, "both": 6}
"""A-03."""

CATEGORIES = ("not_at_risk", "mild_risk", "moderate_risk", "significant_risk")
"""V-10, categories 1 to 4."""

HIGHEST = 81
"""A-08."""

_EDGES = (5, 10, 15)
_UNDER_13 = 13
_ADULT = 18
_UNDER_13_POINTS = 5
_CURRENT_MONTHS = 6
_RECENT_MONTHS = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class Ticks:
    """A form's ticks (A-01)."""

    vulnerabilities: frozenset[str] = frozenset()
    moderate: frozenset[str] = frozenset()
    significant: Mapping[str, Timing] = field(default_factory=dict)
    """Indicator to its columns; one that is missing is ``none``."""
    disability: bool = False
    """Physical, learning or both: one point in any case (A-04)."""
    age: int | None = None
    """Whole years on the day of the assessment (A-13). None where nobody knows: then no points for age (†)."""

    def __post_init__(self) -> None:
        """Raises Refused ``unknown_indicator`` for a tick that the form does not have, ``impossible_age``."""
        known = self.vulnerabilities <= set(VULNERABILITIES) and self.moderate <= set(MODERATE)
        timed = self.significant.keys() <= set(SIGNIFICANT) and set(self.significant.values()) <= POINTS.keys()
        if not (known and timed):
            raise Refused("unknown_indicator", "the form has no such indicator or column")
        if self.age is not None and self.age < 0:
            raise Refused("impossible_age", "nobody is assessed before birth")

    @property
    def present(self) -> tuple[Timing, ...]:
        """The columns of each significant indicator that has a tick in either (A-06)."""
        return tuple(timing for timing in self.significant.values() if timing != "none")

    @property
    def ticked(self) -> tuple[str, ...]:
        """Every indicator with a tick, in the form's order."""
        held = {*self.vulnerabilities, *self.moderate, *(s for s, t in self.significant.items() if t != "none")}
        return tuple(one for one in (*VULNERABILITIES, *MODERATE, *SIGNIFICANT) if one in held)


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """What a form comes to."""

    points: int
    """F-SER-T01, 0 to 81 (A-07, A-08)."""
    category: int
    """1 to 4 (A-09)."""
    disability_point: int
    """F-SER-T03."""
    under_13_points: int
    """F-SER-T04: 0 or 5."""
    needs_discussion: bool
    """A-10: with the team manager and other professionals or carers; never with those suspected (N-85, D-09)."""
    needs_adult_action: bool
    """A-11: through the Pathway or another work plan, with the Public Protection Unit (N-84)."""
    has_significant: bool

    @property
    def code(self) -> str:
        """F-SER-T02, V-10."""
        return CATEGORIES[self.category - 1]

    @property
    def flags(self) -> frozenset[str]:
        """What a reader should notice beside the number."""
        raised = {
            "disability_point": self.disability_point > 0,
            "under_13_addition": self.under_13_points > 0,
            "manager_discussion_required": self.needs_discussion,
            "adult_pathway_action": self.needs_adult_action,
            "no_significant_indicator": self.category > 2 and not self.has_significant,
        }
        return frozenset(flag for flag, is_raised in raised.items() if is_raised)

    @property
    def rows(self) -> tuple[str, ...]:
        """The catalogue's rows that say what to do now: one of N-80 to N-83, and N-84 and N-85 where they apply."""
        also = {"N-84": self.needs_adult_action, "N-85": self.needs_discussion}
        return (f"N-8{self.category - 1}", *(row for row, applies in also.items() if applies))


def score(ticks: Ticks, *, under_13_counts_recent_only: bool = True) -> Score:
    """A-02 to A-11. `under_13_counts_recent_only`: whether a tick in the left column alone is "present" (A-06 †)."""
    significant = ticks.present
    under_13 = _under_13_points(ticks, significant if under_13_counts_recent_only else _current(significant))
    points = len(ticks.vulnerabilities) + len(ticks.moderate) + sum(POINTS[timing] for timing in significant)
    points += int(ticks.disability) + under_13
    category = 1 + sum(points > edge for edge in _EDGES)
    return Score(
        points=points,
        category=category,
        disability_point=int(ticks.disability),
        under_13_points=under_13,
        needs_discussion=bool(significant) and category <= 2,
        needs_adult_action=ticks.age is not None and ticks.age >= _ADULT and category > 2,
        has_significant=bool(significant),
    )


def unexplained(ticks: Ticks, details: Mapping[str, str]) -> tuple[str, ...]:
    """Ticks without their "please detail why"; a score that has any is incomplete (A-12 †)."""
    return tuple(one for one in ticks.ticked if not details.get(one, "").strip())


def columns(seen: Iterable[date], referral: date) -> Timing:
    """A significant indicator's columns, from the days on which it was there (A-14, T-61 to T-64).

    Up to six months before the referral is current, exactly six too (T-64 †); up to twelve is recent; older is nothing,
    and so is what lies after the referral.
    """
    days = [day for day in seen if day <= referral]
    current = any(day >= plus_months(referral, -_CURRENT_MONTHS) for day in days)
    recent = any(
        plus_months(referral, -_RECENT_MONTHS) <= day < plus_months(referral, -_CURRENT_MONTHS) for day in days
    )
    if current:
        return "both" if recent else "current"
    return "recent" if recent else "none"


def counts_as_moderate(seen: Iterable[date], referral: date) -> bool:
    """Whether a moderate indicator is ticked: there at the referral or in the six months before it (A-14, T-60)."""
    return columns(seen, referral) in {"current", "both"}


def age_at_assessment(born: date | None, assessed: date, printed: int | None) -> tuple[int | None, bool]:
    """The age that counts, and whether the one printed on the form disagrees with the birth date (A-13)."""
    if born is None:
        return printed, False
    age = age_on(born, assessed)
    return age, printed is not None and printed != age


def _under_13_points(ticks: Ticks, significant: Iterable[Timing]) -> int:
    is_under = ticks.age is not None and ticks.age < _UNDER_13
    return _UNDER_13_POINTS if is_under and any(significant) else 0


def _current(significant: Iterable[Timing]) -> list[Timing]:
    return [timing for timing in significant if timing != "recent"]
