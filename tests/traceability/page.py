"""The page, and what is wrong with it."""

from collections import Counter
from dataclasses import dataclass

from tests.traceability.ids import no_part, sections
from tests.traceability.places import places
from tests.traceability.tests_named import tests

BUILT, POLICY, NO_PART, OPEN = "built", "policy", "no part", "open"
_FEW = 2
"""Places to name of a row. Not how many more there are: the page would change with every word in the code."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One row of the catalogue."""

    id: str
    state: str
    where: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    why: str = ""

    @property
    def lacks(self) -> str:
        """What an open row lacks."""
        return " and ".join(
            word for word, there in (("a place", self.where), ("a test that names it", self.tests)) if not there
        )


def traced() -> dict[str, Row]:
    """Every row, in the catalogue's order."""
    where, named, reasons = places(), tests(), no_part()
    found: dict[str, Row] = {}
    for section in sections():
        for row in section["rows"]:
            found[row] = _row(row, where.get(row, []), named.get(row, []), reasons.get(row, ""))
    return found


def _row(row: str, where: list[str], named: list[str], why: str) -> Row:
    if why:
        return Row(id=row, state=NO_PART, where=tuple(where), tests=tuple(named), why=why)
    state = BUILT if where and named else POLICY if row.startswith("D-") else OPEN
    return Row(id=row, state=state, where=tuple(where), tests=tuple(named))


def page(found: dict[str, Row]) -> str:
    """docs/traceability.md"""
    states = Counter(row.state for row in found.values())
    lines = [
        "# Every row of the catalogue",
        "",
        "Made by `python -m tests.traceability`; do not edit. A row lives where the repository names it: a schema's field or",
        "description, a code list, a clock's or a policy's rule, a key of an edition, a function. Its test names it in its",
        "name, its docstring or its parameters. `policy`: a rule of disclosure that the policy does not have yet. `no part`:",
        "why software has none in it (`docs/no_part.json`). `open`: what is missing.",
        "",
        f"{len(found)} rows: " + ", ".join(f"{states[s]} {s}" for s in (BUILT, POLICY, NO_PART, OPEN)) + ".",
    ]
    for section in sections():
        lines += ["", f"## {section['section']} {section['about']}", "", "| row | where | test |", "|---|---|---|"]
        lines += [_line(found[row]) for row in section["rows"]]
    return "\n".join(lines) + "\n"


def _line(row: Row) -> str:
    if row.state == NO_PART:
        return f"| {row.id} | no part: {row.why} | |"
    where = ", ".join(row.where[:_FEW])
    named = "".join(f"`{one.removeprefix('tests/')}`" for one in row.tests[:1])
    if row.state == BUILT:
        return f"| {row.id} | {where} | {named} |"
    marked = f"**{row.state}**" + (f": {where}" if where else "")
    return f"| {row.id} | {marked} | {named} |"


def open_rows(found: dict[str, Row]) -> list[Row]:
    """Rows that lack something."""
    return [row for row in found.values() if row.state == OPEN]
