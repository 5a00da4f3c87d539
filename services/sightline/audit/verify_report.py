"""What a verification found, and what its process must answer with."""

from collections.abc import Iterable
from dataclasses import dataclass

PASS, FAIL, INCOMPLETE = 0, 1, 3
"""Exit codes. 0 only if every requested level ran to its end and found nothing; 3 when something could not be checked."""

MOST_FINDINGS = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that is wrong, or (`incomplete`) that could not be judged."""

    code: str
    """Stable; the wording is in `detail`."""
    level: int
    index: int | None = None
    """Number of the leaf, or of the first leaf below the tile concerned."""
    leaf: str = ""
    """Id of the leaf, if one could be read."""
    detail: str = ""
    incomplete: bool = False


class Findings:
    """Collects findings; beyond a thousand only the first failure among mere doubts is still taken."""

    def __init__(self) -> None:
        self._found: list[Finding] = []
        self._has_failed = False

    def add(self, finding: Finding) -> None:
        """Take one finding."""
        is_first_failure = not finding.incomplete and not self._has_failed
        if len(self._found) < MOST_FINDINGS or is_first_failure:
            self._found.append(finding)
        self._has_failed |= not finding.incomplete

    def add_all(self, findings: Iterable[Finding]) -> None:
        """Take several."""
        for finding in findings:
            self.add(finding)

    def __len__(self) -> int:
        """How many were taken."""
        return len(self._found)

    def all(self) -> tuple[Finding, ...]:
        """All of them, in the order of their discovery."""
        return tuple(self._found)


def exit_code_of(requested: Iterable[int], ran: Iterable[int], findings: Iterable[Finding]) -> int:
    """What the process must answer with."""
    found = list(findings)
    if any(not finding.incomplete for finding in found):
        return FAIL
    return PASS if not found and set(requested) <= set(ran) else INCOMPLETE
