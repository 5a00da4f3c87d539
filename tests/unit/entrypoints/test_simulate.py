"""The simulator: the same bytes for the same seed, in order of time, of invented people, in the stated proportions."""

import gc
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from sightline.entrypoints.cli import app
from sightline.entrypoints.simulate.answering import Answering, Asks
from sightline.entrypoints.simulate.course import Planned
from sightline.entrypoints.simulate.desks import desks_of
from sightline.entrypoints.simulate.lines import lines
from sightline.entrypoints.simulate.profile import A_DAY, POPULATION
from sightline.entrypoints.simulate.seeded import chance_of, how_many
from sightline.entrypoints.simulate.stream import STARTS, Asked, events
from sightline.formats import jws
from sightline.formats.event import AREAS
from sightline.formats.registration import check_registration
from sightline.formats.strict_json import parse_object
from sightline.protocol.seraf_form import disagreements
from tests.builders import the_schemas

ISLAND = "isle_of_wight"
MASH = desks_of(ISLAND).mash
GOLDEN = "6d20fb3e0c4fe34e11d346a451edb2d477b3fa548a88e16610ffda9080c415ae"
"""Digest of a week's lines; it changes with every change of the forms or proportions."""


def a_week(**changes: Any) -> Asked:
    return replace(Asked(area=ISLAND, days=7, seed=1), **changes)


@cache
def the_week() -> tuple[bytes, ...]:
    return tuple(lines(a_week()))


@cache
def the_quarter() -> tuple[Planned, ...]:
    """A county's worth of thirteen weeks in an area of a seventh of it, at twice its rate."""
    return tuple(events(a_week(area="southampton", days=91, times=2, seed=2)))


def counted() -> Counter[str]:
    return Counter(one.type for one in the_quarter())


def times(name: str, of: str) -> float:
    """How many of the one for each of the other."""
    return counted()[name] / counted()[of]


def test_the_same_seed_gives_the_same_bytes() -> None:
    assert tuple(lines(a_week())) == the_week()


def test_the_bytes_do_not_depend_on_the_process_or_the_machine() -> None:
    assert sha256(b"\n".join(the_week())).hexdigest() == GOLDEN


def test_another_seed_gives_other_keys_and_other_events() -> None:
    other = [orjson.loads(line) for line in lines(a_week(seed=2))]
    same = [orjson.loads(line) for line in the_week()]
    assert not {row["kid"] for row in other[0]["desks"]} & {row["kid"] for row in same[0]["desks"]}
    assert not {line["id"] for line in other[1:]} & {line["id"] for line in same[1:]}


def test_a_longer_simulation_begins_with_the_shorter_one() -> None:
    longer = list(lines(a_week(days=9)))
    assert [orjson.loads(line)["id"] for line in longer[1 : len(the_week())]] == [
        orjson.loads(line)["id"] for line in the_week()[1:]
    ]


def test_events_come_in_order_of_time_within_the_days_and_are_sent_when_they_say() -> None:
    at = [datetime.fromisoformat(orjson.loads(line)["at"]) for line in the_week()[1:]]
    assert at == sorted(at)
    assert at[0] >= STARTS
    assert at[-1] < STARTS + timedelta(days=7)


def test_every_event_is_signed_by_its_desk_or_says_which_earlier_one_it_refers_to() -> None:
    header, *told = [orjson.loads(line) for line in the_week()]
    keys = {row["desk"]: check_registration(row["registration"].encode()) for row in header["desks"]}
    uses = Counter[str]()
    for line in reversed(told):
        if "refers" in line:
            uses[line["refers"]] += 1
            continue
        parts = jws.parse(line["event"].encode(), jws.EVENT)
        key = keys[line["desk"]]
        assert parts.kid == key.kid
        assert jws.is_signed(
            alg=key.alg, public=key.public, signing_input=parts.signing_input, signature=parts.signature
        )
        event = parse_object(parts.payload)
        assert (event["id"], event["type"]) == (line["id"], f"sightline.{line['type']}")
        assert datetime.fromisoformat(event["time"]) == datetime.fromisoformat(line["at"])
        # Those that come after the last day are counted by `uses` as well.
        assert uses.pop(line["id"], 0) <= line.get("uses", 0)
    assert not uses


@pytest.mark.slow
def test_every_form_is_one_that_the_hub_takes_without_a_defect() -> None:
    schemas, looked_at = the_schemas(), Counter[str]()
    later = (one for one in events(a_week(area="hampshire", days=300, times=0.5)) if one.type.startswith("nrm."))
    for one in (*the_quarter(), *later):
        looked_at[one.type] += 1
        if looked_at[one.type] > 40:
            continue
        form = one.naming("i-3mVb9T0aK1cE") if one.refers else one.data
        assert schemas.check(one.type, 1, form) == (None, ()), one.type
    assert looked_at["nrm.conclusive_grounds"] > 5, "which comes months after the referral"


def test_every_child_is_invented_and_known_by_a_number_that_nobody_has() -> None:
    children = [
        child
        for one in the_quarter()
        if not one.refers
        for child in one.data.get("children", [one.data["child"]] if "child" in one.data else [])
    ]
    known = [child for child in children if "identifiers" in child]
    numbers = {i["value"] for child in known for i in child["identifiers"] if i["scheme"] == "nhs-number"}
    assert len(numbers) > 100
    assert all(number.startswith("999") for number in numbers)
    assert len({(child["family_name"], child["date_of_birth"]) for child in known}) == len(numbers)


def test_a_few_are_told_of_by_name_alone_by_those_who_noticed_something() -> None:
    noticed = [
        child
        for one in the_quarter()
        if one.type in {"cpi.submitted", "referral.made"}
        for child in one.data.get("children", [one.data["child"]] if "child" in one.data else [])
    ]
    by_name = [child for child in noticed if "identifiers" not in child]
    assert 0.005 < len(by_name) / len(noticed) < 0.07
    assert all(child.keys() == {"given_name", "family_name", "date_of_birth"} for child in by_name)


def test_no_two_areas_share_a_child_a_desk_or_a_key() -> None:
    desks = [desk.id for area in sorted(AREAS) for desk in desks_of(area).all()]
    assert len(desks) == len(set(desks))
    assert set(POPULATION) == AREAS
    first = _numbers(events(a_week()))
    assert not first & _numbers(events(a_week(area="portsmouth")))


def _numbers(some: Any) -> set[str]:
    said = (one.data["child"] for one in some if "identifiers" in one.data.get("child", {}))
    return {child["identifiers"][0]["value"] for child in said}


def test_a_quarter_holds_as_much_as_the_profile_says_within_a_seventh() -> None:
    expected = A_DAY * 91 * 2 * POPULATION["southampton"] / 2_000_000
    assert expected * 6 / 7 < len(the_quarter()) < expected * 8 / 7


@pytest.mark.slow
def test_what_is_held_for_later_does_not_grow_with_the_days() -> None:
    before = _held()
    held = [_held() - before for number, _ in enumerate(events(a_week(days=300, times=0.3))) if number % 50 == 49]
    assert len(held) > 10
    assert max(held) < 60, "what is still to come of six weeks at three events a day"


def _held() -> int:
    return sum(isinstance(one, Planned) for one in gc.get_objects())


def test_all_sectors_take_part() -> None:
    sectors = {desk.id: desk.sector for desk in desks_of("southampton").all()}
    assert {sectors[one.desk] for one in the_quarter()} == set(sectors.values())


@pytest.mark.parametrize(
    ("name", "of", "low", "high"),
    [
        pytest.param("missing.returned", "missing.reported", 0.93, 1.0, id="nearly every child comes back"),
        pytest.param("bureau.notified", "missing.reported", 0.05, 0.15, id="most before the Bureau is told"),
        pytest.param("return_interview.held", "missing.returned", 0.45, 0.65, id="interviews held"),
        pytest.param("return_interview.declined", "missing.returned", 0.17, 0.33, id="interviews declined"),
        pytest.param("cpi.submitted", "missing.reported", 0.65, 1.0, id="intelligence beside episodes"),
        pytest.param("cpi.graded", "cpi.submitted", 0.74, 0.94, id="most intelligence is graded"),
        pytest.param("cpi.sanitised", "cpi.submitted", 0.28, 0.5, id="some of it is sanitised"),
        pytest.param("ppn1.issued", "missing.reported", 0.55, 0.95, id="notifications"),
        pytest.param("referral.acknowledged", "referral.made", 0.85, 1.0, id="referrals acknowledged"),
        pytest.param("referral.decided", "referral.made", 0.78, 1.0, id="referrals decided"),
        pytest.param("consent.withdrawn", "consent.recorded", 0.005, 0.15, id="few consents are withdrawn"),
        pytest.param("involvement.confirmed", "involvement.opened", 0.3, 0.7, id="half of involvements confirmed"),
        pytest.param("flag.lifted", "flag.raised", 0.03, 0.6, id="some flags are lifted"),
        pytest.param("item.corrected", "missing.reported", 0.01, 0.12, id="few corrections"),
        pytest.param("seraf.completed", "missing.reported", 0.03, 0.12, id="SERAF beside episodes"),
        pytest.param("strategy.held", "strategy.called", 0.9, 1.6, id="what is called is held, some of it again"),
        pytest.param("section47.started", "strategy.called", 0.25, 0.65, id="half of them lead to an enquiry"),
        pytest.param("section47.concluded", "section47.started", 0.6, 1.0, id="which ends"),
        pytest.param("nrm.referred", "trafficking.assessed", 0.3, 0.7, id="half of the assessed go to the NRM"),
        pytest.param("nrm.reasonable_grounds", "nrm.referred", 0.5, 1.0, id="most are decided within the quarter"),
        pytest.param("safety_plan.agreed", "strategy.held", 0.2, 0.8, id="safety plans"),
    ],
)
def test_proportions_are_as_stated(name: str, of: str, low: float, high: float) -> None:
    assert low < times(name, of) < high


def test_intelligence_is_about_no_child_one_or_several() -> None:
    about = Counter(len(one.data.get("children", [])) for one in the_quarter() if one.type == "cpi.submitted")
    share = {count: found / about.total() for count, found in about.items()}
    assert 0.08 < share[0] < 0.22
    assert 0.63 < share[1] < 0.83
    assert about[2] > about[3] > 0


def test_one_child_in_a_hundred_causes_about_a_fifth_and_some_go_missing_three_times() -> None:
    went = Counter(_child(one) for one in the_quarter() if one.type == "missing.reported")
    most = sum(count for _, count in went.most_common(37))
    assert 0.12 < most / went.total() < 0.4
    circumstances = Counter(one.data["ppn1_circumstance"] for one in the_quarter() if one.type == "ppn1.issued")
    assert set(circumstances) == {"other", "returned_and_harmed", "missing_not_returned", "third_in_90_days"}


def test_nobody_is_reported_again_before_having_come_back() -> None:
    away: set[str] = set()
    for one in the_quarter():
        if one.type == "missing.reported":
            assert _child(one) not in away
            away.add(_child(one))
        elif one.type == "missing.returned":
            away.remove(_child(one))


def test_a_tenth_of_returns_tell_of_harm_and_some_interviews_come_after_their_72_hours() -> None:
    harmed = Counter(one.data["harm_suffered"] for one in the_quarter() if one.type == "missing.returned")
    assert 0.05 < harmed["yes"] / harmed.total() < 0.16
    back: dict[str, datetime] = {}
    late: list[bool] = []
    for one in the_quarter():
        if one.type == "missing.returned":
            back[_child(one)] = datetime.fromisoformat(one.data["returned_at"])
        elif one.type == "return_interview.held":
            late.append(one.at - back[_child(one)] > timedelta(hours=72))
    assert 0.08 < sum(late) / len(late) < 0.32


def _child(one: Planned) -> str:
    return str(one.data["child"]["identifiers"][0]["value"])


def test_most_answers_name_what_they_answer_and_it_is_what_they_answer() -> None:
    answered = {
        "referral.acknowledged": "referral.made",
        "referral.decided": "referral.made",
        "return_interview.offered": "missing.returned",
        "return_interview.held": "missing.returned",
        "return_interview.declined": "missing.returned",
        "nrm.acknowledged": "nrm.referred",
    }
    sent = {one.id: one for one in the_quarter()}
    named = [one for one in the_quarter() if one.member == "answers"]
    assert {one.type: sent[one.refers].type for one in named} == answered
    assert 0.63 < len(named) / sum(counted()[name] for name in answered) < 0.77
    assert all(one.at > sent[one.refers].at for one in named)
    assert {one.data["child"]["date_of_birth"] == sent[one.refers].data["child"]["date_of_birth"] for one in named} == {
        True
    }


def test_the_nrm_goes_through_its_stages_in_their_order() -> None:
    stages = ("nrm.referred", "nrm.acknowledged", "nrm.reasonable_grounds", "nrm.conclusive_grounds")
    reached: dict[str, list[int]] = {}
    for one in the_quarter():
        if one.type in stages:
            reached.setdefault(_child(one), []).append(stages.index(one.type))
    once = [found for found in reached.values() if found.count(0) == 1]
    assert len(once) > 5
    assert all(found == sorted(found) for found in once)


def test_an_assessor_writes_what_a_seraf_comes_to() -> None:
    forms = [one.data for one in the_quarter() if one.type == "seraf.completed"]
    assert {form["seraf_category"] for form in forms} >= {"not_at_risk", "moderate_risk", "significant_risk"}
    assert not [form for form in forms if disagreements(form, form["child"]["date_of_birth"])]


def asked(kind: str, *refs: str) -> Asks:
    return Asks(kind=kind, desks=(MASH,), refs=refs)


def test_the_same_hub_gets_the_same_answers_and_each_question_an_answer_of_its_own() -> None:
    first, again = Answering(1), Answering(1)
    answers = [first.answer(asked("alert", f"i-{n}"), STARTS) for n in range(100)]
    assert answers == [again.answer(asked("alert", f"i-{n}"), STARTS) for n in range(100)]
    assert len({one.id for one in answers if one}) == sum(one is not None for one in answers)
    assert [one.data["alert"] for one in answers[:3] if one] == [f"i-{n}" for n, one in enumerate(answers[:3]) if one]


def test_most_alerts_are_acknowledged_within_two_hours_and_some_never() -> None:
    answering = Answering(1)
    answers = [answering.answer(asked("alert", f"i-{n}"), STARTS) for n in range(400)]
    taken = [one for one in answers if one]
    assert 0.9 < len(taken) / 400 < 0.99
    assert 0.8 < sum(one.at - STARTS <= timedelta(hours=2) for one in taken) / len(taken) < 0.95


@pytest.mark.parametrize(
    ("asks", "kind"),
    [
        (asked("alert", "i-3mVb9T0aK1cE"), "alert.acknowledged"),
        (asked("recall", "l-0TzW7aVb"), "recall.answered"),
        (asked("match", "c-0123456789abcdef", "c-fedcba9876543210"), "match.ruled"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_answer_is_a_form_that_the_hub_takes(asks: Asks, kind: str) -> None:
    schemas, answering = the_schemas(), Answering(1)
    answers = [one for one in (answering.answer(asks, STARTS) for _ in range(60)) if one]
    assert {one.type for one in answers} == {kind}
    assert all(one.at > STARTS for one in answers)
    assert {schemas.check(kind, 1, one.data) for one in answers} == {(None, ())}


@pytest.mark.parametrize("mean", [0.5, 29.0, 30.0, 31.0, 2_000.0])
def test_a_count_is_near_its_mean_however_large(mean: float) -> None:
    chance = chance_of("counts", mean)
    counts = [how_many(chance, mean) for _ in range(400)]
    assert abs(sum(counts) / 400 - mean) < 5 * (mean / 400) ** 0.5


def test_the_command_writes_the_lines_to_a_new_file_and_tells_how_many(tmp_path: Path) -> None:
    file = tmp_path / "week.jsonl"
    asked = ["simulate", "--area", ISLAND, "--days", "7", "--seed", "1", "--out", str(file)]
    told = CliRunner().invoke(app, [*asked, "--json"])
    assert told.exit_code == 0
    assert file.read_bytes() == b"\n".join(the_week()) + b"\n"
    assert orjson.loads(told.stdout)["events"] == len(the_week()) - 1
    assert CliRunner().invoke(app, asked).exit_code == 2, "an existing file stays as it is"


def test_the_command_writes_to_standard_output_and_starts_when_asked() -> None:
    asked = ["simulate", "--area", ISLAND, "--days", "1", "--seed", "3", "--from", "2025-06-02"]
    told = CliRunner().invoke(app, asked)
    expected = lines(a_week(days=1, seed=3, starts=datetime(2025, 6, 2, tzinfo=UTC)))
    assert told.stdout_bytes == b"".join(line + b"\n" for line in expected)


def test_the_command_refuses_an_area_that_there_is_not() -> None:
    assert CliRunner().invoke(app, ["simulate", "--area", "nowhere", "--days", "1", "--seed", "1"]).exit_code == 4
