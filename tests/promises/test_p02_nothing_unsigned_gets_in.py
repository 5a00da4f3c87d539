"""P2. Nothing unsigned gets in: signed bytes are kept once, and can be checked later with the agency's public key alone."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from sightline.formats import base64url, jws
from sightline.formats.receipt import read_receipt
from sightline.kernel.errors import Corrupt
from sightline.ledger.child import Child
from sightline.ledger.items import ItemEntry
from sightline.ledger.sealing import ItemKey, key_names
from tests.builders_hub import (
    CHARITY,
    POLICE,
    Town,
    a_child,
    a_cpi,
    a_missing,
    a_return,
    can_read,
    passes,
    rows,
    sends,
    signs,
    submits,
)


def items(town: Town) -> list[ItemEntry]:
    """Every item's entry in the ledger."""
    return [p.entry for p in town.hub.ledger.read(0, 10_000) if isinstance(p.entry, ItemEntry)]


def opened(town: Town, entry: Any) -> bytes:
    """The plain bytes of an item, opened as an auditor with the children's keys would."""
    vault = town.hub.decide._vault  # noqa: SLF001  # the one holder of children's keys in process
    names = key_names(entry.children, entry.area)
    keys = vault.open(names)
    return ItemKey([keys[n] for n in names], entry.originator_id, entry.originator_version).open("body", entry.sealed)


def is_genuine(compact: bytes, public: bytes) -> bool:
    """What anyone can find out who has nothing but the bytes and the agency's public key."""
    signed = jws.parse(compact, jws.EVENT)
    return jws.is_signed(alg="Ed25519", public=public, signing_input=signed.signing_input, signature=signed.signature)


def steps(town: Town) -> list[Sequence[Any]]:
    """The ledger's entries, parted by the step that caused them."""
    found: dict[str, list[Any]] = {}
    for placed in town.hub.ledger.read(0, 10_000):
        found.setdefault(placed.entry.step, []).append(placed.entry)
    return list(found.values())


def test_signed_bytes_can_be_checked_later_with_the_agencys_public_key_alone(town: Town) -> None:
    """S-97: what was said is kept so that a court could be shown who said it."""
    sent = sends(town, POLICE, "missing.reported", a_missing())
    (entry,) = items(town)
    compact = opened(town, entry)
    assert compact == sent.event
    assert is_genuine(compact, town.keys[POLICE].public)
    assert not is_genuine(compact, town.keys[CHARITY].public)


def test_the_signed_bytes_of_a_form_about_several_children_are_kept_once_with_what_is_shared(town: Town) -> None:
    sent = sends(town, CHARITY, "cpi.submitted", a_cpi(a_child(1), a_child(2)))
    kept = {entry.part: opened(town, entry) for entry in items(town)}
    assert kept["shared"] == sent.event
    assert is_genuine(kept["shared"], town.keys[CHARITY].public)
    assert kept["child"] not in {b"", sent.event}
    assert sum(opened(town, entry) == sent.event for entry in items(town)) == 1


def test_every_derived_entry_stands_in_the_step_of_what_caused_it(town: Town) -> None:
    child = sends(town, POLICE, "missing.reported", a_missing()).child
    sends(town, POLICE, "missing.returned", a_return(child, town.clock.now(), harm_suffered="yes"))
    for step in steps(town):
        topics = [type(entry).TOPIC for entry in step]
        if "child.episode_began.v1" in topics or "child.episode_ended.v1" in topics:
            signed = [entry for entry in step if isinstance(entry, ItemEntry) and entry.digest]
            assert len(signed) == 1
            derived = [entry for entry in step if isinstance(entry, ItemEntry) and not entry.digest]
            assert {entry.cause for entry in derived} <= {signed[0].ref}


def test_what_a_clock_causes_names_the_clock(town: Town) -> None:
    sends(town, POLICE, "missing.reported", a_missing())
    passes(town, hours=6)
    (alert,) = [entry for entry in items(town) if entry.type == "alert.ppn1_due"]
    (step,) = [step for step in steps(town) if alert in step]
    assert {type(entry).TOPIC for entry in step} == {"child.clock_struck.v1", "child.item.v1"}
    assert alert.step.startswith("clock:ppn1_evaluation:")


def test_each_items_entry_names_the_digest_of_the_signed_payload(town: Town) -> None:
    sent = sends(town, POLICE, "missing.reported", a_missing())
    (entry,) = items(town)
    assert read_receipt(sent.answer.receipt, town.hub.hub_keys).payload == entry.digest


# ------------------------------------------------------------------------------------------------- broken on purpose


def test_one_changed_letter_of_the_payload_is_turned_away(town: Town) -> None:
    header, payload, signature = signs(town, POLICE, "missing.reported", a_missing()).split(b".")
    altered = base64url.decode(payload).replace(b"medium", b"no_app")
    (sent,) = submits(town, header + b"." + base64url.encode(altered) + b"." + signature)
    assert sent.refused == "bad_signature"
    assert sent.receipt is None  # nobody proved to have sent it
    assert items(town) == []


def test_an_event_signed_by_another_desk_is_turned_away(town: Town) -> None:
    town.keys[POLICE], mine = town.keys[CHARITY], town.keys[POLICE]
    (sent,) = submits(town, signs(town, POLICE, "missing.reported", a_missing()))
    assert sent.refused == "key_not_for_source"
    town.keys[POLICE] = mine


def test_a_revoked_key_signs_nothing_more_and_what_it_signed_stays_checkable(town: Town) -> None:
    before = sends(town, POLICE, "missing.reported", a_missing())
    town.hub.admin.revoke_key(town.keys[POLICE].kid)
    (after,) = submits(town, signs(town, POLICE, "missing.reported", a_missing(a_child(2))))
    assert after.refused == "key_not_in_force"
    assert can_read(town, POLICE, before.item)
    (entry,) = items(town)
    assert is_genuine(opened(town, entry), town.keys[POLICE].public)


def test_a_body_swapped_in_the_ledgers_table_does_not_open_under_its_own_key(town: Town) -> None:
    one = sends(town, POLICE, "missing.reported", a_missing())
    two = sends(town, POLICE, "missing.reported", a_missing(a_child(2)))
    places = rows(
        town,
        "SELECT i.ref, e.originator_id, e.originator_version, e.state FROM items i JOIN stored_events e"
        " ON e.originator_id = i.stream AND e.originator_version = i.version",
    )
    state = {ref: (stream, version, bytes(body)) for ref, stream, version, body in places}
    (stream, version, _), (_, _, other) = state[one.item], state[two.item]
    rows(
        town,
        "UPDATE stored_events SET state = ? WHERE originator_id = ? AND originator_version = ?",
        other,
        stream,
        version,
    )
    with pytest.raises(Corrupt) as why:
        town.hub.view.item(POLICE, one.item)
    assert why.value.code == "sealed_bytes"
    with pytest.raises(Corrupt):
        town.hub.replay()


def causeless(town: Town) -> list[Any]:
    """Entries about children and matters in a step that neither signed bytes nor a clock began: there must be none."""
    about = [[entry for entry in step if type(entry).TOPIC.startswith(("child.", "matter."))] for step in steps(town)]
    return [
        entry
        for step in about
        for entry in step
        if not any(isinstance(one, ItemEntry) and one.digest for one in step) and not entry.step.startswith("clock:")
    ]


def test_an_entry_written_into_the_ledger_by_hand_has_no_cause(town: Town) -> None:
    child = sends(town, POLICE, "missing.reported", a_missing()).child
    passes(town, hours=6)
    assert causeless(town) == []
    (stream,) = (UUID(s[0]) for s in rows(town, "SELECT child FROM child_refs WHERE ref = ?", child["ref"]))
    record: Any = town.hub.ledger.load([stream])[stream]
    record.note(Child.FlagLifted, step="by-hand", timestamp=town.clock.now(), flag="location_protected", about="")
    town.hub.ledger.append(record.collect())
    assert [type(entry).TOPIC for entry in causeless(town)] == ["child.flag_lifted.v1"]
