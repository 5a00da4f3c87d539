"""The record stage: a batch in, one transaction out, its unique rows settling races."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sightline.kernel.errors import Unavailable
from sightline.kernel.ids import AgencyId, DeskId
from sightline.kernel.ports import Clock
from sightline.kernel.values import Desk, Refusal, Rejected, Verified
from sightline.ledger.holding import Held
from sightline.ledger.sealing import KeyVault, area_key_name, child_key_name
from sightline.ledger.store import Collision, Ledger
from sightline.protocol.areas import AreaProtocol
from sightline.protocol.clock_rules import ClockRules
from sightline.record.answers import UNCLEAR
from sightline.record.batch import parts, wanted
from sightline.record.known import Known, Sight, look_up
from sightline.record.matching import Matcher, Tokens
from sightline.record.placing import Placing
from sightline.record.refusing import Refusing
from sightline.record.work import Pair, Work

MAX_TRIES = 5
"""How often a batch is tried again when another writer was first."""


class Areas(Protocol):
    """The areas' protocols in force."""

    def refresh(self) -> None:
        """Take in what was chosen since."""

    def __getitem__(self, area: str) -> AreaProtocol:
        """That area's."""


class Desks(Protocol):
    """The desks that the ledger knows."""

    def desk(self, desk: DeskId) -> Desk | None:
        """That desk, if it is known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What the hub says to one submission."""

    outcome: str
    """``accepted``, ``repeated`` or ``refused``."""
    receipt: bytes
    """The hub's signed receipt; empty where nobody proved to be the sender."""
    receipt_id: str
    refusal: Refusal | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ReceiptFields:
    """What a receipt will say."""

    outcome: str
    source: str
    event_id: str
    digest: bytes
    number: int
    at: datetime
    defects: Sequence[tuple[str, str]] = ()
    refusal: Refusal | None = None
    items: Sequence[str] = ()
    children: Sequence[str] = ()


SignReceipts = Callable[[Sequence[ReceiptFields]], list[bytes]]
"""Makes signed receipts, many at once: the one costly thing that recording does."""


class Record:
    """Turns verified submissions into ledger entries, receipts and index rows, or into refusals that are kept."""

    def __init__(  # noqa: PLR0913  # each is one thing that recording needs, given by name
        self,
        *,
        ledger: Ledger,
        vault: KeyVault,
        desks: Desks,
        areas: Areas,
        rules: ClockRules,
        sight: Sight,
        matcher: Matcher,
        sign: SignReceipts,
        refusing: Refusing,
        clock: Clock,
        held: Held,
        on_step: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._ledger = ledger
        self._held = held
        self._vault = vault
        self._desks = desks
        self._areas = areas
        self._rules = rules
        self._sight = sight
        self._matcher = matcher
        self._sign = sign
        self._refusing = refusing
        self._clock = clock
        self._on_step = on_step
        self._last = datetime.min.replace(tzinfo=clock.now().tzinfo)

    def __call__(self, batch: Sequence[Verified | Rejected]) -> list[Answer]:
        """An answer for each, in order. Raises `Unavailable` when other writers keep being first."""
        return [answer for part in parts(batch) for answer in self._all(part)]

    def _all(self, batch: Sequence[Verified | Rejected]) -> list[Answer]:
        for _ in range(MAX_TRIES):
            try:
                return self._try(batch)
            except Collision:
                continue
        raise Unavailable("contended", "other writers kept being first")

    def _try(self, batch: Sequence[Verified | Rejected]) -> list[Answer]:
        at = self._now()
        self._areas.refresh()
        tokens = [self._tokens(one) for one in batch]
        with self._ledger.database.reading() as session:
            known = look_up(session, wanted(batch, tokens), self._sight)
        work = self._work(known, batch)
        drafts = [self._one(work, one, token, at) for one, token in zip(batch, tokens, strict=True)]
        answers = self._answers(work, drafts)
        if work.new_keys:
            self._vault.store(work.new_keys)
        if work.entries or any(a.outcome != "repeated" for a in answers):
            self._on_step("record")
            self._ledger.append(work.entries, also=work.rows)
        self._held.keep(work.streams, known.people)
        return answers

    def _now(self) -> datetime:
        """The hub's time, never going back: facts take their present from it (a running maximum)."""
        self._last = max(self._last, self._clock.now())
        return self._last

    def _tokens(self, one: Verified | Rejected) -> list[Tokens]:
        if isinstance(one, Rejected):
            return []
        desk = self._desks.desk(one.envelope.desk)
        data = one.submission.data
        children = data.get("children", [data["child"]] if "child" in data else [])
        return [self._matcher.tokens(child, desk) for child in children] if desk else []

    def _work(self, known: Known, batch: Sequence[Verified | Rejected]) -> Work:
        streams = {*known.bound.values(), *known.child_refs.values(), *known.candidates}
        for item in known.items.values():
            streams |= {item.stream, *item.children}
        streams |= {child for holders in known.names.values() for child in holders}
        work = Work(
            known=known,
            streams=self._held.load(streams, known.people),
            vault=self._vault,
            new_id=lambda: UUID(bytes=os.urandom(16), version=4),
            shown=self._shown,
        )
        areas = {one.envelope.area for one in batch if isinstance(one, Verified)}
        work.preload_keys([*map(child_key_name, streams), *map(area_key_name, areas)])
        return work

    def _shown(self, pairs: Sequence[Pair]) -> set[Pair]:
        """Which of the (desk, item) pairs are shown. Asked about few forms: those that answer one of several things."""
        with self._ledger.database.reading() as session:
            return self._sight.seen(session, pairs)

    def _one(self, work: Work, one: Verified | Rejected, tokens: list[Tokens], at: datetime) -> "Draft":
        step = os.urandom(16).hex()
        if isinstance(one, Rejected):
            return self._refused(work, one, step, at)
        claim = work.known.claims.get((one.envelope.source, one.envelope.id))
        if claim is not None:
            digest, receipt = claim
            if digest == one.submission.digest:
                return Draft(outcome="repeated", step=receipt)
            return self._refused(work, rejected(one, Refusal(code="id_reused")), step, at)
        desk = self._desks.desk(one.envelope.desk)
        if desk is None:
            return self._refused(work, rejected(one, Refusal(code="unknown_desk")), step, at)
        placing = Placing(
            work=work,
            one=one,
            desk=desk,
            tokens=tokens,
            step=step,
            at=at,
            protocol=self._areas[one.envelope.area],
            rules=self._rules,
            alone=self._ledger.load,
        )
        refusal = placing.refusal()
        if refusal is not None:
            return self._refused(work, rejected(one, refusal), step, at)
        items, children = placing.place()
        work.known.claims[one.envelope.source, one.envelope.id] = (one.submission.digest, step)
        work.row("claims", one.envelope.source, one.envelope.id, one.submission.digest, step)
        return Draft(
            outcome="accepted",
            step=step,
            desk=desk.id,
            agency=desk.agency,
            fields=ReceiptFields(
                outcome="accepted",
                source=one.envelope.source,
                event_id=one.envelope.id,
                digest=one.submission.digest,
                number=_next_number(work, desk.agency),
                at=at,
                defects=[
                    *((d.code, d.pointer) for d in one.submission.defects),
                    *self._unknown_desks(one),
                    *([UNCLEAR] if step in work.unclear else []),
                ],
                items=items,
                children=children,
            ),
        )

    def _unknown_desks(self, one: Verified) -> list[tuple[str, str]]:
        """Addressees and exclusions that the hub does not know: the sender must learn that they reach nobody."""
        data = one.submission.data
        unknown = [("to", n) for n, d in enumerate(data.get("to", ())) if self._desks.desk(d) is None]
        names = enumerate(data.get("exclude", ()))
        unknown += [("exclude", n) for n, d in names if "/" in d and self._desks.desk(d) is None]
        return [("unknown_desk", f"/{field}/{n}") for field, n in unknown]

    def _refused(self, work: Work, rejected: Rejected, step: str, at: datetime) -> "Draft":
        if rejected.sender is None:
            kept = step if rejected.compact else ""
            if kept:
                self._refusing.keep(work, rejected, step=kept, at=at)
            return Draft(outcome="refused", step=kept, refusal=rejected.refusal)
        desk = self._desks.desk(rejected.sender)
        if desk is None:
            return Draft(outcome="refused", step="", refusal=rejected.refusal)
        self._refusing.write(work, rejected, desk, step=step, at=at)
        fields = ReceiptFields(
            outcome="refused",
            source=rejected.source,
            event_id=rejected.reference,
            digest=rejected.digest,
            number=_next_number(work, desk.agency),
            at=at,
            refusal=rejected.refusal,
        )
        return Draft(
            outcome="refused", step=step, desk=desk.id, agency=desk.agency, fields=fields, refusal=rejected.refusal
        )

    def _answers(self, work: Work, drafts: Sequence["Draft"]) -> list[Answer]:
        """Sign the new receipts together, keep them, and find the first receipt of what was sent before."""
        new = [d for d in drafts if d.fields is not None]
        signed = self._sign([d.fields for d in new if d.fields is not None])
        for draft, body in zip(new, signed, strict=True):
            fields = draft.fields
            if fields is None:
                continue
            work.known.receipts[draft.step] = body
            seconds = int(fields.at.timestamp())
            work.row("receipts", draft.step, draft.agency, draft.desk, fields.number, fields.outcome, seconds, body)
        return [
            Answer(
                outcome=d.outcome,
                receipt=work.known.receipts.get(d.step, b""),
                receipt_id=d.step,
                refusal=d.refusal,
            )
            for d in drafts
        ]


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """An answer whose receipt is not signed yet."""

    outcome: str
    step: str
    desk: str = ""
    agency: str = ""
    fields: ReceiptFields | None = None
    refusal: Refusal | None = None


def _next_number(work: Work, agency: AgencyId) -> int:
    work.known.numbers[agency] = work.known.numbers.get(agency, 0) + 1
    return work.known.numbers[agency]


def rejected(one: Verified, refusal: Refusal) -> Rejected:
    """The same submission, turned away after all."""
    submission = one.submission
    return Rejected(
        refusal=refusal,
        size=len(submission.compact),
        digest=submission.digest,
        sender=one.envelope.desk,
        reference=one.envelope.id,
        type=one.envelope.type,
        area=one.envelope.area,
        source=one.envelope.source,
        compact=submission.compact,
    )
