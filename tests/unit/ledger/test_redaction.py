"""What is shown is what was decided: a field is there if its class is shown, and only then (P7)."""

import json
from typing import Any

import pytest

from sightline.formats.fields import Fields, child_defects, child_part, shared_defects, shared_part
from sightline.kernel.classes import CLASSES, UNKNOWN
from sightline.kernel.share import share
from sightline.kernel.values import Defect
from sightline.ledger.redaction import redact
from tests.builders import the_schemas

SCHEMAS = the_schemas()
FIELDS = Fields(SCHEMAS)
EVERYTHING = frozenset(CLASSES) | {UNKNOWN}
LEAST: dict[str, Any] = {
    "child": {"family_name": "Winterborne", "date_of_birth": "2010-03-14"},
    "missing_since": "2024-05-17T20:15:00Z",
    "missing_category": "missing",
}


def shown(data: dict[str, Any], *classes: str, defects: tuple[Defect, ...] = ()) -> dict[str, Any]:
    return redact(FIELDS, "missing.reported", 1, data, frozenset(classes), defects)


def present(data: dict[str, Any], *defects: Defect) -> frozenset[str]:
    return FIELDS.classes_present("missing.reported", 1, data, defects)


def example(name: str) -> Any:
    return json.loads((share("schemas") / "examples" / f"{name}.json").read_bytes())


def test_nothing_shown_leaves_nothing() -> None:
    assert shown(example("missing.reported/valid_full")) == {}


def test_everything_shown_leaves_everything() -> None:
    full = example("missing.reported/valid_full")
    assert shown(full, *EVERYTHING) == full


def test_a_field_is_there_exactly_when_its_class_is_shown() -> None:
    data = {**LEAST, "is_uasc": True}
    assert shown(data, "identity") == {"child": LEAST["child"]}
    assert shown(data, "assessment") == {"missing_since": LEAST["missing_since"], "missing_category": "missing"}
    assert shown(data, "immigration") == {"is_uasc": True}


def test_what_is_left_empty_goes_with_its_fields() -> None:
    data = {**LEAST, "reporter": {"name": "Jo Fernhill"}, "vehicle_details": [{"number_plate": "EX24 MPL"}]}
    assert shown(data, "assessment").keys() == {"missing_since", "missing_category"}


def test_one_class_inside_a_structure_leaves_the_other() -> None:
    data = {**LEAST, "reporter": {"name": "Jo Fernhill", "telephone": "01632 960 077"}}
    assert shown(data, "source") == {"reporter": {"name": "Jo Fernhill"}}
    assert shown(data, "source_contact") == {"reporter": {"telephone": "01632 960 077"}}


@pytest.mark.parametrize(
    ("classes", "is_shown"),
    [
        pytest.param({"narrative"}, False, id="its own class alone"),
        pytest.param({"health", "location"}, False, id="what it may hold alone"),
        pytest.param({"narrative", "health"}, False, id="one of two that it may hold"),
        pytest.param({"narrative", "health", "location"}, True, id="all of them"),
    ],
)
def test_free_text_is_shown_only_where_every_class_it_may_hold_is(classes: set[str], is_shown: bool) -> None:
    data = {**LEAST, "circumstances": "In words.", "contains": {"circumstances": ["health", "location"]}}
    assert ("circumstances" in shown(data, *classes)) is is_shown


def test_free_text_of_which_nothing_is_said_may_hold_every_class_of_its_form() -> None:
    data = {**LEAST, "circumstances": "In words."}
    every = FIELDS.all_classes("missing.reported", 1)
    assert "circumstances" in shown(data, *every)
    for missing in every:
        assert "circumstances" not in shown(data, *(set(every) - {missing}))


def test_free_text_that_holds_nothing_else_needs_its_own_class_only() -> None:
    data = {**LEAST, "circumstances": "In words.", "contains": {"circumstances": []}}
    assert shown(data, "narrative") == {"circumstances": "In words."}


def test_what_a_free_text_may_hold_is_among_the_classes_present() -> None:
    data = {**LEAST, "circumstances": "In words.", "contains": {"circumstances": ["offending"]}}
    assert present(data) == {"identity", "assessment", "narrative", "administrative", "offending"}


def test_free_text_of_which_nothing_is_said_makes_every_class_present() -> None:
    assert present({**LEAST, "circumstances": "In words."}) == set(FIELDS.all_classes("missing.reported", 1))


def test_only_what_is_there_is_present() -> None:
    assert present(LEAST) == {"identity", "assessment"}
    assert present({**LEAST, "vulnerabilities": [], "reporter": {}}) == {"identity", "assessment"}


def test_what_no_schema_names_is_unknown_wherever_it_stands() -> None:
    data = {**LEAST, "hobby": "chess", "reporter": {"hat": "red"}, "vehicle_details": [{"wheels": 3}]}
    strange = {"hobby": "chess", "reporter": {"hat": "red"}, "vehicle_details": [{"wheels": 3}]}
    assert present(data) == {"identity", "assessment", "unknown"}
    assert shown(data, *CLASSES) == LEAST
    assert shown(data, UNKNOWN) == strange


def test_an_unknown_code_is_unknown_even_where_its_field_is_shown() -> None:
    data = {**LEAST, "missing_risk": "severe", "age": "fourteen"}
    assert shown(data, *CLASSES) == LEAST
    assert shown(data, UNKNOWN) == {"missing_risk": "severe", "age": "fourteen"}
    assert UNKNOWN in present(data)


def test_an_unknown_item_leaves_the_rest_of_its_list() -> None:
    data = {**LEAST, "agency_concerns": ["i-1", "not a reference", "i-2"]}
    assert shown(data, "narrative") == {"agency_concerns": ["i-1", "i-2"]}
    assert shown(data, UNKNOWN) == {"agency_concerns": ["not a reference"]}


def test_a_structure_that_is_none_is_unknown() -> None:
    for strange in ("a car", 7, None, {"0": {"number_plate": "EX24 MPL"}}):
        data = {**LEAST, "vehicle_details": strange}
        assert shown(data, *CLASSES) == LEAST
        assert shown(data, UNKNOWN) == {"vehicle_details": strange}


def test_what_was_not_understood_when_it_was_accepted_stays_unknown() -> None:
    defect = Defect(code="unknown_code", pointer="/child/trafficking_status")
    data = {**LEAST, "child": {**LEAST["child"], "trafficking_status": "suspected"}}
    assert UNKNOWN not in present(data)
    assert UNKNOWN in present(data, defect)
    assert shown(data, "assessment", defects=(defect,)).keys() == {"missing_since", "missing_category"}


@pytest.mark.parametrize(
    "contains",
    [["narrative"], {"circumstances": "narrative"}, {"circumstances": ["gossip"]}, {"circumstances": [["narrative"]]}],
    ids=repr,
)
def test_a_word_that_is_not_understood_narrows_nothing(contains: object) -> None:
    data = {**LEAST, "circumstances": "In words.", "contains": contains}
    assert "circumstances" not in shown(data, "narrative", "administrative")


def test_a_contains_with_a_fault_anywhere_inside_is_unknown_as_a_whole() -> None:
    data = {**LEAST, "contains": {"circumstances": ["health", {"Ada": 1}]}}
    assert shown(data, "administrative") == {}
    assert UNKNOWN in present(data)


def test_redaction_does_not_change_what_it_is_given() -> None:
    full = example("missing.reported/valid_full")
    shown(full, "identity", "third_party")
    assert full == example("missing.reported/valid_full")


class TestAFormAboutTwoChildren:
    data = example("cpi.submitted/valid_two_children")

    def test_a_childs_part_holds_that_child_and_nothing_else(self) -> None:
        part = child_part(self.data, 1)
        assert part == {"child": self.data["children"][1]}
        kept = redact(FIELDS, "cpi.submitted", 1, part, {"identity"}, part="child")
        assert kept["child"]["given_name"] == "Ben"
        assert "nationality" not in kept["child"]

    def test_the_shared_part_holds_no_child(self) -> None:
        part = shared_part(self.data)
        assert "children" not in part
        assert part.keys() | {"children"} == self.data.keys()
        assert redact(FIELDS, "cpi.submitted", 1, part, EVERYTHING, part="shared") == part

    def test_the_classes_of_the_parts_are_the_classes_of_the_whole(self) -> None:
        def classes(data: dict[str, Any], part: str) -> frozenset[str]:
            return FIELDS.classes_present("cpi.submitted", 1, data, part=part)

        parts = [classes(child_part(self.data, index), "child") for index in (0, 1)]
        assert frozenset().union(*parts, classes(shared_part(self.data), "shared")) == classes(self.data, "whole")
        assert "immigration" in parts[1] - parts[0]

    def test_a_child_in_the_shared_part_is_unknown(self) -> None:
        kept = redact(FIELDS, "cpi.submitted", 1, self.data, frozenset(CLASSES), part="shared")
        assert kept == shared_part(self.data)

    def test_unmarked_text_of_the_shared_part_may_hold_a_childs_classes_too(self) -> None:
        part = shared_part({**self.data, "contains": {}})
        present = FIELDS.classes_present("cpi.submitted", 1, part, part="shared")
        assert present == set(FIELDS.all_classes("cpi.submitted", 1))

    def test_defects_follow_their_part(self) -> None:
        defects = (
            Defect(code="unknown_code", pointer="/children/1/trafficking_status"),
            Defect(code="unknown_field", pointer="/children/10/~"),
            Defect(code="unknown_code", pointer="/cpi_topic"),
        )
        assert child_defects(defects, 1) == (Defect(code="unknown_code", pointer="/child/trafficking_status"),)
        assert child_defects(defects, 0) == ()
        assert shared_defects(defects) == defects[2:]

    def test_an_unknown_code_of_a_childs_part_is_unknown(self) -> None:
        part = {"child": {**self.data["children"][0], "trafficking_status": "perhaps"}}
        kept = redact(FIELDS, "cpi.submitted", 1, part, frozenset(CLASSES), part="child")
        assert "trafficking_status" not in kept["child"]
        assert UNKNOWN in FIELDS.classes_present("cpi.submitted", 1, part, part="child")
