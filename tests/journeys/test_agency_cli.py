"""The command line, both sides: a desk's folder against a running hub, and an auditor's look at what came of it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sightline.entrypoints.cli import app
from tests.builders_http import wait_until
from tests.builders_hub import a_child, a_missing, missing_now

DESK = "hampshire-police/missing"


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its result."""
        return json.loads(self.out)


def sightline(*arguments: object) -> Said:
    """Run one command in this process."""
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Said(code=done.exit_code, out=done.stdout, err=done.stderr)


class Serving:
    """``sightline serve`` in a process of its own."""

    def __init__(self, data: Path, port: int = 0) -> None:
        command = [sys.executable, "-c", "from sightline.entrypoints.cli import app; app()"]
        self._log = (data.parent / f"{data.name}.log").open("w")
        self.process = subprocess.Popen(
            [*command, "serve", "--data", str(data), "--port", str(port), "--json"],
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        assert self.process.stdout is not None
        self.said: dict[str, Any] = json.loads(self.process.stdout.readline())

    @property
    def port(self) -> int:
        return int(self.said["url"].rpartition(":")[2])

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to stop; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(30)
        if self.process.stdout is not None:
            self.process.stdout.close()
        self._log.close()
        return code


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cli")


@pytest.fixture(scope="module")
def hub(place: Path) -> Iterator[Serving]:
    """A hub with one desk, made and served by the command line."""
    data, desk = place / "hub", place / "desk"
    made = sightline("admin", "desk", "add", DESK, "--sector", "police", "--role", "police_missing_persons", "--area",
                     "hampshire", "--data", data)  # fmt: skip
    assert made.code == 0, made.err
    assert sightline("agency", "init", desk, "--desk", DESK).code == 0
    assert sightline("admin", "key", "register", desk / "registration.jws", "--data", data).code == 0
    running = Serving(data)
    yield running
    running.stop()


def form(place: Path, serial: int = 1) -> Path:
    """A form in a file."""
    path = place / f"form-{serial}.json"
    path.write_text(json.dumps(missing_now(a_child(serial))))
    return path


def agency(hub: Serving, place: Path, command: str, *arguments: object) -> Said:
    """A partner's command against the hub."""
    return sightline("agency", command, place / "desk", *arguments, "--hub", hub.said["url"], "--json")


def follow(hub: Serving, place: Path) -> list[dict[str, Any]]:
    """What is new in the feed."""
    said = agency(hub, place, "follow")
    assert said.code == 0, said.err
    return [json.loads(line) for line in said.out.splitlines()]


@pytest.fixture(scope="module")
def sent(hub: Serving, place: Path) -> dict[str, Any]:
    """One report, signed and sent."""
    assert sightline("agency", "sign", place / "desk", "missing.reported", form(place)).code == 0
    said = agency(hub, place, "submit")
    assert said.code == 0, said.err
    (row,) = said.json
    return dict(row)


def test_a_report_is_signed_sent_and_read_back(hub: Serving, place: Path, sent: dict[str, Any]) -> None:
    assert (sent["outcome"], sent["number"]) == ("accepted", 1)
    entries: list[dict[str, Any]] = []
    wait_until(lambda: bool(_more(entries, follow(hub, place))))
    assert [entry["item"]["ref"] for entry in entries] == sent["items"]
    assert follow(hub, place) == []


def _more(entries: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[dict[str, Any]]:
    entries += new
    return entries


def test_sending_again_gets_the_first_receipt(hub: Serving, place: Path, sent: dict[str, Any]) -> None:
    assert agency(hub, place, "submit").json == []
    (event,) = (place / "desk" / "outbox").glob(f"{sent['event']}.jws")
    said = agency(hub, place, "submit", event)
    assert (said.code, said.json[0]["outcome"], said.json[0]["number"]) == (0, "repeated", 1)


def test_a_sealed_report_is_taken_like_an_open_one(hub: Serving, place: Path, sent: dict[str, Any]) -> None:
    made = sightline("agency", "sign", place / "desk", "missing.reported", form(place, 3), "--id", "sealed-1")
    assert made.code == 0
    said = agency(hub, place, "submit", "--seal")
    assert (said.code, said.json[0]["event"], said.json[0]["outcome"]) == (0, "sealed-1", "accepted")


def test_a_refusal_ends_with_4_and_keeps_the_hubs_receipt(hub: Serving, place: Path, sent: dict[str, Any]) -> None:
    broken = place / "broken.json"
    broken.write_text(json.dumps(a_missing(a_child(2)) | {"missing_since": None}))
    assert sightline("agency", "sign", place / "desk", "missing.reported", broken, "--id", "broken-1").code == 0
    said = agency(hub, place, "submit")
    assert (said.code, said.json[0]["outcome"], said.json[0]["pointer"]) == (4, "refused", "/missing_since")
    assert (place / "desk" / "receipts" / "broken-1.json").exists()
    assert "Oakapple" not in said.out + said.err


def test_check_passes_and_then_finds_a_receipt_that_was_changed(
    hub: Serving, place: Path, sent: dict[str, Any]
) -> None:
    follow(hub, place)
    said = agency(hub, place, "check")
    assert (said.code, said.json["findings"]) == (0, [])
    kept = place / "desk" / "receipts" / f"{sent['event']}.json"
    before = kept.read_text()
    kept.write_text(before.replace("eyJ", "eyI", 1))
    said = agency(hub, place, "check")
    kept.write_text(before)
    assert said.code == 1
    assert [finding["what"] for finding in said.json["findings"]]


def test_check_and_follow_find_a_feed_that_was_told_otherwise(hub: Serving, place: Path, sent: dict[str, Any]) -> None:
    cursor = place / "desk" / "feed.json"
    wait_until(lambda: bool(follow(hub, place) or json.loads(cursor.read_text())["seq"]))
    before = cursor.read_text()
    cursor.write_text(json.dumps(json.loads(before) | {"running": "22" * 32}))
    checked, followed = agency(hub, place, "check"), agency(hub, place, "follow")
    cursor.write_text(before)
    assert (checked.code, checked.json["findings"][0]["code"]) == (1, "feed_fork")
    assert (followed.code, "feed_fork" in followed.err) == (1, True)


def test_a_hub_that_changed_its_keys_is_not_believed(hub: Serving, place: Path, sent: dict[str, Any]) -> None:
    kept = place / "desk" / "hub.json"
    before = kept.read_text()
    kept.write_text(json.dumps(json.loads(before) | {"origin": "elsewhere.example/log"}))
    said = agency(hub, place, "follow")
    kept.write_text(before)
    assert (said.code, "hub_keys_changed" in said.err) == (1, True)


def test_a_hub_that_does_not_answer_ends_with_5(place: Path, hub: Serving) -> None:
    said = sightline("agency", "follow", place / "desk", "--hub", "http://127.0.0.1:9")
    assert said.code == 5


def test_an_auditor_reads_explains_verifies_and_replays(hub: Serving, place: Path, sent: dict[str, Any]) -> None:
    data = place / "hub"
    wait_until(lambda: bool(sightline("audit", "log", "--data", data, "--desk", DESK, "--json").json))
    leaf = sightline("audit", "log", "--data", data, "--item", sent["items"][0], "--json").json[0]
    explained = sightline("audit", "explain", leaf["id"], "--data", data, "--json").json
    assert explained["rules"]["H-06"] == ["The desk that sent the item sees all of it."]
    assert explained["facts_state"] == "opened"
    assert explained["facts"][0]["desk"]["originating"] is True
    assert explained["basis"]["UKGDPR-6-1-e"] == ["UK GDPR Art 6(1)(e), public task"]
    for command in ("log", "explain"):
        told = sightline("audit", command, *([leaf["id"]] if command == "explain" else []), "--data", data)
        assert told.code == 0
        assert "Oakapple" not in told.out + told.err
    remembered = place / "remembered"
    for _ in range(2):
        verified = sightline("audit", "verify", data / "register", "--vkey", hub.said["vkey"], "--remember", remembered)
        assert verified.code == 0, verified.out
    assert remembered.read_bytes() == (data / "register" / "checkpoint").read_bytes()
    replayed = sightline("audit", "replay", "--data", data, "--json")
    assert (replayed.code, replayed.json["differences"]) == (0, [])


def test_verifying_with_another_key_or_a_changed_register_fails(
    hub: Serving, place: Path, sent: dict[str, Any]
) -> None:
    register = place / "hub" / "register"
    other = sightline("admin", "agency", "list", "--data", place / "elsewhere")
    assert other.code == 5
    sightline("admin", "desk", "add", DESK, "--sector", "police", "--role", "police_missing_persons", "--area",
              "hampshire", "--data", place / "stranger")  # fmt: skip
    stranger = Serving(place / "stranger")
    stranger.stop()
    assert sightline("audit", "verify", register, "--vkey", stranger.said["vkey"]).code == 1
    assert sightline("audit", "verify", register, "--vkey", "no key").code == 3


def test_what_is_no_hub_could_not_be_checked(place: Path) -> None:
    assert sightline("audit", "replay", "--data", place / "nothing").code == 3
    assert sightline("audit", "log", "--data", place / "nothing").code == 5
    assert sightline("audit", "verify", place / "nothing", "--vkey", "x").code == 3


def test_operators_see_desks_and_keys_and_a_revoked_key_reads_nothing(hub: Serving, place: Path) -> None:
    data, desk = place / "hub", place / "second"
    name = "hampshire-police/second"
    assert sightline("admin", "desk", "add", name, "--sector", "police", "--role", "police_response", "--area",
                     "hampshire", "--data", data, "--json").json["desk"] == name  # fmt: skip
    again = sightline("admin", "desk", "add", name, "--sector", "police", "--role", "police_response", "--area",
                      "hampshire", "--data", data)  # fmt: skip
    assert (again.code, "desk_exists" in again.err) == (4, True)
    sightline("agency", "init", desk, "--desk", name)
    kid = sightline("admin", "key", "register", desk / "registration.jws", "--data", data, "--json").json["kid"]
    asked = ("agency", "follow", desk, "--hub", hub.said["url"], "--json")
    assert sightline(*asked).code == 0
    assert sightline("admin", "key", "revoke", kid, "--data", data).code == 0
    assert sightline(*asked).code == 4
    assert [row["revoked_at"] is not None for row in sightline("admin", "key", "list", "--data", data, "--json").json
            if row["kid"] == kid] == [True]  # fmt: skip
    sightline("admin", "desk", "standing", name, "suspended", "--data", data)
    rows = sightline("admin", "desk", "list", "--data", data, "--json").json
    assert {row["desk"]: row["standing"] for row in rows} == {DESK: "good", name: "suspended"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_serve_finishes_what_it_took_and_ends_with_0(tmp_path: Path, number: int) -> None:
    data, desk = tmp_path / "hub", tmp_path / "desk"
    sightline("admin", "desk", "add", DESK, "--sector", "police", "--role", "police_missing_persons", "--area",
              "hampshire", "--data", data)  # fmt: skip
    sightline("agency", "init", desk, "--desk", DESK)
    sightline("admin", "key", "register", desk / "registration.jws", "--data", data)
    running = Serving(data)
    for serial in range(1, 6):
        sightline("agency", "sign", desk, "missing.reported", form(tmp_path, serial))
    assert sightline("agency", "submit", desk, "--hub", running.said["url"]).code == 0
    assert running.stop(number) == 0
    items = {leaf["item"] for leaf in sightline("audit", "log", "--data", data, "--desk", DESK, "--json").json}
    assert len(items) == 5
    assert sightline("audit", "verify", data / "register", "--vkey", running.said["vkey"]).code == 0
    assert sightline("audit", "replay", "--data", data).code == 0
    log = (tmp_path / "hub.log").read_text()
    assert "Oakapple" not in log
    assert all(json.loads(line) for line in log.splitlines())


def test_the_policy_and_the_schemas_can_be_looked_at() -> None:
    found = sightline("policy", "check", "--json").json
    assert found["policy"].startswith("sha256:")
    assert {"D-01", "D-42", "H-01"} <= set(found["rules"])
    assert "missing.reported" in sightline("schema", "list").out
    assert (
        json.loads(sightline("schema", "show", "missing.reported", "--json").out)["$id"]
        == "sightline:/schemas/missing.reported/1"
    )
    assert sightline("schema", "show", "child.praised").code == 4


def test_an_unknown_setting_is_refused_and_wrong_use_ends_with_2(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sightline("audit", "explain").code == 2
    monkeypatch.setitem(os.environ, "SIGHTLINE_PROT", "80")
    said = sightline("admin", "desk", "list")
    assert (said.code, "SIGHTLINE_PROT" in said.err) == (4, True)


def test_every_command_says_what_it_does() -> None:
    for command in ((), ("agency",), ("audit",), ("admin",), ("admin", "desk"), ("policy",), ("schema",)):
        said = sightline(*command, "--help")
        assert said.code == 0
        assert "Commands" in said.out
