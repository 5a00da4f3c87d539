"""What desks send because the hub asked: acknowledgements, answers to recalls, rulings on possible matches.

A simulation does not know what a hub will ask. Whoever drives one hands back what the desks' feeds told; when and how a
desk answers is drawn from the seed and from how much that desk was asked before. The same hub gets the same answers.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sightline.entrypoints.invented.texts import prose
from sightline.entrypoints.simulate import profile
from sightline.entrypoints.simulate.course import Planned
from sightline.entrypoints.simulate.drawing import Drawing
from sightline.entrypoints.simulate.seeded import chance_of
from sightline.kernel.ids import DeskId

Refs = tuple[str, ...]

_PURPOSE = "missing_or_safeguarding_response"


@dataclass(frozen=True, kw_only=True, slots=True)
class Asks:
    """Something that the hub wants of a desk."""

    kind: str
    """``alert``, ``recall`` or ``match``."""
    desks: tuple[DeskId, ...]
    """Any of these may answer."""
    refs: Refs
    """The alert's item, the recall's leaf, or the two records that may be one child's."""


class Answering:
    """The desks' answers in the simulation of that seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._asked: Counter[DeskId] = Counter()

    def answer(self, asks: Asks, at: datetime) -> Planned | None:
        """What the desk sends some time after `at`, when it was asked; None if it never does."""
        first = asks.desks[0]
        self._asked[first] += 1
        drawing = Drawing(chance=chance_of(self._seed, "answer", first, self._asked[first]))
        return _ANSWERS[asks.kind](drawing, drawing.chance.choice(asks.desks), asks.refs, at)


def _acknowledged(drawing: Drawing, desk: DeskId, refs: Refs, at: datetime) -> Planned | None:
    if not drawing.happens(profile.ACKNOWLEDGES):
        return None
    then = drawing.within(at, profile.ACKNOWLEDGED_WITHIN_H)
    return _planned(drawing, desk, "alert.acknowledged", _open(drawing, desk, then), {"alert": refs[0]})


def _recalled(drawing: Drawing, desk: DeskId, refs: Refs, at: datetime) -> Planned | None:
    if not drawing.happens(profile.ANSWERS_RECALL):
        return None
    form: dict[str, Any] = {"recall": refs[0], "answer": drawing.one_of(profile.RECALL_ANSWERS)}
    if form["answer"] == "retained_own_basis":
        form["basis"] = "ca_1989_s47"
    if form["answer"] == "passed_to":
        form["passed_to"] = ["Exampleton Youth Trust"]
    then = drawing.at_work(drawing.within(at, profile.RECALL_ANSWERED_WITHIN_H))
    return _planned(drawing, desk, "recall.answered", then, form)


def _ruled(drawing: Drawing, desk: DeskId, refs: Refs, at: datetime) -> Planned:
    form = {
        "records": list(refs),
        "ruling": drawing.one_of(profile.RULINGS),
        "reason": prose(drawing.chance, 150),
        "contains": {"reason": ["identity"]},
    }
    then = drawing.at_work(drawing.within(at, profile.RULED_WITHIN_H))
    return _planned(drawing, desk, "match.ruled", then, form)


_ANSWERS = {"alert": _acknowledged, "recall": _recalled, "match": _ruled}


def _open(drawing: Drawing, desk: DeskId, then: datetime) -> datetime:
    """Then, where somebody is always there; else when the office is open."""
    return then if any(word in desk for word in profile.NEVER_CLOSED) else drawing.at_work(then)


def _planned(drawing: Drawing, desk: DeskId, kind: str, at: datetime, form: dict[str, Any]) -> Planned:
    name = str(UUID(int=drawing.chance.getrandbits(128), version=4))
    return Planned(at=at, desk=desk, type=kind, data=form, purpose=_PURPOSE, id=name)
