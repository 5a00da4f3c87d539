"""Simulations handed to a hub in this process, with what its desks answer; clocks strike at the second when they are due.

What refers to an item is signed once the hub has named it. What the hub asks of desks is read from their feeds.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush, merge

from sightline.entrypoints.simulate.answering import Answering, Asks
from sightline.entrypoints.simulate.course import ANSWERS, Planned
from sightline.entrypoints.simulate.desks import desks_of
from sightline.entrypoints.simulate.following import Following
from sightline.entrypoints.simulate.lines import header, keys_of, signed
from sightline.entrypoints.simulate.stream import Asked, events
from sightline.formats.receipt import read_receipt_unsafe
from sightline.kernel.ids import DeskId
from sightline.record.stage import Answer
from sightline.runtime.hub import Hub

STEP = timedelta(minutes=15)
"""How far time goes on until what was recorded is decided, sealed and told, and feeds are read."""
_BATCH = 64
_NEVER = datetime.max.replace(tzinfo=UTC)


class Line:
    """The stages of one hub, called one after the other."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub

    def send(self, batch: Sequence[bytes]) -> list[Answer]:
        """Check and record."""
        return self.hub.submit(batch)

    def strike(self) -> int:
        """Let what is due strike; how many did."""
        return self.hub.strike()

    def release(self) -> None:
        """Decide, seal and tell all that is recorded; and once an hour what the hub does once an hour."""
        self.hub.strike.hourly()
        self.hub.settle()

    def next_due(self) -> datetime:
        """When the next clock is due."""
        with self.hub.database.reading() as session:
            rows = session.execute("SELECT MIN(due) FROM clocks WHERE struck = 0")
        return datetime.fromtimestamp(int(rows[0][0]), UTC) if rows[0][0] is not None else _NEVER


class Feeding:
    """Simulations of several areas from the same day on, of the same seed, and one hub.

    `reach` is told of each moment before something happens then: for hubs with a clock to set.
    """

    def __init__(
        self,
        asked: Sequence[Asked],
        line: Line,
        *,
        reach: Callable[[datetime], None] = lambda _: None,
        step: timedelta = STEP,
    ) -> None:
        self._asked = asked
        self._line = line
        self._reach = reach
        self._step = step
        self._now = self._starts = min(one.starts for one in asked)
        self._ends = max(one.starts + timedelta(days=one.days) for one in asked)
        self._areas: dict[DeskId, Asked] = {desk.id: one for one in asked for desk in desks_of(one.area).all()}
        self._keys = {desk: key for one in asked for desk, key in keys_of(one).items()}
        self._named: dict[str, tuple[str, int]] = {}
        self._following = Following(line.hub, [desks_of(one.area) for one in asked])
        self._answering = Answering(asked[0].seed)
        self._answers: list[tuple[datetime, int, Planned, Asks]] = []
        self._open: set[tuple[str, ...]] = set()
        """What the answers that are still to be sent speak of."""
        self._count = 0

    def admit(self) -> None:
        """Open every desk and register its key."""
        hub = self._line.hub
        for one in self._asked:
            rows = header(one, keys_of(one))["desks"]
            for desk, row in zip(desks_of(one.area).all(), rows, strict=True):
                hub.admin.open_desk(desk)
                request = row["registration"].encode("ascii")
                hub.admin.register_key(request, valid_until=self._ends + timedelta(days=1))
        hub.settle()

    def run(self) -> Iterator[tuple[Planned, Answer]]:
        """Send everything and what desks answer before the days are over; each with the hub's answer."""
        coming = _Coming(merge(*(events(one) for one in self._asked), key=lambda one: one.at))
        ends = self._starts
        while ends < self._ends:
            ends += self._step
            due = deque(merge(coming.before(ends), self._answers_before(ends), key=lambda one: one.at))
            yield from self._one_step(due, ends)

    def _one_step(self, due: deque[Planned], ends: datetime) -> Iterator[tuple[Planned, Answer]]:
        begun = self._now
        while (strikes := self._line.next_due()) < ends or due:
            batch = self._batch(due, strikes)
            if batch:
                yield from self._send(batch)
            else:
                self._go_on(strikes)
                self._line.strike()
        is_idle = self._now == begun
        self._go_on(ends)
        if is_idle and ends.minute:
            return
        self._line.release()
        for asks in self._following.asked():
            self._plan(asks)
        if not ends.minute:
            for asks in self._following.matches():
                self._plan(asks)

    def _batch(self, due: deque[Planned], strikes: datetime) -> list[Planned]:
        """What is sent before the next clock strikes: never both an event and one that refers to it."""
        batch: list[Planned] = []
        names: set[str] = set()
        while due and due[0].at < strikes and len(batch) < _BATCH and due[0].refers not in names:
            names.add(due[0].id)
            batch.append(due.popleft())
        return batch

    def _send(self, batch: Sequence[Planned]) -> Iterator[tuple[Planned, Answer]]:
        self._go_on(batch[-1].at)
        answers = self._line.send([self._ready(one) for one in batch])
        for one, answer in zip(batch, answers, strict=True):
            self._learn(one, answer)
            yield one, answer

    def _go_on(self, at: datetime) -> None:
        """Time never goes back: what is due at once was due a moment ago."""
        self._now = max(self._now, at)
        self._reach(self._now)

    def _plan(self, asks: Asks) -> None:
        if asks.refs in self._open:
            return
        answer = self._answering.answer(asks, self._now)
        if answer is not None:
            self._open.add(asks.refs)
            self._count += 1
            heappush(self._answers, (answer.at, self._count, answer, asks))

    def _answers_before(self, ends: datetime) -> list[Planned]:
        found = []
        while self._answers and self._answers[0][0] < ends:
            _, _, answer, asks = heappop(self._answers)
            self._open.remove(asks.refs)
            found.append(answer)
        return found

    def _ready(self, one: Planned) -> bytes:
        item = self._item(one.refers) if one.refers else ""
        if one.member == ANSWERS and not self._following.is_shown(one.desk, item):
            item = ""
        return signed(self._areas[one.desk].area, one, self._keys[one.desk], item=item)

    def _item(self, name: str) -> str:
        item, uses = self._named.pop(name)
        if uses > 1:
            self._named[name] = item, uses - 1
        return item

    def _learn(self, one: Planned, answer: Answer) -> None:
        if one.uses and answer.outcome == "accepted":
            self._named[one.id] = read_receipt_unsafe(answer.receipt).items[0], one.uses


class _Coming:
    """What is still to come, looked at one ahead."""

    def __init__(self, planned: Iterator[Planned]) -> None:
        self._planned = planned
        self._next = next(planned, None)

    def before(self, ends: datetime) -> list[Planned]:
        """What is sent before then, and was not asked for yet."""
        found = []
        while self._next is not None and self._next.at < ends:
            found.append(self._next)
            self._next = next(self._planned, None)
        return found
