"""The clock stage: clocks that ran out become entries on the streams they belong to."""

from collections.abc import Callable
from uuid import UUID

from sightline.kernel.ports import Clock, Session
from sightline.ledger.child import Child
from sightline.ledger.holding import Held
from sightline.ledger.matter import Matter
from sightline.ledger.policy import POLICY_STREAM, Policy
from sightline.ledger.root import Recorded
from sightline.ledger.sealing import KeyVault
from sightline.ledger.store import Collision, Ledger
from sightline.protocol.clock_rules import ClockRules
from sightline.record.breach import BREACH, breach_found
from sightline.record.delays import Delays
from sightline.record.follow import clock_struck, recall_overdue
from sightline.record.known import Known, people_of
from sightline.record.stage import Areas
from sightline.record.step import Step
from sightline.record.work import Work

BATCH = 200
_HOUR = 3600


class Strike:
    """Strikes what is due. Losing a race to another writer leaves the clock to the next call."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        vault: KeyVault,
        areas: Areas,
        rules: ClockRules,
        clock: Clock,
        held: Held,
        on_step: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._ledger = ledger
        self._held = held
        self._vault = vault
        self._areas = areas
        self._rules = rules
        self._clock = clock
        self._hour = 0
        self._policy: Recorded | None = None
        self._on_step = on_step
        self.delays = Delays(ledger=ledger, clock=clock)
        """Tells senders of what waits too long."""

    def __call__(self) -> int:
        """How many clocks struck. At most `BATCH` at a time."""
        at = self._clock.now()
        now = int(at.timestamp())
        with self._ledger.database.reading() as session:
            due = session.execute(
                "SELECT id, kind, stream, ref, area FROM clocks WHERE struck = 0 AND due <= ? ORDER BY due, id LIMIT ?",
                (now, BATCH),
            )
            people = people_of(session, {UUID(row[2]) for row in due})
        if not due:
            return 0
        self._areas.refresh()
        work = Work(
            known=Known(people=people),
            streams=self._held.load({UUID(row[2]) for row in due}, people),
            vault=self._vault,
            new_id=lambda: POLICY_STREAM,
        )
        for clock_id, kind, stream, ref, area in due:
            self._one(work, UUID(stream), kind, ref, area, f"clock:{clock_id}:{now}")

        def also(session: Session) -> None:
            work.rows(session)
            session.execute_many("UPDATE clocks SET struck = ? WHERE id = ?", [(now, row[0]) for row in due])

        self._on_step("strike")
        try:
            self._ledger.append(work.entries, also=also)
        except Collision:
            return 0
        self._held.keep(work.streams, people)
        return len(due)

    def hourly(self) -> bool:
        """Once an hour, the entry that causes an epoch leaf (design §7), and quarantine let go; whether it was time."""
        at = self._clock.now()
        hour = int(at.timestamp()) // _HOUR
        if hour <= self._hour:
            return False
        # Kept from hour to hour: its stream holds an entry of each hour that there ever was.
        policy, self._policy = self._ledger.caught_up(POLICY_STREAM, self._policy), None
        if policy is None:
            return False
        self._hour = hour
        with self._ledger.database.transaction() as session:
            session.execute("DELETE FROM quarantine WHERE until <= ?", (int(at.timestamp()),))
        if getattr(policy, "hour", 0) >= hour:
            self._policy = policy
            return False
        policy.note(Policy.EpochStruck, step=f"epoch-{hour}", timestamp=at, hour=hour)
        self._on_step("hour")
        try:
            self._ledger.append(policy.collect())
        except Collision:
            self._hour = 0  # Another writer of the policy stream was first: the next call looks again.
            return False
        self._policy = policy
        return True

    def _children(self, stream: UUID) -> list[UUID]:
        """Whom a matter is about."""
        with self._ledger.database.reading() as session:
            rows = session.execute(
                "SELECT children FROM items WHERE stream = ? ORDER BY version LIMIT 1", (stream.hex,)
            )
        return [UUID(c) for row in rows for c in row[0].split()]

    def _one(self, work: Work, stream: UUID, kind: str, ref: str, area: str, step: str) -> None:
        found = work.streams.get(stream)
        at = self._clock.now()
        context = Step(
            work=work,
            id=step,
            at=at,
            area=area,
            protocol=self._areas[area],
            rules=self._rules,
            item="",
        )
        if isinstance(found, Child):
            clock_struck(context, found, kind, ref)
        elif isinstance(found, Matter):
            found.note(Matter.ClockStruck, step=step, timestamp=at, clock=kind, ref=ref)
            if kind == BREACH:
                breach_found(context, found, [], ref)
            if kind == "recall_answer" and ref not in found.answered_recalls:
                recall_overdue(context, found, self._children(stream), ref)
        elif isinstance(found, Policy):
            found.begin(area, step=step, at=at)
        if found is not None:
            work.take(found)
