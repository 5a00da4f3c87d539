"""A simulation as lines of JSON: a header with the desks, then one line for each event."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import orjson

from sightline.agency.keys import make_registration
from sightline.entrypoints.invented.desks import signed_by, source_of
from sightline.entrypoints.simulate.course import Planned
from sightline.entrypoints.simulate.desks import desks_of
from sightline.entrypoints.simulate.seeded import key_of
from sightline.entrypoints.simulate.stream import Asked, events
from sightline.formats.jwk import PrivateKey, public_jwk
from sightline.kernel.ids import DeskId
from sightline.kernel.values import Desk

Keys = Mapping[DeskId, PrivateKey]


def lines(asked: Asked) -> Iterator[bytes]:
    """The header, then the events in order of time, each as one line without its end."""
    keys = keys_of(asked)
    yield orjson.dumps(header(asked, keys))
    for one in events(asked):
        yield orjson.dumps(line(asked, one, keys))


def keys_of(asked: Asked) -> Keys:
    """Every desk's key."""
    return {desk.id: key_of(asked.seed, desk.id) for desk in desks_of(asked.area).all()}


def header(asked: Asked, keys: Keys) -> dict[str, Any]:
    """What was asked for, and the desks as a hub's operators would admit them."""
    return {
        "simulation": 1,
        **asdict(asked),
        "desks": [_admitted(d, asked, keys[d.id]) for d in desks_of(asked.area).all()],
    }


def line(asked: Asked, one: Planned, keys: Keys) -> dict[str, Any]:
    """One event. One that refers to another says so in place of being signed: only the hub's receipt names items."""
    told: dict[str, Any] = {"at": one.at, "desk": one.desk, "type": one.type, "id": one.id}
    if one.uses:
        told["uses"] = one.uses
    if one.refers:
        return told | {"refers": one.refers, "member": one.member, "purpose": one.purpose, "data": one.data}
    return told | {"event": signed(asked.area, one, keys[one.desk]).decode("ascii")}


def signed(area: str, one: Planned, key: PrivateKey, *, item: str = "") -> bytes:
    """What the desk sends; `item` is the reference of what the event speaks of or answers, where it names that."""
    data = one.naming(item)
    return signed_by(key, type=one.type, data=data, area=area, purpose=one.purpose, at=one.at, id=one.id)


def _admitted(desk: Desk, asked: Asked, key: PrivateKey) -> dict[str, Any]:
    request = make_registration(key, sources=[source_of(desk.id)], types=["*"], now=asked.starts)
    return {
        "desk": desk.id,
        "sector": desk.sector,
        "roles": sorted(desk.roles),
        "areas": sorted(desk.areas),
        "first_responder": desk.first_responder,
        "kid": key.kid,
        "jwk": public_jwk(key.public),
        "registration": request.decode("ascii"),
    }
