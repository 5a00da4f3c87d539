"""Strict compact JWS, and that joserfc, an independent library, agrees with us in both directions."""

import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws as joserfc_jws
from joserfc.jwk import ECKey, OKPKey

from sightline.formats import base64url, jws
from sightline.formats.jwk import ALGORITHMS, PrivateKey, private_jwk, public_of
from sightline.formats.jws import EVENT, RECEIPT, parse, sign
from sightline.kernel.errors import Refused
from tests.builders import a_key, signed

KEYS = {alg: a_key(alg=alg) for alg in ALGORITHMS}


def is_signed_by(key: PrivateKey, compact: bytes) -> bool:
    taken = parse(compact, EVENT)
    return jws.is_signed(alg=key.alg, public=key.public, signing_input=taken.signing_input, signature=taken.signature)


def joserfc_key(key: PrivateKey) -> OKPKey | ECKey:
    jwk = {name: value for name, value in private_jwk(key).items() if name not in {"alg", "kid"}}
    return ECKey.import_key(dict(jwk)) if key.alg == "ES256" else OKPKey.import_key(dict(jwk))


@pytest.mark.parametrize("alg", ALGORITHMS)
@given(payload=st.binary(max_size=300))
def test_what_we_sign_we_can_check(alg: str, payload: bytes) -> None:
    compact = sign(payload, KEYS[alg], EVENT)
    assert parse(compact, EVENT).payload == payload
    assert parse(compact, EVENT).kid == KEYS[alg].kid
    assert is_signed_by(KEYS[alg], compact)


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_joserfc_accepts_what_we_sign(alg: str) -> None:
    compact = sign(b'{"a":1}', KEYS[alg], EVENT)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of the older name EdDSA
        taken = joserfc_jws.deserialize_compact(compact, joserfc_key(KEYS[alg]), algorithms=[alg])
    assert taken.payload == b'{"a":1}'


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_we_accept_what_joserfc_signs(alg: str) -> None:
    key = KEYS[alg]
    header = {"alg": alg, "kid": key.kid, "typ": "sightline+jws", "cty": "application/cloudevents+json"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of the older name EdDSA
        compact = joserfc_jws.serialize_compact(header, b"hello", joserfc_key(key), algorithms=[alg])
    assert is_signed_by(key, compact.encode())


@pytest.mark.parametrize(
    ("alg", "public", "signing_input", "signature"),
    [
        pytest.param(
            "EdDSA",
            {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
            b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
            b"hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
            id="RFC 8037 A.4",
        ),
        pytest.param(
            "ES256",
            {
                "kty": "EC",
                "crv": "P-256",
                "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
            },
            b"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6"
            b"Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
            b"DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
            id="RFC 7515 A.3",
        ),
    ],
)
def test_published_signatures_match(alg: str, public: dict[str, str], signing_input: bytes, signature: bytes) -> None:
    key, raw = public_of(public, alg), base64url.decode(signature)
    assert jws.is_signed(alg=alg, public=key, signing_input=signing_input, signature=raw)
    assert not jws.is_signed(alg=alg, public=key, signing_input=signing_input + b"A", signature=raw)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        pytest.param({"alg": "none"}, "algorithm_not_allowed", id="no signature"),
        pytest.param({"alg": "HS256"}, "algorithm_not_allowed", id="a shared secret"),
        pytest.param({"alg": "RS256"}, "algorithm_not_allowed", id="RSA"),
        pytest.param({"alg": "ed25519"}, "algorithm_not_allowed", id="other letters"),
        pytest.param({"alg": ["Ed25519"]}, "algorithm_not_allowed", id="a list"),
        pytest.param({"alg": None}, "algorithm_not_allowed", id="no algorithm"),
        pytest.param({"crit": ["exp"], "exp": 1}, "header_not_allowed", id="crit"),
        pytest.param({"b64": False, "crit": ["b64"]}, "header_not_allowed", id="unencoded payload"),
        pytest.param({"jwk": {"kty": "OKP"}}, "header_not_allowed", id="a key brought along"),
        pytest.param({"jku": "https://keys.example"}, "header_not_allowed", id="a key elsewhere"),
        pytest.param({"x5c": ["MII"]}, "header_not_allowed", id="a certificate brought along"),
        pytest.param({"kid": None}, "header_not_allowed", id="no key id"),
        pytest.param({"kid": 1}, "header_not_allowed", id="a number for a key id"),
        pytest.param({"kid": "northshire-police/missing#short"}, "header_not_allowed", id="another form of key id"),
        pytest.param({"typ": "JWT"}, "header_not_allowed", id="another typ"),
        pytest.param({"typ": "sightline-receipt+jws"}, "header_not_allowed", id="a receipt's typ"),
        pytest.param({"cty": "application/json"}, "header_not_allowed", id="another cty"),
        pytest.param({"cty": None}, "header_not_allowed", id="no cty"),
        pytest.param({"kid": "x" * 600}, "header_not_allowed", id="a long header"),
    ],
)
def test_the_header_is_closed(header: dict[str, object], code: str) -> None:
    with pytest.raises(Refused) as caught:
        parse(signed(KEYS["Ed25519"], b"{}", **header), EVENT)
    assert caught.value.code == code


def test_members_of_the_header_may_stand_in_any_order() -> None:
    key = KEYS["Ed25519"]
    header = f'{{ "typ":"sightline+jws", "kid":"{key.kid}", "cty":"application/cloudevents+json","alg":"Ed25519"}}'
    signing_input = base64url.encode(header.encode()) + b"." + base64url.encode(b"{}")
    compact = signing_input + b"." + base64url.encode(jws.raw_signature(signing_input, key))
    assert is_signed_by(key, compact)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda compact: b"", id="nothing"),
        pytest.param(lambda compact: compact.replace(b".", b"", 1), id="two parts"),
        pytest.param(lambda compact: compact + b".x", id="four parts"),
        pytest.param(lambda compact: compact + b"==", id="padding"),
        pytest.param(lambda compact: compact + b"\n", id="a line end"),
        pytest.param(lambda compact: compact[:-4], id="a short signature"),
        pytest.param(lambda compact: compact.rpartition(b".")[0] + b".", id="no signature"),
        pytest.param(lambda compact: b"e30x" + compact, id="another header"),
        pytest.param(lambda compact: b"." + compact.split(b".", 1)[1], id="no header"),
        pytest.param(lambda compact: b"\xff" + compact, id="not ASCII"),
    ],
)
def test_what_is_not_a_compact_jws_is_refused(spoil: object) -> None:
    assert callable(spoil)
    with pytest.raises(Refused) as caught:
        parse(spoil(sign(b"{}", KEYS["Ed25519"], EVENT)), EVENT)
    assert caught.value.code in {"jws_malformed", "algorithm_not_allowed"}


def test_a_receipt_cannot_pass_for_an_event() -> None:
    with pytest.raises(Refused, match="header_not_allowed"):
        parse(sign(b"{}", KEYS["Ed25519"], RECEIPT), EVENT)


def test_a_signature_of_zeros_is_not_one() -> None:
    for key in KEYS.values():
        assert not jws.is_signed(alg=key.alg, public=key.public, signing_input=b"a", signature=bytes(64))
