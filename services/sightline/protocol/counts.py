"""Monitoring and quality counts (catalogue 9) of one area in one period: what is counted, and how numbers hang together.

A count is of things (each form, each clock) or of different children; children are known here by opaque names that never
leave. Nothing adds areas up: a child may be in several, and a total over areas would be one more line to subtract along.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from sightline.protocol.suppression import Cell, Sum

NOT_STATED = "not_stated"


class Measure(NamedTuple):
    """One number, and what it is made up of."""

    row: str
    what: str
    parts: tuple[str, ...] = ()
    parts_row: str = ""
    """The row of the parts, where it is another."""

    @property
    def whole(self) -> Cell:
        """All of it."""
        return Cell(self.row, self.what)

    def part(self, name: str) -> Cell:
        """One part."""
        return Cell(self.parts_row or self.row, self.what, name)


_NEEDS = (
    "informed_professionals", "time_and_trust", "separate_interviews", "safe_confidential_placement", "legal_advice",
    "careful_family_tracing", "repatriation_risk_assessment", "s20_or_interim_care_order", "icta_referral",
)  # fmt: skip
IN_CARE = ("residential", "foster", "looked_after_elsewhere")

REFERRALS = Measure("Q-01", "referrals", ("missing", "exploited", "trafficked", "several", NOT_STATED))
DISCUSSIONS = Measure("Q-02", "strategy_discussions_held")
MEETINGS = Measure("Q-03", "strategy_meetings_held")
REFERRED = Measure("Q-04", "children_referred")
DEFICITS = Measure("Q-05", "unmet_needs", (*_NEEDS, NOT_STATED))
IN_SCOPE = Measure("Q-06", "children_in_scope", (*IN_CARE, "not_looked_after", NOT_STATED), "Q-20")
PATTERN = Measure("Q-07", "episodes_by_time_of_day", ("night", "morning", "afternoon", "evening"))
MOVEMENT = Measure("Q-08", "seraf_score_since_the_last_one", ("lower", "same", "higher"))
IN_CARE_VICTIMS = Measure("Q-10", "trafficked_children_looked_after")
GONE_VICTIMS = Measure("Q-11", "trafficked_children_gone_missing", ("returned", "not_returned"), "Q-12")
DIFFICULTIES = Measure("Q-14", "communication_difficulties", ("resolved", "not_resolved"))
NOTIFIED = Measure("Q-15", "items_told_to_the_authority_by_duty")
SOON_GONE = Measure("Q-16", "children_missing_soon_after_arrival")
NRM = Measure(
    "Q-17",
    "nrm_referrals",
    (
        "pending", "reasonable_grounds_positive", "reasonable_grounds_negative", "conclusive_positive",
        "conclusive_negative",
    ),
)  # fmt: skip
SCREENING = Measure("Q-18", "screening_tools", ("no_concern", "some_concern", "significant_concern", NOT_STATED))
COLUMNS = Measure("Q-19", "seraf_current_beside_recent", ("less", "same", "more"))
PPN1 = Measure(
    "Q-22", "ppn1", ("returned_and_harmed", "missing_not_returned", "third_in_90_days", "child_at_risk", "other")
)
REPEATED = Measure("Q-22", "children_three_times_missing", ("assessed", "not_assessed"))
DECISIONS = Measure("Q-23", "decisions", ("disclose", "withhold", "refer"))
UNJUSTIFIED = Measure("Q-23", "decisions_without_a_reason")
OUTSIDE = Measure(
    "Q-23", "decisions_outside_the_hub", ("disclose", "do_not_disclose", "redact", "await_advice", NOT_STATED)
)

MEASURES = (
    REFERRALS, DISCUSSIONS, MEETINGS, REFERRED, DEFICITS, IN_SCOPE, PATTERN, MOVEMENT, IN_CARE_VICTIMS, GONE_VICTIMS,
    DIFFICULTIES, NOTIFIED, SOON_GONE, NRM, SCREENING, COLUMNS, PPN1, REPEATED, DECISIONS, UNJUSTIFIED, OUTSIDE,
)  # fmt: skip
CLOCK_PARTS = ("on_time", "late", "not_due", "called_off")
ON_TIME, LATE, NOT_DUE, CALLED_OFF = CLOCK_PARTS
"""What became of a clock, in the sense of Q-21. Late stays late, whatever came afterwards."""

NOT_COUNTED = {
    "Q-07": "Places are free text and name people's homes, and a form may name several kinds of exploitation: only the"
    " time of day is counted. Patterns of place and kind are an analyst's work.",
    "Q-09": "Whether safeguarding works is the board's judgement (qa.recorded, effectiveness); it is no number.",
    "Q-13": "Trends and threats are a summary in an analyst's words (qa.recorded, trends_and_threats); it is no number.",
}
"""What software cannot count, or only in part, and why."""


def clock_measure(rule: str) -> Measure:
    """Q-21 of one rule: what became of the clocks that were started in the period."""
    return Measure("Q-21", rule, CLOCK_PARTS)


@dataclass(slots=True)
class Counts:
    """The counts of one area in one period. Memory grows with different children of the period, not with history."""

    number: Counter[Cell] = field(default_factory=Counter)
    children: defaultdict[Cell, set[str]] = field(default_factory=lambda: defaultdict(set))
    weeks: Counter[str] = field(default_factory=Counter)
    """Screening tools by ISO week (Q-18)."""
    clocks: set[str] = field(default_factory=set)
    """Rules of which a clock was started."""

    def add(self, measure: Measure, part: str = "") -> None:
        """One more; a part that the measure does not have is its last."""
        self.number[measure.whole] += 1
        if measure.parts:
            self.number[measure.part(part if part in measure.parts else measure.parts[-1])] += 1

    def add_child(self, measure: Measure, child: str, part: str = "") -> None:
        """One more child, unless that one is counted already; in one part only, the first. Parts may be told later."""
        if child not in self.children[measure.whole]:
            self.children[measure.whole].add(child)
            if part:
                self.children[measure.part(part)].add(child)

    def move_child(self, measure: Measure, child: str, part: str) -> None:
        """A child that is counted already belongs to another part of it now."""
        if child in self.children[measure.whole]:
            for one in measure.parts:
                self.children[measure.part(one)].discard(child)
            self.children[measure.part(part)].add(child)

    def add_clock(self, rule: str, became: str) -> None:
        """A clock that was started in the period."""
        self.clocks.add(rule)
        self.add(clock_measure(rule), became)

    def holds(self, measure: Measure, child: str) -> bool:
        """Whether that child is counted."""
        return child in self.children[measure.whole]


@dataclass(frozen=True, slots=True)
class Table:
    """Numbers by name, in order, and which of them add up to which."""

    values: Mapping[Cell, int]
    sums: tuple[Sum, ...]
    unprinted: frozenset[Cell]


def table(counts: Counts, clocks: Iterable[str] = ()) -> Table:
    """All counts, noughts too. `clocks`: rules to show even if no clock of theirs was started."""
    measures = [*MEASURES, *(clock_measure(rule) for rule in sorted({*clocks, *counts.clocks}))]
    values: dict[Cell, int] = {}
    sums: list[Sum] = []
    for measure in measures:
        cells = [measure.part(name) for name in measure.parts]
        for cell in (measure.whole, *cells):
            values[cell] = counts.number[cell] or len(counts.children.get(cell, ()))
        if cells:
            sums.append(Sum((measure.whole,), tuple(cells)))
    weeks = {Cell("Q-18", SCREENING.what, f"week {name}"): n for name, n in sorted(counts.weeks.items())}
    if weeks:
        values |= weeks
        sums.append(Sum((SCREENING.whole,), tuple(weeks)))
    within = _within(values)
    values |= {rest: n for _, rest, n in within}
    return Table(values, (*sums, *(one for one, _, _ in within)), frozenset(rest for _, rest, _ in within))


def _within(values: Mapping[Cell, int]) -> list[tuple[Sum, Cell, int]]:
    """Children of one count who are all in another, and how many are left of that beside them."""
    found: list[tuple[Sum, Cell, int]] = []
    for whole, inner in (
        ((IN_SCOPE.whole,), REFERRED.whole),
        ((IN_SCOPE.whole,), GONE_VICTIMS.whole),
        ((IN_SCOPE.whole,), REPEATED.whole),
        ((IN_SCOPE.whole,), SOON_GONE.whole),
        (tuple(IN_SCOPE.part(one) for one in IN_CARE), IN_CARE_VICTIMS.whole),
    ):
        rest = Cell(inner.row, inner.what, "the others")
        left = sum(values[cell] for cell in whole) - values[inner]
        found.append((Sum(whole, (inner, rest)), rest, left))
    return found
