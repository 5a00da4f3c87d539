"""A hub at the story's own time: what is sent, what it answers, and what then changed for whom.

Release is checked as it happens (P3): between deciding and sealing, every desk is asked for what it may not have yet.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sightline.adapters.clock import SetClock
from sightline.agency.sign import sign_event
from sightline.entrypoints.demo import words
from sightline.entrypoints.demo.cast import CAST, Actor
from sightline.entrypoints.demo.follows import what_follows
from sightline.entrypoints.demo.leaves import Change, Leaf, Leaves
from sightline.entrypoints.demo.line import Line
from sightline.entrypoints.demo.tally import Tally
from sightline.entrypoints.demo.telling import Teller
from sightline.formats.jwk import PrivateKey
from sightline.formats.problem import PROBLEMS
from sightline.formats.receipt import Receipt, read_receipt
from sightline.kernel.errors import Refused
from sightline.kernel.ids import DeskId
from sightline.ledger.items import CHILD_PART, ItemEntry
from sightline.record.stage import Answer
from sightline.runtime.hub import Hub
from sightline.view.reading import ItemView

MONDAY = date(2026, 11, 16)
_TICK = timedelta(minutes=15)
_MANY = 1000


class StoryStopped(Exception):
    """The story cannot go on: the hub did not do what everybody in it relied on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """One submission of the week, and what became of it."""

    actor: Actor
    type: str
    raw: bytes
    data: Mapping[str, Any]
    id: str
    at: datetime
    answer: Answer
    receipt: Receipt | None = None
    """Read with the hub's key; none where nobody proved to be the sender."""

    @property
    def items(self) -> tuple[str, ...]:
        """References of its items: each child's part, then the shared or only one."""
        return self.receipt.items if self.receipt else ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Turned:
    """One submission that was refused, for the table."""

    at: datetime
    claims: str
    """From whom it claims to be, and what."""
    wrong: str
    """What was wrong with it."""
    answer: Answer


@dataclass(kw_only=True)
class Week:
    """Drives one hub. Every act goes through here, so that every act is checked."""

    line: Line
    keys: Mapping[DeskId, PrivateKey]
    tell: Teller
    tally: Tally
    sent: list[Sent] = field(default_factory=list)
    turned: list[Turned] = field(default_factory=list)
    repeats: list[tuple[Sent, Answer]] = field(default_factory=list)
    titles: dict[str, str] = field(default_factory=dict)
    """Reference of an item to what it is called; never with anybody's name."""
    remembered: bytes = b""
    """The checkpoint that an auditor noted at the first midnight."""

    def __post_init__(self) -> None:
        self.leaves = Leaves(self.hub)
        self._settle(())

    @property
    def hub(self) -> Hub:
        """What desks read from."""
        return self.line.hub

    @property
    def clock(self) -> SetClock:
        """The story's time."""
        return self.line.clock

    def at(self, day: int, hhmm: str) -> None:
        """Let time pass until then (`day` 0 is Monday); clocks strike on the way, on the quarter."""
        then = datetime.combine(MONDAY + timedelta(days=day), time.fromisoformat(hhmm), UTC)
        while (tick := self._next_tick()) <= then:
            self.clock.set(tick)
            if self.line.strike():
                changes, recalls = self._settle(())
                self._name_alerts(changes)
                self.tell.clock(tick, _ran_out(changes), what_follows(changes, recalls, (), self.titles))
            if tick.time() == time.min:
                self._midnight()
        self.clock.set(then)
        self.line.arrive()

    def rest(self) -> None:
        """The week is over: what time made due at its very end is decided and told as well."""
        self._settle(())

    def signed(
        self, actor: Actor, type: str, data: Mapping[str, Any], *, role: str, purpose: str = "", **more: str
    ) -> bytes:
        """The event as that desk signs it. `more`: `area`, `id`."""
        return sign_event(
            self.keys[actor.id],
            source=actor.source,
            type=type,
            data=data,
            area=more.get("area", "hampshire"),
            purpose=purpose or "missing_or_safeguarding_response",
            actor=f"staff-{1 + CAST.index(actor)}0{len(role) % 10}:{role}",
            time=self.clock.now(),
            id=more.get("id", ""),
        )

    def send(self, actor: Actor, type: str, data: Mapping[str, Any], says: str, **how: str) -> Sent:
        """One desk sends one form; it is accepted, decided, sealed and told of, or the story stops."""
        title = how.pop("title", words.title(type))
        raw = self.signed(actor, type, data, role=how.pop("role", "practitioner"), **how)
        before = self.hub.ledger.head()
        sent = self._submit(actor, type, data, raw)
        if sent.answer.outcome != "accepted" or sent.receipt is None:
            raise StoryStopped(f"{actor.name} sent {words.title(type)}, and the hub answered {sent.answer.outcome}")
        self._name_items(before, f"{title} ({sent.at:%a %H:%M})")
        changes, recalls = self._settle(sent.items)
        self._name_alerts(changes)
        outcome = f"accepted, no. {sent.receipt.number}"
        defects = ["with a defect: a field that no form has"] if sent.receipt.defects else []
        follows = what_follows(changes, recalls, sent.items, self.titles)
        self.tell.event(sent.at, actor.name, says, outcome, defects + follows)
        return sent

    def repeat(self, sent: Sent, says: str) -> None:
        """The very same bytes once more: the very same receipt, and nothing new."""
        answer = self.line.repeat(sent.actor.id, sent.raw)
        self.repeats.append((sent, answer))
        self._settle(())
        same = answer.outcome == "repeated" and answer.receipt == sent.answer.receipt
        self.tell.event(self.clock.now(), sent.actor.name, says, "first receipt again" if same else answer.outcome)

    def offer(self, raw: bytes, sender: Actor | None, says: str, wrong: str) -> Answer:
        """Something that must be refused, from a desk or from somebody. The story stops if it is not."""
        before, who = self.hub.ledger.head(), sender.name if sender else "Somebody"
        answer = self.line.submit(sender.id, raw) if sender else self.line.offer(raw)
        now, entries = self.clock.now(), self.hub.ledger.head() - before
        self._settle(())
        self.tally.check("P2", entries == bool(answer.receipt_id), "a refused submission left more than its refusal")
        if answer.refusal is None:
            raise StoryStopped(f"{who}: {wrong}, and the hub answered {answer.outcome}")
        outcome = "refused, " + (f"no. {self._number(answer)}" if answer.receipt else "no receipt")
        self.tell.event(now, who, says, outcome, [PROBLEMS[answer.refusal.code].title, *self._notices(answer)])
        self.turned.append(Turned(at=now, claims=f"{who}: {says}", wrong=wrong, answer=answer))
        return answer

    def sees(self, actor: Actor, type: str, *, last: bool = True) -> ItemView:
        """The last (or first) item of that type that the desk can read: people act on what they were shown."""
        found = [v for v in self.hub.view.items(actor.id) if v.type == type and v.state == "disclosed"]
        whole = [v for v in found if set(v.body) - {"child"}] or found
        if not whole:
            raise StoryStopped(f"{actor.name} cannot read any {words.title(type)}, and was to act on it")
        return whole[-1 if last else 0]

    def recalled(self, actor: Actor, ref: str) -> str:
        """The recall of that item from that desk."""
        try:
            recall = self.hub.view.item(actor.id, ref).recall
        except Refused:
            recall = ""
        if not recall:
            raise StoryStopped(f"{actor.name} was to be asked to let go of {self.titles.get(ref, 'an item')}")
        return recall

    def _submit(self, actor: Actor, type: str, data: Mapping[str, Any], raw: bytes) -> Sent:
        answer = self.line.submit(actor.id, raw)
        receipt = read_receipt(answer.receipt, self.hub.hub_keys) if answer.receipt else None
        id = receipt.id if receipt else ""
        sent = Sent(
            actor=actor, type=type, raw=raw, data=data, id=id, at=self.clock.now(), answer=answer, receipt=receipt
        )
        self.sent.append(sent)
        return sent

    def _settle(self, fresh: Sequence[str]) -> tuple[list[Change], list[Leaf]]:
        """Decide, look that nothing is readable yet, seal, look that it now is, and tell the desks."""
        for ref in fresh:
            self._unreadable(ref, "before it was decided")
        self.line.decide()
        pending = [leaf for leaf in self.leaves.unsealed() if leaf.typ == "decision"]
        for leaf in pending:
            self._not_yet(leaf)
        self.line.seal()
        for leaf in pending:
            self._now(leaf)
        self.line.tell()
        return self.leaves.take()

    def _unreadable(self, ref: str, when: str) -> None:
        for actor in CAST:
            self.tally.check("P3", self._view(actor.id, ref) is None, f"{actor.name} could read an item {when}")

    def _not_yet(self, leaf: Leaf) -> None:
        """Before the seal a desk sees what it saw before: nothing, or by its last sealed decision."""
        view, before = self._view(*leaf.pair), self.leaves.decided.get(leaf.pair)
        ok = view is None if before is None else view is None or view.leaf == before.body["id"]
        self.tally.check("P3", ok, "an item was readable by a decision that no checkpoint covered")

    def _now(self, leaf: Leaf) -> None:
        view = self._view(*leaf.pair)
        shows = view is not None and view.state == "disclosed" and view.leaf == leaf.body["id"]
        self.tally.check("P3", shows == bool(leaf.shown), "a sealed decision and what its desk can read differ")

    def _view(self, desk: str, ref: str) -> ItemView | None:
        try:
            return self.hub.view.item(DeskId(desk), ref)
        except Refused:
            return None

    def _midnight(self) -> None:
        self.remembered = self.remembered or (self.hub.register_folder / "checkpoint").read_bytes()
        self.line.hour()
        self._settle(())

    def _next_tick(self) -> datetime:
        now = self.clock.now()
        start = now.replace(minute=now.minute - now.minute % 15, second=0, microsecond=0)
        return start + _TICK

    def _number(self, answer: Answer) -> int:
        return read_receipt(answer.receipt, self.hub.hub_keys).number

    def _name_items(self, before: int, title: str) -> None:
        for entry in (placed.entry for placed in self.hub.ledger.read(before, _MANY)):
            if isinstance(entry, ItemEntry) and entry.digest:
                part = ", on one child" if entry.part == CHILD_PART else ""
                self.titles[entry.ref] = title + part

    def _name_alerts(self, changes: Sequence[Change]) -> None:
        for leaf in (c.leaf for c in changes if c.leaf.type.startswith("alert.")):
            self.titles.setdefault(leaf.ref, f"{words.title(leaf.type)} ({self.clock.now():%a %H:%M})")

    def _notices(self, answer: Answer) -> list[str]:
        told = [a.short for a in CAST if any(n.id == answer.receipt_id for n in self.hub.notices.of(a.id))]
        return ["notice to " + ", ".join(told)] if answer.receipt_id and told else []


_RAN_OUT = {
    "alert.confirmation_due": "A day has passed, and nobody has confirmed the charity's claim.",
    "alert.duty_cover": "Out of hours, an alert was not answered in time, or something is late.",
    "alert.duty_due": "Time has run out for something that the procedure asks.",
    "alert.duty_late": "An alert was not answered in time, or something is late.",
    "alert.match_possible": "A day has passed, and nobody has ruled whether two records are one child's.",
    "alert.ppn1_due": "Six hours after the report the child has not returned.",
    "alert.recall_overdue": "Three days have passed, and a recall is not answered.",
}


def _ran_out(changes: Sequence[Change]) -> str:
    """What time alone made due; empty where it made nothing due."""
    return next((_RAN_OUT[c.leaf.type] for c in changes if c.leaf.type in _RAN_OUT), "")
