"""The short token of a reader: what is checked, and its times in threes."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from sightline.formats import jws
from sightline.formats.reading_token import LEEWAY_S, MAX_LIFE_S, make_token, read_token
from sightline.kernel.errors import Refused
from sightline.kernel.values import SigningKey
from tests.builders import NOW, POLICE, a_key, registered

KEY = a_key()
HUB = "https://hub.example"
CLAIMS = {
    "aud": HUB,
    "sub": POLICE,
    "actor": "s-1:duty_officer",
    "purpose": "referral",
    "iat": int(NOW.timestamp()),
    "exp": int(NOW.timestamp()) + 60,
    "jti": "A" * 22,
}


def code_of(token: bytes, now: datetime = NOW, key: SigningKey | None = None, audience: str = HUB) -> str:
    """The refusal's code; empty if the token is taken."""
    known = key or registered(KEY)
    try:
        read_token(token, find={known.kid: known}.get, audience=audience, now=now)
    except Refused as refused:
        return refused.code
    return ""


def a_token(life_s: int = MAX_LIFE_S) -> bytes:
    return make_token(KEY, audience=HUB, actor="s-1:duty_officer", purpose="referral", now=NOW, life_s=life_s)


def claiming(**changes: Any) -> bytes:
    claims = {name: value for name, value in (CLAIMS | changes).items() if value is not None}
    return jws.sign(json.dumps(claims).encode(), KEY, jws.READING)


def test_a_token_says_who_reads_for_what() -> None:
    token = read_token(a_token(), find={KEY.kid: registered(KEY)}.get, audience=HUB, now=NOW)
    assert (token.desk, token.actor, token.purpose) == (POLICE, "s-1:duty_officer", "referral")
    assert token.expires_at == NOW + timedelta(seconds=MAX_LIFE_S)


def test_no_two_tokens_have_one_jti() -> None:
    tokens = [read_token(a_token(), find={KEY.kid: registered(KEY)}.get, audience=HUB, now=NOW) for _ in range(20)]
    assert len({token.jti for token in tokens}) == 20


@pytest.mark.parametrize(
    ("after_s", "is_taken"),
    [
        (-LEEWAY_S - 1, False),
        (-LEEWAY_S, True),
        (0, True),
        (MAX_LIFE_S + LEEWAY_S - 1, True),
        (MAX_LIFE_S + LEEWAY_S, False),
        (MAX_LIFE_S + LEEWAY_S + 1, False),
    ],
)
def test_a_token_is_taken_in_its_minute_only(after_s: int, is_taken: bool) -> None:
    assert (code_of(a_token(), NOW + timedelta(seconds=after_s)) == "") is is_taken


@pytest.mark.parametrize(("life_s", "is_taken"), [(0, False), (1, True), (60, True), (61, False), (-5, False)])
def test_a_token_lives_a_minute_at_most(life_s: int, is_taken: bool) -> None:
    assert (code_of(a_token(life_s)) == "") is is_taken


@pytest.mark.parametrize(
    "changes",
    [
        *[{name: None} for name in CLAIMS],
        *[{name: ["x"]} for name in CLAIMS],
        *[{name: 10**15} for name in CLAIMS],
        {"aud": "https://other.example"},
        {"sub": "northshire-police/intelligence"},
        {"actor": "officer"},
        {"purpose": "curiosity"},
        {"jti": "short"},
        {"nbf": 1},
        {"iat": True},
        {"exp": 1.5},
    ],
    ids=str,
)
def test_any_other_claims_are_refused(changes: dict[str, Any]) -> None:
    assert code_of(claiming()) == ""
    assert code_of(claiming(**changes)) == "token_invalid"


def test_only_the_desks_own_key_in_force_reads() -> None:
    assert code_of(a_token(), key=registered(a_key())) == "token_invalid"
    assert code_of(a_token(), key=registered(KEY, alg="EdDSA")) == "token_invalid"
    assert code_of(a_token(), key=registered(KEY, revoked_at=NOW)) == "token_invalid"
    assert code_of(a_token(), key=registered(KEY, public=a_key().public)) == "token_invalid"


@pytest.mark.parametrize("token", [b"", b"a.b.c", b"x" * 5000, jws.sign(b"[]", KEY, jws.READING)], ids=len)
def test_what_is_no_token_is_refused(token: bytes) -> None:
    assert code_of(token) == "token_invalid"


def test_an_event_is_no_token() -> None:
    assert code_of(jws.sign(json.dumps(CLAIMS).encode(), KEY, jws.EVENT)) == "token_invalid"
