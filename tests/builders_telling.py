"""How a story is lived in a town: from moment to moment, and at each line just what it says (`tests.builders_story`)."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from sightline.adapters.clock import SetClock
from sightline.kernel.ids import DeskId
from sightline.protocol.calendar import LONDON
from tests.builders_clocks import RULES, least
from tests.builders_hub import Town, a_hub, admits, alerts, holds, rows, sends
from tests.builders_story import ROLES, SECTORS, Cast, Happening, Line, Plot, Said, TakenUp

_DAY_OF_EXAMPLES, _TIME_OF_EXAMPLES = "2026-03-02", "2026-03-02T09:30:00+00:00"
_CLOCKS = {
    "child.clock_started.v1": "starts",
    "child.clock_met.v1": "is met",
    "child.clock_cancelled.v1": "is called off",
    "child.clock_late.v1": "is late",
    "child.clock_voided.v1": "is void",
    "child.clock_resumed.v1": "runs again",
}
_ALERTS = {"alert.duty_due": "asks", "alert.duty_late": "tells of neglect", "alert.duty_cover": "tells cover"}
_TOPICS = (*_CLOCKS, "child.item.v1")


@dataclass
class Telling:
    """A story on its way: the town, and how far its ledger was read."""

    plot: Plot
    town: Town
    read: int = 0
    refs: dict[str, str] = field(default_factory=dict)
    """The hub's id of each child's record to the child's name in the story."""
    receipts: Counter[str] = field(default_factory=Counter)
    """Agency to the number of its latest receipt."""
    raised: dict[str, tuple[DeskId, ...]] = field(default_factory=dict)
    """Reference of each alert to the desk that it is for, and whoever hears of it next."""


def tell(folder: Path, plot: Plot, lines: Iterable[Line]) -> Town:
    """Live the story through. Fails at the first line at which anything else happens than it says; its end replays."""
    lines = list(lines)
    clock = SetClock(begins(plot, lines))
    town = Town(hub=a_hub(folder, clock), clock=clock, folder=folder)
    try:
        tell_in(town, plot, lines)
    finally:
        town.hub.close()
    return town


def begins(plot: Plot, lines: Sequence[Line]) -> datetime:
    """When the story begins."""
    return _instant(plot, lines[0].when)


def tell_in(town: Town, plot: Plot, lines: Sequence[Line]) -> None:
    """Live it through in a town without any desk, in which it is that time."""
    _admit(town, plot)
    telling = Telling(plot, town, read=town.hub.ledger.head())
    for line in lines:
        _pass_until(telling, line)
        _live(telling, line)
    _sees_what_it_was_asked(telling)
    assert [notice for desk in plot.cast for notice in town.hub.notices.of(desk)] == []
    holds(town)


def _admit(town: Town, plot: Plot) -> None:
    for desk, sector, role in zip(plot.cast, SECTORS, ROLES, strict=True):
        admits(town, desk, sector, role, areas=(plot.area,))
    town.hub.admin.choose_edition(plot.area, plot.edition, town.clock.now().astimezone(LONDON).date())
    town.hub.settle()


def _instant(plot: Plot, when: str) -> datetime:
    local = datetime.strptime(f"{plot.year} {when[4:]}", "%Y %d %b %H:%M").replace(tzinfo=LONDON)
    local = local.replace(year=plot.year + (local.month < plot.month))
    assert local.strftime("%a") == when[:3], f"{when} is a {local:%a}"
    return local.astimezone(UTC)


def _pass_until(telling: Telling, line: Line) -> None:
    """Let each moment come at which something is due before the line's; nothing may happen then."""
    until = _instant(telling.plot, line.when)
    clock = telling.town.clock
    while (moment := _next(telling.town)) is not None and moment < until:
        clock.set(max(moment, clock.now()))
        telling.town.hub.settle()
        found = list(_happened(telling))
        assert found == [], f"before {line.when}, at {clock.now().astimezone(LONDON):%a %d %b %H:%M:%S}: {found}"
    clock.set(until)


def _next(town: Town) -> datetime | None:
    ((at,),) = rows(town, "SELECT MIN(due) FROM clocks WHERE struck = 0")
    return None if at is None else datetime.fromtimestamp(at, UTC)


def _live(telling: Telling, line: Line) -> None:
    telling.town.hub.settle()
    found = list(_happened(telling))
    for said in line.said:
        if isinstance(said, TakenUp):
            _take_up(telling, said.desk)
        else:
            _say(telling, said, line)
        found += _happened(telling)
    missing, more = Counter(line.expected) - Counter(found), Counter(found) - Counter(line.expected)
    assert not missing, f"{line.when}: did not happen {list(missing)}; beside it {list(more)}"
    assert not more, f"{line.when}: happened too {list(more)}"


def _say(telling: Telling, said: Said, line: Line) -> None:
    town, plot = telling.town, telling.plot
    child = plot.children[said.child] | said.form.get("child", {})
    named = {"children": [child]} if said.type == "cpi.submitted" else {"child": child}
    form = {**least(said.type), **said.form, **named}
    sent = sends(town, said.desk, said.type, _dated(plot, form, line.when), area=plot.area)
    assert not sent.refused, (line.when, said.type, sent.answer.refusal)
    assert sent.receipt, (line.when, said.type)
    agency = said.desk.partition("/")[0]
    telling.receipts[agency] += 1
    assert sent.receipt.defects == (), (line.when, said.type, sent.receipt.defects)
    assert sent.receipt.number == telling.receipts[agency], (line.when, said.type)
    ((record,),) = rows(town, "SELECT child FROM child_refs WHERE ref = ?", sent.child["ref"])
    assert telling.refs.setdefault(record, said.child) == said.child, f"{line.when}: one record for two children"
    assert len(set(telling.refs.values())) == len(telling.refs), f"{line.when}: two records for {said.child}"
    for desk, row in said.tells.items():
        found = _decisions(town, sent.item)[desk]
        assert (found["eff"], row in found["rules"]) == ("disclose", True), (
            line.when,
            desk,
            found["eff"],
            found["rules"],
        )


def _take_up(telling: Telling, desk: DeskId) -> None:
    for view in alerts(telling.town, desk):
        if telling.raised.get(view.ref, ("",))[0] == desk and view.status == "open":
            sent = sends(telling.town, desk, "alert.acknowledged", {"alert": view.ref}, area=telling.plot.area)
            assert not sent.refused, sent.answer.refusal
            telling.receipts[desk.partition("/")[0]] += 1


def _dated(plot: Plot, value: Any, now: str) -> Any:
    if isinstance(value, Mapping):
        return {name: _dated(plot, one, now) for name, one in value.items()}
    if isinstance(value, list):
        return [_dated(plot, one, now) for one in value]
    if value == _TIME_OF_EXAMPLES or (isinstance(value, str) and value[:1] == "@"):
        return _instant(plot, now if value in {"@", _TIME_OF_EXAMPLES} else value[1:]).isoformat()
    return _instant(plot, now).astimezone(LONDON).date().isoformat() if value == _DAY_OF_EXAMPLES else value


def _happened(telling: Telling) -> Iterator[Happening]:
    """What the ledger and the register have about clocks and alerts since the last look."""
    town = telling.town
    for placed in town.hub.ledger.read(telling.read, 100_000, _TOPICS):
        entry: Any = placed.entry
        child = telling.refs[entry.originator_id.hex]
        if entry.TOPIC in _CLOCKS:
            yield Happening(_CLOCKS[entry.TOPIC], entry.code, child)
        elif entry.alert is not None:
            yield _alert(telling, entry, child)
    telling.read = town.hub.ledger.head()


def _alert(telling: Telling, entry: Any, child: str) -> Happening:
    """The alert, for the desk that owns it; whoever hears of it next if that one does nothing sees it too."""
    code = entry.alert["clock"] or entry.alert["circumstance"]
    told = {desk for desk, leaf in _decisions(telling.town, entry.ref).items() if "duty" in leaf["classes"]}
    desks = _for(telling.plot.cast, entry.type, code)
    assert told == set(desks), (entry.type, code, told)
    telling.raised[entry.ref] = desks
    return Happening(_ALERTS.get(entry.type, "asks"), code, child, desks[:1])


def _decisions(town: Town, ref: str) -> dict[str, dict[str, Any]]:
    """Each desk's latest decision about that item."""
    found = rows(
        town,
        "SELECT desk, body FROM leaves WHERE typ = 'decision' AND item = (SELECT position FROM item_folds"
        " WHERE ref = ?) ORDER BY n",
        ref,
    )
    return {desk: orjson.loads(bytes(body)) for desk, body in found}


def _for(cast: Cast, type: str, code: str) -> tuple[DeskId, ...]:
    desk_of = dict(zip(ROLES, cast, strict=True))
    rule = RULES.get(code)
    owner, next_one = (rule.owner, rule.escalation) if rule else ("police_missing_persons", "mash")
    roles = {"alert.duty_late": (next_one, owner), "alert.duty_cover": ("childrens_social_care", next_one)}
    named = roles.get(type, (owner, next_one))
    return tuple(desk_of[DeskId(role)] for role in named if role in desk_of)


def _sees_what_it_was_asked(telling: Telling) -> None:
    """Each desk reads, through its own view, just what the alerts for it ask."""
    for desk in telling.plot.cast:
        read = {view.ref for view in alerts(telling.town, desk) if "asks" in view.body}
        assert read == {ref for ref, desks in telling.raised.items() if desk in desks}, desk
