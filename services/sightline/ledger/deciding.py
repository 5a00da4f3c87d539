"""From what is due to leaves: ask the policy once for equal facts, join what concerns several, write only differences."""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Any

import msgspec

from sightline.formats.decision import read_outcome
from sightline.formats.leaf import DECISION, EPOCH, HUB, RECALL, VERSION, feed_kind, leaf_bytes, template
from sightline.kernel.errors import Refused
from sightline.kernel.ids import DeskId
from sightline.kernel.ports import PolicyEngine
from sightline.kernel.values import Outcome
from sightline.ledger.derivation import EDITION, Announced, Due
from sightline.ledger.folds import Told

MEMO_LIMIT = 50_000
"""Distinct facts documents remembered. Beyond it the memo starts again: it is a hint, never a record."""

_TOLD = ("nothing", "exists", "classes")
PARKED_RULE = "H-10"
"""The item could not be decided; it stays withheld until a person has looked (P6)."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One leaf to append, with what is looked up by."""

    id: str
    cause: int
    item: int
    desk: str
    typ: str
    eff: str
    told: str
    sup: str
    kind: str
    """What it is in the desk's feed: ``item``, ``notice``, ``recall``, or empty."""
    body: bytes


@dataclass(frozen=True, slots=True)
class FactsRecord:
    """The facts of one item at one step, sealed, as they stand beside its decisions."""

    cause: int
    item: int
    sealed: bytes


@dataclass(slots=True)
class Counts:
    """What the next epoch leaf will say of the time since the last one."""

    after: int = 0
    disclose: int = 0
    withhold: int = 0
    refer: int = 0
    recall: int = 0
    unchanged: int = 0


@dataclass(slots=True)
class Decided:
    """What a run over some steps made: leaves in register order, facts, and items that could not be decided."""

    leaves: list[Leaf] = field(default_factory=list)
    facts: list[FactsRecord] = field(default_factory=list)
    undecidable: list[tuple[int, str]] = field(default_factory=list)


class Memo:
    """Outcomes of facts documents under one policy and engine. Filled only by asking."""

    def __init__(self, engine: PolicyEngine) -> None:
        self._engine = engine
        self._raw: dict[bytes, Mapping[str, Any]] = {}
        self.asked = 0

    def fill(self, documents: Iterable[bytes]) -> None:
        """Ask for what is not known yet, in one pooled call. Raises `Unavailable` when the engine does not answer."""
        wanted = [d for d in dict.fromkeys(documents) if d not in self._raw]
        if not wanted:
            return
        if len(self._raw) + len(wanted) > MEMO_LIMIT:
            self._raw.clear()
        self.asked += len(wanted)
        self._raw |= zip(wanted, map(_checked, wanted, self._engine.decide(wanted)), strict=True)

    def outcome(self, document: bytes) -> "Outcome | str":
        """The outcome, or why there is none."""
        found = self._raw[document]
        return found  # type: ignore[return-value]  # `_checked` leaves only these two


def _checked(document: bytes, raw: Mapping[str, Any]) -> Any:
    """The outcome that an engine's answer states, or the reason why it states none (P7's gate)."""
    if "undecidable" in raw:
        return str(raw["undecidable"])
    try:
        return read_outcome(raw, frozenset(msgspec.json.decode(document)["item"]["classes"]))
    except Refused as exc:
        return exc.code


class Deciding:
    """Turns due decisions into leaves. Holds no state but the memo and the counts for the next epoch."""

    def __init__(self, engine: PolicyEngine, counts: Counts | None = None) -> None:
        self.memo = Memo(engine)
        self.counts = counts or Counts()

    def __call__(self, steps: Sequence[Sequence[Due | Announced]], *, policy: str, engine: str) -> Decided:
        """Leaves for these steps, in order. `policy` and `engine` are the digests that the ledger has in force."""
        self.memo.fill(d for step in steps for due in step if isinstance(due, Due) for ds in due.facts.values() for d in ds)
        decided = Decided()
        for step in steps:
            for due in step:
                if isinstance(due, Announced):
                    decided.leaves.append(self._announce(due))
                else:
                    self._decide(due, policy, engine, decided)
        return decided

    def _announce(self, announced: Announced) -> Leaf:
        values = dict(announced.values)
        if announced.typ == EPOCH:
            values = msgspec.to_builtins(self._epoch(announced.cause))
        leaf = f"hub-{announced.typ}-{announced.cause}"
        body = {
            "v": VERSION,
            "typ": announced.typ,
            "id": leaf,
            "cause": announced.cause,
            "item": announced.cause,
            "desk": HUB,
            "edn": EDITION,
            "ts": int(announced.at.timestamp()),
            **values,
        }
        return Leaf(leaf, announced.cause, announced.cause, HUB, announced.typ, "", "", "", "", leaf_bytes(body))

    def _epoch(self, cause: int) -> Counts:
        counts, self.counts = self.counts, Counts(after=cause)
        return counts

    def _decide(self, due: Due, policy: str, engine: str, decided: Decided) -> None:
        outcomes = self._outcomes(due)
        if isinstance(outcomes, str):
            decided.undecidable.append((due.item.position, outcomes))
            return
        fresh = [leaf for desk, outcome in outcomes.items() for leaf in self._leaves(due, desk, outcome, policy, engine)]
        if fresh:
            decided.leaves += fresh
            decided.facts.append(FactsRecord(due.cause, due.item.position, due.key.seal(f"facts {due.cause}", pack(due.facts))))

    def _outcomes(self, due: Due) -> "dict[DeskId, Outcome] | str":
        if due.parked:
            withheld = _parked(due)
            return dict.fromkeys(due.facts, withheld)
        found: dict[DeskId, Outcome] = {}
        for desk, documents in due.facts.items():
            outcomes = [self.memo.outcome(d) for d in documents]
            for outcome in outcomes:
                if isinstance(outcome, str):
                    return outcome
            found[desk] = join([o for o in outcomes if isinstance(o, Outcome)])
        return found

    def _leaves(self, due: Due, desk: DeskId, outcome: Outcome, policy: str, engine: str) -> list[Leaf]:
        """A decision leaf if the outcome differs from the last one, and a recall if the desk loses sight of something."""
        before = due.item.told.get(desk)
        digest = outcome_digest(outcome)
        less = before is not None and shows_less(before, outcome)
        corrected = due.corrected and before is not None and before.discloses
        leaves: list[Leaf] = []
        if before is None or before.outcome != digest:
            leaves.append(self._decision(due, desk, outcome, before, policy, engine, less or corrected))
            due.item.told[desk] = Told(
                leaves[0].id, digest, outcome.outcome == "disclose", outcome.classes, outcome.told
            )
        else:
            self.counts.unchanged += 1
        if before is not None and (less or corrected):
            leaves.append(self._recall(due, desk, before))
        return leaves

    def _decision(
        self, due: Due, desk: DeskId, outcome: Outcome, before: Told | None, policy: str, engine: str, recalls: bool
    ) -> Leaf:
        item = due.item
        name = leaf_id(due, desk, DECISION)
        facts = b"".join(due.facts[desk])
        members = {
            **template(outcome),
            "id": name,
            "cause": due.cause,
            "item": item.position,
            "desk": desk,
            "pur": item.purpose,
            "pol": policy,
            "eng": engine,
            "edn": EDITION,
            "by": "rule",
            "ts": int(due.at.timestamp()),
            "cfacts": due.key.commit("cfacts", "cfacts " + name, facts),
            "citem": item.citem,
            "cjust": item.cjust,
        }
        if before is not None:
            members["sup"] = before.leaf
        self._count(outcome.outcome)
        kind = "" if recalls else feed_kind(outcome.outcome, outcome.told)
        sup = before.leaf if before is not None else ""
        body = leaf_bytes(members)
        return Leaf(name, due.cause, item.position, desk, DECISION, outcome.outcome, outcome.told, sup, kind, body)

    def _recall(self, due: Due, desk: DeskId, before: Told) -> Leaf:
        name = leaf_id(due, desk, RECALL)
        members = {
            "v": VERSION,
            "typ": RECALL,
            "id": name,
            "cause": due.cause,
            "item": due.item.position,
            "desk": desk,
            "kind": recall_kind(due),
            "of": before.leaf,
            "edn": EDITION,
            "ts": int(due.at.timestamp()),
        }
        self.counts.recall += 1
        return Leaf(
            name, due.cause, due.item.position, desk, RECALL, "", "", before.leaf, RECALL, leaf_bytes(members)
        )

    def _count(self, outcome: str) -> None:
        setattr(self.counts, outcome, getattr(self.counts, outcome) + 1)


def leaf_id(due: Due, desk: str, typ: str) -> str:
    """Opaque and unique, from the item's key, cause, item, desk and type: a second party derives the same."""
    return due.key.name("l", f"leaf {due.cause} {due.item.position} {desk} {typ}")


def recall_kind(due: Due) -> str:
    """Why the desk must let go of it (design §6)."""
    if due.item.state == "retracted":
        wrong = due.item.own.get("retracted") == "wrong_child"
        return "wrong_disclosure" if wrong else "stop_use"
    return "corrected" if due.corrected else "lapsed"


def shows_less(before: Told, outcome: Outcome) -> bool:
    """True when a desk loses sight of a class, or of the item's existence."""
    return not set(before.shown) <= set(outcome.classes) or _TOLD.index(outcome.told) < _TOLD.index(before.told)


@lru_cache(maxsize=4096)
def outcome_digest(outcome: Outcome) -> bytes:
    """Equal digests mean equal outcomes: then a decision made again is no new leaf."""
    return sha256(leaf_bytes(template(outcome))).digest()[:16]


def join(outcomes: Sequence[Outcome]) -> Outcome:
    """The decision about what concerns several children: for each desk the strictest of theirs (design §1)."""
    if len(outcomes) == 1:
        return outcomes[0]
    shown = set.intersection(*(set(o.classes) for o in outcomes))
    withheld = {w for o in outcomes for w in o.withheld if w.partition(":")[0] not in shown}
    told = min((o.told for o in outcomes), key=_TOLD.index)
    return Outcome(
        outcome="disclose" if shown else "withhold",
        classes=tuple(sorted(shown)),
        withheld=tuple(sorted(withheld)),
        told=told if shown or told != "classes" else "exists",
        rules=_union(o.rules for o in outcomes),
        basis=_union(o.basis for o in outcomes),
        obligations=_union(o.obligations for o in outcomes),
    )


def _union(lists: Iterable[Sequence[str]]) -> tuple[str, ...]:
    return tuple(sorted({one for each in lists for one in each}))


def _parked(due: Due) -> Outcome:
    classes = due.item.facts["classes"]
    return Outcome(
        outcome="withhold",
        classes=(),
        withheld=tuple(f"{c}:{PARKED_RULE}" for c in classes) if isinstance(classes, list) else (),
        told="nothing",
        rules=(PARKED_RULE,),
        basis=(),
        obligations=(),
    )


def pack(facts: Mapping[DeskId, tuple[bytes, ...]]) -> bytes:
    """Facts of one item for its desks, without saying anything twice."""
    distinct = list(dict.fromkeys(d for documents in facts.values() for d in documents))
    index = {document: n for n, document in enumerate(distinct)}
    desks = {desk: [index[d] for d in documents] for desk, documents in facts.items()}
    return zlib.compress(msgspec.msgpack.encode([distinct, desks]), 1)


def unpack(packed: bytes) -> dict[DeskId, tuple[bytes, ...]]:
    """What `pack` was given."""
    distinct, desks = msgspec.msgpack.decode(zlib.decompress(packed))
    return {DeskId(desk): tuple(distinct[n] for n in numbers) for desk, numbers in desks.items()}
