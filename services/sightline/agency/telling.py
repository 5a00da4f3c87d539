"""A desk's feed over a broker, which tells at least once: entries in order, each once, and what of them is proven.

A broker carries entries only, and no signature. So alone it gives what is `unproven`: numbers without a gap, and the
running hash that the hub will have to sign for. With a hub beside it every entry is compared with what the hub itself
tells, and handed out as over HTTP: proven, and with its body. The same cursor serves all three ways.
"""

import time
from collections.abc import Iterator, Sequence

from sightline.agency.answers import Told, told_of
from sightline.agency.client import HubClient
from sightline.agency.follow import Follower, catch_up
from sightline.agency.messages import Message, Topic
from sightline.formats import strict_json
from sightline.formats.feed import START, FeedEntry, running_hash
from sightline.kernel.errors import Refused, Unavailable

SLICE_S = 1.0
QUIET_S = 15.0
"""After so long without an entry the broker is asked whether it is still there, and the hub whether there is more."""
REMEMBERED = 10_000
"""Entries that are compared with what is told again."""


class Entries:
    """The entries that a broker gives of one feed, each once. Refused as in `follow`: ``feed_gap``, ``feed_fork`` ..."""

    def __init__(self, topic: Topic, follower: Follower) -> None:
        self._topic = topic
        self._follower = follower
        self._number = follower.after
        self._seen: dict[int, FeedEntry] = {}
        self._again = (0, START)
        """A feed that is told again from its first entry: how far, and its running hash so far."""
        self._highest = 0
        """The highest number before the present place in the topic."""
        self._is_resumed = False

    @property
    def number(self) -> int:
        """The highest number that the broker told, or that the desk had before."""
        return self._number

    def batches(self, *, stay: bool) -> Iterator[Sequence[Told]]:
        """What is new, as it comes. Empty once the end is reached, and then, to `stay`, whenever it was quiet."""
        end = self._topic.end()
        self._begin(end)
        while self._topic.position() < end:
            yield self._sift(self._some())
        yield ()
        while stay:
            yield self._sift(self._poll(QUIET_S))
            self._topic.end()  # Raises where the broker is gone, about which a poll says nothing.

    def keep(self) -> None:
        """Remember the place at the broker. Call it when what was given has been dealt with, the cursor saved."""
        self._topic.keep(str(self._highest))

    def agree(self, told: Sequence[Told]) -> None:
        """Compare with what was told before under the same numbers. Raises Refused ``feed_fork``."""
        for one in told:
            self._agree(one.entry)

    def _begin(self, end: int) -> None:
        """Where the desk left off, if its cursor has come as far as what lies before; else where the topic begins."""
        offset, note = self._topic.kept() or (0, "")
        if note.isdecimal() and int(note) <= self._follower.after and offset <= end:
            self._is_resumed, self._highest = True, int(note)
            self._topic.seek(offset)
        else:
            self._topic.seek(None)

    def _some(self) -> Sequence[Message]:
        found = self._poll(QUIET_S)
        if not found:
            raise Unavailable("broker_unavailable", "the broker does not give what it says it has")
        return found

    def _poll(self, wait_s: float) -> Sequence[Message]:
        until = time.monotonic() + wait_s
        while (left := until - time.monotonic()) > 0:
            found = self._topic.poll(min(left, SLICE_S))
            if found:
                return found
        return ()

    def _sift(self, messages: Sequence[Message]) -> Sequence[Told]:
        told = [_told(message.value) for message in messages]
        if told and self._is_resumed:
            self._is_resumed = False
            if told[0].entry.seq > self._number + 1:
                # The topic is not the one that it was: look at all of it before speaking of a gap.
                self._highest = 0
                self._topic.seek(None)
                return ()
        return [one for one in told if self._is_new(one.entry)]

    def _is_new(self, entry: FeedEntry) -> bool:
        self._agree(entry)
        self._highest = max(self._highest, entry.seq)
        if entry.seq <= self._number:
            self._check_again(entry)
            return False
        if entry.seq > self._number + 1:
            raise Refused("feed_gap", f"expected number {self._number + 1}, found {entry.seq}")
        self._number = entry.seq
        return True

    def _agree(self, entry: FeedEntry) -> None:
        if self._seen.setdefault(entry.seq, entry) != entry:
            raise Refused("feed_fork", f"number {entry.seq} was told twice, and not alike")
        if len(self._seen) > REMEMBERED:
            del self._seen[next(iter(self._seen))]

    def _check_again(self, entry: FeedEntry) -> None:
        """A feed that is told again from the start must be the one that was followed, whoever remembers its entries."""
        number, running = self._again if entry.seq > 1 else (0, START)
        if entry.seq != number + 1:
            return
        self._again = (entry.seq, running_hash(running, entry))
        if self._again[0] == self._follower.after and self._again[1] != self._follower.running:
            raise Refused("feed_fork", f"the broker tells another feed than was followed up to number {entry.seq}")


def unproven(entries: Entries, follower: Follower, *, stay: bool = False) -> Iterator[Sequence[Told]]:
    """Entries, without what they say, that no signature covers yet: a heartbeat over HTTP will, or show the lie."""
    for told in entries.batches(stay=stay):
        if told:
            yield follower.take_unsafe(told)
        entries.keep()


def proven(
    entries: Entries, follower: Follower, client: HubClient, *, stay: bool = False, bodies: bool = False
) -> Iterator[Sequence[Told]]:
    """What the hub signs for, asked for when the broker tells something new, and when it was quiet.

    Raises Refused ``feed_fork`` where broker and hub tell different things, ``feed_rolled_back`` where the hub tells less.
    """
    for told in entries.batches(stay=stay):
        if not told or entries.number > follower.after:
            for batch in catch_up(follower, client, bodies=bodies):
                entries.agree(batch)
                yield batch
        if entries.number > follower.after:
            raise Refused("feed_rolled_back", f"the hub has {follower.after} entries, and told {entries.number}")
        entries.keep()


def _told(value: bytes) -> Told:
    """An entry as ``GET /v1/feed`` gives it. A body would not be believed: what carries entries must not have any."""
    try:
        row = strict_json.parse_object(value)
    except Refused:
        raise Refused("feed_malformed", "the broker told something that is not a feed entry") from None
    return Told(entry=told_of({name: row.get(name) for name in ("seq", "leaf", "hash", "kind")}).entry)
