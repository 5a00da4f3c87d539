"""The decider's folds made anew from the ledger and the leaves, in a place of their own, while a decider runs.

The ledger is folded by the code that folded it at first (`ledger/derivation.py`). What was decided is not decided again
but read from its leaves, so no engine is asked, whatever policy was in force. Then the rebuilt rows are compared with
those that stand, at one position; and to put these right, the decider is kept from moving on meanwhile. A decider that
had begun before finds that the folds were rebuilt, loses, and loads them again.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import orjson

from sightline.decide import folds
from sightline.decide.fold_tables import children_of, stored_state, tables
from sightline.decide.folds import TableFolds
from sightline.decide.stage import BATCH, FOLDS_KEPT, still_to_park, until_activation
from sightline.decide.state import NAME, TABLES, State, encode_state, state_rows
from sightline.decide.writing import REBUILT, put
from sightline.formats.fields import Fields
from sightline.formats.leaf import DECISION, EPOCH, RECALL
from sightline.kernel.errors import Corrupt
from sightline.kernel.ports import Database, Session
from sightline.ledger.comparing import Difference, Table
from sightline.ledger.deciding import Counts, Undecidable
from sightline.ledger.derivation import Derivation, Due
from sightline.ledger.erased import Erased
from sightline.ledger.folds import NEVER, ItemFold
from sightline.ledger.parking import parked
from sightline.ledger.positions import position
from sightline.ledger.rebuilding import OnProgress, Rebuild
from sightline.ledger.ruling import Ruling, outcome_of
from sightline.ledger.sealing import KeyVault
from sightline.ledger.store import Ledger, Placed
from sightline.ledger.working import key_name
from sightline.ledger.world import PolicyData, World

OWN_TABLES = (*folds.TABLES, *TABLES)
"""What the rebuilt rows are put into."""

NEAR = 4 * BATCH
"""Entries that may be folded while the decider is kept waiting."""

_LEAVES = 2000


class Told(NamedTuple):
    """What of a leaf is folded."""

    n: int
    cause: int
    item: int
    desk: str
    typ: str
    body: bytes


_ByCause = dict[int, dict[int, list[Told]]]
"""Leaves in order, by the entry that caused them and by item."""


class RebuildFolds(Rebuild):
    """One rebuild, in memory that does not grow with the ledger."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        scratch: Database,
        vault: KeyVault,
        fields: Fields,
        policy: str,
        data: PolicyData,
        on_progress: OnProgress = lambda *_: None,
    ) -> None:
        """`scratch` is empty and has `OWN_TABLES`. `policy` is the digest of the one whose data are at hand."""
        super().__init__(
            database=ledger.database,
            scratch=scratch,
            name=NAME,
            rebuilt=REBUILT,
            near=NEAR,
            on_progress=on_progress,
        )
        self._ledger = ledger
        self._vault = vault
        self._policy = policy
        self._folds = _Elsewhere(scratch, vault, self._database)
        self._erased = Erased(vault)
        self._derivation = Derivation(store=self._folds, world=World(data), fields=fields, keys=self._erased.opened)
        self._leaves = _Leaves(self._database)
        self._counts = Counts()
        self._undecided: set[tuple[int, int]] = set()
        self._parking: dict[int, Undecidable] = {}

    # ------------------------------------------------------------------------------------------------------- rebuilding

    def _approach(self) -> None:
        with self._database.reading() as session:
            end = position(session, NAME)
            state = stored_state(session)
        self._fold_to(end, state)

    def _fold_to(self, end: int, state: State | None) -> None:
        """Fold up to that position. Raises Corrupt ``position_ahead`` where the ledger does not come so far."""
        self._undecided |= parked(self._ledger, self._at)
        for item, why in (state.parking if state else {}).items():
            self._undecided.update((cause, item) for cause in why.causes)
        while self._at < end:
            placed = [one for one in self._ledger.read_steps(self._at, BATCH) if one.position <= end]
            if not placed:
                raise Corrupt("position_ahead", "the decider's position is past the ledger's end")
            self._fold(until_activation(placed))
            self._on_progress("fold", self._at, end)

    def _fold(self, placed: list[Placed]) -> None:
        end = placed[-1].position
        told: _ByCause = {}
        for leaf in self._leaves.upto(end):
            told.setdefault(leaf.cause, {}).setdefault(leaf.item, []).append(leaf)
        # Each step is derived when what was decided before it has been told: whom it was told is known by then.
        for one in (one for step in self._derivation.steps(placed) for one in step):
            self._tell_before(one.cause, told)
            if isinstance(one, Due):
                self._tell(one, told.get(one.cause, {}).pop(one.item.position, []))
            elif one.typ == EPOCH:
                self._counts = Counts(after=one.cause)
        self._erased.note(placed)
        self._tell_before(end + 1, told)
        with self._scratch.transaction() as session:
            put(session, self._folds.rows(self._derivation.working))
            put(session, state_rows(self._derivation, self._counts, self._leaves.next, self._parking))
        self._derivation.working.settle(kept=FOLDS_KEPT)
        self._at = end

    def _tell_before(self, cause: int, told: _ByCause) -> None:
        """Tell what earlier entries caused and no step here made due: without the policy's data not everything is."""
        for earlier in [each for each in told if each < cause]:
            items = told.pop(earlier)
            self._derivation.working.load_items(list(items))
            for item, leaves in items.items():
                self._take(self._derivation.working.items.get(item), leaves)

    def _tell(self, due: Due, leaves: Sequence[Told]) -> None:
        """What was decided about one item at one step, as its leaves say; and of whom they say nothing."""
        item = due.item
        if self._derivation.policy != self._policy:
            # Whom a policy considered whose data are not at hand is seen from its leaves alone.
            item.told = {desk: told for desk, told in item.told.items() if told != NEVER}
        decided = {leaf.desk for leaf in leaves if leaf.typ == DECISION}
        silent = [desk for desk in due.facts if desk not in decided]
        undecided = {}
        if (due.cause, item.position) not in self._undecided:
            self._counts.unchanged += sum(item.last(desk) is not None for desk in silent)
            if any(desk in item.told and item.last(desk) is None for desk in silent):
                undecided = {item.position: Undecidable((due.cause,), "unknown")}
        self._parking = still_to_park(self._parking, [due], undecided)
        self._take(item, leaves)

    def _take(self, item: ItemFold | None, leaves: Sequence[Told]) -> None:
        """Fold those leaves. None: an item that nobody can open any more."""
        for leaf in leaves:
            if leaf.typ != DECISION:
                self._counts.recall += leaf.typ == RECALL
                continue
            outcome = outcome_of(orjson.loads(leaf.body))
            setattr(self._counts, outcome.outcome, getattr(self._counts, outcome.outcome) + 1)
            if item is not None:
                item.tell(leaf.desk, leaf.cause, Ruling.of(outcome).digest, outcome)
                self._derivation.working.changed_items.add(item.position)

    # -------------------------------------------------------------------------------------------------------- comparing

    def _come_to(self, stands: Session, end: int) -> None:
        state = stored_state(stands)
        self._fold_to(end, state)
        if state is not None:
            # What waits to be parked is in no log yet: it is carried over from where it stands.
            self._carry(state.parking)

    def _tables(self) -> Iterable[Table]:
        return tables(self._vault)

    def _carry(self, parking: Mapping[int, Undecidable]) -> None:
        with self._scratch.transaction() as session:
            rebuilt = stored_state(session)
            if rebuilt is not None:
                rebuilt.parking = dict(parking)
                session.execute("UPDATE decide_state SET state = ? WHERE name = ?", (encode_state(rebuilt), NAME))

    def _is_beyond(self, table: Table) -> Callable[[Difference], bool]:
        """It is about what rests on a destroyed key."""

        def of_child(one: Difference) -> bool:
            return one.key[0] in self._erased.children or not self._vault.open([key_name(str(one.key[0]))])

        def of_item(one: Difference) -> bool:
            return one.key[0] in self._erased.items or not self._erased.children.isdisjoint(children_of(one))

        def of_pair(one: Difference) -> bool:
            return one.key[0] in self._erased.children or one.key[1] in self._erased.items

        def of_state(_: Difference) -> bool:
            return bool(self._erased.items)  # Decisions about them that changed nothing are counted in it.

        if not self._erased.keys:
            return lambda _: False
        asked = {"child_folds": of_child, "item_folds": of_item, "child_items": of_pair, "decide_state": of_state}
        asked["open_alerts"] = lambda one: one.key[0] in self._erased.items
        return asked.get(table.name, lambda _: False)


class _Elsewhere(TableFolds):
    """Folds in the rebuild's own place. Leaves stay where they are."""

    def __init__(self, scratch: Database, vault: KeyVault, database: Database) -> None:
        super().__init__(scratch, vault)
        self._of_leaves = TableFolds(database, vault)

    def between(self, after: int, upto: int, desk: str, limit: int) -> list[int]:
        """Items of a slice. Those that later leaves name besides are sorted out by the derivation."""
        between = self._of_leaves.between if desk else super().between
        return between(after, upto, desk, limit)


class _Leaves:
    """The register's leaves, one after the other."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ahead: deque[Told] = deque()
        self._read = 0

    @property
    def next(self) -> int:
        """Number of the first that was not handed out."""
        return self._read - len(self._ahead)

    def upto(self, cause: int) -> list[Told]:
        """The next ones, as far as entries up to that position caused them."""
        found: list[Told] = []
        while self._ahead or self._more():
            if self._ahead[0].cause > cause:
                break
            found.append(self._ahead.popleft())
        return found

    def _more(self) -> bool:
        with self._database.reading() as session:
            rows = session.execute(
                "SELECT n, cause, item, desk, typ, body FROM leaves WHERE n >= ? ORDER BY n LIMIT ?",
                (self._read, _LEAVES),
            )
        self._ahead.extend(Told(int(n), int(c), int(i), desk, typ, bytes(body)) for n, c, i, desk, typ, body in rows)
        self._read += len(rows)
        return bool(rows)
