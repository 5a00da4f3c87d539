"""Receipts: signed, closed, and silent about what they are for."""

import dataclasses
import json

import pytest

from sightline.formats import jws
from sightline.formats.jwk import PrivateKey
from sightline.formats.receipt import ACCEPTED, REFUSED, Receipt, make_receipt, read_receipt, read_receipt_unsafe
from sightline.kernel.errors import Refused
from sightline.kernel.ids import KeyId
from sightline.kernel.values import Defect, Refusal
from tests.builders import NOW, POLICE_SOURCE, a_key

HUB = a_key("hub/receipts")
TAKEN = Receipt(
    outcome=ACCEPTED,
    source=POLICE_SOURCE,
    id="abc-1",
    payload=bytes(range(32)),
    recorded_at=NOW,
    number=7,
    defects=(Defect(code="unknown_field", pointer="/~"),),
    items=("i-1", "i-2"),
    children=("c-1",),
)
TURNED_AWAY = Receipt(
    outcome=REFUSED,
    source=POLICE_SOURCE,
    id="abc-2",
    payload=bytes(32),
    recorded_at=NOW,
    reasons=(Refusal(code="schema_missing_field", pointer="/child"),),
)


def held(key: PrivateKey) -> dict[KeyId, tuple[str, bytes]]:
    return {key.kid: (key.alg, key.public)}


@pytest.mark.parametrize("receipt", [TAKEN, TURNED_AWAY], ids=["accepted", "refused"])
@pytest.mark.parametrize("alg", ["Ed25519", "ES256"])
def test_what_is_signed_is_read(receipt: Receipt, alg: str) -> None:
    key = a_key("hub/receipts", alg)
    compact = make_receipt(receipt, key)
    assert read_receipt(compact, held(key)) == receipt
    assert read_receipt_unsafe(compact) == receipt


def test_a_receipt_of_another_key_is_refused() -> None:
    with pytest.raises(Refused, match="unknown_key"):
        read_receipt(make_receipt(TAKEN, a_key("hub/receipts")), held(HUB))


def test_an_altered_receipt_is_refused() -> None:
    header, _, signature = make_receipt(TAKEN, HUB).split(b".")
    other = make_receipt(dataclasses.replace(TAKEN, number=8), HUB).split(b".")[1]
    with pytest.raises(Refused, match="bad_signature"):
        read_receipt(b".".join([header, other, signature]), held(HUB))


@pytest.mark.parametrize(
    "changes",
    [
        {"more": 1},
        {"outcome": "perhaps"},
        {"recorded_at": "yesterday"},
        {"payload": "md5:AA"},
        {"reasons": [1]},
        {"reasons": [{"code": "x", "pointer": "", "detail": "y"}]},
        {"items": None},
        {"number": None, "items": 3},
    ],
    ids=str,
)
def test_a_receipt_is_closed(changes: dict[str, object]) -> None:
    body = json.loads(jws.parse(make_receipt(TAKEN, HUB), jws.RECEIPT).payload) | changes
    with pytest.raises(Refused, match="not_json"):
        read_receipt(jws.sign(json.dumps(body).encode(), HUB, jws.RECEIPT), held(HUB))


def test_a_receipt_gives_the_reason_but_no_wording() -> None:
    spoken = dataclasses.replace(TURNED_AWAY, reasons=(Refusal(code="not_json", detail="free wording"),))
    assert b"wording" not in jws.parse(make_receipt(spoken, HUB), jws.RECEIPT).payload
