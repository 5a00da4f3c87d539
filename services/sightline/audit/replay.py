"""Replay: decide everything again from the ledger and an empty memo, and compare leaf by leaf, byte by byte (P5).

The verdict on a leaf is one of: equal; different; missing (due, but not in the register); extra (in the register, but
not due); erased (a key was destroyed, so nobody can say); could not check (another derivation edition, or a policy that is not kept).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from sightline.formats.fields import Fields
from sightline.formats.leaf import DECISION, EPOCH
from sightline.kernel.errors import Corrupt, Refused
from sightline.kernel.ports import Database
from sightline.ledger.deciding import Counts, Decided, Deciding, Leaf
from sightline.ledger.derivation import EDITION, Announced, Derivation, Due
from sightline.ledger.documents import unpack
from sightline.ledger.erased import Erased
from sightline.ledger.folds import NEVER, Brief, ChildFold, ItemFold
from sightline.ledger.kept_policies import Policies
from sightline.ledger.parking import parked
from sightline.ledger.policy import Policy
from sightline.ledger.ruling import Ruling, outcome_of
from sightline.ledger.sealing import KeyVault
from sightline.ledger.store import Ledger, Placed
from sightline.ledger.world import PolicyData, World

_PAGE = 2000


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """One leaf on which register and replay do not agree, or could not be compared."""

    verdict: str
    """``different``, ``missing``, ``extra``, ``facts``, ``erased`` or ``could_not_check``."""
    leaf: str
    n: int = -1
    detail: str = ""


@dataclass(slots=True)
class Replay:
    """What a replay found."""

    entries: int = 0
    leaves: int = 0
    equal: int = 0
    distinct_facts: int = 0
    under_another_engine: int = 0
    """Leaves decided again by another engine than the one they name, whose digest was copied (design §6)."""
    differences: list[Difference] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """0 only if every leaf was checked and equal; 1 for a difference; 3 when something could not be checked."""
        verdicts = {d.verdict for d in self.differences} - {"erased"}
        if verdicts - {"could_not_check"}:
            return 1
        return 3 if verdicts else 0


class Recorded(NamedTuple):
    """A leaf as the database holds it: its number, and what `Leaf` has."""

    n: int
    id: str
    cause: int
    item: int
    desk: str
    typ: str
    eff: str
    told: str
    sup: str
    kind: str
    body: bytes


_NO_DATA = PolicyData(duties={}, alerts={}, remits={}, areas={}, clocks={}, switched={})
"""Until a policy is at hand: enough to fold entries by, not to decide."""


class _Memory:
    """Folds of a replay: all in memory, none to load."""

    def children(self, ids: list[str]) -> dict[str, ChildFold]:
        return {}

    def items(self, positions: list[int]) -> dict[int, ItemFold]:
        return {}

    def items_of(self, children: list[str]) -> dict[str, list[Brief]]:
        return {}

    def between(self, after: int, upto: int, desk: str, limit: int) -> list[int]:
        return []

    def asking(self, after: int, upto: int, areas: list[str], limit: int) -> list[int]:
        return []

    def named(self, refs: list[str]) -> dict[str, int]:
        return {}


class Replaying:
    """One replay over one ledger and register."""

    def __init__(
        self, *, ledger: Ledger, database: Database, vault: KeyVault, fields: Fields, policies: Policies
    ) -> None:
        self._ledger = ledger
        self._database = database
        self._policies = policies
        self._found = Replay()
        self._erased = Erased(vault)
        self._derivation = Derivation(store=_Memory(), world=World(_NO_DATA), fields=fields, keys=self._erased.opened)
        self._deciding: Deciding | None = None
        self._engine = ""
        self._counts = Counts()
        self._undecided: set[tuple[int, int]] = set()
        self._is_blind = False
        """Whether leaves since the last epoch could not be derived, so that its counts cannot be."""

    def run(self) -> Replay:
        """Replay the whole ledger. Reads only."""
        position = 0
        self._undecided = parked(self._ledger)
        while placed := self._next(position):
            after, position = position, placed[-1].position
            self._found.entries += len(placed)
            self._equip(placed[0].entry)
            steps = list(self._derivation.steps(placed))
            self._erased.note(placed)
            recorded = self._rows(after, position)
            if self._deciding is None:
                self._adopt(steps, recorded)
            else:
                self._decide(self._deciding, steps, recorded)
        self._extra(position)
        return self._found

    def _next(self, after: int) -> list[Placed]:
        placed = self._ledger.read_steps(after, _PAGE)
        for index, one in enumerate(placed):
            if isinstance(one.entry, Policy.Activated | Policy.EngineChanged):
                return placed[: max(1, index)]
        return placed

    def _equip(self, entry: Any) -> None:
        """From an activation on, another policy decides; the folds stay."""
        if not isinstance(entry, Policy.Activated):
            return
        if self._deciding is not None:
            self._counts = self._deciding.counts
        held = self._policies(entry.policy)
        if held is None:
            self._deciding = None
            self._note("could_not_check", detail=f"policy {entry.policy}")
            return
        engine, data = held
        self._engine = engine.engine
        self._derivation.world.use(data)
        self._deciding = Deciding(engine, self._counts, self._undecided)

    def _adopt(self, steps: Sequence[Sequence[Due | Announced]], recorded: Mapping[str, Recorded]) -> None:
        """Leaves of a policy that is not at hand: nothing can be said of them, but what follows rests on them.

        Whom that policy considered is seen from them alone: without its data, the derivation cannot know.
        """
        self._is_blind = self._is_blind or bool(recorded)
        for due in (one for step in steps for one in step if isinstance(one, Due)):
            due.item.told = {desk: told for desk, told in due.item.told.items() if told != NEVER}
        for one in sorted(recorded.values(), key=lambda r: r.n):
            leaf = orjson.loads(one.body)
            item = self._derivation.working.items.get(leaf["item"])
            if item is not None and leaf["typ"] == DECISION:
                outcome = outcome_of(leaf)
                item.tell(leaf["desk"], leaf["cause"], Ruling.of(outcome).digest, outcome)

    def _decide(
        self, deciding: Deciding, steps: Sequence[Sequence[Due | Announced]], recorded: dict[str, Recorded]
    ) -> None:
        asked = deciding.memo.asked
        decided = deciding(steps, policy=self._derivation.policy, engine=self._derivation.engine)
        self._found.distinct_facts += deciding.memo.asked - asked
        if self._derivation.engine != self._engine:
            self._found.under_another_engine += len(decided.leaves)
        for leaf in decided.leaves:
            self._found.leaves += 1
            self._one(leaf, recorded.pop(leaf.id, None))
        for name, one in recorded.items():
            self._note(self._verdict("extra", one.typ, one.item), name, one.n)
        self._facts(decided, {(d.cause, d.item.position): d for step in steps for d in step if isinstance(d, Due)})

    def _one(self, leaf: Leaf, stored: Recorded | None) -> None:
        if stored is None:
            self._note(self._verdict("missing", leaf.typ, leaf.item), leaf.id)
        elif orjson.loads(stored.body).get("edn") != EDITION:
            self._note("could_not_check", leaf.id, stored.n, "edition")
        elif stored.body != leaf.body:
            detail = _members_that_differ(leaf.body, stored.body)
            self._note(self._verdict("different", leaf.typ, leaf.item), leaf.id, stored.n, detail)
        elif stored != Recorded(stored.n, *leaf):
            self._note("different", leaf.id, stored.n, "what it is looked up by")
        else:
            self._found.equal += 1
        if leaf.typ == EPOCH:
            self._is_blind = False

    def _verdict(self, found: str, typ: str, item: int) -> str:
        """What a disagreement means: less, where something that the leaf rests on cannot be derived any more, or here.

        An epoch rests on all that was decided before it; a decision on the item, and on what else concerned its children.
        """
        if typ == EPOCH and self._is_blind:
            return "could_not_check"
        if item in self._erased.items or (typ == EPOCH and self._erased.items):
            return "erased"
        fold = self._derivation.working.items.get(item)
        return found if fold is None or self._erased.children.isdisjoint(fold.children) else "could_not_check"

    def _facts(self, decided: Decided, due: Mapping[tuple[int, int], Due]) -> None:
        """The facts that were kept must be those that follow from the ledger."""
        for record in decided.facts:
            verdict = self._judge_facts(due[record.cause, record.item])
            if verdict:
                self._note(self._verdict(verdict, DECISION, record.item), f"{record.cause}/{record.item}")

    def _judge_facts(self, due: Due) -> str:
        with self._database.reading() as session:
            rows = session.execute(
                "SELECT sealed FROM facts WHERE cause = ? AND item = ?", (due.cause, due.item.position)
            )
        try:
            kept = unpack(due.key.open(f"facts {due.cause}", bytes(rows[0][0]))) if rows else {}
        except Corrupt:
            return "facts"
        except Refused:
            return "could_not_check"
        derived = {desk: tuple(one.document() for one in documents) for desk, documents in due.facts.items()}
        return "" if kept == derived else "facts"

    def _rows(self, after: int, upto: int) -> dict[str, Recorded]:
        with self._database.reading() as session:
            rows = session.execute(
                "SELECT n, id, cause, item, desk, typ, eff, told, sup, kind, body FROM leaves"
                " WHERE cause > ? AND cause <= ?",
                (after, upto),
            )
        return {row[1]: Recorded._make([*row[:-1], bytes(row[-1])]) for row in rows}

    def _extra(self, position: int) -> None:
        """Leaves that no entry can have caused."""
        with self._database.reading() as session:
            rows = session.execute(
                "SELECT id, n FROM leaves WHERE cause > ? OR cause <= 0 OR cause IS NULL", (position,)
            )
        for name, n in rows:
            self._note("extra", name, int(n))

    def _note(self, verdict: str, leaf: str = "", n: int = -1, detail: str = "") -> None:
        self._found.differences.append(Difference(verdict=verdict, leaf=leaf, n=n, detail=detail))


def _members_that_differ(one: bytes, other: bytes) -> str:
    a, b = orjson.loads(one), orjson.loads(other)
    return ", ".join(sorted(name for name in a.keys() | b.keys() if a.get(name) != b.get(name)))
