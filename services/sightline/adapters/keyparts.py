"""The hub's keys one by one: each worker is given those of its stage, in a folder of its own, and reads no others.

A folder that was handed out holds the list of all keys with their digests too: a key that is damaged, or another's,
stops the start there as it does where the keys were made.
"""

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sightline.adapters.keyfile import HubKeys, Signer, load_or_create
from sightline.adapters.keyfolder import LIST, WRAPPING, KeyFiles, write
from sightline.formats import jwk
from sightline.formats.jwk import PrivateKey
from sightline.formats.note import Ed25519Signer, parse_vkey
from sightline.kernel.errors import Corrupt, Refused

VKEY = "log.vkey"
"""The checkpoint key's public part, for those who hold no more of it."""
_INTAKE = ("receipt.jwk", "unseal.jwk", WRAPPING, "matching.key", "quarantine.key")
_CHECKPOINT = "checkpoint.key"

STAGES = {
    "serve": _INTAKE,
    "record": _INTAKE,
    "decide": (WRAPPING,),
    "clock": (WRAPPING,),
    "seal": (_CHECKPOINT,),
}
"""Which keys a stage holds (design §3). `relay` holds none."""


@dataclass(frozen=True, slots=True)
class PublicSigner:
    """A log's name and public key, with nothing to sign with."""

    name: str
    public: bytes
    vkey: str

    def sign(self, text: bytes) -> bytes:
        """Raises Refused ``no_key``, always."""
        raise Refused("no_key", "the checkpoint key is the sealer's alone")


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordKeys:
    """What taking submissions in needs."""

    receipt: PrivateKey
    unseal: dict[str, str]
    wrapping: bytes
    matching: bytes
    quarantine: bytes


def hand_out(folder: Path, stage: str, out: Path) -> list[str]:
    """Copy one stage's keys into a new folder; their names. Raises Refused ``unknown_stage``, ``folder_exists``."""
    if stage not in STAGES:
        raise Refused("unknown_stage", ", ".join(STAGES))
    if out.exists() and any(out.iterdir()):
        raise Refused("folder_exists", "keys are handed out into a folder that is empty")
    origin = origin_of(folder)
    signer = checkpoint_key(folder, origin)
    out.mkdir(parents=True, exist_ok=True, mode=0o700)
    names = ["origin", *STAGES[stage]]
    for name in names:
        write(out / name, (folder / name).read_bytes())
    write(out / VKEY, f"{signer.vkey}\n".encode())
    write(out / LIST, (folder / LIST).read_bytes())
    return names


def is_founded(folder: Path) -> bool:
    """Whether the folder holds a hub's keys, all or some of them."""
    return (folder / LIST).exists()


def origin_of(folder: Path) -> str:
    """The name of the log that the keys in the folder belong to."""
    return _files(folder).value("origin", _never).decode(errors="replace")


def checkpoint_key(folder: Path, origin: str) -> Signer:
    """The checkpoint key. Raises Corrupt ``other_origin``, ``key_missing``, ``key_damaged``."""
    files = _files(folder)
    if origin_of(folder) != origin:
        raise Corrupt("other_origin", "the key folder's origin is not the one asked for")
    return Ed25519Signer(name=origin, key=Ed25519PrivateKey.from_private_bytes(files.secret(_CHECKPOINT)))


def _checkpoint_public(folder: Path, origin: str) -> Signer:
    """What is known of the checkpoint key where only the sealer has it."""
    line = (folder / VKEY).read_text(encoding="utf-8").strip()
    key = parse_vkey(line)
    if key.name != origin:
        raise Corrupt("other_origin", "the key folder's origin is not the one asked for")
    return PublicSigner(key.name, key.public, line)


def record_keys(folder: Path) -> RecordKeys:
    """The keys of submit, verify and record. Raises Corrupt ``key_missing``, ``key_damaged``."""
    files = _files(folder)
    return RecordKeys(
        receipt=files.jwk("receipt.jwk", _never, jwk.private_of),
        unseal=files.jwk("unseal.jwk", _never, dict),
        wrapping=files.secret(WRAPPING),
        matching=files.secret("matching.key"),
        quarantine=files.secret("quarantine.key"),
    )


def hub_keys(folder: Path, origin: str) -> HubKeys:
    """All keys that `serve` holds; made first where there are none. Sealing stays with whom the checkpoint key is."""
    if not is_founded(folder):
        return load_or_create(folder, origin)
    keys = record_keys(folder)
    has_no_more = (folder / VKEY).exists() and not (folder / _CHECKPOINT).exists()
    return HubKeys(
        checkpoint=_checkpoint_public(folder, origin) if has_no_more else checkpoint_key(folder, origin),
        receipt=keys.receipt,
        unseal=keys.unseal,
        wrapping=keys.wrapping,
        matching=keys.matching,
        quarantine=keys.quarantine,
    )


def _files(folder: Path) -> KeyFiles:
    if not is_founded(folder):
        raise Corrupt("key_missing", "the folder holds no hub's keys, or not all of them yet")
    return KeyFiles(folder)


def _never() -> bytes:
    raise Corrupt("key_missing", "keys are made where the hub is founded, and nowhere else")
