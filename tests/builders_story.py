"""A journey told as a story: at this local time this desk says that, and this, and nothing else, comes of it.

Time goes on from moment to moment at which any clock of the hub runs out, so that what happens between two lines is seen
too and fails the story. What is expected names its row of the catalogue and the hub's own code: ``T-06
return_interview_looked_after``; a row that the rule does not stand for fails as well.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from sightline.adapters.clock import SetClock
from sightline.kernel.ids import DeskId
from sightline.protocol.calendar import LONDON
from sightline.protocol.episodes import ROW_OF_CIRCUMSTANCE
from tests.builders_clocks import RULES, least
from tests.builders_hub import Town, a_child, a_hub, admits, alerts, holds, rows, sends

_DAY_OF_EXAMPLES, _TIME_OF_EXAMPLES = "2026-03-02", "2026-03-02T09:30:00+00:00"
_CLOCKS = {
    "child.clock_started.v1": "starts",
    "child.clock_met.v1": "is met",
    "child.clock_cancelled.v1": "is called off",
    "child.clock_late.v1": "is late",
}
_ALERTS = {"alert.duty_due": "asks", "alert.duty_late": "tells of neglect", "alert.duty_cover": "tells cover"}
_TOPICS = (*_CLOCKS, "child.item.v1")

# ----------------------------------------------------------------------------------------------- how a story is written


class Cast(NamedTuple):
    """The desks of one area."""

    police: DeskId
    csc: DeskId
    mash: DeskId
    health: DeskId
    school: DeskId
    forum: DeskId
    border: DeskId
    home: DeskId

    @classmethod
    def of(cls, area: str) -> "Cast":
        """The desks of that area."""
        names = ["police/missing", "council/csc", "mash/desk", "health/safeguarding", "school/safeguarding"]
        names += ["partnership/forum", "borders/ukvi", "home/carers"]
        return cls(*(DeskId(f"{area}-{name}") for name in names))


_SECTORS = Cast(*map(DeskId, ("police", "childrens_social_care", "mash", "health", "education", "mace", "ukba_or_ukvi",
                              "voluntary_and_faith")))  # fmt: skip
_ROLES = Cast(*map(DeskId, ("police_missing_persons", "childrens_social_care", "mash", "health_safeguarding", "school",
                            "partnership_forum", "charity", "charity")))  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Plot:
    """Where and under which edition a story plays, and about whom."""

    edition: str
    area: str
    year: int
    month: int
    """In which the story begins; earlier months are of the next year."""
    children: Mapping[str, dict[str, Any]]
    """Name in the story to what forms say of the child."""

    @property
    def cast(self) -> Cast:
        """The desks that take part."""
        return Cast.of(self.area)


def a_named(serial: int, area: str, **changes: Any) -> dict[str, Any]:
    """A child as the area's agencies name it: by a number of its police force, which is the first to speak, and the NHS."""
    child = a_child(serial, **changes)
    child["identifiers"][0]["scheme"] = f"force:{area}-police"
    return child


class Happening(NamedTuple):
    """One thing that comes about: a clock, or an alert and the desks that are told what it asks."""

    what: str
    code: str
    child: str = ""
    desks: tuple[DeskId, ...] = ()


class Said(NamedTuple):
    """A form that a desk sends, and whom it reaches on which ground."""

    desk: DeskId
    type: str
    child: str
    form: Mapping[str, Any]
    tells: Mapping[DeskId, str]
    """Desk to the row by which the form is disclosed to it."""


class TakenUp(NamedTuple):
    """A desk acknowledges everything that it was asked and that stands open."""

    desk: DeskId


@dataclass(frozen=True)
class Line:
    """One moment of a story."""

    when: str
    said: Sequence[Said | TakenUp]
    expected: Sequence[Happening]


def at(when: str, *parts: Said | TakenUp | list[Happening]) -> Line:
    """What is said at that local time (``Fri 28 Aug 18:40``), and all that comes of it or of the time itself."""
    said = [part for part in parts if not isinstance(part, list)]
    return Line(when, said, [one for part in parts if isinstance(part, list) for one in part])


def says(desk: DeskId, type: str, child: str, tells: Mapping[DeskId, str] | None = None, /, **form: Any) -> Said:
    """The least form of its type with these fields, and whom it reaches by which row.

    ``@Sun 30 Aug 14:00`` in a field is that instant, ``@`` that of the line.
    """
    return Said(desk, type, child, form, tells or {})


def takes_up(desk: DeskId) -> TakenUp:
    """The desk acknowledges all that it was asked."""
    return TakenUp(desk)


def starts(child: str, *rules: str) -> list[Happening]:
    """Clocks start about that child; nobody is asked yet."""
    return [Happening("starts", _code(rule), child) for rule in rules]


def asks(desk: DeskId, child: str, *rules: str) -> list[Happening]:
    """Clocks start, and with them that desk is asked."""
    return starts(child, *rules) + due(desk, child, *rules)


def due(desk: DeskId, child: str, *rules: str) -> list[Happening]:
    """Running clocks ask that desk now."""
    return [Happening("asks", _code(rule), child, (desk,)) for rule in rules]


def is_met(child: str, *rules: str) -> list[Happening]:
    """What those clocks ask is done."""
    return [Happening("is met", _code(rule), child) for rule in rules]


def called_off(child: str, *rules: str) -> list[Happening]:
    """The reason for those clocks is gone."""
    return [Happening("is called off", _code(rule), child) for rule in rules]


def late(child: str, *rules: str) -> list[Happening]:
    """The time of those clocks is over."""
    return [Happening("is late", _code(rule), child) for rule in rules]


def hears(desk: DeskId, child: str, *rules: str) -> list[Happening]:
    """That desk is told, in office hours, that another did or acknowledged nothing (P12)."""
    return [Happening("tells of neglect", _code(rule), child, (desk,)) for rule in rules]


def covers(desk: DeskId, child: str, *rules: str) -> list[Happening]:
    """That desk is told out of hours, or because the one before did nothing either (P12)."""
    return [Happening("tells cover", _code(rule), child, (desk,)) for rule in rules]


def _code(rule: str) -> str:
    """The hub's name for it, once the row that the story names is one for which it stands."""
    row, code = rule.split()
    stands_for = {ROW_OF_CIRCUMSTANCE[code]} if code in ROW_OF_CIRCUMSTANCE else set(RULES[code].rows)
    assert row in stands_for, f"{code} does not stand for {row}"
    return code


# --------------------------------------------------------------------------------------------------- how it is lived


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
    town = _town(folder, plot, _instant(plot, lines[0].when))
    try:
        telling = Telling(plot, town, read=town.hub.ledger.head())
        for line in lines:
            _pass_until(telling, line)
            _live(telling, line)
        _sees_what_it_was_asked(telling)
        assert [notice for desk in plot.cast for notice in town.hub.notices.of(desk)] == []
        holds(town)
    finally:
        town.hub.close()
    return town


def _town(folder: Path, plot: Plot, begins: datetime) -> Town:
    clock = SetClock(begins)
    town = Town(hub=a_hub(folder, clock), clock=clock, folder=folder)
    for desk, sector, role in zip(plot.cast, _SECTORS, _ROLES, strict=True):
        admits(town, desk, sector, role, areas=(plot.area,))
    town.hub.admin.choose_edition(plot.area, plot.edition, begins.astimezone(LONDON).date())
    town.hub.settle()
    return town


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
    desk_of = dict(zip(_ROLES, cast, strict=True))
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
