"""Which forms are taken, which are refused and why, and what of a form is kept without being understood."""

import json
from pathlib import Path
from typing import Any

import pytest

from sightline.formats.problem import PROBLEMS
from sightline.formats.schemas import Schemas
from sightline.kernel.errors import Corrupt, Unavailable
from sightline.kernel.share import share
from sightline.kernel.values import Defect
from tests.builders import the_schemas
from tests.unit.formats import forms_expected

SCHEMAS = the_schemas()
EXAMPLES = share("schemas") / "examples"

HUB_ALERTS = (
    "alert.breach_due", "alert.confirmation_due", "alert.duty_cover", "alert.duty_due", "alert.duty_late",
    "alert.match_possible", "alert.ppn1_due", "alert.recall_overdue",
)  # fmt: skip

# What each example that does not fit leads to: code and pointer of the refusal. One that is called
# ``invalid_no_<field>`` after a member of its form lacks that mandatory member.
LACKING = {
    f"{path.parent.name}/{path.stem}": ("schema_missing_field", f"/{field}")
    for path in EXAMPLES.glob("*.*/invalid_no_*.json")
    if (field := path.stem.removeprefix("invalid_no_")) in SCHEMAS.schema(path.parent.name, 1)["properties"]
}
REFUSED = {
    **LACKING,
    **forms_expected.REFUSED,
    "cpi.submitted/invalid_urgent": ("schema_invalid_field", "/is_non_urgent"),
    "cpi.submitted/invalid_no_information": ("schema_missing_field", "/information_text"),
    "cpi.submitted/invalid_no_sharing": ("schema_missing_field", "/sharing"),
    "cpi.submitted/invalid_child_without_any_name": ("schema_missing_field", "/children/1"),
    "cpi.submitted/invalid_contains_names_no_free_text": ("schema_invalid_field", "/contains/~"),
    "cpi.submitted/invalid_contains_unknown_class": ("schema_invalid_field", "/contains/information_text/0"),
    "cpi.submitted/invalid_nhs_number_check_digit": ("identifier_invalid", "/children/1/identifiers/0"),
    "cpi.submitted/invalid_exclude_is_no_desk": ("schema_invalid_field", "/exclude/0"),
    "cpi.graded/invalid_conditions_missing": ("schema_missing_field", "/conditions"),
    "cpi.graded/invalid_unknown_handling": ("schema_invalid_field", "/handling"),
    "cpi.graded/invalid_no_item": ("schema_missing_field", "/item"),
    "cpi.sanitised/invalid_no_text": ("schema_missing_field", "/information_text"),
    "cpi.sanitised/invalid_item_with_space": ("schema_invalid_field", "/item"),
    "cpi.sanitised/invalid_no_sharing": ("schema_missing_field", "/sharing"),
    "missing.reported/invalid_no_child": ("schema_missing_field", "/child"),
    "missing.reported/invalid_time_without_offset": ("schema_invalid_field", "/missing_since"),
    "missing.reported/invalid_unauthorised_absent": ("schema_invalid_field", "/missing_category"),
    "missing.reported/invalid_nhs_number_check_digit": ("identifier_invalid", "/child/identifiers/0"),
    "missing.reported/invalid_unknown_identifier_scheme": ("identifier_invalid", "/child/identifiers/0"),
    "missing.reported/invalid_date_of_birth": ("schema_invalid_field", "/child/date_of_birth"),
    "missing.reported/invalid_unknown_field_in_sharing": ("schema_invalid_field", "/sharing/~"),
    "missing.categorised/invalid_no_category": ("schema_missing_field", "/missing_category"),
    "missing.categorised/invalid_unknown_category": ("schema_invalid_field", "/missing_category"),
    "missing.returned/invalid_no_word_on_harm": ("schema_missing_field", "/harm_suffered"),
    "missing.returned/invalid_unknown_harm": ("schema_invalid_field", "/harm_suffered"),
    "flag.raised/invalid_exploiter_without_relation": ("schema_missing_field", "/relation"),
    "flag.raised/invalid_conflict_without_desk": ("schema_missing_field", "/desk"),
    "flag.raised/invalid_unknown_flag": ("schema_invalid_field", "/flag"),
    "flag.lifted/invalid_no_flag": ("schema_missing_field", "/flag"),
    "flag.lifted/invalid_unknown_relation": ("schema_invalid_field", "/relation"),
    "ppn1.issued/invalid_other_without_reason": ("schema_missing_field", "/other_reason"),
    "ppn1.issued/invalid_unknown_circumstance": ("schema_invalid_field", "/ppn1_circumstance"),
    "ppn1.issued/invalid_no_child": ("schema_missing_field", "/child"),
    "consent.recorded/invalid_given_by_nobody": ("schema_missing_field", "/giver"),
    "consent.recorded/invalid_unknown_purpose": ("schema_invalid_field", "/consent_purpose"),
    "consent.recorded/invalid_unknown_relation": ("schema_invalid_field", "/present/1"),
    "consent.recorded/invalid_expiry": ("schema_invalid_field", "/expires_at"),
    "consent.withdrawn/invalid_no_giver": ("schema_missing_field", "/giver"),
    "consent.withdrawn/invalid_unknown_giver": ("schema_invalid_field", "/giver"),
    "involvement.opened/invalid_unknown_kind": ("schema_invalid_field", "/involvement_kind"),
    "involvement.opened/invalid_desk_without_agency": ("schema_invalid_field", "/involved_desk"),
    "involvement.confirmed/invalid_no_desk": ("schema_missing_field", "/involved_desk"),
    "involvement.confirmed/invalid_no_child": ("schema_missing_field", "/child"),
    "involvement.closed/invalid_mistaken_in_words": ("schema_invalid_field", "/mistaken"),
    "involvement.closed/invalid_no_desk": ("schema_missing_field", "/involved_desk"),
    "item.corrected/invalid_no_correction": ("schema_missing_field", "/correction"),
    "item.corrected/invalid_unknown_reason": ("schema_invalid_field", "/reason_code"),
    "item.retracted/invalid_no_item": ("schema_missing_field", "/item"),
    "item.retracted/invalid_unknown_reason": ("schema_invalid_field", "/reason_code"),
    "match.ruled/invalid_one_record": ("schema_invalid_field", "/records"),
    "match.ruled/invalid_same_record_twice": ("schema_invalid_field", "/records"),
    "match.ruled/invalid_no_reason": ("schema_missing_field", "/reason"),
    "match.ruled/invalid_unknown_ruling": ("schema_invalid_field", "/ruling"),
    "alert.acknowledged/invalid_no_alert": ("schema_missing_field", "/alert"),
    "alert.acknowledged/invalid_alert_is_number": ("schema_invalid_field", "/alert"),
    "recall.answered/invalid_retained_without_basis": ("schema_missing_field", "/basis"),
    "recall.answered/invalid_unknown_basis": ("schema_invalid_field", "/basis"),
    "recall.answered/invalid_passed_to_nobody": ("schema_missing_field", "/passed_to"),
    **{f"{name}/invalid_no_clock": ("schema_missing_field", "/clock") for name in HUB_ALERTS if "duty" in name},
    **{
        f"{name}/invalid_{fault}": (code, pointer)
        for name in HUB_ALERTS
        for fault, code, pointer in (
            ("unknown_alert", "schema_invalid_field", "/alert"),
            ("nothing_asked", "schema_missing_field", "/asks"),
        )
    },
}

KEPT = {
    **forms_expected.KEPT,
    "cpi.submitted/invalid_but_kept_unknown_topic": ("unknown_code", "/cpi_topic"),
    "cpi.submitted/invalid_but_kept_unknown_field_of_child": ("unknown_field", "/children/0/~"),
    "cpi.submitted/invalid_but_kept_malformed_telephone": ("malformed_field", "/submitter_telephone"),
    "cpi.graded/invalid_but_kept_conditions_without_handling_c": ("malformed_field", "/conditions"),
    "cpi.sanitised/invalid_but_kept_impossible_date": ("malformed_field", "/information_date"),
    "missing.reported/invalid_but_kept_unknown_risk": ("unknown_code", "/missing_risk"),
    "missing.reported/invalid_but_kept_unknown_field": ("unknown_field", "/~"),
    "missing.reported/invalid_but_kept_age_in_words": ("malformed_field", "/age"),
    "missing.reported/invalid_but_kept_unknown_trafficking_status": ("unknown_code", "/child/trafficking_status"),
    "missing.categorised/invalid_but_kept_change_without_reason": ("malformed_field", "/category_change"),
    "missing.returned/invalid_but_kept_unknown_return_mode": ("unknown_code", "/return_mode"),
    "flag.raised/invalid_but_kept_safe_word": ("unknown_field", "/~"),
    "ppn1.issued/invalid_but_kept_unknown_rating": ("unknown_code", "/rating"),
    "consent.recorded/invalid_but_kept_unknown_witness_role": ("unknown_code", "/witnessed_by/role"),
    "involvement.opened/invalid_but_kept_unknown_field": ("unknown_field", "/~"),
    "match.ruled/invalid_but_kept_unknown_field": ("unknown_field", "/~"),
    **{f"{name}/invalid_but_kept_malformed_row": ("malformed_field", "/row") for name in HUB_ALERTS},
}


def examples(pattern: str) -> list[Any]:
    paths = sorted(EXAMPLES.glob(f"*.*/{pattern}.json"))
    return [pytest.param(path, id=f"{path.parent.name}/{path.stem}") for path in paths]


def example(name: str) -> Any:
    return json.loads((EXAMPLES / f"{name}.json").read_bytes())


def check(path: Path) -> Any:
    return SCHEMAS.check(path.parent.name, 1, json.loads(path.read_bytes()), by_hub=True)


@pytest.mark.parametrize("path", examples("valid_*"))
def test_a_valid_example_is_taken_without_defects(path: Path) -> None:
    assert check(path) == (None, ())


@pytest.mark.parametrize("name", [pytest.param(name, id=name) for name in REFUSED])
def test_an_invalid_example_is_refused_for_what_its_name_says(name: str) -> None:
    refusal, defects = check(EXAMPLES / f"{name}.json")
    assert ((refusal.code, refusal.pointer), defects) == (REFUSED[name], ())
    assert refusal.code in PROBLEMS


@pytest.mark.parametrize("name", [pytest.param(name, id=name) for name in KEPT])
def test_a_fault_in_an_optional_field_is_kept_as_a_defect(name: str) -> None:
    code, pointer = KEPT[name]
    assert check(EXAMPLES / f"{name}.json") == (None, (Defect(code=code, pointer=pointer),))


def test_every_example_has_its_expectation() -> None:
    found = {f"{path.parent.name}/{path.stem}" for path in EXAMPLES.glob("*.*/invalid_*.json")}
    assert found == REFUSED.keys() | KEPT.keys()


@pytest.mark.parametrize("event_type", SCHEMAS.types())
def test_every_type_has_two_valid_and_two_refused_examples(event_type: str) -> None:
    refused = [name for name in REFUSED if name.startswith(f"{event_type}/")]
    assert len(list((EXAMPLES / event_type).glob("valid_*.json"))) >= 2
    assert len(refused) >= 2


def test_there_are_the_partners_types_and_the_hubs_own() -> None:
    hub = {name for name in SCHEMAS.types() if SCHEMAS.is_hub_type(name)}
    assert hub == set(HUB_ALERTS)
    assert len(SCHEMAS.types()) == 94


def test_a_partner_may_not_send_the_hubs_own_types() -> None:
    refusal, _ = SCHEMAS.check("alert.ppn1_due", 1, example("alert.ppn1_due/valid_full"))
    assert refusal is not None
    assert refusal.code == "unknown_type"


@pytest.mark.parametrize(
    ("event_type", "version", "code"),
    [
        pytest.param("weather.reported", 1, "unknown_type", id="a type that nobody knows"),
        pytest.param("common", 1, "unknown_type", id="shared definitions are no type"),
        pytest.param("missing.reported", 2, "unknown_version", id="a version to come"),
        pytest.param("missing.reported", 0, "unknown_version", id="no version"),
    ],
)
def test_an_unknown_type_or_version_is_refused(event_type: str, version: int, code: str) -> None:
    refusal, _ = SCHEMAS.check(event_type, version, {})
    assert refusal is not None
    assert (refusal.code, refusal.pointer) == (code, "")


@pytest.mark.parametrize("data", [None, [], "text", 7, True], ids=repr)
def test_what_is_no_object_is_refused(data: object) -> None:
    refusal, _ = SCHEMAS.check("missing.reported", 1, data)
    assert refusal is not None
    assert (refusal.code, refusal.pointer) == ("schema_invalid_field", "")


def test_a_type_that_is_no_duty_must_say_why_it_is_shared() -> None:
    data = example("missing.reported/valid_least")
    assert SCHEMAS.check("missing.reported", 1, data) == (None, ())
    refusal, _ = Schemas.load(duty_types=frozenset()).check("missing.reported", 1, data)
    assert refusal is not None
    assert (refusal.code, refusal.pointer) == ("schema_missing_field", "/sharing")


def test_a_code_that_nobody_knows_leaves_the_rest_of_its_list_understood() -> None:
    data = example("missing.reported/valid_full")
    data["vulnerabilities"].append("")
    data["missing_history"][0]["missing_category"] = "elsewhere"
    refusal, defects = SCHEMAS.check("missing.reported", 1, data)
    assert refusal is None
    assert [(defect.code, defect.pointer) for defect in defects] == [
        ("unknown_code", "/missing_history/0/missing_category"),
        ("malformed_field", "/vulnerabilities/1"),
    ]


def test_twenty_children_are_taken_and_twenty_one_are_not() -> None:
    data = example("cpi.submitted/valid_no_child")
    one = {"ref": "c-7Qd0xkVtQm2r"}
    assert SCHEMAS.check("cpi.submitted", 1, {**data, "children": [one] * 20}) == (None, ())
    refusal, _ = SCHEMAS.check("cpi.submitted", 1, {**data, "children": [one] * 21})
    assert refusal is not None
    assert (refusal.code, refusal.pointer) == ("schema_invalid_field", "/children")


def test_a_form_with_more_faults_than_anyone_can_list_is_refused() -> None:
    data = {**example("missing.reported/valid_least"), "vulnerabilities": [0] * 600}
    refusal, _ = SCHEMAS.check("missing.reported", 1, data)
    assert refusal is not None
    assert (refusal.code, refusal.pointer) == ("schema_invalid_field", "")


def test_a_name_that_no_schema_knows_is_never_repeated_even_where_a_schema_would_let_it_in() -> None:
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "sightline:/schemas/form.opened/1",
        "type": "object",
        "properties": {"known": {"type": "string", "x-class": "administrative"}},
        "additionalProperties": {"type": "integer"},
    }
    schemas = Schemas({str(document["$id"]): document}, frozenset({"form.opened"}))
    refusal, _ = schemas.check("form.opened", 1, {"known": "x", "Ada Winterborne": "x"})
    assert refusal is not None
    assert refusal.pointer == "/~"


def test_asking_for_a_form_that_does_not_exist_is_our_fault() -> None:
    with pytest.raises(Corrupt):
        SCHEMAS.form("missing.reported", 9)
    with pytest.raises(Corrupt):
        SCHEMAS.form("missing.reported", 1, "child")
    with pytest.raises(Corrupt):
        SCHEMAS.schema("weather.reported", 1)
    assert SCHEMAS.schema("missing.reported", 1)["$id"] == "sightline:/schemas/missing.reported/1"


def test_a_folder_that_is_nowhere_beside_the_program_is_said_to_be_missing() -> None:
    with pytest.raises(Unavailable):
        share("no-such-folder")
