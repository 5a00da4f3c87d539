"""The files of a copied register, read with care: nothing in the folder is believed, not even its sizes."""

from collections.abc import Iterator
from pathlib import Path

from sightline.formats.bundle import MAX_ENTRY_BYTES
from sightline.formats.merkle import HASH_BYTES
from sightline.formats.tile import ENTRIES, FULL_BYTES, WIDTH, TilePath, node_from_tile, width_of
from sightline.kernel.errors import Refused

_MOST_BUNDLE_BYTES = WIDTH * (MAX_ENTRY_BYTES + 2)


class Files:
    """A register's folder as the tree of `size` leaves implies it."""

    def __init__(self, folder: Path, size: int) -> None:
        self._folder = folder
        self.size = size

    def read(self, path: TilePath) -> bytes | None:
        """The bytes of one file, one more than any may have at most; None when there is no such file."""
        return read_at_most(self._folder / str(path), FULL_BYTES if path.level != ENTRIES else _MOST_BUNDLE_BYTES)

    def implied(self, level: int, index: int) -> TilePath:
        """The name that the tree's size gives to this tile or bundle."""
        return TilePath(level, index, width_of(level, index, self.size))

    def standing(self, level: int, index: int) -> dict[TilePath, bytes]:
        """The implied file and, for a partial one, the full one that may have replaced it: those that are there."""
        path = self.implied(level, index)
        read = {candidate: self.read(candidate) for candidate in (path, path.full)}
        return {candidate: data for candidate, data in read.items() if data is not None}

    def tile(self, level: int, index: int) -> bytes:
        """The hashes of one implied tile, cut to the tree's size. Raises Refused ``missing_file``."""
        for data in self.standing(level, index).values():
            return data[: self.implied(level, index).width * HASH_BYTES]
        raise Refused("missing_file", f"{self.implied(level, index)} is missing")

    def node(self, level: int, index: int) -> bytes:
        """A node of the tree, from the tiles as they stand. Raises Refused."""
        return node_from_tile(level, index, self.tile)

    def names(self) -> Iterator[str]:
        """The relative path of everything below ``tile/`` that is not a folder, in no order."""
        for path in (self._folder / "tile").rglob("*"):
            if path.is_symlink() or not path.is_dir():
                yield path.relative_to(self._folder).as_posix()


def read_at_most(path: Path, most: int) -> bytes | None:
    """The file's first `most` bytes and one more; None when it is no file that can be read."""
    try:
        with path.open("rb") as file:
            return file.read(most + 1)
    except OSError:
        return None
