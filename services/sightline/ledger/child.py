"""One child's record: what was said about the child, and what followed from it."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from eventsourcing.domain import event

from sightline.kernel.ids import DeskId, agency_of
from sightline.ledger import root
from sightline.ledger.items import ItemEntry, Stream
from sightline.protocol.episodes import Episode


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
    by: str = ""
    """The item that started it."""
    is_late: bool = False
    alerts: tuple[str, ...] = ()
    """References of the alerts raised for it, which what meets it meets too."""


class Child(Stream):
    """The aggregate of one child's record. Its id is random and known only to the hub.

    While records are joined, an entry on one of them may speak of what another holds (an episode, an alert): read alone,
    it passes that by. Everything public that this holds is a dictionary or a set, so that joined records can share it.
    """

    TOPIC = "child"

    class Event(root.Entry):
        """Base of this aggregate's events."""

    class Opened(root.Opened):
        TOPIC = "child.opened.v1"

    class Item(Event, ItemEntry):
        TOPIC = "child.item.v1"

    class EpisodeBegan(Event):
        TOPIC = "child.episode_began.v1"
        number: int
        began: datetime
        category: str
        risk: str

    class EpisodeRecategorised(Event):
        TOPIC = "child.episode_recategorised.v1"
        number: int
        category: str
        risk: str

    class EpisodeEnded(Event):
        TOPIC = "child.episode_ended.v1"
        number: int
        ended: datetime
        harmed: bool

    class FlagRaised(Event):
        TOPIC = "child.flag_raised.v1"
        flag: str
        about: str
        """Relation of a suspected exploiter, or the desk or agency in conflict; else empty."""

    class FlagLifted(Event):
        TOPIC = "child.flag_lifted.v1"
        flag: str
        about: str

    class ConsentRecorded(Event):
        TOPIC = "child.consent_recorded.v1"
        purpose: str
        position: str
        giver: str
        by: str
        """The desk that recorded it: for its own agency it is only a claim until another confirms it."""
        confirming: bool
        """Whether that desk is one whose word confirms another's (MASH, allocated team, the child's authority)."""
        in_question: bool
        """Given by, or in front of, a suspected exploiter: changes nothing until a person rules (design §6)."""
        expires: datetime | None

    class ConsentWithdrawn(Event):
        TOPIC = "child.consent_withdrawn.v1"
        purpose: str
        giver: str
        by: str
        in_question: bool

    class InvolvementOpened(Event):
        TOPIC = "child.involvement_opened.v1"
        desk: str
        kind: str
        confirmed: bool

    class InvolvementConfirmed(Event):
        TOPIC = "child.involvement_confirmed.v1"
        desk: str
        kind: str
        """Empty: every kind that it claims."""
        by: str

    class InvolvementClosed(Event):
        TOPIC = "child.involvement_closed.v1"
        desk: str
        kind: str
        """Empty: every kind."""
        mistaken: bool

    class ItemCorrected(Event):
        TOPIC = "child.item_corrected.v1"
        item: str
        by: str

    class ItemRetracted(Event):
        TOPIC = "child.item_retracted.v1"
        item: str
        reason: str

    class PPN1Issued(Event):
        TOPIC = "child.ppn1_issued.v1"
        circumstance: str
        episode: int
        """The latest one; 0 if none is recorded."""

    class AlertMet(Event):
        TOPIC = "child.alert_met.v1"
        alert: str
        by: str

    class AlertAcknowledged(Event):
        TOPIC = "child.alert_acknowledged.v1"
        alert: str
        by: str

    class RecallAnswered(Event):
        TOPIC = "child.recall_answered.v1"
        recall: str
        by: str
        answer: str

    class MatchProposed(Event):
        TOPIC = "child.match_proposed.v1"
        other: str
        """Hexadecimal id of the record that may be the same child's."""

    class MatchRuled(Event):
        TOPIC = "child.match_ruled.v1"
        others: list[str]
        """Hexadecimal ids of the records that a person ruled on: whether they are this one's child's."""
        ruling: str
        """``same`` or ``different``."""
        by: str

    class Joined(Event):
        TOPIC = "child.joined.v1"
        records: list[str]
        """Hexadecimal ids of all records that are this one child's from here on, itself among them; the first leads.

        One alone: it stands by itself again.
        """
        category: str
        """Missing category of the episode that is open now, seen from all these records; ``none`` if none is."""
        risk: str

    class NamedSeveral(Event):
        TOPIC = "child.named_several.v1"
        item: str
        records: list[str]
        """Joined records that an item named by identifiers: if they are parted, a person must say whose it is."""

    class ClockStruck(Event):
        TOPIC = "child.clock_struck.v1"
        clock: str
        ref: str

    class StatusNoted(Event):
        TOPIC = "child.status_noted.v1"
        name: str
        """What a form said of the child that clocks depend on: ``looked_after`` or ``trafficking``."""
        value: str

    class Answered(Event):
        TOPIC = "child.answered.v1"
        name: str
        """An item, or under a keyed digest a reference that an agency gave to what an item speaks of."""
        to: list[str]
        """What it answers or stands for: names of the same two kinds, or of an alert."""

    class ClockStarted(Event):
        TOPIC = "child.clock_started.v1"
        code: str
        """Which rule (``policies/data/clocks_*.json``)."""
        situation: str
        """What tells it from others of the same rule: an episode's number, an event's item, or empty for the child."""
        due: datetime | None
        late: datetime | None
        by: str
        """The item that started it: who must not see that must not see what it leads to."""

    class ClockMet(Event):
        TOPIC = "child.clock_met.v1"
        code: str
        situation: str
        by: str
        """The item that did what was asked."""

    class ClockLate(Event):
        TOPIC = "child.clock_late.v1"
        code: str
        situation: str

    class ClockCancelled(Event):
        TOPIC = "child.clock_cancelled.v1"
        code: str
        situation: str
        by: str

    @event(Opened)
    def __init__(self) -> None:
        self.episodes: dict[int, Episode] = {}
        self.alerts: dict[str, Alert] = {}
        self.involved: dict[str, dict[str, bool]] = {}
        """Desk to the kinds of its involvement, and whether each is confirmed; closed ones are gone, their desk is not."""
        self.consented: dict[tuple[str, str], dict[str, bool]] = {}
        """Purpose and giver to the agencies that recorded the consent, and whether their word confirms another's."""
        self.exploiters: set[str] = set()
        """Relations flagged as suspected exploiters."""
        self.flags: set[tuple[str, str]] = set()
        self.issued: set[tuple[str, int]] = set()
        """Circumstance and episode of every PPN1 issued: what was done before it was due is not asked for."""
        self.struck: set[tuple[str, str]] = set()
        """Clocks that have run out, by kind and reference."""
        self.answered_recalls: set[str] = set()
        self.proposed: set[str] = set()
        """Hexadecimal ids of records that may be the same child's."""
        self.status: dict[str, str] = {}  # The latest that forms said of the child, as far as clocks depend on it.
        self.running: dict[tuple[str, str], Running] = {}  # By rule and situation: neither met nor called off.
        self.done: set[tuple[str, str]] = set()  # Rule and situation of those that were.
        self.answers: dict[str, dict[str, bool]] = {}
        """Item, or digest of a reference, to what it answers or stands for."""
        self.ruled: dict[str, str] = {}
        """Hexadecimal ids of records that a person has ruled on, and the latest ruling."""
        self.unclear: dict[str, list[str]] = {}
        """Items that named several of the records joined with this one, and these."""

    @classmethod
    def opened(cls, child: UUID, *, step: str, at: datetime) -> Self:
        """A new record, at once, so that nothing waits for a match to be ruled on (design §5)."""
        return cls._create(cls.Opened, id=child, step=step, timestamp=at)

    @property
    def open_episode(self) -> Episode | None:
        """The episode that has not ended, if the child is missing or absent now."""
        return next((e for e in reversed(self.episodes.values()) if e.is_open), None)

    @property
    def last_episode(self) -> Episode | None:
        """The latest recorded episode, open or over."""
        return next(reversed(self.episodes.values()), None)

    def waits_twice(self) -> set[str]:
        """The items that started clocks of which several of one rule run."""
        codes = Counter(code for code, _ in self.running)
        return {one.by for one in self.running.values() if codes[one.code] > 1}

    def claims_consent(self, purpose: str, giver: str, agency: str) -> bool:
        """Whether the agency recorded a consent that no other with a say in it has recorded too (design §6)."""
        agencies = self.consented.get((purpose, giver), {})
        return agency in agencies and not any(confirming for one, confirming in agencies.items() if one != agency)

    def is_taken_up(self, situation: str) -> bool:
        """Whether somebody acknowledged the alert of that situation."""
        alert = self.alert_for(situation, 0)
        return alert is not None and bool(alert.acknowledged_by)

    def alert_for(self, circumstance: str, episode: int) -> Alert | None:
        """The one alert of that circumstance and episode, if it was ever raised (A-23)."""
        return next((a for a in self.alerts.values() if (a.circumstance, a.episode) == (circumstance, episode)), None)

    @event(Item)
    def _item(self, alert: dict[str, Any] | None, ref: str, type: str) -> None:
        if alert is None:
            return
        key = (alert.get("clock", ""), alert.get("situation", ""))
        self.alerts[ref] = Alert(
            ref=ref,
            circumstance=alert["circumstance"],
            episode=alert["episode"],
            type=type,
            clock=key[0],
            situation=key[1],
        )
        if key in self.running:
            self.running[key] = replace(self.running[key], alerts=(*self.running[key].alerts, ref))

    @event(EpisodeBegan)
    def _episode_began(self, number: int, began: datetime, category: str, risk: str) -> None:
        self.episodes[number] = Episode(number=number, began=began, category=category, risk=risk)

    @event(EpisodeRecategorised)
    def _episode_recategorised(self, number: int, category: str, risk: str) -> None:
        if number in self.episodes:
            self.episodes[number] = self.episodes[number].recategorised(category, risk)

    @event(EpisodeEnded)
    def _episode_ended(self, number: int, ended: datetime, harmed: bool) -> None:
        if number in self.episodes:
            self.episodes[number] = self.episodes[number].returned(ended, harmed=harmed)

    @event(FlagRaised)
    def _flag_raised(self, flag: str, about: str) -> None:
        self.flags.add((flag, about))
        if flag == "suspected_exploiter":
            self.exploiters.add(about)

    @event(FlagLifted)
    def _flag_lifted(self, flag: str, about: str) -> None:
        self.flags.discard((flag, about))
        if flag == "suspected_exploiter":
            self.exploiters.discard(about)

    @event(ConsentRecorded)
    def _consent_recorded(
        self, purpose: str, position: str, giver: str, by: str, confirming: bool, in_question: bool
    ) -> None:
        if in_question:
            return
        if position != "given":
            self.consented.pop((purpose, giver), None)
            return
        agencies = self.consented.setdefault((purpose, giver), {})
        agencies[agency_of(DeskId(by))] = confirming

    @event(ConsentWithdrawn)
    def _consent_withdrawn(self, purpose: str, giver: str, in_question: bool) -> None:
        if not in_question:
            self.consented.pop((purpose, giver), None)

    @event(InvolvementOpened)
    def _involvement_opened(self, desk: str, kind: str, confirmed: bool) -> None:
        kinds = self.involved.setdefault(desk, {})
        kinds[kind] = confirmed or kinds.get(kind, False)

    @event(InvolvementConfirmed)
    def _involvement_confirmed(self, desk: str, kind: str) -> None:
        kinds = self.involved.get(desk, {})
        kinds |= {one: True for one in kinds if kind in {"", one}}

    @event(InvolvementClosed)
    def _involvement_closed(self, desk: str, kind: str) -> None:
        if desk in self.involved:
            self.involved[desk] = {k: is_so for k, is_so in self.involved[desk].items() if kind not in {"", k}}

    @event(PPN1Issued)
    def _ppn1_issued(self, circumstance: str, episode: int) -> None:
        self.issued.add((circumstance, episode))

    @event(ClockStruck)
    def _clock_struck(self, clock: str, ref: str) -> None:
        self.struck.add((clock, ref))

    @event(AlertMet)
    def _alert_met(self, alert: str) -> None:
        if alert in self.alerts:
            self.alerts[alert] = replace(self.alerts[alert], met=True)

    @event(AlertAcknowledged)
    def _alert_acknowledged(self, alert: str, by: str) -> None:
        # A record held from before the alert was raised does not know it: writing collides then, and it is loaded anew.
        if alert in self.alerts:
            self.alerts[alert] = replace(self.alerts[alert], acknowledged_by=by)

    @event(RecallAnswered)
    def _recall_answered(self, recall: str) -> None:
        self.answered_recalls.add(recall)

    @event(MatchProposed)
    def _match_proposed(self, other: str) -> None:
        self.proposed.add(other)

    @event(StatusNoted)
    def _status_noted(self, name: str, value: str) -> None:
        self.status[name] = value

    @event(Answered)
    def _answered(self, name: str, to: list[str]) -> None:
        self.answers.setdefault(name, {}).update(dict.fromkeys(to, True))

    @event(ClockStarted)
    def _clock_started(self, code: str, situation: str, due: datetime | None, by: str) -> None:
        self.running[code, situation] = Running(code=code, situation=situation, due=due, by=by)

    @event(ClockMet)
    def _clock_met(self, code: str, situation: str) -> None:
        self._end(code, situation)

    @event(ClockCancelled)
    def _clock_cancelled(self, code: str, situation: str) -> None:
        self._end(code, situation)

    def _end(self, code: str, situation: str) -> None:
        self.running.pop((code, situation), None)
        self.done.add((code, situation))

    @event(ClockLate)
    def _clock_late(self, code: str, situation: str) -> None:
        running = self.running.get((code, situation))
        if running is not None:
            self.running[code, situation] = replace(running, is_late=True)

    @event(MatchRuled)
    def _match_ruled(self, others: list[str], ruling: str) -> None:
        self.ruled |= dict.fromkeys(others, ruling)

    @event(Joined)
    def _joined(self) -> None:
        """What is shared from here on is a matter of all records at once: `people.rejoin`."""

    @event(NamedSeveral)
    def _named_several(self, item: str, records: list[str]) -> None:
        self.unclear[item] = records
