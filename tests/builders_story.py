"""A journey told as a story: at this local time this desk says that, and this, and nothing else, comes of it.

Time goes on from moment to moment at which any clock of the hub runs out, so that what happens between two lines is seen
too and fails the story. What is expected names its row of the catalogue and the hub's own code: ``T-06
return_interview_looked_after``; a row that the rule does not stand for fails as well.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sightline.kernel.ids import DeskId
from sightline.protocol.episodes import ROW_OF_CIRCUMSTANCE
from tests.builders_clocks import RULES
from tests.builders_hub import a_child


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


SECTORS = Cast(*map(DeskId, ("police", "childrens_social_care", "mash", "health", "education", "mace", "ukba_or_ukvi",
                              "voluntary_and_faith")))  # fmt: skip
ROLES = Cast(*map(DeskId, ("police_missing_persons", "childrens_social_care", "mash", "health_safeguarding", "school",
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


def is_back(desk: DeskId, child: str, *, harm: str) -> Said:
    """That desk says that the child has returned just now; `harm`: whether any was suffered, as the form has it."""
    return says(desk, "missing.returned", child, returned_at="@", harm_suffered=harm)


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


def late(child: str, *rules: str, hears: DeskId | None = None, covers: DeskId | None = None) -> list[Happening]:
    """The time of those clocks is over; in that moment a desk is told that nothing was done (P12), if the story names one.

    It hears of it in office hours, or covers: out of hours, or because the one before did nothing either.
    """
    told = [("tells of neglect", hears), ("tells cover", covers)]
    over = [Happening("is late", _code(rule), child) for rule in rules]
    return over + [Happening(how, _code(rule), child, (desk,)) for how, desk in told if desk for rule in rules]


def covers(desk: DeskId, child: str, *rules: str) -> list[Happening]:
    """That desk is told out of hours, or because the one before did nothing either (P12)."""
    return [Happening("tells cover", _code(rule), child, (desk,)) for rule in rules]


def _code(rule: str) -> str:
    """The hub's name for it, once the row that the story names is one for which it stands."""
    row, code = rule.split()
    stands_for = {ROW_OF_CIRCUMSTANCE[code]} if code in ROW_OF_CIRCUMSTANCE else set(RULES[code].rows)
    assert row in stands_for, f"{code} does not stand for {row}"
    return code
