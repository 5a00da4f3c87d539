"""The Merkle tree of RFC 6962 §2.1 (same maths: RFC 9162 §2.1): hashes, roots, proofs made and proofs checked.

A tree is named by its size alone; what is inside is reached through a `NodeReader`, so that proofs come from stored
tiles without loading the tree. Proofs are checked with their exact length first: one hash more or less is refused
before anything is hashed.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256

from sightline.kernel.errors import Refused

HASH_BYTES = 32

EMPTY_ROOT = sha256(b"").digest()
"""The root of the tree without leaves (RFC 6962 §2.1)."""

NodeReader = Callable[[int, int], bytes]
"""``(level, index)`` → root of the perfect subtree over leaves ``index * 2**level`` up to ``(index + 1) * 2**level``."""


def leaf_hash(entry: bytes) -> bytes:
    """Hash of one leaf. The prefix byte keeps a leaf from ever being taken for a node."""
    return sha256(b"\x00" + entry).digest()


def leaf_hashes(entries: Iterable[bytes]) -> list[bytes]:
    """Hash of each leaf, in order: one pass without a call per leaf, since this is the hot path of sealing."""
    digest = sha256
    return [digest(b"\x00" + entry).digest() for entry in entries]


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


def perfect_root(row: Sequence[bytes]) -> bytes:
    """Root over a power of two of hashes."""
    digest = sha256
    while len(row) > 1:
        row = [digest(b"\x01" + row[i] + row[i + 1]).digest() for i in range(0, len(row), 2)]
    return row[0]


def spans(start: int, end: int) -> Iterator[tuple[int, int]]:
    """``(level, index)`` of the perfect subtrees that make up leaves `start` to `end`, largest first.

    `start` must be 0 or the start of a right-hand subtree of a tree that ends at `end`, as in every RFC 6962 proof.
    """
    while start < end:
        level = (end - start).bit_length() - 1
        yield level, start >> level
        start += 1 << level


def fold(peaks: Sequence[bytes]) -> bytes:
    """Root over perfect subtrees, largest first; the empty tree's root for none."""
    if not peaks:
        return EMPTY_ROOT
    acc = peaks[-1]
    for peak in reversed(peaks[:-1]):
        acc = node_hash(peak, acc)
    return acc


def range_root(start: int, end: int, node: NodeReader) -> bytes:
    """Root over leaves `start` to `end` (see `spans`)."""
    return fold([node(level, index) for level, index in spans(start, end)])


class Frontier:
    """A tree that only grows: its size and the roots of its perfect subtrees, largest first ("compact range")."""

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        if len(peaks) != size.bit_count():
            raise ValueError("a frontier has one peak for each set bit of its size")
        self.size = size
        self._peaks = list(peaks)

    @classmethod
    def read(cls, size: int, node: NodeReader) -> "Frontier":
        """The frontier of the tree of this size whose inner nodes `node` knows."""
        return cls(size, [node(level, index) for level, index in spans(0, size)])

    def append(self, leaf: bytes) -> None:
        """Grow by one leaf hash."""
        at = self.size
        while at & 1:
            leaf = node_hash(self._peaks.pop(), leaf)
            at >>= 1
        self._peaks.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """Root of the tree as it stands."""
        return fold(self._peaks)


def tree_root(hashes: Iterable[bytes]) -> bytes:
    """Root over these leaf hashes."""
    frontier = Frontier()
    for leaf in hashes:
        frontier.append(leaf)
    return frontier.root()


def inclusion_proof(index: int, size: int, node: NodeReader) -> list[bytes]:
    """Siblings from the leaf up to the root's child (RFC 6962 §2.1.1). Refuses an index outside the tree."""
    if not 0 <= index < size:
        raise Refused("index_outside_tree", f"no leaf {index} in a tree of {size}")
    proof, start, end = [], 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(range_root(middle, end, node))
            end = middle
        else:
            proof.append(range_root(start, middle, node))
            start = middle
    return proof[::-1]


def consistency_proof(old: int, new: int, node: NodeReader) -> list[bytes]:
    """Proof that the tree of size `new` extends the one of size `old` (RFC 6962 §2.1.2). Refuses unless 0 < old ≤ new."""
    if not 0 < old <= new:
        raise Refused("sizes_not_ordered", f"no consistency proof from {old} to {new}")
    proof, start, end = [], 0, new
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(range_root(middle, end, node))
            end = middle
        else:
            proof.append(range_root(start, middle, node))
            start = middle
    if start:
        proof.append(range_root(start, end, node))
    return proof[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that the leaf hash `leaf` stands at `index` under `root`. Raises Refused; source: RFC 9162 §2.1.3.2."""
    if not 0 <= index < size:
        raise Refused("index_outside_tree", f"no leaf {index} in a tree of {size}")
    inner, border = _shape(index, size)
    _check_lengths(proof, inner + border)
    reached = _chain_border(_chain_inner(leaf, proof[:inner], index), proof[inner:])
    if reached != root:
        raise Refused("inclusion_not_proved", f"the proof for leaf {index} leads to another root")


def verify_consistency(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the tree (new, new_root) extends (old, old_root). Raises Refused; source: RFC 9162 §2.1.4.2."""
    if not 0 < old <= new:
        raise Refused("sizes_not_ordered", f"no consistency proof from {old} to {new}")
    if old == new:
        _check_lengths(proof, 0)
        reached = (old_root, old_root)
    else:
        reached = _consistency_roots(old, old_root, new, proof)
    if reached != (old_root, new_root):
        raise Refused("consistency_not_proved", f"the tree of {new} does not extend the tree of {old}")


def _consistency_roots(old: int, old_root: bytes, new: int, proof: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The two roots that the proof leads to."""
    inner, border = _shape(old - 1, new)
    shift = (old & -old).bit_length() - 1
    inner -= shift
    is_perfect = old == 1 << shift
    # A perfect old tree is itself a node of the new one: its root is the first node and is left out of the proof.
    _check_lengths(proof, inner + border + (not is_perfect))
    seed, rest = (old_root, proof) if is_perfect else (proof[0], proof[1:])
    mask = (old - 1) >> shift
    old_reached = _chain_border(_chain_right(seed, rest[:inner], mask), rest[inner:])
    new_reached = _chain_border(_chain_inner(seed, rest[:inner], mask), rest[inner:])
    return old_reached, new_reached


def _split(count: int) -> int:
    """The largest power of two below `count`, which is at least 2."""
    return 1 << ((count - 1).bit_length() - 1)


def _shape(index: int, size: int) -> tuple[int, int]:
    """How many siblings lie below the point where the leaf's path meets the tree's right edge, and how many above."""
    inner = (index ^ (size - 1)).bit_length()
    return inner, (index >> inner).bit_count()


def _check_lengths(proof: Sequence[bytes], expected: int) -> None:
    if len(proof) != expected:
        raise Refused("proof_length", f"the proof has {len(proof)} hashes; it must have {expected}")
    if any(len(step) != HASH_BYTES for step in proof):
        raise Refused("proof_length", "a hash of the proof is not 32 bytes long")


def _chain_inner(acc: bytes, steps: Sequence[bytes], path: int) -> bytes:
    for step in steps:
        acc = node_hash(step, acc) if path & 1 else node_hash(acc, step)
        path >>= 1
    return acc


def _chain_right(acc: bytes, steps: Sequence[bytes], path: int) -> bytes:
    for step in steps:
        if path & 1:
            acc = node_hash(step, acc)
        path >>= 1
    return acc


def _chain_border(acc: bytes, steps: Sequence[bytes]) -> bytes:
    for step in steps:
        acc = node_hash(step, acc)
    return acc
