"""From what is due to leaves: ask the policy once for equal facts, join what concerns several, write only differences."""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from sightline.formats.leaf import DECISION, EPOCH, HUB, RECALL, VERSION, leaf_bytes
from sightline.kernel.ids import DeskId
from sightline.kernel.ports import PolicyEngine
from sightline.kernel.values import Outcome
from sightline.ledger.derivation import EDITION, Announced, Due
from sightline.ledger.documents import Facts, pack
from sightline.ledger.folds import Shown, Told
from sightline.ledger.relevance import Key, everything
from sightline.ledger.ruling import Memo, Ruling
from sightline.ledger.sealing import ItemKey

PARKED_RULE = "H-11"
"""The item could not be decided; it stays withheld until a person has looked (P6)."""


class Leaf(NamedTuple):
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
    undecidable: dict[int, "Undecidable"] = field(default_factory=dict)
    """Item to the decisions about it that could not be made."""


class Undecidable(NamedTuple):
    """Decisions about one item that the engine could not make."""

    causes: tuple[int, ...]
    reason: str


class Deciding:
    """Turns due decisions into leaves. Holds no state but the memo and the counts for the next epoch."""

    def __init__(
        self,
        engine: PolicyEngine,
        counts: Counts | None = None,
        undecided: AbstractSet[tuple[int, int]] = frozenset(),
        key: Callable[[Facts], Key] = everything,
    ) -> None:
        """`undecided` names (cause, item) of what could not be decided at the time: so that replay asks it of nobody.

        `key` says which documents may share a ruling; unless told otherwise, only equal ones.
        """
        self.memo = Memo(engine, key=key)
        self.counts = counts or Counts()
        self._undecided = undecided

    def __call__(self, steps: Sequence[Sequence[Due | Announced]], *, policy: str, engine: str) -> Decided:
        """Leaves for these steps, in order. `policy` and `engine` are the digests that the ledger has in force."""
        dues = (due for step in steps for due in step if isinstance(due, Due) and not due.parked)
        apart = {id(due.facts): due.facts for due in dues}.values()
        self.memo.fill(d for facts in apart for documents in facts.values() for d in documents)
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
        item = due.item.position
        if (due.cause, item) in self._undecided:
            return
        rulings = self._rulings(due)
        if isinstance(rulings, str):
            before = decided.undecidable.get(item, Undecidable((), ""))
            decided.undecidable[item] = Undecidable((*before.causes, due.cause), rulings)
            return
        fresh = self._fresh(due, rulings, policy, engine)
        if fresh:
            decided.leaves += fresh
            sealed = due.key.seal(f"facts {due.cause}", pack(due.facts, EDITION))
            decided.facts.append(FactsRecord(due.cause, due.item.position, sealed))

    def _rulings(self, due: Due) -> "Mapping[DeskId, Ruling] | str":
        if due.parked:
            return dict.fromkeys(due.facts, Ruling.of(_parked(due)))
        return self.memo.rulings(due.facts)

    def _fresh(self, due: Due, rulings: "Mapping[DeskId, Ruling]", policy: str, engine: str) -> list[Leaf]:
        """A decision leaf if the outcome differs from the last one, and a recall if the desk loses sight of something."""
        item, leaves = due.item, list[Leaf]()
        for desk, ruling in rulings.items():
            before = item.last(desk)
            if before is None:
                item.tell(desk, due.cause, ruling.digest, ruling.outcome)
                leaves.append(self._decision(due, desk, ruling, "", policy, engine, recalls=False))
            elif before[1].digest == ruling.digest and due.corrected in {"", desk}:
                self.counts.unchanged += 1
            else:
                leaves += self._again(due, desk, ruling, before, policy, engine)
        return leaves

    def _again(
        self, due: Due, desk: DeskId, ruling: Ruling, before: tuple[Told, Shown], policy: str, engine: str
    ) -> list[Leaf]:
        told, shown = before
        sup = leaf_id(due.key, told.cause, due.item.position, desk, DECISION)
        # Whoever corrected it knows; everybody else who was shown it must be asked to put it right.
        recalls = bool(shown.classes) and due.corrected not in {"", desk}
        leaves: list[Leaf] = []
        if shown.digest == ruling.digest:
            self.counts.unchanged += 1
        else:
            recalls = due.item.tell(desk, due.cause, ruling.digest, ruling.outcome).is_less_than(shown) or recalls
            leaves.append(self._decision(due, desk, ruling, sup, policy, engine, recalls=recalls))
        if recalls:
            leaves.append(self._recall(due, desk, sup))
        return leaves

    def _decision(
        self, due: Due, desk: DeskId, ruling: Ruling, sup: str, policy: str, engine: str, *, recalls: bool
    ) -> Leaf:
        item, outcome = due.item, ruling.outcome
        name = leaf_id(due.key, due.cause, item.position, desk, DECISION)
        facts = b"".join([one.document() for one in due.facts[desk]])
        values = (
            name.encode(),
            desk.encode(),
            item.purpose.encode(),
            policy.encode(),
            engine.encode(),
            due.key.commit("cfacts", "cfacts " + name, facts),
            item.citem.encode(),
            item.cjust.encode(),
            due.cause,
            item.position,
            int(due.at.timestamp()),
        )
        self._count(outcome.outcome)
        return Leaf(
            id=name,
            cause=due.cause,
            item=item.position,
            desk=desk,
            typ=DECISION,
            eff=outcome.outcome,
            told=outcome.told,
            sup=sup,
            kind="" if recalls else ruling.kind,
            body=ruling.later.fill(sup.encode(), *values) if sup else ruling.first.fill(*values),
        )

    def _recall(self, due: Due, desk: DeskId, of: str) -> Leaf:
        name = leaf_id(due.key, due.cause, due.item.position, desk, RECALL)
        members = {
            "v": VERSION,
            "typ": RECALL,
            "id": name,
            "cause": due.cause,
            "item": due.item.position,
            "desk": desk,
            "kind": due.recalled_as,
            "of": of,
            "edn": EDITION,
            "ts": int(due.at.timestamp()),
        }
        self.counts.recall += 1
        return Leaf(name, due.cause, due.item.position, desk, RECALL, "", "", of, RECALL, leaf_bytes(members))

    def _count(self, outcome: str) -> None:
        setattr(self.counts, outcome, getattr(self.counts, outcome) + 1)


def leaf_id(key: ItemKey, cause: int, item: int, desk: str, typ: str) -> str:
    """Opaque and unique, from the item's key, cause, item, desk and type: a second party derives the same."""
    return key.name("l", f"leaf {cause} {item} {desk} {typ}")


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
