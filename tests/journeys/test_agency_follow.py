"""A desk follows its feed and finds out when the hub does not tell it everything, or tells it otherwise (P10)."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from sightline.agency.check import Finding, Kept, check_feed, check_receipts, check_register, exit_code
from sightline.agency.client import HubClient
from sightline.agency.follow import Cursor, Follower, catch_up, load_cursor, save_cursor
from sightline.formats.feed import START as EMPTY
from sightline.formats.feed import Heartbeat, make_heartbeat
from sightline.formats.jwk import generate
from sightline.kernel.errors import Refused, Unavailable
from sightline.kernel.ids import DeskId
from tests.builders_http import Served, served
from tests.builders_hub import MASH, POLICE, START, Town, a_child, a_missing, a_town, signs

ENTRIES = 5


@contextmanager
def lent(town: Town) -> Iterator[dict[str, Any]]:
    """What tests share: a hub that has told the MASH of `ENTRIES` reports."""
    with served(town) as hub:
        for serial in range(1, ENTRIES + 1):
            hub.sends(POLICE, "missing.reported", a_missing(a_child(serial)))
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


Change = Callable[[dict[str, Any]], None]


class Tampering(httpx2.BaseTransport):
    """Stands between a desk and its hub and changes the JSON of what matches."""

    def __init__(self, path: str, change: Change) -> None:
        self._inner = httpx2.HTTPTransport()
        self._path = path
        self._change = change

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = self._inner.handle_request(request)
        if not request.url.path.startswith(self._path):
            return answer
        document = json.loads(answer.read())
        self._change(document)
        return httpx2.Response(answer.status_code, json=document)

    def close(self) -> None:
        self._inner.close()


def caught_up(hub: Served, client: HubClient, cursor: Cursor | None = None, limit: int = 2) -> tuple[list[int], Cursor]:
    """Numbers of what was handed out, and the cursor afterwards."""
    follower = Follower(cursor or Cursor(desk=MASH), hub.town.hub.hub_keys, hub.town.clock.now)
    told = [one.entry.seq for batch in catch_up(follower, client, limit=limit) for one in batch]
    return told, follower.cursor


# --------------------------------------------------------------------------------------------------------- a whole feed


def test_a_feed_is_followed_over_pages_and_the_cursor_survives_in_a_file(hub: Served, tmp_path: Path) -> None:
    path = tmp_path / "feed.json"
    with hub.client(MASH) as client:
        told, cursor = caught_up(hub, client)
        assert told == list(range(1, ENTRIES + 1))
        save_cursor(path, cursor)
        assert load_cursor(path, MASH) == cursor
        assert caught_up(hub, client, load_cursor(path, MASH)) == ([], cursor)


def test_a_cursor_of_another_desk_is_refused(hub: Served, tmp_path: Path) -> None:
    save_cursor(tmp_path / "feed.json", Cursor(desk=MASH))
    with pytest.raises(Refused, match="feed_foreign"):
        load_cursor(tmp_path / "feed.json", POLICE)


# ---------------------------------------------------------------------------------------------------- a feed that is not


def _drop_one(page: dict[str, Any]) -> None:
    page["entries"] = [entry for entry in page["entries"] if entry["seq"] != 3]


def _drop_and_renumber(page: dict[str, Any]) -> None:
    _drop_one(page)
    for entry in page["entries"]:
        entry["seq"] -= entry["seq"] > 3


def _other_leaf(page: dict[str, Any]) -> None:
    for entry in page["entries"]:
        entry["hash"] = "00" * 32 if entry["seq"] == 2 else entry["hash"]


def _other_kind(page: dict[str, Any]) -> None:
    for entry in page["entries"]:
        entry["kind"] = "notice"


def _nothing_new(page: dict[str, Any]) -> None:
    page["entries"] = []


def _no_hash(page: dict[str, Any]) -> None:
    for entry in page["entries"]:
        entry["hash"] = "no hash"


def _no_entries(page: dict[str, Any]) -> None:
    del page["entries"]


def _own_heartbeat(page: dict[str, Any]) -> None:
    beat = Heartbeat(desk=MASH, count=0, hash=EMPTY, at=START)
    page |= {"entries": [], "count": 0, "heartbeat": make_heartbeat(beat, generate(DeskId("hub/receipts")))}


TAMPERED: dict[str, tuple[Change, str]] = {
    "an entry left out": (_drop_one, "feed_gap"),
    "an entry left out and the others renumbered": (_drop_and_renumber, "feed_gap"),
    "another leaf": (_other_leaf, "feed_fork"),
    "another kind": (_other_kind, "feed_fork"),
    "new entries kept back": (_nothing_new, "feed_gap"),
    "no hash": (_no_hash, "feed_malformed"),
    "no entries": (_no_entries, "not_json"),
    "a heartbeat of somebody else's making": (_own_heartbeat, "bad_signature"),
}


@pytest.mark.parametrize(("change", "code"), TAMPERED.values(), ids=TAMPERED.keys())
def test_a_feed_that_is_not_whole_is_found_out(hub: Served, change: Change, code: str) -> None:
    with hub.client(MASH, transport=Tampering("/v1/feed", change)) as client, pytest.raises(Refused, match=code):
        caught_up(hub, client, limit=500)


def test_nothing_is_handed_out_that_no_signature_covers(hub: Served) -> None:
    handed: list[int] = []
    with hub.client(MASH, transport=Tampering("/v1/feed", _other_leaf)) as client:
        follower = Follower(Cursor(desk=MASH), hub.town.hub.hub_keys, hub.town.clock.now)
        batches = catch_up(follower, client, limit=2)
        with pytest.raises(Refused, match="feed_fork"):
            handed.extend(one.entry.seq for batch in batches for one in batch)
    assert handed == []
    assert follower.cursor == Cursor(desk=MASH)


def test_a_hub_that_goes_back_is_found_out(hub: Served) -> None:
    with hub.client(MASH) as client:
        _, cursor = caught_up(hub, client)
        early = Cursor(desk=MASH, seq=cursor.seq + 3, running=cursor.running)
        with pytest.raises(Refused, match="feed_rolled_back"):
            caught_up(hub, client, early)
        late = Cursor(desk=MASH, at=(hub.town.clock.now() + timedelta(hours=1)).isoformat())
        with pytest.raises(Refused, match="feed_rolled_back"):
            caught_up(hub, client, late)


def test_a_heartbeat_of_another_desk_or_another_day_proves_nothing(hub: Served) -> None:
    with hub.client(POLICE) as client, pytest.raises(Refused, match="feed_foreign"):
        caught_up(hub, client)
    with hub.client(MASH) as client:
        follower = Follower(
            Cursor(desk=MASH), hub.town.hub.hub_keys, lambda: hub.town.clock.now() + timedelta(minutes=11)
        )
        with pytest.raises(Refused, match="feed_stale"):
            list(catch_up(follower, client))


# -------------------------------------------------------------------------------------------------------------- checks


def codes(findings: list[Finding] | tuple[Finding, ...]) -> list[str]:
    return [finding.code for finding in findings]


def test_what_a_desk_holds_agrees_with_an_honest_hub(hub: Served) -> None:
    with hub.client(MASH) as client:
        _, cursor = caught_up(hub, client)
        again = check_feed(cursor, client, hub.keys, hub.town.clock.now())
        assert (codes(again.findings), again.cursor.seq) == ([], ENTRIES)
        remembered, findings = check_register(b"", again.told, client, hub.keys)
        assert codes(findings) == []
        assert check_register(remembered, again.told, client, hub.keys) == (remembered, [])


def test_a_hub_that_told_another_feed_before_is_found_out(hub: Served) -> None:
    with hub.client(MASH) as client:
        forked = check_feed(Cursor(desk=MASH, seq=2, running="11" * 32), client, hub.keys, hub.town.clock.now())
        assert codes(forked.findings) == ["feed_fork"]
        cut = check_feed(Cursor(desk=MASH, seq=99, running="11" * 32), client, hub.keys, hub.town.clock.now())
        assert codes(cut.findings) == ["feed_rolled_back"]
    with hub.client(MASH, transport=Tampering("/v1/feed", _drop_one)) as client:
        gap = check_feed(Cursor(desk=MASH), client, hub.keys, hub.town.clock.now())
        assert codes(gap.findings) == ["feed_gap"]


def test_a_register_that_does_not_extend_the_one_remembered_is_found_out(hub: Served, tmp_path: Path) -> None:
    other = a_town(tmp_path)
    other.hub.settle()
    foreign = other.hub.register.reader.checkpoint() or ""
    other.hub.close()
    with hub.client(MASH) as client:
        kept, findings = check_register(foreign.encode(), (), client, hub.keys)
        assert codes(findings) == ["note_signature"] or codes(findings) == ["note_unsigned"]
        assert kept == foreign.encode()


def test_an_entry_that_is_not_in_the_register_is_found_out(hub: Served) -> None:
    with hub.client(MASH) as client:
        told = check_feed(Cursor(desk=MASH), client, hub.keys, hub.town.clock.now()).told
    with hub.client(MASH, transport=Tampering("/v1/feed", _other_leaf)) as client:
        lied = client.page(after=0).told
        assert lied != told
        _, findings = check_register(b"", lied, client, hub.keys)
        assert len(findings) == 1
        assert exit_code(findings) == 1


def test_receipts_are_compared_with_what_was_sent_and_what_the_hub_gives(hub: Served) -> None:
    event = signs(hub.town, POLICE, "missing.reported", a_missing(a_child(50)))
    other = signs(hub.town, POLICE, "missing.reported", a_missing(a_child(51)))
    with hub.client(POLICE) as client:
        sent = client.submit(event, hub.keys.receipt_keys)
        kept = Kept(name=sent.name, event=event, receipt=sent.compact)
        assert list(check_receipts([kept], client, hub.keys)) == []
        swapped = Kept(name=sent.name, event=other, receipt=sent.compact)
        assert codes(list(check_receipts([swapped], client, hub.keys))) == ["receipt_of_other_payload"]
        unknown = Kept(name="nothing", event=event, receipt=sent.compact)
        assert codes(list(check_receipts([unknown], client, hub.keys))) == ["receipt_missing"]
        forged = Kept(name=sent.name, event=event, receipt=sent.compact[:-8] + b"AAAAAAAA")
        assert codes(list(check_receipts([forged], client, hub.keys))) == ["bad_signature"]
        nameless = list(check_receipts([Kept(name="", event=event, receipt=sent.compact)], client, hub.keys))
        assert (codes(nameless), exit_code(nameless)) == (["receipt_without_name"], 3)
        unsent = list(check_receipts([Kept(name="x", event=event, receipt=b"")], client, hub.keys))
        assert (codes(unsent), exit_code(unsent)) == (["no_receipt"], 3)


def test_what_cannot_be_asked_is_not_taken_for_right(hub: Served) -> None:
    with hub.client(MASH, transport=httpx2.MockTransport(lambda _: httpx2.Response(503))) as client:
        again = check_feed(Cursor(desk=MASH), client, hub.keys, hub.town.clock.now())
        assert exit_code(again.findings) == 3
        _, findings = check_register(b"", (), client, hub.keys)
        assert exit_code(findings) == 3
        with pytest.raises(Unavailable):
            next(client.stream(after=0))
