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
from sightline.entrypoints.simulate.course import Planned
from sightline.entrypoints.simulate.desks import desks_of
from sightline.entrypoints.simulate.lines import lines
from sightline.entrypoints.simulate.profile import A_DAY, POPULATION
from sightline.entrypoints.simulate.seeded import chance_of, how_many
from sightline.entrypoints.simulate.stream import STARTS, Asked, events
from sightline.formats import jws
from sightline.formats.event import AREAS
from sightline.formats.registration import check_registration
from sightline.formats.schemas import Schemas
from sightline.formats.strict_json import parse_object

ISLAND = "isle_of_wight"
GOLDEN = "66b3f0b8da0398d4fed4f3862382412696df65fa4ca42bb9f343a0a557601385"
"""Digest of a week's lines; it changes with every change of the forms or proportions."""


def a_week(**changes: Any) -> Asked:
    return replace(Asked(area=ISLAND, days=7, seed=1), **changes)


@cache
def the_week() -> tuple[bytes, ...]:
    return tuple(lines(a_week()))


@cache
def the_quarter() -> tuple[Planned, ...]:
    """A county's worth of thirteen weeks in an area of a seventh of it, at twice its rate."""
    return tuple(events(a_week(area="southampton", days=91, times=2)))


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
    schemas, looked_at = Schemas.load(), Counter[str]()
    for one in the_quarter():
        looked_at[one.type] += 1
        if looked_at[one.type] > 40:
            continue
        form = {"item": "i-3mVb9T0aK1cE", **one.data} if one.refers else one.data
        assert schemas.check(one.type, 1, form) == (None, ()), one.type


def test_every_child_is_invented_and_known_by_a_number_that_nobody_has() -> None:
    children = [
        child
        for one in the_quarter()
        if not one.refers
        for child in one.data.get("children", [one.data["child"]] if "child" in one.data else [])
    ]
    numbers = {i["value"] for child in children for i in child["identifiers"] if i["scheme"] == "nhs-number"}
    assert len(numbers) > 100
    assert all(number.startswith("999") for number in numbers)
    assert len({(child["family_name"], child["date_of_birth"]) for child in children}) == len(numbers)


def test_no_two_areas_share_a_child_a_desk_or_a_key() -> None:
    desks = [desk.id for area in sorted(AREAS) for desk in desks_of(area).all()]
    assert len(desks) == len(set(desks))
    assert set(POPULATION) == AREAS
    first = _numbers(events(a_week()))
    assert not first & _numbers(events(a_week(area="portsmouth")))


def _numbers(some: Any) -> set[str]:
    said = (one.data["child"]["identifiers"][0]["value"] for one in some if "child" in one.data)
    return set(said)


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
        pytest.param("ppn1.issued", "missing.reported", 0.65, 1.05, id="notifications"),
        pytest.param("referral.acknowledged", "referral.made", 0.85, 1.0, id="referrals acknowledged"),
        pytest.param("referral.decided", "referral.made", 0.78, 1.0, id="referrals decided"),
        pytest.param("consent.withdrawn", "consent.recorded", 0.005, 0.15, id="few consents are withdrawn"),
        pytest.param("involvement.confirmed", "involvement.opened", 0.3, 0.7, id="half of involvements confirmed"),
        pytest.param("flag.lifted", "flag.raised", 0.03, 0.6, id="some flags are lifted"),
        pytest.param("item.corrected", "missing.reported", 0.01, 0.12, id="few corrections"),
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
