"""The stage itself. See the package's docstring for the list of checks."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

from sightline.formats import jws
from sightline.formats.event import reference_in
from sightline.kernel.ids import DeskId, KeyId
from sightline.kernel.values import Desk, Envelope, Refusal, Rejected, SigningKey, Submission, Verified

CHUNK = 16
"""Signatures that a worker checks in one go: some 3 ms, long against the cost of handing them over."""

ALL_TYPES = "*"


class KeyDirectory(Protocol):
    """Registered keys and desks, as the ledger holds them now."""

    def find(self, kid: KeyId, /) -> SigningKey | None:
        """The key registered under this id."""

    def desk(self, desk: DeskId, /) -> Desk | None:
        """The desk of this id."""


class Senders(Protocol):
    """Which desks may send what (data, by role)."""

    def may_send(self, desk: Desk, event_type: str, /) -> bool:
        """Whether this desk may send events of this type. Types of the hub's own are nobody's to send."""


@dataclass(frozen=True, slots=True)
class _Claimed:
    """A submission whose named key exists and may be used: all that is left is whether it was."""

    submission: Submission
    key: SigningKey


class Verify:
    """Checks batches. `workers` threads check signatures: `cryptography` releases the interpreter lock meanwhile."""

    def __init__(self, *, keys: KeyDirectory, senders: Senders, workers: int = 2) -> None:
        self._keys = keys
        self._senders = senders
        self._pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="verify")

    def __call__(self, batch: Sequence[Submission | Rejected], now: datetime) -> list[Verified | Rejected]:
        """One result for each, in order. `now` is the hub's time."""
        claims = [self._claim(one, now) if isinstance(one, Submission) else one for one in batch]
        signed = iter(self._signed([claim for claim in claims if isinstance(claim, _Claimed)]))
        return [
            self._verified(claim, is_signed=next(signed)) if isinstance(claim, _Claimed) else claim for claim in claims
        ]

    def close(self) -> None:
        """End the workers."""
        self._pool.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _claim(self, submission: Submission, now: datetime) -> _Claimed | Rejected:
        key = self._keys.find(submission.kid)
        if key is None:
            return _unproven(submission, "unknown_key", "kid is not registered")
        if submission.envelope is not None and submission.envelope.desk != key.desk:
            return _unproven(submission, "key_not_for_source", "the key belongs to another desk than the source's")
        if submission.alg != key.alg:
            return _unproven(submission, "algorithm_not_allowed", "the key is registered for another algorithm")
        if not key.is_in_force(now):
            return _unproven(submission, "key_not_in_force", "the key is not valid yet, has expired or was revoked")
        return _Claimed(submission, key)

    def _signed(self, claims: Sequence[_Claimed]) -> list[bool]:
        chunks = [claims[start : start + CHUNK] for start in range(0, len(claims), CHUNK)]
        results = self._pool.map(_check, chunks) if len(chunks) > 1 else map(_check, chunks)
        return [is_signed for chunk in results for is_signed in chunk]

    def _verified(self, claim: _Claimed, *, is_signed: bool) -> Verified | Rejected:
        submission, key = claim.submission, claim.key
        if not is_signed:
            return _unproven(submission, "bad_signature", "the signature is not the key's over these bytes")
        envelope = submission.envelope
        refusal = submission.refusal
        if refusal is None and envelope is not None:
            refusal = self._overstepping(envelope, key)
        if refusal is not None or envelope is None:
            return _proven(submission, key.desk, refusal or _NO_ENVELOPE)
        return Verified(submission=submission, envelope=envelope)

    def _overstepping(self, envelope: Envelope, key: SigningKey) -> Refusal | None:
        """Why a proven sender may not say this; None if it may."""
        if envelope.source not in key.sources:
            return Refusal(code="key_not_for_source", detail="the key is not registered for it", pointer="/source")
        if ALL_TYPES not in key.types and envelope.type not in key.types:
            return Refusal(code="key_not_for_type", detail="the key is not registered for it", pointer="/type")
        desk = self._keys.desk(key.desk)
        if desk is None or desk.standing != "good":
            return Refusal(code="desk_not_in_standing", detail="the desk is suspended, withdrawn or not known")
        if not self._senders.may_send(desk, envelope.type):
            return Refusal(code="source_may_not_send", detail="none of the desk's roles may send it", pointer="/type")
        return None


_NO_ENVELOPE = Refusal(code="envelope_invalid")


def _check(chunk: Sequence[_Claimed]) -> list[bool]:
    return [
        jws.is_signed(
            alg=claim.key.alg,
            public=claim.key.public,
            signing_input=claim.submission.signing_input,
            signature=claim.submission.signature,
        )
        for claim in chunk
    ]


def _unproven(submission: Submission, code: str, detail: str) -> Rejected:
    return Rejected(refusal=Refusal(code=code, detail=detail), size=len(submission.compact), digest=submission.digest)


def _proven(submission: Submission, sender: DeskId, refusal: Refusal) -> Rejected:
    envelope = submission.envelope
    return Rejected(
        refusal=refusal,
        size=len(submission.compact),
        digest=submission.digest,
        sender=sender,
        reference=envelope.id if envelope else reference_in(submission.payload),
        type=envelope.type if envelope else "",
        area=envelope.area if envelope else "",
        source=envelope.source if envelope else "",
        compact=submission.compact,
    )
