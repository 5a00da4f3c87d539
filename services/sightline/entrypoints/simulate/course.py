"""What comes of one beginning: the events that are planned with it, each at its time."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sightline.entrypoints.invented.children import Subject, by_name
from sightline.entrypoints.invented.texts import prose
from sightline.entrypoints.simulate import profile
from sightline.entrypoints.simulate.desks import Desks
from sightline.entrypoints.simulate.drawing import Drawing
from sightline.entrypoints.simulate.people import People
from sightline.entrypoints.simulate.seeded import chance_of
from sightline.kernel.ids import DeskId

_CHANGED_LATER = frozenset({"missing.reported", "missing.returned", "ppn1.issued", "cpi.submitted", "referral.made"})
_TEXTS = ("circumstances", "locations_while_missing", "narrative", "information_text", "concern_facts")
"""The free text of each of those."""
_PURPOSES = {
    "ppn1.issued": "referral",
    "referral.made": "referral",
    "referral.acknowledged": "referral",
    "referral.decided": "referral",
    "involvement.opened": "service_provision",
    "cpi.graded": "police_update",
    "nrm.referred": "referral",
    "icta.referred": "referral",
    "safety_plan.agreed": "service_provision",
}


ITEM, ANSWERS = "item", "answers"
"""Members by which a form names an item: the one that it speaks of, without which it is nothing; and what it answers."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """One event, to be signed by its desk and sent at its time."""

    at: datetime
    desk: DeskId
    type: str
    data: dict[str, Any]
    purpose: str
    id: str
    refers: str = ""
    """The id of the event whose item its `member` names; the hub makes that name, and that event's receipt tells it."""
    member: str = ITEM
    """``item``; or ``answers``, a list, which is left out where the desk was not shown the item."""
    uses: int = 0
    """How many later events refer to this one, those after the last day included."""

    def naming(self, item: str) -> dict[str, Any]:
        """The form, with that item named in it; as it is for none."""
        return {self.member: [item] if self.member == ANSWERS else item, **self.data} if item else self.data


@dataclass(kw_only=True)
class Course(Drawing):
    """Plans; ask `events` once at the end."""

    desks: Desks
    people: People
    _planned: list[Planned] = field(default_factory=list)

    def sends(
        self, kind: str, at: datetime, desk: DeskId, form: dict[str, Any], *, refers: str = "", answers: str = ""
    ) -> str:
        """Plan an event; its id. `refers` and `answers` are the id of the event that it speaks of, or that it answers.

        Not every desk's system keeps by which name the hub knows what it answers; one that does writes it.
        """
        name = str(UUID(int=self.chance.getrandbits(128), version=4))
        purpose = _PURPOSES.get(kind, "missing_or_safeguarding_response")
        one = Planned(at=at, desk=desk, type=kind, data=form, purpose=purpose, id=name, refers=refers)
        # Drawn by its own name: whether a form says what it answers changes nothing else that is drawn.
        if answers and chance_of("names", name).random() < profile.NAMES_WHAT_IT_ANSWERS:
            one = replace(one, refers=answers, member=ANSWERS)
        self._planned.append(one)
        return name

    def says(
        self, kind: str, at: datetime, desk: DeskId, subject: Subject, form: dict[str, Any], *, answers: str = ""
    ) -> str:
        """Plan an event about one child; its id."""
        return self.sends(kind, at, desk, {"child": dict(subject.identity), **form}, answers=answers)

    def named(self, subject: Subject) -> dict[str, Any]:
        """The ``child`` object of somebody who noticed something: now and then a name alone, without any number."""
        return by_name(subject.identity) if self.happens(profile.BY_NAME) else dict(subject.identity)

    def events(self) -> Iterator[Planned]:
        """All that was planned, with what is put right later, and how often each is referred to."""
        for one in list(self._planned):
            if one.type in _CHANGED_LATER:
                self._changes(one)
        uses = Counter(one.refers for one in self._planned)
        return (replace(one, uses=uses[one.id]) for one in self._planned)

    def _changes(self, one: Planned) -> None:
        drawn = self.chance.random()
        if drawn >= profile.CORRECTED + profile.RETRACTED:
            return
        # After all that speaks of it: of what is retracted nobody but its sender can speak (H-07).
        last = max(other.at for other in self._planned if one.id in {other.id, other.refers})
        at = self.at_work(self.after(last, 24, 240))
        if drawn < profile.CORRECTED:
            field_name = next(name for name in _TEXTS if name in one.data)
            form = {
                "reason_code": "wrong_detail",
                "correction": prose(self.chance, 300),
                "corrected_fields": [field_name],
            }
            self.sends("item.corrected", at, one.desk, form, refers=one.id)
        else:
            form = {"reason_code": "entered_in_error", "reason": prose(self.chance, 200)}
            self.sends("item.retracted", at, one.desk, form, refers=one.id)
