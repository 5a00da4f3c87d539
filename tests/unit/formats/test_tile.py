"""C2SP tlog-tiles: paths, widths, what changes when a tree grows."""

import pytest

from sightline.formats.bundle import pack, unpack
from sightline.formats.merkle import leaf_hashes, perfect_root, tree_root
from sightline.formats.tile import (
    ENTRIES,
    Edge,
    TilePath,
    changed,
    levels_of,
    node_from_tile,
    parse_path,
    split_hashes,
    width_of,
)
from sightline.kernel.errors import Refused


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (TilePath(0, 0), "tile/0/000"),
        (TilePath(0, 5, 1), "tile/0/005.p/1"),
        (TilePath(3, 1_234_067), "tile/3/x001/x234/067"),
        (TilePath(63, 1_000, 255), "tile/63/x001/000.p/255"),
        (TilePath(ENTRIES, 999_999, 17), "tile/entries/x999/999.p/17"),
    ],
)
def test_a_path_is_written_and_read_in_one_spelling(path: TilePath, text: str) -> None:
    assert str(path) == text
    assert parse_path(text) == path


@pytest.mark.parametrize(
    "text",
    [
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/entries/00",
        "tile/0/0000",
        "tile/0/x000/000",
        "tile/0/001/002",
        "tile/0/x001",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/",
        "tile/0/000\n",
        "/tile/0/000",
        "tile/0/../000",
        "tile/0/٠٠٠",  # other scripts' digits
        "",
    ],
)
def test_any_other_spelling_of_a_path_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="tile_path"):
        parse_path(text)


def test_a_tree_of_70_000_has_the_tiles_that_the_specification_lists() -> None:
    size = 70_000
    assert [width_of(0, index, size) for index in (0, 272, 273, 274)] == [256, 256, 112, 0]
    assert [width_of(1, index, size) for index in (0, 1, 2)] == [256, 17, 0]
    assert width_of(2, 0, size) == 1
    assert list(levels_of(size)) == [0, 1, 2]


@pytest.mark.parametrize(("size", "levels"), [(0, 0), (1, 1), (255, 1), (256, 2), (65_535, 2), (65_536, 3)])
def test_a_level_begins_with_its_first_full_tile_below(size: int, levels: int) -> None:
    assert len(levels_of(size)) == levels


def test_growing_over_a_tile_boundary_changes_bundle_and_tiles_on_both_sides() -> None:
    assert [str(path) for path in changed(255, 257)] == [
        "tile/entries/000",
        "tile/entries/001.p/1",
        "tile/0/000",
        "tile/0/001.p/1",
        "tile/1/000.p/1",
    ]
    assert list(changed(257, 257)) == []


def test_growing_in_steps_gives_the_same_edge_as_growing_at_once() -> None:
    hashes = leaf_hashes([b"%d" % n for n in range(70_000)])
    whole, tiles = Edge().extended(hashes)
    edge = Edge()
    for start, end in ((0, 1), (1, 255), (255, 256), (256, 600), (600, 65_535), (65_535, 65_537), (65_537, 70_000)):
        edge, _ = edge.extended(hashes[start:end])
        assert edge.root() == tree_root(hashes[:end])
    assert edge == whole
    stored = {(tile.level, tile.index): tile.hashes for tile in tiles}
    assert Edge.read(70_000, lambda level, index: stored[level, index]) == whole
    assert sorted(stored) == [(0, n) for n in range(274)] + [(1, 0), (1, 1), (2, 0)]


def test_nodes_between_tile_levels_are_hashed_from_the_tile_below() -> None:
    hashes = leaf_hashes([b"%d" % n for n in range(600)])
    _, tiles = Edge().extended(hashes)
    stored = {(tile.level, tile.index): tile.hashes for tile in tiles}

    def tile(level: int, index: int) -> bytes:
        return stored[level, index]

    assert node_from_tile(0, 599, tile) == hashes[599]
    assert node_from_tile(3, 70, tile) == perfect_root(hashes[560:568])
    assert node_from_tile(8, 1, tile) == perfect_root(hashes[256:512])
    assert node_from_tile(9, 0, tile) == perfect_root(hashes[:512])
    with pytest.raises(Refused, match="tile_width"):
        node_from_tile(4, 37, tile)


def test_an_edge_is_not_read_from_a_tile_that_is_too_narrow() -> None:
    with pytest.raises(Refused, match="tile_width"):
        Edge.read(3, lambda _level, _index: bytes(64))


@pytest.mark.parametrize("size", [0, 31, 33, 257 * 32])
def test_a_tile_is_1_to_256_whole_hashes(size: int) -> None:
    with pytest.raises(Refused, match="tile_width"):
        split_hashes(bytes(size))


def test_a_bundle_gives_back_its_entries() -> None:
    entries = [b"", b"one", b"x" * 65_535]
    assert pack(entries) == b"\0\0" + b"\0\x03one" + b"\xff\xff" + b"x" * 65_535
    assert unpack(pack(entries)) == entries
    with pytest.raises(OverflowError):
        pack([b"x" * 65_536])


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="no record"),
        pytest.param(b"\0", id="half a length"),
        pytest.param(b"\0\x01", id="a length without its bytes"),
        pytest.param(b"\0\x01ab", id="a byte left over"),
        pytest.param(b"\0\0" * 257, id="257 records"),
    ],
)
def test_a_malformed_bundle_is_refused(data: bytes) -> None:
    with pytest.raises(Refused, match="bundle_malformed"):
        unpack(data)
