"""The stage itself. See the package's docstring for the list of checks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Protocol

from sightline.formats import jwe, jws, strict_json
from sightline.formats.event import read_envelope
from sightline.formats.problem import refusal_of
from sightline.kernel.errors import Refused
from sightline.kernel.values import Defect, Envelope, Refusal, Rejected, Submission


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """How much is taken."""

    max_bytes: int = 256 * 1024
    """Of a compact JWS."""
    max_ahead: timedelta = timedelta(minutes=5)
    """How far an event's time may lie in the hub's future."""

    @property
    def max_sealed_bytes(self) -> int:
        """Of a compact JWE: a JWS of `max_bytes` in base64url, and its header and key. What HTTP and Kafka let in."""
        return self.max_bytes * 4 // 3 + 2048


class Schemas(Protocol):
    """What knows the forms."""

    def check(
        self, event_type: str, version: int, data: Mapping[str, Any], /
    ) -> tuple[Refusal | None, tuple[Defect, ...]]:
        """Why the form cannot be taken, if so; and what of it is kept without being understood."""


class Unsealer(Protocol):
    """What holds the hub's private key."""

    def unseal(self, sealed: bytes) -> bytes:
        """The compact JWS inside a compact JWE. Raises Refused ``unseal_failed``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Content:
    """What the signed bytes say, as far as they could be read."""

    envelope: Envelope | None = None
    data: Mapping[str, Any]
    defects: tuple[Defect, ...] = ()
    refusal: Refusal | None = None


_NOTHING: Mapping[str, Any] = {}
_DEFAULT = Limits()


def submit(
    batch: Sequence[bytes], *, schemas: Schemas, unsealer: Unsealer | None, now: datetime, limits: Limits = _DEFAULT
) -> list[Submission | Rejected]:
    """One result for each, in order. Never raises for anything that the bytes contain."""
    return [_submit(raw, schemas, unsealer, now, limits) for raw in batch]


def _submit(
    raw: bytes, schemas: Schemas, unsealer: Unsealer | None, now: datetime, limits: Limits
) -> Submission | Rejected:
    try:
        compact = _compact(raw, unsealer, limits)
        signed = jws.parse(compact, jws.EVENT)
    except Refused as refused:
        return Rejected(refusal=refusal_of(refused), size=len(raw), digest=sha256(raw).digest())
    content = _content(signed.payload, schemas, now + limits.max_ahead)
    return Submission(
        compact=compact,
        payload=signed.payload,
        digest=sha256(signed.payload).digest(),
        kid=signed.kid,
        alg=signed.alg,
        signing_input=signed.signing_input,
        signature=signed.signature,
        envelope=content.envelope,
        data=content.data,
        defects=content.defects,
        refusal=content.refusal,
    )


def _compact(raw: bytes, unsealer: Unsealer | None, limits: Limits) -> bytes:
    if len(raw) > limits.max_sealed_bytes:
        raise _too_large(limits)
    compact = _opened(raw, unsealer) if jwe.is_sealed(raw) else raw
    if len(compact) > limits.max_bytes:
        raise _too_large(limits)
    return compact


def _opened(raw: bytes, unsealer: Unsealer | None) -> bytes:
    if unsealer is None:
        raise Refused("unseal_failed", "this hub takes no sealed submissions")
    return unsealer.unseal(raw)


def _too_large(limits: Limits) -> Refused:
    return Refused("too_large", f"a submission has at most {limits.max_bytes} bytes")


def _content(payload: bytes, schemas: Schemas, latest: datetime) -> _Content:
    try:
        event = strict_json.parse_object(payload)
    except Refused as refused:
        return _Content(data=_NOTHING, refusal=refusal_of(refused))
    envelope = read_envelope(event)
    if isinstance(envelope, Refusal):
        return _Content(data=_NOTHING, refusal=envelope)
    data = event["data"]
    if envelope.time > latest:
        why = Refusal(code="time_in_future", detail="time is too far ahead of the hub's clock", pointer="/time")
        return _Content(envelope=envelope, data=data, refusal=why)
    refusal, defects = schemas.check(envelope.type, envelope.version, data)
    return _Content(envelope=envelope, data=data, defects=defects, refusal=refusal)
