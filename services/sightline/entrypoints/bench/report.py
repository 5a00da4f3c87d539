"""The rows side by side: ratios, bars, and the README's table."""

from collections.abc import Mapping
from typing import Any

Rows = Mapping[str, Mapping[str, Any]]
Report = dict[str, Any]

NOT_MEASURED = "not measured"

SUBMISSIONS_PER_S, OF_THE_FLOOR, TIMES_NAIVE, P99_MS, MEMORY_MB = 500, 1 / 8, 10, 500, 300
"""The first bars."""


def report(rows: Rows, *, asked: Mapping[str, Any], machine: Mapping[str, Any]) -> Report:
    """What was asked, the rows, how they compare, and whether each bar was reached (None: not measured)."""
    ratios = {
        "of_the_floor": _ratio(rows, "inprocess", "floor", "submissions_per_s"),
        "times_naive": _ratio(rows, "inprocess", "naive", "decisions_per_s"),
    }
    return {
        "asked": dict(asked),
        "machine": dict(machine),
        "rows": dict(rows),
        "ratios": ratios,
        "bars": _bars(rows, ratios),
    }


def _bars(rows: Rows, ratios: Mapping[str, float | None]) -> dict[str, bool | None]:
    return {
        "submissions_per_s": _at_least(_figure(rows, "inprocess", "submissions_per_s"), SUBMISSIONS_PER_S),
        "of_the_floor": _at_least(ratios["of_the_floor"], OF_THE_FLOOR),
        "times_naive": _at_least(ratios["times_naive"], TIMES_NAIVE),
        "p99_ms": _at_most(_figure(rows, "latency", "p99_ms"), P99_MS),
        "memory_mb": _at_most(_figure(rows, "inprocess", "peak_memory_mb"), MEMORY_MB),
    }


def _at_least(value: float | None, bar: float) -> bool | None:
    return None if value is None else value >= bar


def _at_most(value: float | None, bar: float) -> bool | None:
    return None if value is None else value <= bar


def _figure(rows: Rows, row: str, name: str) -> float | None:
    value = rows.get(row, {}).get(name)
    return float(value) if value is not None else None


def _ratio(rows: Rows, row: str, other: str, name: str) -> float | None:
    value, base = _figure(rows, row, name), _figure(rows, other, name)
    return round(value / base, 3) if value and base else None


def table(result: Report) -> str:
    """The table of the README, in Markdown."""
    rows = result["rows"]
    lines = [
        "| Row | Submissions/s | Decisions/s | Peak memory |",
        "|---|---|---|---|",
        *(f"| {title} | {_cells(rows.get(name, {}))} |" for name, title in _TITLES.items() if name in rows),
    ]
    return "\n".join([*lines, "", *_notes(result)])


_TITLES = {
    "inprocess": "End to end in process: signed bytes in, released to the desks",
    "http": "End to end over HTTP",
    "floor": "The floor: signatures checked, the same bytes inserted, no policy",
    "naive": "The naive way: one OPA call and one insert for each decision",
}


def _cells(row: Mapping[str, Any]) -> str:
    if NOT_MEASURED in row or "failed" in row:
        return f"{NOT_MEASURED}: {row.get(NOT_MEASURED, row.get('failed'))} | |"
    memory = f"{row['peak_memory_mb']:.0f} MB" if "peak_memory_mb" in row else ""
    return f"{_number(row.get('submissions_per_s'))} | {_number(row.get('decisions_per_s'))} | {memory}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"


def _notes(result: Report) -> list[str]:
    row, ratios, latency = result["rows"].get("inprocess", {}), result["ratios"], result["rows"].get("latency", {})
    machine = result["machine"]
    setting = (
        f"{machine['cores']} cores, Python {machine['python']}; {row.get('submissions', 0):,} submissions,"
        f" {row.get('desks_considered_mean', 0)} desks considered for each item that was sent;"
        f" {row.get('distinct_facts', 0):,} distinct facts; {row.get('bytes_per_decision', 0):,} bytes stored per decision."
    )
    notes = [setting]
    if ratios["of_the_floor"] is not None:
        notes.append(f"In process reaches {ratios['of_the_floor']:.0%} of the floor.")
    if ratios["times_naive"] is not None:
        notes.append(f"It decides {ratios['times_naive']:.0f} times as fast as the naive way.")
    if "p50_ms" in latency:
        notes.append(
            f"From POST sent to item readable at {latency['per_s']}/s: p50 {latency['p50_ms']:.0f} ms,"
            f" p95 {latency['p95_ms']:.0f} ms, p99 {latency['p99_ms']:.0f} ms."
        )
    return notes
