"""Where a submission's items stand: which children's records, or a matter of its own, and what then follows."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any, cast
from uuid import UUID

import orjson

from sightline.kernel.values import Desk, Refusal, Verified
from sightline.ledger.child import Child
from sightline.ledger.items import CHILD_PART, SHARED, WHOLE, Stream
from sightline.protocol.areas import AreaProtocol
from sightline.protocol.clock_rules import ClockRules
from sightline.record.ages import set_birthdays
from sightline.record.alerts import meet
from sightline.record.clocks import Heard, alert_acknowledged, follow_clocks
from sightline.record.follow import FOLLOWS, possible_match
from sightline.record.known import KnownItem
from sightline.record.matching import Tokens
from sightline.record.retracting import item_retracted
from sightline.record.ruling import RULED, Alone, Ruling, ruled_refs
from sightline.record.step import Said, Step
from sightline.record.work import ItemForm, Work, new_key

_REFERRING = {
    "cpi.graded": "item",
    "cpi.sanitised": "item",
    "item.corrected": "item",
    "item.retracted": "item",
    "alert.acknowledged": "alert",
    "recall.answered": "recall",
}
"""Types that speak of something already here, and the field that names it."""

_ORIGINATOR_ONLY = frozenset({"item.corrected", "item.retracted"})
_INTELLIGENCE = frozenset({"cpi.submitted", "cpi.sanitised"})


@dataclass(frozen=True, slots=True)
class Reference:
    """What a submission speaks of."""

    name: str
    is_recall: bool


def _may_refer(kind: str, item: KnownItem) -> bool:
    """Whether a type can speak of such an item at all: an alert is acknowledged, intelligence graded and sanitised."""
    if kind.startswith("cpi."):
        return item.type in _INTELLIGENCE
    return item.is_alert or kind != "alert.acknowledged"


def reference_of(one: Verified) -> Reference | None:
    """The opaque name in a type that refers to something already here."""
    field = _REFERRING.get(one.envelope.type)
    name = one.submission.data.get(field, "") if field else ""
    return Reference(name, field == "recall") if name else None


@dataclass(kw_only=True, slots=True)
class Placing:
    """One verified submission on its way into the ledger."""

    work: Work
    one: Verified
    desk: Desk
    tokens: list[Tokens]
    step: str
    at: datetime
    protocol: AreaProtocol
    rules: ClockRules
    alone: Alone
    several: dict[UUID, list[str]] = field(default_factory=dict)
    """Record to those joined records that the form names at once; the record itself first."""

    def refusal(self) -> Refusal | None:
        """Why it cannot stand: it names a child or an item that its sender may not name. Nothing is written before."""
        for ref in (*(tokens.ref for tokens in self.tokens), *ruled_refs(self.one)):
            if ref and ref not in self.work.known.child_refs:
                return Refusal(code="unknown_child", detail="no child is known to this desk by that reference")
        reference = reference_of(self.one)
        if reference is not None and self._item(reference) is None:
            # One answer for "does not exist" and "not yours to see": the difference would tell (P11).
            return Refusal(code="unknown_item", detail="no item is known to this desk by that reference")
        return None

    def place(self) -> tuple[list[str], list[str]]:
        """Write items and what follows; the references of the items and of the children."""
        reference = reference_of(self.one)
        if reference is not None:
            target = self._referred(reference)
            items = self._referring(reference)
            # A receipt is a view too (P11): it names the children to those who sent what is spoken of, to nobody else.
            children = list(target.children) if target.agency == self.desk.agency else []
        elif self.one.envelope.type == RULED:
            children = [self.work.known.child_refs[ref] for ref in ruled_refs(self.one)]
            items = [self._ruled(children)]
        else:
            children = [self._resolve(tokens) for tokens in self.tokens]
            items = self._items(children)
        return items, [self.work.ref_of(c) for c in children]

    def _items(self, children: list[UUID]) -> list[str]:
        distinct = list(dict.fromkeys(children))
        if not distinct:
            return [self._whole(self._matter(), [])]
        if len(children) == 1:
            return [self._about_one(children[0])]
        shared = self._shared(distinct)
        return [shared, *(self._part(child, index, shared) for index, child in enumerate(children))]

    def _about_one(self, child_id: UUID) -> str:
        child = self.work.child(child_id)
        ref = self.work.record_item(child, self._form(WHOLE), [child_id], step=self.step, at=self.at)
        self._follow(child, ref)
        self._told_of(child, ref, self.one.submission.data.get("child", {}))
        return ref

    def _told_of(self, child: Child, ref: str, said: Mapping[str, Any]) -> None:
        """What every form about a child comes to: clocks, birthdays still to come, and which records it named."""
        self._clocks(child, ref, said)
        set_birthdays(self._step(ref), child, said)
        named = self.several.get(child.id, [])
        if named:
            child.note(Child.NamedSeveral, step=self.step, timestamp=self.at, item=ref, records=named)
        self.work.take(child)
        for other in named[1:] if self.one.envelope.type == "flag.raised" else ():
            # What protects must not be lost if they are parted: it is raised on each record that was named.
            self._follow(self.work.child(UUID(other)), ref)
            self.work.take(self.work.child(UUID(other)))

    def _ruled(self, children: list[UUID]) -> str:
        ref = self._whole(self.work.child(children[0]), list(dict.fromkeys(children)))
        data = self.one.submission.data
        Ruling(step=self._step(ref), by=self.desk.id, ruling=data["ruling"], alone=self.alone).on(*children)
        return ref

    def _part(self, child_id: UUID, index: int, shared: str) -> str:
        """One child's part. It names the shared part, whose addressees, exclusions and reasons are its own too."""
        child, said = self.work.child(child_id), self.one.submission.data["children"][index]
        part = orjson.dumps({"child": said}, option=orjson.OPT_SORT_KEYS)
        form = self._form(CHILD_PART, index=index, plain=part, about=(shared,))
        ref = self.work.record_item(child, form, [child_id], step=self.step, at=self.at)
        self._told_of(child, ref, said)
        return ref

    def _shared(self, children: list[UUID]) -> str:
        matter = self._matter()
        ref = self.work.record_item(matter, self._form(SHARED), children, step=self.step, at=self.at)
        self.work.take(matter)
        return ref

    def _whole(self, stream: Stream, children: list[UUID], about: tuple[str, ...] = ()) -> str:
        form = self._form(WHOLE, about=about)
        ref = self.work.record_item(stream, form, children, step=self.step, at=self.at)
        self.work.take(stream)
        return ref

    def _referring(self, reference: Reference) -> list[str]:
        target = self._referred(reference)
        home = cast("Stream", self.work.streams[target.stream])
        stream = home if isinstance(home, Child) else self._matter()
        ref = self._whole(stream, list(target.children), about=(reference.name,))
        self._settle(home, target, reference, ref)
        self.work.take(home)
        return [ref]

    def _settle(self, home: Stream, target: KnownItem, reference: Reference, item: str) -> None:
        """What a referring type, recorded as that item, changes about the thing it refers to."""
        kind, note = self.one.envelope.type, partial(home.note, step=self.step, timestamp=self.at)
        stream = cast("Any", home)
        if kind == "item.corrected":
            note(stream.ItemCorrected, item=target.ref, by=self.desk.id)
        elif kind == "item.retracted":
            reason = self.one.submission.data["reason_code"]
            note(stream.ItemRetracted, item=target.ref, reason=reason)
            if isinstance(home, Child):
                item_retracted(replace(self._step(item), area=target.area), home, target.ref, reason)
        elif kind == "recall.answered":
            answer = self.one.submission.data["answer"]
            note(stream.RecallAnswered, recall=reference.name, by=self.desk.id, answer=answer)
            if isinstance(home, Child):
                meet(self._step(item), home, lambda alert: alert.circumstance == reference.name)
        elif kind == "alert.acknowledged" and isinstance(home, Child):
            alert_acknowledged(self._step(item), home, target.ref, self.desk)

    def _follow(self, child: Child, ref: str) -> None:
        follow = FOLLOWS.get(self.one.envelope.type)
        if follow is not None:
            said = Said(envelope=self.one.envelope, desk=self.desk, data=self.one.submission.data)
            follow(self._step(ref), child, said)

    def _clocks(self, child: Child, ref: str, said_of: Mapping[str, Any]) -> None:
        data = self.one.submission.data
        heard = Heard(type=self.one.envelope.type, form=data, said_of=said_of, sender=self.desk)
        follow_clocks(self._step(ref), child, heard)

    def _step(self, item: str) -> Step:
        return Step(
            work=self.work,
            id=self.step,
            at=self.at,
            area=self.one.envelope.area,
            protocol=self.protocol,
            rules=self.rules,
            item=item,
        )

    def _matter(self) -> Stream:
        return self.work.new_matter(step=self.step, at=self.at)

    def _form(self, part: str, *, index: int = -1, plain: bytes = b"", about: tuple[str, ...] = ()) -> ItemForm:
        submission, envelope = self.one.submission, self.one.envelope
        return ItemForm(
            type=envelope.type,
            schema_version=envelope.version,
            part=part,
            index=index,
            desk=envelope.desk,
            source=envelope.source,
            event_id=envelope.id,
            area=envelope.area,
            purpose=envelope.purpose,
            sent=envelope.time,
            plain=plain or submission.compact,
            defects=[[d.code, d.pointer] for d in submission.defects],
            about=list(about),
            digest=submission.digest,
        )

    def _item(self, reference: Reference) -> KnownItem | None:
        known = self.work.known
        if reference.is_recall:
            return known.items.get(known.recalls.get((self.desk.id, reference.name), ""))
        item = known.items.get(reference.name)
        if item is None or not _may_refer(self.one.envelope.type, item):
            return None
        if item.agency == self.desk.agency:
            return item
        may = self.one.envelope.type not in _ORIGINATOR_ONLY and (self.desk.id, item.ref) in known.seen
        return item if may else None

    def _referred(self, reference: Reference) -> KnownItem:
        item = self._item(reference)
        if item is None:
            raise LookupError("a reference was not checked before it was placed")
        return item

    def _resolve(self, tokens: Tokens) -> UUID:
        """The record that the exact identifiers name; a new one at once where they name none, or two children's."""
        known = self.work.known
        named = {known.bound[t] for t in tokens.identifiers if t in known.bound}
        people = {known.person(one) for one in named}
        if tokens.ref:
            child_id = known.child_refs[tokens.ref]
        elif len(people) == 1:
            child_id = next(one for one in people.pop() if one in named)
        else:
            child_id = self.work.new_child(new_key(), step=self.step, at=self.at).id
        also = [one.hex for one in known.person(child_id) if one in named - {child_id}]
        if also:
            self.several[child_id] = [child_id.hex, *also]
        self._bind(tokens, child_id)
        self._propose(tokens, child_id, named)
        return child_id

    def _bind(self, tokens: Tokens, child_id: UUID) -> None:
        for token in tokens.binding:
            if token not in self.work.known.bound:
                self.work.known.bound[token] = child_id
                self.work.row("bound_identifiers", token, child_id.hex)

    def _propose(self, tokens: Tokens, child_id: UUID, named: set[UUID]) -> None:
        known = self.work.known
        others = set(named)
        if tokens.name:
            holders = known.names.setdefault(tokens.name, [])
            if child_id not in holders:
                others |= set(holders)
                holders.append(child_id)
                self.work.row("name_tokens", tokens.name, child_id.hex)
        child, asked = self.work.child(child_id), set[tuple[UUID, ...]]()
        for other in sorted(others - {*known.person(child_id)}, key=lambda c: c.hex):
            if other.hex not in child.proposed and other.hex not in child.ruled:
                # One question for each other child, however many of its records there are.
                self._match(child, other, asks=known.person(other) not in asked)
                asked.add(known.person(other))

    def _match(self, child: Child, other: UUID, *, asks: bool) -> None:
        area, seconds = self.one.envelope.area, int(self.at.timestamp())
        self.work.row("possible_matches", child.id.hex, other.hex, area, seconds)
        for one, another in ((child.id, other), (other, child.id)):
            self.work.known.candidates.setdefault(one, set()).add(another)
        possible_match(self._step(""), child, self.work.child(other), asks=asks)
        self.work.take(child)
        self.work.take(self.work.child(other))
