"""Keys of items, and what they seal and name. One derivation for each item; everything else hangs from it.

An item's key is HKDF-SHA256 (RFC 5869) of the keys of every child it concerns, or of the area's when it concerns none,
salted with its stream and version. Destroying a child's key therefore destroys every item, commitment and name that
hangs from it (P9), while the leaves that commit to them still verify.
"""

import hmac
import os
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from hashlib import blake2b, sha256
from typing import Protocol
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sightline.kernel.errors import Corrupt

_NONCE_BYTES = 12


class KeyVault(Protocol):
    """Where children's and areas' keys are kept: outside the ledger and its backups, under dated wrapping keys."""

    def open(self, names: Sequence[str]) -> dict[str, bytes]:
        """The 32-byte keys of those names that exist, in one query. Erased ones are missing."""

    def store(self, keys: Mapping[str, bytes]) -> None:
        """Keep new keys, durably before this returns. A name that already has a key keeps it."""


def child_key_name(child: UUID) -> str:
    """The vault's name of a child's key."""
    return f"child:{child.hex}"


def area_key_name(area: str) -> str:
    """The vault's name of an area's key, for what concerns no known child."""
    return f"area:{area}"


def key_names(children: Sequence[str], area: str) -> list[str]:
    """Names of the keys that an item's key is derived from, in their fixed order."""
    return [f"child:{c}" for c in sorted(children)] or [area_key_name(area)]


class ItemKey:
    """The key of one item. Labels keep its uses apart, so that opening one reveals no other."""

    __slots__ = ("_key",)

    def __init__(self, parents: Sequence[bytes], stream: UUID, version: int) -> None:
        salt = stream.bytes + version.to_bytes(8, "big")
        extracted = hmac.digest(salt, b"".join(parents), "sha256")
        self._key = hmac.digest(extracted, b"sightline item\x01", "sha256")

    def derive(self, label: str) -> bytes:
        """32 bytes for one use: keyed BLAKE2b (RFC 7693), a third of the cost of an HMAC."""
        return blake2b(label.encode(), key=self._key, digest_size=32).digest()

    def name(self, prefix: str, label: str) -> str:
        """An opaque name: `prefix`, a hyphen and 128 bits in hexadecimal."""
        return f"{prefix}-{blake2b(b'name ' + label.encode(), key=self._key, digest_size=16).hexdigest()}"

    def seal(self, use: str, plain: bytes) -> bytes:
        """AES-256-GCM under the key of that use: nonce, ciphertext, tag."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + AESGCM(self.derive("seal " + use)).encrypt(nonce, plain, use.encode())

    def open(self, use: str, sealed: bytes) -> bytes:
        """What `seal` was given. Raises `Corrupt` when the bytes are not what this key sealed."""
        try:
            return AESGCM(self.derive("seal " + use)).decrypt(
                sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], use.encode()
            )
        except InvalidTag as exc:
            raise Corrupt("sealed_bytes", "an item does not open under its own key") from exc

    def commit(self, field: str, nonce_label: str, value: bytes) -> bytes:
        """A hiding commitment (audit-and-policy C3, first line): base64url SHA-256, 43 letters of ASCII."""
        nonce = self.derive("nonce " + nonce_label)
        digest = sha256(b"sightline-commit-v1\0" + field.encode() + b"\0" + nonce + value).digest()
        return urlsafe_b64encode(digest)[:43]


def child_ref(key: bytes) -> str:
    """The opaque name under which desks see a child."""
    return f"c-{blake2b(b'child ref', key=key, digest_size=16).hexdigest()}"
