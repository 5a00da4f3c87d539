"""The decide stage: new entries in, leaves out, from a position to a position in one transaction."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from sightline.decide.folds import TableFolds
from sightline.formats.fields import Fields
from sightline.formats.leaf import DECISION
from sightline.kernel.errors import Unavailable
from sightline.kernel.ids import AgencyId, DeskId
from sightline.kernel.ports import Clock, Database, PolicyEngine, Session
from sightline.kernel.values import Desk
from sightline.ledger.deciding import Counts, Decided, Deciding, Undecidable
from sightline.ledger.derivation import Derivation, Due, Slicing
from sightline.ledger.policy import POLICY_STREAM, Policy
from sightline.ledger.positions import advance, position
from sightline.ledger.relevance import key_for
from sightline.ledger.sealing import KeyVault
from sightline.ledger.store import Collision, Ledger, Placed
from sightline.ledger.world import PolicyData, World

NAME = "decide"
BATCH = 256
"""Entries in one transaction."""
SLICE = 500
"""Items of one slice of a large change (design §6)."""
FOLDS_KEPT = 2_000
"""Children, and items, of which folds stay in memory between batches: bounded, so that it does not grow with history."""

TABLES = (
    (
        "CREATE TABLE IF NOT EXISTS leaves (n BIGINT PRIMARY KEY, id TEXT UNIQUE, cause BIGINT, item BIGINT, desk TEXT,"
        " typ TEXT, eff TEXT, told TEXT, sup TEXT, kind TEXT, body BLOB)"
    ),
    "CREATE INDEX IF NOT EXISTS leaves_desk_item ON leaves (desk, item, n)",
    "CREATE TABLE IF NOT EXISTS facts (cause BIGINT, item BIGINT, sealed BLOB, PRIMARY KEY (cause, item))",
    "CREATE TABLE IF NOT EXISTS decide_state (name TEXT PRIMARY KEY, state BLOB)",
    "CREATE TABLE IF NOT EXISTS desk_folds (id TEXT PRIMARY KEY, state BLOB)",
)


class _Slicing(msgspec.Struct):
    reason: str
    activation: int
    upto: int
    after: int


class _State(msgspec.Struct):
    """What the decider carries from batch to batch beside the folds."""

    policy: str = ""
    engine: str = ""
    now: float = 0.0
    last_item: int = 0
    next_leaf: int = 0
    slicing: list[_Slicing] = msgspec.field(default_factory=list)
    counts: dict[str, int] = msgspec.field(default_factory=dict)
    parking: dict[int, Undecidable] = msgspec.field(default_factory=dict)
    """Items that could not be decided and are not parked yet, and why: a kill between the two must not lose them."""


class _DeskState(msgspec.Struct):
    id: str
    sector: str
    roles: list[str]
    areas: list[str]
    standing: str
    kind: str
    first_responder: bool
    verification: list[str]


class Decide:
    """The one decider. A second one anywhere loses by compare and set, and starts again from the stored position."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        database: Database,
        engine: PolicyEngine,
        data: PolicyData,
        fields: Fields,
        vault: KeyVault,
        clock: Clock,
        on_step: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._folds_kept = FOLDS_KEPT
        self._ledger = ledger
        self._database = database
        self._engine = engine
        self._data = data
        self._fields = fields
        self._vault = vault
        self._clock = clock
        self._on_step = on_step
        self._folds = TableFolds(database, vault)
        self._deciding = Deciding(engine, key=key_for(engine.policy))
        self._derivation: Derivation | None = None
        self._position = 0
        self._next_leaf = 0
        self._parking: dict[int, Undecidable] = {}

    def __call__(self, limit: int = BATCH) -> int:
        """Decide what new entries make due; how many entries were taken. 0: nothing to do.

        Raises `Unavailable` when the engine does not answer or another decider was first. Nothing was decided then.
        """
        derivation = self._derivation or self._load()
        self._derivation = None
        # Kept only after success: whatever fails, the next call reads the stored state again.
        placed = _until_activation(self._ledger.read_steps(self._position, limit))
        if placed:
            self._run(derivation, placed)
        if self._parking and len(placed) < limit:
            self._park()
        elif derivation.slicing and len(placed) < limit:
            self._open_slice(derivation)
        self._derivation = derivation
        return len(placed)

    @property
    def memo_asked(self) -> int:
        """How many distinct facts documents the engine was asked about."""
        return self._deciding.memo.asked

    @property
    def at(self) -> int:
        """The position decided up to."""
        return self._position

    def _run(self, derivation: Derivation, placed: Sequence[Placed]) -> None:
        steps = list(derivation.steps(placed))
        due = [one for step in steps for one in step if isinstance(one, Due)]
        if due and derivation.policy != self._engine.policy:
            raise Unavailable("policy_missing", "the policy in force is not the one that the engine holds")
        decided = self._deciding(steps, policy=derivation.policy, engine=derivation.engine)
        end = placed[-1].position
        derivation.working.changed_items.update(leaf.item for leaf in decided.leaves if leaf.typ == DECISION)
        parking = _still_to_park(self._parking, due, decided.undecidable)
        self._on_step("decide")
        with self._database.transaction() as session:
            advance(session, NAME, self._position, end)
            self._write(session, derivation, decided, parking)
        self._position, self._next_leaf, self._parking = end, self._next_leaf + len(decided.leaves), parking
        derivation.working.settle(kept=self._folds_kept)

    def _write(
        self, session: Session, derivation: Derivation, decided: Decided, parking: dict[int, Undecidable]
    ) -> None:
        session.execute_many(
            "INSERT INTO leaves VALUES (?,?,?,?,?,?,?,?,?,?,?)",
            [
                (n, x.id, x.cause, x.item, x.desk, x.typ, x.eff, x.told, x.sup, x.kind, x.body)
                for n, x in enumerate(decided.leaves, self._next_leaf)
            ],
        )
        session.execute_many("INSERT INTO facts VALUES (?,?,?)", [(x.cause, x.item, x.sealed) for x in decided.facts])
        self._folds.write(session, derivation.working)
        self._write_state(session, derivation, self._next_leaf + len(decided.leaves), parking)

    def _write_state(
        self, session: Session, derivation: Derivation, next_leaf: int, parking: dict[int, Undecidable]
    ) -> None:
        state = _State(
            policy=derivation.policy,
            engine=derivation.engine,
            now=derivation.now.timestamp(),
            last_item=derivation.last_item,
            next_leaf=next_leaf,
            slicing=[_Slicing(s.reason, s.activation, s.upto, s.after) for s in derivation.slicing],
            counts=msgspec.to_builtins(self._deciding.counts),
            parking=parking,
        )
        session.execute(
            "INSERT INTO decide_state VALUES (?,?) ON CONFLICT (name) DO UPDATE SET state = excluded.state",
            (NAME, msgspec.msgpack.encode(state)),
        )
        for desk in derivation.world.take_changed():
            session.execute(
                "INSERT INTO desk_folds VALUES (?,?) ON CONFLICT (id) DO UPDATE SET state = excluded.state",
                (desk.id, msgspec.msgpack.encode(_desk_state(desk))),
            )

    def _load(self) -> Derivation:
        """The stored state: position, policy in force, desks, changes still being sliced."""
        with self._database.reading() as session:
            self._position = position(session, NAME)
            rows = session.execute("SELECT state FROM decide_state WHERE name = ?", (NAME,))
            desks = session.execute("SELECT state FROM desk_folds")
        state = msgspec.msgpack.decode(bytes(rows[0][0]), type=_State) if rows else _State()
        world = World(self._data)
        for row in desks:
            world.add(_desk(msgspec.msgpack.decode(bytes(row[0]), type=_DeskState)))
        world.take_changed()
        derivation = Derivation(store=self._folds, world=world, fields=self._fields, keys=self._keys)
        derivation.policy, derivation.engine = state.policy, state.engine
        derivation.now = datetime.fromtimestamp(state.now, UTC)
        derivation.last_item = state.last_item
        derivation.slicing = [Slicing(s.reason, s.activation, s.upto, s.after) for s in state.slicing]
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
        items = self._folds.between(slicing.after, slicing.upto, slicing.desk, SLICE)
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
        at = int(self._clock.now().timestamp())
        for place, why in self._parking.items():
            item = items[place]
            notice = (f"parked-{place}", item.desk, item.area, 1, "parked", item.type, item.ref, at)
            what = {"item": place, "causes": list(why.causes), "reason": why.reason}
            self._note(Policy.ItemParked, _notice=notice, **what)

    def _note(self, kind: type, /, _notice: tuple[str | int, ...] = (), **what: object) -> None:
        policy = self._ledger.load([POLICY_STREAM])[POLICY_STREAM]
        at = self._clock.now()
        policy.note(kind, step=f"{kind.__name__.lower()}-{policy.version + 1}", timestamp=at, **what)

        def also(session: Session) -> None:
            if _notice:
                session.execute("INSERT INTO notices VALUES (?,?,?,?,?,?,?,?) ON CONFLICT (id) DO NOTHING", _notice)

        try:
            self._ledger.append(policy.collect(), also=also)
        except Collision:
            return  # Another writer of the policy stream was first; the next call looks again.


def _still_to_park(
    before: Mapping[int, Undecidable], due: Sequence[Due], failed: Mapping[int, Undecidable]
) -> dict[int, Undecidable]:
    """What is not parked yet: less what these entries park, and what they could not decide besides."""
    parked = {one.item.position for one in due if one.parked}
    waiting = {item: why for item, why in before.items() if item not in parked}
    for item, why in failed.items():
        causes = waiting[item].causes if item in waiting else ()
        waiting[item] = Undecidable((*causes, *why.causes), why.reason)
    return waiting


def _until_activation(placed: list[Placed]) -> list[Placed]:
    """Stop before and after an entry that changes the policy or engine in force: what follows is decided under it."""
    for index, one in enumerate(placed):
        if isinstance(one.entry, Policy.Activated | Policy.EngineChanged):
            return placed[: max(1, index)]
    return placed


def _desk_state(desk: Desk) -> _DeskState:
    return _DeskState(
        id=desk.id,
        sector=desk.sector,
        roles=sorted(desk.roles),
        areas=sorted(desk.areas),
        standing=desk.standing,
        kind=desk.kind,
        first_responder=desk.first_responder,
        verification=sorted(desk.verification),
    )


def _desk(state: _DeskState) -> Desk:
    return Desk(
        id=DeskId(state.id),
        agency=AgencyId(state.id.partition("/")[0]),
        sector=state.sector,
        roles=frozenset(state.roles),
        areas=frozenset(state.areas),
        standing=state.standing,
        kind=state.kind,
        first_responder=state.first_responder,
        verification=frozenset(state.verification),
    )
