"""C2SP signed note with Ed25519 keys (signature type 0x01): text, a blank line, signature lines.

A key is known by its name and the four bytes of its id together, and trusted by its 32 bytes only: whoever makes a key
with a colliding id gets a signature that does not verify, and the whole note is refused.
"""

import binascii
import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sightline.kernel.errors import Refused

MAX_SIGNATURES = 16
"""The specification asks for at least this many; more is refused, or a note could cost as much as its writer likes."""

MAX_NOTE_BYTES = 1_000_000

_ED25519 = b"\x01"
_DASH = "\u2014"
_VKEY_ID = re.compile(r"[0-9a-f]{8}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class NoteSigner(Protocol):
    """What signs notes: a key name and an Ed25519 key that may live elsewhere."""

    @property
    def name(self) -> str:
        """Key name; a log's checkpoint key bears its origin."""

    @property
    def public(self) -> bytes:
        """The 32 bytes of the public key."""

    def sign(self, text: bytes) -> bytes:
        """Ed25519 signature over these bytes, 64 bytes."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A trusted public key: from a vkey line, or made of its parts."""

    name: str
    public: bytes

    def __post_init__(self) -> None:
        if not is_key_name(self.name) or len(self.public) != 32:
            raise Refused("vkey_malformed", "a key needs a name without spaces or '+' and 32 bytes")

    @property
    def id(self) -> bytes:
        """First four bytes of SHA-256(name, LF, type, public key)."""
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        """The vkey line: ``name+id+key``."""
        return f"{self.name}+{self.id.hex()}+{encode_base64(_ED25519 + self.public)}"

    def verify(self, signature: bytes, text: bytes) -> None:
        """Check one signature. Raises Refused."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text)
        except InvalidSignature as exc:
            raise Refused("note_signature", f"the signature of {self.name} does not verify") from exc


@dataclass(frozen=True, slots=True)
class Ed25519Signer:
    """A `NoteSigner` whose key is in memory."""

    name: str
    key: Ed25519PrivateKey

    @property
    def public(self) -> bytes:
        """The 32 bytes of the public key."""
        return self.key.public_key().public_bytes_raw()

    @property
    def vkey(self) -> str:
        """What to hand to those who verify."""
        return str(VerifierKey(self.name, self.public))

    def sign(self, text: bytes) -> bytes:
        """Ed25519 signature over these bytes."""
        return self.key.sign(text)


def is_key_name(name: str) -> bool:
    """Whether this may be a key's name: not empty, no Unicode space, no control byte, no ``+``."""
    return name != "" and "+" not in name and name.split() == [name] and not _CONTROL.search(name)


def encode_base64(raw: bytes) -> str:
    """Standard base64 with padding (RFC 4648 §4)."""
    return b64encode(raw).decode("ascii")


def decode_base64(text: str) -> bytes:
    """The bytes of exactly this text: standard alphabet, padded, unused bits zero. Raises Refused for any other."""
    try:
        raw = binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
    except (ValueError, UnicodeEncodeError):
        raise Refused("base64", "not base64 (RFC 4648 §4)") from None
    if encode_base64(raw) != text:
        raise Refused("base64", "not the canonical base64 of its bytes")
    return raw


def parse_vkey(line: str) -> VerifierKey:
    """The key of a vkey line. Refuses another algorithm, and an id that is not the key's own."""
    # From the left, at most twice: the base64 at the end may hold '+' itself.
    parts = line.split("+", 2)
    if len(parts) != 3 or not _VKEY_ID.fullmatch(parts[1]):
        raise Refused("vkey_malformed", "a vkey is name+id+key")
    raw = decode_base64(parts[2])
    if raw[:1] != _ED25519:
        raise Refused("vkey_algorithm", "only Ed25519 keys (type 0x01) are accepted")
    key = VerifierKey(parts[0], raw[1:])
    if key.id.hex() != parts[1]:
        raise Refused("vkey_malformed", "the id is not that of the key")
    return key


def sign_note(text: bytes, signer: NoteSigner) -> bytes:
    """The note of this text with one signature. Raises ValueError for a text that a note cannot hold."""
    _check_text(text.decode("utf-8"))
    key = VerifierKey(signer.name, signer.public)
    blob = encode_base64(key.id + signer.sign(text))
    return text + f"\n{_DASH} {key.name} {blob}\n".encode()


def open_note(note: bytes, keys: Sequence[VerifierKey]) -> bytes:
    """The text of a note signed by a known key. Refuses a malformed note, a known key's bad signature, and none known."""
    text, signatures = _split(note)
    known = {(key.name, key.id): key for key in keys}
    verified = 0
    for name, blob in signatures:
        key = known.get((name, blob[:4]))
        if key is not None:
            key.verify(blob[4:], text)
            verified += 1
    if not verified:
        raise Refused("note_unsigned", "no known key signed the note")
    return text


def _split(note: bytes) -> tuple[bytes, list[tuple[str, bytes]]]:
    if len(note) > MAX_NOTE_BYTES:
        raise Refused("note_malformed", "the note is too large")
    try:
        letters = note.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("note_malformed", "the note is not UTF-8") from None
    text, blank, lines = letters.rpartition("\n\n")
    if not blank or not lines.endswith("\n"):
        raise Refused("note_malformed", "a note is text, a blank line and signature lines")
    _check_text(text + "\n")
    rows = lines[:-1].split("\n")
    if len(rows) > MAX_SIGNATURES:
        raise Refused("note_malformed", f"more than {MAX_SIGNATURES} signatures")
    return (text + "\n").encode(), [_signature(row) for row in rows]


def _check_text(text: str) -> None:
    if text in {"", "\n"} or not text.endswith("\n") or _CONTROL.search(text):
        raise Refused("note_malformed", "the text is empty, has no last newline or holds a control character")


def _signature(row: str) -> tuple[str, bytes]:
    parts = row.split(" ")
    if len(parts) != 3 or parts[0] != _DASH or not is_key_name(parts[1]):
        raise Refused("note_malformed", "not a signature line")
    blob = decode_base64(parts[2])
    if len(blob) < 5:
        raise Refused("note_malformed", "a signature is a key id and at least one byte")
    return parts[1], blob
