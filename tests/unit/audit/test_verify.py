"""The verifier's own manners: what it may pass, how far it went, and how it goes on from where it ended."""

import shutil
from pathlib import Path

import pytest

from sightline.audit.verify import FAIL, INCOMPLETE, PASS, verify_folder
from sightline.formats.checkpoint import Checkpoint, sign_checkpoint
from sightline.formats.merkle import EMPTY_ROOT
from sightline.formats.tile import width_of
from tests.builders_register import (
    ORIGIN,
    a_checkpoint_key,
    a_register,
    an_sqlite_database,
    decide_leaves,
    some_entries,
    write_file,
    write_folder,
)

VKEY = a_checkpoint_key().vkey


def a_folder(tmp_path: Path, count: int, name: str = "register") -> Path:
    write_folder(tmp_path / name, some_entries(count))
    return tmp_path / name


@pytest.mark.parametrize("count", [0, 1, 2, 255, 256, 257, 511, 512, 513, 1000])
def test_a_whole_register_passes_at_any_size(tmp_path: Path, count: int) -> None:
    report = verify_folder(a_folder(tmp_path, count), vkey=VKEY)
    assert (report.exit_code, report.size, report.ran) == (PASS, count, (0, 2, 3))


def test_level_3_includes_level_2_and_level_0_is_always_done(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, 3)
    assert verify_folder(folder, vkey=VKEY, levels={3}).ran == (0, 2, 3)
    assert verify_folder(folder, vkey=VKEY, levels=()).ran == (0,)


def test_an_unknown_level_is_the_callers_mistake(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="levels"):
        verify_folder(a_folder(tmp_path, 3), vkey=VKEY, levels={4})


def test_level_1_without_anything_remembered_could_not_be_checked(tmp_path: Path) -> None:
    report = verify_folder(a_folder(tmp_path, 3), vkey=VKEY, levels={0, 1, 2, 3})
    assert [(finding.code, finding.incomplete) for finding in report.findings] == [("nothing_remembered", True)]
    assert (report.exit_code, report.ran) == (INCOMPLETE, (0, 2, 3))


def test_a_remembered_checkpoint_of_another_log_could_not_be_checked(tmp_path: Path) -> None:
    other = a_checkpoint_key(origin="hub.example/other")
    remembered = sign_checkpoint(Checkpoint(origin=other.name, size=1, root=bytes(32)), other)
    assert verify_folder(a_folder(tmp_path, 3), vkey=VKEY, remembered=remembered).exit_code == INCOMPLETE


def test_a_key_that_cannot_be_read_checks_nothing_and_does_not_pass(tmp_path: Path) -> None:
    report = verify_folder(a_folder(tmp_path, 3), vkey="no key")
    assert (report.exit_code, report.ran, report.size) == (INCOMPLETE, (), None)


@pytest.mark.parametrize("old", [0, 1, 2, 255, 256, 300, 700])
def test_level_1_passes_for_every_earlier_checkpoint(tmp_path: Path, old: int) -> None:
    remembered = (a_folder(tmp_path, old, "old") / "checkpoint").read_bytes()
    report = verify_folder(a_folder(tmp_path, 700), vkey=VKEY, remembered=remembered, levels={0, 1})
    assert (report.exit_code, report.ran) == (PASS, (0, 1))


def test_level_1_fails_when_the_tiles_for_its_proof_are_gone(tmp_path: Path) -> None:
    remembered = (a_folder(tmp_path, 300, "old") / "checkpoint").read_bytes()
    folder = a_folder(tmp_path, 700)
    shutil.rmtree(folder / "tile/0")
    report = verify_folder(folder, vkey=VKEY, remembered=remembered, levels={0, 1})
    assert [(finding.code, finding.level) for finding in report.findings] == [("missing_file", 1)]
    assert report.exit_code == FAIL


def test_the_empty_register_is_its_checkpoint_alone(tmp_path: Path) -> None:
    note = sign_checkpoint(Checkpoint(origin=ORIGIN, size=0, root=EMPTY_ROOT), a_checkpoint_key())
    write_file(tmp_path, "checkpoint", note)
    assert verify_folder(tmp_path, vkey=VKEY, remembered=note).exit_code == PASS


# ------------------------------------------------------------------------------------------- going on from before


@pytest.mark.parametrize("old", [0, 1, 255, 256, 257, 511, 512, 700])
@pytest.mark.parametrize("more", [0, 1, 256, 700])
def test_a_check_goes_on_from_the_last_one(tmp_path: Path, old: int, more: int) -> None:
    before = verify_folder(a_folder(tmp_path, old, "old"), vkey=VKEY)
    report = verify_folder(a_folder(tmp_path, old + more), vkey=VKEY, since=before.progress)
    assert (report.exit_code, report.ran, report.size) == (PASS, (0, 2, 3), old + more)
    assert report.progress is not None
    assert report.progress.records.size == old + more


def test_going_on_reads_nothing_that_was_read_before(tmp_path: Path) -> None:
    before = verify_folder(a_folder(tmp_path, 600, "old"), vkey=VKEY)
    folder = a_folder(tmp_path, 700)
    (folder / "tile/entries/000").unlink()
    assert verify_folder(folder, vkey=VKEY, since=before.progress).exit_code == PASS


def test_going_on_remembers_what_earlier_leaves_said(tmp_path: Path) -> None:
    before = verify_folder(a_folder(tmp_path, 300, "old"), vkey=VKEY)
    entries = some_entries(300)
    write_folder(tmp_path / "register", [*entries, entries[-1]])
    report = verify_folder(tmp_path / "register", vkey=VKEY, since=before.progress)
    assert {finding.code for finding in report.findings} == {"leaf_order", "leaf_id_repeated", "sup_not_latest"}
    assert {finding.index for finding in report.findings} == {300}


def test_one_progress_can_be_gone_on_from_twice(tmp_path: Path) -> None:
    before = verify_folder(a_folder(tmp_path, 300, "old"), vkey=VKEY).progress
    folder = a_folder(tmp_path, 400)
    assert [verify_folder(folder, vkey=VKEY, since=before).exit_code for _ in range(2)] == [PASS, PASS]


def test_an_altered_upper_tile_before_the_start_is_still_found(tmp_path: Path) -> None:
    before = verify_folder(a_folder(tmp_path, 700, "old"), vkey=VKEY)
    folder = a_folder(tmp_path, 800)
    write_file(folder, "tile/1/000.p/3", bytes(96))
    report = verify_folder(folder, vkey=VKEY, since=before.progress)
    assert {"since_differs", "root_differs"} <= {finding.code for finding in report.findings}
    assert report.exit_code == FAIL


# -------------------------------------------------------------------------------------- copies of a living folder


def test_files_ahead_of_the_checkpoint_are_no_fault(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, 900)
    note = (a_folder(tmp_path, 300, "old") / "checkpoint").read_bytes()
    shutil.copytree(tmp_path / "old" / "tile", folder / "tile", dirs_exist_ok=True)
    write_file(folder, "checkpoint", note)
    report = verify_folder(folder, vkey=VKEY)
    assert (report.exit_code, report.size) == (PASS, 300)


def test_a_full_tile_that_replaced_the_partial_one_serves_as_well(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, 900)
    note = (a_folder(tmp_path, 300, "old") / "checkpoint").read_bytes()
    write_file(folder, "tile/1/000.p/1", (folder / "tile/1/000.p/3").read_bytes()[:32])
    write_file(folder, "checkpoint", note)
    report = verify_folder(folder, vkey=VKEY, remembered=note)
    assert (report.exit_code, report.size) == (PASS, 300)


def test_every_state_that_a_living_export_passes_through_verifies(tmp_path: Path) -> None:
    states: list[int] = []

    def look(_step: str) -> None:
        if (tmp_path / "register/checkpoint").exists():
            report = verify_folder(tmp_path / "register", vkey=VKEY)
            assert report.exit_code == PASS, report.findings
            states.append(report.size or 0)

    with an_sqlite_database(tmp_path) as database:
        register = a_register(database, tmp_path / "register", on_step=look)
        done = 0
        for count in (1, 200, 256, 257, 800):
            decide_leaves(database, some_entries(count, done))
            done = register.seal().size
        look("end")
    assert states == sorted(states)
    assert states[-1] == 800
    assert width_of(0, 3, 800) == 32
