"""A desk that follows its feed through every life of the hub, and believes nothing that it cannot check."""

from dataclasses import dataclass, field

from sightline.formats.feed import START, FeedEntry, check_chain, read_heartbeat
from sightline.kernel.ids import KeyId
from tests.faults import frames


@dataclass(slots=True)
class Follower:
    """One desk's feed as it was read so far, across kills."""

    desk: str
    hub_keys: dict[KeyId, tuple[str, bytes]]
    entries: list[FeedEntry] = field(default_factory=list)
    running: str = START
    bodies: dict[tuple[str, str], frames.Body] = field(default_factory=dict)
    """By item and leaf: whatever was shown, on whichever decision."""

    def take(self, page: frames.Page) -> int:
        """Check a page against all that came before it; how many of its items were shown.

        Raises Refused ``feed_gap``, AssertionError where the hub contradicts what it said, before or after a kill.
        """
        assert page.count >= self.seq, f"{self.desk} was told of {self.seq} entries, and now of {page.count}"
        new = [FeedEntry(seq=e.seq, leaf=e.leaf, leaf_hash=e.leaf_hash, kind=e.kind) for e in page.entries]
        self.running = check_chain(new, after=self.seq, before=self.running)
        self.entries += new
        if self.seq == page.count:
            assert self.running == page.running, f"the running hash of {self.desk} is another one"
        beat = read_heartbeat(page.heartbeat.encode(), self.hub_keys)
        assert (beat.desk, beat.count, beat.hash) == (self.desk, page.count, page.running)
        self.bodies |= {(body.ref, body.leaf): body for body in page.bodies}
        return sum(body.state == "disclosed" for body in page.bodies)

    @property
    def seq(self) -> int:
        """Number of the last entry that was read."""
        return len(self.entries)
