"""One hub for each edition of the procedures, in which every rule of a table starts, is met, is called off and is late.

Each case has four children: one about whom something is sent that must not start the rule, and three for whom it starts:
for one it is met, for one called off, for one nothing happens. Time goes on from moment to moment at which any case is
late, always over the second before it.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from sightline.adapters.clock import SetClock
from sightline.formats.policy_digest import policy_data
from sightline.kernel.ids import DeskId
from sightline.kernel.share import share
from sightline.protocol.clock_rules import ClockRules, clock_documents
from tests.builders_hub import (
    CAST,
    HEALTH,
    START,
    Sent,
    Town,
    a_child,
    a_consent,
    a_hub,
    admits,
    alerts,
    rows,
    signs,
    submits,
)

GUIDE, MET, HERTS, LINCS, TRAFF = "4lscb_guide", "4lscb_2013", "hertfordshire", "lincolnshire", "4lscb_2011"
UKVI, FORUM = DeskId("home-office/ukvi"), DeskId("hampshire-partnership/forum")
DESKS = CAST | {UKVI: ("ukba_or_ukvi", "charity"), FORUM: ("mace", "partnership_forum")}
RULES = ClockRules.read(clock_documents(policy_data(share("policies")))).rules
ASKED, LATE, COVER = "alert.duty_due", "alert.duty_late", "alert.duty_cover"
STARTED, MET_, OFF, LATE_ = (f"child.clock_{what}.v1" for what in ("started", "met", "cancelled", "late"))
_BATCH = 100


class Say(NamedTuple):
    """One form that a desk sends: the least of its type, with these fields beside or instead."""

    desk: DeskId
    type: str
    changes: Mapping[str, Any] = {}


def say(desk: DeskId, type: str, **changes: Any) -> Say:
    """A form to send."""
    return Say(desk, type, changes)


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """How one rule is tried."""

    rows: str
    """The catalogue's rows that it stands for, as the rule names them."""
    also: Sequence[str] = ()
    """Rows of other sections that it tries besides."""
    code: str
    edition: str
    start: Say
    near: Say
    """What must not start it."""
    met: Say | None = None
    """None: the owner's acknowledgement meets it."""
    off: Say | None = None
    late: timedelta | None = None
    """How long after the start it is late; None: never."""
    before: Sequence[Say] = ()
    near_before: Sequence[Say] | None = None
    """What was sent before to the child for whom it must not start, where that is something else."""
    child: Mapping[str, Any] = field(default_factory=dict)
    silent: bool = False
    """Whether no alert is raised with the start."""

    @property
    def id(self) -> str:
        """The name of the case among those of its edition."""
        return f"{self.rows} {self.code}"

    @property
    def name(self) -> str:
        """All rows that it tries, its rule, and the edition, since some rules are tried under two."""
        return " ".join([self.rows, *self.also, self.code, self.edition])


@dataclass(frozen=True, slots=True)
class Lives:
    """What became of the children of each case."""

    entries: Mapping[tuple[str, str, str], Sequence[datetime]]
    """Kind of entry, child and rule to the times at which it was made."""
    asked: Mapping[tuple[str, str, str], frozenset[str]]
    """Desk, child and rule to the types of the alerts that the desk sees, once all time has gone by."""
    first: Mapping[tuple[str, str, str], frozenset[str]]
    """The same, right after the start."""
    children: Mapping[tuple[str, str], str]
    """Case and which child of it (``near``, ``met``, ``off``, ``late``) to its name."""

    def by_case(self) -> list[str]:
        """All of it, with each child named by its case and what it is there: what two hubs must have in common."""
        case = {child: f"{of} {which}" for (of, which), child in self.children.items()}
        return sorted(
            [
                *(
                    f"{kind} {case[child]} {code} {sorted(times)}"
                    for (kind, child, code), times in self.entries.items()
                ),
                *(f"asked {desk} {case[child]} {code} {sorted(t)}" for (desk, child, code), t in self.asked.items()),
                *(f"first {desk} {case[child]} {code} {sorted(t)}" for (desk, child, code), t in self.first.items()),
            ]
        )

    def times(self, kind: str, case: Case, which: str) -> list[datetime]:
        """When such entries were made for that child of the case."""
        return list(self.entries.get((kind, self.children[case.id, which], case.code), ()))

    def sees(self, desk: DeskId, case: Case, which: str, *, first: bool = False) -> frozenset[str]:
        """Types of the alerts of the case's rule about that child which the desk sees."""
        found = self.first if first else self.asked
        return found.get((desk, self.children[case.id, which], case.code), frozenset())


def owner_of(case: Case) -> DeskId:
    """The desk that must do what the rule asks."""
    return next(desk for desk, (_, role) in DESKS.items() if role == RULES[case.code].owner)


def lived(folder: Path, edition: str, cases: Iterable[Case]) -> Lives:
    """Live all cases of that edition through in one hub."""
    clock = SetClock(START)
    town = Town(hub=a_hub(folder, clock), clock=clock, folder=folder)
    try:
        return lived_in(town, edition, [case for case in cases if case.edition == edition])
    finally:
        town.hub.close()


def lived_in(town: Town, edition: str, cases: Sequence[Case]) -> Lives:
    """Live these cases of that edition through in a town that has no desk yet."""
    begins(town, edition)
    return _live(town, _area(edition), cases)


def _live(town: Town, area: str, cases: Sequence[Case]) -> Lives:
    which = {(case.id, one): serial for serial, (case, one) in enumerate(_children(cases), 1)}
    children = {name: a_child(which[name], **case.child) for case in cases for name in _names(case)}
    intro = {name: Say(HEALTH, "consent.recorded", a_consent({}, "not_sought")) for name in children}
    sent = _send(town, area, [(children[name], one) for name, one in intro.items()])
    refs = dict(zip(children, (one.child["ref"] for one in sent), strict=True))
    for case in cases:
        for name in _names(case):
            is_other = name[1] == "near" and case.near_before is not None
            before = case.near_before if is_other and case.near_before is not None else case.before
            _send(town, area, [(children[name], one) for one in before])
    starts = [(name, case.near if name[1] == "near" else case.start) for case in cases for name in _names(case)]
    _send(town, area, [(children[name], one) for name, one in starts])
    town.hub.settle()
    first = _alerts(town)
    town.clock.advance(timedelta(minutes=1))
    ends = [(case, "met", case.met) for case in cases] + [(case, "off", case.off) for case in cases]
    _send(town, area, [(children[case.id, one], form) for case, one, form in ends if form is not None])
    for moment in sorted({START + case.late for case in cases if case.late is not None}):
        for at in (moment - timedelta(seconds=1), moment):
            town.clock.set(max(at, town.clock.now()))
            town.hub.settle()
    return Lives(_entries(town), _alerts(town), first, refs)


def _children(cases: Iterable[Case]) -> list[tuple[Case, str]]:
    return [(case, one) for case in cases for _, one in _names(case)]


def _names(case: Case) -> list[tuple[str, str]]:
    wanted = {"near": True, "met": case.met is not None, "off": case.off is not None, "late": True}
    return [(case.id, one) for one, is_wanted in wanted.items() if is_wanted]


def _send(town: Town, area: str, said: Sequence[tuple[Mapping[str, Any], Say]]) -> list[Sent]:
    events = [signs(town, one.desk, one.type, _form(child, one), area=area) for child, one in said]
    found = [sent for n in range(0, len(events), _BATCH) for sent in submits(town, *events[n : n + _BATCH])]
    for sent, (_, one) in zip(found, said, strict=True):
        assert not sent.refused, (one.type, sent.answer.refusal)
        assert sent.receipt, one.type
        assert sent.receipt.defects == (), (one.type, sent.receipt.defects)
    return found


def _form(child: Mapping[str, Any], one: Say) -> dict[str, Any]:
    return {**least(one.type), **one.changes, "child": dict(child)}


@cache
def least(type: str) -> dict[str, Any]:
    """The least valid form of that type, addressed to nobody."""
    path = share("schemas") / "examples" / type / "valid_least.json"
    form: dict[str, Any] = json.loads(path.read_bytes()) if path.exists() else {}
    form.pop("to", None)
    return form


def _area(edition: str) -> str:
    return edition if edition in {HERTS, LINCS} else "hampshire"


def begins(town: Town, edition: str) -> None:
    """Let that edition hold in the town, and admit every desk that its rules speak of."""
    area = _area(edition)
    for desk, (sector, role) in DESKS.items():
        admits(town, desk, sector, role, areas=(area,))
    if edition != GUIDE and area == "hampshire":
        town.hub.admin.choose_edition(area, edition, date(2026, 11, 20))
        town.hub.settle()


def _entries(town: Town) -> dict[tuple[str, str, str], list[datetime]]:
    refs = {child: ref for ref, child in rows(town, "SELECT ref, child FROM child_refs")}
    found: dict[tuple[str, str, str], list[datetime]] = defaultdict(list)
    for placed in town.hub.ledger.read(0, 100_000, (STARTED, MET_, OFF, LATE_)):
        entry: Any = placed.entry
        key = (entry.TOPIC, refs[entry.originator_id.hex], entry.code)
        found[key].append(entry.timestamp.astimezone(UTC))
    return found


def _alerts(town: Town) -> dict[tuple[str, str, str], frozenset[str]]:
    found: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for desk in DESKS:
        for view in alerts(town, desk):
            for child in view.children:
                found[desk, child, str(view.body.get("clock", ""))].add(view.type)
    return {key: frozenset(types) for key, types in found.items()}


# ------------------------------------------------------------------------------------------------- what must hold of each


def starts(lives: Lives, case: Case) -> None:
    """Fails unless the case's event starts the rule, once, and the one beside it does not."""
    assert set(case.rows.split()) == {row for row in RULES[case.code].rows if row[0] in "TN"}
    assert len(lives.times(STARTED, case, "late")) >= 1
    assert lives.times(STARTED, case, "late")[0] == START
    assert lives.times(STARTED, case, "near") == []


def is_met(lives: Lives, case: Case) -> None:
    """Fails unless what is asked can be met: by its event, or where there is none by an acknowledgement."""
    if case.met is None:
        assert RULES[case.code].met == {}
        return
    assert len(lives.times(MET_, case, "met")) == 1
    assert RULES[case.code].repeats or lives.times(LATE_, case, "met") == []
    assert lives.times(MET_, case, "late") == []


def called_off(lives: Lives, case: Case) -> None:
    """Fails unless the case's event takes the reason away: nothing is late any more."""
    assert len(lives.times(OFF, case, "off")) == 1
    assert lives.times(LATE_, case, "off") == lives.times(MET_, case, "off") == []


def is_late(lives: Lives, case: Case) -> None:
    """Fails unless it is late when the time for it is over, to the second."""
    late = lives.times(LATE_, case, "late")
    assert late[:1] == ([] if case.late is None else [START + case.late])


def reaches_its_owner(lives: Lives, case: Case) -> None:
    """Fails unless the owner hears of it: at the start, or when it is late, or (what has neither) never."""
    owner = owner_of(case)
    at_start = lives.sees(owner, case, "late", first=True)
    assert at_start == (frozenset() if case.silent else {ASKED})
    assert lives.sees(owner, case, "near") == frozenset()
    assert bool(lives.sees(owner, case, "late")) == (not case.silent or case.late is not None)
    for desk, (_, role) in DESKS.items():
        if role not in {RULES[case.code].owner, RULES[case.code].escalation, "childrens_social_care"}:
            assert lives.sees(desk, case, "late") == frozenset(), desk


def every_rule(cases: Sequence[Case], *, met_elsewhere: Sequence[str] = ()) -> type:
    """The tests of every rule of a table, for its file to name. Of the rules named besides, what meets them is not tried."""
    each = partial(pytest.mark.parametrize, "case", ids=lambda case: case.name)

    class EveryRule:
        pytestmark = pytest.mark.slow

        @pytest.fixture(scope="class")
        @classmethod
        def lives(cls, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Lives]:
            """Every edition's cases, lived through once."""
            editions = sorted({case.edition for case in cases})
            return {edition: lived(tmp_path_factory.mktemp(edition) / "hub", edition, cases) for edition in editions}

        @each(argvalues=cases)
        def test_it_starts_on_its_event_and_not_beside_it(self, lives: Mapping[str, Lives], case: Case) -> None:
            starts(lives[case.edition], case)

        @each(argvalues=[case for case in cases if case.code not in met_elsewhere])
        def test_what_was_asked_is_met(self, lives: Mapping[str, Lives], case: Case) -> None:
            is_met(lives[case.edition], case)

        @each(argvalues=[case for case in cases if case.off])
        def test_it_is_called_off(self, lives: Mapping[str, Lives], case: Case) -> None:
            called_off(lives[case.edition], case)

        @each(argvalues=cases)
        def test_it_is_late_at_its_hour_or_never(self, lives: Mapping[str, Lives], case: Case) -> None:
            is_late(lives[case.edition], case)

        @each(argvalues=cases)
        def test_its_alert_reaches_its_owner(self, lives: Mapping[str, Lives], case: Case) -> None:
            reaches_its_owner(lives[case.edition], case)

    return EveryRule
