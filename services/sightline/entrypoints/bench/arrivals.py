"""When desks could read what was sent: their feed topics are watched, and matched with the register afterwards.

An item may be read as soon as its sealed leaf stands in the desk's feed, and the feed's topic is the last place that it
comes to. A submission is readable when the last of its items that they may see when it comes has come to the last of the
desks that are watched. What a desk may see only because of something sent later is no measure of the hub, and left out.
"""

import threading
import time
from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any

import orjson

from sightline.adapters.kafka_load import Watching
from sightline.entrypoints.bench.cast import BUREAU, MASH, MISSING, SOCIAL_CARE
from sightline.entrypoints.bench.measure import percentile
from sightline.entrypoints.bench.overkafka import receipts_since
from sightline.entrypoints.bench.works import Works
from sightline.formats.receipt import ACCEPTED
from sightline.formats.topic_names import feed_topic
from sightline.kernel.errors import SightlineError
from sightline.kernel.ids import DeskId

READERS = (BUREAU, MISSING, MASH[0], SOCIAL_CARE[0])
"""Between them they may see most of what is sent."""
NEVER = 0.0

_PAGE = 20_000
_FIRST = (
    "SELECT f.seq, i.ref FROM feed f JOIN leaves l ON l.id = f.leaf JOIN item_folds i ON i.position = l.item"
    " WHERE f.desk = ? AND f.seq > ? AND f.seq <= ? AND l.typ = 'decision' AND l.sup = ''"
)
"""Entries about items that the desk could read when they came."""


class Arrivals:
    """The moments at which entries came, by desk and number."""

    def __init__(self, works: Works) -> None:
        self._works = works
        self._base = _heads(works)
        self._at = {desk: array("d") for desk in READERS}
        self._desks = {feed_topic(desk): desk for desk in READERS}
        self._stopping = threading.Event()
        self.failed: list[SightlineError] = []

    def watch(self, topics: Watching) -> None:
        """Until `stop`."""
        try:
            while not self._stopping.is_set():
                for topic, value in topics.poll(0.05):
                    self._note(self._desks[topic], int(orjson.loads(value)["seq"]), time.perf_counter())
        except SightlineError as exc:
            self.failed.append(exc)

    def stop(self) -> None:
        """Watch no more."""
        self._stopping.set()

    def are_all_there(self) -> bool:
        """Whether everything that the hub holds for the desks has come. Raises what went wrong while watching."""
        if self.failed:
            raise self.failed[0]
        return all(self._base[desk] + len(self._at[desk]) >= seq for desk, seq in _heads(self._works).items())

    def of_items(self) -> Iterator[tuple[str, float]]:
        """Reference of an item, and when one of the desks could read it."""
        for desk, moments in self._at.items():
            base = self._base[desk]
            for start in range(0, len(moments), _PAGE):
                for seq, ref in self._first(desk, base + start):
                    if seq - base <= len(moments):
                        yield ref, moments[seq - base - 1]

    def _first(self, desk: DeskId, after: int) -> list[tuple[int, str]]:
        with self._works.hub.database.reading() as session:
            rows = session.execute(_FIRST, (desk, after, after + _PAGE))
        return [(int(seq), str(ref)) for seq, ref in rows]

    def _note(self, desk: DeskId, seq: int, now: float) -> None:
        """One that came before is not new: delivery is at least once, and in order."""
        if seq == self._base[desk] + len(self._at[desk]) + 1:
            self._at[desk].append(now)


@contextmanager
def watching(works: Works) -> Iterator[Arrivals]:
    """From now until the end of the block; nothing may be under way when it begins."""
    arrivals = Arrivals(works)
    with closing(Watching(works.services.administrator(), [feed_topic(desk) for desk in READERS])) as topics:
        thread = threading.Thread(target=arrivals.watch, args=(topics,), name="bench-arrivals")
        thread.start()
        try:
            yield arrivals
        finally:
            arrivals.stop()
            thread.join()


def readable_at(
    works: Works, arrivals: Arrivals, sent: Mapping[bytes, int], before: dict[str, int]
) -> "tuple[array[float], int]":
    """When each submission was readable (`NEVER`: to none of the desks), by its place in `sent`; how many were accepted.

    `sent`: digests of what was signed, and their places; `before`: each agency's last receipt before it was sent.
    """
    places: dict[str, int] = {}
    accepted = 0
    for receipt, _ in receipts_since(works, before):
        if receipt.outcome == ACCEPTED and receipt.payload in sent:
            accepted += 1
            places |= dict.fromkeys(receipt.items, sent[receipt.payload])
    last = array("d", [NEVER]) * len(sent)
    for ref, at in arrivals.of_items():
        if ref in places:
            last[places[ref]] = max(last[places[ref]], at)
    return last, accepted


def percentiles(due: Sequence[float], readable: Sequence[float]) -> dict[str, Any]:
    """Milliseconds from the moment at which each was due to be sent."""
    found = sorted((at - begin) * 1000 for begin, at in zip(due, readable, strict=True) if at != NEVER)
    return {
        "measured": len(found),
        **{f"p{n}_ms": round(percentile(found, n / 100), 1) for n in (50, 95, 99)},
        "max_ms": round(max(found, default=0.0), 1),
    }


def _heads(works: Works) -> dict[DeskId, int]:
    with works.hub.database.reading() as session:
        rows = session.execute("SELECT desk, seq FROM feed_heads")
    found = {str(desk): int(seq) for desk, seq in rows}
    return {desk: found.get(desk, 0) for desk in READERS}
