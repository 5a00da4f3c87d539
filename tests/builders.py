"""Plain functions that make what tests need, with real keys. Each part of the package has its own block."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sightline.formats import base64url
from sightline.formats.jwk import PrivateKey, generate
from sightline.formats.jws import raw_signature
from sightline.formats.schemas import Schemas
from sightline.kernel.ids import DeskId, KeyId, agency_of
from sightline.kernel.values import Defect, Desk, Refusal, SigningKey


@cache
def the_schemas() -> Schemas:
    """The published forms, read and compiled once in a process: half a second. Nothing changes them."""
    return Schemas.load()


# ------------------------------------------------------------------------------------------ signed events and keys

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
"""The hub's present in most tests."""

POLICE = DeskId("northshire-police/missing-persons")
POLICE_SOURCE = f"/agencies/{POLICE}/records"


def a_key(desk: str = POLICE, alg: str = "Ed25519") -> PrivateKey:
    """A desk's own key."""
    return generate(DeskId(desk), alg)


def registered(key: PrivateKey, **changes: Any) -> SigningKey:
    """The key as the hub holds it: for every type, for the desk's one source, a year on either side of `NOW`."""
    values: dict[str, Any] = {
        "kid": key.kid,
        "desk": key.desk,
        "alg": key.alg,
        "public": key.public,
        "sources": (f"/agencies/{key.desk}/records",),
        "types": ("*",),
        "valid_from": NOW - timedelta(days=365),
        "valid_until": NOW + timedelta(days=365),
    }
    return SigningKey(**(values | changes))


def a_report(**changes: Any) -> dict[str, Any]:
    """The form of a missing report about an invented child. `changes` replace members."""
    form: dict[str, Any] = {
        "child": {
            "identifiers": [{"scheme": "nhs-number", "value": "9990000018"}],
            "given_name": "Perrin",
            "family_name": "Oakapple",
            "date_of_birth": "2011-05-04",
        },
        "missing_since": "2026-03-01T21:40:00Z",
        "missing_category": "missing",
    }
    return form | changes


def an_event(**changes: Any) -> dict[str, Any]:
    """A whole CloudEvent as JSON. `changes` replace attributes; None leaves one out."""
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": "0195546a-1e20-7000-8000-000000000001",
        "source": POLICE_SOURCE,
        "type": "sightline.missing.reported",
        "time": "2026-03-02T09:29:00Z",
        "dataschema": "sightline:/schemas/missing.reported/1",
        "datacontenttype": "application/json",
        "area": "hampshire",
        "purpose": "missing_or_safeguarding_response",
        "actor": "s-4711:duty_officer",
        "data": a_report(),
    } | changes
    return {name: value for name, value in event.items() if value is not None}


def signed(key: PrivateKey, content: Mapping[str, Any] | bytes | None = None, **header: Any) -> bytes:
    """A compact JWS of an event or of any bytes. `header` replaces members of the header; None leaves one out."""
    payload = content if isinstance(content, bytes) else json.dumps(content or an_event()).encode()
    members = {"alg": key.alg, "kid": key.kid, "typ": "sightline+jws", "cty": "application/cloudevents+json"} | header
    letters = json.dumps({name: value for name, value in members.items() if value is not None}).encode()
    signing_input = base64url.encode(letters) + b"." + base64url.encode(payload)
    return signing_input + b"." + base64url.encode(raw_signature(signing_input, key))


class Keys:
    """A key directory. Every key's desk is in good standing unless `desks` says otherwise."""

    def __init__(self, keys: Iterable[SigningKey], desks: Iterable[Desk] = ()) -> None:
        self._keys = {key.kid: key for key in keys}
        self._desks = {key.desk: a_desk(key.desk) for key in self._keys.values()} | {desk.id: desk for desk in desks}

    def find(self, kid: KeyId, /) -> SigningKey | None:
        return self._keys.get(kid)

    def desk(self, desk: DeskId, /) -> Desk | None:
        return self._desks.get(desk)

    def forget(self, desk: DeskId) -> None:
        """Drop a desk, though its keys are still known."""
        del self._desks[desk]


class EverybodyMay:
    """Rules under which every desk may send every type."""

    def may_send(self, _desk: Desk, _event_type: str, /) -> bool:
        return True


class AnyForm:
    """Schemas that take every form."""

    def check(
        self, _event_type: str, _version: int, _data: Mapping[str, Any], /
    ) -> tuple[Refusal | None, tuple[Defect, ...]]:
        return None, ()


def a_desk(desk: str = POLICE, **changes: Any) -> Desk:
    """A desk in good standing."""
    values: dict[str, Any] = {
        "id": DeskId(desk),
        "agency": agency_of(DeskId(desk)),
        "sector": "police",
        "roles": frozenset({"police_missing_persons"}),
        "areas": frozenset({"hampshire"}),
    }
    return Desk(**(values | changes))


# ---------------------------------------------------------------------------------- end of signed events and keys
