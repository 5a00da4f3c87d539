"""The published folder is a copy: deleted it is made again, damaged it is refused loudly, leftovers do not hurt."""

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sightline.audit.verify import verify_folder
from sightline.kernel.errors import Corrupt
from sightline.runtime.runner import Runner
from sightline.runtime.settings import Settings
from tests.builders import a_report
from tests.builders_hub import POLICE, SCHOOL, Town, a_town, reopened, sends

pytestmark = pytest.mark.faults


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    town = a_town(tmp_path / "hub")
    report(town)
    yield town
    town.hub.close()


def report(town: Town) -> None:
    """One more item, sealed and published."""
    sends(town, POLICE, "missing.reported", a_report(to=[SCHOOL]))


def verified(town: Town) -> tuple[int, int | None]:
    """Exit code of a verification in full, and the size that it believes."""
    found = verify_folder(town.register, vkey=town.hub.vkey)
    return found.exit_code, found.size


def sealed(town: Town) -> int:
    with town.hub.database.reading() as session:
        return int(session.execute("SELECT size FROM register_head")[0][0])


def newest_tile(town: Town) -> Path:
    return max((town.register / "tile" / "0").rglob("*.p/*"), key=lambda path: int(path.name))


def test_a_folder_deleted_while_the_hub_stood_still_is_made_again(town: Town) -> None:
    shutil.rmtree(town.register)
    again = reopened(town)
    again.hub.settle()
    assert verified(again) == (0, sealed(again))
    again.hub.close()


def test_a_folder_deleted_under_a_running_hub_is_made_again_with_the_next_seal(town: Town) -> None:
    shutil.rmtree(town.register)
    report(town)
    assert verified(town) == (0, sealed(town))


def test_what_a_kill_leaves_beside_the_files_does_not_hurt(town: Town) -> None:
    (town.register / ".tmp" / "killed").mkdir(parents=True)
    (town.register / ".tmp" / "killed" / "tile_0_000.p_9").write_bytes(b"half of a ti")
    (town.register / ".tmp" / "killed" / "checkpoint").write_bytes(b"sightline.example/te")
    assert verify_folder(town.register, vkey=town.hub.vkey).exit_code == 0
    again = reopened(town)
    report(again)
    assert verified(again) == (0, sealed(again))
    assert not list((again.register / ".tmp").glob("*/*"))
    again.hub.close()


def test_a_torn_tile_fails_verification_and_deleting_the_folder_mends_it(town: Town) -> None:
    tile = newest_tile(town)
    tile.write_bytes(tile.read_bytes()[:-20])
    assert verified(town)[0] == 1
    shutil.rmtree(town.register)
    report(town)
    assert verified(town) == (0, sealed(town))


def test_a_tile_published_with_other_bytes_stops_the_line(town: Town) -> None:
    width = sealed(town)
    for more in range(1, 40):
        path = town.register / "tile" / "0" / "000.p" / str(width + more)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(32 * (width + more)))
    with pytest.raises(Corrupt, match="export_differs"):
        report(town)


@pytest.mark.parametrize("damage", [lambda note: note[: len(note) // 2], lambda _: b"", lambda note: note + b"\n"])
def test_a_damaged_checkpoint_stops_the_line_loudly(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    town = a_town(tmp_path / "hub")
    report(town)
    runner = Runner(town.hub, Settings(data=town.folder))
    runner.start()
    checkpoint = town.register / "checkpoint"
    checkpoint.write_bytes(damage(checkpoint.read_bytes()))
    assert verified(town)[0] == 1
    assert stops(runner) == "export_checkpoint"
    assert runner.stop()
    shutil.rmtree(town.register)
    again = reopened(town)
    again.hub.settle()
    assert verified(again) == (0, sealed(again))
    again.hub.close()


def stops(runner: Runner) -> str:
    """Why the line stopped for good."""
    deadline = time.monotonic() + 10
    while not runner.health()["corrupt"]:
        assert time.monotonic() < deadline, "nobody noticed"
        time.sleep(0.02)
    return str(runner.health()["trouble"])
