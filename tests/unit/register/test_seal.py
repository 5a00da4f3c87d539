"""Sealing: new leaves, one transaction, one signed checkpoint; and what stops it."""

import pytest

from sightline.formats.checkpoint import open_checkpoint
from sightline.formats.merkle import EMPTY_ROOT, leaf_hashes, tree_root
from sightline.formats.note import Ed25519Signer, VerifierKey
from sightline.formats.proof import check_proof
from sightline.kernel.errors import Corrupt, Refused, Unavailable
from sightline.kernel.ports import Database
from sightline.register import Register
from tests.builders_register import (
    ORIGIN,
    a_checkpoint_key,
    a_register,
    decide_leaves,
    some_entries,
    tamper,
)

KEY = VerifierKey(ORIGIN, a_checkpoint_key().public)


def test_the_first_seal_signs_the_empty_tree(database: Database) -> None:
    sealed = a_register(database).seal()
    assert (sealed.first, sealed.size, sealed.count, sealed.root) == (0, 0, 0, EMPTY_ROOT)
    assert open_checkpoint(sealed.checkpoint.encode(), KEY).size == 0


def test_a_seal_puts_every_new_leaf_under_one_signed_checkpoint(database: Database) -> None:
    register, entries = a_register(database), some_entries(700)
    for start, end in ((0, 300), (300, 700)):
        decide_leaves(database, entries[start:end])
        sealed = register.seal()
        assert (sealed.first, sealed.size, sealed.count) == (start, end, end - start)
        opened = open_checkpoint(sealed.checkpoint.encode(), KEY)
        assert (opened.size, opened.root) == (end, tree_root(leaf_hashes(entries[:end])))


def test_a_seal_without_new_leaves_changes_nothing(database: Database) -> None:
    register = a_register(database)
    decide_leaves(database, some_entries(3))
    first = register.seal()
    again = register.seal()
    assert (again.count, again.checkpoint) == (0, first.checkpoint)
    assert a_register(database).seal().checkpoint == first.checkpoint


def test_the_limit_bounds_one_seal(database: Database) -> None:
    register = a_register(database)
    decide_leaves(database, some_entries(10))
    assert [register.seal(limit=4).count for _ in range(4)] == [4, 4, 2, 0]


def test_a_restarted_sealer_goes_on_to_the_same_tree(database: Database) -> None:
    entries = some_entries(600)
    for start, end in ((0, 1), (1, 256), (256, 511), (511, 600)):
        decide_leaves(database, entries[start:end])
        assert a_register(database).seal().root == tree_root(leaf_hashes(entries[:end]))


def test_of_two_sealers_one_wins_and_the_other_reloads(database: Database) -> None:
    winner, loser = a_register(database), a_register(database)
    decide_leaves(database, some_entries(5))
    winner.seal()
    loser.seal()
    decide_leaves(database, some_entries(9, 5))
    assert winner.seal(limit=3).count == 3
    with pytest.raises(Unavailable, match="overtaken"):
        loser.seal()
    sealed = loser.seal()
    assert (sealed.first, sealed.size) == (8, 9)


def test_two_first_sealers_do_not_both_win(database: Database) -> None:
    decide_leaves(database, some_entries(2))
    late = a_register(database, on_step=lambda step: a_register(database).seal() if step == "seal" else None)
    with pytest.raises(Unavailable, match="overtaken"):
        late.seal()
    assert late.seal().size == 2


def test_a_failure_before_the_commit_leaves_nothing_behind(database: Database) -> None:
    decide_leaves(database, some_entries(300))

    def stop(_step: str) -> None:
        raise RuntimeError("power")

    with pytest.raises(RuntimeError):
        a_register(database, on_step=stop).seal()
    register = a_register(database)
    assert register.reader.checkpoint() is None
    assert register.seal().count == 300


def test_a_gap_in_the_numbers_stops_the_line(database: Database) -> None:
    decide_leaves(database, some_entries(5))
    tamper(database, "DELETE FROM leaves WHERE n = 3")
    with pytest.raises(Corrupt, match="leaf_gap"):
        a_register(database).seal()
    tamper(database, "DELETE FROM leaves WHERE n = 0")
    with pytest.raises(Corrupt, match="leaf_gap"):
        a_register(database).seal()


@pytest.mark.parametrize(
    ("sql", "params", "code"),
    [
        pytest.param("UPDATE register_head SET root = ?", (bytes(32),), "head_differs", id="another root"),
        pytest.param("UPDATE register_head SET size = ?", (299,), "head_differs", id="a smaller size"),
        pytest.param("UPDATE register_head SET size = ?", (301,), "tile_missing", id="a larger size"),
        pytest.param(
            "UPDATE register_head SET checkpoint = 'x' || checkpoint", (), "head_differs", id="another checkpoint"
        ),
        pytest.param(
            "UPDATE register_tiles SET hashes = ? WHERE level = 0 AND idx = 1",
            (bytes(44 * 32),),
            "head_differs",
            id="tile",
        ),
        pytest.param("DELETE FROM register_tiles WHERE level = 1", (), "tile_missing", id="no upper tile"),
    ],
)
def test_a_stored_tree_that_is_not_what_its_head_says_is_not_continued(
    database: Database, sql: str, params: tuple[bytes | int, ...], code: str
) -> None:
    decide_leaves(database, some_entries(300))
    a_register(database).seal()
    tamper(database, sql, params)
    decide_leaves(database, some_entries(301, 300))
    with pytest.raises(Corrupt, match=code):
        a_register(database).seal()


def test_a_full_tile_is_never_overwritten_with_other_bytes(database: Database) -> None:
    tamper(database, "INSERT INTO register_tiles (level, idx, hashes) VALUES (0, 0, ?)", (bytes(256 * 32),))
    decide_leaves(database, some_entries(300))
    with pytest.raises(Corrupt, match="tile_differs"):
        a_register(database).seal()


def test_a_partial_tile_altered_under_a_running_sealer_is_noticed(database: Database) -> None:
    register = a_register(database)
    decide_leaves(database, some_entries(3))
    register.seal()
    tamper(database, "UPDATE register_tiles SET hashes = ?", (bytes(96),))
    decide_leaves(database, some_entries(4, 3))
    with pytest.raises(Corrupt, match="tile_differs"):
        register.seal()


def test_a_new_origin_over_restored_leaves_seals_the_same_tree_again(database: Database) -> None:
    entries = some_entries(700)
    decide_leaves(database, entries)
    first = a_register(database).seal()
    key = a_checkpoint_key("second", "hub.example/second")
    second = Register(database=database, signer=key, origin=key.name)
    while second.seal(limit=100).size < 700:
        pass
    assert second.seal().root == first.root
    assert check_proof(second.reader.prove(650).encode(), entries[650], VerifierKey(key.name, key.public)).size == 700


def test_the_checkpoint_key_bears_the_origin(database: Database) -> None:
    with pytest.raises(Refused, match="checkpoint_origin"):
        Register(database=database, signer=a_checkpoint_key(), origin="hub.example/other")


def test_the_key_is_not_used_before_the_stored_tree_was_checked(database: Database) -> None:
    signed: list[bytes] = []

    class Watched:
        name = ORIGIN
        public = a_checkpoint_key().public

        def sign(self, text: bytes) -> bytes:
            signed.append(text)
            return a_checkpoint_key().sign(text)

    tamper(database, "INSERT INTO register_tiles (level, idx, hashes) VALUES (0, 0, ?)", (bytes(64),))
    decide_leaves(database, some_entries(3))
    with pytest.raises(Corrupt):
        Register(database=database, signer=Watched(), origin=ORIGIN).seal()
    assert signed == []


def test_a_signer_in_memory_names_its_vkey() -> None:
    key: Ed25519Signer = a_checkpoint_key()
    assert key.vkey == str(KEY)
