"""How much, when and in which proportions: a county of two million people, who send 136 submissions a day.

An area sends by its share of those people. Of the profile's families, missing episodes (7,280 a year, 2.5 messages each)
and intelligence (500 a month) begin at its own figures; notifications and whatever else follows fill up the 136. The
proportions within a family are estimates.
"""

from collections.abc import Mapping, Sequence

A_DAY = 136.0
"""Submissions a day of the whole county; the sum of what the rates below come to, within a tenth."""
PEOPLE = 2_000_000
POPULATION: Mapping[str, int] = {
    "hampshire": 1_400_000,
    "isle_of_wight": 140_000,
    "southampton": 250_000,
    "portsmouth": 210_000,
    "hertfordshire": 1_200_000,
    "lincolnshire": 770_000,
}
"""People, rounded: the first four make up the county."""
CHILDREN = 15_000
"""Children of the county whom anything is ever said of."""
MOST_CHILDREN = 16_000
"""Of one area, whatever the factor: each area has numbers of its own, so that several can be sent to one hub."""
HOT_CHILDREN = 0.01
HOT_SHARE = 0.2
"""A hundredth of the children cause a fifth of what happens."""

Weighted = Sequence[tuple[str, float]]
Spans = Sequence[tuple[float, float, float]]
"""Hours from, to, and how likely."""

STARTS: Mapping[str, float] = {
    "episode": 19.9,
    "cpi": 16.4,
    "notification": 9.0,
    "referral": 1.3,
    "consent": 1.5,
    "involvement": 1.6,
    "flag": 0.6,
    "risk": 1.4,
    "trafficking": 0.9,
}
"""What begins in the county in a day; what follows is planned with it."""

_EVENING = (5, 2, 1, 1, 1, 1, 1, 2, 3, 3, 2, 2, 3, 3, 4, 6, 6, 6, 7, 8, 9, 9, 9, 7)
_POLICE = (4, 3, 3, 2, 2, 4, 9, 6, 4, 4, 3, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 6, 6, 5)
_OFFICE = (0, 0, 0, 0, 0, 0, 0, 2, 8, 12, 12, 11, 8, 9, 11, 12, 10, 4, 1, 1, 0, 0, 0, 0)
HOURS: Mapping[str, tuple[int, ...]] = {"episode": _EVENING, "notification": _POLICE}
"""Weights of the hours of a day (UTC): episodes begin in the evening, police write at the ends of their shifts."""


def weight(kind: str, weekday: int, hour: int) -> float:
    """The share of a mean day's starts that falls into this hour; desks with office hours rest at weekends."""
    if kind in HOURS:
        return HOURS[kind][hour] / sum(HOURS[kind])
    return _OFFICE[hour] / sum(_OFFICE) * ((7 - 2 * 0.2) / 5 if weekday < 5 else 0.2)


BACK_WITHIN_H: Spans = ((0.5, 2, 34), (2, 8, 34), (8, 23, 22), (25, 72, 8), (72, 240, 2))
"""Hours from, to, and how many in a hundred come back then: nine in ten before the Bureau would be told."""
HARMED: Weighted = (("yes", 10), ("no", 72), ("not_known", 18))
CATEGORISED, REVIEWED = 0.3, 0.1
PPN1_LATE, INTERVIEW_LATE = 0.12, 0.2
INTERVIEWS: Weighted = (("held", 55), ("declined", 25), ("none", 20))
INTERVIEW_OFFERED = 0.15
"""How often the offer is sent as a form of its own, before what came of it."""
CPI_CHILDREN = ((0, 15), (1, 73), (2, 9), (3, 3))
GRADED, SANITISED = 0.85, 0.4
REFERRED = 0.12
"""How many notifications are followed by a referral of the same child."""
ACKNOWLEDGED, DECIDED = 0.95, 0.9
NAMES_WHAT_IT_ANSWERS = 0.7
"""How often a form that answers another names it as the hub does: where a system sends it, not a person at a console."""
WITHDRAWN, CONFIRMED, CLOSED, LIFTED = 0.12, 0.5, 0.2, 0.3
CORRECTED, RETRACTED = 0.02, 0.006
BY_NAME = 0.03
"""How often one who is no authority for a number tells of a child by name and birth date alone."""

SUSPECTED = 0.5
"""How many looked at for trafficking go to the NRM: 180 a year, the county's share of 6,000 children in 2024."""
MEETINGS: Weighted = (("strategy_discussion", 70), ("strategy_meeting", 20), ("s47_strategy_meeting", 10))
HELD_WITHIN_H: Spans = ((0.5, 4, 30), (4, 24, 45), (24, 72, 17), (72, 200, 8))
MEETING_OUTCOMES: Weighted = (
    ("section47", 45), ("single_assessment", 30), ("continue_plan", 15), ("no_further_action", 10),
)  # fmt: skip
MEETS_AGAIN, PLANNED, OBSERVED, STEPPED_DOWN = 0.25, 0.5, 0.3, 0.55
ENQUIRED_WITHIN_H: Spans = ((48, 240, 45), (240, 504, 43), (504, 900, 12))
"""Fifteen working days are 504 hours."""
GUARDED, CONCLUDED = 0.6, 0.8
REASONABLE_WITHIN_H: Spans = ((48, 120, 45), (120, 720, 35), (720, 2_000, 20))
REASONABLE: Weighted = (("reasonable_grounds_positive", 85), ("reasonable_grounds_negative", 15))
CONCLUSIVE_WITHIN_H: Spans = ((1_100, 2_200, 40), (2_200, 8_000, 60))
CONCLUSIVE: Weighted = (("conclusive_positive", 88), ("conclusive_negative", 12))

NEVER_CLOSED = ("police", "mash", "out-of-hours")
"""Desks with one of these in their name answer at any hour."""
ACKNOWLEDGES, ANSWERS_RECALL = 0.95, 0.9
ACKNOWLEDGED_WITHIN_H: Spans = ((0.02, 0.25, 60), (0.25, 2, 28), (2, 24, 12))
RECALL_ANSWERED_WITHIN_H: Spans = ((0.5, 24, 70), (24, 96, 30))
RECALL_ANSWERS: Weighted = (
    ("removed", 74), ("not_found", 12), ("acted_on", 6), ("retained_own_basis", 5), ("passed_to", 3),
)  # fmt: skip
RULED_WITHIN_H: Spans = ((0.5, 8, 60), (8, 40, 30), (40, 120, 10))
RULINGS: Weighted = (("same", 97), ("different", 3))
