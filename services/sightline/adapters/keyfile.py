"""The hub's own keys in one folder, readable by its owner only. Losing them loses what they protect; so does leaking.

The last thing that founding writes is a list of all keys with their SHA-256 (as ``sha256sum --check`` reads it). From
then on a key that is damaged or missing stops the start: a new one in its place would be worse than none.
"""

import fcntl
import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sightline.formats import jwe, jwk
from sightline.formats.jwk import PrivateKey
from sightline.formats.note import Ed25519Signer
from sightline.kernel.errors import Corrupt, Refused
from sightline.kernel.ids import DeskId

RECEIPTS = DeskId("hub/receipts")
INTAKE = DeskId("hub/intake")

Key = TypeVar("Key")


@dataclass(frozen=True, kw_only=True, slots=True)
class HubKeys:
    """Each key for one thing, so that no part of the hub holds one that it does not need."""

    checkpoint: Ed25519Signer
    receipt: PrivateKey
    unseal: dict[str, str]
    """Private JWK that sealed submissions are opened with."""
    wrapping: bytes
    """Wraps children's keys."""
    matching: bytes
    """Makes the tokens of the match index."""
    quarantine: bytes


LIST = "keys.sha256"
_SECRET_BYTES = 32


def load_or_create(folder: Path, origin: str) -> HubKeys:
    """The keys of the hub whose log has that origin; new ones in an empty folder, the rest where founding was cut short.

    Raises `Corrupt`: ``other_origin`` when the folder belongs to a log of another origin (a restored hub starts a new
    one, and says so), ``key_damaged`` when a key is not the one that was made, ``key_missing``.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _alone(folder):
        files = _Files(folder)
        named = files.value("origin", origin.encode).decode(errors="replace")
        if named != origin:
            raise Corrupt("other_origin", "the key folder's origin is not the one asked for")
        keys = HubKeys(
            checkpoint=Ed25519Signer(
                name=origin, key=Ed25519PrivateKey.from_private_bytes(files.secret("checkpoint.key"))
            ),
            receipt=files.jwk("receipt.jwk", lambda: jwk.private_jwk(jwk.generate(RECEIPTS)), jwk.private_of),
            unseal=files.jwk("unseal.jwk", partial(jwe.generate, INTAKE), dict),
            wrapping=files.secret("wrapping.key"),
            matching=files.secret("matching.key"),
            quarantine=files.secret("quarantine.key"),
        )
        files.close()
    return keys


class _Files:
    """The folder's files. Before there is a list of them they are made, afterwards they are only read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._found: dict[str, str] = {}
        self._listed: dict[str, str] = {}
        if (folder / LIST).exists():
            lines = (folder / LIST).read_text().splitlines()
            self._listed = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}

    def value(self, name: str, make: Callable[[], bytes]) -> bytes:
        """What a file holds; made and written once, durably, where founding has not come to it yet."""
        path = self._folder / name
        if not path.exists():
            if self._listed:
                raise Corrupt("key_missing", f"{name} is gone; a new one would not open what the old one closed")
            _write(path, urlsafe_b64encode(make()))
        data = path.read_bytes()
        self._found[name] = sha256(data).hexdigest()
        if self._listed and self._listed.get(name) != self._found[name]:
            raise _damaged(name)
        try:
            return urlsafe_b64decode(data)
        except ValueError:
            raise _damaged(name) from None

    def secret(self, name: str) -> bytes:
        """32 random bytes."""
        value = self.value(name, lambda: os.urandom(_SECRET_BYTES))
        if len(value) != _SECRET_BYTES:
            raise _damaged(name)
        return value

    def jwk(self, name: str, make: Callable[[], Any], read: Callable[[Any], Key]) -> Key:
        """A private JWK, read by `read`."""
        value = self.value(name, lambda: json.dumps(make()).encode())
        try:
            return read(json.loads(value))
        except (ValueError, Refused):
            raise _damaged(name) from None

    def close(self) -> None:
        """Every key is there: list them."""
        if not self._listed:
            _write(self._folder / LIST, "".join(f"{d}  {n}\n" for n, d in sorted(self._found.items())).encode())


def _damaged(name: str) -> Corrupt:
    return Corrupt("key_damaged", f"{name} is not as it was made: restore it")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two that found at once must agree on the keys: one waits for the other."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _write(path: Path, data: bytes) -> None:
    """Write a file whole and durably: aside, flushed, renamed, its folder flushed."""
    aside = path.with_suffix(".new")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    aside.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
