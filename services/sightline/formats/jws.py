"""Compact JWS, strictly (RFC 7515, RFC 9864): a closed protected header, three algorithms, one spelling of everything.

Our own parser of some eighty lines, for two reasons. A library accepts whatever header the standard allows (`jwk`,
`x5c`, `crit`, `b64` ...); we accept four members and nothing else, so none of the attacks that ride on the others can
begin. And the header of a key is always the same bytes, so it is parsed once. joserfc checks us in the tests, both ways.

Refused: ``jws_malformed``, ``algorithm_not_allowed``, ``header_not_allowed``. Receipts, reading tokens and key
registrations are other `Form`s of the same.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from sightline.formats import base64url, strict_json
from sightline.formats.jwk import ALGORITHMS, PrivateKey, load_public
from sightline.formats.thumbprint import is_key_id
from sightline.kernel.errors import Refused
from sightline.kernel.ids import KeyId

SIGNATURE_BYTES = 64
"""Of all three algorithms: R and S of Ed25519 (RFC 8032), r and s of ES256 (RFC 7518 §3.4)."""

MAX_HEADER_LETTERS = 512

_ES256 = ec.ECDSA(SHA256())


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """What a JWS says it is. Two forms never share a `typ`, so that one can never pass for another (RFC 8725 §3.11)."""

    typ: str
    cty: str = ""
    """Empty: the header has no `cty`."""


EVENT = Form(typ="sightline+jws", cty="application/cloudevents+json")
RECEIPT = Form(typ="sightline-receipt+jws", cty="application/json")
READING = Form(typ="sightline-read+jwt")
REGISTRATION = Form(typ="sightline-registration+jws", cty="application/json")


@dataclass(frozen=True, kw_only=True, slots=True)
class Jws:
    """A compact JWS taken apart. Nothing about it is believed yet."""

    kid: KeyId
    alg: str
    payload: bytes
    signing_input: bytes
    signature: bytes


def parse(compact: bytes, form: Form) -> Jws:
    """Take a compact JWS of this form apart. Raises Refused; does not check the signature."""
    parts = compact.split(b".", 3)
    if len(parts) != 3:
        raise Refused("jws_malformed", "a compact JWS has three parts")
    header, payload, signature = parts
    alg, kid = _header(header, form)
    raw_signature = _decode(signature)
    if len(raw_signature) != SIGNATURE_BYTES:
        raise Refused("jws_malformed", f"a signature is {SIGNATURE_BYTES} bytes")
    return Jws(
        kid=kid,
        alg=alg,
        payload=_decode(payload),
        signing_input=compact[: len(header) + 1 + len(payload)],
        signature=raw_signature,
    )


def sign(payload: bytes, key: PrivateKey, form: Form) -> bytes:
    """A compact JWS of exactly these bytes."""
    signing_input = _header_of(key.alg, key.kid, form) + b"." + base64url.encode(payload)
    return signing_input + b"." + base64url.encode(raw_signature(signing_input, key))


def raw_signature(signing_input: bytes, key: PrivateKey) -> bytes:
    """The 64 bytes that go behind the last dot. `sign` is what to use; this is for making what we would not sign."""
    if isinstance(key.secret, Ed25519PrivateKey):
        return key.secret.sign(signing_input)
    r, s = decode_dss_signature(key.secret.sign(signing_input, _ES256))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def is_signed(*, alg: str, public: bytes, signing_input: bytes, signature: bytes) -> bool:
    """Whether the signature is this key's, over exactly these bytes. Releases the interpreter lock while it works."""
    key = load_public(alg, public)
    try:
        if isinstance(key, Ed25519PublicKey):
            key.verify(signature, signing_input)
        else:
            key.verify(_der(signature), signing_input, _ES256)
    except InvalidSignature:
        return False
    return True


def _decode(letters: bytes) -> bytes:
    try:
        return base64url.decode(letters)
    except ValueError:
        raise Refused("jws_malformed", "a part is not base64url without padding") from None


@lru_cache(maxsize=2048)
def _header(letters: bytes, form: Form) -> tuple[str, KeyId]:
    if len(letters) > MAX_HEADER_LETTERS:
        raise Refused("header_not_allowed", f"the header has more than {MAX_HEADER_LETTERS} letters")
    header = _header_object(letters)
    if header.get("alg") not in ALGORITHMS:
        raise Refused("algorithm_not_allowed", "the algorithm must be one of " + ", ".join(ALGORITHMS))
    expected = {"alg", "kid", "typ"} | ({"cty"} if form.cty else set())
    if header.keys() != expected:
        raise Refused("header_not_allowed", "the header must hold exactly " + ", ".join(sorted(expected)))
    if header["typ"] != form.typ or header.get("cty", "") != form.cty:
        raise Refused("header_not_allowed", f"the header must say typ {form.typ} and cty {form.cty or 'nothing'}")
    if not isinstance(header["kid"], str) or not is_key_id(header["kid"]):
        raise Refused("header_not_allowed", "kid must be <agency>/<desk>#<thumbprint>")
    return header["alg"], KeyId(header["kid"])


def _header_object(letters: bytes) -> dict[str, Any]:
    try:
        return strict_json.parse_object(_decode(letters))
    except Refused:
        raise Refused("jws_malformed", "the header is not a JSON object in base64url") from None


@lru_cache(maxsize=2048)
def _header_of(alg: str, kid: KeyId, form: Form) -> bytes:
    header = {"alg": alg, "kid": kid, "typ": form.typ} | ({"cty": form.cty} if form.cty else {})
    return base64url.encode(json.dumps(header, separators=(",", ":")).encode("ascii"))


def _der(signature: bytes) -> bytes:
    # JOSE carries r and s side by side (RFC 7518 §3.4); OpenSSL wants them in a DER sequence.
    return encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
