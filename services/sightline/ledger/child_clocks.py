"""What is asked of somebody about a child, and until when: clocks and alerts. The entries and what each changes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sightline.ledger import root


@dataclass(frozen=True, kw_only=True, slots=True)
class Alert:
    """A duty that somebody owns. One situation raises one alert, however often it is reported (A-23)."""

    ref: str
    circumstance: str
    episode: int
    type: str = ""
    clock: str = ""
    """The rule of the clock that it belongs to; empty for what no rule of clocks_*.json asks."""
    situation: str = ""
    met: bool = False
    acknowledged_by: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Running:
    """A clock that was started and neither met nor called off."""

    code: str
    situation: str
    due: datetime | None
    late: datetime | None = None
    by: str = ""
    """The item that started it."""
    is_late: bool = False
    alerts: tuple[str, ...] = ()
    """References of the alerts raised for it, which what meets it meets too."""
    also: tuple[str, ...] = ()
    """Further items that would have started it: should the one that did be retracted, it goes on for them."""

    def united(self, other: "Running") -> "Running":
        """This one and another record's of the same rule and situation, where both records are one child's."""
        also = dict.fromkeys((*other.also, self.by, *self.also))
        return replace(
            other,
            is_late=self.is_late or other.is_late,
            alerts=tuple(dict.fromkeys((*self.alerts, *other.alerts))),
            also=tuple(one for one in also if one not in {"", other.by}),
        )


class Clocks:
    """The part of `Child` that its clocks and alerts are, and what forms said that clocks depend on."""

    def __init__(self) -> None:
        self.alerts: dict[str, Alert] = {}
        self.struck: set[tuple[str, str]] = set()
        """Clocks that have run out, by kind and reference."""
        self.status: dict[str, str] = {}  # The latest that forms said of the child, as far as clocks depend on it.
        self.running: dict[tuple[str, str], Running] = {}  # By rule and situation: neither met nor called off.
        self.done: set[tuple[str, str]] = set()  # Rule and situation of those that were.
        self.ended: dict[tuple[str, str], tuple[str, Running]] = {}
        """How those that were ran before, and the item that ended each: should that be retracted, they run again."""
        self.retracted: set[str] = set()
        self.answers: dict[str, dict[str, bool]] = {}
        """Item, or digest of a reference, to what it answers or stands for."""

    class StatusNoted(root.Entry):
        TOPIC = "child.status_noted.v1"
        name: str
        """What a form said of the child that clocks depend on: ``looked_after`` or ``trafficking``."""
        value: str

        def apply(self, child: "Clocks") -> None:
            child.status[self.name] = self.value

    class Answered(root.Entry):
        TOPIC = "child.answered.v1"
        name: str
        """An item, or under a keyed digest a reference that an agency gave to what an item speaks of."""
        to: list[str]
        """What it answers or stands for: names of the same two kinds, or of an alert."""

        def apply(self, child: "Clocks") -> None:
            child.answers.setdefault(self.name, {}).update(dict.fromkeys(self.to, True))

    class ClockStarted(root.Entry):
        TOPIC = "child.clock_started.v1"
        code: str
        """Which rule (``policies/data/clocks_*.json``)."""
        situation: str
        """What tells it from others of the same rule: an episode's number, an event's item, or empty for the child."""
        due: datetime | None
        late: datetime | None
        by: str
        """The item that started it: who must not see that must not see what it leads to."""

        def apply(self, child: "Clocks") -> None:
            child.running[self.code, self.situation] = Running(
                code=self.code, situation=self.situation, due=self.due, late=self.late, by=self.by
            )

    class ClockAlsoStarted(root.Entry):
        """Another item says what started it, while it runs."""

        TOPIC = "child.clock_also_started.v1"
        code: str
        situation: str
        by: str

        def apply(self, child: "Clocks") -> None:
            running = child.running.get((self.code, self.situation))
            if running is not None:
                child.running[self.code, self.situation] = replace(running, also=(*running.also, self.by))

    class ClockMet(root.Entry):
        TOPIC = "child.clock_met.v1"
        code: str
        situation: str
        by: str
        """The item that did what was asked."""

        def apply(self, child: "Clocks") -> None:
            _end(child, self.code, self.situation, self.by)

    class ClockLate(root.Entry):
        TOPIC = "child.clock_late.v1"
        code: str
        situation: str

        def apply(self, child: "Clocks") -> None:
            running = child.running.get((self.code, self.situation))
            if running is not None:
                child.running[self.code, self.situation] = replace(running, is_late=True)

    class ClockCancelled(root.Entry):
        TOPIC = "child.clock_cancelled.v1"
        code: str
        situation: str
        by: str

        def apply(self, child: "Clocks") -> None:
            _end(child, self.code, self.situation, self.by)

    class ClockVoided(root.Entry):
        """What started it was retracted, and nothing else would have: it never ran, so it may start again."""

        TOPIC = "child.clock_voided.v1"
        code: str
        situation: str
        by: str
        """The retraction."""
        item: str
        """What was retracted."""
        reason: str
        """Why, as the retraction's ``reason_code`` says."""

        def apply(self, child: "Clocks") -> None:
            child.running.pop((self.code, self.situation), None)

    class ClockResumed(root.Entry):
        """What met it, or called it off, was retracted: it runs on as if that had never been said."""

        TOPIC = "child.clock_resumed.v1"
        code: str
        situation: str
        by: str
        """The retraction."""
        item: str
        """What was retracted."""

        def apply(self, child: "Clocks") -> None:
            key = (self.code, self.situation)
            ended = child.ended.pop(key, None)
            if ended is not None:
                child.done.discard(key)
                child.running[key] = replace(ended[1], by=child.starter(ended[1]), alerts=())

    class ClockStruck(root.Entry):
        TOPIC = "child.clock_struck.v1"
        clock: str
        ref: str

        def apply(self, child: "Clocks") -> None:
            child.struck.add((self.clock, self.ref))

    class AlertMet(root.Entry):
        TOPIC = "child.alert_met.v1"
        alert: str
        by: str

        def apply(self, child: "Clocks") -> None:
            if self.alert in child.alerts:
                child.alerts[self.alert] = replace(child.alerts[self.alert], met=True)

    class AlertAcknowledged(root.Entry):
        TOPIC = "child.alert_acknowledged.v1"
        alert: str
        by: str

        def apply(self, child: "Clocks") -> None:
            # A record held from before the alert was raised does not know it: writing collides then, and it is loaded anew.
            if self.alert in child.alerts:
                child.alerts[self.alert] = replace(child.alerts[self.alert], acknowledged_by=self.by)

    def starter(self, running: Running) -> str:
        """The first of the items that started a clock which was not retracted since; empty if all were."""
        return next((one for one in (running.by, *running.also) if one not in self.retracted), "")

    def is_taken_up(self, situation: str) -> bool:
        """Whether somebody acknowledged the alert of that situation."""
        alert = self.alert_for(situation, 0)
        return alert is not None and bool(alert.acknowledged_by)

    def alert_for(self, circumstance: str, episode: int) -> Alert | None:
        """The one alert of that circumstance and episode, if it was ever raised (A-23)."""
        return next((a for a in self.alerts.values() if (a.circumstance, a.episode) == (circumstance, episode)), None)


def raised(child: Clocks, ref: str, kind: str, alert: Mapping[str, Any]) -> None:
    """An alert was recorded as an item: `alert` is what its entry says of it (`ItemEntry.alert`)."""
    clock, situation = key = (alert.get("clock", ""), alert.get("situation", ""))
    child.alerts[ref] = Alert(
        ref=ref,
        circumstance=alert["circumstance"],
        episode=alert["episode"],
        type=kind,
        clock=clock,
        situation=situation,
    )
    if key in child.running:
        child.running[key] = replace(child.running[key], alerts=(*child.running[key].alerts, ref))


def retracted(child: Clocks, item: str) -> None:
    """An item was retracted: clocks that another would have started too go on for that one."""
    child.retracted.add(item)
    for key, running in child.running.items():
        also = tuple(one for one in running.also if one != item)
        by = also[0] if also and running.by == item else running.by
        child.running[key] = replace(running, by=by, also=tuple(one for one in also if one != by))


def _end(child: Clocks, code: str, situation: str, by: str) -> None:
    running = child.running.pop((code, situation), None)
    child.done.add((code, situation))
    if running is not None:
        child.ended[code, situation] = (by, running)
