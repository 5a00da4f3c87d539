"""Keys that sign, as values and as JWK (RFC 7517, RFC 8037, RFC 7518 §6.2). Private ones never print themselves.

Refused: ``key_malformed`` for anything that is not exactly one Ed25519 or P-256 key.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sightline.formats import base64url
from sightline.formats.thumbprint import key_id
from sightline.kernel.errors import Refused
from sightline.kernel.ids import DeskId, KeyId

ALGORITHMS = ("Ed25519", "EdDSA", "ES256")
"""Signature algorithms: RFC 9864's name, its older polymorphic one, and ES256 for platforms without Ed25519."""

Secret = Ed25519PrivateKey | ec.EllipticCurvePrivateKey
Public = Ed25519PublicKey | ec.EllipticCurvePublicKey

_SIZE = 32
"""Bytes of an Ed25519 key, of a P-256 coordinate and of a P-256 scalar."""


@dataclass(frozen=True, kw_only=True)
class PrivateKey:
    """A key that signs for one desk under one algorithm."""

    desk: DeskId
    alg: str
    secret: Secret = field(repr=False)

    @cached_property
    def public(self) -> bytes:
        """As `SigningKey.public`: 32 raw bytes, or the 65 bytes of an uncompressed point."""
        public = self.secret.public_key()
        if isinstance(public, Ed25519PublicKey):
            return public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    @cached_property
    def kid(self) -> KeyId:
        """``<agency>/<desk>#<thumbprint>``."""
        return key_id(self.desk, public_jwk(self.public))


def generate(desk: DeskId, alg: str = "Ed25519") -> PrivateKey:
    """A fresh key. Raises Refused ``algorithm_not_allowed``."""
    if alg not in ALGORITHMS:
        raise Refused("algorithm_not_allowed", "keys are made for " + ", ".join(ALGORITHMS))
    secret: Secret = ec.generate_private_key(ec.SECP256R1()) if alg == "ES256" else Ed25519PrivateKey.generate()
    return PrivateKey(desk=desk, alg=alg, secret=secret)


def public_jwk(public: bytes) -> dict[str, str]:
    """The JWK of a public key, its required members only."""
    if len(public) == _SIZE:
        return {"kty": "OKP", "crv": "Ed25519", "x": base64url.text(public)}
    x, y = public[1 : 1 + _SIZE], public[1 + _SIZE :]
    return {"kty": "EC", "crv": "P-256", "x": base64url.text(x), "y": base64url.text(y)}


def public_of(jwk: Mapping[str, Any], alg: str) -> bytes:
    """The public key of a JWK that fits `alg`; a private member is refused, it was not meant to be sent."""
    if "d" in jwk:
        raise Refused("key_malformed", "a private key must stay where it was made")
    if alg == "ES256":
        _expect(jwk, "EC", "P-256")
        public = b"\x04" + _member(jwk, "x") + _member(jwk, "y")
    else:
        _expect(jwk, "OKP", "Ed25519")
        public = _member(jwk, "x")
    load_public(alg, public)
    return public


def private_jwk(key: PrivateKey) -> dict[str, str]:
    """The private JWK with `alg` and `kid`: what a key file holds."""
    if isinstance(key.secret, Ed25519PrivateKey):
        d = key.secret.private_bytes_raw()
    else:
        d = key.secret.private_numbers().private_value.to_bytes(_SIZE, "big")
    return public_jwk(key.public) | {"d": base64url.text(d), "alg": key.alg, "kid": key.kid}


def private_of(jwk: Mapping[str, Any]) -> PrivateKey:
    """The key of a private JWK made by `private_jwk`. Raises Refused ``key_malformed`` if its parts disagree."""
    alg, kid = jwk.get("alg"), str(jwk.get("kid", ""))
    if alg not in ALGORITHMS:
        raise Refused("key_malformed", "the key names no algorithm that we use")
    key = PrivateKey(desk=DeskId(kid.partition("#")[0]), alg=alg, secret=_secret(alg, _member(jwk, "d")))
    if key.kid != kid or any(jwk.get(name) != value for name, value in public_jwk(key.public).items()):
        raise Refused("key_malformed", "the key's parts do not belong together")
    return key


@lru_cache(maxsize=4096)
def load_public(alg: str, public: bytes) -> Public:
    """The key object. Kept, because setting up a P-256 point costs as much as using it once."""
    try:
        if alg == "ES256":
            return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
        return Ed25519PublicKey.from_public_bytes(public)
    except ValueError:
        raise Refused("key_malformed", f"not a public key for {alg}") from None


def _secret(alg: str, d: bytes) -> Secret:
    if alg != "ES256":
        return Ed25519PrivateKey.from_private_bytes(d)
    try:
        return ec.derive_private_key(int.from_bytes(d, "big"), ec.SECP256R1())
    except ValueError:
        raise Refused("key_malformed", "not a P-256 scalar") from None


def _expect(jwk: Mapping[str, Any], kty: str, crv: str) -> None:
    if (jwk.get("kty"), jwk.get("crv")) != (kty, crv):
        raise Refused("key_malformed", f"not a {crv} key")


def _member(jwk: Mapping[str, Any], name: str) -> bytes:
    try:
        raw = base64url.decode(jwk[name].encode("ascii"))
    except (KeyError, AttributeError, ValueError):
        raise Refused("key_malformed", f"member {name} is missing or not base64url") from None
    if len(raw) != _SIZE:
        raise Refused("key_malformed", f"member {name} is not {_SIZE} bytes")
    return raw
