"""Refusals that are kept: a proven sender is told, its bytes stay in quarantine, urgent ones reach a person (P12)."""

import os
from datetime import datetime, timedelta
from typing import cast

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sightline.kernel.values import Desk, Rejected
from sightline.ledger import notices
from sightline.ledger.agency import Agency, agency_stream
from sightline.ledger.store import Ledger
from sightline.record.work import Work

KEPT = timedelta(days=30)
"""How long the refused bytes of a proven sender are kept (design §5)."""


class Refusing:
    """Writes what must be kept of a refusal whose sender is proven."""

    def __init__(self, *, ledger: Ledger, quarantine_key: bytes) -> None:
        self._ledger = ledger
        self._key = quarantine_key

    def write(self, work: Work, rejected: Rejected, desk: Desk, *, step: str, at: datetime) -> None:
        """An entry on the agency's stream, a notice, and the bytes under the quarantine key."""
        agency = self._agency(work, desk)
        agency.note(
            Agency.SubmissionRefused,
            step=step,
            timestamp=at,
            desk=desk.id,
            code=rejected.refusal.code,
            pointer=rejected.refusal.pointer,
            event_id=rejected.reference,
            type=rejected.type,
            digest=rejected.digest,
            area=rejected.area,
        )
        work.row("notices", *notices.of_refusal(cast("Agency.SubmissionRefused", agency.pending_events[-1])))
        work.take(agency)
        if rejected.compact:
            self.keep(work, rejected, step=step, at=at)

    def keep(self, work: Work, rejected: Rejected, *, step: str, at: datetime) -> None:
        """The bytes alone, under the quarantine key."""
        work.row("quarantine", step, self._seal(rejected.compact), int((at + KEPT).timestamp()))

    def _agency(self, work: Work, desk: Desk) -> Agency:
        stream = agency_stream(desk.agency)
        if stream not in work.streams:
            work.streams |= self._ledger.load([stream])
        agency = work.streams[stream]
        if not isinstance(agency, Agency):
            raise TypeError(f"{stream} is not an agency's stream")
        return agency

    def _seal(self, plain: bytes) -> bytes:
        nonce = os.urandom(12)
        return nonce + AESGCM(self._key).encrypt(nonce, plain, b"quarantine")
