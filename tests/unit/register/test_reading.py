"""What anyone may ask of a sealed register, and what is not answered from tables that disagree."""

from collections.abc import Callable

import pytest

from sightline.formats.note import VerifierKey, decode_base64
from sightline.formats.proof import check_proof
from sightline.formats.tile import parse_path
from sightline.kernel.errors import Corrupt, Refused, Unavailable
from sightline.kernel.ports import Database
from sightline.register import Register
from tests.builders_register import (
    ORIGIN,
    a_checkpoint_key,
    a_leaf_id,
    a_register,
    decide_leaves,
    some_entries,
    some_leaves,
    tamper,
)

KEY = VerifierKey(ORIGIN, a_checkpoint_key().public)


@pytest.fixture
def sealed(database: Database) -> Register:
    """A register of 600 leaves, with one more that is decided but not sealed."""
    register = a_register(database)
    for start, end in ((0, 250), (250, 600), (600, 601)):
        decide_leaves(database, some_entries(end, start))
        if end <= 600:
            register.seal()
    return register


@pytest.mark.parametrize("number", [0, 255, 256, 511, 512, 599])
def test_every_sealed_leaf_is_proved(sealed: Register, number: int) -> None:
    text = sealed.reader.prove(number).encode()
    assert check_proof(text, some_entries(600)[number], KEY).size == 600


def test_a_leaf_that_is_not_sealed_has_no_proof_yet(sealed: Register) -> None:
    with pytest.raises(Unavailable, match="not_sealed"):
        sealed.reader.prove(600)
    with pytest.raises(Refused, match="unknown_leaf"):
        sealed.reader.prove(-1)


def test_a_leaf_is_found_by_its_id_once_it_is_sealed(sealed: Register) -> None:
    leaves = some_leaves(601)
    assert sealed.reader.number(leaves[256]["id"]) == 256
    for unknown in (leaves[600]["id"], a_leaf_id("nothing")):
        with pytest.raises(Refused, match="unknown_leaf"):
            sealed.reader.number(unknown)


def test_consistency_between_any_sealed_sizes_is_proved(sealed: Register) -> None:
    lines = sealed.reader.consistency(250, 600).splitlines()
    assert all(len(decode_base64(line)) == 32 for line in lines)
    assert sealed.reader.consistency(600, 600) == ""
    with pytest.raises(Refused, match="sizes_not_ordered"):
        sealed.reader.consistency(0, 600)
    with pytest.raises(Unavailable, match="not_sealed"):
        sealed.reader.consistency(250, 601)


@pytest.mark.parametrize(
    ("path", "size"),
    [
        ("tile/0/000", 8192),
        ("tile/0/002.p/88", 88 * 32),
        ("tile/0/000.p/250", 250 * 32),
        ("tile/1/000.p/2", 64),
        ("tile/0/002.p/89", None),
        ("tile/0/002", None),
        ("tile/1/000.p/3", None),
        ("tile/2/000.p/1", None),
        ("tile/entries/002.p/89", None),
        ("tile/entries/003", None),
        ("tile/0/00", None),
        ("checkpoint", None),
    ],
)
def test_only_what_a_checkpoint_implies_is_served(sealed: Register, path: str, size: int | None) -> None:
    served = sealed.reader.tile(path)
    assert (None if served is None else len(served)) == size


def test_a_bundle_is_served_with_the_entries_as_they_are(sealed: Register) -> None:
    served = sealed.reader.tile("tile/entries/002.p/88")
    entries = some_entries(600)[512:]
    assert served == b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)
    assert parse_path("tile/entries/002.p/88").width == len(entries)


def test_nothing_is_served_before_the_first_seal(database: Database) -> None:
    reader = a_register(database).reader
    assert (reader.head(), reader.checkpoint(), reader.tile("tile/0/000")) == (None, None, None)
    with pytest.raises(Unavailable, match="not_sealed"):
        reader.prove(0)
    with pytest.raises(Unavailable, match="not_sealed"):
        reader.consistency(1, 1)


READS: list[Callable[[Register], object]] = [
    lambda register: register.reader.prove(3),
    lambda register: register.reader.consistency(250, 600),
]


@pytest.mark.parametrize("read", READS, ids=["prove", "consistency"])
@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE register_tiles SET hashes = zeroblob(8192) WHERE level = 0 AND idx = 0",
        "DELETE FROM register_tiles WHERE level = 0 AND idx = 2",
        "UPDATE register_head SET root = zeroblob(32)",
        "UPDATE register_head SET root = zeroblob(3)",
        "UPDATE register_head SET checkpoint = ''",
    ],
)
def test_no_proof_is_given_from_tables_that_disagree(
    sealed: Register, database: Database, read: Callable[[Register], object], sql: str
) -> None:
    tamper(database, sql)
    with pytest.raises(Corrupt):
        read(sealed)


def test_an_altered_leaf_is_not_proved(sealed: Register, database: Database) -> None:
    tamper(database, "UPDATE leaves SET body = ? WHERE n = 3", (b"{}",))
    with pytest.raises(Corrupt, match="inclusion_not_proved"):
        sealed.reader.prove(3)


def test_a_missing_tile_or_leaf_is_not_served_short(sealed: Register, database: Database) -> None:
    tamper(database, "DELETE FROM register_tiles WHERE level = 1")
    tamper(database, "DELETE FROM leaves WHERE n >= 590")
    for path in ("tile/1/000.p/2", "tile/entries/002.p/88"):
        with pytest.raises(Corrupt, match="tile_missing"):
            sealed.reader.tile(path)
