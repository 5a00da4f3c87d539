"""The queue of possible matches: what nobody has ruled on, without a name, oldest first."""

import json

from typer.testing import CliRunner

from sightline.entrypoints.cli import app
from sightline.record.queue import Question, unruled
from tests.builders_hub import AREA, MASH, POLICE, START, Sent, Town, a_missing, a_ruling, passes
from tests.builders_journeys import says

NAMED: dict[str, object] = {"given_name": "Perrin", "family_name": "Oakapple-b", "date_of_birth": "2011-05-04"}


def queue(town: Town) -> list[Question]:
    with town.hub.database.reading() as session:
        return unruled(session, 100)


def reported(town: Town, **changes: object) -> Sent:
    return says(town, POLICE, "missing.reported", a_missing({**NAMED, **changes}))


def test_the_queue_names_two_records_the_area_and_since_when(journey: Town) -> None:
    first, second = reported(journey), reported(journey)
    (question,) = queue(journey)
    assert {question.first, question.second} == {first.child["ref"], second.child["ref"]}
    assert (question.area, question.asked, question.is_late) == (AREA, START, False)


def test_the_oldest_question_comes_first_and_is_late_in_time(journey: Town) -> None:
    for family in ("Oakapple-c", "Oakapple-b"):
        reported(journey, family_name=family)
        reported(journey, family_name=family)
        passes(journey, hours=23)
    assert [one.is_late for one in queue(journey)] == [True, False]
    passes(journey, hours=1)
    assert [one.is_late for one in queue(journey)] == [True, True]


def test_what_was_ruled_on_is_not_in_the_queue_and_joined_records_are_one_question(journey: Town) -> None:
    sent = [reported(journey) for _ in range(3)]
    assert len(queue(journey)) == 3
    says(journey, MASH, "match.ruled", a_ruling(sent[0].child, sent[1].child, "same"))
    assert len(queue(journey)) == 1
    says(journey, MASH, "match.ruled", a_ruling(sent[1].child, sent[2].child, "different"))
    assert queue(journey) == []


def test_operators_list_it_and_no_name_is_in_it(journey: Town) -> None:
    reported(journey)
    reported(journey)
    said = CliRunner().invoke(app, ["admin", "match", "list", "--data", str(journey.folder), "--json"])
    assert said.exit_code == 0, said.output
    (row,) = json.loads(said.stdout)
    assert row.keys() == {"first", "second", "area", "asked", "hours", "late"}
    assert "Oakapple" not in said.output
