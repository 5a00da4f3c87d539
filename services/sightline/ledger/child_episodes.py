"""A child's missing episodes and the PPN1s issued for it: the entries, what each changes, and what is read of them."""

from datetime import datetime

from sightline.ledger import root
from sightline.protocol.episodes import Episode

RETURNED = "missing.returned"
"""The form that ends an episode."""


class Episodes:
    """The part of `Child` that its missing episodes are."""

    def __init__(self) -> None:
        self.episodes: dict[int, Episode] = {}
        self.issued: set[tuple[str, int]] = set()
        """Circumstance and episode of every PPN1 issued: what was done before it was due is not asked for."""
        self.returns: dict[str, str] = {}
        """Step in which a return was recorded to its item, as long as it has ended nothing ..."""
        self.ended_by: dict[str, int] = {}
        """... and that item to the episode that it ended."""

    class EpisodeBegan(root.Entry):
        TOPIC = "child.episode_began.v1"
        number: int
        began: datetime
        category: str
        risk: str

        def apply(self, child: "Episodes") -> None:
            child.episodes[self.number] = Episode(
                number=self.number, began=self.began, category=self.category, risk=self.risk
            )

    class EpisodeRecategorised(root.Entry):
        TOPIC = "child.episode_recategorised.v1"
        number: int
        category: str
        risk: str

        def apply(self, child: "Episodes") -> None:
            if self.number in child.episodes:
                child.episodes[self.number] = child.episodes[self.number].recategorised(self.category, self.risk)

    class EpisodeEnded(root.Entry):
        TOPIC = "child.episode_ended.v1"
        number: int
        ended: datetime
        harmed: bool

        def apply(self, child: "Episodes") -> None:
            if self.number in child.episodes:
                child.episodes[self.number] = child.episodes[self.number].returned(self.ended, harmed=self.harmed)
            if self.step in child.returns:
                child.ended_by[child.returns.pop(self.step)] = self.number

    class EpisodeReopened(root.Entry):
        """The return that ended it was taken back: the child is missing, as before."""

        TOPIC = "child.episode_reopened.v1"
        number: int
        category: str
        risk: str
        item: str
        """The return."""

        def apply(self, child: "Episodes") -> None:
            if self.number in child.episodes:
                child.episodes[self.number] = child.episodes[self.number].reopened()

    class PPN1Issued(root.Entry):
        TOPIC = "child.ppn1_issued.v1"
        circumstance: str
        episode: int
        """The latest one; 0 if none is recorded."""

        def apply(self, child: "Episodes") -> None:
            child.issued.add((self.circumstance, self.episode))

    @property
    def open_episode(self) -> Episode | None:
        """The episode that has not ended, if the child is missing or absent now."""
        return next((e for e in reversed(self.episodes.values()) if e.is_open), None)

    @property
    def last_episode(self) -> Episode | None:
        """The latest recorded episode, open or over."""
        return next(reversed(self.episodes.values()), None)
