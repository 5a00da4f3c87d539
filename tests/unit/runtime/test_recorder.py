"""A batch from the broker: bounded by what is decided, and no message of it in the way of another."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from sightline.formats.receipt import read_receipt
from sightline.kernel.errors import Unavailable
from sightline.kernel.values import Rejected, Verified
from sightline.record.sparing import Sparing
from sightline.record.stage import Answer
from sightline.runtime.intake import Intake
from sightline.runtime.loop import Said
from sightline.runtime.recorder import Recorder
from tests.builders_hub import POLICE, Town, a_child, a_missing, copied, signs

CURSED = b"a message that we cannot read for a fault of ours"


class Faulty(Intake):
    """An intake that stumbles over one message."""

    def _check(self, batch: Sequence[bytes]) -> list[Verified | Rejected]:
        if CURSED in batch:
            raise ZeroDivisionError
        return super()._check(batch)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    town = copied(tmp_path / "hub")
    town.hub.settle()
    yield town
    town.hub.close()


def a_report(town: Town, serial: int) -> bytes:
    """One child missing."""
    return signs(town, POLICE, "missing.reported", a_missing(a_child(serial)))


def faulty(town: Town, **other: object) -> Faulty:
    """The town's intake, with that fault and others."""
    parts = {name: getattr(town.hub.intake, name) for name in Intake.__dataclass_fields__}
    return Faulty(**(parts | other))


def test_a_message_that_we_stumble_over_before_we_know_whose_it_is_is_kept_and_keeps_nobody_away(town: Town) -> None:
    answers = Recorder(faulty(town), town.hub.ledger, Said())([a_report(town, 1), CURSED, a_report(town, 2)])
    assert [answer.outcome for answer in answers] == ["accepted", "refused", "accepted"]
    assert answers[1].refusal is not None
    assert answers[1].refusal.code == "internal_error"
    assert not answers[1].receipt
    with town.hub.database.reading() as session:
        ((name, sealed),) = session.execute("SELECT receipt_id, sealed FROM quarantine")
    assert name == answers[1].receipt_id
    assert CURSED not in bytes(sealed)


class Stumbling:
    """A record stage that fails over some reports."""

    def __init__(self, record: Sparing, over: Callable[[Verified], bool]) -> None:
        self._record = record
        self._over = over

    def __call__(self, batch: Sequence[Verified | Rejected]) -> list[Answer]:
        """Fails as a whole, as a transaction does."""
        if any(isinstance(one, Verified) and self._over(one) for one in batch):
            raise KeyError("a fault of ours")
        return self._record(batch)


def stumbling(town: Town, over: Callable[[Verified], bool], **limits: int) -> Recorder:
    record = Sparing(Stumbling(town.hub.record, over), **limits)
    return Recorder(faulty(town, record=record), town.hub.ledger, Said())


def is_about(serial: int) -> Callable[[Verified], bool]:
    value = a_child(serial)["identifiers"][0]["value"]
    return lambda one: value in str(one.submission.data)


def test_a_report_that_we_stumble_over_is_refused_told_and_kept_and_the_others_are_recorded(town: Town) -> None:
    reports = [a_report(town, serial) for serial in range(1, 8)]
    answers = stumbling(town, is_about(5))(reports)
    assert [answer.outcome for answer in answers] == [*["accepted"] * 4, "refused", *["accepted"] * 2]
    refused = answers[4]
    receipt = read_receipt(refused.receipt, town.hub.hub_keys)
    assert [reason.code for reason in receipt.reasons] == ["internal_error"]
    # An urgent type: its sender, and the area's MASH and police, hear of it at once (P12).
    town.hub.settle()
    assert any(notice.code == "internal_error" for notice in town.hub.notices.of(POLICE))
    with town.hub.database.reading() as session:
        assert session.execute("SELECT receipt_id FROM quarantine") == [(refused.receipt_id,)]
    # When we have mended ourselves, the same event is taken.
    assert Recorder(town.hub.intake, town.hub.ledger, Said())([reports[4]])[0].outcome == "accepted"


def test_a_fault_that_meets_all_alike_refuses_a_few_and_then_stops_with_nothing_lost(town: Town) -> None:
    reports = [a_report(town, serial) for serial in range(1, 6)]
    recorder = stumbling(town, lambda _: True, in_a_row=3)
    with pytest.raises(KeyError):
        recorder(reports)
    with town.hub.database.reading() as session:
        assert session.execute("SELECT COUNT(*) FROM receipts WHERE outcome = 'refused'") == [(3,)]
    answers = Recorder(town.hub.intake, town.hub.ledger, Said())(reports)
    assert [answer.outcome for answer in answers] == ["accepted"] * 5


def test_what_does_not_answer_is_nobodys_fault(town: Town) -> None:
    def away(_: Verified) -> bool:
        raise Unavailable("database_unavailable")

    with pytest.raises(Unavailable):
        stumbling(town, away)([a_report(town, 1), a_report(town, 2)])


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
