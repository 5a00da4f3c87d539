"""What a form answers, of all that waits for one child: a decision on one referral must not pass for that on another.

A form names what it answers by reference: the item that asked for it, something that answered that before, the alert that
the hub raised for it, or the reference that an agency gave it. What is done for the child as a whole (a plan, a meeting)
ends all that waits for it, unless it names some of that. What answers one thing at a time ends what it names; naming
nothing, the only one that waits, or the only one of them that its sender was shown. Else it ends none: nobody guesses
which child's referral was decided, and the sender is told to say it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sightline.kernel.values import Desk
from sightline.ledger.child import Child, Running
from sightline.record.step import Step

ITEM_FIELDS = ("answers", "referral", "about")
"""Fields that name items or alerts; the second may hold the sender's own reference."""
OWN_FIELDS = ("contact_reference", "nrm_reference_number")
"""Fields with the reference that an agency gave to a referral, by which the next form knows it again."""
UNCLEAR = ("answer_unclear", "/answers")
"""The defect of a form that answers one of several things and says not which. Only who was shown them hears of it."""

_OURS = re.compile(r"[il]-[0-9a-f]{32}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What one form names, on one child's record."""

    step: Step
    child: Child
    sender: Desk | None
    names: frozenset[str]
    """What it names, and all that this answers or stands for in turn."""
    is_named: bool

    def meant(self, code: str, *, each: bool) -> list[Running]:
        """Of the rule's clocks that run, those that the form is about."""
        waiting = [running for (one, _), running in self.child.running.items() if one == code]
        named = [running for running in waiting if self._names(running)]
        if named or self._is_past(code):
            return named
        if not each:
            return waiting
        if self.is_named:
            return []
        return waiting if len(waiting) == 1 else self._only_one_known(waiting)

    def met(self, running: Running) -> None:
        """It did what that clock asked, so it answers what started it, also where it did not say so."""
        if not self.is_named and self.step.item and running.by:
            _note(self.step, self.child, self.step.item, [running.by])

    def _only_one_known(self, waiting: list[Running]) -> list[Running]:
        """A desk cannot answer what it was never shown; and nothing of its answer may tell it that there is more (P11)."""
        if self.sender is None:
            return []
        desk = self.sender.id
        seen = self.step.work.shown([(desk, running.by) for running in waiting])
        shown = [running for running in waiting if (desk, running.by) in seen]
        if len(shown) > 1:
            self.step.work.unclear.add(self.step.id)
        return shown if len(shown) == 1 else []

    def _names(self, running: Running) -> bool:
        return not self.names.isdisjoint(running.alerts) or self._reaches(running.by, frozenset())

    def _reaches(self, name: str, past: frozenset[str]) -> bool:
        """Whether it names that item, or all that the item itself answered."""
        if name in self.names:
            return True
        before = self.child.answers.get(name, {}).keys() - past - {name}
        return bool(before) and all(self._reaches(one, past | {name}) for one in before)

    def _is_past(self, code: str) -> bool:
        """Whether it names something for which such a clock ran before."""
        return any((code, name) in self.child.done for name in self.names)


def hear(step: Step, child: Child, form: Mapping[str, Any], sender: Desk | None) -> Answer:
    """Read what the form names, and note it, so that what names this form is known to be of the same."""
    items = dict.fromkeys(_texts(form, ITEM_FIELDS))
    said = [name for name in items if _OURS.fullmatch(name)]
    own = [*(name for name in items if not _OURS.fullmatch(name)), *_texts(form, OWN_FIELDS)]
    known = [name for text in own for name in step.work.own_names(child.id, text) if name in child.answers]
    names = _all(child, said or known)
    if step.item:
        _note(step, child, step.item, said or known)
        for name in (one for text in own for one in step.work.own_names(child.id, text)[:1]):
            _note(step, child, name, said or ([] if known else [step.item]))
    return Answer(step=step, child=child, sender=sender, names=names, is_named=bool(said))


def _note(step: Step, child: Child, name: str, to: list[str]) -> None:
    if not child.answers.get(name, {}).keys() >= set(to) - {name}:
        child.note(Child.Answered, step=step.id, timestamp=step.at, name=name, to=to)


def _all(child: Child, names: Iterable[str]) -> frozenset[str]:
    """These, what they answer or stand for in turn, and what the alerts among them were raised for."""
    found, left = set[str](), list(names)
    while left:
        name = left.pop()
        if name in found:
            continue
        found.add(name)
        left += child.answers.get(name, {})
        if name in child.alerts and _OURS.fullmatch(child.alerts[name].situation):
            left.append(child.alerts[name].situation)
    return frozenset(found)


def _texts(form: Mapping[str, Any], fields: Iterable[str]) -> Iterator[str]:
    for field in fields:
        value = form.get(field)
        yield from (one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str) and one)
