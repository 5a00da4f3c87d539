"""Writes the golden vectors beside it: `python -m tests.vectors.make` from the root. tests/unit compares them.

The keys are published ones (RFC 8037 A.1, RFC 7515 A.3) or spelt out here: for tests only. ES256 vectors are signed by
RFC 6979's rule, so that they come out the same; a sealed vector is kept as long as it opens to what it should.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from sightline.formats import base64url, jwe, jws
from sightline.formats.jwk import PrivateKey, private_of
from sightline.formats.reading_token import make_token
from sightline.formats.receipt import ACCEPTED, Receipt, make_receipt
from sightline.formats.registration import make_registration
from sightline.formats.thumbprint import key_id
from sightline.kernel.errors import Refused
from sightline.kernel.ids import DeskId
from sightline.kernel.values import Defect
from tests.builders import NOW, POLICE, POLICE_SOURCE, an_event, signed

HERE = Path(__file__).parent
OKP = {
    "kty": "OKP",
    "crv": "Ed25519",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
}
EC = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
}
SIGNING = {"Ed25519": OKP, "EdDSA": OKP, "ES256": EC}
HUB_RECEIPTS = DeskId("hub/receipts")
HUB_UNSEALING = DeskId("hub/unsealing")
SEALING = {
    "X25519": {
        "kty": "OKP",
        "crv": "X25519",
        "x": "hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo",
        "d": "dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo",
    },
    "P-256": EC,
}
"""X25519: the first key pair of RFC 7748 §6.1."""


def private_jwk(alg: str, desk: DeskId = POLICE) -> dict[str, str]:
    """A test key for an algorithm, as a key file would hold it."""
    return SIGNING[alg] | {"alg": alg, "kid": key_id(desk, SIGNING[alg])}


def a_test_key(alg: str, desk: DeskId = POLICE) -> PrivateKey:
    """The same, ready to sign."""
    return private_of(private_jwk(alg, desk))


def unsealing_jwk(curve: str) -> dict[str, str]:
    """The hub's test key for a curve."""
    return SEALING[curve] | {"kid": key_id(HUB_UNSEALING, SEALING[curve])}


def payload() -> bytes:
    """The event of all vectors."""
    return json.dumps(an_event(), separators=(",", ":")).encode()


def compact(alg: str) -> bytes:
    """The signed event."""
    if alg != "ES256":
        return jws.sign(payload(), a_test_key(alg), jws.EVENT)
    signing_input = jws.sign(payload(), a_test_key(alg), jws.EVENT).rpartition(b".")[0]
    secret = a_test_key(alg).secret
    assert isinstance(secret, ec.EllipticCurvePrivateKey)
    r, s = decode_dss_signature(secret.sign(signing_input, ec.ECDSA(SHA256(), deterministic_signing=True)))
    return signing_input + b"." + base64url.encode(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def signed_events() -> dict[str, Any]:
    """One event under each algorithm, and what must be refused."""
    return {
        "payload": payload().decode(),
        "events": [{"alg": alg, "private_jwk": private_jwk(alg), "compact": compact(alg).decode()} for alg in SIGNING],
        "refused": refused_events(),
    }


def refused_events() -> list[dict[str, str]]:
    """Compact forms that no hub may take, each with its code. Some are rightly signed: the form is what is wrong."""
    key, good = a_test_key("Ed25519"), compact("Ed25519")
    head, _, signature = good.split(b".")
    other = json.dumps(an_event(area="isle_of_wight"), separators=(",", ":")).encode()
    return [
        refused("alg none", "algorithm_not_allowed", signed(key, payload(), alg="none").rpartition(b".")[0] + b"."),
        refused("alg HS256", "algorithm_not_allowed", signed(key, payload(), alg="HS256")),
        refused("crit", "header_not_allowed", signed(key, payload(), crit=["exp"], exp=1)),
        refused("key brought along", "header_not_allowed", signed(key, payload(), jwk=OKP["x"])),
        refused("other typ", "header_not_allowed", signed(key, payload(), typ="JWT")),
        refused("padded signature", "jws_malformed", good + b"=="),
        refused("second spelling of the signature", "jws_malformed", good[:-1] + bytes([good[-1] + 1])),
        refused("body swapped", "bad_signature", b".".join([head, base64url.encode(other), signature])),
        refused("not UTF-8", "not_utf8", signed(key, payload().replace(b"Oakapple", b"Oak\xffapple"))),
        refused("duplicate key", "duplicate_key", signed(key, b'{"id":"a","id":"b"}')),
        refused("unknown attribute", "envelope_invalid", signed(key, an_event(subject="x"))),
    ]


def refused(name: str, code: str, letters: bytes) -> dict[str, str]:
    """One row."""
    return {"name": name, "code": code, "compact": letters.decode()}


def sealed_events() -> dict[str, Any]:
    """The Ed25519 event sealed to each curve: for opening only, as sealing is different every time."""
    return {"compact": compact("Ed25519").decode(), "sealed": [sealed(curve) for curve in SEALING]}


def sealed(curve: str) -> dict[str, Any]:
    """The row that is there, if it opens; else a new one."""
    private = unsealing_jwk(curve)
    found = [row for row in written("sealed_events").get("sealed", []) if row["curve"] == curve and opens(row)]
    fresh = {"curve": curve, "private_jwk": private, "jwe": jwe.seal(compact("Ed25519"), private).decode()}
    return found[0] if found else fresh


def opens(row: dict[str, Any]) -> bool:
    """Whether a sealed row is still what it should be."""
    try:
        opened = jwe.Unsealer([row["private_jwk"]]).unseal(row["jwe"].encode())
    except Refused:
        return False
    return row["private_jwk"] == unsealing_jwk(row["curve"]) and opened == compact("Ed25519")


def hub_answers() -> dict[str, Any]:
    """A receipt, a reading token and a key registration, all under the Ed25519 key."""
    receipt = Receipt(
        outcome=ACCEPTED,
        source=POLICE_SOURCE,
        id=an_event()["id"],
        payload=bytes(range(32)),
        recorded_at=NOW,
        number=1,
        defects=(Defect(code="unknown_field", pointer="/~"),),
        items=("i-1",),
        children=("c-1",),
    )
    desk, hub = a_test_key("Ed25519"), a_test_key("Ed25519", HUB_RECEIPTS)
    token = make_token(
        desk, audience="https://hub.example", actor="s-1:duty_officer", purpose="referral", now=NOW, jti="A" * 22
    )
    registration = make_registration(desk, sources=[POLICE_SOURCE], types=["*"], now=NOW)
    return {
        "receipt": make_receipt(receipt, hub).decode(),
        "reading_token": token.decode(),
        "registration": registration.decode(),
    }


VECTORS: dict[str, Callable[[], dict[str, Any]]] = {
    "signed_events": signed_events,
    "sealed_events": sealed_events,
    "hub_answers": hub_answers,
}


def written(name: str) -> dict[str, Any]:
    """What the file holds now; nothing if there is none."""
    path = HERE / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return found


def main() -> None:
    """Write every file."""
    for name, make in VECTORS.items():
        (HERE / f"{name}.json").write_text(json.dumps(make(), indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
