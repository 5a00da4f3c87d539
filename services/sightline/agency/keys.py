"""A desk's own keys: made here, kept in a file that only its owner may read, registered by proof of possession."""

import json
import os
import stat
from pathlib import Path

from sightline.formats import strict_json
from sightline.formats.jwk import PrivateKey, generate, private_jwk, private_of
from sightline.formats.registration import make_registration
from sightline.kernel.errors import Refused

__all__ = ["generate", "load_key", "make_registration", "save_key"]

_OWNER_ONLY = 0o600
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def save_key(path: Path, key: PrivateKey) -> None:
    """Write the private key as a JWK, mode 0600. An existing file is never overwritten: FileExistsError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(private_jwk(key), file, indent=1)
        file.write("\n")


def load_key(path: Path) -> PrivateKey:
    """The key of a file. Raises Refused ``key_malformed`` also when others than its owner may read it."""
    if os.name == "posix" and path.stat().st_mode & _OTHERS:
        raise Refused("key_malformed", "the key file may be read by others than its owner; chmod 600 it")
    return private_of(strict_json.parse_object(path.read_bytes()))
