"""What a desk reads from a broker, as values and one port: `kafka` has the real one, tests have one of their own."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One entry of a topic."""

    offset: int
    key: bytes
    """Empty if it has none."""
    value: bytes
    """Empty if it has none."""


class Topic(Protocol):
    """A topic of one partition, and how far it was read: read in order, remembered at the broker by whoever reads.

    Every method may raise Unavailable ``broker_unavailable``, and Refused ``broker_refused`` for want of a right.
    """

    def kept(self) -> tuple[int, str] | None:
        """The offset that `keep` was given last, and the note beside it; None if it never was, or is forgotten."""

    def keep(self, note: str = "") -> None:
        """Remember, beyond this process, that everything before the present position was dealt with."""

    def end(self) -> int:
        """The offset that the next message will get."""

    def position(self) -> int:
        """The offset to read next."""

    def seek(self, offset: int | None) -> None:
        """Go on reading there; None: at the oldest message that the broker still has, as it does beyond the end."""

    def poll(self, timeout_s: float) -> Sequence[Message]:
        """What comes next, in order; empty if nothing came in that time."""


class Outlet(Protocol):
    """A topic to write to. Raises as `Topic` does."""

    def send(self, messages: Iterable[tuple[bytes, bytes]]) -> None:
        """Hand over keys and values, in order; returns when the broker has all of them."""
