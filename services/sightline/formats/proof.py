"""``.tlog-proof`` (C2SP tlog-proof v1): one leaf's place under a checkpoint, checkable offline with the log's key."""

import re
from dataclasses import dataclass

from sightline.formats.checkpoint import Checkpoint, open_checkpoint
from sightline.formats.merkle import HASH_BYTES, leaf_hash, verify_inclusion
from sightline.formats.note import VerifierKey, decode_base64, encode_base64
from sightline.kernel.errors import Refused

HEADER = "c2sp.org/tlog-proof@v1"

MAX_HASHES = 63

_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """A leaf's index, its siblings and the checkpoint they lead to. Nothing in it is believed before `check_proof`."""

    index: int
    hashes: tuple[bytes, ...]
    """From the leaf's sibling up to the root's child."""
    checkpoint: bytes
    """The signed note, verbatim."""
    extra: bytes | None = None
    """Opaque and not authenticated."""

    def text(self) -> bytes:
        """The file."""
        lines = [HEADER]
        if self.extra is not None:
            lines.append(f"extra {encode_base64(self.extra)}")
        lines.append(f"index {self.index}")
        lines += [encode_base64(step) for step in self.hashes]
        return "\n".join([*lines, "", ""]).encode() + self.checkpoint


def parse_proof(text: bytes) -> Proof:
    """The proof of these bytes. Refuses every text but the one that `Proof.text` writes."""
    head, blank, checkpoint = text.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise Refused("proof_malformed", "the proof is not ASCII") from None
    if not blank or lines.pop(0) != HEADER:
        raise Refused("proof_malformed", "not a tlog-proof of version 1")
    extra = decode_base64(lines.pop(0)[6:]) if lines and lines[0].startswith("extra ") else None
    index = _INDEX.fullmatch(lines.pop(0)) if lines else None
    if index is None or len(lines) > MAX_HASHES:
        raise Refused("proof_malformed", "the proof has no index line or too many hashes")
    hashes = tuple(decode_base64(line) for line in lines)
    if any(len(step) != HASH_BYTES for step in hashes):
        raise Refused("proof_malformed", "a hash is not 32 bytes long")
    return Proof(index=int(index[1]), hashes=hashes, checkpoint=checkpoint, extra=extra)


def check_proof(text: bytes, entry: bytes, key: VerifierKey) -> Checkpoint:
    """Check that the log of `key` holds `entry`; you get the checkpoint that says so. Raises Refused."""
    proof = parse_proof(text)
    checkpoint = open_checkpoint(proof.checkpoint, key)
    verify_inclusion(leaf_hash(entry), proof.index, checkpoint.size, proof.hashes, checkpoint.root)
    return checkpoint
