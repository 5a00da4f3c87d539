"""The policy's data: every code it names exists, and the figures are those of the procedures."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from sightline.kernel.classes import CLASSES
from sightline.protocol.areas import area_protocol
from tests.unit.policies.mutants import POLICIES, ROOT

FACTS = json.loads((ROOT / "schemas" / "facts.json").read_bytes())["properties"]
DECISION = json.loads((ROOT / "schemas" / "decision.json").read_bytes())["properties"]
DATA = {path.stem: json.loads(path.read_bytes()) for path in (POLICIES / "data").glob("*.json")}
TYPES = {path.parent.name for path in (ROOT / "schemas").glob("*.*/*.json")}
DISCRETIONARY = {
    "abe.held", "abe.planned", "adult_safeguarding.referred", "advice.sought", "age.assessed", "age.doubted",
    "assessment.completed", "beacon.referred", "biometric.checked", "biometric.consented", "biometric.passed_on",
    "biometric.taken", "concern.discussed", "concern.recorded", "cpi.sanitised", "cpi.submitted", "documents.checked",
    "ilet.answered", "ilet.enquired", "joint_visit.held", "placement.ended", "placement.started", "plan.agreed",
    "return_interview.held", "return_to_origin.assessed", "safety_plan.agreed", "safety_plan.stepped_down",
    "safety_plan.stepped_up", "screening.recorded", "section47.concluded", "seraf.completed", "strategy.held",
    "support.recorded", "trafficking.assessed",
}  # fmt: skip
"""Accounts, assessments and plans: their sender says in `sharing` why this sharing is right (D-01)."""


def codes(group: str, name: str) -> set[str]:
    field = FACTS[group]["properties"][name]
    return set(field["enum"] if "enum" in field else field["items"]["enum"])


def values_of(name: str, value: Any) -> Iterator[str]:
    """Every string under a member of this name, anywhere in the value."""
    if isinstance(value, list):
        for one in value:
            yield from values_of(name, one)
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == name and isinstance(inner, str | list):
                yield from [inner] if isinstance(inner, str) else inner
            else:
                yield from values_of(name, inner)


@pytest.mark.parametrize("name", ["classes", "owner_classes", "escalation_classes", "gave_rise_classes"])
def test_every_class_exists(name: str) -> None:
    assert set(values_of(name, DATA)) <= set(CLASSES)


def test_no_data_opens_what_no_schema_names() -> None:
    assert codes("item", "classes") == {*CLASSES, "unknown"}
    assert "unknown" not in set(values_of("classes", DATA))


def test_every_role_exists() -> None:
    named = {*values_of("roles", DATA), *values_of("owner", DATA), *values_of("escalation", DATA)}
    named |= {*DATA["remits"]["remits"], *DATA["needs"]["needs"], *values_of("cover_role", DATA)}
    elsewhere = {"*", "clock.owner", "clock.escalation", "area.cover"}
    assert named - elsewhere <= codes("desk", "roles")


def test_every_sector_exists() -> None:
    sectors = {*values_of("sectors", DATA["senders"]), *values_of("originators", DATA), *values_of("authorities", DATA)}
    assert sectors <= codes("desk", "sector") - {"unknown"}
    public = set(values_of("public_task", DATA))
    assert public == {*values_of("authorities", DATA), "hub"}
    assert public <= codes("item", "originator_sector")


def test_every_purpose_and_edition_exists() -> None:
    assert set(values_of("purposes", DATA)) <= codes("item", "purpose") - {"unknown"}
    assert {*values_of("editions", DATA), *values_of("edition", DATA)} <= codes("protocol", "edition") - {"unknown"}
    assert set(DATA["areas"]["areas"]) == codes("protocol", "area") - {"unknown"}


def test_every_type_exists_and_has_a_sender_or_is_the_hubs() -> None:
    types = codes("item", "type") - {"unknown"}
    assert types == TYPES
    assert set(values_of("types", DATA)) <= types
    assert set(DATA["duties"]["duty_types"]) <= types
    hub = {name for name in types if name.startswith("alert.") and name != "alert.acknowledged"}
    assert set(DATA["duties"]["alerts"]) == hub
    assert set(DATA["senders"]["senders"]) == types - hub


def test_forms_that_no_duty_sends_must_say_why_they_are_shared() -> None:
    assert TYPES - set(DATA["duties"]["duty_types"]) == DISCRETIONARY


def test_every_basis_is_a_code_of_the_register_and_of_the_decision_schema() -> None:
    bases = DATA["bases"]["bases"]
    assert set(DECISION["basis"]["items"]["enum"]) == set(bases["codes"])
    named = {code for row in bases["rows"].values() for code in row} | set(values_of("basis", DATA["duties"]))
    assert named <= set(bases["codes"])


def test_the_duty_to_share_is_there_and_not_yet_in_force() -> None:
    code = DATA["bases"]["bases"]["codes"]["CA04-16LA"]
    assert (code["switched"], code["in_force_from"]) == (True, None)
    assert [name for name, row in DATA["bases"]["bases"]["codes"].items() if row["switched"]] == ["CA04-16LA"]


def test_every_list_of_codes_is_sorted() -> None:
    lists = ("classes", "types", "roles", "sectors", "editions", "purposes", "basis", "authorities", "public_task")
    for name in lists:
        for found in _lists(name, DATA):
            assert found == sorted(set(found)), name


def _lists(name: str, value: Any) -> Iterator[list[str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == name and isinstance(inner, list):
                yield inner
            else:
                yield from _lists(name, inner)


def test_every_area_follows_an_edition_that_was_published_for_it() -> None:
    """C-01: until it chooses another."""
    found = {area: row["edition"] for area, row in DATA["areas"]["areas"].items()}
    assert found == {
        **dict.fromkeys(("hampshire", "isle_of_wight", "portsmouth", "southampton"), "4lscb_guide"),
        "hertfordshire": "hertfordshire",
        "lincolnshire": "lincolnshire",
    }
    assert all(area_protocol(area, edition, DATA["areas"]["areas"][area]) for area, edition in found.items())


def test_schools_general_practices_and_charities_have_no_remit() -> None:
    assert not {"school", "gp", "charity", "early_help"} & set(DATA["remits"]["remits"])


def test_only_the_bureau_grades_and_sanitises() -> None:
    for name in ("cpi.graded", "cpi.sanitised"):
        assert DATA["senders"]["senders"][name] == {"roles": ["police_intelligence_bureau"], "sectors": []}


def test_no_fact_tells_nationality_or_gender() -> None:
    names = {name for group in FACTS.values() for name in group["properties"]}
    assert not [name for name in names for word in ("nation", "gender", "sex", "ethnic", "religio") if word in name]


def test_no_rule_reads_a_clock_or_anything_outside() -> None:
    banned = ("http.", "time.", "rand.", "uuid.", "opa.", "net.", "io.", "crypto.", "trace(", "print(")
    for path in (POLICIES / "sightline").rglob("*.rego"):
        if not path.name.endswith("_test.rego"):
            assert not [word for word in banned if word in path.read_text()], path.name
