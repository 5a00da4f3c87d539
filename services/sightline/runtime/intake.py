"""The stages that take submissions in, put together: what HTTP and Kafka share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

import structlog

from sightline.kernel.errors import SightlineError
from sightline.kernel.ports import Clock
from sightline.kernel.values import Refusal, Rejected, Verified
from sightline.ledger.directory import Directory
from sightline.record.sparing import CODE, Sparing
from sightline.record.stage import Answer
from sightline.runtime.counts import Counts
from sightline.submit.stage import Schemas, Unsealer, submit
from sightline.verify.stage import Verify

_log = structlog.get_logger("sightline.intake")


@dataclass(frozen=True, kw_only=True)
class Intake:
    """Submit, verify and record. Decides nothing."""

    directory: Directory
    schemas: Schemas
    unsealer: Unsealer
    verify: Verify
    record: Sparing
    clock: Clock
    on_step: Callable[[str], None]

    def check(self, batch: Sequence[bytes]) -> list[Verified | Rejected]:
        """The submit and verify stages: what may be recorded, and what is turned away.

        Where that fails for a fault of ours, one by one: nobody must wait for what somebody else sent.
        """
        try:
            return self._check(batch)
        except SightlineError:
            raise
        except Exception:  # noqa: BLE001  # whatever it is, it is about one of them
            return [self._check_one(raw) for raw in batch]

    def _check_one(self, raw: bytes) -> Verified | Rejected:
        try:
            return self._check([raw])[0]
        except SightlineError:
            raise
        except Exception as exc:  # noqa: BLE001  # as above; the log says where
            _log.error("check failed", kind=type(exc).__name__, exc_info=exc)
            return Rejected(refusal=Refusal(code=CODE), size=len(raw), digest=sha256(raw).digest())

    def _check(self, batch: Sequence[bytes]) -> list[Verified | Rejected]:
        now = self.clock.now()
        self.directory.refresh()
        parsed = submit(batch, schemas=self.schemas, unsealer=self.unsealer, now=now)
        self.on_step("verify")
        return self.verify(parsed, now)


def note_answers(counts: Counts, checked: Sequence[Verified | Rejected], answers: Sequence[Answer]) -> None:
    """Count what was answered, and say what was turned away."""
    for one in checked:
        if isinstance(one, Rejected) and one.sender is None:
            # Nobody is told: nobody proved to have sent it. Size, digest and reason are all that is kept.
            _log.info("turned away", code=one.refusal.code, size=one.size, digest=one.digest.hex())
    for answer in answers:
        if answer.receipt_id and not answer.receipt:
            _log.warning("kept in quarantine", receipt=answer.receipt_id)
        counts.outcomes[answer.outcome] += 1
        if answer.refusal is not None:
            counts.codes[answer.refusal.code] += 1
