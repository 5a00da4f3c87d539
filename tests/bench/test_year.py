"""The row "year", on two days of half a county: that it counts what it says it counts. How fast it is, is nobody's test."""

import json
from typing import Any

import pytest

from sightline.entrypoints.bench import run
from sightline.entrypoints.bench.report import NOT_MEASURED, report, table
from sightline.entrypoints.bench.rounds import Asked
from sightline.entrypoints.bench.year import ANSWERS

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """As many days as half a county takes to send what a whole one sends in a day: two."""
    return run.measure_rows(("year",), Asked(136, 1, tmp_path_factory.mktemp("year"), times=0.5))


@pytest.fixture(scope="module")
def row(rows: dict[str, Any]) -> dict[str, Any]:
    """The row alone."""
    return dict(rows["year"])


def test_everything_is_accepted_and_answers_are_counted_apart(row: dict[str, Any]) -> None:
    assert row["days"] == 2
    assert row["refusals"] == {}
    assert row["outcomes"] == {"accepted": row["submissions"] + row["answers"]}
    assert row["answers"] == sum(row["types"].get(kind, 0) for kind in ANSWERS)
    assert 60 < row["submissions"] < 200


def test_clocks_start_strike_and_end_and_desks_acknowledge_their_alerts(row: dict[str, Any]) -> None:
    assert row["clocks_struck"] > 0
    assert row["clocks"]["started"] >= row["clocks"]["met"] + row["clocks"]["cancelled"] > 0
    assert row["alerts"]["acknowledged"] > row["alerts"]["open"]
    assert row["items_of_the_hub"] == sum(row["alerts"].values())


def test_parts_add_up_to_the_whole(row: dict[str, Any]) -> None:
    parts = row["twelfths"]
    assert len(parts) == 2, "no part is shorter than a day"
    for name in ("submissions", "answers", "clocks_struck"):
        assert sum(part[name] for part in parts) == row[name], name
    assert abs(sum(part["cpu_s"] for part in parts) - row["cpu_s"]) <= 0.2
    assert max(part["memory_mb"] for part in parts) > 0
    assert abs(sum(row["cpu_s_by_stage"].values()) - row["cpu_s"]) <= 0.3


def test_the_register_is_verified_whole_and_what_is_stored_is_counted(row: dict[str, Any]) -> None:
    assert (row["verify"]["exit_code"], row["verify"]["leaves"]) == (0, row["leaves"])
    assert row["leaves"] > row["decisions"] > row["submissions"]
    assert all(count > 1_000 for count in row["bytes_per_submission"].values())


def test_the_report_is_json_and_a_table_of_its_parts(rows: dict[str, Any]) -> None:
    result = report(rows, asked={"submissions": 136}, machine={"cores": 2, "python": "3.11"})
    assert json.loads(json.dumps(result)) == result
    assert table(result).count("\n| 1 |") == 1
    assert "2 days of a county" in table(result)


def test_days_that_were_not_measured_say_why() -> None:
    told = table(report({"year": {NOT_MEASURED: "why"}}, asked={}, machine={"cores": 2, "python": "3.11"}))
    assert "Days of a county: not measured: why." in told


def test_days_are_asked_for_alone_unless_other_rows_are_named() -> None:
    assert "year" not in run.chosen_rows("all")
