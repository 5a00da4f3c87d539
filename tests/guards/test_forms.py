"""Every field of the procedures' forms is a field of the schemas: none is missing, and none stands where it does not belong."""

import json
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from sightline.formats.event import AREAS, PURPOSES
from sightline.kernel.share import share
from tests.builders import the_schemas

FOLDER = share("schemas")
SCHEMAS = the_schemas()
CHILD = json.loads((FOLDER / "common" / "1.json").read_bytes())["$defs"]["child"]

BY_THE_CHILD = {
    "F-MIS-09": "child.is_looked_after",
    "F-MIS-18": "child.trafficking_status",
    "F-ICT-27": "child.given_name and child.family_name: one child's name stands in one place",
    "F-ICT-31": "child.gender",
    "F-ICT-33": "child.nationality",
    "F-SER-03": "child.given_name and child.family_name",
    "F-SER-09": "child.date_of_birth",
    "F-SER-13": "child.gender",
    "F-PPN-03": "child.ref",
}
"""Rows that every form about a child carries in `child`, and the field there."""

# Each line: the rows of one form (from, to), and the types that hold a field for each of them.
PLACES: list[tuple[str, str, str]] = [
    ("F-CPI-01", "F-CPI-20", "cpi.submitted"),
    ("F-CPI-05", "F-CPI-07", "cpi.sanitised"),
    ("F-CPI-18", "F-CPI-18", "cpi.sanitised"),
    ("F-CPI-20", "F-CPI-20", "cpi.sanitised"),
    ("F-MIS-01", "F-MIS-08", "missing.reported"),
    ("F-MIS-10", "F-MIS-16", "missing.reported"),
    ("F-MIS-19", "F-MIS-22", "missing.reported"),
    ("F-MIS-16", "F-MIS-17", "missing.categorised missing.reviewed"),
    ("F-MIS-19", "F-MIS-19", "referral.made"),
    ("F-MIS-20", "F-MIS-20", "bureau.objected"),
    ("F-MIS-21", "F-MIS-21", "police_marker.recorded"),
    ("F-ICT-01", "F-ICT-26", "icta.referred"),
    ("F-ICT-28", "F-ICT-30", "icta.referred"),
    ("F-ICT-32", "F-ICT-32", "icta.referred"),
    ("F-ICT-34", "F-ICT-45", "icta.referred"),
    ("F-SER-01", "F-SER-02", "seraf.completed"),
    ("F-SER-04", "F-SER-08", "seraf.completed"),
    ("F-SER-10", "F-SER-12", "seraf.completed"),
    ("F-SER-14", "F-SER-22", "seraf.completed"),
    ("F-SER-V01", "F-SER-V11", "seraf.completed"),
    ("F-SER-M01", "F-SER-M10", "seraf.completed"),
    ("F-SER-S01", "F-SER-S09", "seraf.completed"),
    ("F-SER-T01", "F-SER-T05", "seraf.completed"),
    ("F-SAF-01", "F-SAF-21", "safety_plan.agreed"),
    ("F-SAF-03", "F-SAF-03", "placement.started"),
    ("F-SAF-06", "F-SAF-06", "biometric.passed_on"),
    ("F-SAF-11", "F-SAF-14", "safety_plan.observed"),
    ("F-SAF-16", "F-SAF-16", "safety_plan.observed"),
    ("F-SAF-22", "F-SAF-25", "safety_plan.stepped_down"),
    ("F-SAF-23", "F-SAF-23", "safety_plan.agreed"),
    ("F-SAF-24", "F-SAF-25", "safety_plan.stepped_up"),
    ("F-SAF-30", "F-SAF-35", "safety_plan.agreed"),
    ("F-SW-01", "F-SW-06", "missing.returned safe_and_well.recorded"),
    ("F-SW-03", "F-SW-03", "missing.located"),
    ("F-RI-01", "F-RI-14", "return_interview.held"),
    ("F-RI-14", "F-RI-14", "missing.returned return_interview.offered"),
    ("F-NRM-01", "F-NRM-15", "nrm.referred"),
    ("F-NRM-17", "F-NRM-18", "nrm.referred"),
    ("F-NRM-04", "F-NRM-04", "nrm.information_added"),
    ("F-NRM-17", "F-NRM-17", "nrm.information_added"),
    ("F-NRM-14", "F-NRM-15", "strategy.held"),
    ("F-NRM-16", "F-NRM-16", "nrm.acknowledged nrm.extended nrm.information_added nrm.information_requested"),
    ("F-NRM-16", "F-NRM-16", "nrm.conclusive_grounds nrm.reasonable_grounds nrm.reconsideration_requested"),
    ("F-NRM-16", "F-NRM-16", "nrm.reconsidered"),
    ("F-REC-01", "F-REC-07", "nrm.reconsideration_requested"),
    ("F-DOC-01", "F-DOC-16", "documents.checked"),
    ("F-DOC-15", "F-DOC-16", "trafficking.assessed"),
    ("F-REF-01", "F-REF-08", "referral.made"),
    ("F-REF-12", "F-REF-14", "referral.made"),
    ("F-REF-08", "F-REF-08", "referral.confirmed"),
    ("F-REF-09", "F-REF-09", "referral.acknowledged"),
    ("F-REF-09", "F-REF-11", "referral.decided"),
    ("F-REF-12", "F-REF-12", "assessment.completed"),
    ("F-REF-14", "F-REF-14", "mash_check.recorded screening.recorded"),
    ("F-PPN-01", "F-PPN-02", "ppn1.issued"),
    ("F-PPN-04", "F-PPN-06", "ppn1.issued"),
    ("F-PPN-05", "F-PPN-05", "missing.returned safe_and_well.recorded"),
    ("F-STR-01", "F-STR-12", "strategy.held"),
    ("F-STR-07", "F-STR-07", "plan.agreed"),
    ("F-RES-01", "F-RES-09", "concern.recorded"),
    ("F-BIO-01", "F-BIO-04", "biometric.consented biometric.taken"),
    ("F-BIO-05", "F-BIO-06", "biometric.taken"),
    ("F-BIO-08", "F-BIO-08", "biometric.consented biometric.taken"),
    ("F-BIO-01", "F-BIO-01", "biometric.passed_on"),
    ("F-BIO-06", "F-BIO-06", "biometric.passed_on"),
    ("F-BIO-07", "F-BIO-07", "biometric.checked"),
    ("F-ILE-01", "F-ILE-04", "ilet.enquired"),
    ("F-DIS-01", "F-DIS-08", "disclosure.recorded"),
    ("F-AGE-01", "F-AGE-05", "age.assessed"),
    ("F-AGE-01", "F-AGE-02", "age.doubted"),
    ("F-ABE-01", "F-ABE-04", "abe.planned"),
    ("F-ABE-02", "F-ABE-02", "abe.held"),
]

ROWS = 306
"""How many F-rows section 2 of the catalogue has."""


def rows(first: str, last: str) -> Iterator[str]:
    """``F-SER-V01`` to ``F-SER-V11``, both included."""
    for number in range(int(first[-2:]), int(last[-2:]) + 1):
        yield f"{first[:-2]}{number:02d}"


def belonging() -> dict[str, set[str]]:
    """Row to the types that hold a field for it."""
    found: dict[str, set[str]] = defaultdict(set)
    for first, last, types in PLACES:
        for row in rows(first, last):
            found[row] |= set(types.split())
    return found


def marked(schema: Any) -> Iterator[str]:
    """Every ``x-catalogue`` of a schema, without those of the definitions that it refers to."""
    if isinstance(schema, dict):
        if "x-catalogue" in schema:
            yield schema["x-catalogue"]
        for below in schema.values():
            yield from marked(below)
    if isinstance(schema, list):
        for below in schema:
            yield from marked(below)


@cache
def fields_by_row() -> dict[str, set[str]]:
    """F-row to the partners' types whose own schema has a field for it."""
    found: dict[str, set[str]] = defaultdict(set)
    for name in (one for one in SCHEMAS.types() if not SCHEMAS.is_hub_type(one)):
        for row in marked(SCHEMAS.schema(name, 1)):
            if row.startswith("F-"):
                found[row].add(name)
    return found


@pytest.mark.parametrize("row", sorted(belonging()))
def test_a_field_of_the_catalogues_forms_is_in_the_schemas_it_belongs_to_and_in_no_other(row: str) -> None:
    assert fields_by_row()[row] == belonging()[row]


def test_no_field_is_marked_with_a_row_that_has_no_form() -> None:
    assert fields_by_row().keys() == belonging().keys()


@pytest.mark.parametrize("row", sorted(BY_THE_CHILD))
def test_what_every_form_says_of_the_child_is_a_member_of_child(row: str) -> None:
    assert BY_THE_CHILD[row].removeprefix("child.").split()[0].rstrip(":") in CHILD["properties"]


def test_what_is_in_no_form_of_its_own_is_in_the_child_of_each() -> None:
    in_child = {row for row in marked(CHILD) if row.startswith("F-")}
    assert in_child <= BY_THE_CHILD.keys()
    assert not BY_THE_CHILD.keys() & belonging().keys()


def test_no_row_of_section_two_is_left_out() -> None:
    assert len(belonging().keys() | BY_THE_CHILD.keys()) == ROWS


def codes(name: str) -> list[str]:
    """A code list."""
    found: list[str] = json.loads((FOLDER / "codes" / f"{name}.json").read_bytes())["enum"]
    return found


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("V-03", 3), ("V-04", 3), ("V-05", 3), ("V-06", 2), ("V-07", 2), ("V-08", 6), ("V-09", 5), ("V-10", 4), ("V-11", 3), ("V-12", 13), ("V-13", 11), ("V-14", 16),
        ("V-15", 5), ("V-16", 5), ("V-17", 5), ("V-18", 8), ("V-19", 3), ("V-20", 4), ("V-20-decision", 6),
        ("V-21", 17), ("V-23", 3), ("V-24", 7), ("V-25", 5), ("V-26", 27), ("V-27", 19), ("V-30", 12), ("V-31", 3),
        ("V-32", 20), ("V-33", 18), ("V-34", 15), ("V-35", 10), ("V-36", 5), ("V-37", 63), ("V-38", 15), ("V-39", 11),
        ("V-39-circumstance", 3), ("V-40", 8), ("V-41", 12), ("V-42", 17), ("V-43", 5), ("V-44", 5), ("V-45", 11), ("V-46", 10), ("V-47", 16), ("V-48", 6), ("V-49", 9),
        ("V-50", 2), ("V-51", 11), ("V-52", 4), ("V-60", 30), ("V-61", 25), ("V-62", 6), ("V-63", 6), ("V-64", 4), ("V-65", 5),
    ],
)  # fmt: skip
def test_a_code_list_has_as_many_codes_as_the_catalogue_counts(name: str, count: int) -> None:
    assert (len(codes(name)), len(set(codes(name)))) == (count, count)


def test_the_lists_of_the_envelope_and_of_the_facts_are_the_published_ones() -> None:
    facts = json.loads((FOLDER / "facts.json").read_bytes())["properties"]
    assert set(codes("V-62")) == AREAS
    assert set(codes("V-47")) == PURPOSES
    assert {*codes("V-60"), "unknown"} == set(facts["desk"]["properties"]["sector"]["enum"])


def test_the_icta_form_offers_six_of_the_exploitation_types() -> None:
    offered = SCHEMAS.schema("icta.referred", 1)["properties"]["exploitation_types"]["items"]["enum"]
    assert len(offered) == 6
    assert set(offered) <= set(codes("V-14"))


def test_the_two_grounds_of_the_nrm_are_decided_in_types_of_their_own() -> None:
    decisions = [
        SCHEMAS.schema(f"nrm.{one}_grounds", 1)["properties"]["nrm_decision"]["enum"]
        for one in ("reasonable", "conclusive")
    ]
    assert all(set(one) <= set(codes("V-20-decision")) for one in decisions)
    assert not set(decisions[0]) & set(decisions[1])
