"""The hub's own keys in one folder, readable by its owner only. Losing them loses what they protect; so does leaking.

The last thing that founding writes is a list of all keys with their SHA-256 (as ``sha256sum --check`` reads it). From
then on a key that is damaged or missing stops the start: a new one in its place would be worse than none.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sightline.adapters.keyfolder import WRAPPING, KeyFiles
from sightline.formats import jwe, jwk
from sightline.formats.jwk import PrivateKey
from sightline.formats.note import Ed25519Signer, NoteSigner
from sightline.kernel.errors import Corrupt
from sightline.kernel.ids import DeskId

RECEIPTS = DeskId("hub/receipts")
INTAKE = DeskId("hub/intake")


class Signer(NoteSigner, Protocol):
    """The checkpoint key, or what is known of it where only another process may sign."""

    @property
    def vkey(self) -> str:
        """What to hand to those who verify."""


class IntakeKeys(Protocol):
    """What taking submissions in needs."""

    @property
    def receipt(self) -> PrivateKey:
        """Signs receipts."""

    @property
    def unseal(self) -> dict[str, str]:
        """Private JWK that sealed submissions are opened with."""

    @property
    def matching(self) -> bytes:
        """Makes the tokens of the match index."""

    @property
    def quarantine(self) -> bytes:
        """Seals what was refused."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HubKeys:
    """Each key for one thing, so that no part of the hub holds one that it does not need."""

    checkpoint: Signer
    receipt: PrivateKey
    unseal: dict[str, str]
    """Private JWK that sealed submissions are opened with."""
    wrapping: bytes
    """Wraps children's keys."""
    matching: bytes
    """Makes the tokens of the match index."""
    quarantine: bytes


def load_or_create(folder: Path, origin: str) -> HubKeys:
    """The keys of the hub whose log has that origin; new ones in an empty folder, the rest where founding was cut short.

    Raises `Corrupt`: ``other_origin`` when the folder belongs to a log of another origin (a restored hub starts a new
    one, and says so), ``key_damaged`` when a key is not the one that was made, ``key_missing``.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _alone(folder):
        files = KeyFiles(folder)
        named = files.value("origin", origin.encode).decode(errors="replace")
        if named != origin:
            raise Corrupt("other_origin", "the key folder's origin is not the one asked for")
        keys = HubKeys(
            checkpoint=Ed25519Signer(
                name=origin, key=Ed25519PrivateKey.from_private_bytes(files.secret("checkpoint.key"))
            ),
            receipt=files.jwk("receipt.jwk", lambda: jwk.private_jwk(jwk.generate(RECEIPTS)), jwk.private_of),
            unseal=files.jwk("unseal.jwk", partial(jwe.generate, INTAKE), dict),
            wrapping=files.secret(WRAPPING),
            matching=files.secret("matching.key"),
            quarantine=files.secret("quarantine.key"),
        )
        files.close()
    return keys


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two that found at once must agree on the keys: one waits for the other."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
