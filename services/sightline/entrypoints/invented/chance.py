"""Seeded chance, as far as what is invented needs it: those who seed it name the library."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

_T = TypeVar("_T")


class Chance(Protocol):
    """As much of `random.Random` as is used."""

    def random(self) -> float:
        """From 0 to before 1."""

    def choice(self, seq: Sequence[_T], /) -> _T:
        """One of them."""

    def choices(self, population: Sequence[_T], /, weights: Sequence[float]) -> list[_T]:
        """One of them, each as likely as its weight, in a list."""

    def sample(self, population: Sequence[_T], /, k: int) -> list[_T]:
        """`k` different ones."""

    def randrange(self, start: int, stop: int, /) -> int:
        """A number from `start` to before `stop`."""

    def getrandbits(self, k: int, /) -> int:
        """A number of `k` bits."""
