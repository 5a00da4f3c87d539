"""A feed followed and proven whole: dense numbers, the running hash, and the hub's signature under both (P10).

Entries are handed out only when a signed heartbeat covers them, and the cursor is kept only after they were handed out:
a crash between repeats a batch, and never leaves one out. Refused:

- ``feed_gap``: a number is missing, or the hub says that more was told than it gave
- ``feed_fork``: what was told is not what the hub signed for
- ``feed_rolled_back``: the hub signs for less than it told before, or for an earlier time
- ``feed_stale``: the heartbeat is old, and says nothing about now
- ``feed_foreign``: it is another desk's
- ``bad_signature``: no key of the hub signed the heartbeat
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from sightline.agency.client import HubClient, Page, PublicKeys, Told
from sightline.formats import strict_json
from sightline.formats.feed import START, Heartbeat, read_heartbeat, running_hash
from sightline.kernel.errors import Refused
from sightline.kernel.ids import DeskId

OLDEST = timedelta(minutes=10)
"""A heartbeat older than this is no answer to the question how far the feed has come."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cursor:
    """How far a desk has followed its feed, every part of it covered by a signature of the hub.

    Except for what came over a broker alone (`Follower.take_unsafe`): the next heartbeat must cover that as well.
    """

    desk: DeskId
    seq: int = 0
    running: str = START
    heartbeat: str = ""
    """The last one that was believed: evidence, should the hub ever say otherwise."""
    at: str = ""
    """Its time."""


def load_cursor(path: Path, desk: DeskId) -> Cursor:
    """The cursor of that file, or a new one where there is none. Raises Refused ``feed_foreign``, ``feed_malformed``."""
    if not path.exists():
        return Cursor(desk=desk)
    try:
        found = Cursor(**strict_json.parse_object(path.read_bytes()))
    except TypeError:
        raise Refused("feed_malformed", "the cursor's file does not hold a cursor") from None
    if found.desk != desk:
        raise Refused("feed_foreign", "the cursor is another desk's")
    return found


def save_cursor(path: Path, cursor: Cursor) -> None:
    """Keep it: the file holds the old cursor or the new one, whatever happens meanwhile."""
    write_whole(path, json.dumps(asdict(cursor), indent=1).encode("utf-8"))


def write_whole(path: Path, raw: bytes) -> None:
    """Write a file whole or not at all, and lastingly."""
    aside = path.with_name(path.name + ".new")
    with aside.open("wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


class Follower:
    """Takes pages, gives out what is proven."""

    def __init__(self, cursor: Cursor, keys: PublicKeys, now: Callable[[], datetime]) -> None:
        self.cursor = cursor
        """What is proven. Keep it after what was handed out has been dealt with."""
        self._keys = keys
        self._now = now
        self._seq = cursor.seq
        self._running = cursor.running
        self._unproven: list[Told] = []

    @property
    def after(self) -> int:
        """The number to go on after."""
        return self._seq

    @property
    def running(self) -> str:
        """The running hash up to that number."""
        return self._running

    def take(self, page: Page) -> tuple[Told, ...]:
        """The entries that are proven now, in order; empty while more must come first. Raises Refused."""
        self.chain(page.told)
        if not page.heartbeat:
            return ()
        beat = self._believe(page.heartbeat)
        if beat.count > self._seq:
            if not page.told:
                raise Refused("feed_gap", f"the hub told {beat.count} entries and gave {self._seq}")
            return ()
        if beat.count < self._seq:
            raise Refused("feed_rolled_back", f"the hub signs for {beat.count} entries and gave {self._seq} before")
        if beat.hash != self._running:
            raise Refused("feed_fork", f"the hub signs for other entries up to number {self._seq}")
        return self._prove(beat, page.heartbeat)

    def take_unsafe(self, told: Sequence[Told]) -> tuple[Told, ...]:
        """These entries at once, which no signature covers yet; the cursor goes on with them. Raises Refused ``feed_gap``.

        Whatever proves the feed next, over HTTP, proves or disproves them too.
        """
        self.chain(told)
        handed, self._unproven = tuple(self._unproven), []
        self.cursor = replace(self.cursor, seq=self._seq, running=self._running)
        return handed

    def chain(self, told: Iterable[Told]) -> str:
        """The running hash after these entries, not proven by any signature. Raises Refused ``feed_gap``."""
        for one in told:
            self._chain(one)
        return self._running

    def _chain(self, told: Told) -> None:
        entry = told.entry
        if entry.seq != self._seq + 1:
            raise Refused("feed_gap", f"expected number {self._seq + 1}, found {entry.seq}")
        try:
            self._running = running_hash(self._running, entry)
        except ValueError:
            raise Refused("feed_malformed", "the running hash is not hexadecimal") from None
        self._seq = entry.seq
        self._unproven.append(told)

    def _believe(self, compact: bytes) -> Heartbeat:
        beat = read_heartbeat(compact, self._keys)
        if beat.desk != self.cursor.desk:
            raise Refused("feed_foreign", "the heartbeat is another desk's")
        if self.cursor.at and beat.at < datetime.fromisoformat(self.cursor.at):
            raise Refused("feed_rolled_back", "the heartbeat is older than one before it")
        if self._now() - beat.at > OLDEST:
            raise Refused("feed_stale", "the heartbeat is too old to say how far the feed has come")
        return beat

    def _prove(self, beat: Heartbeat, compact: bytes) -> tuple[Told, ...]:
        proven, self._unproven = tuple(self._unproven), []
        self.cursor = replace(
            self.cursor, seq=self._seq, running=self._running, heartbeat=compact.decode(), at=beat.at.isoformat()
        )
        return proven


def catch_up(
    follower: Follower, client: HubClient, *, limit: int = 500, bodies: bool = False
) -> Iterator[tuple[Told, ...]]:
    """Pages until the feed's end as the hub signs it; gives out what is proven, and once more, empty, at the end."""
    while True:
        page = client.page(after=follower.after, limit=limit, bodies=bodies)
        proven = follower.take(page)
        if page.count <= follower.after:
            yield proven
            return


def follow(follower: Follower, pages: Iterable[Page]) -> Iterator[tuple[Told, ...]]:
    """What is proven of a stream, as the heartbeats come."""
    for page in pages:
        proven = follower.take(page)
        if proven:
            yield proven
