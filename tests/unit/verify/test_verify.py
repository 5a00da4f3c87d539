"""verify: who may be believed. Everything unproven looks alike from outside; a proven sender is told what was wrong."""

from datetime import timedelta
from typing import Any

import pytest

from sightline.formats.jwk import PrivateKey
from sightline.kernel.ids import DeskId
from sightline.kernel.values import Desk, Rejected, SigningKey, Submission, Verified
from sightline.submit import submit
from sightline.verify import Verify
from tests.builders import (
    NOW,
    POLICE,
    POLICE_SOURCE,
    AnyForm,
    EverybodyMay,
    Keys,
    a_desk,
    a_key,
    an_event,
    registered,
    signed,
)

KEY = a_key()
SECOND = timedelta(seconds=1)


class NobodyMay:
    """Rules under which no desk may send anything."""

    def may_send(self, _desk: Desk, _event_type: str, /) -> bool:
        return False


def taken(*raw: bytes) -> list[Submission | Rejected]:
    return submit(raw, schemas=AnyForm(), unsealer=None, now=NOW)


def verified(raw: bytes, *keys: SigningKey, senders: Any = None, desks: tuple[Desk, ...] = ()) -> Verified | Rejected:
    directory = Keys(keys or [registered(KEY)], desks)
    with Verify(keys=directory, senders=senders or EverybodyMay()) as verify:
        [result] = verify(taken(raw), NOW)
    return result


def unproven(result: Verified | Rejected) -> str:
    """The code of a rejection that names no sender and keeps no bytes."""
    assert isinstance(result, Rejected)
    assert (result.sender, result.reference, result.compact) == (None, "", b"")
    assert result.size > 0
    return result.refusal.code


def proven(result: Verified | Rejected) -> str:
    """The code of a rejection of which the sender can be told."""
    assert isinstance(result, Rejected)
    assert result.sender == POLICE
    assert result.compact
    return result.refusal.code


@pytest.mark.parametrize("alg", ["Ed25519", "EdDSA", "ES256"])
def test_a_desks_own_event_is_verified(alg: str) -> None:
    key = a_key(alg=alg)
    result = verified(signed(key), registered(key))
    assert isinstance(result, Verified)
    assert result.envelope is result.submission.envelope


def test_an_unknown_key_is_refused() -> None:
    assert unproven(verified(signed(a_key()))) == "unknown_key"


def test_a_key_of_another_desk_is_refused() -> None:
    other = a_key("northshire-police/intelligence")
    assert unproven(verified(signed(other), registered(other))) == "key_not_for_source"


def test_another_desks_key_id_does_not_help() -> None:
    other = a_key("northshire-police/intelligence")
    assert unproven(verified(signed(other, kid=KEY.kid), registered(KEY), registered(other))) == "bad_signature"


def test_a_key_is_used_under_its_own_algorithm_only() -> None:
    assert unproven(verified(signed(KEY, alg="EdDSA"))) == "algorithm_not_allowed"


@pytest.mark.parametrize(
    ("changes", "is_taken"),
    [
        pytest.param({"valid_from": NOW - SECOND}, True, id="a second after it became valid"),
        pytest.param({"valid_from": NOW}, True, id="as it becomes valid"),
        pytest.param({"valid_from": NOW + SECOND}, False, id="a second before it is valid"),
        pytest.param({"valid_until": NOW + SECOND}, True, id="a second before it expires"),
        pytest.param({"valid_until": NOW}, False, id="as it expires"),
        pytest.param({"valid_until": NOW - SECOND}, False, id="a second after it expired"),
        pytest.param({"revoked_at": NOW + SECOND}, True, id="a second before it is revoked"),
        pytest.param({"revoked_at": NOW}, False, id="as it is revoked"),
        pytest.param({"revoked_at": NOW - SECOND}, False, id="a second after it was revoked"),
    ],
)
def test_a_key_counts_while_it_is_in_force_by_the_hubs_clock(changes: dict[str, Any], is_taken: bool) -> None:
    result = verified(signed(KEY, an_event(time="2026-01-01T00:00:00Z")), registered(KEY, **changes))
    assert isinstance(result, Verified) if is_taken else unproven(result) == "key_not_in_force"


def test_a_body_swapped_under_a_signature_is_refused() -> None:
    header, _, signature = signed(KEY).split(b".")
    body = signed(KEY, an_event(area="isle_of_wight")).split(b".")[1]
    assert unproven(verified(b".".join([header, body, signature]))) == "bad_signature"


def test_a_refused_form_under_a_forged_signature_is_nobodys() -> None:
    header, _, signature = signed(KEY).split(b".")
    body = signed(KEY, b"{").split(b".")[1]
    assert unproven(verified(b".".join([header, body, signature]))) == "bad_signature"


def test_a_proven_sender_is_told_what_was_wrong() -> None:
    result = verified(signed(KEY, an_event(area="atlantis")))
    assert proven(result) == "envelope_invalid"
    assert isinstance(result, Rejected)
    assert result.reference == an_event()["id"]


def test_a_proven_sender_of_rubbish_is_told_too() -> None:
    result = verified(signed(KEY, b"{"))
    assert proven(result) == "not_json"
    assert isinstance(result, Rejected)
    assert (result.reference, result.type) == ("", "")


def test_a_proven_refusal_keeps_the_bytes_and_their_type() -> None:
    raw = signed(KEY, an_event(time="2026-03-02T12:00:00Z"))
    result = verified(raw)
    assert proven(result) == "time_in_future"
    assert isinstance(result, Rejected)
    assert (result.compact, result.type) == (raw, "missing.reported")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"sources": (f"/agencies/{POLICE}/other",)}, "key_not_for_source", id="another system"),
        pytest.param({"sources": ()}, "key_not_for_source", id="no system"),
        pytest.param({"types": ("consent.recorded",)}, "key_not_for_type", id="another type"),
        pytest.param({"types": ()}, "key_not_for_type", id="no type"),
        pytest.param({"types": ("missing.reported",)}, "", id="its type"),
        pytest.param({"sources": (POLICE_SOURCE, f"/agencies/{POLICE}/other")}, "", id="one of its systems"),
    ],
)
def test_a_key_says_only_what_it_is_registered_for(changes: dict[str, Any], code: str) -> None:
    result = verified(signed(KEY), registered(KEY, **changes))
    assert proven(result) == code if code else isinstance(result, Verified)


@pytest.mark.parametrize("standing", ["suspended", "withdrawn"])
def test_a_desk_out_of_standing_is_refused(standing: str) -> None:
    result = verified(signed(KEY), desks=(a_desk(standing=standing),))
    assert proven(result) == "desk_not_in_standing"


def test_a_desk_that_is_gone_is_refused() -> None:
    directory = Keys([registered(KEY)])
    directory.forget(POLICE)
    with Verify(keys=directory, senders=EverybodyMay()) as verify:
        [result] = verify(taken(signed(KEY)), NOW)
    assert proven(result) == "desk_not_in_standing"


def test_a_desk_that_may_not_send_a_type_is_refused() -> None:
    assert proven(verified(signed(KEY), senders=NobodyMay())) == "source_may_not_send"


def test_what_submit_rejected_passes_through() -> None:
    assert unproven(verified(b"rubbish")) == "jws_malformed"


@pytest.mark.parametrize("count", [0, 1, 15, 16, 17, 200])
def test_results_come_in_the_order_of_the_batch(count: int) -> None:
    forger = PrivateKey(desk=KEY.desk, alg=KEY.alg, secret=a_key().secret)
    batch = [signed(forger if n % 3 == 1 else KEY, an_event(id=f"e-{n}"), kid=KEY.kid) for n in range(count)]
    batch[5::7] = [b"rubbish"] * len(batch[5::7])
    with Verify(keys=Keys([registered(KEY)]), senders=EverybodyMay()) as verify:
        results = verify(taken(*batch), NOW)
    assert [kind_of(result) for result in results] == [
        "jws_malformed" if n % 7 == 5 else "bad_signature" if n % 3 == 1 else f"e-{n}" for n in range(count)
    ]


def kind_of(result: Verified | Rejected) -> str:
    return result.envelope.id if isinstance(result, Verified) else result.refusal.code


def test_no_desk_speaks_for_its_agency() -> None:
    agency_wide = a_key("northshire-police/headquarters")
    source = f"/agencies/{DeskId('northshire-police/headquarters')}/records"
    event = an_event(source=source)
    assert isinstance(verified(signed(agency_wide, event), registered(agency_wide)), Verified)
    assert unproven(verified(signed(agency_wide), registered(agency_wide))) == "key_not_for_source"
