"""The register's folder: files first, checkpoint last; after any interruption it goes on from what is there."""

import contextlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sightline.audit.verify import PASS, verify_folder
from sightline.formats.checkpoint import Checkpoint
from sightline.kernel.errors import Corrupt, Unavailable
from sightline.kernel.ports import Database
from sightline.register import Export, Register
from sightline.register.tables import Head
from tests.builders_register import (
    ORIGIN,
    a_checkpoint_key,
    a_register,
    decide_leaves,
    some_entries,
    write_checkpoint,
    write_file,
    write_folder,
)

VKEY = a_checkpoint_key().vkey


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "register"


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def verified_size(folder: Path) -> int | None:
    """The size of a folder in which everything stands."""
    report = verify_folder(folder, vkey=VKEY)
    assert report.exit_code == PASS, report.findings
    return report.size


def test_the_first_export_has_the_checkpoint_and_the_key(database: Database, folder: Path) -> None:
    a_register(database, folder).seal()
    assert files(folder) == {"checkpoint", "log.vkey"}
    assert (folder / "log.vkey").read_text() == f"{VKEY}\n"
    assert verified_size(folder) == 0


def test_nothing_is_published_before_the_first_checkpoint_is_signed(database: Database, folder: Path) -> None:
    register = a_register(database, folder)
    register.publish()
    assert not folder.exists()
    register.seal()
    assert verified_size(folder) == 0


def test_the_folder_holds_what_an_independent_writer_makes(database: Database, folder: Path, tmp_path: Path) -> None:
    register, entries = a_register(database, folder), some_entries(600)
    decide_leaves(database, entries)
    register.seal()
    write_folder(tmp_path / "other", entries)
    assert files(folder) - {"log.vkey"} == files(tmp_path / "other")
    assert all(
        (folder / name).read_bytes() == (tmp_path / "other" / name).read_bytes() for name in files(tmp_path / "other")
    )


def test_partial_tiles_of_published_sizes_stay_until_the_full_one_is_there(database: Database, folder: Path) -> None:
    register, done = a_register(database, folder), 0
    for count in (3, 200):
        decide_leaves(database, some_entries(count, done))
        done = register.seal().size
    assert {"tile/0/000.p/3", "tile/0/000.p/200", "tile/entries/000.p/3"} <= files(folder)
    decide_leaves(database, some_entries(256, done))
    register.seal()
    assert files(folder) == {"checkpoint", "log.vkey", "tile/0/000", "tile/entries/000", "tile/1/000.p/1"}
    assert verified_size(folder) == 256


class PowerCutError(Exception):
    """Ends a run at a chosen step."""


def interrupted(database: Database, folder: Path, at: int) -> bool:
    """Seal until the step of that number; True if there was such a step."""
    left = [at]

    def step(_name: str) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise PowerCutError

    try:
        a_register(database, folder, on_step=step).seal()
    except PowerCutError:
        return True
    return False


@pytest.mark.parametrize("grown", [(0, 300), (300, 700), (250, 256)])
def test_an_export_goes_on_from_an_interruption_at_any_step(
    database: Database, folder: Path, grown: tuple[int, int]
) -> None:
    decide_leaves(database, some_entries(grown[0]))
    a_register(database, folder).seal()
    decide_leaves(database, some_entries(grown[1], grown[0]))
    step = 0
    while interrupted(database, folder, step):
        assert verified_size(folder) == grown[0]
        step += 1
    assert step == 0 or verified_size(folder) == grown[1]
    assert not list((folder / ".tmp").glob("*/*"))


def test_the_steps_are_named_in_the_order_of_the_work(database: Database, folder: Path) -> None:
    steps: list[str] = []
    register = a_register(database, folder, on_step=steps.append)
    decide_leaves(database, some_entries(3))
    register.seal()
    assert steps == ["seal", "export_write", "export_rename", "export_write", "export_rename"]
    register.seal()
    assert len(steps) == 5


def test_an_export_that_lagged_catches_up_without_new_leaves(database: Database, folder: Path) -> None:
    decide_leaves(database, some_entries(700))
    a_register(database).seal()
    assert a_register(database, folder).seal().count == 0
    assert verified_size(folder) == 700


def test_a_large_arrears_is_exported_in_parts(database: Database, folder: Path) -> None:
    register, entries = a_register(database), [b"%d" % n for n in range(256 * 140)]
    decide_leaves(database, entries)
    while register.seal(limit=10_000).count:
        pass
    steps: list[str] = []
    a_register(database, folder, on_step=steps.append).seal()
    assert steps.count("export_write") == 3
    assert verify_folder(folder, vkey=VKEY, levels={0, 2}).exit_code == PASS


def test_a_file_left_by_a_killed_run_is_kept_when_it_is_right(database: Database, folder: Path) -> None:
    decide_leaves(database, some_entries(300))
    write_folder(folder, some_entries(300))
    (folder / "checkpoint").unlink()
    write_file(folder, ".tmp/killed/tile_0_000", b"half a")
    a_register(database, folder).seal()
    assert verified_size(folder) == 300


def test_a_published_file_is_never_overwritten_with_other_bytes(database: Database, folder: Path) -> None:
    decide_leaves(database, some_entries(300))
    write_file(folder, "tile/0/000", bytes(8192))
    with pytest.raises(Corrupt, match="export_differs"):
        a_register(database, folder).seal()
    assert (folder / "tile/0/000").read_bytes() == bytes(8192)
    assert not (folder / "checkpoint").exists()


def test_a_database_older_than_what_was_published_stops_the_line(database: Database, folder: Path) -> None:
    write_folder(folder, some_entries(301))
    decide_leaves(database, some_entries(300))
    with pytest.raises(Corrupt, match="export_ahead"):
        a_register(database, folder).seal()


def test_a_database_with_another_history_than_what_was_published_stops_the_line(
    database: Database, folder: Path
) -> None:
    write_folder(folder, [b"another", *some_entries(300, 1)])
    decide_leaves(database, some_entries(400))
    with pytest.raises(Corrupt, match="export_fork"):
        a_register(database, folder).seal()


def test_a_folder_of_another_log_is_left_alone(database: Database, folder: Path) -> None:
    write_file(folder, "log.vkey", f"{a_checkpoint_key('other').vkey}\n".encode())
    with pytest.raises(Corrupt, match="export_vkey"):
        a_register(database, folder).seal()


def test_a_checkpoint_that_the_log_did_not_sign_is_not_built_upon(database: Database, folder: Path) -> None:
    write_checkpoint(folder, Checkpoint(origin=ORIGIN, size=1, root=bytes(32)), a_checkpoint_key("forger"))
    with pytest.raises(Corrupt, match="export_checkpoint"):
        a_register(database, folder).seal()


def test_a_folder_that_cannot_be_written_is_tried_again(database: Database, folder: Path) -> None:
    decide_leaves(database, some_entries(3))
    folder.write_bytes(b"a file in its place")
    register = a_register(database, folder)
    with pytest.raises(Unavailable, match="export_failed"):
        register.seal()
    folder.unlink()
    assert register.seal().count == 0
    assert verified_size(folder) == 3


def test_two_sealers_with_one_folder_never_take_it_back(database: Database, folder: Path) -> None:
    first, second = a_register(database, folder), a_register(database, folder)
    done = 0
    for count, register in ((3, first), (4, second), (300, first), (301, second), (302, second), (600, first)):
        decide_leaves(database, some_entries(count, done))
        with contextlib.suppress(Unavailable):
            register.seal()
        assert (register.seal().size, verified_size(folder)) == (count, count)
        done = count


def test_a_sealer_that_stalls_before_publishing_does_not_publish_less(database: Database, folder: Path) -> None:
    other, stalls = a_register(database, folder), ["export_rename"]

    def stall(step: str) -> None:
        if step in stalls:
            stalls.clear()
            decide_leaves(database, some_entries(9, 5))
            other.seal()

    decide_leaves(database, some_entries(5))
    late = a_register(database, folder, on_step=stall)
    with pytest.raises(Unavailable):
        late.seal()
    assert verified_size(folder) == 9
    with pytest.raises(Unavailable, match="overtaken"):
        Export(folder, vkey=VKEY).publish(database, replace(_head(late), size=5))


def test_what_one_sealer_is_writing_is_never_published_by_another(database: Database, folder: Path) -> None:
    late_writes, other_writes = _AtSecond("export_rename"), _AtSecond("export_rename")
    late, other = a_register(database, folder, on_step=late_writes), a_register(database, folder, on_step=other_writes)
    for count, register in enumerate((late, other, late, late)):
        decide_leaves(database, some_entries(count + 1, count))
        with contextlib.suppress(Unavailable):
            register.seal()
    decide_leaves(database, some_entries(5, 4))
    assert late.commit().size == 5
    with pytest.raises(Unavailable, match="overtaken"):
        other.commit()
    decide_leaves(database, some_entries(9, 5))
    assert other.commit().size == 9

    def other_dies_as_it_publishes() -> None:
        other_writes.arm(_cut_the_power)
        with pytest.raises(PowerCutError):
            other.publish()

    late_writes.arm(other_dies_as_it_publishes)
    late.publish()
    assert other_writes.done
    assert verified_size(folder) == 5


class _AtSecond:
    """Does something when a step of that name begins for the second time since it was armed: the checkpoint's."""

    def __init__(self, step: str) -> None:
        self._step = step
        self._does: Callable[[], None] | None = None
        self._left = 0
        self.done = False

    def arm(self, does: Callable[[], None]) -> None:
        self._does, self._left = does, 2

    def __call__(self, step: str) -> None:
        self._left -= step == self._step
        if self._does is not None and self._left == 0:
            does, self._does, self.done = self._does, None, True
            does()


def _cut_the_power() -> None:
    raise PowerCutError


def _head(register: Register) -> Head:
    head = register.reader.head()
    assert head is not None
    return head


def test_an_export_needs_a_key_that_can_be_read(folder: Path) -> None:
    with pytest.raises(Exception, match="vkey_malformed"):
        Export(folder, vkey="nothing")


def test_readers_need_no_export(database: Database) -> None:
    register: Register = a_register(database)
    decide_leaves(database, some_entries(1))
    register.seal()
    assert register.reader.tile("tile/entries/000.p/1") is not None
