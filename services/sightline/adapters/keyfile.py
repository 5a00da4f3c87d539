"""The hub's own keys in one folder, readable by its owner only. Losing them loses what they protect; so does leaking."""

import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sightline.formats import jwe, jwk
from sightline.formats.jwk import PrivateKey
from sightline.formats.note import Ed25519Signer
from sightline.kernel.errors import Corrupt
from sightline.kernel.ids import DeskId

RECEIPTS = DeskId("hub/receipts")
INTAKE = DeskId("hub/intake")


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


def load_or_create(folder: Path, origin: str) -> HubKeys:
    """The keys of the hub whose log has that origin; new ones in an empty folder.

    Raises `Corrupt` when the folder belongs to another origin: a restored hub starts a new one, and says so.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    named = _value(folder / "origin", origin.encode).decode()
    if named != origin:
        raise Corrupt("other_origin", "the key folder belongs to a log of another origin")
    seed = _value(folder / "checkpoint.key", lambda: os.urandom(32))
    return HubKeys(
        checkpoint=Ed25519Signer(name=origin, key=Ed25519PrivateKey.from_private_bytes(seed)),
        receipt=jwk.private_of(_json(folder / "receipt.jwk", lambda: jwk.private_jwk(jwk.generate(RECEIPTS)))),
        unseal=_json(folder / "unseal.jwk", partial(jwe.generate, INTAKE)),
        wrapping=_value(folder / "wrapping.key", lambda: os.urandom(32)),
        matching=_value(folder / "matching.key", lambda: os.urandom(32)),
        quarantine=_value(folder / "quarantine.key", lambda: os.urandom(32)),
    )


def _json(path: Path, make: Callable[[], Any]) -> Any:
    return json.loads(_value(path, lambda: json.dumps(make()).encode()))


def _value(path: Path, make: Callable[[], bytes]) -> bytes:
    """A secret from its file; made and written once, durably, where there is none."""
    if not path.exists():
        aside = path.with_suffix(".new")
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(urlsafe_b64encode(make()))
            file.flush()
            os.fsync(file.fileno())
        aside.rename(path)
    return urlsafe_b64decode(path.read_bytes())
