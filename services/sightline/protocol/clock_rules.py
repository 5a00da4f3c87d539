"""The rules of catalogue sections 3 and 4 as data: what starts a clock, who owns it, when it is late, what meets it.

A rule is one obligation of a procedure. A time limit (T-row) and a notification (N-row) are the same thing here: the
notification asks for something at once, the time limit says by when. Rules stand in ``policies/data/clocks_*.json``,
since who is asked is also who may see the alert; this file reads them strictly and says, of one situation, which of
them start, are met or are called off. It knows no store and no clock.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from sightline.protocol.limits import Limit


class Situation(Protocol):
    """What is known when an event arrives. See `sightline.record.situation` for the names."""

    def codes(self, name: str) -> AbstractSet[str]:
        """The codes that hold under that name; none if nothing is known."""


CHILD, EPISODE, EVENT, ANEW = "child", "episode", "event", "anew"
"""What tells one running clock of a rule from another: the child, the missing episode, or the event that started it.

``anew`` is one at a time: nothing starts a second while one runs, but what comes after its end starts another.
"""

PREFIX = "clocks_"
AT_START, WHEN_DUE, WHEN_LATE = "start", "due", "late"
"""When the owner is alerted: with the clock's start, when it runs out, or not at all before it is late.

What an owner said itself it is not told at the start: the clock runs, and is late when nothing is done.
"""
TURNED_18 = "hub.turned_18"
"""What the hub itself says on a child's eighteenth birthday (T-83). Nobody sends it."""

RETURN_AHEAD = "hub.return_ahead"
"""What the hub itself says when a report comes whose return was told before it. Nobody sends it."""


class Condition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Codes that must, or must not, be among those of a situation. ``*`` stands for any code at all."""

    when: dict[str, list[str]] = {}
    unless: dict[str, list[str]] = {}

    def holds(self, situation: Situation) -> bool:
        """Whether every name of `when`, and no name of `unless`, has one of its codes."""
        return all(_has(situation, n, codes) for n, codes in self.when.items()) and not any(
            _has(situation, n, codes) for n, codes in self.unless.items()
        )


class Ending(Condition, frozen=True, forbid_unknown_fields=True):
    """What meets a clock, or calls it off."""

    each: bool = False
    """Whether it answers one thing at a time (a referral, a return, a request), so that of several it must name one.

    Else it is done for the child as a whole, as a plan or a meeting is, and ends every clock of the rule that runs.
    """


def clock_documents(documents: Mapping[str, Any]) -> dict[str, Any]:
    """The rules among the policy's data: code to rule, from every member called ``clocks_...``.

    Raises ValueError where two members have a rule of one code.
    """
    found: dict[str, Any] = {}
    for name, member in documents.items():
        if name.startswith(PREFIX):
            if found.keys() & member.keys():
                raise ValueError(f"{name} repeats a rule of another file")
            found |= member
    return found


class ClockRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One obligation of a procedure."""

    rows: list[str]
    """Catalogue rows that it represents: T-rows, N-rows, configuration keys."""
    source: str
    """Where the procedures say so, or ``†`` for what the catalogue proposes where they are silent."""
    asks: str
    """What the owner must do, in one sentence of the hub's own. It names no child."""
    owner: str
    """Role of the desk that must do it."""
    escalation: str
    """Role of the desk that hears of it when it is late, or when nobody acknowledged the alert."""
    limit: Limit
    starts: dict[str, Condition]
    """Event type to what else must hold."""
    met: dict[str, Ending] = {}
    """Event type to what else must hold; where there is none, the owner's acknowledgement meets it."""
    cancelled: dict[str, Ending] = {}
    editions: list[str] = []
    """Editions of the area protocol that know the rule; none named: all."""
    situation: str = EVENT
    """One clock for each; for the child or an episode only once, unless it `repeats`."""
    alert: str = AT_START
    repeats: bool = False
    """Whether it starts again whenever it is met or late, until it is called off."""
    urgent: bool = False
    """Whether an alert that nobody acknowledges is escalated within the shorter time."""

    @property
    def one_at_a_time(self) -> set[str]:
        """The types that meet it or call it off by answering one thing each."""
        return {event for ends in (self.met, self.cancelled) for event, ending in ends.items() if ending.each}

    def is_known_to(self, edition: str) -> bool:
        """Whether that edition has the rule."""
        return not self.editions or edition in self.editions


@dataclass(frozen=True, slots=True)
class ClockRules:
    """All rules, found by the type of the event that concerns them."""

    rules: Mapping[str, ClockRule]
    """By code."""
    _starting: Mapping[str, tuple[str, ...]] = field(repr=False)
    _ending: Mapping[str, tuple[str, ...]] = field(repr=False)

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "ClockRules":
        """From `clock_documents`. Raises ValueError on anything the rules' shape does not know."""
        try:
            rules = msgspec.convert(document, dict[str, ClockRule])
        except msgspec.ValidationError as exc:
            raise ValueError(f"a clock's rule: {exc}") from None
        return cls(
            rules,
            _by_type({code: rule.starts for code, rule in rules.items()}),
            _by_type({code: [*rule.met, *rule.cancelled] for code, rule in rules.items()}),
        )

    def started(self, event_type: str, edition: str, situation: Situation) -> list[str]:
        """Codes of the rules whose clock that event starts, in order of their codes."""
        return [
            code
            for code in self._starting.get(event_type, ())
            if (rule := self.rules[code]).is_known_to(edition) and rule.starts[event_type].holds(situation)
        ]

    def may_end(self, event_type: str) -> bool:
        """Whether an event of that type can meet or call off anything."""
        return event_type in self._ending

    def meets(self, code: str, event_type: str, situation: Situation) -> Ending | None:
        """How the event does what that rule asks; None if it does not."""
        return _ending(self.rules, code, "met", event_type, situation)

    def calls_off(self, code: str, event_type: str, situation: Situation) -> Ending | None:
        """How the event takes away the reason for what that rule asks; None if it does not."""
        return _ending(self.rules, code, "cancelled", event_type, situation)


def _ending(
    rules: Mapping[str, ClockRule], code: str, what: str, event_type: str, situation: Situation
) -> Ending | None:
    # A clock may outlive its rule: a policy without it neither meets it nor calls it off, and it runs out.
    endings: Mapping[str, Ending] = getattr(rules[code], what) if code in rules else {}
    found = endings.get(event_type)
    return found if found is not None and found.holds(situation) else None


def _by_type(types: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for code in sorted(types):
        for one in types[code]:
            found.setdefault(one, []).append(code)
    return {one: tuple(dict.fromkeys(codes)) for one, codes in found.items()}


def _has(situation: Situation, name: str, codes: Iterable[str]) -> bool:
    held = situation.codes(name)
    return any((code == "*" and bool(held)) or code in held for code in codes)
