"""The short JWT by which a desk's system reads (design §8): signed with the desk's registered key, once per request.

It says who reads (desk and actor), for what purpose and where (`aud`), so that the reading can be recorded before it is
answered. Refused: ``token_invalid``, whatever is wrong with it: one who guesses is not told how far they came. Whether
it was used before is the caller's to remember, by `jti`, until `expires_at` plus the leeway.
"""

import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sightline.formats import base64url, jws, strict_json
from sightline.formats.event import PURPOSES, is_actor
from sightline.formats.jwk import PrivateKey
from sightline.kernel.errors import Refused
from sightline.kernel.ids import DeskId, KeyId
from sightline.kernel.values import SigningKey

MAX_LIFE_S = 60
LEEWAY_S = 5
"""How far a desk's clock may differ from the hub's."""

MAX_TOKEN_LETTERS = 2048
_CLAIMS = {"aud", "sub", "actor", "purpose", "iat", "exp", "jti"}
_JTI_BYTES = 16
_JTI = re.compile(r"[A-Za-z0-9_-]{16,64}")


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadingToken:
    """Who reads, for what."""

    desk: DeskId
    actor: str
    purpose: str
    jti: str
    """Unique for each token: a spent one must not be taken again before it has expired."""
    expires_at: datetime


def make_token(
    key: PrivateKey, *, audience: str, actor: str, purpose: str, now: datetime, life_s: int = MAX_LIFE_S, jti: str = ""
) -> bytes:
    """A token for one request, signed with the desk's key."""
    issued = int(now.timestamp())
    claims = {
        "aud": audience,
        "sub": key.desk,
        "actor": actor,
        "purpose": purpose,
        "iat": issued,
        "exp": issued + life_s,
        "jti": jti or base64url.text(os.urandom(_JTI_BYTES)),
    }
    return jws.sign(json.dumps(claims, separators=(",", ":")).encode("utf-8"), key, jws.READING)


def read_token(
    token: bytes, *, find: Callable[[KeyId], SigningKey | None], audience: str, now: datetime
) -> ReadingToken:
    """What the token says, once its key, signature, claims and times were checked. Raises Refused ``token_invalid``."""
    signed = _parse(token)
    key = find(signed.kid)
    if key is None or key.alg != signed.alg or not key.is_in_force(now):
        raise _invalid("its key is not registered, or not in force")
    if not jws.is_signed(
        alg=key.alg, public=key.public, signing_input=signed.signing_input, signature=signed.signature
    ):
        raise _invalid("its signature does not match")
    claims = _claims(signed.payload)
    _check(claims, desk=key.desk, audience=audience)
    return ReadingToken(
        desk=key.desk,
        actor=claims["actor"],
        purpose=claims["purpose"],
        jti=claims["jti"],
        expires_at=_expiry(claims, now),
    )


def _parse(token: bytes) -> jws.Jws:
    if len(token) > MAX_TOKEN_LETTERS:
        raise _invalid("it is too long")
    try:
        return jws.parse(token, jws.READING)
    except Refused:
        raise _invalid("it is not a compact JWT of the expected kind") from None


def _claims(payload: bytes) -> dict[str, Any]:
    try:
        return strict_json.parse_object(payload)
    except Refused:
        raise _invalid("its claims are not a JSON object") from None


def _check(claims: Mapping[str, Any], *, desk: DeskId, audience: str) -> None:
    if claims.keys() != _CLAIMS:
        raise _invalid("its claims are not exactly " + ", ".join(sorted(_CLAIMS)))
    if claims["aud"] != audience:
        raise _invalid("it is for another hub")
    if claims["sub"] != desk:
        raise _invalid("its key is not its subject's")
    if not isinstance(claims["actor"], str) or not is_actor(claims["actor"]):
        raise _invalid("its actor is not a reference and role")
    if not isinstance(claims["purpose"], str) or claims["purpose"] not in PURPOSES:
        raise _invalid("its purpose is not known")
    if not isinstance(claims["jti"], str) or not _JTI.fullmatch(claims["jti"]):
        raise _invalid("its jti is not 16 to 64 letters, digits, - or _")


def _expiry(claims: Mapping[str, Any], now: datetime) -> datetime:
    issued, expires = claims["iat"], claims["exp"]
    if type(issued) is not int or type(expires) is not int or not 0 < expires - issued <= MAX_LIFE_S:
        raise _invalid(f"it must expire within {MAX_LIFE_S} seconds of being made")
    present = now.timestamp()
    if not issued - LEEWAY_S <= present < expires + LEEWAY_S:
        raise _invalid("it has expired, or is not valid yet")
    return datetime.fromtimestamp(expires, UTC)


def _invalid(why: str) -> Refused:
    return Refused("token_invalid", why)
