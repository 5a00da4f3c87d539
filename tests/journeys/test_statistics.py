"""`sightline stats`: the counts of catalogue section 9 in two areas, with numbers known beforehand."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sightline.entrypoints.cli import app
from sightline.kernel.ids import DeskId
from sightline.kernel.share import share
from tests.builders_hub import (
    CSC,
    HEALTH,
    POLICE,
    START,
    Town,
    a_child,
    a_consent,
    a_missing,
    a_ppn1,
    a_return,
    a_town,
    admits,
    leaves,
    passes,
    rows,
    signs,
    submits,
)

pytestmark = pytest.mark.slow

HERTS = "hertfordshire"
THEIR_POLICE = DeskId("herts-police/missing")
THEIR_CSC = DeskId("herts-council/csc")
DAY = str(START.date())


def least(name: str, **changes: Any) -> dict[str, Any]:
    """The least form of a type."""
    form: dict[str, Any] = json.loads((share("schemas") / "examples" / name / "valid_least.json").read_bytes())
    return form | changes


class World:
    """A town with a few desks of a second area, and forms that are sent one by one and settled together."""

    def __init__(self, town: Town) -> None:
        self.town = town

    def says(self, desk: DeskId, type: str, form: dict[str, Any], area: str = "hampshire", purpose: str = "") -> str:
        envelope = {"purpose": purpose} if purpose else {}
        (sent,) = submits(self.town, signs(self.town, desk, type, form, area=area, **envelope))
        assert sent.answer.outcome == "accepted", sent.answer.refusal
        return sent.item

    def about(self, desk: DeskId, type: str, serial: int, area: str = "hampshire", **fields: Any) -> str:
        child = a_child(serial, **fields.pop("child", {}))
        return self.says(desk, type, least(type, **fields) | {"child": child}, area)


def known(world: World, *serials: int, area: str = "hampshire") -> None:
    """The health trust speaks of the children first: from then on their numbers name them, whoever writes."""
    for serial in serials:
        form = a_consent(a_child(serial), "not_sought", consent_purpose="assessment")
        world.says(HEALTH, "consent.recorded", form, area)


def first_day(world: World) -> None:
    """Hampshire: six children referred, one of them twice; two strategy discussions and a meeting; a gap."""
    known(world, *range(1, 8))
    for serial, issues in enumerate(
        (["missing"], ["missing"], ["missing"], ["trafficking"], ["missing", "trafficking"]), 1
    ):
        world.about(CSC, "referral.made", serial, issues=issues)
    world.about(CSC, "referral.made", 6)
    world.about(CSC, "referral.made", 6, issues=["sexual_exploitation"])
    for kind in ("strategy_discussion", "strategy_discussion", "s47_strategy_meeting", "review_meeting"):
        world.about(CSC, "strategy.held", 1, meeting_kind=kind)
    world.about(CSC, "support.recorded", 1, needs=[{"need": "legal_advice", "need_state": "unmet"}])
    world.about(CSC, "support.recorded", 2, needs=[{"need": "legal_advice", "need_state": "met"}])
    world.about(CSC, "seraf.completed", 1)
    world.about(CSC, "seraf.completed", 1, low_self_esteem=True, vehicles_of_unknown_adults="current")
    raised = world.about(CSC, "escalation.raised", 1, escalation_about="information_sharing")
    world.about(CSC, "escalation.raised", 1, escalation_about="plan")
    world.about(CSC, "escalation.resolved", 1, escalation=raised)
    world.about(CSC, "nrm.referred", 4)
    world.about(CSC, "nrm.referred", 5)
    world.about(CSC, "nrm.reasonable_grounds", 4, nrm_decision="reasonable_grounds_positive")
    for result in ("no_concern", "significant_concern", "significant_concern"):
        world.about(HEALTH, "screening.recorded", 3, screening_result=result)
    world.about(CSC, "placement.started", 4, placement_kind="residential", child={"trafficking_status": "suspected"})
    world.about(HEALTH, "disclosure.recorded", 3, decision="do_not_disclose")


def episodes(world: World) -> None:
    """A trafficked child goes missing and returns; another is never reviewed; a third child's report was a mistake."""
    sent = [
        world.says(
            POLICE,
            "missing.reported",
            a_missing(a_child(serial), missing_since=START.replace(hour=hour).isoformat()),
        )
        for serial, hour in ((4, 7), (5, 8), (7, 1))
    ]
    world.says(POLICE, "item.retracted", {"item": sent[-1], "reason_code": "wrong_child"})
    world.town.hub.settle()
    passes(world.town, hours=1)
    world.says(POLICE, "missing.returned", a_return(a_child(4), world.town.clock.now()))
    world.says(POLICE, "ppn1.issued", a_ppn1(a_child(4), "third_in_90_days"))
    passes(world.town, hours=9)


def elsewhere(world: World) -> None:
    """Hertfordshire: one referral, one episode, and nothing else."""
    known(world, 22, area=HERTS)
    for desk, sector, role in (
        (THEIR_POLICE, "police", "police_missing_persons"),
        (THEIR_CSC, "childrens_social_care", "childrens_social_care"),
    ):
        admits(world.town, desk, sector, role, areas=(HERTS,))
    world.about(THEIR_CSC, "referral.made", 21, HERTS, issues=["modern_slavery"])
    world.about(THEIR_CSC, "placement.started", 22, HERTS, placed_at=START.isoformat())
    world.says(THEIR_POLICE, "missing.reported", a_missing(a_child(22), missing_since=START.isoformat()), HERTS)


def a_day(town: Town) -> World:
    """A day in two areas."""
    made = World(town)
    first_day(made)
    elsewhere(made)
    episodes(made)
    town.hub.settle()
    return made


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Told once for all tests of this file: they only read."""
    return a_day(a_town(Path(tmp_path_factory.mktemp("stats")) / "hub"))


def asked(world: World, *options: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error."""
    done = CliRunner().invoke(app, ["stats", "--data", str(world.town.folder), "--from", DAY, "--to", DAY, *options])
    return done.exit_code, done.stdout, done.stderr


def numbers(world: World, area: str, *options: str) -> dict[tuple[str, str, str], int | None]:
    """Row, measure and part to the number; None for what is held back."""
    code, out, why = asked(world, "--json", "--area", area, *options)
    assert code == 0, why
    return {
        (line["row"], line["measure"], line["part"]): line["count"]
        for line in json.loads(out)["counts"]
        if line["state"] != "not_counted"
    }


@pytest.fixture
def plain(world: World, monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str, str], int | None]:
    """Hampshire's numbers with nothing held back."""
    monkeypatch.setenv("SIGHTLINE_SMALL_NUMBER", "1")
    return numbers(world, "hampshire")


def parts(found: dict[tuple[str, str, str], int | None], measure: str) -> dict[str, int | None]:
    """What of that measure is not nought, by part; the whole under no name."""
    return {part: n for (_, what, part), n in found.items() if what == measure and n != 0}


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        pytest.param(
            "referrals",
            {"": 7, "missing": 3, "trafficked": 1, "exploited": 1, "several": 1, "not_stated": 1},
            id="Q-01",
        ),
        pytest.param("strategy_discussions_held", {"": 2}, id="Q-02"),
        pytest.param("strategy_meetings_held", {"": 1}, id="Q-03"),
        pytest.param("children_referred", {"": 6}, id="Q-04"),
        pytest.param("unmet_needs", {"": 1, "legal_advice": 1}, id="Q-05"),
        pytest.param("children_in_scope", {"": 7, "residential": 1, "not_stated": 6}, id="Q-06 and Q-20"),
        pytest.param("episodes_by_time_of_day", {"": 2, "morning": 2}, id="Q-07"),
        pytest.param("seraf_score_since_the_last_one", {"": 1, "higher": 1}, id="Q-08"),
        pytest.param("trafficked_children_looked_after", {"": 1}, id="Q-10"),
        pytest.param("trafficked_children_gone_missing", {"": 1, "returned": 1}, id="Q-11 and Q-12"),
        pytest.param("communication_difficulties", {"": 1, "resolved": 1}, id="Q-14"),
        pytest.param("children_missing_soon_after_arrival", {}, id="Q-16"),
        pytest.param("nrm_referrals", {"": 2, "pending": 1, "reasonable_grounds_positive": 1}, id="Q-17"),
        pytest.param(
            "screening_tools", {"": 3, "no_concern": 1, "significant_concern": 2, "week 2026-W47": 3}, id="Q-18"
        ),
        pytest.param("seraf_current_beside_recent", {"": 2, "same": 1, "more": 1}, id="Q-19"),
        pytest.param("ppn1", {"": 1, "third_in_90_days": 1}, id="Q-22: by circumstance"),
        pytest.param("children_three_times_missing", {"": 1, "not_assessed": 1}, id="Q-22: assessed"),
        pytest.param("decisions_without_a_reason", {}, id="Q-23: none without a reason"),
        pytest.param("decisions_outside_the_hub", {"": 1, "do_not_disclose": 1}, id="Q-23: on paper"),
    ],
)
def test_the_numbers_of_a_day_are_those_of_what_was_sent(
    plain: dict[tuple[str, str, str], int | None], measure: str, expected: dict[str, int]
) -> None:
    assert parts(plain, measure) == expected


def test_q_21_a_clock_is_on_time_late_not_due_or_called_off(plain: dict[tuple[str, str, str], int | None]) -> None:
    """T-02 of three reports: one child came back, one nobody reviewed, one report was taken back and is not counted."""
    assert parts(plain, "circumstances_review") == {"": 2, "late": 1, "called_off": 1}
    wholes = {what: n for (row, what, part), n in plain.items() if row == "Q-21" and not part}
    for what, n in wholes.items():
        assert sum(m or 0 for (row, name, part), m in plain.items() if row == "Q-21" and name == what and part) == n


def test_q_21_and_q_12_what_a_form_that_was_taken_back_had_ended_counts_as_if_it_had_not_been_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGHTLINE_SMALL_NUMBER", "1")
    made = World(a_town(tmp_path / "hub"))
    known(made, 1)
    made.about(HEALTH, "referral.made", 1, issues=["trafficking"])
    made.says(POLICE, "missing.reported", a_missing(a_child(1)))
    back = made.says(POLICE, "missing.returned", a_return(a_child(1), made.town.clock.now()))
    made.town.hub.settle()
    ended = numbers(made, "hampshire")
    assert parts(ended, "circumstances_review") == {"": 1, "called_off": 1}
    assert parts(ended, "trafficked_children_gone_missing") == {"": 1, "returned": 1}
    made.says(POLICE, "item.retracted", {"item": back, "reason_code": "wrong_child"})
    made.town.hub.settle()
    running = numbers(made, "hampshire")
    assert parts(running, "circumstances_review") == {"": 1, "not_due": 1}
    assert parts(running, "trafficked_children_gone_missing") == {"": 1, "not_returned": 1}


def test_q_23_every_sealed_decision_of_the_area_is_counted_by_outcome(
    world: World, plain: dict[tuple[str, str, str], int | None]
) -> None:
    theirs = {row[0] for row in rows(world.town, "SELECT ref FROM items WHERE area = 'hampshire'")}
    positions = {int(row[0]) for row in rows(world.town, "SELECT position, ref FROM item_folds") if row[1] in theirs}
    made = [leaf["eff"] for leaf in leaves(world.town, typ="decision") if leaf["item"] in positions]
    found = parts(plain, "decisions")
    assert found.pop("") == len(made)
    assert found == {outcome: made.count(outcome) for outcome in set(made)}


def test_q_15_what_the_authority_is_told_by_duty_counts_once_however_many_of_its_desks_are(
    plain: dict[tuple[str, str, str], int | None],
) -> None:
    told = plain["Q-15", "items_told_to_the_authority_by_duty", ""]
    assert told is not None
    assert told >= plain["Q-01", "referrals", ""]  # type: ignore[operator]  # nothing is held back here


def test_another_area_has_numbers_of_its_own(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Q-16 too: Hertfordshire counts 72 hours from the placement (X-20)."""
    monkeypatch.setenv("SIGHTLINE_SMALL_NUMBER", "1")
    found = numbers(world, HERTS)
    assert parts(found, "referrals") == {"": 1, "trafficked": 1}
    assert parts(found, "children_in_scope") == {"": 2, "looked_after_elsewhere": 1, "not_stated": 1}
    assert parts(found, "children_missing_soon_after_arrival") == {"": 1}
    assert parts(found, "nrm_referrals") == parts(found, "ppn1") == {}
    assert parts(numbers(world, "lincolnshire"), "referrals") == {}


def test_a_period_in_which_nothing_was_recorded_counts_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGHTLINE_SMALL_NUMBER", "1")
    found = numbers(world, "hampshire", "--from", "2026-11-21", "--to", "2026-12-31")
    assert not any(found.values())


def test_q_24_small_numbers_are_held_back_unless_the_hub_is_set_otherwise(world: World) -> None:
    found = numbers(world, "hampshire")
    # Five parts of seven: whoever saw the whole would know that each of them is small.
    assert parts(found, "referrals") == dict.fromkeys(
        ("", "missing", "exploited", "trafficked", "several", "not_stated")
    )
    assert found["Q-02", "strategy_discussions_held", ""] is None
    assert not any(n is not None and 0 < n < 5 for n in found.values())
    code, _, why = asked(world, "--threshold", "2")
    assert (code, "SIGHTLINE_SMALL_NUMBER" in why) == (4, True)
    assert found["Q-15", "items_told_to_the_authority_by_duty", ""]
    assert numbers(world, "hampshire", "--threshold", "1000")["Q-15", "items_told_to_the_authority_by_duty", ""] is None


@pytest.mark.parametrize("form", ["--json", "--csv", ""])
def test_no_output_names_a_child_an_item_or_a_desk(world: World, form: str) -> None:
    code, out, why = asked(world, *([form] if form else []))
    assert code == 0
    named = {row[0] for row in rows(world.town, "SELECT ref FROM child_refs")}
    named |= {row[0] for row in rows(world.town, "SELECT child FROM child_refs")}
    named |= {row[0] for row in rows(world.town, "SELECT ref FROM items")}
    assert len(named) > 20
    text = out + why
    assert not [one for one in {*named, *map(str, world.town.keys), "Oakapple"} if one in text]


def test_csv_and_json_say_the_same(world: World) -> None:
    _, as_csv, _ = asked(world, "--csv")
    _, as_json, _ = asked(world, "--json")
    lines = list(csv.DictReader(io.StringIO(as_csv)))
    said = json.loads(as_json)["counts"]
    assert [(one["area"], one["row"], one["count"]) for one in lines] == [
        (one["area"], one["row"], "" if one["count"] is None else str(one["count"])) for one in said
    ]
    assert len({one["area"] for one in lines}) == 6


def test_what_software_cannot_count_is_said(world: World) -> None:
    """Q-09 and Q-13 are judgements and summaries; of Q-07 only the time of day is counted."""
    _, out, _ = asked(world, "--json", "--area", "hampshire")
    found = {line["row"]: line["note"] for line in json.loads(out)["counts"] if line["state"] == "not_counted"}
    assert {"Q-07", "Q-09", "Q-13"} <= found.keys()
    assert all(found.values())


def test_every_row_of_the_catalogues_section_nine_is_there(world: World) -> None:
    _, out, _ = asked(world, "--json", "--area", "hampshire")
    said = {line["row"] for line in json.loads(out)["counts"]}
    assert said | {"Q-24"} == {f"Q-{n:02d}" for n in range(1, 25)}


def test_an_area_or_period_that_cannot_be_is_refused(world: World) -> None:
    code, _, why = asked(world, "--area", "atlantis")
    assert (code, "area list" in why) == (4, True)
    code, _, why = asked(world, "--to", "2026-11-19")
    assert (code, "--to is before --from" in why) == (4, True)
