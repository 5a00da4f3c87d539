"""The five editions as data, key by key: catalogue C-01 to C-39."""

import msgspec
import pytest

from sightline.kernel.errors import Refused
from sightline.protocol.areas import AreaProtocol, area_protocol
from sightline.protocol.editions import EDITIONS, Edition, edition_of, editions

OWN = {
    "recall_answer_hours": 72, "confirmation_hours": 24, "possible_match_hours": 24, "acknowledge_hours": 4,
    "acknowledge_urgent_hours": 1,
}  # fmt: skip
OURS = {"area", "edition", "recall_answer", "confirmation", "possible_match", "acknowledge", "acknowledge_urgent"}
WHERE = {
    "4lscb_2011": "hampshire",
    "4lscb_2013": "hampshire",
    "4lscb_guide": "hampshire",
    "hertfordshire": "hertfordshire",
    "lincolnshire": "lincolnshire",
}
C_ROWS = [f"C-{number:02}" for number in range(1, 40)]


def under(edition: str, area: str = "") -> AreaProtocol:
    """That edition, in that area or one for which it was published."""
    return area_protocol(area or WHERE[edition], edition, OWN)


# As the catalogue's table has it: one value for each of met, guide, herts, lincs, traff. None: the document is silent.
TABLE: list[tuple[str, str, list[object]]] = [
    ("C-03", "child_alert_form", ["CYP", "PPN1", None, None, "CYPR"]),
    ("C-04", "child_alert_rule", ["three_circumstances", "three_circumstances", None, None, "any_child_at_risk"]),
    ("C-05", "mash_notified_on_report", [None, True, None, None, None]),
    ("C-06", "circumstances_review_hours", [(6, 8), (6, 8), None, None, None]),
    ("C-06", "circumstances_review_categories", [("absent",), ("absent", "missing"), None, None, None]),
    ("C-07", "repeat_threshold", [3, 3, None, None, None]),
    ("C-07", "repeat_window_days", [90, 90, None, None, None]),
    ("C-08", "repeat_action", [*[("initial_assessment", "return_interview")] * 2, None, None, None]),
    ("C-09", "bureau_hours", [24, 24, None, None, None]),
    ("C-10", "lac_return_interview_hours", [72, 72, None, None, None]),
    ("C-11", "initial_assessment_wd", [7, 7, None, None, None]),
    ("C-12", "strategy_decision_hours", [24, 0, None, None, 24]),
    ("C-16", "referral_outcome_hours", [None, None, 24, None, None]),
    ("C-17", "electronic_follow_up", [None, None, True, None, None]),
    ("C-18", "manager_discussion_first", [True, True, None, None, None]),
    ("C-20", "nrm_gate", [*["suspected_through_assessment"] * 2, "multi_agency_decision", "reasonable_grounds", None]),
    ("C-21", "nrm_consent", [None, None, "not_needed", "not_needed", None]),
    ("C-23", "reflection_days", [45, 45, None, None, None]),
    ("C-25", "immigration_body", ["ukba", "ukba", "ukvi", "ukvi", "ukba"]),
    ("C-29", "victim_support_service", [None, ("icta",), ("beacon", "ictg"), None, ("barnardos",)]),
    ("C-30", "immediate_safety_plan", ["six_measures", "barnardos", None, None, "no_unsupervised_internet"]),
    ("C-31", "safe_word", [None, None, None, None, True]),
    ("C-32", "intelligence_form", [None, "cpi", None, None, None]),
    (
        "C-33",
        "governance_form",
        [
            ("lscb", "lead_officers", "met_group"),
            ("lscb", "lead_manager"),
            ("safeguarding_childrens_partnership",),
            ("mace",),
            ("lscb_sub_group",),
        ],
    ),
    ("C-34", "escalation", [None, None, "partnership_procedure", "own_procedures", None]),
    ("C-35", "adult_transition", [*[("pova", "pathway_plan", "ppu")] * 2, ("adult_safeguarding",), None, None]),
    (
        "C-36",
        "who_to_notify",
        [
            ("childrens_social_care", "police", "csc_lead_officer_met", "allocated_social_worker"),
            ("mash", "allocated_social_worker"),
            ("childrens_social_care", "designated_modern_slavery_lead"),
            ("childrens_social_care",),
            ("police", "childrens_social_care", "health"),
        ],
    ),
    (
        "C-37",
        "missing_trafficked_notify",
        [
            ("police",),
            ("police", "childrens_social_care"),
            ("police",),
            None,
            ("police", "childrens_social_care", "ukba_or_ukvi", "missing_people_helpline"),
        ],
    ),
    ("C-38", "working_day_calendar", ["england"] * 5),
    ("C-39", "conflict_rule_for_cross_area_child", ["strictest_disclosure_and_both_clocks"] * 5),
]
COLUMNS = ["4lscb_2013", "4lscb_guide", "hertfordshire", "lincolnshire", "4lscb_2011"]


@pytest.mark.parametrize(("row", "key", "expected"), [pytest.param(*one, id=f"{one[0]} {one[1]}") for one in TABLE])
def test_a_key_has_the_value_of_the_catalogues_table(row: str, key: str, expected: list[object]) -> None:
    """N-148 by C-30. C-03 to C-12, C-16 to C-18, C-20, C-21, C-23, C-25, C-30 to C-32, C-34, C-38, C-39."""
    assert [getattr(under(edition), key) for edition in COLUMNS] == expected
    assert row in editions()["4lscb_guide"].keys[key].rows


@pytest.mark.parametrize("code", EDITIONS)
def test_an_edition_says_something_of_every_key_and_of_no_other(code: str) -> None:
    names = {field.name for field in msgspec.structs.fields(AreaProtocol)} - OURS
    assert editions()[code].keys.keys() == names
    assert editions()[code].edition == code


@pytest.mark.parametrize("code", EDITIONS)
def test_every_row_of_the_table_of_keys_has_a_key(code: str) -> None:
    """C-01 to C-39."""
    assert [row for row in C_ROWS if not editions()[code].rows(row)] == []


@pytest.mark.parametrize("code", EDITIONS)
def test_what_an_edition_says_has_a_source_and_what_it_does_not_say_is_marked(code: str) -> None:
    edition = editions()[code]
    for name, key in edition.keys.items():
        if key.value is None:
            assert (key.source, key.proposed) == ("", False), name
        else:
            assert key.proposed or key.source.startswith(edition.document), name


def test_the_same_rows_stand_behind_a_key_in_every_edition() -> None:
    rows = [{name: key.rows for name, key in one.keys.items()} for one in editions().values()]
    assert all(one == rows[0] for one in rows)


def test_c_01_the_2011_edition_covers_three_areas_and_the_later_ones_four() -> None:
    """C-01, X-35."""
    assert "portsmouth" not in under("4lscb_2011").areas
    assert (
        set(under("4lscb_2013").areas) == set(under("4lscb_guide").areas) == {*under("4lscb_2011").areas, "portsmouth"}
    )


def test_c_24_the_icta_duty_is_hampshires_and_the_isle_of_wights_under_the_guide() -> None:
    """C-24, X-10."""
    guide = {area for area in under("4lscb_guide").areas if under("4lscb_guide", area).has_icta_duty}
    assert guide == {"hampshire", "isle_of_wight"}
    assert not any(under(code).has_icta_duty for code in EDITIONS if code != "4lscb_guide")


def test_an_edition_that_knows_no_three_circumstances_counts_nothing() -> None:
    """C-04, C-07."""
    assert {code for code in EDITIONS if under(code).ppn1_applies} == {"4lscb_2013", "4lscb_guide"}
    assert {code for code in EDITIONS if under(code).repeat.counted} == {"4lscb_2013", "4lscb_guide"}


def test_an_edition_is_had_only_by_its_code_and_for_an_area_of_its_own() -> None:
    for code, area, why in [
        ("4lscb-guide", "hampshire", "unknown_edition"),
        ("lincolnshire", "hampshire", "edition_not_for_area"),
        ("4lscb_2011", "portsmouth", "edition_not_for_area"),
    ]:
        with pytest.raises(Refused) as refused:
            edition_of(code, area)
        assert refused.value.code == why


@pytest.mark.parametrize(
    "wrong",
    [{"bureau_hours": "24"}, {"bureau_hours": True}, {"child_alert_form": "CYPX"}, {"another": 1}],
    ids=["text for a number", "yes for a number", "a form nobody has", "a key nobody reads"],
)
def test_a_value_of_the_wrong_kind_is_no_protocol(wrong: dict[str, object]) -> None:
    values = {**msgspec.to_builtins(under("4lscb_guide")), **wrong}
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(values, AreaProtocol)


def test_a_file_with_an_unknown_member_is_no_edition() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({**msgspec.to_builtins(editions()["lincolnshire"]), "more": 1}, Edition)
