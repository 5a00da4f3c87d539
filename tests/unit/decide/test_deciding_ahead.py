"""What comes next may be decided while the last batch is written: nothing else is any different by that."""

from pathlib import Path

import pytest

from sightline.kernel.errors import Unavailable
from tests.builders import a_report
from tests.builders_hub import POLICE, Town, a_hub, copied, rows, signs, submits
from tests.builders_lives import bodies, undecided_copy


@pytest.fixture
def town(tmp_path: Path) -> Town:
    """A town with a dozen reports, all decided."""
    town = copied(tmp_path / "hub")
    for _ in range(12):
        submits(town, signs(town, POLICE, "missing.reported", a_report()))
    town.hub.settle()
    return town


def decided(town: Town) -> int:
    return int(rows(town, "SELECT position FROM positions WHERE name = 'decide'")[0][0])


def test_what_is_said_to_be_decided_is_stored(town: Town, tmp_path: Path) -> None:
    expected = bodies(town)
    copy = undecided_copy(town, tmp_path / "copy")
    decide = copy.hub.decide
    while decide.ahead(4):
        assert decided(copy) >= decide.at > 0
    assert bodies(copy) == expected
    assert decide.at == copy.hub.ledger.head()
    copy.hub.close()


def test_whoever_is_overtaken_while_writing_goes_on_from_what_is_stored(town: Town, tmp_path: Path) -> None:
    expected = bodies(town)
    copy = undecided_copy(town, tmp_path / "copy")
    rival = a_hub(tmp_path / "copy", copy.clock)
    while copy.hub.decide.at < 12:
        copy.hub.decide(4)
    while rival.decide():
        pass
    with pytest.raises(Unavailable, match="overtaken"):
        copy.hub.decide.ahead(4)
    assert copy.hub.decide.ahead(4) == 0
    assert bodies(copy) == expected
    rival.close()
    copy.hub.close()


def test_closing_waits_for_what_is_being_written(town: Town, tmp_path: Path) -> None:
    copy = undecided_copy(town, tmp_path / "copy")
    copy.hub.decide.ahead(4)
    before = copy.hub.decide.at
    copy.hub.decide.close()
    assert decided(copy) == copy.hub.decide.at >= before
    copy.hub.close()
