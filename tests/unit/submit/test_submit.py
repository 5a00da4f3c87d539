"""submit: every bad input has its own code, says nothing of what was sent, and costs nobody else's submission."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from sightline.formats import jwe, jws
from sightline.formats.problem import PROBLEMS, problem
from sightline.kernel.ids import DeskId
from sightline.kernel.values import Defect, Refusal, Rejected, Submission
from sightline.submit import Limits, submit
from tests.builders import NOW, AnyForm, a_key, a_report, an_event, signed

KEY = a_key()
HUB = jwe.generate(DeskId("hub/unsealing"))
UNSEALER = jwe.Unsealer([HUB])
CANARY = "Oakapple"
LIMITS = Limits()


class OneForm:
    """Schemas that know one type, in one version, and ask it for a child."""

    def check(
        self, event_type: str, version: int, data: Mapping[str, Any], /
    ) -> tuple[Refusal | None, tuple[Defect, ...]]:
        if event_type != "missing.reported":
            return Refusal(code="unknown_type", pointer="/type"), ()
        if version != 1:
            return Refusal(code="unknown_version", pointer="/dataschema"), ()
        if "child" not in data:
            return Refusal(code="schema_missing_field", pointer="/child"), ()
        return None, (Defect(code="unknown_field", pointer="/~"),) if "more" in data else ()


def submitted(raw: bytes, limits: Limits = LIMITS) -> Submission | Rejected:
    [result] = submit([raw], schemas=OneForm(), unsealer=UNSEALER, now=NOW, limits=limits)
    return result


def payload_of(size: int) -> bytes:
    """An event of which the compact JWS has `size` bytes, or one or two fewer."""
    rest = size - len(signed(KEY, an_event(data=a_report(note=""))))
    return signed(KEY, an_event(data=a_report(note="x" * (rest * 3 // 4))))


def test_a_good_submission_is_taken_apart() -> None:
    raw = signed(KEY)
    result = submitted(raw)
    assert isinstance(result, Submission)
    assert result.refusal is None
    assert (result.compact, result.kid, result.alg) == (raw, KEY.kid, "Ed25519")
    assert json.loads(result.payload) == an_event()
    assert result.data == an_event()["data"]
    assert result.envelope is not None
    assert result.envelope.type == "missing.reported"


def test_a_sealed_submission_is_the_same_submission() -> None:
    raw = signed(KEY)
    assert submitted(jwe.seal(raw, jwe.public_part(HUB))) == submitted(raw)


def test_what_is_not_understood_is_a_defect_and_not_a_refusal() -> None:
    result = submitted(signed(KEY, an_event(data=a_report(more="x"))))
    assert isinstance(result, Submission)
    assert result.refusal is None
    assert [defect.code for defect in result.defects] == ["unknown_field"]


BEFORE_THE_SIGNATURE = [
    pytest.param(b"x" * (LIMITS.max_sealed_bytes + 1), "too_large", id="over-size"),
    pytest.param(b"x" * (LIMITS.max_bytes + 1), "too_large", id="over-size, not sealed"),
    pytest.param(b"", "jws_malformed", id="nothing"),
    pytest.param(b"\xff\xfe", "jws_malformed", id="bytes"),
    pytest.param(json.dumps(an_event()).encode(), "jws_malformed", id="an event without a signature"),
    pytest.param(signed(KEY, alg="none"), "algorithm_not_allowed", id="algorithm none"),
    pytest.param(signed(KEY, alg="HS256"), "algorithm_not_allowed", id="algorithm HS256"),
    pytest.param(signed(KEY, crit=["x"], x=1), "header_not_allowed", id="crit"),
    pytest.param(signed(KEY, kid=CANARY), "header_not_allowed", id="a name for a key id"),
    pytest.param(
        jwe.seal(signed(KEY), jwe.public_part(jwe.generate(DeskId("hub/unsealing")))),
        "unseal_failed",
        id="sealed to another key",
    ),
    pytest.param(b"e.b.c.d.e", "unseal_failed", id="five parts of nothing"),
    pytest.param(jwe.seal(b"not signed", jwe.public_part(HUB)), "jws_malformed", id="sealed but not signed"),
    pytest.param(
        jwe.seal(jwe.seal(signed(KEY), jwe.public_part(HUB)), jwe.public_part(HUB)),
        "jws_malformed",
        id="sealed twice",
    ),
    pytest.param(
        jwe.seal(b"x" * (LIMITS.max_bytes + 1), jwe.public_part(HUB)), "too_large", id="over-size when opened"
    ),
]

SIGNED_BUT_WRONG: list[tuple[Any, str, str]] = [
    (b"\xff" + CANARY.encode(), "not_utf8", "not UTF-8"),
    (b"{" + CANARY.encode(), "not_json", "not JSON"),
    (b'["Oakapple"]', "not_json", "not an object"),
    (b'{"Oakapple":1,"Oakapple":2}', "duplicate_key", "duplicate keys"),
    (b'{"Oakapple":' + b"[" * 5000, "too_deep", "deep nesting, cut off"),
    (b'{"a":' + b"[" * 20 + b"]" * 20 + b"}", "too_deep", "deep nesting"),
    (json.dumps({"a": [0] * 1001}).encode(), "too_many", "too many items"),
    (b'{"a":1e999}', "number_not_allowed", "a number too large"),
    (an_event(id=None), "envelope_invalid", "no id"),
    (an_event(area=CANARY), "envelope_invalid", "no such area"),
    (an_event(oakapple=CANARY), "envelope_invalid", "an unknown attribute"),
    (an_event(type="sightline.oak.apple", dataschema="sightline:/schemas/oak.apple/1"), "unknown_type", "unknown type"),
    (an_event(dataschema="sightline:/schemas/missing.reported/9"), "unknown_version", "unknown version"),
    (an_event(data={"note": CANARY}), "schema_missing_field", "missing mandatory field"),
    (an_event(time="2026-03-02T09:35:01Z"), "time_in_future", "future time"),
]


@pytest.mark.parametrize(("raw", "code"), BEFORE_THE_SIGNATURE)
def test_what_cannot_be_proven_is_rejected_at_once(raw: bytes, code: str) -> None:
    result = submitted(raw)
    assert isinstance(result, Rejected)
    assert result.refusal.code == code
    assert result.size == len(raw)
    assert len(result.digest) == 32
    assert result.sender is None
    assert result.compact == b""


@pytest.mark.parametrize(
    ("content", "code"), [pytest.param(content, code, id=name) for content, code, name in SIGNED_BUT_WRONG]
)
def test_what_is_signed_but_wrong_waits_for_its_sender_to_be_proven(content: Any, code: str) -> None:
    result = submitted(signed(KEY, content))
    assert isinstance(result, Submission)
    assert result.refusal is not None
    assert result.refusal.code == code


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        *BEFORE_THE_SIGNATURE,
        *[pytest.param(signed(KEY, content), code, id=name) for content, code, name in SIGNED_BUT_WRONG],
    ],
)
def test_a_refusal_is_a_problem_that_repeats_nothing(raw: bytes, code: str) -> None:
    refusal = submitted(raw).refusal
    assert refusal is not None
    document = problem(refusal)
    assert document["status"] == PROBLEMS[code].status
    assert document["status"] < 500
    assert CANARY.lower() not in repr(document).lower()


@pytest.mark.parametrize(
    ("ahead", "is_taken"),
    [(timedelta(minutes=5, seconds=-1), True), (timedelta(minutes=5), True), (timedelta(minutes=5, seconds=1), False)],
)
def test_an_event_may_be_five_minutes_ahead(ahead: timedelta, is_taken: bool) -> None:
    result = submitted(signed(KEY, an_event(time=(NOW + ahead).isoformat())))
    assert isinstance(result, Submission)
    assert (result.refusal is None) is is_taken


def test_an_old_event_is_taken() -> None:
    result = submitted(signed(KEY, an_event(time="1996-01-01T00:00:00Z")))
    assert isinstance(result, Submission)
    assert result.refusal is None


def test_the_largest_submission_is_taken_sealed_or_not() -> None:
    raw = payload_of(LIMITS.max_bytes)
    assert LIMITS.max_bytes - 3 < len(raw) <= LIMITS.max_bytes
    sealed = jwe.seal(raw, jwe.public_part(HUB))
    assert LIMITS.max_bytes < len(sealed) <= LIMITS.max_sealed_bytes
    for form in (raw, sealed):
        result = submitted(form)
        assert isinstance(result, Submission)
        assert result.refusal is None


def test_a_bad_submission_costs_no_other_one() -> None:
    batch = [signed(KEY), b"rubbish", signed(KEY, b"{"), signed(KEY)]
    results = submit(batch, schemas=AnyForm(), unsealer=None, now=NOW)
    good = [isinstance(result, Submission) and result.refusal is None for result in results]
    assert good == [True, False, False, True]


def test_a_hub_without_an_unsealing_key_says_so() -> None:
    sealed = jwe.seal(signed(KEY), jwe.public_part(HUB))
    [result] = submit([sealed], schemas=AnyForm(), unsealer=None, now=NOW)
    assert isinstance(result, Rejected)
    assert result.refusal.code == "unseal_failed"


def test_a_receipt_of_the_hub_is_no_submission() -> None:
    result = submitted(jws.sign(json.dumps(an_event()).encode(), KEY, jws.RECEIPT))
    assert isinstance(result, Rejected)
    assert result.refusal.code == "header_not_allowed"
