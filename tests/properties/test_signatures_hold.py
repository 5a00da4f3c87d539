"""Whatever arrives is a submission or a refusal; and only the bytes that were signed are verified."""

import json
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from sightline.formats import base64url, jwe
from sightline.formats.jwk import ALGORITHMS
from sightline.formats.problem import PROBLEMS
from sightline.kernel.ids import DeskId
from sightline.kernel.values import Rejected, Verified
from sightline.submit import submit
from sightline.verify import Verify
from tests.builders import NOW, AnyForm, EverybodyMay, Keys, a_key, an_event, registered, signed

KEYS = {alg: a_key(alg=alg) for alg in ALGORITHMS}
VERIFY = Verify(keys=Keys([registered(key) for key in KEYS.values()]), senders=EverybodyMay())
HUB = jwe.generate(DeskId("hub/unsealing"))
UNSEALER = jwe.Unsealer([HUB])
GOOD = {alg: signed(key) for alg, key in KEYS.items()}
SEALED = jwe.seal(GOOD["Ed25519"], jwe.public_part(HUB))

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


def way_of(raw: bytes) -> Verified | Rejected:
    """What becomes of one submission."""
    [result] = VERIFY(submit([raw], schemas=AnyForm(), unsealer=UNSEALER, now=NOW), NOW)
    assert isinstance(result, Verified) or result.refusal.code in PROBLEMS
    return result


@given(st.binary(max_size=400))
def test_any_bytes_are_refused(raw: bytes) -> None:
    assert isinstance(way_of(raw), Rejected)


@given(st.lists(st.binary(max_size=60), min_size=3, max_size=5))
def test_any_parts_are_refused(parts: list[bytes]) -> None:
    assert isinstance(way_of(b".".join(base64url.encode(part) for part in parts)), Rejected)


@given(st.sampled_from(ALGORITHMS), st.data())
def test_any_flipped_bit_is_refused(alg: str, data: st.DataObject) -> None:
    bit = data.draw(st.integers(min_value=0, max_value=len(GOOD[alg]) * 8 - 1))
    altered = bytearray(GOOD[alg])
    altered[bit // 8] ^= 1 << bit % 8
    result = way_of(bytes(altered))
    assert isinstance(result, Rejected)
    assert result.sender is None


@given(st.sampled_from(ALGORITHMS), st.data())
def test_any_cut_or_added_bytes_are_refused(alg: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(min_value=0, max_value=len(GOOD[alg])))
    end = data.draw(st.integers(min_value=start, max_value=len(GOOD[alg])))
    altered = GOOD[alg][:start] + data.draw(st.binary(max_size=8)) + GOOD[alg][end:]
    assume(altered != GOOD[alg])
    assert isinstance(way_of(altered), Rejected)


@given(st.integers(min_value=0, max_value=len(SEALED) * 8 - 1))
def test_a_flipped_bit_in_a_sealed_submission_never_changes_it(bit: int) -> None:
    altered = bytearray(SEALED)
    altered[bit // 8] ^= 1 << bit % 8
    result = way_of(bytes(altered))
    assert isinstance(result, Rejected) or result.submission.compact == GOOD["Ed25519"]


@given(json_values)
def test_any_signed_json_is_answered(value: Any) -> None:
    result = way_of(signed(KEYS["Ed25519"], json.dumps(value).encode()))
    assert isinstance(result, Rejected)
    assert result.sender == KEYS["Ed25519"].desk


@given(st.sampled_from(sorted(an_event())), json_values)
def test_any_attribute_may_be_anything(name: str, value: Any) -> None:
    raw = signed(KEYS["Ed25519"], json.dumps(an_event() | {name: value}).encode())
    result = way_of(raw)
    assert isinstance(result, Verified) or result.sender == KEYS["Ed25519"].desk


@given(st.dictionaries(st.sampled_from(["alg", "kid", "typ", "cty", "crit", "b64", "zip"]), json_values, min_size=1))
def test_any_header_is_answered(header: dict[str, Any]) -> None:
    assume(any(value is not None for value in header.values()))
    assert isinstance(way_of(signed(KEYS["Ed25519"], **header)), Rejected)
