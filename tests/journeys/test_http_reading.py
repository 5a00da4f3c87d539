"""Reading over HTTP: who may, what they see, and that nothing else can be learnt (P3, P7, P11)."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sightline.agency.keys import generate, make_registration
from sightline.formats.checkpoint import open_checkpoint
from sightline.formats.merkle import verify_inclusion
from sightline.formats.note import parse_vkey
from sightline.formats.problem import CONTENT_TYPE
from sightline.formats.proof import parse_proof
from sightline.formats.receipt import Receipt
from sightline.kernel.ids import DeskId
from tests.builders_http import Served, raw_request, served
from tests.builders_hub import (
    BUREAU,
    CHARITY,
    CSC,
    MASH,
    POLICE,
    SCHOOL,
    Town,
    a_child,
    a_cpi,
    a_missing,
    a_town,
    admits,
    leaves,
    sees,
    source_of,
)

READ = (
    "/v1/proof/l-x",
    "/v1/decisions/l-x",
    "/v1/feed",
    "/v1/items",
    "/v1/items/i-x",
    "/v1/children/c-x",
    "/v1/alerts",
    "/v1/receipts/x",
)
OPEN = (
    "/readyz",
    "/metrics",
    "/",
    "/v1/openapi.json",
    "/v1/checkpoint",
    "/v1/tile/0/000.p/1",
    "/v1/keys",
    "/v1/schemas",
    "/v1/schemas/missing.reported/1",
    "/healthz",
)
SECRET = "Thistlewood"


@contextmanager
def lent(town: Town) -> Iterator[dict[str, Any]]:
    """What tests share: a server, a missing report that the police sent and that the MASH and children's services see in
    part, and intelligence about no child from the charity, whose source is for the bureau only."""
    tip = a_cpi(information_text=f"{SECRET} drives a grey car.", to=[MASH])
    with served(town) as hub:
        yield {
            "hub": hub,
            "report": hub.sends(POLICE, "missing.reported", a_missing(a_child(7, family_name=SECRET))),
            "tip": hub.sends(CHARITY, "cpi.submitted", tip),
        }


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


@pytest.fixture
def report(shared: dict[str, Any]) -> Receipt:
    found: Receipt = shared["report"]
    return found


@pytest.fixture
def tip(shared: dict[str, Any]) -> Receipt:
    found: Receipt = shared["tip"]
    return found


# ------------------------------------------------------------------------------------------------------------- tokens

Token = Callable[[Served], str]


def _spent(hub: Served) -> str:
    token = hub.token(hub.town.keys[POLICE])
    hub.get("/v1/alerts", headers={"Authorization": f"Bearer {token}"})
    return token


def _revoked(hub: Served) -> str:
    key = generate(POLICE)
    request = make_registration(key, sources=[source_of(POLICE)], types=["*"], now=hub.town.clock.now())
    hub.town.hub.admin.register_key(request)
    hub.town.hub.admin.revoke_key(key.kid)
    return hub.token(key)


TOKENS: dict[str, tuple[Token, str]] = {
    "for another hub": (lambda hub: hub.token(hub.town.keys[POLICE], audience="elsewhere"), "token_invalid"),
    "expired": (
        lambda hub: hub.token(hub.town.keys[POLICE], now=hub.town.clock.now() - timedelta(seconds=66)),
        "token_invalid",
    ),
    "living too long": (lambda hub: hub.token(hub.town.keys[POLICE], life_s=61), "token_invalid"),
    "of an unknown purpose": (lambda hub: hub.token(hub.town.keys[POLICE], purpose="curiosity"), "token_invalid"),
    "of nobody": (lambda hub: hub.token(hub.town.keys[POLICE], actor="a person"), "token_invalid"),
    "signed with an unregistered key": (lambda hub: hub.token(generate(POLICE)), "token_invalid"),
    "signed with a revoked key": (_revoked, "token_invalid"),
    "used before": (_spent, "token_replayed"),
    "no token": (lambda _: SECRET, "token_invalid"),
}


@pytest.mark.parametrize(("make", "code"), TOKENS.values(), ids=TOKENS.keys())
def test_a_token_that_does_not_hold_reads_nothing(hub: Served, make: Token, code: str) -> None:
    answer = hub.get("/v1/feed", headers={"Authorization": f"Bearer {make(hub)}"})
    assert (answer.status_code, answer.json()["code"]) == (401, code)
    assert answer.headers["www-authenticate"] == "Bearer"
    assert SECRET not in answer.text


@pytest.mark.parametrize("path", READ)
def test_nothing_of_a_desks_is_read_without_a_token(hub: Served, path: str) -> None:
    answer = hub.get(path)
    assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")
    assert answer.headers["content-type"] == CONTENT_TYPE


@pytest.mark.parametrize("path", READ)
def test_a_desk_that_is_not_in_standing_reads_nothing(hub: Served, path: str) -> None:
    name = DeskId("hampshire-police/suspended")
    if hub.town.hub.directory.desk(name) is None:
        admits(hub.town, name, "police", "police_missing_persons")
    hub.town.hub.admin.change_standing(name, "suspended")
    assert hub.get(path, name).json()["code"] == "desk_not_in_standing"


def test_a_key_registered_while_the_hub_runs_reads_from_the_next_request_on(hub: Served) -> None:
    name = admits(hub.town, "hampshire-police/newcomer", "police", "police_missing_persons")
    assert hub.get("/v1/feed", name).status_code == 200


# -------------------------------------------------------------------------------------------------------------- items


def test_each_desk_reads_its_own_view(hub: Served, report: Receipt) -> None:
    for desk in (POLICE, MASH, CSC):
        read, seen = hub.get(f"/v1/items/{report.items[0]}", desk).json(), sees(hub.town, desk)[report.items[0]]
        assert read["state"] == "disclosed"
        assert tuple(read["classes"]) == seen.classes
        assert read["body"] == json.loads(json.dumps(seen.body))
    assert "source" not in hub.get(f"/v1/items/{report.items[0]}", MASH).json()["classes"]


def test_what_is_not_there_and_what_is_not_told_look_the_same(hub: Served, report: Receipt) -> None:
    hidden, absent = hub.get(f"/v1/items/{report.items[0]}", SCHOOL), hub.get("/v1/items/i-nothing", SCHOOL)
    assert hidden.status_code == absent.status_code == 404
    assert hidden.content == absent.content
    child = report.children[0]
    hidden, absent = hub.get(f"/v1/children/{child}", SCHOOL), hub.get("/v1/children/c-nothing", SCHOOL)
    assert hidden.content == absent.content


def test_a_childs_page_holds_the_items_that_the_desk_may_read(hub: Served, report: Receipt) -> None:
    read = hub.get(f"/v1/children/{report.children[0]}", MASH).json()
    assert report.items[0] in {item["ref"] for item in read["items"]}


def test_a_feed_page_has_bodies_only_where_they_are_asked_for(hub: Served, report: Receipt) -> None:
    bare, full = hub.get("/v1/feed", MASH).json(), hub.get("/v1/feed?bodies=true", MASH).json()
    assert [set(entry) for entry in bare["entries"]] == [{"seq", "leaf", "hash", "kind"}] * len(bare["entries"])
    assert report.items[0] in {entry["item"]["ref"] for entry in full["entries"]}
    assert (bare["count"], bare["running"]) == (full["count"], full["running"])


def test_a_feed_is_read_page_by_page(hub: Served, report: Receipt) -> None:
    whole = hub.get("/v1/feed", MASH).json()["entries"]
    hub.sends(POLICE, "missing.reported", a_missing(a_child(8)))
    first = hub.get("/v1/feed?limit=1", MASH).json()["entries"]
    second = hub.get("/v1/feed?after=1&limit=1", MASH).json()["entries"]
    assert [entry["seq"] for entry in first + second] == [1, 2]
    assert first == whole[:1]


def test_the_source_of_intelligence_is_for_the_bureau_and_its_sender_only(hub: Served, tip: Receipt) -> None:
    assert "source" in hub.get(f"/v1/items/{tip.items[0]}", BUREAU).json()["classes"]
    assert "source" in hub.get(f"/v1/items/{tip.items[0]}", CHARITY).json()["classes"]
    assert "Catterick" not in hub.get("/v1/feed?bodies=true", MASH).text


# ----------------------------------------------------------------------------------------------------------- register


def test_a_desk_proves_that_its_leaf_is_in_the_register(hub: Served, report: Receipt) -> None:
    keys = hub.keys
    for entry in hub.get("/v1/feed", MASH).json()["entries"]:
        proof = parse_proof(hub.get(f"/v1/proof/{entry['leaf']}", MASH).content)
        checkpoint = open_checkpoint(proof.checkpoint, parse_vkey(keys.vkey))
        verify_inclusion(bytes.fromhex(entry["hash"]), proof.index, checkpoint.size, proof.hashes, checkpoint.root)


@pytest.mark.parametrize("what", ["proof", "decisions"])
def test_another_desks_leaf_is_not_there(hub: Served, report: Receipt, what: str) -> None:
    leaf = leaves(hub.town, desk=POLICE, item=report.items[0])[0]["id"]
    hidden, absent = hub.get(f"/v1/{what}/{leaf}", MASH), hub.get(f"/v1/{what}/l-nothing", MASH)
    assert hidden.status_code == 404
    assert hidden.content == absent.content


@pytest.mark.parametrize("what", ["proof", "decisions"])
def test_a_leaf_that_tells_its_desk_nothing_is_not_there(hub: Served, what: str) -> None:
    sent = hub.sends(POLICE, "missing.reported", a_missing(a_child(9), to=[SCHOOL], exclude=[SCHOOL]))
    (leaf,) = leaves(hub.town, desk=SCHOOL, item=sent.items[0])
    assert (leaf["eff"], leaf["told"]) == ("withhold", "nothing")
    assert hub.get(f"/v1/{what}/{leaf['id']}", SCHOOL).status_code == 404


def test_a_decision_does_not_say_what_the_item_holds_and_the_desk_may_not_see(hub: Served) -> None:
    reporter = {"name": "Robin Catterick", "role": "residential_staff"}
    sent = hub.sends(POLICE, "missing.reported", a_missing(a_child(10), reporter=reporter))
    (whole,) = leaves(hub.town, desk=MASH, item=sent.items[0])
    read = hub.get(f"/v1/decisions/{whole['id']}", MASH).json()
    assert whole["withheld"]
    assert set(read["leaf"]).isdisjoint({"withheld", "rules", "cause", "item", "cfacts", "citem", "cjust"})
    assert (read["leaf"]["classes"], read["item"]) == (whole["classes"], sent.items[0])


def test_the_registers_tiles_are_open_and_its_entries_are_not(hub: Served, report: Receipt) -> None:
    size = open_checkpoint(hub.get("/v1/checkpoint").content, parse_vkey(hub.keys.vkey)).size
    assert len(hub.get(f"/v1/tile/0/000.p/{size}").content) == 32 * size
    assert hub.get(f"/v1/tile/entries/000.p/{size}").json()["code"] == "not_found"
    assert hub.get("/v1/tile/../../keys/wrapping.key").status_code == 404
    assert hub.get(f"/v1/consistency/1/{size}").status_code == 200
    assert hub.get("/v1/consistency/0/1").json()["code"] == "request_invalid"
    assert hub.get(f"/v1/consistency/1/{size + 1000}").json()["code"] == "unavailable"


# ------------------------------------------------------------------------------------------------- what anyone may know


@pytest.mark.parametrize("path", OPEN)
def test_what_is_published_needs_no_token_and_names_nobody(hub: Served, report: Receipt, path: str) -> None:
    answer = hub.get(path)
    assert answer.status_code == 200
    assert not re.search(f"{SECRET}|Perrin|Catterick", answer.text)
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_no_page_asks_for_anything_from_elsewhere(hub: Served) -> None:
    page = hub.get("/")
    assert "://" not in page.text
    assert "<script" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    for path in ("/docs", "/redoc", "/v1/docs"):
        assert hub.get(path).status_code == 404


def test_the_page_and_the_document_name_every_address(hub: Served) -> None:
    document, page = hub.get("/v1/openapi.json").json(), hub.get("/").text
    for path in ("/v1/submissions", "/v1/feed", "/v1/proof/{leaf}", "/readyz"):
        assert path in document["paths"]
        assert f"<code>{path}</code>" in page


def test_metrics_count_what_was_done_and_name_no_desk(hub: Served, report: Receipt) -> None:
    hub.get("/v1/alerts", MASH)
    hub.get(f"/v1/items/{report.items[0]}", MASH)
    text = hub.get("/metrics").text
    assert re.search(r"^sightline_register_leaves [1-9]", text, re.MULTILINE)
    assert re.search(r'^sightline_reads_total\{.*what="alerts"\} [1-9]', text, re.MULTILINE)
    assert 'route="/v1/items/{ref}"' in text
    assert MASH not in text
    assert report.items[0] not in text


@pytest.mark.parametrize(
    ("path", "code"),
    [
        pytest.param(f"/v1/{SECRET}", "not_found", id="no such address"),
        pytest.param(f"/v1/feed?after={SECRET}", "request_invalid", id="a text for a number"),
        pytest.param("/v1/feed?limit=100000", "request_invalid", id="too many at once"),
        pytest.param(f"/v1/schemas/{SECRET}/1", "not_found", id="no such schema"),
        pytest.param(f"/v1/items/{SECRET * 10}", "request_invalid", id="a reference that cannot be"),
    ],
)
def test_every_error_is_a_problem_that_repeats_nothing(hub: Served, path: str, code: str) -> None:
    answer = hub.get(path, MASH)
    assert (answer.headers["content-type"], answer.json()["code"]) == (CONTENT_TYPE, code)
    assert SECRET not in answer.text + hub.log.getvalue()


def test_another_method_is_a_problem_too(hub: Served) -> None:
    answer = hub.http.delete("/v1/feed")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


def test_bytes_that_are_no_request_are_answered_and_logged_without_them(hub: Served) -> None:
    said = raw_request(hub.port, f"{SECRET} {SECRET} {SECRET}")
    assert b" 400 " in said
    assert SECRET.encode() not in said
    assert SECRET not in hub.log.getvalue()


class _Broken:
    """A view that fails with somebody's name in its error."""

    def __getattr__(self, _name: str) -> Any:
        def fail(*_: Any, **__: Any) -> Any:
            raise RuntimeError(SECRET)

        return fail


def test_a_failure_of_ours_is_a_500_that_says_nothing_and_is_logged_without_data(town: Town) -> None:
    town.hub = replace(town.hub, view=_Broken())  # type: ignore[arg-type]  # a broken part on purpose
    with served(town) as running:
        answer = running.get("/v1/alerts", MASH)
        assert (answer.status_code, answer.json()["code"]) == (500, "internal")
        assert answer.headers["content-type"] == CONTENT_TYPE
        log = running.log.getvalue()
        assert SECRET not in answer.text + log
        assert '"error": "RuntimeError"' in log


def test_a_hub_whose_line_has_stopped_is_not_ready_and_takes_nothing(town: Town) -> None:
    class Stopped:
        def __getattr__(self, name: str) -> Any:
            raise RuntimeError(name)

    town.hub = replace(town.hub, strike=Stopped())  # type: ignore[arg-type]  # a broken part on purpose
    with served(town, clock_interval_s=0.001) as running:
        for _ in range(200):
            if running.get("/readyz").status_code == 503:
                break
        assert running.get("/readyz").json()["status"] == "not ready"
        assert running.get("/healthz").status_code == 200
        assert running.post(b"x.y.z").status_code == 503
