"""A request to register a key, signed with that very key: proof that whoever asks holds the private half (design §5).

Refused: those of `jws.parse`, ``registration_invalid``, ``key_malformed``, ``bad_signature``. It proves possession and
nothing else: that the desk is who it says is for a person at the hub to establish before the key is put in force.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sightline.formats import jws, strict_json
from sightline.formats.event import read_time, source_parts, write_time
from sightline.formats.jwk import PrivateKey, public_jwk, public_of
from sightline.formats.thumbprint import key_id
from sightline.kernel.errors import Refused
from sightline.kernel.ids import DeskId, KeyId
from sightline.kernel.values import SigningKey

ALL_TYPES = "*"
MAX_LETTERS = 16 * 1024
_MEMBERS = {"desk", "sources", "types", "alg", "jwk", "made_at"}

LOW_ORDER = frozenset(
    bytes.fromhex(text)
    for text in (
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    )
)
"""Ed25519 points of order 1, 2, 4 and 8, every spelling. One signature under such a key fits many messages, so that its

owner could deny having signed any of them. No honest key generator makes one.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Registration:
    """What a desk asks for, its possession of the key proven."""

    kid: KeyId
    desk: DeskId
    alg: str
    public: bytes
    sources: tuple[str, ...]
    types: tuple[str, ...]
    """Event types; ``*`` for every type that the desk's roles may send."""
    made_at: datetime


def make_registration(key: PrivateKey, *, sources: Sequence[str], types: Sequence[str], now: datetime) -> bytes:
    """The request, signed with the key it is about."""
    body = {
        "desk": key.desk,
        "sources": list(sources),
        "types": list(types),
        "alg": key.alg,
        "jwk": public_jwk(key.public),
        "made_at": write_time(now),
    }
    return jws.sign(json.dumps(body, separators=(",", ":")).encode("utf-8"), key, jws.REGISTRATION)


def check_registration(request: bytes) -> Registration:
    """What is asked for, once the request was found to be signed with the key it is about. Raises Refused."""
    if len(request) > MAX_LETTERS:
        raise Refused("too_large", f"a registration has at most {MAX_LETTERS} letters")
    signed = jws.parse(request, jws.REGISTRATION)
    body = strict_json.parse_object(signed.payload)
    _check(body, signed.alg)
    public = public_of(body["jwk"], signed.alg)
    if public in LOW_ORDER:
        raise Refused("key_malformed", "the key is a point of low order")
    if signed.kid != key_id(DeskId(body["desk"]), public_jwk(public)):
        raise Refused("registration_invalid", "kid is not the desk's and the key's")
    if not jws.is_signed(alg=signed.alg, public=public, signing_input=signed.signing_input, signature=signed.signature):
        raise Refused("bad_signature", "the request is not signed with the key it is about")
    return _registration(body, signed, public)


def signing_key(wanted: Registration, *, valid_from: datetime, valid_until: datetime) -> SigningKey:
    """The key as the hub puts it in force."""
    return SigningKey(
        kid=wanted.kid,
        desk=wanted.desk,
        alg=wanted.alg,
        public=wanted.public,
        sources=wanted.sources,
        types=wanted.types,
        valid_from=valid_from,
        valid_until=valid_until,
    )


def _registration(body: Mapping[str, Any], signed: jws.Jws, public: bytes) -> Registration:
    made_at = read_time(body["made_at"])
    if made_at is None:
        raise Refused("registration_invalid", "made_at is not a time")
    return Registration(
        kid=signed.kid,
        desk=DeskId(body["desk"]),
        alg=signed.alg,
        public=public,
        sources=tuple(body["sources"]),
        types=tuple(body["types"]),
        made_at=made_at,
    )


def _check(body: Mapping[str, Any], alg: str) -> None:
    if body.keys() != _MEMBERS or not isinstance(body["jwk"], dict):
        raise Refused("registration_invalid", "it must hold exactly " + ", ".join(sorted(_MEMBERS)))
    if body["alg"] != alg:
        raise Refused("registration_invalid", "alg is not the one it is signed with")
    if not all(isinstance(body[name], str) for name in ("desk", "made_at")):
        raise Refused("registration_invalid", "desk and made_at are texts")
    if not _texts(body["sources"]) or not _texts(body["types"]):
        raise Refused("registration_invalid", "sources and types are lists of texts, not empty")
    if any(_desk_of(source) != body["desk"] for source in body["sources"]):
        raise Refused("registration_invalid", "a source is not one of the desk's")


def _desk_of(source: str) -> DeskId | None:
    parts = source_parts(source)
    return parts[1] if parts else None


def _texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(text, str) for text in value)
