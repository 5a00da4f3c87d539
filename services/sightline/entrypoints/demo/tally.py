"""How often each promise was checked, and how often it held."""

from dataclasses import dataclass, field

PROMISES = {
    "P1": "Nothing accepted is lost or doubled",
    "P2": "Nothing unsigned gets in",
    "P3": "No record, no release",
    "P4": "Every decision is explained",
    "P5": "Every decision can be replayed",
    "P6": "Unknown means no",
    "P7": "What is shown is what was decided",
    "P8": "What is withdrawn is recalled",
    "P10": "A desk can prove its feed is whole",
    "P12": "A refusal does not depend on luck",
}
"""The promises that the week checks (design §2); of P12 the half about refusals."""
MOST_FAILURES = 40


@dataclass(slots=True)
class Count:
    """Of one promise."""

    checks: int = 0
    held: int = 0


@dataclass(slots=True)
class Tally:
    """Counts, and what did not hold. A promise that was never checked does not hold."""

    counts: dict[str, Count] = field(default_factory=lambda: {name: Count() for name in PROMISES})
    failures: list[str] = field(default_factory=list)

    def check(self, promise: str, ok: bool, what: str) -> None:
        """One check; `what` is the sentence that is false if it failed."""
        count = self.counts[promise]
        count.checks += 1
        count.held += ok
        if not ok:
            self.fail(f"{promise}: {what}")

    def fail(self, what: str) -> None:
        """Something that makes the whole run fail."""
        if len(self.failures) < MOST_FAILURES:
            self.failures.append(what)

    @property
    def all_held(self) -> bool:
        """True only if every promise was checked at least once and held each time, and nothing else failed."""
        return not self.failures and all(0 < c.checks == c.held for c in self.counts.values())
