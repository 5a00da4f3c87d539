"""Golden vectors: what any language's JOSE library must agree with, and what we must not drift from."""

from pathlib import Path
from typing import Any

import pytest

from sightline.formats import jwe, jws
from sightline.formats.jwk import private_of
from sightline.formats.reading_token import read_token
from sightline.formats.receipt import read_receipt
from sightline.formats.registration import check_registration
from sightline.kernel.values import Rejected, Submission
from sightline.submit import submit
from sightline.verify import Verify
from tests.builders import NOW, POLICE, AnyForm, EverybodyMay, Keys, registered
from tests.vectors.make import HUB_RECEIPTS, VECTORS, a_test_key, opens, written

ROOT = Path(__file__).resolve().parents[3]
EVENTS = written("signed_events")


@pytest.mark.parametrize("name", VECTORS)
def test_the_vectors_are_what_their_script_writes(name: str) -> None:
    assert VECTORS[name]() == written(name), "run: python -m tests.vectors.make"


@pytest.mark.parametrize("vector", EVENTS["events"], ids=lambda vector: vector["alg"])
def test_a_signed_vector_verifies(vector: dict[str, Any]) -> None:
    key = private_of(vector["private_jwk"])
    taken = jws.parse(vector["compact"].encode(), jws.EVENT)
    assert taken.payload.decode() == EVENTS["payload"]
    assert (taken.kid, taken.alg) == (key.kid, vector["alg"])
    assert jws.is_signed(alg=key.alg, public=key.public, signing_input=taken.signing_input, signature=taken.signature)


@pytest.mark.parametrize("vector", EVENTS["refused"], ids=lambda vector: vector["name"])
def test_a_refused_vector_is_refused_with_its_code(vector: dict[str, str]) -> None:
    keys = Keys([registered(a_test_key("Ed25519"))])
    with Verify(keys=keys, senders=EverybodyMay()) as verify:
        taken = submit([vector["compact"].encode()], schemas=AnyForm(), unsealer=None, now=NOW)
        [result] = verify(taken, NOW)
    assert isinstance(result, Rejected)
    assert result.refusal.code == vector["code"]


@pytest.mark.parametrize("vector", written("sealed_events")["sealed"], ids=lambda vector: vector["curve"])
def test_a_sealed_vector_opens(vector: dict[str, Any]) -> None:
    assert opens(vector)
    unsealer = jwe.Unsealer([vector["private_jwk"]])
    [taken] = submit([vector["jwe"].encode()], schemas=AnyForm(), unsealer=unsealer, now=NOW)
    assert isinstance(taken, Submission)
    assert taken.refusal is None


def test_the_hubs_answers_are_read() -> None:
    answers = {name: text.encode() for name, text in written("hub_answers").items()}
    desk, hub = a_test_key("Ed25519"), a_test_key("Ed25519", HUB_RECEIPTS)
    assert read_receipt(answers["receipt"], {hub.kid: (hub.alg, hub.public)}).number == 1
    found = {desk.kid: registered(desk)}.get
    assert read_token(answers["reading_token"], find=found, audience="https://hub.example", now=NOW).desk == POLICE
    assert check_registration(answers["registration"]).kid == desk.kid


def test_the_page_for_other_languages_shows_the_vector() -> None:
    page = (ROOT / "docs" / "wire.md").read_text("utf-8")
    assert EVENTS["events"][0]["compact"] in page.replace("\n", "")
    assert EVENTS["payload"] in page.replace("\n", "")
