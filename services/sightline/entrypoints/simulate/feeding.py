"""A simulation handed to a hub in this process: what refers to an item is signed once the hub has named it."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from sightline.entrypoints.simulate.course import Planned
from sightline.entrypoints.simulate.desks import desks_of
from sightline.entrypoints.simulate.lines import header, keys_of, signed
from sightline.entrypoints.simulate.stream import Asked, events
from sightline.formats.receipt import read_receipt_unsafe
from sightline.record.stage import Answer
from sightline.runtime.hub import Hub

_BATCH = 64


class Feeding:
    """One simulation and one hub.

    `reach` is told of each batch's time before it is sent: for hubs with a clock to set. No batch spans more than `span`,
    so that what is due strikes in between.
    """

    def __init__(
        self,
        asked: Asked,
        hub: Hub,
        *,
        reach: Callable[[datetime], None] = lambda _: None,
        span: timedelta = timedelta(hours=1),
    ) -> None:
        self._span = span
        self._asked = asked
        self._hub = hub
        self._reach = reach
        self._keys = keys_of(asked)
        self._named: dict[str, tuple[str, int]] = {}
        self._batch: list[Planned] = []

    def admit(self) -> None:
        """Open every desk and register its key."""
        rows = header(self._asked, self._keys)["desks"]
        until = self._asked.starts + timedelta(days=self._asked.days + 1)
        for desk, row in zip(desks_of(self._asked.area).all(), rows, strict=True):
            self._hub.admin.open_desk(desk)
            self._hub.admin.register_key(row["registration"].encode("ascii"), valid_until=until)
        self._hub.settle()

    def run(self) -> Iterator[tuple[Planned, Answer]]:
        """Send everything, in batches that never hold both an event and one that refers to it; each with its answer."""
        for one in events(self._asked):
            if self._batch and not self._fits(one):
                yield from self._send()
            self._batch.append(one)
        yield from self._send()

    def _fits(self, one: Planned) -> bool:
        first = self._batch[0].at
        near = len(self._batch) < _BATCH and one.at - first <= self._span
        return near and all(one.refers != other.id for other in self._batch)

    def _send(self) -> Iterator[tuple[Planned, Answer]]:
        batch, self._batch = self._batch, []
        if not batch:
            return
        self._reach(batch[-1].at)
        answers = self._hub.submit([self._ready(one) for one in batch])
        self._hub.settle()
        for one, answer in zip(batch, answers, strict=True):
            self._learn(one, answer)
            yield one, answer

    def _ready(self, one: Planned) -> bytes:
        return signed(self._asked.area, one, self._keys[one.desk], item=self._item(one.refers) if one.refers else "")

    def _item(self, name: str) -> str:
        item, uses = self._named.pop(name)
        if uses > 1:
            self._named[name] = item, uses - 1
        return item

    def _learn(self, one: Planned, answer: Answer) -> None:
        if one.uses and answer.outcome == "accepted":
            self._named[one.id] = read_receipt_unsafe(answer.receipt).items[0], one.uses
