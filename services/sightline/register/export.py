"""Export: the sealed register as files, for auditors and witnesses (C2SP tlog-tiles layout).

The database is the truth and the folder a copy that may lag. Whatever is killed, the folder's checkpoint never names a
tree whose files are not all there: files first, each written aside, flushed and renamed; the checkpoint last.
"""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from tempfile import mkdtemp

from sightline.formats.checkpoint import Checkpoint, open_checkpoint
from sightline.formats.merkle import range_root
from sightline.formats.note import parse_vkey
from sightline.formats.tile import WIDTH, TilePath, changed
from sightline.kernel.errors import Corrupt, Refused, Unavailable
from sightline.kernel.ports import Database
from sightline.register.reading import nodes, tile_bytes
from sightline.register.tables import Head, read_head

CHECKPOINT = "checkpoint"
VKEY = "log.vkey"
ASIDE = ".tmp"

_FILES_AT_ONCE = 256


class Export:
    """A folder that follows the log whose checkpoint key is `vkey`."""

    def __init__(self, folder: Path, *, vkey: str) -> None:
        self._folder = folder
        self._vkey = vkey
        self._key = parse_vkey(vkey)
        self._size = 0
        self._note: bytes | None = None
        """The checkpoint in the folder, as this object last saw it."""
        self._mine: Path | None = None
        """Where this object writes files before they have their names. Another sealer's are never moved for its own."""

    def publish(self, database: Database, head: Head, on_step: Callable[[str], None] = lambda _step: None) -> None:
        """Bring the folder up to this signed head; begin where a crash left it.

        Raises Unavailable (``export_failed``; ``overtaken`` when another sealer has published more), Corrupt.
        """
        try:
            stands = self._standing()
            if stands is None or stands != self._note:
                self._size = self._resume(database, head, stands)
            if stands != head.checkpoint.encode():
                self._follow(database, head, stands, on_step)
            self._note, self._size = head.checkpoint.encode(), head.size
        except OSError as exc:
            self._note = None  # The next call looks anew: the folder may have been taken away, or mended.
            raise Unavailable("export_failed", f"the register's folder cannot be written ({exc.strerror})") from exc

    def _standing(self) -> bytes | None:
        return _read(self._folder / CHECKPOINT)

    def _follow(self, database: Database, head: Head, stands: bytes | None, on_step: Callable[[str], None]) -> None:
        paths, touched = changed(self._size, head.size), _Touched()
        while some := list(islice(paths, _FILES_AT_ONCE)):
            on_step("export_write")
            aside = list(self._write_aside(self._missing(database, some)))
            on_step("export_rename")
            for written, path in aside:
                touched.move(written, self._folder / path)
        on_step("export_write")
        note = self._aside(CHECKPOINT, head.checkpoint.encode())
        on_step("export_rename")
        touched.flush()
        if self._standing() != stands:
            raise Unavailable("overtaken", "another sealer publishes to the same folder")
        touched.move(note, self._folder / CHECKPOINT)
        touched.flush()
        self._drop_partials(self._size, head.size)

    def _missing(self, database: Database, paths: Iterable[TilePath]) -> Iterator[tuple[str, bytes]]:
        """Those files with their bytes, less what a run that was killed already put there."""
        with database.reading() as session:
            wanted = [(str(path), tile_bytes(session, path)) for path in paths]
        for path, data in wanted:
            stands = _read(self._folder / path)
            if stands is None:
                yield path, data
            elif stands != data:
                raise Corrupt("export_differs", f"{path} was published with other bytes")

    def _write_aside(self, files: Iterable[tuple[str, bytes]]) -> Iterator[tuple[Path, str]]:
        for path, data in files:
            yield self._aside(path.replace("/", "_"), data), path

    def _aside(self, name: str, data: bytes) -> Path:
        written = (self._mine or self._make_room_aside()) / name
        with written.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        return written

    def _make_room_aside(self) -> Path:
        """A folder for half-written files of this object only; at first, what killed runs left is removed.

        That may take them from another sealer that is at work: it fails, and tries again.
        """
        aside = self._folder / ASIDE
        shutil.rmtree(self._mine or aside, ignore_errors=True)
        aside.mkdir(parents=True, exist_ok=True)
        self._mine = Path(mkdtemp(dir=aside))
        return self._mine

    def _resume(self, database: Database, head: Head, stands: bytes | None) -> int:
        """How far the folder goes. Raises Corrupt when it is another log's, or holds more than the database, or a fork."""
        self._make_room_aside()
        self._check_vkey()
        if stands is None:
            return 0
        try:
            published = open_checkpoint(stands, self._key)
        except Refused as exc:
            raise Corrupt("export_checkpoint", "the folder's checkpoint is not this log's") from exc
        _check_is_prefix(database, published)
        if published.size > head.size:
            raise Unavailable("overtaken", "another sealer has published more")
        return published.size

    def _check_vkey(self) -> None:
        line = f"{self._vkey}\n".encode()
        stands = _read(self._folder / VKEY)
        if stands is None:
            touched = _Touched()
            touched.move(self._aside(VKEY, line), self._folder / VKEY)
            touched.flush()
        elif stands != line:
            raise Corrupt("export_vkey", "the folder belongs to another key")

    def _drop_partials(self, before: int, after: int) -> None:
        """Remove what a full tile has replaced, once the checkpoint that needs the full one is out."""
        for path in changed(before, after):
            if path.width == WIDTH:
                shutil.rmtree(self._folder / f"{path}.p", ignore_errors=True)


class _Touched:
    """The folders whose entries changed: a rename lasts only when its folder is flushed too."""

    def __init__(self) -> None:
        self._folders: set[Path] = set()

    def move(self, written: Path, final: Path) -> None:
        self._make(final.parent)
        written.replace(final)
        self._folders.add(final.parent)

    def flush(self) -> None:
        # The deepest first: a folder is worth naming only when what is in it lasts.
        for folder in sorted(self._folders, reverse=True):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        self._folders.clear()

    def _make(self, folder: Path) -> None:
        if not folder.is_dir():
            self._make(folder.parent)
            folder.mkdir()
            self._folders.add(folder.parent)


def _check_is_prefix(database: Database, published: Checkpoint) -> None:
    """Raises Corrupt unless the published tree is the beginning of the sealed one.

    A database restored from an old backup fails here: it must start a new origin, not sign a second history.
    """
    with database.reading() as session:
        sealed = read_head(session, published.origin)
        if sealed is None or published.size > sealed.size:
            raise Corrupt("export_ahead", f"{published.size} leaves were published and not as many are sealed")
        root = range_root(0, published.size, nodes(session))
    if root != published.root:
        raise Corrupt("export_fork", f"the published tree of {published.size} leaves is not the sealed one's beginning")


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
