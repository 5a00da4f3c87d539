# ruff: noqa: S311, TID251 - seeded chance is the point of a workload that can be made again; nothing here is secret
"""The workload: 2,000 children, one in a hundred of whom cause a fifth of what is sent, and every type of event.

It is made in rounds, because much of what agencies send speaks of what the hub told them: gradings, corrections,
acknowledgements, answers to recalls. A round uses the references that earlier rounds' receipts and feeds gave. Forms
are seeded; keys, signatures and the hub's references are not.
"""

import random
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sightline.entrypoints.bench.cast import BUREAU, DESKS, MASH, MISSING, SCHOOLS, a_subject
from sightline.entrypoints.bench.mix import CORRECTED, FITS, PURPOSE_OF, SENDERS, WEIGHTS, remits
from sightline.entrypoints.invented import forms
from sightline.entrypoints.invented.children import Subject
from sightline.formats.receipt import Receipt
from sightline.kernel.ids import DeskId

CHILDREN = 2_000
HOT_CHILDREN = 0.01
HOT_EVENTS = 0.2
DESKS_CONSIDERED = 12
"""How many desks each submission is to be considered for, at least."""
A_DAY = 136
"""Submissions of a county in a day: the workload is a backlog of as many days as it takes."""

_TRIES = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One event to sign and send."""

    desk: DeskId
    type: str
    data: dict[str, Any]
    purpose: str
    time: datetime
    id: str
    subjects: tuple[int, ...]
    """Numbers of the children it speaks of, as far as the form itself names them."""

    def in_short(self) -> "Event":
        """The same without most of its form: enough to learn from the answer to it."""
        said = self.data.get("children", [self.data.get("child", {})])
        named = [{"identifiers": ()} if "identifiers" in child else {} for child in said]
        harm = bool(self.data.get("sharing", {}).get("detriment"))
        return replace(self, data={"children": named, "sharing": {"detriment": harm}})


@dataclass(frozen=True, slots=True)
class _Item:
    """Something sent earlier that can be spoken of."""

    ref: str
    desk: DeskId
    subjects: tuple[int, ...]


class Workload:
    """Makes events, round by round, and learns from the answers to them."""

    def __init__(self, *, seed: int, submissions: int, now: datetime) -> None:
        self.alerts: deque[str] = deque()
        """Alerts that their owner has been shown and has not acknowledged."""
        self.recalls: deque[tuple[DeskId, str]] = deque()
        """(desk, recall) pairs that wait for an answer."""
        self.about: list[int] = []
        """The first child of each event so far; -1 for none."""
        self._chance = random.Random(seed)
        self._days = submissions / A_DAY
        self._submissions = submissions
        self._now = now
        self._hot = max(1, int(CHILDREN * HOT_CHILDREN))
        self._subjects = [
            a_subject(self._chance, number, hot=number < self._hot, today=now.date()) for number in range(CHILDREN)
        ]
        self._remits = remits()
        self._ungraded: deque[_Item] = deque()
        self._graded: deque[_Item] = deque()
        self._sent: deque[_Item] = deque(maxlen=2_000)
        self._makers: dict[str, Callable[[str, datetime], Event | None]] = {
            "cpi.submitted": self._cpi,
            "cpi.graded": self._grading,
            "cpi.sanitised": self._sanitised,
            "item.corrected": self._about_own,
            "item.retracted": self._about_own,
            "alert.acknowledged": self._acknowledgement,
            "recall.answered": self._answer,
            "involvement.opened": self._involvement,
            "involvement.confirmed": self._involvement,
            "involvement.closed": self._involvement,
        }

    @property
    def hot_share(self) -> float:
        """The share of events that concern the few children who cause many."""
        return sum(0 <= n < self._hot for n in self.about) / max(1, len(self.about))

    def round(self, size: int) -> Iterator[Event]:
        """The next events, each made when it is asked for: a round of them at once would take tens of megabytes."""
        while size:
            event = self._one()
            if event is not None:
                self.about.append(event.subjects[0] if event.subjects else -1)
                size -= 1
                yield event

    def learn(self, events: Sequence[Event], receipts: Sequence[Receipt | None]) -> None:
        """Take up what the receipts of a round told."""
        for event, receipt in zip(events, receipts, strict=True):
            if receipt is None or not receipt.items:
                continue
            item = _Item(receipt.items[-1], event.desk, event.subjects)
            if event.type == "cpi.submitted" and not event.data["sharing"]["detriment"]:
                # What its sender holds to be detrimental is shown to nobody else (H-10), so nobody can grade it.
                self._ungraded.append(item)
            if event.type in CORRECTED:
                self._sent.append(item)
            self._learn_children(event, receipt.children)

    def _learn_children(self, event: Event, refs: Sequence[str]) -> None:
        said = event.data.get("children", [event.data.get("child", {})])
        for number, child, ref in zip(event.subjects, said, refs, strict=False):
            if "identifiers" in child:
                self._subjects[number].ref = ref

    def _one(self) -> Event | None:
        kind = self._chance.choices(list(WEIGHTS), weights=list(WEIGHTS.values()))[0]
        ago = self._days * (1 - len(self.about) / max(1, self._submissions))
        at = self._now - timedelta(days=max(0.0, ago))
        return self._makers.get(kind, self._about_child)(kind, at)

    def _pick(self, fits: Callable[[Subject], object]) -> int | None:
        """A child for which it can be said, the hot ones as often as they should."""
        hot = self._chance.random() < HOT_EVENTS
        low, high = (0, self._hot) if hot else (self._hot, CHILDREN)
        for _ in range(_TRIES):
            number = self._chance.randrange(low, high)
            if fits(self._subjects[number]):
                return number
        return None

    def _about_child(self, kind: str, at: datetime) -> Event | None:
        number = self._pick(FITS.get(kind, lambda _: True))
        if number is None:
            return None
        subject = self._subjects[number]
        data = forms.FILLED[kind](self._chance, subject, at)
        desk = self._chance.choice(SENDERS[kind])
        if kind == "consent.recorded" and data["position"] == "given":
            subject.consents.append((data["consent_purpose"], data["giver"], desk))
        return self._event(kind, at, desk, data, (number,), about_child=True)

    def _cpi(self, kind: str, at: datetime) -> Event | None:
        first = self._pick(lambda _: True)
        count = self._chance.choices((0, 1, 2), weights=(15, 75, 10))[0]
        found = {n for n in (first, self._pick(lambda _: True)) if n is not None}
        numbers = tuple(sorted(found))[:count]
        data = forms.cpi_submitted(self._chance, self._subjects[0], at)
        if numbers:
            data["children"] = [forms.child_of(self._chance, self._subjects[n]) for n in numbers]
        if self._chance.random() < 0.02:
            data["exclude"] = [self._chance.choice(SCHOOLS)]
        return self._event(kind, at, self._chance.choice(SENDERS[kind]), data, numbers)

    def _grading(self, kind: str, at: datetime) -> Event | None:
        if not self._ungraded:
            return None
        item = self._ungraded.popleft()
        self._graded.append(item)
        return self._referring(kind, at, BUREAU, item, "item")

    def _sanitised(self, kind: str, at: datetime) -> Event | None:
        return self._referring(kind, at, BUREAU, self._graded.popleft(), "item") if self._graded else None

    def _about_own(self, kind: str, at: datetime) -> Event | None:
        if not self._sent:
            return None
        item = self._chance.choice(self._sent)
        self._sent.remove(item)
        return self._referring(kind, at, item.desk, item, "item")

    def _acknowledgement(self, kind: str, at: datetime) -> Event | None:
        if not self.alerts:
            return None
        return self._referring(kind, at, MISSING, _Item(self.alerts.popleft(), MISSING, ()), "alert")

    def _answer(self, kind: str, at: datetime) -> Event | None:
        if not self.recalls:
            return None
        desk, recall = self.recalls.popleft()
        return self._referring(kind, at, desk, _Item(recall, desk, ()), "recall")

    def _referring(self, kind: str, at: datetime, desk: DeskId, item: _Item, name: str) -> Event:
        subject = self._subjects[item.subjects[0] if item.subjects else 0]
        data = {name: item.ref, **forms.FILLED[kind](self._chance, subject, at)}
        return self._event(kind, at, desk, data, item.subjects)

    def _involvement(self, kind: str, at: datetime) -> Event | None:
        number = self._pick(FITS[kind])
        if number is None:
            return None
        subject = self._subjects[number]
        if kind == "involvement.opened":
            desk, data = self._opening(subject)
        else:
            desk = self._chance.choice(SENDERS[kind])
            data = self._changing(subject, kind)
        return self._event(kind, at, desk, data, (number,), about_child=True)

    def _opening(self, subject: Subject) -> tuple[DeskId, dict[str, Any]]:
        """A desk says that it works with the child, or the MASH says it of that desk."""
        places = ((subject.school, "school_place"), (subject.surgery, "gp"), (subject.team, "allocated_team"))
        involved, kind = self._chance.choice(places)
        confirmed = self._chance.random() < 0.5
        subject.involved[involved] = subject.involved.get(involved, False) or confirmed
        sender = self._chance.choice(MASH) if confirmed else involved
        return sender, forms.involvement_opened(self._chance, involved, kind)

    def _changing(self, subject: Subject, kind: str) -> dict[str, Any]:
        if kind == "involvement.confirmed":
            involved = next(d for d, confirmed in subject.involved.items() if not confirmed)
            subject.involved[involved] = True
            return forms.involvement_confirmed(self._chance, involved)
        involved, _ = subject.involved.popitem()
        return forms.involvement_closed(self._chance, involved)

    def _event(
        self,
        kind: str,
        at: datetime,
        desk: DeskId,
        data: dict[str, Any],
        numbers: tuple[int, ...],
        *,
        about_child: bool = False,
    ) -> Event:
        if about_child:
            data = {"child": forms.child_of(self._chance, self._subjects[numbers[0]]), **data}
        to = self._to(kind, desk, numbers)
        return Event(
            desk=desk,
            type=kind,
            data={**data, "to": to} if to else data,
            purpose=PURPOSE_OF.get(kind, forms.PURPOSES[0]),
            time=at,
            id=str(UUID(int=self._chance.getrandbits(128), version=4)),
            subjects=numbers,
        )

    def _to(self, kind: str, desk: DeskId, numbers: tuple[int, ...]) -> list[DeskId]:
        """As many desks as are wanting for the number to be considered."""
        considered = {desk, *self._remits.get(kind, ())}
        for number in numbers:
            considered |= self._subjects[number].involved.keys()
        others = [d.id for d in DESKS if d.id not in considered]
        return sorted(self._chance.sample(others, max(0, DESKS_CONSIDERED - len(considered))))
