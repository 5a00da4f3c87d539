"""The rows side by side: ratios, bars, and the README's tables."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Rows = Mapping[str, Mapping[str, Any]]
Report = dict[str, Any]

NOT_MEASURED = "not measured"


def report(rows: Rows, *, asked: Mapping[str, Any], machine: Mapping[str, Any]) -> Report:
    """What was asked, the rows, how they compare, and whether each bar was reached (None: not measured)."""
    ratios = {
        "of_the_floor": _ratio(rows, "inprocess", "floor", "submissions_per_s"),
        "times_naive": _ratio(rows, "inprocess", "naive", "submissions_per_s"),
        "times_naive_decisions": _ratio(rows, "inprocess", "naive", "decisions_per_s"),
        "distributed_of_inprocess": _ratio(rows, "distributed", "inprocess", "submissions_per_s"),
    }
    return {
        "asked": dict(asked),
        "machine": dict(machine),
        "rows": dict(rows),
        "ratios": ratios,
        "bars": {name: bar.is_met(rows, ratios) for name, bar in BARS.items()},
    }


def _ratio(rows: Rows, row: str, other: str, name: str) -> float | None:
    value, base = _figure(rows, row, name), _figure(rows, other, name)
    return round(value / base, 3) if value and base else None


def _figure(rows: Rows, row: str, name: str) -> float | None:
    value = rows.get(row, {}).get(name)
    return float(value) if value is not None else None


Value = Callable[[Rows, Mapping[str, float | None]], float | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """What must be reached first."""

    says: str
    value: Value
    least: float | None = None
    most: float | None = None
    under: float | None = None
    write: str
    """How a value is written."""

    def is_met(self, rows: Rows, ratios: Mapping[str, float | None]) -> bool | None:
        """None when it was not measured."""
        value = self.value(rows, ratios)
        if value is None:
            return None
        return (
            (self.least is None or value >= self.least)
            and (self.most is None or value <= self.most)
            and (self.under is None or value < self.under)
        )

    def reached(self, rows: Rows, ratios: Mapping[str, float | None]) -> str:
        """What was measured, for a person."""
        value = self.value(rows, ratios)
        return NOT_MEASURED if value is None else self.write.format(value)


BARS = {
    "submissions_per_s": Bar(
        says="500 submissions/s or more in process",
        value=lambda rows, _: _figure(rows, "inprocess", "submissions_per_s"),
        least=500,
        write="{:,.0f}/s",
    ),
    "of_the_floor": Bar(
        says="an eighth of the floor or more",
        value=lambda _, ratios: ratios["of_the_floor"],
        least=1 / 8,
        write="{:.1%}",
    ),
    "times_naive": Bar(
        says="10 times the naive way or more",
        value=lambda _, ratios: ratios["times_naive"],
        least=10,
        write="{:.1f} times",
    ),
    "p99_ms": Bar(
        says="p99 from POST sent to item readable at most 500 ms",
        value=lambda rows, _: _figure(rows, "latency", "p99_ms"),
        most=500,
        write="{:,.0f} ms",
    ),
    "memory_mb": Bar(
        says="memory under 300 MB",
        value=lambda rows, _: _figure(rows, "inprocess", "peak_memory_mb"),
        under=300,
        write="{:,.0f} MB",
    ),
    "distributed_per_s": Bar(
        says="300 submissions/s or more in distributed mode, all on one machine",
        value=lambda rows, _: _figure(rows, "distributed", "submissions_per_s"),
        least=300,
        write="{:,.0f}/s",
    ),
    "load_p99_ms": Bar(
        says="under load, p99 from the broker to readable under 1 s",
        value=lambda rows, _: _figure(rows, "load", "p99_ms"),
        under=1_000,
        write="{:,.0f} ms",
    ),
    "drained_per_s": Bar(
        says="a backlog drained at 200/s or more (120,000 in 10 minutes)",
        value=lambda rows, _: _figure(rows, "load", "drained_per_s"),
        least=200,
        write="{:,.0f}/s",
    ),
}
"""The first bars."""


def table(result: Report) -> str:
    """The tables of the README, in Markdown: the rows, and the first bars."""
    rows = result["rows"]
    lines = [
        _setting(result),
        "",
        "| Row | Submissions | Submissions/s | Decisions/s | Peak memory |",
        "|---|---|---|---|---|",
        *(f"| {title} | {_cells(rows[name])} |" for name, title in _TITLES.items() if name in rows),
        "",
        *_latency(rows.get("latency", {}), "From POST sent to item readable", "over HTTP"),
        *_latency(rows.get("distributed", {}), "From the broker to desks' feed topics", "on Kafka"),
        *_used(rows.get("distributed", {})),
        *_twelfths(rows.get("year", {})),
        "| First bar | Measured | Met |",
        "|---|---|---|",
        *(
            f"| {bar.says} | {bar.reached(rows, result['ratios'])} | {_MET[result['bars'][name]]} |"
            for name, bar in BARS.items()
        ),
    ]
    return "\n".join(lines)


_MET = {True: "yes", False: "no", None: ""}
_TITLES = {
    "inprocess": "End to end in process: signed bytes in, released to the desks",
    "http": "End to end over HTTP",
    "distributed": "Through Kafka, five workers, an OPA server and PostgreSQL",
    "floor": "The floor: signatures checked, the same bytes inserted, no policy",
    "naive": "The naive way: one OPA call and one insert for each decision",
}


def _setting(result: Report) -> str:
    machine, row = result["machine"], result["rows"].get("inprocess", {})
    said = f"{machine['cores']} cores, Python {machine['python']}"
    if "leaves" not in row:
        return f"{said}."
    return (
        f"{said}; {row['submissions']:,} submissions, {row['desks_considered_mean']} desks considered for each item that"
        f" was sent; {row['distinct_facts']:,} distinct facts; {row['bytes_per_decision']:,} bytes stored per decision."
    )


def _cells(row: Mapping[str, Any]) -> str:
    if _missing(row):
        return f"{_missing(row)} | | |"
    memory = f"{row['peak_memory_mb']:.0f} MB" if "peak_memory_mb" in row else ""
    rates = " | ".join(_number(row.get(name)) for name in ("submissions", "submissions_per_s", "decisions_per_s"))
    return f"{rates} | {memory}"


def _missing(row: Mapping[str, Any]) -> str:
    """Why there are no figures; empty when there are."""
    why = row.get(NOT_MEASURED, row.get("failed"))
    return f"{NOT_MEASURED}: {why}" if why else ""


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"


def _latency(row: Mapping[str, Any], what: str, way: str) -> list[str]:
    """One line, where there is anything to say."""
    if not row:
        return []
    if _missing(row):
        return [f"{what}: {_missing(row)}.", ""]
    said = (
        f"{what} at {row['per_s']:g}/s {way} ({row['measured']:,} submissions):"
        f" p50 {row['p50_ms']:.0f} ms, p95 {row['p95_ms']:.0f} ms, p99 {row['p99_ms']:.0f} ms."
    )
    return [said, ""]


def _used(row: Mapping[str, Any]) -> list[str]:
    """Where the time went: a table, where it is known."""
    processes = row.get("processes", {})
    if not processes:
        return []
    lines = [
        f"| {name} | {used['cpu_s']:.1f} s | {used['peak_memory_mb']:.0f} MB |" for name, used in processes.items()
    ]
    return ["| Process | Processor time | Peak memory |", "|---|---|---|", *lines, ""]


def _twelfths(row: Mapping[str, Any]) -> list[str]:
    """What each part of a long run took: a table, where there was one."""
    if not row:
        return []
    if _missing(row):
        return [f"Days of a county: {_missing(row)}.", ""]
    each = row["bytes_per_submission"]
    said = (
        f"{row['days']} days of a county: {row['submissions']:,} submissions and {row['answers']:,} answers, with"
        f" {row['clocks_struck']:,} clocks striking, in {row['cpu_s']:,.0f} s of processor time; peak memory"
        f" {row['peak_memory_mb']:.0f} MB; for each submission {each['ledger']:,} bytes of ledger, {each['register']:,}"
        f" of register, {each['database']:,} of database."
    )
    lines = [
        f"| {number} | {part['submissions']:,} | {part['answers']:,} | {part['clocks_struck']:,} |"
        f" {part['cpu_ms_each']:.1f} ms | {part['memory_mb']:.0f} MB |"
        for number, part in enumerate(row["twelfths"], 1)
    ]
    head = ["| Twelfth | Submissions | Answers | Clocks struck | Processor time for each | Memory |"]
    return [said, "", *head, "|---|---|---|---|---|---|", *lines, ""]
