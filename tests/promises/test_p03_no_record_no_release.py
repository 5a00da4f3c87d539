"""P3. No record, no release: an item can be read only after its decision's leaf is under a signed checkpoint."""

from pathlib import Path

import pytest

from sightline.formats.checkpoint import open_checkpoint
from sightline.formats.merkle import leaf_hash
from sightline.formats.note import parse_vkey
from sightline.kernel.errors import Corrupt, Refused
from sightline.kernel.ids import DeskId
from tests.builders_hub import (
    BUREAU,
    CSC,
    MASH,
    ORIGIN,
    POLICE,
    SCHOOL,
    Town,
    a_child,
    a_missing,
    a_town,
    an_involvement,
    can_read,
    feed,
    holds,
    leaves,
    reopened,
    rows,
    sees,
    sends,
    signs,
    submits,
)

READERS = (BUREAU, POLICE, CSC, MASH)


def nothing_of(town: Town, ref: str, child: str) -> bool:
    """Whether no way of reading gives any desk, the sender's own included, the least of the item."""
    for desk in READERS:
        for look in (lambda d=desk: town.hub.view.item(d, ref), lambda d=desk: town.hub.view.child(d, child)):
            with pytest.raises(Refused) as why:
                look()
            assert why.value.code == "not_found"
        if sees(town, desk) or town.hub.view.alerts(desk) or feed(town, desk):
            return False
    return True


def test_between_recording_and_deciding_nothing_can_be_read(town: Town) -> None:
    (sent,) = submits(town, signs(town, POLICE, "missing.reported", a_missing()))
    assert nothing_of(town, sent.item, sent.child["ref"])


def test_between_deciding_and_sealing_nothing_can_be_read(town: Town) -> None:
    town.hub.settle()
    (sent,) = submits(town, signs(town, POLICE, "missing.reported", a_missing()))
    while town.hub.decide():
        pass
    assert leaves(town, desk=POLICE, item=sent.item)  # decided ...
    assert nothing_of(town, sent.item, sent.child["ref"])  # ... but not on record
    town.hub.feed()
    assert feed(town, POLICE) == ()
    town.hub.register.seal()
    assert all(can_read(town, desk, sent.item) for desk in READERS)


def test_what_is_not_released_cannot_be_acted_upon_either(town: Town) -> None:
    town.hub.settle()
    (sent,) = submits(town, signs(town, POLICE, "missing.reported", a_missing()))
    while town.hub.decide():
        pass
    early = signs(town, MASH, "alert.acknowledged", {"alert": sent.item})
    assert submits(town, early)[0].refused == "unknown_item"


def test_every_read_names_a_leaf_that_stands_under_the_signed_checkpoint(town: Town) -> None:
    sends(town, POLICE, "missing.reported", a_missing())
    note = (town.register / "checkpoint").read_bytes()
    checkpoint = open_checkpoint(note, parse_vkey(town.hub.vkey))
    reader = town.hub.register.reader
    for desk in READERS:
        for view in sees(town, desk).values():
            number = reader.number(view.leaf)
            assert number < checkpoint.size
            assert reader.prove(number)


def test_a_wider_decision_shows_nothing_more_until_it_is_sealed(town: Town) -> None:
    sent = sends(town, POLICE, "missing.reported", a_missing(to=[SCHOOL]))
    event = signs(town, MASH, "involvement.opened", an_involvement(sent.child, "strategy", involved_desk=SCHOOL))
    submits(town, event)
    while town.hub.decide():
        pass
    assert not can_read(town, SCHOOL, sent.item)
    town.hub.register.seal()
    assert can_read(town, SCHOOL, sent.item)


# ------------------------------------------------------------------------------------------------- broken on purpose


class Dropped(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("at", ["verify", "record", "decide", "seal", "export_write", "export_rename"])
def test_a_process_that_ends_at_any_step_has_released_nothing_unrecorded(tmp_path: Path, at: str) -> None:
    armed = [True]

    def stop(step: str) -> None:
        if step == at and not armed:
            armed.append(True)
            raise Dropped

    town = a_town(tmp_path, on_step=stop)
    town.hub.settle()
    event = signs(town, POLICE, "missing.reported", a_missing())
    armed.clear()
    with pytest.raises(Dropped):
        _takes(town, event)
    released = {desk: sees(town, desk) for desk in READERS}
    in_tree = {leaf["id"] for leaf in leaves(town)[: sealed(town)]}
    assert all(view.leaf in in_tree for views in released.values() for view in views.values())
    assert any(released.values()) is at.startswith("export")  # the tree is the database's: the folder only follows it
    town = reopened(town)
    submits(town, event)
    town.hub.settle()
    assert all(len(sees(town, desk)) == 1 for desk in READERS)
    holds(town)
    town.hub.close()


def _takes(town: Town, event: bytes) -> None:
    """One event's whole way."""
    submits(town, event)
    town.hub.settle()


def sealed(town: Town) -> int:
    """How many leaves the signed head covers."""
    head = town.hub.register.reader.head()
    return head.size if head else 0


def test_a_leaf_that_is_taken_out_again_takes_its_item_out_of_sight(town: Town) -> None:
    sent = sends(town, POLICE, "missing.reported", a_missing())
    (number,) = rows(town, "DELETE FROM leaves WHERE desk = ? AND typ = 'decision' RETURNING n", MASH)[0]
    assert not can_read(town, MASH, sent.item)
    assert sees(town, MASH) == {}
    with pytest.raises(Corrupt) as why:
        town.hub.register.reader.prove(number)
    assert why.value.code == "leaf_gap"


def test_a_leaf_slipped_in_beyond_the_head_shows_nothing(town: Town) -> None:
    """Whoever can write the decisions' table cannot release by it: the sealer numbers on, and the head is signed."""
    sent = sends(town, POLICE, "missing.reported", a_missing(to=[SCHOOL]))
    (n, body) = rows(town, "SELECT n, body FROM leaves WHERE desk = ? AND typ = 'decision'", MASH)[0]
    forged = bytes(body).replace(MASH.encode(), SCHOOL.encode()).replace(b'"id":"l-', b'"id":"l-x')
    rows(
        town,
        "INSERT INTO leaves SELECT (SELECT MAX(n) + 1 FROM leaves), 'l-forged', cause, item, ?, typ, eff, told, sup, kind, ?"
        " FROM leaves WHERE n = ?",
        SCHOOL,
        forged,
        n,
    )
    assert not can_read(town, SCHOOL, sent.item)


def test_a_head_moved_without_a_signature_is_found_before_anything_is_sealed_upon_it(town: Town) -> None:
    sends(town, POLICE, "missing.reported", a_missing())
    rows(town, "UPDATE register_head SET size = size - 1 WHERE origin = ?", ORIGIN)
    town = reopened(town)
    with pytest.raises(Corrupt) as why:
        town.hub.register.seal()
    assert why.value.code == "head_differs"
    town.hub.close()


def test_a_proof_is_of_the_leaf_that_the_reader_was_shown(town: Town) -> None:
    sends(town, POLICE, "missing.reported", a_missing(a_child(7)))
    (view,) = sees(town, MASH).values()
    entry = next(row for row in feed(town, DeskId(MASH)) if row.leaf == view.leaf)
    (body,) = rows(town, "SELECT body FROM leaves WHERE id = ?", view.leaf)
    assert leaf_hash(bytes(body[0])).hex() == entry.leaf_hash
