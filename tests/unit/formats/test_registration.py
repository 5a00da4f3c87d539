"""Registering a key: proof of possession, and nothing taken on trust."""

import json
from datetime import timedelta
from typing import Any

import pytest

from sightline.formats import base64url, jws
from sightline.formats.jwk import ALGORITHMS, PrivateKey, public_jwk
from sightline.formats.registration import LOW_ORDER, check_registration, make_registration, signing_key
from sightline.kernel.errors import Refused
from tests.builders import NOW, POLICE_SOURCE, a_key

KEY = a_key()
P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P


def asking(key: PrivateKey = KEY, **changes: Any) -> bytes:
    body = {
        "desk": key.desk,
        "sources": [POLICE_SOURCE],
        "types": ["*"],
        "alg": key.alg,
        "jwk": public_jwk(key.public),
        "made_at": "2026-03-02T09:00:00Z",
    } | changes
    return jws.sign(json.dumps({n: v for n, v in body.items() if v is not None}).encode(), key, jws.REGISTRATION)


def code_of(request: bytes) -> str:
    with pytest.raises(Refused) as caught:
        check_registration(request)
    return caught.value.code


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_key_asks_for_itself(alg: str) -> None:
    key = a_key(alg=alg)
    wanted = check_registration(make_registration(key, sources=[POLICE_SOURCE], types=["missing.reported"], now=NOW))
    assert (wanted.kid, wanted.desk, wanted.alg, wanted.public) == (key.kid, key.desk, key.alg, key.public)
    assert (wanted.sources, wanted.types, wanted.made_at) == ((POLICE_SOURCE,), ("missing.reported",), NOW)
    in_force = signing_key(wanted, valid_from=NOW, valid_until=NOW + timedelta(days=1))
    assert in_force.is_in_force(NOW)
    assert in_force.kid == key.kid


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        *[({name: None}, "registration_invalid") for name in ("desk", "sources", "types", "alg", "jwk", "made_at")],
        ({"desk": "northshire-police/other"}, "registration_invalid"),
        ({"desk": 3}, "registration_invalid"),
        ({"sources": []}, "registration_invalid"),
        ({"sources": [3]}, "registration_invalid"),
        ({"sources": "x"}, "registration_invalid"),
        ({"sources": ["/agencies/other/desk/records"]}, "registration_invalid"),
        ({"sources": ["elsewhere"]}, "registration_invalid"),
        ({"types": []}, "registration_invalid"),
        ({"alg": "EdDSA"}, "registration_invalid"),
        ({"jwk": "x"}, "registration_invalid"),
        ({"jwk": {}}, "key_malformed"),
        pytest.param({"jwk": public_jwk(a_key().public)}, "registration_invalid", id="the-jwk-of-another-key"),
        ({"made_at": "now"}, "registration_invalid"),
        ({"valid_until": "2099-01-01T00:00:00Z"}, "registration_invalid"),
    ],
    ids=str,
)
def test_any_other_request_is_refused(changes: dict[str, Any], code: str) -> None:
    assert code_of(asking(**changes)) == code


def test_another_hand_cannot_register_a_key() -> None:
    thief = PrivateKey(desk=KEY.desk, alg=KEY.alg, secret=a_key().secret)
    signing_input = asking().rpartition(b".")[0]
    forged = signing_input + b"." + base64url.encode(jws.raw_signature(signing_input, thief))
    assert code_of(forged) == "bad_signature"


def test_a_long_request_is_refused_unread() -> None:
    assert code_of(b"x" * 20_000) == "too_large"


@pytest.mark.parametrize("public", sorted(LOW_ORDER), ids=bytes.hex)
def test_points_of_low_order_are_refused(public: bytes) -> None:
    assert code_of(asking(jwk=public_jwk(public))) == "key_malformed"


def test_the_table_of_low_order_points_is_complete() -> None:
    assert {spelling for spelling in LOW_ORDER if is_torsion(spelling)} == LOW_ORDER
    assert len({decompressed(spelling) for spelling in LOW_ORDER}) == 8


def decompressed(spelling: bytes) -> tuple[int, int]:
    """The point (RFC 8032 §5.1.3), y taken modulo p as lenient decoders do."""
    number = int.from_bytes(spelling, "little")
    y, sign = (number & (1 << 255) - 1) % P, number >> 255
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    assert (x * x - square) % P == 0
    return (x if x & 1 == sign else -x % P, y)


def is_torsion(spelling: bytes) -> bool:
    point = decompressed(spelling)
    for _ in range(3):
        point = added(point, point)
    return point == (0, 1)


def added(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    (x1, y1), (x2, y2) = one, other
    product = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + product, -1, P)
    y = (y1 * y2 + x1 * x2) * pow(1 - product, -1, P)
    return x % P, y % P
