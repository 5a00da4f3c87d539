"""What a line counts."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field


@dataclass(slots=True)
class Counts:
    """What the line has done since it started: for metrics, never for decisions."""

    outcomes: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    """Seconds spent in each stage."""
    entries_decided: int = 0
    leaves_sealed: int = 0
    clocks_struck: int = 0
    stops: int = 0
    """How often a stage said that it could not go on."""
