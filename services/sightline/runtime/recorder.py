"""What `record` does with a batch from the broker: check it, record it, and take no more than can be decided soon."""

from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter

import structlog

from sightline.formats import jwe
from sightline.kernel.errors import Unavailable
from sightline.kernel.values import Rejected, Verified
from sightline.ledger.positions import position
from sightline.ledger.store import Ledger
from sightline.record.sparing import CODE
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
        with self._said.at_work():
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
        open_ones = sum(not jwe.is_sealed(raw) for raw in batch)
        if open_ones:
            # Taken all the same, for a child's sake; but the broker can read it, and the sender must be told by a person.
            _log.warning("not sealed", count=open_ones)
        checked = self._intake.check(batch)
        return [_kept(one, raw) for one, raw in zip(checked, batch, strict=True)]


def _kept(one: Verified | Rejected, raw: bytes) -> Verified | Rejected:
    """What we stumbled over before we knew whose it is: it is not lost for that. Over HTTP its sender has it still."""
    is_our_fault = isinstance(one, Rejected) and one.refusal.code == CODE and one.sender is None
    return replace(one, compact=raw) if isinstance(one, Rejected) and is_our_fault else one
