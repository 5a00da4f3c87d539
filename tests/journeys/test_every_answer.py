"""Rules of every edition whose clocks run twice for one child: an answer to one of them is none to the other, which is late."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.adapters.clock import SetClock
from sightline.kernel.ids import DeskId
from tests.builders_clocks import DESKS, GUIDE, HERTS, LINCS, MET, RULES, TRAFF, UKVI, Say, begins, least, say
from tests.builders_hub import (
    CSC,
    HEALTH,
    MASH,
    SCHOOL,
    START,
    Sent,
    Town,
    a_child,
    a_consent,
    a_hub,
    alerts,
    signs,
    submits,
)

DAY = timedelta(days=1)
AREA = {HERTS: HERTS, LINCS: LINCS}
UNCLEAR = ("answer_unclear", "/answers")


class Two(NamedTuple):
    """How two clocks of one rule come to run for one child, and what ends one of them."""

    code: str
    edition: str
    asks: Say
    answers: Say
    late: timedelta | None = None
    ends: str = "met"

    @property
    def id(self) -> str:
        """The catalogue's rows, and the rule."""
        return f"{' '.join(RULES[self.code].rows)} {self.code}"


REFERRED = say(SCHOOL, "referral.made", issues=["sexual_exploitation"])
TRAFFICKED = say(SCHOOL, "referral.made", issues=["trafficking"])
DROPPED = say(MASH, "referral.decided", referral_outcome="no_further_action")
NOTIFIED = say(MASH, "referral.decided", contact_reference="HCC-1", outcome_notified_at=START.isoformat())
POSITIVE = say(CSC, "nrm.reasonable_grounds", nrm_decision="reasonable_grounds_positive")
CASES = [
    Two("referral_outcome", HERTS, REFERRED, NOTIFIED, late=DAY),
    Two("local_authority_decision", TRAFF, REFERRED, say(CSC, "referral.decided"), late=DAY),
    Two("strategy_decision", MET, REFERRED, DROPPED, late=DAY, ends="cancelled"),
    Two("initial_assessment_trafficking", GUIDE, TRAFFICKED, DROPPED, late=12 * DAY, ends="cancelled"),
    Two("ukvi_confirmation", HERTS, say(UKVI, "referral.made"), say(UKVI, "referral.confirmed"), late=2 * DAY),
    Two("nrm_first_decision", GUIDE, say(CSC, "nrm.referred"), POSITIVE),
    Two("nrm_conclusive_decision", GUIDE, POSITIVE, say(CSC, "nrm.conclusive_grounds")),
    Two("nrm_reference", HERTS, say(CSC, "nrm.referred"), say(CSC, "nrm.acknowledged")),
    Two("nrm_evidence_requested", GUIDE, say(CSC, "nrm.information_requested"), say(CSC, "nrm.information_added")),
    Two("verified_family_contact", GUIDE, say(CSC, "ilet.enquired"), say(CSC, "ilet.answered")),
]
BY_ID = [pytest.param(case, id=case.id) for case in CASES]


class Clocks:
    """What became of the clocks of one rule for one child, by the item that started each."""

    def __init__(self, town: Town, code: str) -> None:
        found: dict[str, set[str]] = {"started": set(), "met": set(), "cancelled": set(), "late": set()}
        for placed in town.hub.ledger.read(0, 100_000, [f"child.clock_{kind}.v1" for kind in found]):
            entry: Any = placed.entry
            if entry.code == code:
                found[entry.TOPIC.removeprefix("child.clock_").removesuffix(".v1")].add(entry.situation)
        self.started, self.met, self.cancelled, self.late = found.values()

    @property
    def open(self) -> set[str]:
        """Those that nothing has ended."""
        return self.started - self.met - self.cancelled


class Place:
    """One town in which an edition holds; each test has children of its own in it."""

    def __init__(self, folder: Path, edition: str) -> None:
        self._serials, self.area = count(1), AREA.get(edition, "hampshire")
        clock = SetClock(START)
        self.town = Town(hub=a_hub(folder, clock), clock=clock, folder=folder)
        begins(self.town, edition)

    def child(self) -> dict[str, Any]:
        """A child of whom the hub knows by name."""
        child = a_child(next(self._serials))
        self.send(say(HEALTH, "consent.recorded", **a_consent({}, "not_sought")), child)
        return child

    def send(self, one: Say, child: Mapping[str, Any], **more: Any) -> Sent:
        """That desk says that of the child, and every stage runs."""
        return self.sends([(one, child, more)])[0]

    def sends(self, said: Sequence[tuple[Say, Mapping[str, Any], Mapping[str, Any]]]) -> list[Sent]:
        """Several forms in one batch."""
        forms = [{**least(one.type), **one.changes, **more, "child": dict(child)} for one, child, more in said]
        events = [
            signs(self.town, one.desk, one.type, form, area=self.area)
            for (one, _, _), form in zip(said, forms, strict=True)
        ]
        sent = submits(self.town, *events)
        assert all(not one.refused for one in sent), [one.refused for one in sent]
        self.town.hub.settle()
        return sent

    def twice(self, one: Say) -> tuple[dict[str, Any], str, str]:
        """A child of whom that was said twice, and the two items."""
        child = self.child()
        first, second = self.sends([(one, child, {}), (one, child, {})])
        return child, first.item, second.item


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A town for each edition, opened when it is first asked for."""
    made: dict[str, Place] = {}

    @cache
    def place(edition: str) -> Place:
        made[edition] = Place(tmp_path_factory.mktemp(edition) / "hub", edition)
        return made[edition]

    yield place
    for one in made.values():
        one.town.hub.close()


def defects(sent: Sent) -> tuple[tuple[str, str], ...]:
    assert sent.receipt
    return tuple((defect.code, defect.pointer) for defect in sent.receipt.defects)


def escalated(place: Place, case: Two, child: Mapping[str, Any]) -> int:
    """How many times the desk behind the owner, or out of hours the one that covers, heard that it was late."""
    ref = place.send(say(HEALTH, "consent.recorded", **a_consent({}, "not_sought")), child).child["ref"]
    role = RULES[case.code].escalation
    desk = next(desk for desk, (_, held) in DESKS.items() if held == role)
    found = [a for a in alerts(place.town, desk) if a.body.get("clock") == case.code and ref in a.children]
    return sum(str(a.body["asks"]).startswith("Late: ") for a in found)


# ------------------------------------------------------------------------------------------------ of each kind, two wait


@pytest.mark.parametrize("case", BY_ID)
def test_an_answer_ends_the_clock_of_what_it_names_and_the_other_is_late(places: Any, case: Two) -> None:
    place: Place = places(case.edition)
    child, first, second = place.twice(case.asks)
    place.send(case.answers, child, answers=[second])
    clocks = Clocks(place.town, case.code)
    assert second in getattr(clocks, case.ends)
    assert first in clocks.open
    if case.late is None:
        return
    place.town.clock.advance(case.late)
    place.town.hub.settle()
    assert first in Clocks(place.town, case.code).late
    assert second not in Clocks(place.town, case.code).late
    assert escalated(place, case, child) == 1


@pytest.mark.parametrize("case", BY_ID)
def test_an_answer_that_names_nothing_ends_the_only_clock_that_runs(places: Any, case: Two) -> None:
    place: Place = places(case.edition)
    child = place.child()
    item = place.send(case.asks, child).item
    answer = place.send(case.answers, child)
    assert item in getattr(Clocks(place.town, case.code), case.ends)
    assert UNCLEAR not in defects(answer)


@pytest.mark.parametrize("case", BY_ID)
def test_an_answer_that_names_none_of_several_ends_none_and_its_sender_is_told(places: Any, case: Two) -> None:
    place: Place = places(case.edition)
    child, first, second = place.twice(case.asks)
    answer = place.send(case.answers, child)
    assert {first, second} <= Clocks(place.town, case.code).open
    assert UNCLEAR in defects(answer)


def test_one_answer_may_name_several(places: Any) -> None:
    place: Place = places(TRAFF)
    child, first, second = place.twice(REFERRED)
    place.send(say(CSC, "referral.decided"), child, answers=[first, second])
    assert {first, second} <= Clocks(place.town, "local_authority_decision").met


def test_the_field_that_names_the_referral_says_which(places: Any) -> None:
    place: Place = places(TRAFF)
    child, first, second = place.twice(REFERRED)
    place.send(say(CSC, "referral.decided"), child, referral=second)
    clocks = Clocks(place.town, "local_authority_decision")
    assert (second in clocks.met, first in clocks.open) == (True, True)


def test_what_is_done_for_the_child_as_a_whole_ends_all_that_waits_for_it(places: Any) -> None:
    place: Place = places(TRAFF)
    child, first, second = place.twice(REFERRED)
    place.send(say(MASH, "strategy.held", meeting_kind="strategy_discussion"), child)
    assert {first, second} <= Clocks(place.town, "local_authority_decision").met


def test_an_answer_to_what_is_done_already_ends_nothing_else(places: Any) -> None:
    place: Place = places(TRAFF)
    child, first, second = place.twice(REFERRED)
    for _ in range(2):
        place.send(say(CSC, "referral.decided"), child, answers=[second])
    assert first in Clocks(place.town, "local_authority_decision").open


def test_an_answer_that_names_what_is_not_this_childs_ends_nothing(places: Any) -> None:
    place: Place = places(TRAFF)
    child = place.child()
    item = place.send(REFERRED, child).item
    place.send(say(CSC, "referral.decided"), child, answers=["i-" + "0" * 32])
    assert item in Clocks(place.town, "local_authority_decision").open


# ---------------------------------------------------------------------------------------------- chains of what is named


def test_t_41_a_decision_is_known_by_the_reference_that_its_referral_was_acknowledged_under(places: Any) -> None:
    place: Place = places(HERTS)
    child, first, second = place.twice(REFERRED)
    place.send(say(CSC, "referral.acknowledged", contact_reference="HCC-A", answers=[first]), child)
    place.send(say(CSC, "referral.acknowledged", contact_reference="HCC-B", answers=[second]), child)
    place.send(NOTIFIED, child, contact_reference="HCC-B")
    clocks = Clocks(place.town, "referral_outcome")
    assert (second in clocks.met, first in clocks.open) == (True, True)


def test_n_06_an_acknowledgement_that_names_nothing_is_of_the_only_referral_that_waits_for_one(places: Any) -> None:
    place: Place = places(MET)
    child = place.child()
    first = place.send(REFERRED, child).item
    acknowledged = say(CSC, "referral.acknowledged", lead_officer_informed=True)
    place.send(acknowledged, child, contact_reference="HCC-C")
    second = place.send(REFERRED, child).item
    place.send(DROPPED, child, contact_reference="HCC-C")
    clocks = Clocks(place.town, "strategy_decision")
    assert (first in clocks.cancelled, second in clocks.open) == (True, True)


def test_t_87_the_last_decision_on_a_referral_is_not_that_on_another(places: Any) -> None:
    place: Place = places(GUIDE)
    child, first, second = place.twice(say(CSC, "nrm.referred"))
    grounds = [place.send(POSITIVE, child, answers=[one]).item for one in (first, second)]
    place.send(say(CSC, "nrm.conclusive_grounds"), child, answers=[first])
    for code in ("nrm_conclusive_decision", "reflection_period"):
        clocks = Clocks(place.town, code)
        assert (grounds[0] in clocks.met, grounds[1] in clocks.open) == (True, True)


def test_an_alert_may_be_named_instead_of_what_gave_rise_to_it(places: Any) -> None:
    place: Place = places(TRAFF)
    child, first, second = place.twice(REFERRED)
    known = place.send(say(CSC, "concern.recorded"), child).child["ref"]
    asked = [
        a for a in alerts(place.town, CSC) if a.body["clock"] == "local_authority_decision" and known in a.children
    ]
    assert len(asked) == 2
    place.send(say(CSC, "referral.decided"), child, answers=[asked[0].ref])
    assert len({first, second} & Clocks(place.town, "local_authority_decision").met) == 1


# ----------------------------------------------------------------------------------------------- whatever the order is


@given(data=st.data())
@settings(max_examples=12, deadline=None)
def test_of_any_number_exactly_those_are_met_that_were_answered(places: Any, data: st.DataObject) -> None:
    place: Place = places(TRAFF)
    number = data.draw(st.integers(2, 4))
    child = place.child()
    items = [one.item for one in place.sends([(REFERRED, child, {})] * number)]
    answered = data.draw(st.lists(st.sampled_from(items), unique=True))
    decided = say(DeskId(CSC), "referral.decided")
    place.sends([(decided, child, {"answers": [one]}) for one in answered])
    clocks = Clocks(place.town, "local_authority_decision")
    assert {*items} & clocks.met == {*answered}
    assert {*items} & clocks.open == {*items} - {*answered}
