"""A form → the signed event that a desk sends (design §5)."""

import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sightline.formats import jws
from sightline.formats.event import read_envelope, source_parts, write_event
from sightline.formats.jwk import PrivateKey
from sightline.formats.strict_json import parse_object
from sightline.kernel.errors import Refused
from sightline.kernel.values import Envelope, Refusal


def new_id(time: datetime) -> str:
    """A UUIDv7 (RFC 9562 §5.7): the time in milliseconds, then 74 random bits. Sorts by time."""
    chance = int.from_bytes(os.urandom(10), "big")
    milliseconds = int(time.timestamp() * 1000)
    version_and_a = 0x7000 | chance >> 68
    variant_and_b = 0b10 << 62 | chance & (1 << 62) - 1
    return str(UUID(int=milliseconds << 80 | version_and_a << 64 | variant_and_b))


def sign_event(  # noqa: PLR0913  # by name only: the attributes of the envelope (docs/wire.md), one argument for each
    key: PrivateKey,
    *,
    source: str,
    type: str,
    data: Mapping[str, Any],
    area: str,
    purpose: str,
    actor: str,
    time: datetime,
    id: str = "",
    version: int = 1,
) -> bytes:
    """The signed event: a compact JWS. Raises Refused ``envelope_invalid`` rather than sign what the hub would refuse.

    `type` is without its prefix, `actor` is ``<opaque reference>:<role>``, `id` defaults to a fresh UUIDv7.
    """
    parts = source_parts(source)
    if parts is None:
        raise Refused("envelope_invalid", "source is missing or not allowed")
    agency, desk = parts
    envelope = Envelope(
        id=id or new_id(time),
        source=source,
        type=type,
        version=version,
        time=time,
        area=area,
        purpose=purpose,
        actor=actor,
        desk=desk,
        agency=agency,
    )
    payload = write_event(envelope, data)
    refusal = read_envelope(parse_object(payload))
    if isinstance(refusal, Refusal):
        raise Refused(refusal.code, refusal.detail)
    return jws.sign(payload, key, jws.EVENT)
