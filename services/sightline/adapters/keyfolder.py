"""Files of a hub's key folder. One key may be read without the others, and without what reads the others."""

import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from sightline.kernel.errors import Corrupt, Refused

Key = TypeVar("Key")

LIST = "keys.sha256"
WRAPPING = "wrapping.key"
_SECRET_BYTES = 32


def wrapping_key(folder: Path) -> bytes:
    """The key that wraps children's keys, and no other, of a folder whose hub was founded.

    Raises `Corrupt`: ``key_missing`` (also where founding has not come to its end), ``key_damaged``.
    """
    if not (folder / LIST).exists():
        raise Corrupt("key_missing", "the folder holds no hub's keys, or not all of them yet")
    return KeyFiles(folder).secret(WRAPPING)


class KeyFiles:
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
            write(path, urlsafe_b64encode(make()))
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
            write(self._folder / LIST, "".join(f"{d}  {n}\n" for n, d in sorted(self._found.items())).encode())


def _damaged(name: str) -> Corrupt:
    return Corrupt("key_damaged", f"{name} is not as it was made: restore it")


def write(path: Path, data: bytes) -> None:
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
