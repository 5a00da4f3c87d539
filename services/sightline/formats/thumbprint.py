"""Names of keys: the RFC 7638 thumbprint of a public JWK, and the key id made from it (design §5)."""

import hashlib
import json
import re
from collections.abc import Mapping

from sightline.formats import base64url
from sightline.kernel.errors import Refused
from sightline.kernel.ids import DeskId, KeyId

_REQUIRED = {"OKP": ("crv", "kty", "x"), "EC": ("crv", "kty", "x", "y")}
"""Members that count, in order (RFC 7638 §3.2, RFC 8037 §2). Everything else of a JWK is left out."""

SLUG = r"[a-z0-9][a-z0-9-]{0,63}"
"""A part of an agency's, desk's or system's name."""

_KEY_ID = re.compile(rf"({SLUG}/{SLUG})#[A-Za-z0-9_-]{{43}}")


def thumbprint(jwk: Mapping[str, str]) -> str:
    """SHA-256 thumbprint of a public (or private) JWK, base64url. Raises Refused ``key_malformed``."""
    try:
        members = {name: jwk[name] for name in _REQUIRED[jwk["kty"]]}
    except (KeyError, TypeError):
        raise Refused("key_malformed", "not an OKP or EC key") from None
    canonical = json.dumps(members, separators=(",", ":"), sort_keys=True)
    return base64url.text(hashlib.sha256(canonical.encode("utf-8")).digest())


def key_id(desk: DeskId, jwk: Mapping[str, str]) -> KeyId:
    """``<agency>/<desk>#<thumbprint>``."""
    return KeyId(f"{desk}#{thumbprint(jwk)}")


def is_key_id(text: str) -> bool:
    """Whether `text` has the form of a key id."""
    return _KEY_ID.fullmatch(text) is not None


def desk_of(kid: KeyId) -> DeskId:
    """The desk that a key id names. What the hub registered under that id is what counts, not this."""
    return DeskId(kid.partition("#")[0])
