"""Submissions over HTTP: receipts, repeats, and a stable code for everything that is not taken (P1, P2, P12)."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from sightline.agency.client import HubRefused
from sightline.agency.keys import generate, make_registration
from sightline.formats import base64url, jwe
from sightline.formats.problem import CONTENT_TYPE, PROBLEMS, TYPE_PREFIX
from sightline.formats.receipt import read_receipt
from sightline.kernel.errors import Unavailable
from sightline.kernel.ids import DeskId
from tests.builders import signed
from tests.builders_http import Served, served
from tests.builders_hub import (
    AREA,
    CHARITY,
    MASH,
    POLICE,
    RESPONSE,
    Town,
    a_child,
    a_missing,
    a_town,
    admits,
    rows,
    signs,
    source_of,
)

CANARY = "Quillfeather"
"""In every free value that is sent: must be in nothing that comes back, nor in any log."""


@contextmanager
def lent(town: Town) -> Iterator[dict[str, Any]]:
    """What tests share: a server."""
    with served(town) as hub:
        yield {"hub": hub}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    town = a_town(tmp_path_factory.mktemp("hub"))
    with lent(town) as found:
        yield found
    town.hub.close()


@pytest.fixture
def hub(shared: dict[str, Any]) -> Served:
    found: Served = shared["hub"]
    return found


def a_form(**changes: Any) -> dict[str, Any]:
    """A missing report whose every free value holds the canary."""
    return a_missing(
        a_child(family_name=CANARY, given_name=CANARY),
        **({"circumstances": f"{CANARY} left after breakfast."} | changes),
    )


def an_event(town: Town, **changes: Any) -> dict[str, Any]:
    """The CloudEvent of that form as JSON."""
    made = {
        "specversion": "1.0",
        "id": f"e-{len(changes)}-{CANARY}",
        "source": source_of(POLICE),
        "type": "sightline.missing.reported",
        "time": town.clock.now().isoformat().replace("+00:00", "Z"),
        "dataschema": "sightline:/schemas/missing.reported/1",
        "datacontenttype": "application/json",
        "area": AREA,
        "purpose": RESPONSE,
        "actor": "s-4711:duty_officer",
        "data": a_form(),
    } | changes
    return {name: value for name, value in made.items() if value is not None}


# ------------------------------------------------------------------------------------------------------- what is taken


def test_what_is_accepted_gets_a_receipt_that_the_hubs_key_signed(hub: Served) -> None:
    answer = hub.post(signs(hub.town, POLICE, "missing.reported", a_form()))
    assert (answer.status_code, answer.headers["content-type"]) == (201, "application/jose")
    receipt = read_receipt(answer.content, hub.keys.receipt_keys)
    assert receipt.outcome == "accepted"
    assert receipt.defects == ()
    assert len(receipt.items) == len(receipt.children) == 1


def test_the_same_event_again_gets_the_same_receipt(hub: Served) -> None:
    event = signs(hub.town, POLICE, "missing.reported", a_form())
    first, second = hub.post(event), hub.post(event)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.content == second.content
    assert first.headers["location"] == second.headers["location"]


def test_a_sealed_submission_is_opened_and_is_the_same_event(hub: Served) -> None:
    event = signs(hub.town, POLICE, "missing.reported", a_form())
    sealed = jwe.seal(event, hub.keys.intake_key)
    first, second = hub.post(sealed), hub.post(event)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.content == second.content


def test_an_agency_reads_its_own_receipts_and_no_others(hub: Served) -> None:
    with hub.client(POLICE) as police, hub.client(MASH) as mash:
        sent = police.submit(signs(hub.town, POLICE, "missing.reported", a_form()), hub.keys.receipt_keys)
        assert police.receipt(sent.name) == sent.compact
        with pytest.raises(HubRefused, match="not_found"):
            mash.receipt(sent.name)


@pytest.mark.parametrize(
    ("change", "defect"),
    [
        pytest.param({f"favourite_{CANARY}": "blue"}, ("unknown_field", "/~"), id="an unknown optional field"),
        pytest.param({"missing_from": f"the-{CANARY}"}, ("unknown_code", "/missing_from"), id="an unknown code"),
    ],
)
def test_what_is_not_understood_but_optional_is_accepted_with_a_defect(
    hub: Served, change: dict[str, Any], defect: tuple[str, str]
) -> None:
    answer = hub.post(signs(hub.town, POLICE, "missing.reported", a_form(**change)))
    assert answer.status_code == 201
    receipt = read_receipt(answer.content, hub.keys.receipt_keys)
    assert [(one.code, one.pointer) for one in receipt.defects] == [defect]


# --------------------------------------------------------------------------------------------------- what is not taken

Case = Callable[[Town], bytes]


def _signed(content: bytes | dict[str, Any] | None = None, **header: Any) -> Case:
    def make(town: Town) -> bytes:
        given = content if content is not None else an_event(town)
        raw = given if isinstance(given, bytes) else json.dumps(given).encode()
        return signed(town.keys[POLICE], raw, **header)

    return make


def _event(**changes: Any) -> Case:
    return lambda town: signed(town.keys[POLICE], json.dumps(an_event(town, **changes)).encode())


def _over_size(town: Town) -> bytes:
    return signs(town, POLICE, "missing.reported", a_form(circumstances=CANARY * 30_000))


def _duplicate_key(town: Town) -> bytes:
    text = json.dumps(an_event(town))
    return signed(town.keys[POLICE], (text[:-1] + f', "id": "{CANARY}"}}').encode())


def _not_utf8(town: Town) -> bytes:
    return signed(town.keys[POLICE], json.dumps(an_event(town)).encode().replace(b"left", b"\xff\xfe"))


def _deep(town: Town) -> bytes:
    deep: Any = CANARY
    for _ in range(40):
        deep = {CANARY: deep}
    return signed(town.keys[POLICE], json.dumps(an_event(town, data={"child": deep})).encode())


def _too_many(town: Town) -> bytes:
    return signed(town.keys[POLICE], json.dumps(an_event(town, data={f"{CANARY}{n}": 1 for n in range(500)})).encode())


def _expired(town: Town) -> bytes:
    key = generate(POLICE)
    registration = make_registration(key, sources=[source_of(POLICE)], types=["*"], now=town.clock.now())
    town.hub.admin.register_key(registration, valid_until=town.clock.now())
    return signed(key, json.dumps(an_event(town)).encode())


def _revoked(town: Town) -> bytes:
    key = generate(POLICE)
    town.hub.admin.register_key(make_registration(key, sources=[source_of(POLICE)], types=["*"], now=town.clock.now()))
    town.hub.admin.revoke_key(key.kid)
    return signed(key, json.dumps(an_event(town)).encode())


def _unregistered(town: Town) -> bytes:
    return signed(generate(POLICE), json.dumps(an_event(town)).encode())


def _of_another_desk(town: Town) -> bytes:
    return signed(town.keys[MASH], json.dumps(an_event(town)).encode())


def _of_another_source(_town: Town) -> Case:
    return _event(source=f"/agencies/{POLICE}/elsewhere")


def _for_another_type(town: Town) -> bytes:
    key = generate(POLICE)
    registration = make_registration(key, sources=[source_of(POLICE)], types=["missing.returned"], now=town.clock.now())
    town.hub.admin.register_key(registration)
    return signed(key, json.dumps(an_event(town)).encode())


def _not_the_desks_to_send(town: Town) -> bytes:
    return signs(
        town,
        CHARITY,
        "cpi.graded",
        {
            "item": "i-" + "a" * 26,
            "source_evaluation": 2,
            "information_assessment": "B",
            "handling": "P",
            "note": CANARY,
        },
    )


def _suspended(town: Town) -> bytes:
    name = DeskId("northshire-police/suspended")
    if town.hub.directory.desk(name) is None:
        admits(town, name, "police", "police_missing_persons")
        town.hub.admin.change_standing(name, "suspended")
    return signs(town, name, "missing.reported", a_form())


def _other_payload(town: Town) -> bytes:
    name = f"again-{CANARY}"
    town.hub.submit([signs(town, POLICE, "missing.reported", a_form(), id=name)])
    return signs(town, POLICE, "missing.reported", a_form(missing_risk="high"), id=name)


def _swapped_body(town: Town) -> bytes:
    header, _, signature = signs(town, POLICE, "missing.reported", a_form()).split(b".")
    other = json.dumps(an_event(town, data=a_form(missing_risk="high"))).encode()
    return b".".join([header, base64url.encode(other), signature])


def _sealed_to_another(town: Town) -> bytes:
    stranger = jwe.public_part(jwe.generate(DeskId("hub/intake")))
    return jwe.seal(signs(town, POLICE, "missing.reported", a_form()), stranger)


def _unsigned(town: Town) -> bytes:
    header = base64url.encode(json.dumps({"alg": "none", "kid": town.keys[POLICE].kid}).encode())
    return header + b"." + base64url.encode(json.dumps(an_event(town)).encode()) + b"."


def _future(town: Town) -> bytes:
    later = (town.clock.now() + timedelta(minutes=5, seconds=1)).isoformat().replace("+00:00", "Z")
    return signed(town.keys[POLICE], json.dumps(an_event(town, time=later)).encode())


def _wrong_digit(town: Town) -> bytes:
    child = a_child(family_name=CANARY, identifiers=[{"scheme": "nhs-number", "value": "9990000010"}])
    return signs(town, POLICE, "missing.reported", a_missing(child))


def _without_since(town: Town) -> bytes:
    form = a_form()
    del form["missing_since"]
    return signs(town, POLICE, "missing.reported", form)


BAD: dict[str, tuple[Case, str, bool]] = {
    "over-size": (_over_size, "too_large", False),
    "over-size in the JWS alone": (lambda _: b"e" * (300 * 1024), "too_large", False),
    "not UTF-8": (_not_utf8, "not_utf8", True),
    "not JSON": (_signed(CANARY.encode()), "not_json", True),
    "duplicate keys": (_duplicate_key, "duplicate_key", True),
    "deep nesting": (_deep, "too_deep", True),
    "too many members": (_too_many, "too_many", True),
    "a number of no one meaning": (_signed(b'{"id": 1e999}'), "number_not_allowed", True),
    "unknown type": (
        _event(type="sightline.child.praised", dataschema="sightline:/schemas/child.praised/1"),
        "unknown_type",
        True,
    ),
    "unknown version": (_event(dataschema="sightline:/schemas/missing.reported/99"), "unknown_version", True),
    "a type of the hub's own": (
        _event(type="sightline.alert.ppn1_due", dataschema="sightline:/schemas/alert.ppn1_due/1"),
        "unknown_type",
        True,
    ),
    "missing mandatory field": (_without_since, "schema_missing_field", True),
    "wrong mandatory field": (
        lambda town: signs(town, POLICE, "missing.reported", a_form(missing_since=CANARY)),
        "schema_invalid_field",
        True,
    ),
    "wrong check digit": (_wrong_digit, "identifier_invalid", True),
    "missing attribute": (_event(area=None), "envelope_invalid", True),
    "unknown attribute": (_event(**{CANARY.lower(): CANARY}), "envelope_invalid", True),
    "alg none": (_unsigned, "algorithm_not_allowed", False),
    "alg none with a signature": (_signed(alg="none"), "algorithm_not_allowed", False),
    "alg HS256": (_signed(alg="HS256"), "algorithm_not_allowed", False),
    "alg of another registration": (_signed(alg="EdDSA"), "algorithm_not_allowed", False),
    "crit": (_signed(crit=["exp"]), "header_not_allowed", False),
    "a key in the header": (_signed(jwk={"kty": "OKP"}), "header_not_allowed", False),
    "another typ": (_signed(typ="sightline-read+jwt"), "header_not_allowed", False),
    "no JWS": (lambda _: CANARY.encode(), "jws_malformed", False),
    "nothing": (lambda _: b"", "jws_malformed", False),
    "unregistered key": (_unregistered, "unknown_key", False),
    "expired key": (_expired, "key_not_in_force", False),
    "revoked key": (_revoked, "key_not_in_force", False),
    "key of another desk": (_of_another_desk, "key_not_for_source", False),
    "key of another source": (_event(source=f"/agencies/{POLICE}/elsewhere"), "key_not_for_source", True),
    "key of another type": (_for_another_type, "key_not_for_type", True),
    "not this desk's to send": (_not_the_desks_to_send, "source_may_not_send", True),
    "suspended desk": (_suspended, "desk_not_in_standing", True),
    "future time": (_future, "time_in_future", True),
    "same id, other payload": (_other_payload, "id_reused", True),
    "body swapped under a signature": (_swapped_body, "bad_signature", False),
    "sealed to another key": (_sealed_to_another, "unseal_failed", False),
}
"""What is sent, the code that must come back, and whether the sender is proven and gets a receipt of the refusal."""


@pytest.mark.parametrize(("make", "code", "is_proven"), BAD.values(), ids=BAD.keys())
def test_bad_input_has_a_stable_code_and_nothing_of_it_comes_back(
    hub: Served, make: Case, code: str, is_proven: bool
) -> None:
    raw = make(hub.town)
    before = rows(hub.town, "SELECT COUNT(*) FROM claims")
    answer = hub.post(raw)
    problem = answer.json()
    assert (problem["code"], answer.status_code) == (code, PROBLEMS[code].status)
    assert 400 <= answer.status_code < 500
    assert (problem["status"], problem["type"]) == (answer.status_code, TYPE_PREFIX + code)
    assert answer.headers["content-type"] == CONTENT_TYPE
    assert rows(hub.town, "SELECT COUNT(*) FROM claims") == before
    assert ("receipt" in problem) is is_proven
    if is_proven:
        assert read_receipt(problem.pop("receipt").encode(), hub.keys.receipt_keys).reasons[0].code == code
    said = [answer.text if not is_proven else json.dumps(problem), str(answer.headers), hub.log.getvalue()]
    assert not [text for text in said if CANARY.lower() in text.lower()]


@pytest.mark.parametrize(("make", "code", "is_proven"), BAD.values(), ids=BAD.keys())
def test_a_proven_sender_finds_its_refusal_among_its_alerts(
    hub: Served, make: Case, code: str, is_proven: bool
) -> None:
    if not is_proven or code == "desk_not_in_standing":
        return
    hub.post(make(hub.town))
    with hub.client(CHARITY if code == "source_may_not_send" else POLICE) as client:
        assert code in {notice["code"] for notice in client.alerts()["notices"]}


def test_after_all_that_the_next_good_one_is_taken(hub: Served) -> None:
    for make, _, _ in BAD.values():
        hub.post(make(hub.town))
    assert hub.post(signs(hub.town, POLICE, "missing.reported", a_form())).status_code == 201
    assert hub.get("/readyz").status_code == 200


def test_a_body_without_end_is_cut_off_early(hub: Served) -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        while taken < 64 * 1024 * 1024:
            taken += 65536
            yield b"e" * 65536

    # The server may close while we are still sending: that is an answer too.
    with suppress(httpx2.TransportError):
        assert hub.post(endless()).json()["code"] == "too_large"
    assert taken < 32 * 1024 * 1024


# ------------------------------------------------------------------------------------------------ what cannot be taken


def test_a_full_line_says_503_and_when_to_come_back(town: Town) -> None:
    with served(town, request_timeout_s=0.2, queue_submissions=1) as running:
        with town.hub.database.transaction():
            # Nothing can be recorded while this transaction is open.
            answer = running.post(signs(town, POLICE, "missing.reported", a_form()))
        assert answer.status_code == 503
        assert answer.json()["code"] == "unavailable"
        assert int(answer.headers["retry-after"]) > 0


def test_a_client_sends_the_same_bytes_again_until_the_hub_answers(town: Town) -> None:
    event = signs(town, POLICE, "missing.reported", a_form())
    with served(town) as running:
        port, keys = running.port, running.keys.receipt_keys
        client = running.client(POLICE)
    with pytest.raises(Unavailable):
        client.submit(event, keys, tries=2)
    with served(town, port=port):
        first = client.submit(event, keys)
        assert client.submit(event, keys).compact == first.compact
    client.close()
