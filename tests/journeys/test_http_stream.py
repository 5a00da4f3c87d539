"""The feed as a stream: it resumes where it broke off, and stops when the desk may read no more (P10)."""

import json
import threading
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any

import httpx2
import pytest

from sightline.agency.client import HubRefused, Page
from sightline.agency.follow import Cursor, Follower, follow
from sightline.entrypoints.api.streams import MOST_OF_A_DESK
from tests.builders_http import Served, served, wait_until
from tests.builders_hub import MASH, POLICE, SCHOOL, Town, a_child, a_missing, feed, reopened, sends, signs


def entries(pages: Iterator[Page], count: int) -> list[int]:
    """Numbers of the next `count` entries; heartbeats are passed over."""
    found: list[int] = []
    while len(found) < count:
        found += [told.entry.seq for told in next(pages).told]
    return found


def said(event: httpx2.ServerSentEvent) -> dict[str, Any]:
    """What an event's data say."""
    found: dict[str, Any] = json.loads(event.data)
    return found


def raw_events(hub: Served, path: str, headers: dict[str, str], count: int) -> list[httpx2.ServerSentEvent]:
    """The first `count` events of a stream."""
    signed = {"Authorization": f"Bearer {hub.token(hub.town.keys[MASH])}", "Accept": "text/event-stream"}
    with hub.http.stream("GET", path, headers=signed | headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        events = iter(httpx2.EventSource(answer))
        return list(islice((event for event in events if event.event != "message"), count))


def test_a_stream_gives_what_is_there_and_then_what_comes(town: Town) -> None:
    sends(town, POLICE, "missing.reported", a_missing(a_child(1)))
    with served(town) as hub, hub.client(MASH) as client:
        pages = client.stream(after=0)
        assert entries(pages, 1) == [1]
        hub.post(_another(town, 2))
        assert entries(pages, 1) == [2]
        pages.close()  # type: ignore[attr-defined]  # a generator


def _another(town: Town, serial: int) -> bytes:
    return signs(town, POLICE, "missing.reported", a_missing(a_child(serial)))


def test_an_entrys_id_is_its_number_and_a_heartbeat_has_none(town: Town) -> None:
    sends(town, POLICE, "missing.reported", a_missing(a_child(1)))
    with served(town) as hub:
        entry, beat = raw_events(hub, "/v1/feed", {}, 2)
        assert (entry.event, entry.id, entry.retry) == ("entry", "1", None)
        assert beat.event == "heartbeat"
        signed = {"Authorization": f"Bearer {hub.token(town.keys[MASH])}", "Accept": "text/event-stream"}
        with hub.http.stream("GET", "/v1/feed", headers=signed) as answer:
            text = ""
            for part in answer.iter_text():
                text += part
                if "heartbeat" in text:
                    break
        assert text.startswith(":")
        assert "retry: " in text.partition("event:")[0]
        assert "id:" not in text.rpartition("event: heartbeat")[2]


def test_a_stream_resumes_over_restarts_of_the_hub_without_gap_or_repeat(town: Town) -> None:
    told, serial, port = [], 0, 0
    follower, proven = Follower(Cursor(desk=MASH), town.hub.hub_keys, town.clock.now), None
    for _ in range(3):
        with served(town, port=port) as hub:
            port = hub.port
            if proven is None:
                pages = hub.client(MASH, wait=time.sleep).stream(after=0, bodies=True, tries=20)
                proven = follow(follower, pages)
            for _ in range(2):
                serial += 1
                hub.post(_another(town, serial))
                # The hub stops while the stream is open: the client comes back by itself, to the next one.
                told += [one.entry.seq for one in next(proven)]
        reopened(town)
    assert told == list(range(1, serial + 1))
    assert follower.cursor.seq == len(feed(town, MASH)) == serial


def test_the_id_says_where_to_go_on_and_never_what_may_be_read(town: Town) -> None:
    sends(town, POLICE, "missing.reported", a_missing(a_child(1)))
    sends(town, POLICE, "missing.reported", a_missing(a_child(2)))
    with served(town) as hub:
        (entry,) = raw_events(hub, "/v1/feed?after=0&bodies=true", {"Last-Event-ID": "1"}, 1)
        assert entry.id == "2"
        assert "source" not in said(entry)["item"]["classes"]
        (beyond,) = raw_events(hub, "/v1/feed", {"Last-Event-ID": "9000"}, 1)
        assert (beyond.event, said(beyond)["count"]) == ("heartbeat", 2)
        for wrong in ("-1", "two", "1" * 20):
            signed = {"Accept": "text/event-stream", "Last-Event-ID": wrong}
            assert hub.get("/v1/feed", MASH, signed).json()["code"] == "request_invalid"


def test_a_stream_ends_when_the_desk_loses_its_standing(town: Town) -> None:
    with served(town) as hub, hub.client(MASH) as client:
        pages = client.stream(after=0)
        next(pages)
        town.hub.admin.change_standing(MASH, "suspended")
        with pytest.raises(HubRefused, match="desk_not_in_standing"):
            list(pages)


def test_a_stream_ends_when_its_key_is_revoked(town: Town) -> None:
    with served(town) as hub, hub.client(MASH) as client:
        pages = client.stream(after=0)
        next(pages)
        town.hub.admin.revoke_key(town.keys[MASH].kid)
        with pytest.raises(HubRefused, match="key_not_in_force"):
            list(pages)


def test_a_desk_has_only_so_many_streams_and_gets_one_back_when_it_closes_one(town: Town) -> None:
    with served(town) as hub:
        clients = [hub.client(MASH) for _ in range(MOST_OF_A_DESK)]
        streams = [client.stream(after=0) for client in clients]
        for stream in streams:
            next(stream)
        assert hub.get("/v1/feed", MASH, {"Accept": "text/event-stream"}).status_code == 429
        assert hub.get("/v1/feed", MASH).status_code == 200
        with hub.client(SCHOOL) as other:
            next(other.stream(after=0))
        streams[0].close()  # type: ignore[attr-defined]  # a generator
        clients[0].close()
        wait_until(lambda: _is_free(hub))
        for client in clients:
            client.close()


def _is_free(hub: Served) -> bool:
    signed = {"Authorization": f"Bearer {hub.token(hub.town.keys[MASH])}", "Accept": "text/event-stream"}
    with hub.http.stream("GET", "/v1/feed", headers=signed) as answer:
        return answer.status_code == 200


def test_the_hub_stops_at_once_although_streams_are_open(town: Town) -> None:
    with served(town, heartbeat_interval_s=60) as hub:
        client = hub.client(MASH)
        pages = client.stream(after=0, tries=1)
        next(pages)
        ended = threading.Event()

        def read() -> None:
            try:
                list(pages)
            except Exception:  # noqa: BLE001 - however it ends
                ended.set()

        thread = threading.Thread(target=read)
        thread.start()
        started = time.monotonic()
        hub.stop()
        assert ended.wait(8)
        assert time.monotonic() - started < 8
        thread.join()
        client.close()
