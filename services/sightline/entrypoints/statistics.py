"""The monitoring counts of a hub's areas as rows: counted, held back where they are small, or said why not counted."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sightline.entrypoints.evidence import vault
from sightline.entrypoints.folder import Folder
from sightline.formats.policy_digest import policy_data
from sightline.kernel.errors import Refused
from sightline.kernel.share import share
from sightline.ledger.counting import Asked, Counted, Period, counted
from sightline.ledger.protocols import Protocols
from sightline.protocol import counts as c
from sightline.protocol.clock_rules import ClockRule, ClockRules, clock_documents
from sightline.protocol.suppression import Cell, held_back
from sightline.register.tallying import Told, decisions

COUNTED, SUPPRESSED, NOT_COUNTED = "counted", "suppressed", "not_counted"
_AUTHORITY = "childrens_social_care"
_INCOMPLETE = "Forms that were erased are counted only as far as their entries say."


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One number of one area; or a row that has none, and why."""

    area: str
    row: str
    measure: str
    part: str
    """Empty: the whole."""
    count: int | None
    state: str
    """``counted``, ``suppressed`` (small, or it would give a small one away) or ``not_counted``."""
    note: str


COLUMNS = ("area", "row", "measure", "part", "count", "state", "note")


def statistics(hub: Folder, period: Period, area: str, threshold: int) -> list[dict[str, Any]]:
    """All lines of that area, or of every area. Raises Refused ``unknown_area``, Unavailable ``no_keys``."""
    documents = policy_data(share("policies"))
    protocols = Protocols(hub.directory, documents["areas"])
    if area and area not in protocols.areas:
        raise Refused("unknown_area", "no such area: sightline admin area list")
    areas = [area] if area else protocols.areas
    rules = _timed(documents)
    asked = Asked(
        period=period,
        areas=frozenset(areas),
        clock_rules=frozenset(rules),
        early={one: early for one in areas if (early := protocols[one].early_missing_risk) is not None},
    )
    with vault(hub) as keys:
        found = counted(hub.ledger, keys, asked)
    _add_decisions(hub, period, found)
    lines: list[Line] = []
    for one in areas:
        known = {code for code, rule in rules.items() if rule.is_known_to(protocols[one].edition)}
        notes = {code: " ".join(_t_rows(rule)) for code, rule in rules.items()}
        lines += _lines(one, c.table(found.areas[one], known), notes, threshold)
        lines += _not_counted(one, has_early=one in asked.early, erased=found.erased)
    return [asdict(line) for line in lines]


def _timed(documents: Mapping[str, Any]) -> dict[str, ClockRule]:
    """The rules that represent a time limit, by code."""
    rules = ClockRules.read(clock_documents(documents)).rules
    return {code: rule for code, rule in rules.items() if _t_rows(rule)}


def _t_rows(rule: ClockRule) -> Sequence[str]:
    return [row for row in rule.rows if row.startswith("T-")]


def _add_decisions(hub: Folder, period: Period, found: Counted) -> None:
    head = hub.register.head()
    authorities = {desk.id for desk in hub.directory.desks() if desk.sector == _AUTHORITY}
    notified: set[int] = set()
    for told in decisions(hub.ledger.database, head.size if head else 0, period.begins, period.ends):
        counts = found.areas.get(told.area)
        if counts is None:
            continue
        counts.add(c.DECISIONS, told.outcome)
        if not (told.rules and (told.basis or told.outcome != "disclose")):
            counts.add(c.UNJUSTIFIED)
        if told.item not in notified and told.desk in authorities and _is_by_duty(told):
            notified.add(told.item)
            counts.add(c.NOTIFIED)


def _is_by_duty(told: Told) -> bool:
    return told.outcome == "disclose" and any(rule.startswith("N-") for rule in told.rules)


def _lines(area: str, table: c.Table, notes: Mapping[str, str], threshold: int) -> Iterator[Line]:
    hidden = held_back(table.values, table.sums, threshold=threshold, unprinted=table.unprinted)
    for cell, n in sorted(table.values.items(), key=lambda item: _order(item[0])):
        if cell in table.unprinted:
            continue
        yield Line(
            area=area,
            row=cell.row,
            measure=cell.what,
            part=cell.part,
            count=None if cell in hidden else n,
            state=SUPPRESSED if cell in hidden else COUNTED,
            note=notes.get(cell.what, "") if cell.row == "Q-21" else "",
        )


def _order(cell: Cell) -> tuple[str, str]:
    """By row; the parts of one measure stay in its own order."""
    return cell.row, cell.what if cell.row == "Q-21" else ""


def _not_counted(area: str, *, has_early: bool, erased: bool) -> Iterator[Line]:
    reasons = dict(c.NOT_COUNTED)
    if not has_early:
        reasons["Q-16"] = "The area's edition does not say what soon after arrival is (X-20): the count is none."
    if erased:
        reasons["Q-24"] = _INCOMPLETE
    for row, why in reasons.items():
        yield Line(area=area, row=row, measure="", part="", count=None, state=NOT_COUNTED, note=why)
