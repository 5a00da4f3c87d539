"""Reading a feed: pages of entries in order, the head, and the signed heartbeat."""

from dataclasses import dataclass

from sightline.formats.feed import START, FeedEntry, Heartbeat, make_heartbeat
from sightline.formats.jwk import PrivateKey
from sightline.kernel.ids import DeskId
from sightline.kernel.ports import Clock, Database

PAGE = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedPage:
    """A run of entries, without a gap, and how far the feed had come when it was read."""

    entries: tuple[FeedEntry, ...]
    items: tuple[int, ...]
    """Ledger positions of the entries' items: for opening bodies, never shown."""
    count: int
    running: str


class FeedReader:
    """Reads feeds. The heartbeat is signed with the hub's receipt key."""

    def __init__(self, *, database: Database, key: PrivateKey, clock: Clock) -> None:
        self._database = database
        self._key = key
        self._clock = clock

    def page(self, desk: DeskId, *, after: int, limit: int = PAGE) -> FeedPage:
        """At most `limit` entries after number `after`."""
        with self._database.reading() as session:
            head = session.execute("SELECT seq, running FROM feed_heads WHERE desk = ?", (desk,))
            rows = session.execute(
                "SELECT seq, leaf, leaf_hash, kind, item FROM feed WHERE desk = ? AND seq > ? ORDER BY seq LIMIT ?",
                (desk, after, max(0, min(limit, PAGE))),
            )
        count, running = (int(head[0][0]), str(head[0][1])) if head else (0, START)
        entries = tuple(FeedEntry(seq=int(r[0]), leaf=r[1], leaf_hash=r[2], kind=r[3]) for r in rows)
        return FeedPage(entries=entries, items=tuple(int(r[4]) for r in rows), count=count, running=running)

    def heartbeat(self, desk: DeskId, page: FeedPage) -> str:
        """The feed's count and running hash, signed."""
        beat = Heartbeat(desk=desk, count=page.count, hash=page.running, at=self._clock.now())
        return make_heartbeat(beat, self._key)
