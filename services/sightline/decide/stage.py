"""The decide stage: new entries in, leaves out, from a position to a position in one transaction."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sightline.decide.folds import TableFolds
from sightline.decide.state import NAME, read_state, state_rows
from sightline.decide.state import TABLES as STATE_TABLES
from sightline.decide.writing import REBUILT, Batch, Rows, Writing
from sightline.formats.fields import Fields
from sightline.formats.leaf import DECISION
from sightline.kernel.errors import Unavailable
from sightline.kernel.ports import Clock, Database, Session
from sightline.ledger import notices
from sightline.ledger.deciding import Counts, Decided, Deciding, Undecidable
from sightline.ledger.derivation import Derivation, Due
from sightline.ledger.folds import ItemFold
from sightline.ledger.kept_policies import Policies, ReadyPolicy
from sightline.ledger.policy import POLICY_STREAM, Policy
from sightline.ledger.positions import position
from sightline.ledger.relevance import key_for
from sightline.ledger.sealing import KeyVault
from sightline.ledger.store import Collision, Ledger, Placed
from sightline.ledger.world import World

BATCH = 256
"""Entries in one transaction."""
SLICE = 500
"""Items of one slice of a large change (design §6)."""
FOLDS_KEPT = 1_000
"""Children, and items, of which folds stay in memory between batches: bounded, so that it does not grow with history."""

TABLES = (
    (
        "CREATE TABLE IF NOT EXISTS leaves (n BIGINT PRIMARY KEY, id TEXT UNIQUE, cause BIGINT, item BIGINT, desk TEXT,"
        " typ TEXT, eff TEXT, told TEXT, sup TEXT, kind TEXT, body BLOB)"
    ),
    "CREATE INDEX IF NOT EXISTS leaves_desk_item ON leaves (desk, item, n)",
    "CREATE TABLE IF NOT EXISTS facts (cause BIGINT, item BIGINT, sealed BLOB, PRIMARY KEY (cause, item))",
    *STATE_TABLES,
)


class Decide:
    """The one decider. A second one anywhere loses by compare and set, and starts again from the stored position."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        database: Database,
        at_hand: ReadyPolicy,
        policies: Policies,
        fields: Fields,
        vault: KeyVault,
        clock: Clock,
        on_step: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`at_hand`: the policy of this program. `policies` finds it, and those that were in force before it."""
        self._folds_kept = FOLDS_KEPT
        self._ledger = ledger
        self._database = database
        self._at_hand = at_hand
        self._policies = policies
        self._fields = fields
        self._vault = vault
        self._clock = clock
        self._on_step = on_step
        self._folds = TableFolds(database, vault)
        self._deciding = Deciding(at_hand.engine, key=key_for(at_hand.engine.policy))
        self._asked_before = 0
        self._derivation: Derivation | None = None
        self._writing = Writing(database, NAME)
        self._position = 0
        self._rebuilt = 0
        self._next_leaf = 0
        self._parking: dict[int, Undecidable] = {}

    def __call__(self, limit: int = BATCH) -> int:
        """Decide what new entries make due; how many entries were taken. 0: nothing to do.

        Raises `Unavailable` when the engine does not answer or another decider was first. Nothing was decided then.
        """
        derivation = self._taken()
        return self._alone(derivation, self._next(limit), limit)

    def ahead(self, limit: int = BATCH) -> int:
        """The same for who calls until nothing is left: what comes next is decided while the last batch is written.

        Returns how many entries were decided and written since. A batch whose writing fails takes with it what was
        decided after it: both were to start from the stored position, and whoever calls next reads that again.
        """
        derivation = self._taken()
        placed = self._next(limit)
        if len(placed) < limit // 2 or self._needs_all_written(derivation, placed):
            return self._alone(derivation, placed, limit)
        batch = self._made(derivation, placed)
        written = self._writing.finish()
        self._writing.begin(batch)
        self._derivation = derivation
        return written or self.ahead(limit)

    @property
    def memo_asked(self) -> int:
        """How many distinct facts documents the engine was asked about."""
        return self._asked_before + self._deciding.memo.asked

    @property
    def at(self) -> int:
        """The position decided up to, and stored."""
        return self._writing.at

    def close(self) -> None:
        """Wait for what is still being written."""
        self._writing.close()

    def _taken(self) -> Derivation:
        """The derivation in hand. Put back only after success: whatever fails, the next call reads the stored state."""
        derivation = self._derivation or self._load()
        self._derivation = None
        return derivation

    def _needs_all_written(self, derivation: Derivation, placed: Sequence[Placed]) -> bool:
        """Whether what is to be done asks the tables for more than single folds."""
        return bool(self._parking or derivation.slicing) or any(isinstance(p.entry, Policy.Event) for p in placed)

    def _next(self, limit: int) -> list[Placed]:
        return until_activation(self._ledger.read_steps(self._position, limit))

    def _alone(self, derivation: Derivation, placed: Sequence[Placed], limit: int) -> int:
        """Finish what is being written; if nothing was, decide this, and write it before anything else is done."""
        written = self._writing.finish()
        if written:
            self._derivation = derivation
            return written
        if placed:
            self._writing.write(self._made(derivation, placed))
        if self._parking and len(placed) < limit:
            self._park()
        elif derivation.slicing and len(placed) < limit:
            self._open_slice(derivation)
        self._derivation = derivation
        return len(placed)

    def _made(self, derivation: Derivation, placed: Sequence[Placed]) -> Batch:
        """What these entries come to, ready to be written; from here on it counts as done."""
        is_equipped = self._equip(derivation)
        steps = list(derivation.steps(placed))
        due = [one for step in steps for one in step if isinstance(one, Due)]
        if due and not is_equipped:
            raise Unavailable("policy_missing", "the policy in force is neither at hand nor kept with its engine")
        decided = self._deciding(steps, policy=derivation.policy, engine=derivation.engine)
        derivation.working.changed_items.update(leaf.item for leaf in decided.leaves if leaf.typ == DECISION)
        self._parking = still_to_park(self._parking, due, decided.undecidable)
        rows = self._rows(derivation, decided)
        start, self._position = self._position, placed[-1].position
        self._next_leaf += len(decided.leaves)
        derivation.working.settle(kept=self._folds_kept)
        self._on_step("decide")
        return Batch(start=start, end=self._position, entries=len(placed), rebuilt=self._rebuilt, rows=rows)

    def _equip(self, derivation: Derivation) -> bool:
        """Have what decides by the policy in force, and give the derivation that policy's data; whether it can be had.

        Of an older policy only the engine that the ledger names may decide: the leaves say that it did.
        """
        held = self._policies(derivation.policy) if derivation.policy else self._at_hand
        if held is None or (held is not self._at_hand and held.engine.engine != derivation.engine):
            return False
        if derivation.world.data is not held.data:
            derivation.world.use(held.data)
        if self._deciding.memo.engine is not held.engine:
            self._asked_before += self._deciding.memo.asked
            self._deciding = Deciding(held.engine, self._deciding.counts, key=key_for(derivation.policy))
        return True

    def _rows(self, derivation: Derivation, decided: Decided) -> Rows:
        leaves = [
            (n, x.id, x.cause, x.item, x.desk, x.typ, x.eff, x.told, x.sup, x.kind, x.body)
            for n, x in enumerate(decided.leaves, self._next_leaf)
        ]
        return [
            ("INSERT INTO leaves VALUES (?,?,?,?,?,?,?,?,?,?,?)", leaves),
            ("INSERT INTO facts VALUES (?,?,?)", [(x.cause, x.item, x.sealed) for x in decided.facts]),
            *self._folds.rows(derivation.working),
            *state_rows(derivation, self._deciding.counts, self._next_leaf + len(leaves), self._parking),
        ]

    def _load(self) -> Derivation:
        """The stored state: position, policy in force, desks, changes still being sliced."""
        self._writing.forget()
        derivation = Derivation(
            store=self._folds, world=World(self._at_hand.data), fields=self._fields, keys=self._keys
        )
        with self._database.reading() as session:
            self._position = self._writing.at = position(session, NAME)
            self._rebuilt = position(session, REBUILT)
            state = read_state(session, derivation)
        self._next_leaf = state.next_leaf
        self._parking = state.parking
        self._deciding.counts = Counts(**state.counts)
        return derivation

    def _keys(self, names: Sequence[str]) -> list[bytes] | None:
        found = self._vault.open(list(names))
        return [found[n] for n in names] if len(found) == len(set(names)) else None

    def _open_slice(self, derivation: Derivation) -> None:
        """Record the next slice of a large change; it is decided when the entry is read back."""
        slicing = derivation.slicing[0]
        items = slicing.next(self._folds, derivation.world, SLICE)
        last = len(items) < SLICE
        upto = slicing.upto if last else items[-1]
        self._note(
            Policy.SliceOpened,
            reason=slicing.reason,
            activation=slicing.activation,
            after=slicing.after,
            upto=upto,
            last=last,
        )

    def _park(self) -> None:
        """An item that alone cannot be decided is parked by an entry, which causes its withholding leaves (P6).

        Called when nothing is left to read: what was parked before a kill is then known.
        """
        items = self._folds.items(list(self._parking))
        for place, why in self._parking.items():
            what = {"item": place, "causes": list(why.causes), "reason": why.reason}
            self._note(Policy.ItemParked, _about=items[place], **what)

    def _note(self, kind: type, /, _about: ItemFold | None = None, **what: object) -> None:
        policy = self._ledger.load([POLICY_STREAM])[POLICY_STREAM]
        at = self._clock.now()
        policy.note(kind, step=f"{kind.__name__.lower()}-{policy.version + 1}", timestamp=at, **what)
        entries: list[Any] = policy.collect()

        def also(session: Session) -> None:
            if _about is not None:
                told = f"{notices.INSERT} ON CONFLICT (id) DO NOTHING"
                session.execute(told, notices.of_parking(entries[-1], _about))

        try:
            self._ledger.append(entries, also=also)
        except Collision:
            return  # Another writer of the policy stream was first; the next call looks again.


def still_to_park(
    before: Mapping[int, Undecidable], due: Sequence[Due], failed: Mapping[int, Undecidable]
) -> dict[int, Undecidable]:
    """What is not parked yet: less what these entries park, and what they could not decide besides."""
    parked = {one.item.position for one in due if one.parked}
    waiting = {item: why for item, why in before.items() if item not in parked}
    for item, why in failed.items():
        causes = waiting[item].causes if item in waiting else ()
        waiting[item] = Undecidable((*causes, *why.causes), why.reason)
    return waiting


def until_activation(placed: list[Placed]) -> list[Placed]:
    """Stop before and after an entry that changes the policy or engine in force: what follows is decided under it."""
    for index, one in enumerate(placed):
        if isinstance(one.entry, Policy.Activated | Policy.EngineChanged):
            return placed[: max(1, index)]
    return placed
