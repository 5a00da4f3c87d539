"""Checkpoints (C2SP tlog-checkpoint): a log's origin, size and root as the text of a signed note. No extension lines."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sightline.formats.merkle import EMPTY_ROOT, HASH_BYTES, verify_consistency
from sightline.formats.note import (
    NoteSigner,
    VerifierKey,
    decode_base64,
    encode_base64,
    is_key_name,
    open_note,
    sign_note,
)
from sightline.kernel.errors import Refused

MAX_SIZE = 2**63 - 1

_SIZE = re.compile(rb"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkpoint:
    """What a log states about itself."""

    origin: str
    """The log's identity; also the name of the key that signs."""
    size: int
    root: bytes

    def __post_init__(self) -> None:
        if not is_key_name(self.origin) or not 0 <= self.size <= MAX_SIZE or len(self.root) != HASH_BYTES:
            raise Refused("checkpoint_malformed", "origin, size or root is not possible")
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise Refused("checkpoint_malformed", "the empty tree has one root only")

    def text(self) -> bytes:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{encode_base64(self.root)}\n".encode()


def parse_checkpoint(text: bytes) -> Checkpoint:
    """The checkpoint of a note's text. Refuses every text but the one that `Checkpoint.text` writes."""
    lines = text.split(b"\n")
    if len(lines) != 4 or lines[3] or not _SIZE.fullmatch(lines[1]):
        raise Refused("checkpoint_malformed", "not the three lines origin, size, root")
    try:
        read = Checkpoint(
            origin=lines[0].decode("utf-8"), size=int(lines[1]), root=decode_base64(lines[2].decode("ascii"))
        )
    except (UnicodeDecodeError, Refused):
        raise Refused("checkpoint_malformed", "origin, size or root is malformed") from None
    # Written again and compared, whatever the parsing above may have let through.
    if read.text() != text:
        raise Refused("checkpoint_malformed", "not as a checkpoint is written")
    return read


def sign_checkpoint(checkpoint: Checkpoint, signer: NoteSigner) -> bytes:
    """The signed note. Raises Refused when the key does not bear the log's origin."""
    if signer.name != checkpoint.origin:
        raise Refused("checkpoint_origin", "the key's name is not the log's origin")
    return sign_note(checkpoint.text(), signer)


def open_checkpoint(note: bytes, key: VerifierKey) -> Checkpoint:
    """The checkpoint of a note that this log's key signed. Refuses any other: malformed, unsigned, of another origin."""
    checkpoint = parse_checkpoint(open_note(note, [key]))
    if checkpoint.origin != key.name:
        raise Refused("checkpoint_origin", "the checkpoint is of another log than the key")
    return checkpoint


def check_extends(old: Checkpoint, new: Checkpoint, proof: Sequence[bytes]) -> None:
    """Check that `new` extends `old`. Raises Refused: another origin, smaller, or not proved.

    RFC 6962 has no proof from the empty tree, which every tree extends: there the proof must be empty.
    """
    if new.origin != old.origin:
        raise Refused("checkpoint_origin", "the checkpoints are of different logs")
    if new.size < old.size:
        raise Refused("checkpoint_smaller", f"the log had {old.size} leaves and now has {new.size}")
    if old.size:
        verify_consistency(old.size, old.root, new.size, new.root, proof)
    elif proof:
        raise Refused("proof_length", "nothing is to be proved from the empty tree")
