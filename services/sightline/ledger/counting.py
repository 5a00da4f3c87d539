"""Counting what the ledger holds (catalogue 9): one pass in bounded batches, opening a form only where a count needs it.

First the few entries are read that change what others mean: records that are one child's, and items taken back. Then
everything once, in order. A period is one of recording: what was once counted of it does not change afterwards, but for
what became of it (whether a clock was met, a child returned, an NRM decision came), which is as the ledger stands.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sightline.ledger.child import Child
from sightline.ledger.counting_before import Before, beforehand, pages
from sightline.ledger.counting_forms import ALWAYS, NEEDED, WITHIN, People, Reading, count_form
from sightline.ledger.items import CHILD_PART, ItemEntry
from sightline.ledger.matter import Matter
from sightline.ledger.reading import open_body
from sightline.ledger.root import Entry
from sightline.ledger.sealing import ItemKey, KeyVault, key_names
from sightline.ledger.store import Ledger, Placed
from sightline.protocol import counts as c
from sightline.protocol.areas import EarlyRisk
from sightline.protocol.calendar import LONDON, end_of_day, local_instant

_VICTIMS = frozenset({"suspected", "reasonable_grounds", "confirmed"})
"""V-22 codes of a child who is thought to be a victim of trafficking: more than indicators."""


@dataclass(frozen=True, slots=True)
class Period:
    """Whole local days, both included."""

    first: date
    last: date

    @property
    def begins(self) -> datetime:
        """Its first instant."""
        return local_instant(self.first)

    @property
    def ends(self) -> datetime:
        """The first instant after it."""
        return end_of_day(self.last)


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What to count, and how."""

    period: Period
    areas: frozenset[str]
    clock_rules: frozenset[str]
    """Rules that represent a T-row: only their clocks are counted (Q-21)."""
    early: Mapping[str, EarlyRisk]
    """Area to for how long after what a child is thought to go missing soon (Q-16); areas that are silent are not in it."""


@dataclass(slots=True)
class _Clock:
    area: str
    is_counted: bool
    is_late: bool = False


@dataclass(slots=True)
class Counted:
    """The counts by area, and whether something could not be opened."""

    areas: dict[str, c.Counts]
    erased: bool = False
    """Whether a form that counts was erased, or its key is not at hand: it is counted as far as its entry says."""


@dataclass(slots=True)
class _Pass:
    asked: Asked
    counted: Counted
    before: Before
    people: People = field(default_factory=People)
    clocks: dict[tuple[str, str, str], _Clock] = field(default_factory=dict)
    step: tuple[str, str] = ("", "")
    """The step that is being read, and the area of its item."""

    def person(self, record: str) -> str:
        return self.before.leader.get(record, record)

    def counts(self, area: str) -> c.Counts | None:
        return self.counted.areas.get(area)

    def at(self, entry: Entry) -> c.Counts | None:
        """The counts of the area in which that step was taken, if they were asked for."""
        return self.counts(self.step[1]) if self.step[0] == entry.step else None

    def is_within(self, entry: Entry) -> bool:
        return self.asked.period.begins <= entry.timestamp < self.asked.period.ends


def counted(ledger: Ledger, vault: KeyVault, asked: Asked) -> Counted:
    """Count. Reads only."""
    before = beforehand(ledger)
    found = Counted({area: c.Counts() for area in sorted(asked.areas)})
    reading = _Pass(asked, found, before)
    for page in pages(ledger, _THEN):
        bodies = _bodies(page, reading, vault)
        for placed in page:
            entry = placed.entry
            if isinstance(entry, ItemEntry):
                reading.step = (entry.step, entry.area)
                if entry.ref not in before.retracted:
                    _item(reading, entry, bodies.get(placed.position))
                else:
                    reading.step = ("", "")  # What followed from it is not counted either.
            else:
                _HEARD[type(entry)](reading, entry)
    _finish(reading)
    return found


def _bodies(page: Iterable[Placed], reading: _Pass, vault: KeyVault) -> dict[int, Mapping[str, Any]]:
    """The forms of that page that a count needs, opened; all their keys in one question to the vault."""
    wanted = [
        (p.position, p.entry)
        for p in page
        if isinstance(p.entry, ItemEntry)
        and p.entry.ref not in reading.before.retracted
        and _is_needed(p.entry, reading)
    ]
    names = {name for _, entry in wanted for name in key_names(entry.children, entry.area)}
    keys = vault.open(sorted(names))
    found: dict[int, Mapping[str, Any]] = {}
    for position, entry in wanted:
        parents = [keys.get(name) for name in key_names(entry.children, entry.area)]
        known = [key for key in parents if key is not None]
        if len(known) < len(parents):
            reading.counted.erased = True
            continue
        plain = ItemKey(known, entry.originator_id, entry.originator_version).open("body", entry.sealed)
        found[position] = open_body(entry, plain).data
    return found


def _is_needed(entry: ItemEntry, reading: _Pass) -> bool:
    when = NEEDED.get(entry.type)
    if when is None or entry.part == CHILD_PART:
        return False
    if when == WITHIN:
        return reading.is_within(entry) and reading.counts(entry.area) is not None
    return when == ALWAYS or entry.timestamp < reading.asked.period.ends


def _item(reading: _Pass, entry: ItemEntry, form: Mapping[str, Any] | None) -> None:
    """One form: counted once, whatever parts it was recorded in."""
    if entry.part == CHILD_PART or entry.source.startswith("/hub/"):
        return
    children = [reading.person(child) for child in entry.children]
    counts = reading.counts(entry.area) if reading.is_within(entry) else None
    for child in children:
        if counts is not None:
            counts.add_child(c.IN_SCOPE, child)
        if entry.type.startswith("assessment."):
            _assessed(reading, child)
    if entry.timestamp < reading.asked.period.ends or NEEDED.get(entry.type) == ALWAYS:
        count_form(Reading(entry, form or {}, children, counts), reading.people)


def _assessed(reading: _Pass, child: str) -> None:
    for counts in reading.counted.areas.values():
        counts.move_child(c.REPEATED, child, "assessed")


# ------------------------------------------------------------------------------------------- entries on a child's record


def _episode_began(reading: _Pass, entry: Child.EpisodeBegan) -> None:
    child = reading.person(entry.originator_id.hex)
    counts = reading.at(entry)
    if counts is None or not reading.is_within(entry):
        return
    counts.add(c.PATTERN, c.PATTERN.parts[entry.began.astimezone(LONDON).hour // 6])
    if reading.people.trafficking.get(child) in _VICTIMS:
        counts.add_child(c.GONE_VICTIMS, child)
        counts.move_child(c.GONE_VICTIMS, child, "not_returned")
    early = reading.asked.early.get(reading.step[1])
    arrived = reading.people.arrived(child, early.after) if early else None
    if early and arrived and timedelta() <= entry.began - arrived <= timedelta(hours=early.hours):
        counts.add_child(c.SOON_GONE, child)


def _episode_ended(reading: _Pass, entry: Child.EpisodeEnded) -> None:
    for counts in reading.counted.areas.values():
        counts.move_child(c.GONE_VICTIMS, reading.person(entry.originator_id.hex), "returned")


def _episode_reopened(reading: _Pass, entry: Child.EpisodeReopened) -> None:
    for counts in reading.counted.areas.values():
        counts.move_child(c.GONE_VICTIMS, reading.person(entry.originator_id.hex), "not_returned")


def _status_noted(reading: _Pass, entry: Child.StatusNoted) -> None:
    if entry.timestamp < reading.asked.period.ends:
        reading.people.note(reading.person(entry.originator_id.hex), entry.name, entry.value)


def _ppn1_issued(reading: _Pass, entry: Child.PPN1Issued) -> None:
    counts = reading.at(entry)
    if counts is None or not reading.is_within(entry):
        return
    counts.add(c.PPN1, entry.circumstance)
    if entry.circumstance == "third_in_90_days":
        child = reading.person(entry.originator_id.hex)
        counts.add_child(c.REPEATED, child, "not_assessed")


def _clock_started(reading: _Pass, entry: Child.ClockStarted) -> None:
    if entry.code not in reading.asked.clock_rules:
        return
    key = _key(reading, entry)
    before = reading.clocks.get(key)
    if before is not None:
        _ended(reading, key, c.CALLED_OFF)
    area = reading.step[1] if reading.step[0] == entry.step else before.area if before else ""
    reading.clocks[key] = _Clock(area, reading.is_within(entry))


def _clock_met(reading: _Pass, entry: Child.ClockMet) -> None:
    if not reading.before.is_undone(entry):
        _ended(reading, _key(reading, entry), c.ON_TIME)


def _clock_cancelled(reading: _Pass, entry: Child.ClockCancelled) -> None:
    if not reading.before.is_undone(entry):
        _ended(reading, _key(reading, entry), c.CALLED_OFF)


def _clock_voided(reading: _Pass, entry: Child.ClockVoided) -> None:
    """What was taken back asked for nothing."""
    reading.clocks.pop(_key(reading, entry), None)


def _clock_late(reading: _Pass, entry: Child.ClockLate) -> None:
    clock = reading.clocks.get(_key(reading, entry))
    if clock is not None:
        clock.is_late = True


def _key(reading: _Pass, entry: Any) -> tuple[str, str, str]:
    return reading.person(entry.originator_id.hex), entry.code, entry.situation


def _ended(reading: _Pass, key: tuple[str, str, str], became: str) -> None:
    clock = reading.clocks.pop(key, None)
    counts = reading.counts(clock.area) if clock and clock.is_counted else None
    if clock is not None and counts is not None:
        counts.add_clock(key[1], c.LATE if clock.is_late else became)


def _finish(reading: _Pass) -> None:
    """What is open stays open; and who was counted is broken down by how the child lived at the end of the period."""
    for key in list(reading.clocks):
        _ended(reading, key, c.NOT_DUE)
    for counts in reading.counted.areas.values():
        for child in counts.children[c.IN_SCOPE.whole]:
            living = reading.people.living(child)
            counts.children[c.IN_SCOPE.part(living)].add(child)
            if living in c.IN_CARE and reading.people.trafficking.get(child) in _VICTIMS:
                counts.add_child(c.IN_CARE_VICTIMS, child)


_HEARD: dict[type[Entry], Callable[[_Pass, Any], None]] = {
    Child.EpisodeBegan: _episode_began,
    Child.EpisodeEnded: _episode_ended,
    Child.EpisodeReopened: _episode_reopened,
    Child.StatusNoted: _status_noted,
    Child.PPN1Issued: _ppn1_issued,
    Child.ClockStarted: _clock_started,
    Child.ClockMet: _clock_met,
    Child.ClockLate: _clock_late,
    Child.ClockCancelled: _clock_cancelled,
    Child.ClockVoided: _clock_voided,
}

_THEN: tuple[type[Any], ...] = (Child.Item, Matter.Item, *_HEARD)
