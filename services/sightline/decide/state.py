"""What the decider carries from batch to batch beside the folds of children and items, as it stands in tables."""

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from sightline.decide.writing import Rows
from sightline.kernel.ids import AgencyId, DeskId
from sightline.kernel.ports import Session
from sightline.kernel.values import Desk
from sightline.ledger.deciding import Counts, Undecidable
from sightline.ledger.derivation import Derivation
from sightline.ledger.slicing import Slicing

NAME = "decide"
"""Of the decider's position, and of its one row of state."""

TABLES = (
    "CREATE TABLE IF NOT EXISTS decide_state (name TEXT PRIMARY KEY, state BLOB)",
    "CREATE TABLE IF NOT EXISTS desk_folds (id TEXT PRIMARY KEY, state BLOB)",
)


class SliceState(msgspec.Struct):
    """A large change that is being decided again."""

    reason: str
    activation: int
    upto: int
    after: int


class State(msgspec.Struct):
    """Where a derivation stands."""

    policy: str = ""
    engine: str = ""
    now: float = 0.0
    last_item: int = 0
    next_leaf: int = 0
    slicing: list[SliceState] = msgspec.field(default_factory=list)
    counts: dict[str, int] = msgspec.field(default_factory=dict)
    editions: dict[str, str] = msgspec.field(default_factory=dict)
    """Area to the edition that it has chosen."""
    parking: dict[int, Undecidable] = msgspec.field(default_factory=dict)
    """Items that could not be decided and are not parked yet, and why: a kill between the two must not lose them."""
    last_alert: int = 0


class _DeskState(msgspec.Struct):
    id: str
    sector: str
    roles: list[str]
    areas: list[str]
    standing: str
    kind: str
    first_responder: bool
    verification: list[str]


encode_state = msgspec.msgpack.Encoder().encode
decode_state = msgspec.msgpack.Decoder(State).decode
_decode_desk = msgspec.msgpack.Decoder(_DeskState).decode


def state_rows(derivation: Derivation, counts: Counts, next_leaf: int, parking: Mapping[int, Undecidable]) -> Rows:
    """Where the derivation stands, and the desks that changed, as statements and their rows."""
    state = State(
        policy=derivation.policy,
        engine=derivation.engine,
        now=derivation.now.timestamp(),
        last_item=derivation.last_item,
        next_leaf=next_leaf,
        slicing=[SliceState(s.reason, s.activation, s.upto, s.after) for s in derivation.slicing],
        counts=msgspec.to_builtins(counts),
        editions=derivation.world.chosen,
        parking=dict(parking),
        last_alert=derivation.last_alert,
    )
    return [
        (
            "INSERT INTO decide_state VALUES (?,?) ON CONFLICT (name) DO UPDATE SET state = excluded.state",
            [(NAME, encode_state(state))],
        ),
        (
            "INSERT INTO desk_folds VALUES (?,?) ON CONFLICT (id) DO UPDATE SET state = excluded.state",
            [(desk.id, msgspec.msgpack.encode(_desk_state(desk))) for desk in derivation.world.take_changed()],
        ),
    ]


def read_state(session: Session, derivation: Derivation) -> State:
    """Put the derivation where it stood; what else stood there."""
    rows = session.execute("SELECT state FROM decide_state WHERE name = ?", (NAME,))
    for row in session.execute("SELECT state FROM desk_folds"):
        derivation.world.add(_desk(_decode_desk(bytes(row[0]))))
    derivation.world.take_changed()
    state = decode_state(bytes(rows[0][0])) if rows else State()
    derivation.policy, derivation.engine = state.policy, state.engine
    derivation.now = datetime.fromtimestamp(state.now, UTC)
    derivation.last_item = state.last_item
    derivation.last_alert = state.last_alert
    derivation.world.chosen.update(state.editions)
    derivation.slicing = [Slicing(s.reason, s.activation, s.upto, s.after) for s in state.slicing]
    return state


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
