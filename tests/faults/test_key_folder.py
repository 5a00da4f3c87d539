"""The hub's own keys: a damaged or missing one is named and stops the start; it is never quietly replaced."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from sightline.adapters.keyfile import HubKeys, load_or_create
from sightline.adapters.keyfolder import wrapping_key
from sightline.kernel.errors import Corrupt

pytestmark = pytest.mark.faults

ORIGIN = "sightline.example/faults"
KEYS = ("origin", "checkpoint.key", "receipt.jwk", "unseal.jwk", "wrapping.key", "matching.key", "quarantine.key")


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """A whole key folder."""
    load_or_create(tmp_path, ORIGIN)
    return tmp_path


def torn(data: bytes) -> bytes:
    """As a write that was cut short leaves it. Of 32 bytes 24 are left: for some ciphers a key as well."""
    return data[:32]


def flipped(data: bytes) -> bytes:
    """One letter is another."""
    return (b"B" if data[:1] == b"A" else b"A") + data[1:]


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("damage", [torn, flipped, lambda _: b""], ids=["torn", "flipped", "empty"])
def test_a_damaged_key_is_named_and_stops_the_start(keys: Path, name: str, damage: Callable[[bytes], bytes]) -> None:
    whole = (keys / name).read_bytes()
    (keys / name).write_bytes(damage(whole) if damage(whole) != whole else whole[:-4])
    with pytest.raises(Corrupt) as caught:
        load_or_create(keys, ORIGIN)
    assert caught.value.code in ("key_damaged", "other_origin")
    assert name.partition(".")[0] in caught.value.detail


@pytest.mark.parametrize("name", KEYS)
def test_a_missing_key_is_not_replaced_by_a_new_one(keys: Path, name: str) -> None:
    (keys / name).unlink()
    with pytest.raises(Corrupt, match=name):
        load_or_create(keys, ORIGIN)
    assert not (keys / name).exists()


@pytest.mark.parametrize("count", range(len(KEYS)))
def test_a_founding_that_was_cut_short_is_finished_with_the_keys_that_are_there(tmp_path: Path, count: int) -> None:
    load_or_create(tmp_path / "whole", ORIGIN)
    (tmp_path / "cut").mkdir()
    for name in KEYS[:count]:
        (tmp_path / "cut" / name).write_bytes((tmp_path / "whole" / name).read_bytes())
    (tmp_path / "cut" / "wrapping.new").write_bytes(b"half of a k")
    load_or_create(tmp_path / "cut", ORIGIN)
    for name in KEYS[:count]:
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert load_or_create(tmp_path / "cut", ORIGIN).wrapping == load_or_create(tmp_path / "cut", ORIGIN).wrapping


def test_two_that_found_at_once_agree_on_the_keys(tmp_path: Path) -> None:
    found: list[HubKeys] = []
    barrier = threading.Barrier(4)

    def found_it() -> None:
        barrier.wait()
        found.append(load_or_create(tmp_path, ORIGIN))

    founders = [threading.Thread(target=found_it) for _ in range(4)]
    for founder in founders:
        founder.start()
    for founder in founders:
        founder.join()
    assert len(found) == 4
    assert len({(k.wrapping, k.matching, k.quarantine, k.checkpoint.vkey, k.receipt.public) for k in found}) == 1


def test_a_folder_of_another_log_is_refused_by_name(keys: Path) -> None:
    with pytest.raises(Corrupt, match="other_origin"):
        load_or_create(keys, "sightline.example/other")


def test_the_wrapping_key_is_read_alone_whatever_became_of_the_others(keys: Path) -> None:
    found = load_or_create(keys, ORIGIN).wrapping
    for name in ("checkpoint.key", "receipt.jwk", "unseal.jwk", "matching.key", "quarantine.key"):
        (keys / name).unlink()
    assert wrapping_key(keys) == found


def test_reading_the_wrapping_key_makes_none(tmp_path: Path) -> None:
    with pytest.raises(Corrupt, match="key_missing"):
        wrapping_key(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_damaged_wrapping_key_is_refused_by_name(keys: Path) -> None:
    (keys / "wrapping.key").write_bytes(b"A" * 44)
    with pytest.raises(Corrupt, match="key_damaged"):
        wrapping_key(keys)


def test_only_the_owner_may_read_the_keys(keys: Path) -> None:
    assert all(path.stat().st_mode & 0o077 == 0 for path in keys.iterdir())
