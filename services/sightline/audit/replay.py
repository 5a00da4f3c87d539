"""Replay: decide everything again from the ledger and an empty memo, and compare leaf by leaf, byte by byte (P5).

The verdict on a leaf is one of: equal; different; missing (due, but not in the register); extra (in the register, but
not due); erased (a key was destroyed, so nobody can say); could not check (another derivation edition or policy).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from sightline.formats.fields import Fields
from sightline.kernel.ports import Database, PolicyEngine
from sightline.ledger.deciding import Decided, Deciding, Leaf
from sightline.ledger.derivation import EDITION, Announced, Derivation, Due
from sightline.ledger.facts import unpack
from sightline.ledger.folds import ChildFold, ItemFold
from sightline.ledger.policy import Policy
from sightline.ledger.sealing import KeyVault
from sightline.ledger.store import Ledger, Placed
from sightline.ledger.world import PolicyData, World

_PAGE = 2000

Policies = Callable[[str], "tuple[PolicyEngine, PolicyData] | None"]
"""Policy digest to an engine that holds it and its data; None when it is not at hand."""


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
    differences: list[Difference] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """0 only if every leaf was checked and equal; 1 for a difference; 3 when something could not be checked."""
        verdicts = {d.verdict for d in self.differences} - {"erased"}
        if verdicts - {"could_not_check"}:
            return 1
        return 3 if verdicts else 0


class _Memory:
    """Folds of a replay: all in memory, none to load."""

    def children(self, ids: list[str]) -> dict[str, ChildFold]:
        return {}

    def items(self, positions: list[int]) -> dict[int, ItemFold]:
        return {}

    def items_of(self, children: list[str]) -> dict[str, list[int]]:
        return {}

    def between(self, after: int, upto: int, desk: str, limit: int) -> list[int]:
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
        self._vault = vault
        self._fields = fields
        self._policies = policies
        self._found = Replay()
        self._erased: set[str] = set()
        self._recorded: dict[str, tuple[int, bytes]] = {}

    def run(self) -> Replay:
        """Replay the whole ledger. Reads only."""
        derivation, deciding = None, None
        position = 0
        while placed := self._next(position):
            after, position = position, placed[-1].position
            self._found.entries += len(placed)
            derivation, deciding = self._equip(placed, derivation, deciding)
            if derivation is None or deciding is None:
                continue
            steps = list(derivation.steps(placed))
            decided = deciding(steps, policy=derivation.policy, engine=derivation.engine)
            self._compare(decided, steps, self._rows(after, position))
        self._extra(position)
        self._found.distinct_facts = deciding.memo.asked if deciding else 0
        return self._found

    def _next(self, after: int) -> list[Placed]:
        placed = self._ledger.read_steps(after, _PAGE)
        for index, one in enumerate(placed):
            if isinstance(one.entry, Policy.Activated):
                return placed[: index + 1] if index == 0 else placed[:index]
        return placed

    def _equip(
        self, placed: Sequence[Placed], derivation: Derivation | None, deciding: Deciding | None
    ) -> tuple[Derivation | None, Deciding | None]:
        """From an activation on, another policy decides; the folds stay."""
        entry: Any = placed[0].entry
        if not isinstance(entry, Policy.Activated):
            return derivation, deciding
        held = self._policies(entry.policy)
        if held is None:
            self._found.differences.append(
                Difference(verdict="could_not_check", leaf="", detail=f"policy {entry.policy}")
            )
            return derivation, None
        engine, data = held
        if derivation is None:
            derivation = Derivation(store=_Memory(), world=World(data), fields=self._fields, keys=self._keys)
        derivation.world.use(data)
        return derivation, Deciding(engine, deciding.counts if deciding else None)

    def _keys(self, names: Sequence[str]) -> list[bytes] | None:
        found = self._vault.open(list(names))
        missing = [n for n in names if n not in found]
        self._erased.update(missing)
        return None if missing else [found[n] for n in names]

    def _compare(
        self, decided: Decided, steps: Iterable[Sequence[Due | Announced]], recorded: dict[str, tuple[int, bytes]]
    ) -> None:
        facts = {(d.cause, d.item.position): d for step in steps for d in step if isinstance(d, Due)}
        for leaf in decided.leaves:
            self._found.leaves += 1
            self._one(leaf, recorded.pop(leaf.id, None))
        for name, (n, _) in recorded.items():
            self._found.differences.append(Difference(verdict="extra", leaf=name, n=n))
        self._facts(decided, facts)

    def _one(self, leaf: Leaf, stored: tuple[int, bytes] | None) -> None:
        if stored is None:
            self._found.differences.append(Difference(verdict="missing", leaf=leaf.id))
            return
        n, body = stored
        if orjson.loads(body).get("edn") != EDITION:
            self._found.differences.append(Difference(verdict="could_not_check", leaf=leaf.id, n=n, detail="edition"))
        elif body != leaf.body:
            detail = _members_that_differ(leaf.body, body)
            self._found.differences.append(Difference(verdict="different", leaf=leaf.id, n=n, detail=detail))
        else:
            self._found.equal += 1

    def _facts(self, decided: Decided, due: Mapping[tuple[int, int], Due]) -> None:
        """The facts that were kept must be those that follow from the ledger."""
        for record in decided.facts:
            one = due[record.cause, record.item]
            with self._database.reading() as session:
                rows = session.execute(
                    "SELECT sealed FROM facts WHERE cause = ? AND item = ?", (record.cause, record.item)
                )
            kept = unpack(one.key.open(f"facts {record.cause}", bytes(rows[0][0]))) if rows else {}
            due_facts = {desk: tuple(d.document() for d in documents) for desk, documents in one.facts.items()}
            if kept != due_facts:
                self._found.differences.append(Difference(verdict="facts", leaf=f"{record.cause}/{record.item}"))

    def _rows(self, after: int, upto: int) -> dict[str, tuple[int, bytes]]:
        with self._database.reading() as session:
            rows = session.execute("SELECT id, n, body FROM leaves WHERE cause > ? AND cause <= ?", (after, upto))
        return {row[0]: (int(row[1]), bytes(row[2])) for row in rows}

    def _extra(self, position: int) -> None:
        with self._database.reading() as session:
            rows = session.execute("SELECT id, n FROM leaves WHERE cause > ?", (position,))
        self._found.differences += [Difference(verdict="extra", leaf=r[0], n=int(r[1])) for r in rows]


def _members_that_differ(one: bytes, other: bytes) -> str:
    a, b = orjson.loads(one), orjson.loads(other)
    return ", ".join(sorted(name for name in a.keys() | b.keys() if a.get(name) != b.get(name)))
