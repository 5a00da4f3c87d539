"""The benchmark itself: that it measures what it says it measures. How fast it is, is nobody's test."""

import json
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sightline.entrypoints.bench import distributed, load, naive, run
from sightline.entrypoints.bench.measure import percentile
from sightline.entrypoints.bench.mix import WEIGHTS
from sightline.entrypoints.bench.processes import used_by
from sightline.entrypoints.bench.report import NOT_MEASURED, report, table
from sightline.entrypoints.bench.rounds import Asked
from sightline.entrypoints.bench.services import missing
from sightline.entrypoints.bench.workload import DESKS_CONSIDERED, Workload
from sightline.entrypoints.bench.works import at_work
from sightline.kernel.errors import Refused
from tests.builders_http import wait_until
from tests.conftest import without

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The report on 200 submissions, in process and against the floor and the naive way."""
    folder = tmp_path_factory.mktemp("bench")
    rows = run.measure_rows(("inprocess", "floor", "naive"), Asked(200, 1, folder))
    return report(rows, asked={"submissions": 200}, machine={"cores": 2, "python": "3.11"})


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The rows over HTTP, on 60 submissions."""
    return run.measure_rows(("http", "latency"), Asked(60, 1, tmp_path_factory.mktemp("outside")))


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What was measured, and by what."""

    rows: dict[str, Any]
    folder: Path
    processes: dict[str, tuple[int, str]]
    """Name to the process's id, and to the moment at which it began: ids are given again."""


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    """The rows through Kafka, workers, OPA and PostgreSQL: 30 submissions, then 30 at 10/s; 2 s at 10/s, then 20 at once."""
    if why := missing():
        without(why)
    folder = tmp_path_factory.mktemp("services")
    with at_work(folder / "hub", every_s=0.5) as works:
        rows = {
            "distributed": distributed.through(works, Asked(30, 1, folder, per_s=10)),
            "load": load.through(works, Asked(30, 2, folder, per_s=10, load_minutes=1 / 30, backlog=20)),
        }
        processes = {name: (pid, began(pid)) for name, pid in works.meter.roots.items()}
    return Measured(rows=rows, folder=folder, processes=processes)


def began(pid: int) -> str:
    """When that process began, in ticks since the machine did (proc(5), field 22); empty where there is none.

    One that has ended is none, though whoever adopted it may not have taken notice yet (field 3 is Z until then).
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]


@pytest.fixture(scope="module")
def services(measured: Measured) -> dict[str, Any]:
    """The rows."""
    return measured.rows


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
    assert "2 cores, Python 3.11" in table(result)
    assert "| The floor" in table(result)
    assert "| an eighth of the floor or more | " in table(result)


@pytest.mark.slow
@pytest.mark.usefixtures("opa")
def test_the_naive_way_answers_the_questions_of_the_run_one_by_one(result: dict[str, Any]) -> None:
    row = result["rows"]["naive"]
    assert row["decisions"] == naive.SAMPLE * DESKS_CONSIDERED
    assert row["submissions_per_s"] > 0
    assert result["ratios"]["times_naive"] > 0


def test_without_opa_the_naive_way_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SIGHTLINE_OPA", "GOBIN", "GOPATH", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    row = naive.measure(Asked(submissions=1, seed=1, folder=tmp_path))
    assert "make infra-opa" in row[NOT_MEASURED]


@pytest.mark.slow
def test_every_submission_over_http_is_accepted_and_considered_for_twelve_desks(outside: dict[str, Any]) -> None:
    row = outside["http"]
    assert row["outcomes"] == {"accepted": 60}
    assert row["desks_considered_mean"] >= DESKS_CONSIDERED
    assert row["submissions_per_s"] > 0
    assert row["peak_memory_mb"] > 0


@pytest.mark.slow
def test_most_submissions_are_seen_to_become_readable_after_their_receipt_was_due(outside: dict[str, Any]) -> None:
    row = outside["latency"]
    assert row["submissions"] == row["accepted"] == 60
    assert row["measured"] > 40
    assert 0 < row["p50_ms"] <= row["p95_ms"] <= row["p99_ms"] <= row["max_ms"]


PROCESSES = {"kafka", "opa", "postgres", "record", "relay", "decide", "seal", "clock", "bench"}


@pytest.mark.slow
def test_what_goes_through_the_services_is_accepted_and_considered_for_twelve_desks(services: dict[str, Any]) -> None:
    row = services["distributed"]
    assert (row["outcomes"], row["steady_submissions"], row["accepted"]) == ({"accepted": 30}, 30, 30)
    assert row["desks_considered_mean"] >= DESKS_CONSIDERED
    assert row["submissions_per_s"] > 0
    assert row["measured"] > 20
    assert 0 < row["p50_ms"] <= row["p95_ms"] <= row["p99_ms"] <= row["max_ms"]


@pytest.mark.slow
def test_of_each_process_is_told_what_it_used(services: dict[str, Any]) -> None:
    for row in services.values():
        assert row["processes"].keys() == PROCESSES
        assert all(used["cpu_s"] >= 0 and used["peak_memory_mb"] > 1 for used in row["processes"].values()), row
    assert services["distributed"]["seconds_by_stage"].keys() >= {"record", "decide", "seal"}


@pytest.mark.slow
def test_a_load_is_told_minute_by_minute_and_a_backlog_is_drained(services: dict[str, Any]) -> None:
    row = services["load"]
    assert (row["submissions"], row["accepted"], row["backlog"]) == (20, 20, 20)
    (minute, *_) = row["minutes"]
    assert (minute["submissions"], minute["memory_mb"].keys() >= PROCESSES - {"record"}) == (20, True)
    assert row["drained_per_s"] > 0


@pytest.mark.slow
def test_what_a_measurement_started_is_gone_afterwards(measured: Measured) -> None:
    assert measured.processes.keys() == PROCESSES
    started = {name: of for name, of in measured.processes.items() if name != "bench"}
    wait_until(lambda: not any(began(pid) == moment for pid, moment in started.values()))
    assert began(measured.processes["bench"][0]) == measured.processes["bench"][1]
    assert not (measured.folder / "hub" / "services").exists()


def test_without_services_the_rows_through_them_say_how_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for measure in (distributed.measure, load.measure):
        row = measure(Asked(1, 1, tmp_path, backlog=1))
        assert re.search("make infra-kafka|openjdk", row[NOT_MEASURED])


def test_a_load_that_says_not_how_much_is_not_measured(tmp_path: Path) -> None:
    assert NOT_MEASURED in load.measure(Asked(1, 1, tmp_path))


def test_of_a_family_of_processes_all_are_counted_but_those_of_another() -> None:
    with subprocess.Popen(["sleep", "60"]) as child:
        try:
            alone = used_by({"tests": os.getpid(), "child": child.pid})
            together = used_by({"tests": os.getpid()})
        finally:
            child.kill()
    assert alone.keys() == {"tests", "child"}
    assert 0 < alone["child"].memory_bytes < alone["tests"].memory_bytes
    assert together["tests"].memory_bytes > alone["tests"].memory_bytes


@pytest.mark.slow
@pytest.mark.usefixtures("opa")
def test_every_member_of_the_report_is_explained(
    result: dict[str, Any], outside: dict[str, Any], services: dict[str, Any]
) -> None:
    explained = set(re.findall(r"`([a-z0-9_ ]+)`", (ROOT / "docs" / "bench.md").read_text(encoding="utf-8")))
    said = {name for row in {**result["rows"], **outside, **services}.values() for name in row}
    assert said | result["ratios"].keys() | result["bars"].keys() | result["rows"].keys() <= explained


@pytest.mark.parametrize(
    ("row", "name", "value", "bar", "is_met"),
    [
        pytest.param("inprocess", "submissions_per_s", 499.9, "submissions_per_s", False, id="rate below"),
        pytest.param("inprocess", "submissions_per_s", 500.0, "submissions_per_s", True, id="rate at"),
        pytest.param("latency", "p99_ms", 500.0, "p99_ms", True, id="p99 at"),
        pytest.param("latency", "p99_ms", 500.1, "p99_ms", False, id="p99 above"),
        pytest.param("distributed", "submissions_per_s", 299.9, "distributed_per_s", False, id="distributed below"),
        pytest.param("distributed", "submissions_per_s", 300.0, "distributed_per_s", True, id="distributed at"),
        pytest.param("load", "p99_ms", 999.9, "load_p99_ms", True, id="load below"),
        pytest.param("load", "p99_ms", 1000.0, "load_p99_ms", False, id="load at"),
        pytest.param("load", "drained_per_s", 200.0, "drained_per_s", True, id="drained at"),
        pytest.param("inprocess", "peak_memory_mb", 299.9, "memory_mb", True, id="memory below"),
        pytest.param("inprocess", "peak_memory_mb", 300.0, "memory_mb", False, id="memory at"),
    ],
)
def test_a_bar_is_met_from_where_it_says(row: str, name: str, value: float, bar: str, is_met: bool) -> None:
    assert report({row: {name: value}}, asked={}, machine={})["bars"][bar] is is_met


def test_the_ratios_compare_submissions_per_second() -> None:
    rows: Mapping[str, Mapping[str, Any]] = {
        "inprocess": {"submissions_per_s": 600.0, "decisions_per_s": 9000.0},
        "floor": {"submissions_per_s": 4000.0},
        "naive": {"submissions_per_s": 40.0, "decisions_per_s": 480.0},
        "distributed": {"submissions_per_s": 120.0},
    }
    ratios = report(rows, asked={}, machine={})["ratios"]
    assert ratios == {
        "of_the_floor": 0.15,
        "times_naive": 15.0,
        "times_naive_decisions": 18.75,
        "distributed_of_inprocess": 0.2,
    }


def test_a_row_that_was_not_measured_says_so_in_the_table() -> None:
    rows = {"naive": {NOT_MEASURED: "opa not found"}, "latency": {"failed": "the process ended with 1"}}
    said = table(report(rows, asked={}, machine={"cores": 2, "python": "3.11"}))
    assert "not measured: opa not found" in said
    assert "item readable: not measured: the process ended with 1." in said
    assert "| 10 times the naive way or more | not measured |  |" in said


def test_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "events.bin").touch()
    with pytest.raises(Refused, match="folder_not_empty"):
        run.main(Asked(20, 1), data=tmp_path)


def test_a_row_that_nobody_knows_is_refused() -> None:
    with pytest.raises(Refused, match="unknown_row"):
        run.chosen_rows("inprocess,elsewhere")


def test_equal_seeds_make_equal_forms() -> None:
    first, second = (list(Workload(seed=7, submissions=300, now=NOW).round(300)) for _ in range(2))
    assert first == second


def test_one_child_in_a_hundred_causes_a_fifth_of_the_events() -> None:
    workload = Workload(seed=1, submissions=4_000, now=NOW)
    assert len(list(workload.round(4_000))) == 4_000
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
    events = list(Workload(seed=1, submissions=500, now=NOW).round(500))
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
