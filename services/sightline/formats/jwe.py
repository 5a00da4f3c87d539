"""Sealing a compact JWS to the hub's key: compact JWE (RFC 7516), so that a broker carries nothing it could read.

One key agreement, ``ECDH-ES+A256KW``, over X25519 or P-256, and one cipher, ``A256GCM``. The header is closed: `zip`
(a small text could grow without bound), `apu`, `apv`, `crit` and the rest are refused before any key is touched. The
work is joserfc's. Refused: ``unseal_failed``, whatever is wrong: the sender is not proven yet and learns nothing more.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey

from sightline.formats import base64url, strict_json
from sightline.formats.thumbprint import key_id
from sightline.kernel.errors import Refused
from sightline.kernel.ids import DeskId

ALG = "ECDH-ES+A256KW"
ENC = "A256GCM"
CTY = "sightline+jws"
"""What is inside: the `typ` of the signed event."""

CURVES = ("X25519", "P-256")
PARTS = 5
MAX_HEADER_LETTERS = 1024
_MEMBERS = {"alg", "enc", "kid", "epk", "cty"}


class _Registry(jwe.JWERegistry):
    """joserfc's, with room for a submission: its own limit is 64 KiB. The caller bounds the whole beforehand."""

    max_ciphertext_length = 512 * 1024


_REGISTRY = _Registry(algorithms=[ALG, ENC])


def generate(desk: DeskId, curve: str = "X25519") -> dict[str, str]:
    """A fresh private JWK to unseal with; `kid` names the hub's desk and the thumbprint."""
    key = OKPKey.generate_key("X25519") if curve == "X25519" else ECKey.generate_key("P-256")
    jwk = {name: str(value) for name, value in key.as_dict(private=True).items()}
    return jwk | {"kid": key_id(desk, jwk)}


def public_part(jwk: Mapping[str, str]) -> dict[str, str]:
    """What of an unsealing key may be published."""
    return {name: jwk[name] for name in ("kty", "crv", "x", "y", "kid") if name in jwk}


def is_sealed(raw: bytes) -> bool:
    """Whether the bytes look like a compact JWE: five parts, the first a JSON object (``{`` is ``e`` in base64url)."""
    return raw.startswith(b"e") and raw.count(b".") == PARTS - 1


def seal(compact: bytes, hub: Mapping[str, str]) -> bytes:
    """The sealed form of a compact JWS, for the holder of the hub's private key only."""
    header = {"alg": ALG, "enc": ENC, "kid": hub["kid"], "cty": CTY}
    return jwe.encrypt_compact(header, compact, _key(public_part(hub)), registry=_REGISTRY).encode("ascii")


class Unsealer:
    """Opens what was sealed to any of these private JWKs."""

    def __init__(self, keys: Iterable[Mapping[str, str]]) -> None:
        self._keys = {jwk["kid"]: (jwk["crv"], _key(jwk)) for jwk in keys}

    def unseal(self, sealed: bytes) -> bytes:
        """The compact JWS inside. Raises Refused ``unseal_failed``."""
        key = self._key_for(_header(sealed))
        try:
            opened = jwe.decrypt_compact(sealed, key, registry=_REGISTRY).plaintext
        except (JoseError, InvalidTag, InvalidUnwrap, ValueError, TypeError, KeyError, AttributeError):
            raise _failed("it was not sealed to this key, or was altered") from None
        if opened is None:
            raise _failed("it holds nothing")
        return opened

    def _key_for(self, header: Mapping[str, Any]) -> OKPKey | ECKey:
        kid = header["kid"]
        found = self._keys.get(kid) if isinstance(kid, str) else None
        if found is None:
            raise _failed("it is sealed to a key that this hub does not hold")
        if not isinstance(header["epk"], dict) or header["epk"].get("crv") != found[0]:
            raise _failed("its ephemeral key is of another curve")
        return found[1]


def _header(sealed: bytes) -> dict[str, Any]:
    letters = sealed.split(b".", 1)[0]
    if len(letters) > MAX_HEADER_LETTERS:
        raise _failed("its header is too long")
    try:
        header = strict_json.parse_object(base64url.decode(letters))
    except (ValueError, Refused):
        raise _failed("its header is not a JSON object in base64url") from None
    if header.keys() != _MEMBERS or (header["alg"], header["enc"], header["cty"]) != (ALG, ENC, CTY):
        raise _failed(f"its header must hold exactly alg {ALG}, enc {ENC}, cty {CTY}, kid and epk")
    return header


def _key(jwk: Mapping[str, str]) -> OKPKey | ECKey:
    members: dict[str, str | list[str]] = {name: value for name, value in jwk.items() if name != "kid"}
    if (jwk.get("kty"), jwk.get("crv")) == ("OKP", "X25519"):
        return OKPKey.import_key(members)
    if (jwk.get("kty"), jwk.get("crv")) == ("EC", "P-256"):
        return ECKey.import_key(members)
    raise Refused("key_malformed", "sealing keys are X25519 or P-256")


def _failed(why: str) -> Refused:
    return Refused("unseal_failed", why)
