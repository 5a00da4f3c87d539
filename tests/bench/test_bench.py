"""The benchmark itself: that it measures what it says it measures. How fast it is, is nobody's test."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from sightline.entrypoints.bench import run
from sightline.entrypoints.bench.measure import percentile
from sightline.entrypoints.bench.report import report, table
from sightline.entrypoints.bench.workload import DESKS_CONSIDERED, WEIGHTS, Workload
from sightline.kernel.errors import Refused

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The report on 200 submissions, in process and against the floor."""
    folder = tmp_path_factory.mktemp("bench")
    rows = run.measure_rows(("inprocess", "floor"), 200, 1, folder)
    return report(rows, asked={"submissions": 200}, machine={"cores": 2, "python": "3.11"})


@pytest.mark.slow
def test_every_submission_of_the_workload_is_accepted(result: dict[str, Any]) -> None:
    assert result["rows"]["inprocess"]["outcomes"] == {"accepted": 200}


@pytest.mark.slow
def test_twelve_desks_or_more_are_considered_for_each_item_sent(result: dict[str, Any]) -> None:
    assert result["rows"]["inprocess"]["desks_considered_mean"] >= DESKS_CONSIDERED


@pytest.mark.slow
def test_the_row_in_process_says_what_was_promised(result: dict[str, Any]) -> None:
    row = result["rows"]["inprocess"]
    promised = {
        "submissions_per_s", "decisions_per_s", "distinct_facts", "peak_memory_mb", "bytes_per_decision",
        "seconds_by_stage", "decisions", "recalls", "types", "hot_share", "cpu_s",
    }  # fmt: skip
    assert promised <= row.keys()
    assert row["submissions_per_s"] > 0
    assert row["seconds_by_stage"].keys() >= {"check", "record", "decide", "seal", "feed"}


@pytest.mark.slow
def test_the_floor_had_the_same_submissions(result: dict[str, Any]) -> None:
    assert result["rows"]["floor"]["submissions"] == result["rows"]["inprocess"]["submissions"]
    assert 0 < result["ratios"]["of_the_floor"] < 1


@pytest.mark.slow
def test_the_report_is_json_and_a_table(result: dict[str, Any]) -> None:
    assert json.loads(json.dumps(result)) == result
    assert "| The floor" in table(result)


def test_a_row_that_nobody_knows_is_refused() -> None:
    with pytest.raises(Refused, match="unknown_row"):
        run.chosen_rows("inprocess,elsewhere")


def test_equal_seeds_make_equal_forms() -> None:
    first, second = (Workload(seed=7, submissions=300, now=NOW).round(300) for _ in range(2))
    assert first == second


def test_one_child_in_a_hundred_causes_a_fifth_of_the_events() -> None:
    workload = Workload(seed=1, submissions=4_000, now=NOW)
    workload.round(4_000)
    assert 0.17 < workload.hot_share < 0.25


def test_every_type_that_needs_no_answer_of_the_hub_is_there_from_the_first_round() -> None:
    referring = {
        "cpi.graded",
        "cpi.sanitised",
        "item.corrected",
        "item.retracted",
        "alert.acknowledged",
        "recall.answered",
    }
    sent = {event.type for event in Workload(seed=1, submissions=4_000, now=NOW).round(4_000)}
    assert sent == WEIGHTS.keys() - referring


def test_a_form_that_tells_something_has_about_three_kilobytes() -> None:
    events = Workload(seed=1, submissions=500, now=NOW).round(500)
    sizes = [len(json.dumps(event.data)) for event in events]
    assert 2_000 < sum(sizes) / len(sizes) < 3_500


@pytest.mark.parametrize(
    ("share", "expected"),
    [pytest.param(0.5, 2.0, id="median"), pytest.param(0.99, 4.0, id="p99"), pytest.param(0.0, 1.0, id="least")],
)
def test_percentiles_are_values_that_were_measured(share: float, expected: float) -> None:
    assert percentile([1.0, 2.0, 3.0, 4.0], share) == expected


def test_rows_that_were_not_measured_have_no_ratio() -> None:
    result = report({}, asked={}, machine={})
    assert set(result["ratios"].values()) == {None}
    assert set(result["bars"].values()) == {None}
