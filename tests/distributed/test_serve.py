"""`sightline serve` before workers, and what operators and auditors do beside them: HTTP and Kafka are one hub."""

import json
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from sightline.adapters.clock import SystemClock
from sightline.adapters.keyparts import STAGES as HOLDERS
from sightline.agency.client import HubClient
from sightline.formats.reading_token import make_token
from sightline.formats.receipt import read_receipt
from sightline.kernel.ids import DeskId
from tests.builders_distributed import Works, waits_for
from tests.builders_hub import CHARITY, MASH, POLICE, RESPONSE, a_child, missing_now

ACTOR = "s-4711:duty_officer"


@dataclass(frozen=True, kw_only=True)
class Served:
    """A hub over HTTP."""

    url: str
    area: Works

    def client(self, desk: DeskId) -> HubClient:
        """That desk's client."""
        return HubClient(
            self.url, key=self.area.keys[desk], actor=ACTOR, purpose=RESPONSE, clock=SystemClock(), wait=lambda _: None
        )

    def token(self, desk: DeskId) -> dict[str, str]:
        """A header for one request of that desk's."""
        claims: dict[str, Any] = {
            "audience": "sightline",
            "actor": ACTOR,
            "purpose": RESPONSE,
            "now": SystemClock().now(),
        }
        return {"Authorization": f"Bearer {make_token(self.area.keys[desk], **claims).decode()}"}


@pytest.fixture(scope="module")
def served(area: Works) -> Served:
    _, url = area.serve()
    return Served(url=url, area=area)


def test_what_came_over_http_is_told_on_the_broker_too(served: Served) -> None:
    event = served.area.signs(POLICE, "missing.reported", missing_now(a_child(60)))
    answer = httpx2.post(f"{served.url}/v1/submissions", content=event, timeout=30)
    assert answer.status_code == 201
    served.area.answers(event)
    (receipt,) = served.area.receipts("hampshire-police")
    assert receipt == read_receipt(answer.content, served.area.hub.hub_keys)
    assert served.area.feed(MASH)


def test_what_came_over_the_broker_is_read_over_http(served: Served) -> None:
    area = served.area
    event = area.signs(POLICE, "missing.reported", missing_now(a_child(61)))
    area.posts(POLICE, event)
    area.answers(event)
    again = httpx2.post(f"{served.url}/v1/submissions", content=event, timeout=30)
    assert again.status_code == 200
    item = read_receipt(again.content, area.hub.hub_keys).items[0]
    found = httpx2.get(f"{served.url}/v1/items/{item}", headers=served.token(MASH), timeout=30).json()
    assert found["state"] == "disclosed"
    page = httpx2.get(f"{served.url}/v1/feed", headers=served.token(MASH), timeout=30).json()
    assert page["entries"] == area.feed(MASH)


def test_a_stream_hears_of_what_workers_told(served: Served) -> None:
    area = served.area
    after = len(area.feed(MASH))
    headers = served.token(MASH) | {"Accept": "text/event-stream"}
    with httpx2.stream("GET", f"{served.url}/v1/feed?after={after}", headers=headers, timeout=30) as stream:
        lines = stream.iter_lines()
        assert next(line for line in lines if line.startswith("event:")) == "event: heartbeat"
        event = area.signs(POLICE, "missing.reported", missing_now(a_child(62)))
        area.posts(POLICE, event)
        assert next(line for line in lines if line.startswith("event: entry"))
        assert json.loads(next(line for line in lines if line.startswith("data:"))[5:])["seq"] == after + 1
    area.answers(event)


def test_it_says_how_it_is_and_what_goes_over_the_broker(served: Served) -> None:
    waits_for(lambda: httpx2.get(f"{served.url}/readyz").status_code == 200)
    assert httpx2.get(f"{served.url}/v1/asyncapi.json").json()["asyncapi"] == "3.0.0"
    assert b"sightline_decide_lag_entries 0.0" in httpx2.get(f"{served.url}/metrics").content


# --------------------------------------------------------------------------------------------- operators and auditors


def test_an_auditor_replays_the_database(area: Works) -> None:
    area.settles()
    done = area.runs("audit", "replay", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["differences"] == []
    verified = area.runs("audit", "verify", str(area.settings.export), "--vkey", area.hub.vkey, "--json")
    assert verified.returncode == 0, verified.stderr
    leaf = json.loads(area.runs("audit", "log", "--json").stdout)[-1]
    explained = json.loads(area.runs("audit", "explain", leaf["id"], "--json").stdout)
    assert explained["facts_state"] == "opened"


def test_an_operator_suspends_a_desk_and_reads_stop_at_once(served: Served) -> None:
    read = f"{served.url}/v1/feed"
    assert httpx2.get(read, headers=served.token(CHARITY)).status_code == 200
    assert served.area.runs("admin", "desk", "standing", CHARITY, "suspended").returncode == 0
    assert httpx2.get(read, headers=served.token(CHARITY)).status_code == 403
    assert served.area.runs("admin", "desk", "standing", CHARITY, "good").returncode == 0
    served.area.settles()


def test_an_operator_has_a_topic_told_again(area: Works) -> None:
    before = area.feed(MASH)
    done = area.runs("admin", "retell", MASH, "--from", "2", "--json")
    assert json.loads(done.stdout) == {"topic": "sightline.feed.hampshire-mash.desk", "from": 2}
    waits_for(lambda: len(area.feed(MASH)) == 2 * len(before) - 1)
    assert area.feed(MASH) == before + before[1:]


@pytest.mark.parametrize("stage", list(HOLDERS))
def test_a_stage_is_given_its_keys_and_no_others(area: Works, stage: str) -> None:
    out = area.folder / f"given-{stage}"
    # From the whole set, which is where the hub was founded.
    done = area.runs("admin", "keys", stage, str(out), keys_folder=area.settings.keys)
    assert done.returncode == 0, done.stderr
    held = {path.name for path in out.iterdir()}
    assert held == {"origin", "log.vkey", "keys.sha256", *HOLDERS[stage]}
    assert all(path.stat().st_mode & 0o077 == 0 for path in out.iterdir())
    again = area.runs("admin", "keys", stage, str(out), keys_folder=area.settings.keys)
    assert (again.returncode, "folder_exists" in again.stderr) == (4, True)


def test_a_worker_without_its_key_does_not_start(area: Works) -> None:
    done = area.runs("worker", "seal", "--port", "0", stage="decide")
    assert done.returncode == 1
    assert "key_missing" in done.stderr


def test_a_vault_in_the_ledgers_own_database_is_refused(area: Works) -> None:
    done = area.runs("worker", "clock", "--port", "0", stage="clock", vault=area.settings.database)
    assert (done.returncode, "vault_within" in done.stderr) == (4, True)


def test_the_server_ends_in_order_when_it_is_told_to(served: Served) -> None:
    """The last of this file: it stops everything."""
    assert set(served.area.stop().values()) == {0}
