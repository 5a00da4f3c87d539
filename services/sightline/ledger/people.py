"""Records that a person ruled to be one child's, seen as one (design §5, "Which child").

Every record keeps its own stream, and what a submission says is noted on the record that it named: so parting them
again has nothing to guess. While they are joined, their aggregates share what they hold, as if there had been one
record: an episode that one of them began ends by a return that named another.
"""

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from typing import Any, cast
from uuid import UUID

from sightline.ledger.child import Child, Running
from sightline.ledger.root import Entry, Recorded
from sightline.ledger.store import Ledger
from sightline.protocol.episodes import Episode

People = Mapping[UUID, tuple[UUID, ...]]
"""Record to all records joined with it, itself among them, the leading one first. Records that stand alone are not in it."""


def load(ledger: Ledger, wanted: Iterable[UUID], people: People) -> dict[UUID, Recorded]:
    """The aggregates of those streams as they stand, and of every record joined with one of them."""
    streams = set(wanted)
    joined = {people[one] for one in streams if one in people}
    found = ledger.load(streams - {one for members in joined for one in members})
    for members in joined:
        found |= _together(ledger, members)
    return found


def _together(ledger: Ledger, members: Sequence[UUID]) -> dict[UUID, Child]:
    own: dict[UUID, Child] = {}
    shared: dict[UUID, Child] = {}
    groups: dict[UUID, frozenset[UUID]] = {}
    for stored in ledger.streams.select_streams(members):
        entry = cast("Entry", ledger.mapper.to_domain_event(stored))
        stream = entry.originator_id
        own[stream] = cast("Child", entry.mutate(cast("Any", own.get(stream))))
        shared[stream] = cast("Child", entry.mutate(cast("Any", shared.get(stream))))
        if isinstance(entry, Child.Joined):
            rejoin(shared, own, groups, [UUID(record) for record in entry.records])
    return shared


def rejoin(
    shared: Mapping[UUID, Child],
    own: Mapping[UUID, Child],
    groups: dict[UUID, frozenset[UUID]],
    records: Sequence[UUID],
) -> None:
    """From here on these records, and no others, are one child's. `groups` says who was joined before; it is kept up.

    What they share is what they shared before, where nobody has left; else what each was told of by name.
    """
    now = frozenset(records)
    here = [one for one in records if one in shared]
    sources = [shared[one] if groups.get(one, frozenset({one})) <= now else own[one] for one in here]
    for name in _state(sources[0]):
        united = _united([getattr(source, name) for source in sources])
        for one in here:
            setattr(shared[one], name, united)
    groups |= dict.fromkeys(here, now)


def _state(child: Child) -> list[str]:
    return [name for name in vars(child) if not name.startswith("_")]


def _united(parts: Sequence[Any]) -> Any:
    """One dictionary or set of all; what stands in several is united as well."""
    united = deepcopy(parts[0])
    for part in parts[1:]:
        if isinstance(part, set):
            united |= part
        else:
            _unite(united, part)
    if isinstance(united, dict) and all(isinstance(one, Episode) for one in united.values()):
        # The latest is the last one, whichever record holds it.
        return dict(sorted(united.items(), key=lambda item: item[1].began))
    return united


def _unite(united: dict[Any, Any], part: Mapping[Any, Any]) -> None:
    for key, value in part.items():
        held = united.get(key)
        if isinstance(held, dict):
            _unite(held, value)
        elif isinstance(held, bool):
            united[key] = held or value
        elif isinstance(held, Running):
            united[key] = held.united(value)
        else:
            united[key] = deepcopy(value)
