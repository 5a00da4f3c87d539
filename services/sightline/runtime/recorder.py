"""What `record` does with a batch from the broker: check it, record it, and take no more than can be decided soon."""

from collections.abc import Sequence
from hashlib import sha256
from time import perf_counter

import structlog

from sightline.formats import jwe
from sightline.kernel.errors import SightlineError, Unavailable
from sightline.kernel.values import Refusal, Rejected, Verified
from sightline.ledger.positions import position
from sightline.ledger.store import Ledger
from sightline.record.stage import Answer
from sightline.runtime.intake import Intake, note_answers
from sightline.runtime.loop import Said

_log = structlog.get_logger("sightline.record")

UNDECIDED = 2_048
"""Entries that may wait for the decider (as in the embedded line). Beyond it submissions stay on the broker."""


class Recorder:
    """Raises Unavailable where the batch must come again: nothing of it is recorded then, or all that was stays one."""

    def __init__(self, intake: Intake, ledger: Ledger, said: Said, *, undecided: int = UNDECIDED) -> None:
        self._intake = intake
        self._ledger = ledger
        self._said = said
        self._undecided = undecided

    def __call__(self, batch: Sequence[bytes]) -> list[Answer]:
        """An answer for each, in order; what nobody proved to have sent is logged, and done with."""
        if self.undecided() > self._undecided:
            raise Unavailable("decider_behind", "more is recorded than can soon be decided")
        started = perf_counter()
        checked = self._check(batch)
        answers = self._intake.record(checked)
        note_answers(self._said.counts, checked, answers)
        self._said.counts.seconds["record"] += perf_counter() - started
        return answers

    def undecided(self) -> int:
        """Entries that wait for the decider."""
        with self._ledger.database.reading() as session:
            return max(0, self._ledger.head() - position(session, "decide"))

    def _check(self, batch: Sequence[bytes]) -> list[Verified | Rejected]:
        """All at once; where that fails for a reason that we do not know, one by one: the others must not wait for it."""
        open_ones = sum(not jwe.is_sealed(raw) for raw in batch)
        if open_ones:
            # Taken all the same, for a child's sake; but the broker can read it, and the sender must be told by a person.
            _log.warning("not sealed", count=open_ones)
        try:
            return self._intake.check(batch)
        except SightlineError:
            raise
        except Exception:  # noqa: BLE001  # a fault of ours in reading one must not keep the others away
            return [self._check_one(raw) for raw in batch]

    def _check_one(self, raw: bytes) -> Verified | Rejected:
        try:
            return self._intake.check([raw])[0]
        except SightlineError:
            raise
        except Exception as exc:  # noqa: BLE001  # as above; it stays on the broker for a week, and the log names it
            _log.error("check failed", kind=type(exc).__name__, exc_info=exc)
            refusal = Refusal(code="internal_error")
            return Rejected(refusal=refusal, size=len(raw), digest=sha256(raw).digest())
