"""A partner's side: keys in files, and events that the hub takes."""

import json
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sightline.agency.keys import load_key, make_registration, save_key
from sightline.agency.sign import new_id, sign_event
from sightline.formats.jwk import ALGORITHMS
from sightline.formats.registration import check_registration, signing_key
from sightline.kernel.errors import Refused
from sightline.kernel.values import Verified
from sightline.submit import submit
from sightline.verify import Verify
from tests.builders import NOW, POLICE_SOURCE, AnyForm, EverybodyMay, Keys, a_key, a_report

ATTRIBUTES: dict[str, Any] = {
    "source": POLICE_SOURCE,
    "type": "missing.reported",
    "data": a_report(),
    "area": "hampshire",
    "purpose": "referral",
    "actor": "s-4711:duty_officer",
    "time": NOW,
}


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_key_is_saved_for_its_owner_only_and_loaded_again(tmp_path: Path, alg: str) -> None:
    key, path = a_key(alg=alg), tmp_path / "desk.jwk"
    save_key(path, key)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_key(path).kid == key.kid


def test_a_key_never_replaces_another(tmp_path: Path) -> None:
    save_key(tmp_path / "desk.jwk", a_key())
    with pytest.raises(FileExistsError):
        save_key(tmp_path / "desk.jwk", a_key())


@pytest.mark.parametrize("mode", [0o640, 0o604])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    save_key(tmp_path / "desk.jwk", a_key())
    (tmp_path / "desk.jwk").chmod(mode)
    with pytest.raises(Refused, match="key_malformed"):
        load_key(tmp_path / "desk.jwk")


def test_a_spoilt_key_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "desk.jwk"
    save_key(path, a_key())
    path.write_text(json.dumps(json.loads(path.read_text()) | {"d": "AAAA"}))
    with pytest.raises(Refused, match="key_malformed"):
        load_key(path)


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_registered_key_signs_what_the_hub_takes(alg: str) -> None:
    key = a_key(alg=alg)
    wanted = check_registration(make_registration(key, sources=[POLICE_SOURCE], types=["*"], now=NOW))
    keys = Keys([signing_key(wanted, valid_from=NOW, valid_until=NOW + timedelta(days=1))])
    with Verify(keys=keys, senders=EverybodyMay()) as verify:
        [result] = verify(submit([sign_event(key, **ATTRIBUTES)], schemas=AnyForm(), unsealer=None, now=NOW), NOW)
    assert isinstance(result, Verified)
    assert result.submission.data == a_report()
    assert result.envelope.time == NOW


def test_two_events_have_two_ids_and_a_named_one_its_own() -> None:
    key = a_key()
    assert sign_event(key, **ATTRIBUTES) != sign_event(key, **ATTRIBUTES)
    assert sign_event(key, **ATTRIBUTES, id="e-1") == sign_event(key, **ATTRIBUTES, id="e-1")


@pytest.mark.parametrize(
    "changes",
    [{"source": "elsewhere"}, {"type": "missing"}, {"area": "atlantis"}, {"purpose": "x"}, {"actor": "x"}, {"id": " "}],
    ids=str,
)
def test_what_the_hub_would_refuse_is_not_signed(changes: dict[str, str]) -> None:
    with pytest.raises(Refused, match="envelope_invalid"):
        sign_event(a_key(), **(ATTRIBUTES | changes))


def test_ids_sort_by_time_and_say_that_they_are_version_7() -> None:
    first, second = new_id(NOW), new_id(NOW + timedelta(milliseconds=1))
    assert first < second
    assert uuid.UUID(first).version == 7
    assert uuid.UUID(first).variant == uuid.RFC_4122
    assert uuid.UUID(first).int >> 80 == int(NOW.timestamp() * 1000)
    assert len({new_id(NOW) for _ in range(100)}) == 100
