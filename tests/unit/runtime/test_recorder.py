"""A batch from the broker: bounded by what is decided, and no message of it in the way of another."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sightline.kernel.errors import Unavailable
from sightline.kernel.values import Rejected, Verified
from sightline.runtime.intake import Intake
from sightline.runtime.loop import Said
from sightline.runtime.recorder import Recorder
from tests.builders_hub import POLICE, Town, a_child, a_missing, a_town, signs

CURSED = b"a message that we cannot read for a fault of ours"


class Faulty(Intake):
    """An intake that stumbles over one message."""

    def check(self, batch: object) -> list[Verified | Rejected]:
        """Raises what nobody foresaw."""
        assert isinstance(batch, list)
        if CURSED in batch:
            raise ZeroDivisionError
        return super().check(batch)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    town = a_town(tmp_path)
    town.hub.settle()
    yield town
    town.hub.close()


def a_report(town: Town, serial: int) -> bytes:
    """One child missing."""
    return signs(town, POLICE, "missing.reported", a_missing(a_child(serial)))


def test_a_message_that_we_stumble_over_does_not_keep_the_others_away(town: Town) -> None:
    faulty = Faulty(**{name: getattr(town.hub.intake, name) for name in Intake.__dataclass_fields__})
    recorder = Recorder(faulty, town.hub.ledger, Said())
    answers = recorder([a_report(town, 1), CURSED, a_report(town, 2)])
    assert [answer.outcome for answer in answers] == ["accepted", "refused", "accepted"]
    assert answers[1].refusal is not None
    assert answers[1].refusal.code == "internal_error"


@pytest.mark.parametrize(("over", "is_taken"), [(-1, False), (0, True), (1, True)], ids=["over", "at", "under"])
def test_no_more_is_taken_than_can_soon_be_decided(town: Town, over: int, is_taken: bool) -> None:
    said = Said()
    Recorder(town.hub.intake, town.hub.ledger, said)([a_report(town, 1)])
    waiting = Recorder(town.hub.intake, town.hub.ledger, said).undecided()
    assert waiting > 0
    recorder = Recorder(town.hub.intake, town.hub.ledger, said, undecided=waiting + over)
    if is_taken:
        assert recorder([a_report(town, 2)])[0].outcome == "accepted"
    else:
        with pytest.raises(Unavailable, match="decider_behind"):
            recorder([a_report(town, 2)])
        town.hub.settle()
        assert recorder([a_report(town, 2)])[0].outcome == "accepted"
