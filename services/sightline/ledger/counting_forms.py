"""What single forms add to the counts (catalogue 9), and what of a child's situation counts are broken down by."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sightline.formats.event import read_time
from sightline.ledger.items import ItemEntry
from sightline.protocol import counts as c
from sightline.protocol.calendar import local_date, local_instant
from sightline.protocol.seraf import SIGNIFICANT
from sightline.protocol.seraf_form import score_of

WITHIN, BEFORE, ALWAYS = "within", "before", "always"
"""When a form must be opened: recorded in the period; before its end, since it says what holds later; or at any time."""

_ISSUES = {
    "missing": "missing",
    "sexual_exploitation": "exploited",
    "criminal_exploitation": "exploited",
    "trafficking": "trafficked",
    "modern_slavery": "trafficked",
}
"""V-65 to the three issues of Q-01."""

_DISCUSSIONS = frozenset({"strategy_discussion"})
_MEETINGS = frozenset({"strategy_meeting", "s47_strategy_meeting", "high_risk_strategy_meeting", "strat"})
"""V-13: kinds that Q-02 and Q-03 keep apart. Conferences, reviews and panels are neither."""

_COMMUNICATION = frozenset({"information_sharing", "delay"})
"""What of `escalation_about` is a difficulty in communication (†)."""


@dataclass(slots=True)
class People:
    """What was last said of each child that counts depend on. By opaque names; it never leaves."""

    looked_after: dict[str, str] = field(default_factory=dict)
    trafficking: dict[str, str] = field(default_factory=dict)
    placement: dict[str, str] = field(default_factory=dict)
    placed: dict[str, datetime] = field(default_factory=dict)
    entered: dict[str, datetime] = field(default_factory=dict)
    seraf: dict[str, int] = field(default_factory=dict)
    """The latest score."""
    nrm: dict[str, c.Counts] = field(default_factory=dict)
    """Where the child's latest NRM referral of the period is counted, as ``pending`` or as `nrm_outcome` says."""
    nrm_outcome: dict[str, str] = field(default_factory=dict)
    difficulties: dict[str, c.Counts] = field(default_factory=dict)
    """Escalations of the period that nobody has resolved yet, by reference."""

    def note(self, child: str, name: str, value: str) -> None:
        """What a form said of the child: ``looked_after`` or ``trafficking``."""
        (self.looked_after if name == "looked_after" else self.trafficking)[child] = value

    def living(self, child: str) -> str:
        """The living situation (Q-20), as far as it is known."""
        if child in self.placement:
            kind = self.placement[child]
            return kind if kind in c.IN_CARE else "looked_after_elsewhere"
        return {"yes": "looked_after_elsewhere", "no": "not_looked_after"}.get(
            self.looked_after.get(child, ""), c.NOT_STATED
        )

    def arrived(self, child: str, after: str) -> datetime | None:
        """The arrival that an area counts from (X-20)."""
        return (self.entered if after == "entry_to_uk" else self.placed).get(child)


@dataclass(frozen=True, slots=True)
class Reading:
    """One form as it is counted."""

    entry: ItemEntry
    form: Mapping[str, Any]
    """Empty where it could not be opened, or need not be."""
    children: list[str]
    counts: c.Counts | None
    """None outside the period, or outside the areas that were asked for."""


def count_form(read: Reading, people: People) -> None:
    """Add what that form adds, and note what it says."""
    _note_entry(read, people)
    rule = _RULES.get(read.entry.type)
    if rule is not None:
        rule[1](read, people)


def _note_entry(read: Reading, people: People) -> None:
    entered = _day(read.form.get("entered_uk_on"))
    if entered is not None:
        people.entered |= dict.fromkeys(read.children, local_instant(entered))


def _referral(read: Reading, people: People) -> None:
    if read.counts is None:
        return
    issues = {_ISSUES[one] for one in _codes(read.form.get("issues")) if one in _ISSUES}
    read.counts.add(c.REFERRALS, "several" if len(issues) > 1 else next(iter(issues), c.NOT_STATED))
    for child in read.children:
        read.counts.add_child(c.REFERRED, child)


def _strategy(read: Reading, people: People) -> None:
    kind = read.form.get("meeting_kind")
    if read.counts is not None and kind in _DISCUSSIONS:
        read.counts.add(c.DISCUSSIONS)
    if read.counts is not None and kind in _MEETINGS:
        read.counts.add(c.MEETINGS)


def _support(read: Reading, people: People) -> None:
    needs = read.form.get("needs")
    for one in needs if isinstance(needs, list) else ():
        if read.counts is not None and isinstance(one, Mapping) and one.get("need_state") == "unmet":
            read.counts.add(c.DEFICITS, str(one.get("need")))


def _seraf(read: Reading, people: People) -> None:
    if not read.form:
        return
    points = score_of(read.form).points
    for child in read.children:
        before, people.seraf[child] = people.seraf.get(child), points
        if read.counts is not None and before is not None:
            read.counts.add(c.MOVEMENT, _compared(points, before, c.MOVEMENT.parts))
    if read.counts is not None:
        timings = [read.form.get(name) for name in SIGNIFICANT]
        now, then = (sum(one in {column, "both"} for one in timings) for column in ("current", "recent"))
        read.counts.add(c.COLUMNS, _compared(now, then, c.COLUMNS.parts))


def _screening(read: Reading, people: People) -> None:
    if read.counts is None or read.form.get("screening_tool") != "child_exploitation_screening_tool":
        return
    year, week, _ = local_date(read.entry.timestamp).isocalendar()
    read.counts.weeks[f"{year}-W{week:02d}"] += 1
    read.counts.add(c.SCREENING, str(read.form.get("screening_result")))


def _nrm_referral(read: Reading, people: People) -> None:
    if read.counts is None:
        return
    read.counts.add(c.NRM, "pending")
    for child in read.children:
        people.nrm[child] = read.counts
        people.nrm_outcome[child] = "pending"


def _nrm_decision(read: Reading, people: People) -> None:
    decided = str(read.form.get("nrm_decision"))
    for child in read.children:
        counts = people.nrm.get(child)
        if counts is not None and decided in c.NRM.parts:
            counts.number[c.NRM.part(people.nrm_outcome[child])] -= 1
            counts.number[c.NRM.part(decided)] += 1
            people.nrm_outcome[child] = decided


def _escalation(read: Reading, people: People) -> None:
    if read.counts is not None and read.form.get("escalation_about") in _COMMUNICATION:
        read.counts.add(c.DIFFICULTIES, "not_resolved")
        people.difficulties[read.entry.ref] = read.counts


def _resolution(read: Reading, people: People) -> None:
    for ref in {*read.entry.about, str(read.form.get("escalation"))}:
        counts = people.difficulties.pop(ref, None)
        if counts is not None:
            counts.number[c.DIFFICULTIES.part("not_resolved")] -= 1
            counts.number[c.DIFFICULTIES.part("resolved")] += 1


def _placed(read: Reading, people: People) -> None:
    at = _instant(read.form.get("placed_at")) or read.entry.timestamp
    for child in read.children:
        people.placed[child] = at
        people.placement[child] = str(read.form.get("placement_kind"))


def _left(read: Reading, people: People) -> None:
    for child in read.children:
        people.placement.pop(child, None)


def _outside(read: Reading, people: People) -> None:
    if read.counts is not None:
        read.counts.add(c.OUTSIDE, str(read.form.get("decision")))


def _nothing(read: Reading, people: People) -> None:
    """Opened only for what it says of the child."""


_RULES: Mapping[str, tuple[str, Callable[[Reading, People], None]]] = {
    "disclosure.recorded": (WITHIN, _outside),
    "escalation.raised": (WITHIN, _escalation),
    "escalation.resolved": (ALWAYS, _resolution),
    "nrm.conclusive_grounds": (ALWAYS, _nrm_decision),
    "nrm.reasonable_grounds": (ALWAYS, _nrm_decision),
    "nrm.referred": (WITHIN, _nrm_referral),
    "placement.ended": (BEFORE, _left),
    "placement.started": (BEFORE, _placed),
    "referral.made": (BEFORE, _referral),
    "screening.recorded": (WITHIN, _screening),
    "seraf.completed": (BEFORE, _seraf),
    "strategy.held": (WITHIN, _strategy),
    "support.recorded": (WITHIN, _support),
    "trafficking.assessed": (BEFORE, _nothing),
}

NEEDED: Mapping[str, str] = {name: when for name, (when, _) in _RULES.items()}
"""Event type to when it must be opened; others are counted by what their entry says, if at all."""


def _compared(now: int, before: int, names: Iterable[str]) -> str:
    less, same, more = names
    return less if now < before else more if now > before else same


def _codes(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _instant(value: object) -> datetime | None:
    return read_time(value) if isinstance(value, str) else None


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
