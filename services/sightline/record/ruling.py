"""A person's word on whether two records are of one child (design §5, "Which child"), and what follows from it.

Joined records stay what they are: each keeps its stream, its keys and what names it. Parting them leaves to each what
it was told of by name; what named several of them is a question to a person.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from uuid import UUID

from sightline.kernel.ids import DeskId
from sightline.kernel.values import Verified
from sightline.ledger.child import Child
from sightline.ledger.people import rejoin
from sightline.ledger.root import Recorded
from sightline.record.alerts import meet
from sightline.record.clocks import DUE, KIND, LATE
from sightline.record.follow import record_unclear
from sightline.record.missing import reconsider
from sightline.record.step import Step

RULED = "match.ruled"
SAME, DIFFERENT = "same", "different"

Alone = Callable[[Iterable[UUID]], Mapping[UUID, Recorded]]
"""Aggregates as each stream by itself has them, whoever it is joined with."""


def ruled_refs(one: Verified) -> list[str]:
    """The references of the two records that a ruling is on; none for any other type."""
    return list(one.submission.data["records"]) if one.envelope.type == RULED else []


@dataclass(frozen=True, kw_only=True, slots=True)
class Ruling:
    """One ruling being worked through."""

    step: Step
    by: DeskId
    ruling: str
    alone: Alone

    def on(self, first: UUID, second: UUID) -> None:
        """Write what follows. Ruling what holds already is recorded and changes nothing."""
        known = self.step.work.known
        mine, theirs = known.person(first), known.person(second)
        if mine != theirs and self.ruling == SAME:
            self._join(mine, theirs)
        elif mine != theirs:
            self._note(mine, theirs)
            self._note(theirs, mine)
        elif first != second and self.ruling == DIFFERENT:
            self._part(mine, second)
        for record in dict.fromkeys((*mine, *theirs)):
            self.step.work.take(self._child(record))

    def _join(self, mine: Sequence[UUID], theirs: Sequence[UUID]) -> None:
        self._note(mine, theirs)
        self._note(theirs, mine)
        records = [*mine, *theirs]
        children = {record: self._child(record) for record in records}
        groups = dict.fromkeys(mine, frozenset(mine)) | dict.fromkeys(theirs, frozenset(theirs))
        rejoin(children, children, groups, records)
        self._stand(records)

    def _part(self, members: Sequence[UUID], leaves: UUID) -> None:
        rest = [record for record in members if record != leaves]
        children = {record: self._child(record) for record in members}
        unclear, ran = dict(children[leaves].unclear), {*children[leaves].running}
        own = {record: one for record, one in self.alone(members).items() if isinstance(one, Child)}
        groups = dict.fromkeys(members, frozenset(members))
        rejoin(children, own, groups, [leaves])
        rejoin(children, own, groups, rest)
        self._note(rest, [leaves])
        self._note([leaves], rest)
        for records in ([leaves], rest):
            self._stand(records)
            self._run_again(children[records[0]], ran)
        for item, named in unclear.items():
            if leaves.hex in named and len(named) > 1:
                record_unclear(self.step, self._child(UUID(named[0])), [UUID(one) for one in named], item)

    def _note(self, records: Sequence[UUID], others: Sequence[UUID]) -> None:
        """The ruling on each record, its question answered, and the row that keeps it from being asked again."""
        step = self.step
        for record in records:
            child = self._child(record)
            child.note(
                Child.MatchRuled,
                step=step.id,
                timestamp=step.at,
                others=[other.hex for other in others],
                ruling=self.ruling,
                by=self.by,
            )
            for other in others:
                step.work.row("match_rulings", record.hex, other.hex, self.ruling, int(step.at.timestamp()))
                self._answered(child, other)

    def _answered(self, child: Child, other: UUID) -> None:
        asked = {f"match:{other.hex}", f"late:{other.hex}"}
        meet(self.step, child, lambda alert: alert.circumstance in asked)

    def _stand(self, records: Sequence[UUID]) -> None:
        """From here on these records are one child's, or one stands alone: noted on each of them."""
        step, leading = self.step, records[0]
        episode = self._child(leading).open_episode
        for record in records:
            self._child(record).note(
                Child.Joined,
                step=step.id,
                timestamp=step.at,
                records=[one.hex for one in records],
                category=episode.category if episode else "none",
                risk=episode.risk if episode else "none_recorded",
            )
            step.work.row("people", record.hex, leading.hex)
            step.work.known.people[record] = tuple(records)
        reconsider(step, self._child(leading))

    def _run_again(self, child: Child, ran: AbstractSet[tuple[str, str]]) -> None:
        """What another child's doing had met is not done for this one: such clocks run, and strike now if time is up."""
        step = self.step
        for running in [running for name, running in child.running.items() if name not in ran]:
            for moment in (DUE, LATE) if running.due is not None and running.due <= step.at else ():
                ref = f"{running.code}|{running.situation}|{moment}"
                step.work.set_clock(KIND, due=step.at, stream=child.id, ref=ref, desk="", area=step.area)

    def _child(self, record: UUID) -> Child:
        return self.step.work.child(record)
