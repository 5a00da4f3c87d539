"""Keys of children and areas, wrapped for a vault's rows; those that were opened are kept in memory, within bounds.

Rows name the dated wrapping key that they are under, so that a wrapping key can be retired when the backups that hold
it have expired.
"""

import os
from collections import OrderedDict
from collections.abc import Mapping, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sightline.kernel.errors import Corrupt

_KEPT = 2_500
"""Unwrapped keys held in memory."""

TABLE = "CREATE TABLE IF NOT EXISTS keys (name TEXT PRIMARY KEY, under TEXT, wrapped BLOB)"
"""What every vault keeps."""


class Wrapping:
    """`keys` maps the name of each wrapping key to its 32 bytes; the last wraps. Not for several threads at once."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._keys = dict(keys)
        self._current = list(keys)[-1]
        self._open: OrderedDict[str, bytes] = OrderedDict()

    def held(self, names: Sequence[str]) -> dict[str, bytes]:
        """Those of the keys that are open already."""
        return {name: self._open[name] for name in names if name in self._open}

    def keep(self, keys: Mapping[str, bytes]) -> None:
        """Hold opened keys for the next who asks; the oldest go."""
        self._open.update(keys)
        while len(self._open) > _KEPT:
            self._open.popitem(last=False)

    def row(self, name: str, key: bytes) -> tuple[str, str, bytes]:
        """What a new key's row holds."""
        nonce = os.urandom(12)
        return name, self._current, nonce + AESGCM(self._keys[self._current]).encrypt(nonce, key, name.encode())

    def opened(self, name: str, under: str, wrapped: bytes) -> bytes:
        """The key of a row. Raises Corrupt ``wrapped_key``."""
        try:
            return AESGCM(self._keys[under]).decrypt(wrapped[:12], wrapped[12:], name.encode())
        except (InvalidTag, KeyError, ValueError) as exc:
            raise Corrupt("wrapped_key", "a key does not open under its wrapping key") from exc
