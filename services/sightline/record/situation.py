"""What the clocks' rules ask about when an event arrives: the form, the child's record so far, the sender, the area.

Names and their codes: ``form.<field>`` (or ``form.<field>.<member>``) and ``form.child.<field>`` what was sent (``yes``
and ``no`` for true and false, ``some`` for a group of fields or a list of such); ``has.<field>`` whether anything was, for what holds no codes; ``child.looked_after``,
``child.trafficking``, ``child.uasc``, ``child.nrm``, ``child.icta``, ``child.seraf``, ``child.protection``,
``child.actions``, ``child.screening`` the latest that any form said (`sightline.record.status`); ``child.exploited`` whether trafficking is suspected or known, or the
latest SERAF says moderate or significant; ``child.missing`` the open episode's category or ``none``; ``child.episode``
whether one is ``open``, ``over`` or ``none``; ``child.harmed`` whether harm is known of the latest; ``child.repeat``
whether the area's window holds as many as its threshold; ``child.flag`` the flags that stand; ``child.age`` the band of
a birth date that the form gives; ``child.allocated`` whether a team is confirmed as the child's; ``child.awaits`` the
rules whose clocks run; ``sender.role``, ``sender.sector``; ``area.<setting>``; ``seraf.row`` the rows (N-80 to N-85)
that follow from what a SERAF form comes to, whatever its assessor summed up.
"""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sightline.kernel.values import Desk
from sightline.ledger.child import Child
from sightline.ledger.facts import age_band
from sightline.ledger.reading import birth_date
from sightline.protocol.areas import AreaProtocol
from sightline.protocol.calendar import local_date
from sightline.protocol.episodes import is_repeat
from sightline.protocol.seraf_form import score_of
from sightline.record.status import SUSPECTED

_NOTHING: frozenset[str] = frozenset()
_AT_RISK = frozenset({"moderate_risk", "significant_risk"})


@dataclass(frozen=True, slots=True)
class Seen:
    """One event about one child, as the rules see it. Each name is worked out when it is first asked for."""

    form: Mapping[str, Any]
    said_of: Mapping[str, Any]
    """What the form says of this child."""
    child: Child
    sender: Desk | None
    """None where a clock struck and nobody said anything."""
    protocol: AreaProtocol
    at: datetime
    _found: dict[str, AbstractSet[str]] = field(default_factory=dict)

    def codes(self, name: str) -> AbstractSet[str]:
        """The codes that hold under that name."""
        found = self._found.get(name)
        if found is None:
            found = self._found[name] = self._look(name)
        return found

    def _look(self, name: str) -> AbstractSet[str]:
        kind, _, rest = name.partition(".")
        if kind == "form":
            of_child = rest.startswith("child.")
            return as_codes(_within(self.said_of, rest[6:]) if of_child else _within(self.form, rest))
        if kind == "has":
            return as_codes(_within(self.form, rest) not in (None, "", [], {}))
        if kind == "sender":
            return _SENDERS[rest](self.sender) if self.sender else _NOTHING
        if kind == "seraf":
            return frozenset(score_of(self.form, birth_date(self.said_of)).rows)
        if kind == "area":
            return as_codes(getattr(self.protocol, rest))
        return _OF_CHILD[rest](self)


def as_codes(value: object) -> AbstractSet[str]:
    """The codes in a field's value: ``some`` for a group of fields, or for a list of such. A number is none."""
    if isinstance(value, bool):
        return frozenset({"yes" if value else "no"})
    if isinstance(value, str):
        return frozenset({value})
    if isinstance(value, list | tuple):
        return frozenset(one if isinstance(one, str) else "some" for one in value)
    return frozenset({"some"}) if value and isinstance(value, Mapping) else _NOTHING


def _within(form: Mapping[str, Any], path: str) -> object:
    """The value at the end of a path of members; None where it breaks off."""
    value: object = form
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


_SENDERS: dict[str, Callable[[Desk], AbstractSet[str]]] = {
    "role": lambda desk: desk.roles,
    "sector": lambda desk: frozenset({desk.sector}),
}


def _status(name: str) -> Callable[[Seen], AbstractSet[str]]:
    def look(seen: Seen) -> AbstractSet[str]:
        held = seen.child.status.get(name)
        return frozenset({held}) if held else _NOTHING

    return look


def _missing(seen: Seen) -> AbstractSet[str]:
    episode = seen.child.open_episode
    return frozenset({episode.category if episode else "none"})


def _episode(seen: Seen) -> AbstractSet[str]:
    last = seen.child.last_episode
    return frozenset({"none" if last is None else "open" if last.is_open else "over"})


def _harmed(seen: Seen) -> AbstractSet[str]:
    last = seen.child.last_episode
    return frozenset({"yes" if last and last.harmed else "no"})


def _repeat(seen: Seen) -> AbstractSet[str]:
    return frozenset({"yes" if is_repeat(seen.child.episodes.values(), seen.at, seen.protocol.repeat) else "no"})


def _flag(seen: Seen) -> AbstractSet[str]:
    return frozenset(flag for flag, _ in seen.child.flags)


def _age(seen: Seen) -> AbstractSet[str]:
    return frozenset({age_band(birth_date(seen.said_of), local_date(seen.at))})


def _exploited(seen: Seen) -> AbstractSet[str]:
    status = seen.child.status
    is_exploited = status.get("trafficking") in SUSPECTED or status.get("seraf") in _AT_RISK
    return frozenset({"yes" if is_exploited else "no"})


def _allocated(seen: Seen) -> AbstractSet[str]:
    is_allocated = any(kinds.get("allocated_team") for kinds in seen.child.involved.values())
    return frozenset({"yes" if is_allocated else "no"})


def _awaits(seen: Seen) -> AbstractSet[str]:
    return frozenset(code for code, _ in seen.child.running)


_OF_CHILD: dict[str, Callable[[Seen], AbstractSet[str]]] = {
    "looked_after": _status("looked_after"),
    "trafficking": _status("trafficking"),
    "uasc": _status("uasc"),
    "nrm": _status("nrm"),
    "icta": _status("icta"),
    "seraf": _status("seraf"),
    "protection": _status("protection"),
    "actions": _status("actions"),
    "screening": _status("screening"),
    "exploited": _exploited,
    "allocated": _allocated,
    "awaits": _awaits,
    "missing": _missing,
    "episode": _episode,
    "harmed": _harmed,
    "repeat": _repeat,
    "flag": _flag,
    "age": _age,
}
