"""What recording does about a fault of ours: one submission that we stumble over must not stop those beside it.

It becomes a refusal like any other: its sender gets a signed receipt (``internal_error``) and a notice, its bytes stay in
quarantine, and its id stays free, so that it can be sent again when we have mended ourselves. A fault that meets all
alike is not theirs: after a few in a row nothing more is refused, and the line stops with everything left where it is.
"""

from collections.abc import Callable, Sequence

import structlog

from sightline.kernel.errors import SightlineError
from sightline.kernel.values import Refusal, Rejected, Verified
from sightline.record.stage import Answer, rejected

_log = structlog.get_logger("sightline.record")

IN_A_ROW = 8
"""Submissions that may be refused for a fault of ours with none recorded between them."""
CODE = "internal_error"

Records = Callable[[Sequence[Verified | Rejected]], list[Answer]]


class Sparing:
    """The record stage. Raises what it raises, and a fault of ours only where that is not one submission's affair."""

    def __init__(self, record: Records, *, in_a_row: int = IN_A_ROW) -> None:
        self._record = record
        self._in_a_row = in_a_row
        self._faults = 0

    def __call__(self, batch: Sequence[Verified | Rejected]) -> list[Answer]:
        """An answer for each, in order. After a fault in halves, down to the one that it is about."""
        try:
            answers = self._record(batch)
        except SightlineError:
            raise
        except Exception as exc:  # noqa: BLE001  # whatever it is, it is about one of them or about all
            if len(batch) == 1:
                return [self._refused(batch[0], exc)]
        else:
            if batch:
                self._faults = 0
            return answers
        half = len(batch) // 2
        return [*self(batch[:half]), *self(batch[half:])]

    def _refused(self, one: Verified | Rejected, fault: Exception) -> Answer:
        if isinstance(one, Rejected) or self._faults >= self._in_a_row:
            raise fault
        _log.error("record failed", kind=type(fault).__name__, exc_info=fault)
        (answer,) = self._record([rejected(one, Refusal(code=CODE))])
        self._faults += 1
        return answer
