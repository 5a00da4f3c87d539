"""Sealing to the hub's key, and everything that must not open."""

import json

import pytest
from joserfc import jwe as joserfc_jwe
from joserfc.jwk import ECKey, OKPKey

from sightline.formats import base64url, jwe
from sightline.kernel.errors import Refused
from sightline.kernel.ids import DeskId

HUB = DeskId("hub/unsealing")
COMPACT = b"eyJhIjoxfQ.e30." + b"A" * 86
PRIVATE = {curve: jwe.generate(HUB, curve) for curve in jwe.CURVES}


def sealed_by_joserfc(curve: str, **header: object) -> bytes:
    public = dict(jwe.public_part(PRIVATE[curve]))
    kid = public.pop("kid")
    key = OKPKey.import_key(dict(public)) if curve == "X25519" else ECKey.import_key(dict(public))
    members = {"alg": "ECDH-ES+A256KW", "enc": "A256GCM", "kid": kid, "cty": "sightline+jws"} | header
    registry = joserfc_jwe.JWERegistry(
        algorithms=["ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW", "A256GCM", "A128GCM", "DEF"]
    )
    return joserfc_jwe.encrypt_compact(members, COMPACT, key, registry=registry).encode()


def refusal_of(sealed: bytes, curve: str = "X25519") -> str:
    with pytest.raises(Refused) as caught:
        jwe.Unsealer([PRIVATE[curve]]).unseal(sealed)
    assert caught.value.code == "unseal_failed"
    return caught.value.detail


@pytest.mark.parametrize("curve", jwe.CURVES)
def test_what_is_sealed_is_opened(curve: str) -> None:
    unsealer = jwe.Unsealer(PRIVATE.values())
    assert unsealer.unseal(jwe.seal(COMPACT, jwe.public_part(PRIVATE[curve]))) == COMPACT


@pytest.mark.parametrize("curve", jwe.CURVES)
def test_what_another_maker_seals_is_opened(curve: str) -> None:
    assert jwe.Unsealer([PRIVATE[curve]]).unseal(sealed_by_joserfc(curve)) == COMPACT


def test_a_large_submission_can_be_sealed() -> None:
    large = b"A" * 256 * 1024
    assert jwe.Unsealer([PRIVATE["X25519"]]).unseal(jwe.seal(large, jwe.public_part(PRIVATE["X25519"]))) == large


def test_only_the_public_part_is_published() -> None:
    assert set(jwe.public_part(PRIVATE["P-256"])) == {"kty", "crv", "x", "y", "kid"}
    assert set(jwe.public_part(PRIVATE["X25519"])) == {"kty", "crv", "x", "kid"}


def test_what_is_sealed_to_another_key_is_refused() -> None:
    refusal_of(jwe.seal(COMPACT, jwe.public_part(jwe.generate(HUB))))


def test_a_borrowed_key_id_opens_nothing() -> None:
    other = jwe.public_part(jwe.generate(HUB)) | {"kid": PRIVATE["X25519"]["kid"]}
    refusal_of(jwe.seal(COMPACT, other))


@pytest.mark.parametrize(
    "header",
    [
        pytest.param({"zip": "DEF"}, id="compressed"),
        pytest.param({"alg": "ECDH-ES"}, id="agreed key used directly"),
        pytest.param({"alg": "ECDH-ES+A128KW"}, id="another key wrap"),
        pytest.param({"enc": "A128GCM"}, id="another cipher"),
        pytest.param({"cty": "JWT"}, id="another content"),
        pytest.param({"apu": "QQ"}, id="party information"),
        pytest.param({"typ": "JOSE"}, id="a member more"),
        pytest.param({"kid": "hub/unsealing#" + "A" * 43}, id="a key that is not held"),
    ],
)
def test_any_other_header_is_refused(header: dict[str, object]) -> None:
    refusal_of(sealed_by_joserfc("X25519", **header))


@pytest.mark.parametrize(
    "epk",
    [
        pytest.param({"kty": "OKP", "crv": "X25519", "x": base64url.text(bytes(32))}, id="the point of low order"),
        pytest.param({"kty": "OKP", "crv": "X25519", "x": "QQ"}, id="a short point"),
        pytest.param({"kty": "OKP", "crv": "X25519", "x": 1}, id="a number"),
        pytest.param({"kty": "OKP", "crv": "X25519"}, id="no point"),
        pytest.param({"kty": "oct", "crv": "X25519", "k": "QQ"}, id="a secret"),
        pytest.param({"crv": "X25519"}, id="no kind"),
        pytest.param({"kty": "EC", "crv": "P-256", "x": "QQ", "y": "QQ"}, id="another curve"),
        pytest.param("X25519", id="a text"),
        pytest.param(None, id="null"),
    ],
)
def test_any_other_ephemeral_key_is_refused(epk: object) -> None:
    parts = sealed_by_joserfc("X25519").split(b".")
    header = json.loads(base64url.decode(parts[0])) | {"epk": epk}
    refusal_of(b".".join([base64url.encode(json.dumps(header).encode()), *parts[1:]]))


def test_a_point_off_the_curve_is_refused() -> None:
    parts = sealed_by_joserfc("P-256").split(b".")
    header = json.loads(base64url.decode(parts[0]))
    header["epk"]["y"] = base64url.text(bytes(31) + b"\x01")
    refusal_of(b".".join([base64url.encode(json.dumps(header).encode()), *parts[1:]]), "P-256")


@pytest.mark.parametrize("part", range(5))
@pytest.mark.parametrize("letters", [b"", b"AAAA", b"!!", b"A" * 3000])
def test_a_part_replaced_is_refused(part: int, letters: bytes) -> None:
    parts = sealed_by_joserfc("X25519").split(b".")
    parts[part] = letters
    refusal_of(b".".join(parts))


def test_a_refusal_is_the_same_for_a_wrong_key_and_an_altered_text() -> None:
    sealed = sealed_by_joserfc("X25519")
    borrowed = jwe.public_part(jwe.generate(HUB)) | {"kid": PRIVATE["X25519"]["kid"]}
    altered = sealed[:-2] + (b"AA" if sealed[-2:] != b"AA" else b"QQ")
    assert refusal_of(altered) == refusal_of(jwe.seal(COMPACT, borrowed))
