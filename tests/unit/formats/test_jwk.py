"""Keys as JWK: made, kept, published, and refused when their parts disagree."""

import pytest

from sightline.formats.jwk import ALGORITHMS, generate, private_jwk, private_of, public_jwk, public_of
from sightline.formats.thumbprint import desk_of, is_key_id, key_id, thumbprint
from sightline.kernel.errors import Refused
from tests.builders import POLICE, a_key

RFC8037 = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}


def test_the_thumbprint_is_the_published_one() -> None:
    assert thumbprint(RFC8037) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"  # RFC 8037 A.3


def test_a_thumbprint_leaves_out_what_does_not_name_the_key() -> None:
    assert thumbprint(RFC8037 | {"use": "sig", "kid": "x", "d": "secret"}) == thumbprint(RFC8037)


@pytest.mark.parametrize("jwk", [{}, {"kty": "oct", "k": "x"}, {"kty": "OKP", "x": "x"}, {"kty": ["OKP"]}], ids=str)
def test_other_keys_have_no_thumbprint(jwk: dict[str, str]) -> None:
    with pytest.raises(Refused, match="key_malformed"):
        thumbprint(jwk)


def test_a_key_id_names_its_desk() -> None:
    kid = key_id(POLICE, RFC8037)
    assert is_key_id(kid)
    assert desk_of(kid) == POLICE


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_key_is_kept_whole(alg: str) -> None:
    key = a_key(alg=alg)
    again = private_of(private_jwk(key))
    assert (again.kid, again.alg, again.public) == (key.kid, key.alg, key.public)
    assert public_of(public_jwk(key.public), alg) == key.public


def test_a_key_never_prints_its_secret() -> None:
    key = a_key()
    assert "secret" not in repr(key)
    assert private_jwk(key)["d"] not in repr(key)


def test_a_key_is_made_for_our_algorithms_only() -> None:
    with pytest.raises(Refused, match="algorithm_not_allowed"):
        generate(POLICE, "RS256")


@pytest.mark.parametrize(
    "changes",
    [{"alg": "HS256"}, {"kid": "other/desk#x"}, {"x": RFC8037["x"]}, {"d": "AAAA"}, {"d": None}, {"crv": "Ed448"}],
    ids=str,
)
def test_a_private_key_whose_parts_disagree_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(Refused, match="key_malformed"):
        private_of(private_jwk(a_key()) | changes)


def test_a_p256_scalar_of_zero_is_refused() -> None:
    with pytest.raises(Refused, match="key_malformed"):
        private_of(private_jwk(a_key(alg="ES256")) | {"d": "A" * 43})


@pytest.mark.parametrize(
    ("jwk", "alg"),
    [
        pytest.param(RFC8037, "ES256", id="Ed25519 for ES256"),
        pytest.param(public_jwk(a_key(alg="ES256").public), "Ed25519", id="P-256 for Ed25519"),
        pytest.param(RFC8037 | {"crv": "X25519"}, "Ed25519", id="a sealing key"),
        pytest.param(RFC8037 | {"x": RFC8037["x"] + "="}, "Ed25519", id="padding"),
        pytest.param(RFC8037 | {"x": "AAAA"}, "Ed25519", id="too short"),
        pytest.param({"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43}, "ES256", id="off the curve"),
        pytest.param(RFC8037 | {"d": "x"}, "Ed25519", id="a private key"),
    ],
)
def test_other_public_keys_are_refused(jwk: dict[str, str], alg: str) -> None:
    with pytest.raises(Refused, match="key_malformed"):
        public_of(jwk, alg)
