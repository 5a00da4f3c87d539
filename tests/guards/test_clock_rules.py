"""The rules of clocks ask for what exists: forms, fields, codes, keys and roles; and each is tried by a journey."""

import dataclasses
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from sightline.formats.policy_digest import policy_data
from sightline.kernel.share import share
from sightline.protocol.areas import AreaProtocol
from sightline.protocol.clock_rules import RETURN_AHEAD, TURNED_18, ClockRule, ClockRules, clock_documents
from sightline.protocol.editions import editions
from sightline.record import situation
from sightline.record.answers import ITEM_FIELDS, OWN_FIELDS
from sightline.record.situation import Seen
from tests.builders_clocks import DESKS

HERE = Path(__file__).resolve().parents[1]
DATA = policy_data(share("policies"))
RULES = ClockRules.read(clock_documents(DATA)).rules
SCHEMAS = share("schemas")
ROLES = frozenset(DATA["remits"]) | {"charity", "disclosure_desk", "gp", "partnership_forum", "school"}
SECTOR_OF = {role: sector for sector, role in DESKS.values()}
HUB_SAYS = {TURNED_18, RETURN_AHEAD}
NO_PART = json.loads((HERE.parent / "docs" / "no_part.json").read_bytes())

RANGES = [("T", 30, 54), ("T", 60, 64), ("T", 70, 87), ("N", 1, 19), ("N", 50, 85), ("N", 90, 129), ("N", 150, 164)]
NO_SUCH_ROW = {"N-79", "N-158", "N-159"}
ELSEWHERE = {
    "T-60": "protocol/seraf.py counts_as_moderate",
    "T-61": "protocol/seraf.py columns",
    "T-62": "protocol/seraf.py columns",
    "T-63": "protocol/seraf.py columns",
    "T-64": "protocol/seraf.py columns",
    "T-79": "protocol/areas.py has_icta_duty",
    "T-80": "protocol/areas.py biometrics_minimum_age",
    "T-81": "protocol/seraf.py score",
    "T-82": "protocol/calendar.py is_child_on",
    "N-75": "policies/data/remits.json police_missing_persons",
    "N-103": "policies/data/senders.json nrm.referred",
    "N-125": "record/status.py statuses",
    "N-154": "schemas/qa.recorded/1.json",
    "N-155": "schemas/cpi.submitted/1.json",
    "N-160": "schemas/referral.made/1.json",
}
"""Rows that no clock needs, because the code named does what they say."""


def conditions(rule: ClockRule) -> Iterator[tuple[str, str, list[str]]]:
    """Event type, name and codes of everything that the rule asks about."""
    for events in (rule.starts, rule.met, rule.cancelled):
        for event, condition in events.items():
            for names in (condition.when, condition.unless):
                yield from ((event, name, codes) for name, codes in names.items())


def types_of(rule: ClockRule) -> set[str]:
    return {*rule.starts, *rule.met, *rule.cancelled}


@cache
def schema(event: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SCHEMAS / event / "1.json").read_bytes())
    return found


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    """The part of a schema that a reference stands for; of a list, what stands in it."""
    ref = part.get("$ref", "")
    if ref:
        path, _, inner = ref.removeprefix("sightline:/schemas/").partition("#/$defs/")
        file = SCHEMAS / (f"{path}.json")
        found = json.loads(file.read_bytes())
        return resolved(found["$defs"][inner] if inner else found)
    return resolved(part["items"]) if part.get("type") == "array" else part


def field(event: str, path: str) -> dict[str, Any]:
    part = resolved({"properties": schema(event)["properties"]})
    for name in path.split("."):
        part = resolved(part["properties"][name])
    return part


def codes_of(part: dict[str, Any]) -> set[str]:
    if part.get("type") == "boolean":
        return {"yes", "no"}
    if part.get("type") == "object":
        return {"some"}
    return {str(code) for code in part.get("enum", ())}


def rows_of(kind: str, first: int, last: int) -> list[str]:
    return [row for n in range(first, last + 1) if (row := f"{kind}-{n:02}") not in NO_SUCH_ROW]


@pytest.mark.parametrize("code", RULES)
def test_a_rule_names_events_fields_and_codes_that_exist(code: str) -> None:
    rule = RULES[code]
    for event in types_of(rule) - HUB_SAYS:
        assert (SCHEMAS / event).is_dir(), event
    for event, name, codes in conditions(rule):
        kind, _, path = name.partition(".")
        if kind in {"form", "has"}:
            known = codes_of(field(event, path)) if kind == "form" else {"yes", "no"}
            assert set(codes) <= known | {"*"}, (event, name)


@pytest.mark.parametrize("code", RULES)
def test_a_rule_names_what_a_situation_knows(code: str) -> None:
    rule = RULES[code]
    known = {
        "child": set(situation._OF_CHILD),  # noqa: SLF001  # the names that rules may use are no part of its face
        "sender": set(situation._SENDERS),  # noqa: SLF001  # likewise
        "area": {name for name in dir(AreaProtocol) if not name.startswith("_")},
        "seraf": {"row"},
    }
    for _, name, _ in conditions(rule):
        kind, _, rest = name.partition(".")
        assert kind in {"form", "has"} or rest in known[kind], name
    assert "codes" in {one.name for one in dataclasses.fields(Seen)} | set(dir(Seen))


@pytest.mark.parametrize("code", RULES)
def test_a_rules_limit_key_roles_and_editions_exist(code: str) -> None:
    rule = RULES[code]
    fields = set(AreaProtocol.__struct_fields__)
    assert not rule.limit.key or rule.limit.key in fields
    assert {rule.owner, rule.escalation} <= ROLES
    assert rule.owner != rule.escalation
    assert set(rule.editions) <= set(editions())
    assert rule.alert in {"start", "due", "late"}
    assert rule.situation in {"child", "episode", "event", "anew"}
    for name in filter(None, (rule.limit.begins, rule.limit.ends)):
        assert any(name in schema(event)["properties"] for event in rule.starts.keys() - HUB_SAYS), name


@pytest.mark.parametrize("code", [code for code, rule in RULES.items() if rule.starts and not rule.met])
def test_what_an_acknowledgement_meets_is_asked_at_once(code: str) -> None:
    assert RULES[code].alert == "start"


@pytest.mark.parametrize("code", [code for code, rule in RULES.items() if rule.one_at_a_time])
def test_what_is_answered_one_at_a_time_runs_for_each_and_can_be_named(code: str) -> None:
    rule = RULES[code]
    assert rule.situation in {"event", "episode"}
    assert not rule.repeats
    assert [event for event in rule.one_at_a_time if "answers" not in schema(event)["properties"]] == []


@pytest.mark.parametrize("code", [code for code, rule in RULES.items() if rule.met])
def test_the_owner_of_a_rule_may_send_something_that_meets_it(code: str) -> None:
    owner, senders = RULES[code].owner, DATA["senders"]
    may = [senders[event] for event in RULES[code].met if event in senders]
    assert any({"*", owner} & set(one["roles"]) or SECTOR_OF[owner] in one["sectors"] for one in may)


def test_every_row_is_in_a_rule_or_its_place_is_named() -> None:
    held = {row for rule in RULES.values() for row in rule.rows}
    wanted = {row for kind, first, last in RANGES for row in rows_of(kind, first, last)}
    assert sorted(wanted - held - set(NO_PART) - set(ELSEWHERE)) == []
    assert sorted(held & set(NO_PART)) == []
    assert sorted((set(NO_PART) | held) & set(ELSEWHERE)) == []


@pytest.mark.parametrize("row", ELSEWHERE)
def test_the_place_of_a_row_that_no_clock_needs_exists(row: str) -> None:
    place, _, name = ELSEWHERE[row].partition(" ")
    root = HERE.parent / "services" / "sightline"
    file = root / place if place.endswith(".py") else HERE.parent / place
    assert name in file.read_text()


def test_reasons_for_no_part_are_one_sentence_each_and_sorted() -> None:
    assert list(NO_PART) == sorted(NO_PART, key=lambda row: (row[0], int(row[2:])))
    assert all(re.fullmatch(r"[A-Z].*[^.]\.", reason) for reason in NO_PART.values())


JOURNEYS = {path.stem.removeprefix("test_every_"): path for path in (HERE / "journeys").glob("test_every_clock_*.py")}


@pytest.mark.parametrize("journey", sorted({"clock_referral", "clock_trafficking", *JOURNEYS}))
def test_every_rule_of_a_file_has_a_case_in_its_journey(journey: str) -> None:
    text, member = JOURNEYS[journey].read_text(), journey.replace("clock_", "clocks_")
    assert sorted(code for code in DATA[member] if f'"{code}"' not in text) == []


def test_every_field_by_which_an_answer_may_name_something_is_a_field_of_a_form() -> None:
    fields = {name for path in SCHEMAS.glob("*.*/1.json") for name in json.loads(path.read_bytes())["properties"]}
    assert {*ITEM_FIELDS, *OWN_FIELDS} <= fields
