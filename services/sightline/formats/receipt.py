"""The hub's signed answer to a submission: accepted or refused, why, and what became of it (design §5, P1).

A receipt is a JWS of the `RECEIPT` form over a closed JSON object. Anyone who holds the hub's receipt key can check it
years later; what was signed names the payload by its SHA-256, never by its content.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from sightline.formats import base64url, jws, strict_json
from sightline.formats.event import read_time, write_time
from sightline.formats.jwk import PrivateKey
from sightline.kernel.errors import Refused
from sightline.kernel.ids import KeyId
from sightline.kernel.values import Defect, Refusal

ACCEPTED = "accepted"
REFUSED = "refused"
_HASH_PREFIX = "sha256:"


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """What the hub did with one submission."""

    outcome: str
    """``accepted`` or ``refused``."""
    source: str
    """The event's source; empty where it could not be read."""
    id: str
    """The event's id; empty where it could not be read."""
    payload: bytes
    """SHA-256 of the signed payload."""
    recorded_at: datetime
    number: int = 0
    """Counts the agency's receipts from 1, without gaps; never a ledger position. 0: not numbered."""
    reasons: tuple[Refusal, ...] = ()
    """Why it was refused; empty if accepted."""
    defects: tuple[Defect, ...] = ()
    items: tuple[str, ...] = ()
    """References by which the sender may name the items later."""
    children: tuple[str, ...] = ()
    """References of the children, in the order of the form."""


def make_receipt(receipt: Receipt, key: PrivateKey) -> bytes:
    """The signed receipt: a compact JWS."""
    return jws.sign(orjson.dumps(_to_json(receipt)), key, jws.RECEIPT)


def read_receipt(compact: bytes, keys: Mapping[KeyId, tuple[str, bytes]]) -> Receipt:
    """The receipt, its signature checked against the hub's keys (kid → algorithm and public key).

    Raises Refused: those of `jws.parse`, ``unknown_key``, ``bad_signature``, ``not_json``.
    """
    signed = jws.parse(compact, jws.RECEIPT)
    alg, public = keys.get(signed.kid, ("", b""))
    if alg != signed.alg:
        raise Refused("unknown_key", "the receipt is not signed with a key of this hub")
    if not jws.is_signed(alg=alg, public=public, signing_input=signed.signing_input, signature=signed.signature):
        raise Refused("bad_signature", "the receipt's signature does not match")
    return _from_json(strict_json.parse_object(signed.payload))


def read_receipt_unsafe(compact: bytes) -> Receipt:
    """As `read_receipt`, without checking the signature: for receipts out of our own store."""
    return _from_json(strict_json.parse_object(jws.parse(compact, jws.RECEIPT).payload))


def _to_json(receipt: Receipt) -> dict[str, Any]:
    return {
        "outcome": receipt.outcome,
        "source": receipt.source,
        "id": receipt.id,
        "payload": _HASH_PREFIX + base64url.text(receipt.payload),
        "number": receipt.number,
        "recorded_at": write_time(receipt.recorded_at),
        "reasons": [{"code": why.code, "pointer": why.pointer} for why in receipt.reasons],
        "defects": [{"code": defect.code, "pointer": defect.pointer} for defect in receipt.defects],
        "items": list(receipt.items),
        "children": list(receipt.children),
    }


def _from_json(body: Mapping[str, Any]) -> Receipt:
    try:
        receipt = _receipt(body)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Refused("not_json", "the receipt does not have a receipt's members") from None
    if _to_json(receipt) != body:
        raise Refused("not_json", "the receipt has members that a receipt does not have")
    return receipt


def _receipt(body: Mapping[str, Any]) -> Receipt:
    recorded_at = read_time(body["recorded_at"])
    if recorded_at is None or body["outcome"] not in (ACCEPTED, REFUSED):
        raise ValueError
    return Receipt(
        outcome=body["outcome"],
        source=body["source"],
        id=body["id"],
        payload=base64url.decode(body["payload"].removeprefix(_HASH_PREFIX).encode("ascii")),
        number=body["number"],
        recorded_at=recorded_at,
        reasons=tuple(Refusal(code=why["code"], pointer=why["pointer"]) for why in body["reasons"]),
        defects=tuple(Defect(code=defect["code"], pointer=defect["pointer"]) for defect in body["defects"]),
        items=tuple(body["items"]),
        children=tuple(body["children"]),
    )
