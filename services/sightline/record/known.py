"""What a batch needs to know of the past, asked in a handful of queries, whatever its size."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from sightline.kernel.ids import AgencyId, DeskId
from sightline.kernel.ports import Row, Session, Value
from sightline.kernel.rows import chunks, evened, marks, select_in
from sightline.ledger.store import Collision

_PAIRS = 200
"""In one statement: each takes two parameters."""


class Sight(Protocol):
    """What desks can see now: nobody may act on an item that was not disclosed to them."""

    def seen(self, session: Session, pairs: Sequence[tuple[DeskId, str]]) -> set[tuple[DeskId, str]]:
        """Those of the (desk, item reference) pairs whose item stands disclosed to the desk."""

    def recalls(self, session: Session, pairs: Sequence[tuple[DeskId, str]]) -> dict[tuple[DeskId, str], str]:
        """Those of the (desk, recall reference) pairs that stand, with the item each recalls."""


@dataclass(frozen=True, slots=True)
class KnownItem:
    """An item that a submission speaks of."""

    ref: str
    stream: UUID
    version: int
    type: str
    agency: AgencyId
    area: str
    children: tuple[UUID, ...]
    is_alert: bool


@dataclass(frozen=True, slots=True)
class Matches:
    """What stands in the match index under some tokens."""

    identifiers: Sequence[bytes]
    names: Sequence[bytes]
    bound: frozenset[tuple[bytes, UUID]]
    named: frozenset[tuple[bytes, UUID]]

    @classmethod
    def find(cls, session: Session, identifiers: Sequence[bytes], names: Sequence[bytes]) -> "Matches":
        """Look those tokens up."""
        bound = _by_key(session, "bound_identifiers", "token", "token, child", identifiers)
        named = _by_key(session, "name_tokens", "token", "token, child", names)
        return cls(identifiers, names, _pairs(bound), _pairs(named))

    def check(self, session: Session) -> None:
        """Raises `Collision` where another writer has meanwhile recorded what was looked for in vain.

        No unique row settles that race: two desks may name one new child by identifiers of which each has authority
        for its own alone, and each would open a record that the other's should have been.
        """
        if Matches.find(session, self.identifiers, self.names) != self:
            raise Collision


@dataclass(slots=True)
class Known:
    """The past as this batch found it. It grows as the batch is worked through."""

    matches: Matches = field(default_factory=lambda: Matches((), (), frozenset(), frozenset()))
    """The match index as it was found: when the batch is written it must still be so."""
    claims: dict[tuple[str, str], tuple[bytes, str]] = field(default_factory=dict)
    """(source, event id) to payload digest and receipt id."""
    receipts: dict[str, bytes] = field(default_factory=dict)
    bound: dict[bytes, UUID] = field(default_factory=dict)
    names: dict[bytes, list[UUID]] = field(default_factory=dict)
    child_refs: dict[str, UUID] = field(default_factory=dict)
    candidates: dict[UUID, set[UUID]] = field(default_factory=dict)
    """Child to the records that may be the same child's, until a person rules; asked only where it can matter."""
    people: dict[UUID, tuple[UUID, ...]] = field(default_factory=dict)
    """Record to all records joined with it, the leading one first. Those that stand alone are not in it."""
    items: dict[str, KnownItem] = field(default_factory=dict)
    seen: set[tuple[DeskId, str]] = field(default_factory=set)
    recalls: dict[tuple[DeskId, str], str] = field(default_factory=dict)
    numbers: dict[AgencyId, int] = field(default_factory=dict)
    """The last receipt number given to each agency."""

    def person(self, child: UUID) -> tuple[UUID, ...]:
        """That record and those joined with it, the leading one first."""
        return self.people.get(child, (child,))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to ask for."""

    claims: Sequence[tuple[str, str]]
    identifiers: Sequence[bytes]
    names: Sequence[bytes]
    child_refs: Sequence[str]
    items: Sequence[tuple[DeskId, str]]
    recalls: Sequence[tuple[DeskId, str]]
    agencies: Sequence[AgencyId]
    candidates: bool = False


def look_up(session: Session, wanted: Wanted, sight: Sight) -> Known:
    """Everything the batch may need, in one consistent reading."""
    known = Known()
    _claims(session, wanted.claims, known)
    known.matches = Matches.find(session, wanted.identifiers, wanted.names)
    known.bound = dict(known.matches.bound)
    for token, child in known.matches.named:
        known.names.setdefault(token, []).append(child)
    for ref, child in _by_key(session, "child_refs", "ref", "ref, child", wanted.child_refs):
        known.child_refs[ref] = UUID(child)
    known.recalls = sight.recalls(session, wanted.recalls) if wanted.recalls else {}
    pairs = [*wanted.items, *((desk, item) for (desk, _), item in known.recalls.items())]
    _items(session, {ref for _, ref in pairs}, known)
    known.seen = sight.seen(session, wanted.items) if wanted.items else set()
    _people(session, known, candidates=wanted.candidates)
    _numbers(session, wanted.agencies, known)
    return known


def _claims(session: Session, claims: Sequence[tuple[str, str]], known: Known) -> None:
    for chunk in map(evened, chunks(list(dict.fromkeys(claims)), _PAIRS)):
        values = marks(chunk, "(CAST(? AS TEXT), CAST(? AS TEXT))")
        # A join by both: by the event's id alone, every claim that was ever made would be read.
        rows = session.execute(
            f"WITH wanted (source, event) AS (VALUES {values}) SELECT c.source, c.event_id, c.digest, c.receipt_id"  # noqa: S608  # only question marks are put in
            " FROM wanted w JOIN claims c ON c.source = w.source AND c.event_id = w.event",
            [value for pair in chunk for value in pair],
        )
        known.claims |= {(source, event): (bytes(digest), receipt) for source, event, digest, receipt in rows}
    ids = [receipt for _, receipt in known.claims.values()]
    known.receipts = {i: bytes(body) for i, body in _by_key(session, "receipts", "id", "id, body", ids)}


def _people(session: Session, known: Known, *, candidates: bool) -> None:
    """Who is joined with whom, of the records that the batch speaks of; and who may be the same child's as they."""
    named = {*known.bound.values(), *known.child_refs.values(), *(c for held in known.names.values() for c in held)}
    named |= {child for item in known.items.values() for child in item.children}
    known.people = people_of(session, named)
    if candidates:
        _candidates(session, {one for child in named for one in known.person(child)}, known)
        known.people |= people_of(session, known.candidates)


def people_of(session: Session, children: Iterable[UUID]) -> dict[UUID, tuple[UUID, ...]]:
    """Those of the records that are joined with others, and these others: each with all of them, the leading one first."""
    leading = {row[0] for row in _by_key(session, "people", "child", "person", sorted(c.hex for c in children))}
    joined: dict[str, list[str]] = {}
    for child, person in _by_key(session, "people", "person", "child, person", sorted(leading)):
        joined.setdefault(person, []).append(child)
    found: dict[UUID, tuple[UUID, ...]] = {}
    for person, members in joined.items():
        if len(members) > 1:
            order = tuple(UUID(one) for one in [person, *sorted({*members} - {person})])
            found |= dict.fromkeys(order, order)
    return found


def _candidates(session: Session, children: Iterable[UUID], known: Known) -> None:
    names = sorted(child.hex for child in children)
    ruled = {(child, other) for child, other in _by_key(session, "match_rulings", "child", "child, other", names)}
    for key in ("child", "other"):
        for child, other in _by_key(session, "possible_matches", key, "child, other", names):
            if not {(child, other), (other, child)} & ruled:
                known.candidates.setdefault(UUID(child), set()).add(UUID(other))
                known.candidates.setdefault(UUID(other), set()).add(UUID(child))


def _items(session: Session, refs: Iterable[str], known: Known) -> None:
    columns = "ref, stream, version, type, agency, area, children, alert"
    for ref, stream, version, kind, agency, area, children, alert in _by_key(session, "items", "ref", columns, refs):
        known.items[ref] = KnownItem(
            ref=ref,
            stream=UUID(stream),
            version=version,
            type=kind,
            agency=AgencyId(agency),
            area=area,
            children=tuple(UUID(c) for c in children.split()),
            is_alert=bool(alert),
        )


def _numbers(session: Session, agencies: Sequence[AgencyId], known: Known) -> None:
    known.numbers = dict.fromkeys(agencies, 0)
    for agency in known.numbers:
        rows = session.execute("SELECT MAX(number) FROM receipts WHERE agency = ?", (agency,))
        known.numbers[agency] = rows[0][0] or 0


def _pairs(rows: Iterable[Row]) -> frozenset[tuple[bytes, UUID]]:
    return frozenset((bytes(token), UUID(child)) for token, child in rows)


def _by_key(session: Session, table: str, key: str, columns: str, values: Iterable[Value]) -> list[Row]:
    asked = f"SELECT {columns} FROM {table} WHERE {key} IN ({{}})"  # noqa: S608  # names are ours, values are parameters
    return select_in(session.execute, asked, list(dict.fromkeys(values)))
