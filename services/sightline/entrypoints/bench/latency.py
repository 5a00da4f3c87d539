"""The row "latency": a steady stream over HTTP, and how long each submission takes until desks can read its item.

Two desks, named as recipients in every submission, follow their feeds as streams with the items themselves in them. A
submission is readable when the last of its items that they may see has come to the last of them that may see it. Time
runs from the moment at which the POST was due, so that a hub that answers late is not spared the wait of those behind.

What a desk may see only because of something that was sent later (a child who goes missing widens what police see of
earlier reports) is no measure of the hub: the wait was for the other partner. Those are counted apart.
"""

import time
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from threading import Thread
from typing import Any

from sightline.adapters.clock import SystemClock
from sightline.agency.client import HubClient
from sightline.entrypoints import folder as data_folder
from sightline.entrypoints.bench import rounds
from sightline.entrypoints.bench.cast import BUREAU, MISSING
from sightline.entrypoints.bench.measure import percentile, say
from sightline.entrypoints.bench.overhttp import OverHttp, Posting, connected
from sightline.entrypoints.bench.rounds import Answered, Asked, Rounds, signed
from sightline.entrypoints.bench.server import founded, serving
from sightline.entrypoints.bench.workload import Event
from sightline.formats.receipt import read_receipt_unsafe
from sightline.kernel.errors import Unavailable
from sightline.kernel.ids import DeskId
from sightline.ledger.store import Ledger

PER_S = 50
SECONDS = 30
READERS = (BUREAU, MISSING)
"""Between them they may see most of what is sent."""
WARM_UP = 1_000
"""Submissions sent before, as fast as the hub takes them: a hub that has just been started knows no facts yet, and
without references from earlier receipts nothing could be graded, corrected or answered."""
CONNECTIONS = 64
_PATIENCE_S = 30.0
_POLL_S = 0.01


@dataclass(slots=True)
class Arrivals:
    """What came down the stream so far."""

    at: dict[str, tuple[float, str]] = field(default_factory=dict)
    """Item to the moment at which it could first be read, and the leaf that allowed it."""
    seq: int = 0

    def follow(self, client: HubClient, after: int) -> None:
        """Read until the server ends."""
        self.seq = after
        try:
            for page in client.stream(after=after, bodies=True, tries=1):
                now = time.perf_counter()
                for told in page.told:
                    self.at.setdefault(str(told.item.get("ref", "")), (now, told.entry.leaf))
                    self.seq = told.entry.seq
        except Unavailable:
            return


@dataclass(frozen=True, slots=True)
class Posted:
    """One submission on its way."""

    due: float
    answered: float
    answer: Answered


def measure(asked: Asked) -> dict[str, Any]:
    """The row."""
    hub = asked.folder / "latency"
    keys = founded(hub)
    workload = rounds.a_workload(asked, SystemClock().now())
    with (
        data_folder.opened(hub) as opened,
        serving(hub) as server,
        connected(server, keys, opened.ledger, CONNECTIONS) as line,
    ):
        Rounds("latency, warming up", line, keys, workload, None).run(min(WARM_UP, asked.submissions))
        events = [_told_to_readers(event) for event in workload.round(min(PER_S * SECONDS, asked.submissions))]
        raws = [signed(event, keys[event.desk]) for event in events]
        say(f"latency: {len(raws)} at {PER_S}/s")
        followed = {reader: _followed(line, reader) for reader in READERS}
        posted = _steadily(line.posting, raws)
        _wait_for_the_last(line, followed)
        at_first = _at_first(opened.ledger)
    return _figures(posted, list(followed.values()), at_first) | {"peak_memory_mb": server.peak_memory_mb}


def _told_to_readers(event: Event) -> Event:
    """The same event, with the readers among its recipients."""
    to = {*event.data.get("to", ()), *READERS} - {event.desk}
    return replace(event, data={**event.data, "to": sorted(to)})


def _followed(line: OverHttp, reader: DeskId) -> Arrivals:
    """What that desk is told from now on; the thread that listens ends with the server."""
    arrivals = Arrivals()
    Thread(target=arrivals.follow, args=(line.client(reader), _count(line, reader)), daemon=True).start()
    return arrivals


def _count(line: OverHttp, reader: DeskId) -> int:
    with line.client(reader) as client:
        return client.page(after=0, limit=1).count


def _steadily(posting: Posting, raws: Sequence[bytes]) -> list[Posted]:
    """Post one after the other at the rate, whatever becomes of those before."""
    futures: list[Future[Posted]] = []
    with ThreadPoolExecutor(max_workers=CONNECTIONS) as pool:
        start = time.perf_counter()
        for number, raw in enumerate(raws):
            due = start + number / PER_S
            time.sleep(max(0.0, due - time.perf_counter()))
            futures.append(pool.submit(_post, posting, raw, due))
    return [future.result() for future in futures]


def _post(posting: Posting, raw: bytes, due: float) -> Posted:
    answer = posting.post(raw)
    return Posted(due, time.perf_counter(), answer)


def _wait_for_the_last(line: OverHttp, followed: Mapping[DeskId, Arrivals]) -> None:
    """Until the readers have what the hub holds for them. Raises RuntimeError when that does not come."""
    line.wait_until_released()
    counts = {reader: _count(line, reader) for reader in followed}
    deadline = time.perf_counter() + _PATIENCE_S
    while any(arrivals.seq < counts[reader] for reader, arrivals in followed.items()):
        if time.perf_counter() > deadline:
            raise RuntimeError("the streams did not bring everything")
        time.sleep(_POLL_S)


def _at_first(ledger: Ledger) -> set[str]:
    """The leaves that decided about an item when it came, not again because of something later."""
    with ledger.database.reading() as session:
        return {str(leaf) for (leaf,) in session.execute("SELECT id FROM leaves WHERE typ = 'decision' AND sup = ''")}


def _figures(posted: Sequence[Posted], followed: Sequence[Arrivals], at_first: AbstractSet[str]) -> dict[str, Any]:
    accepted = [one for one in posted if one.answer.outcome == "accepted"]
    found = [_until_readable_ms(one, followed, at_first) for one in accepted]
    readable = sorted(ms for ms in found if ms is not None)
    receipts = sorted((one.answered - one.due) * 1000 for one in accepted)
    return {
        "submissions": len(posted),
        "accepted": len(accepted),
        "measured": len(readable),
        "shown_only_by_something_later": sum(_only_later(one, followed, at_first) for one in accepted),
        "per_s": PER_S,
        "desks_following": len(followed),
        **{f"p{n}_ms": round(percentile(readable, n / 100), 1) for n in (50, 95, 99)},
        "max_ms": round(max(readable, default=0.0), 1),
        **{f"receipt_p{n}_ms": round(percentile(receipts, n / 100), 1) for n in (50, 95, 99)},
    }


def _until_readable_ms(one: Posted, followed: Sequence[Arrivals], at_first: AbstractSet[str]) -> float | None:
    """None when the readers may see none of its items when they come, or none came of it."""
    seen = [at for at, leaf in _arrived(one, followed) if leaf in at_first]
    return (max(seen) - one.due) * 1000 if seen else None


def _only_later(one: Posted, followed: Sequence[Arrivals], at_first: AbstractSet[str]) -> bool:
    """Whether a reader saw one of its items only because of something that was sent later."""
    return any(leaf not in at_first for _, leaf in _arrived(one, followed))


def _arrived(one: Posted, followed: Sequence[Arrivals]) -> list[tuple[float, str]]:
    items = read_receipt_unsafe(one.answer.receipt).items
    return [arrivals.at[ref] for arrivals in followed for ref in items if ref in arrivals.at]
