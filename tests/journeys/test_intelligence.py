"""CPI: about several children, one or none; graded, sanitised, corrected, retracted (catalogue 2.1, D-40 to D-42)."""

import pytest

from tests.builders_hub import (
    BUREAU,
    CAST,
    CHARITY,
    CSC,
    MASH,
    POLICE,
    SCHOOL,
    Town,
    a_child,
    a_cpi,
    a_flag,
    a_grading,
    a_missing,
    a_sanitised,
    admits,
    can_read,
    decision,
    leaves,
    rows,
    sees,
    sends,
)


def test_a_report_about_two_children_is_one_item_for_each_and_one_for_what_they_share(journey: Town) -> None:
    sent = sends(journey, CHARITY, "cpi.submitted", a_cpi(a_child(1), a_child(2)))
    shared, first, second = (journey.hub.view.item(BUREAU, ref) for ref in sent.items)
    assert "information_text" in shared.body
    assert "children" not in shared.body
    assert [set(part.body) for part in (first, second)] == [{"child"}, {"child"}]
    assert [part.body["child"]["family_name"] for part in (first, second)] == ["Oakapple-b", "Oakapple-c"]
    assert set(shared.children) == {*first.children, *second.children}
    assert sent.receipt is not None
    assert len(sent.receipt.children) == 2


def test_each_childs_page_shows_its_own_part_and_what_is_shared_but_not_the_others(journey: Town) -> None:
    sent = sends(journey, CHARITY, "cpi.submitted", a_cpi(a_child(1), a_child(2)))
    first = journey.hub.view.item(BUREAU, sent.items[1]).children[0]
    assert {view.ref for view in journey.hub.view.child(BUREAU, first)} == {sent.items[0], sent.items[1]}


def test_a_report_about_the_same_child_twice_is_shared_by_one(journey: Town) -> None:
    child = sends(journey, POLICE, "missing.reported", a_missing()).child
    sent = sends(journey, CHARITY, "cpi.submitted", a_cpi(child, child))
    assert len(sent.items) == 3
    assert len(journey.hub.view.item(BUREAU, sent.items[0]).children) == 1


def test_a_report_about_no_child_is_one_item(journey: Town) -> None:
    sent = sends(journey, CHARITY, "cpi.submitted", a_cpi())
    assert len(sent.items) == 1
    view = journey.hub.view.item(BUREAU, sent.item)
    assert view.state == "disclosed"
    assert view.children == ()
    assert sent.receipt is not None
    assert sent.receipt.children == ()


def test_what_two_children_share_is_shown_to_a_desk_only_as_far_as_for_both(journey: Town) -> None:
    sent = sends(journey, CHARITY, "cpi.submitted", a_cpi(a_child(1), a_child(2)))
    first = {"ref": journey.hub.view.item(BUREAU, sent.items[1]).children[0]}
    sends(journey, MASH, "flag.raised", a_flag(first, "conflict", desk=str(BUREAU)))
    assert [can_read(journey, BUREAU, ref) for ref in sent.items] == [False, False, True]
    leaf = decision(journey, BUREAU, sent.items[0])
    assert (leaf["eff"], leaf["told"]) == ("withhold", "nothing")
    assert {"H-04", "D-40"} <= set(leaf["rules"])


def test_a_report_that_excludes_an_agency_excludes_it_from_every_part(journey: Town) -> None:
    sent = sends(journey, CHARITY, "cpi.submitted", a_cpi(a_child(1), a_child(2), exclude=["hampshire-police"]))
    assert not any(can_read(journey, BUREAU, ref) for ref in sent.items)
    graded = sends(journey, BUREAU, "cpi.graded", a_grading(sent.item))
    assert graded.refused == "unknown_item"


def test_a_grading_is_seen_by_the_bureau_and_names_no_child_anew(journey: Town) -> None:
    cpi = sends(journey, CHARITY, "cpi.submitted", a_cpi(a_child()))
    sent = sends(journey, BUREAU, "cpi.graded", a_grading(cpi.item))
    assert {desk for desk in CAST if can_read(journey, desk, sent.item)} == {BUREAU}
    assert sent.receipt is not None
    assert sent.receipt.children == ()  # the bureau did not send the report: its receipt is no way to the child


def test_only_the_bureau_grades_and_only_what_it_can_read(journey: Town) -> None:
    cpi = sends(journey, CHARITY, "cpi.submitted", a_cpi(a_child()))
    assert sends(journey, POLICE, "cpi.graded", a_grading(cpi.item)).refused == "source_may_not_send"
    hidden = sends(journey, CHARITY, "cpi.submitted", a_cpi(exclude=[str(BUREAU)]))
    assert sends(journey, BUREAU, "cpi.graded", a_grading(hidden.item)).refused == "unknown_item"
    missing = sends(journey, POLICE, "missing.reported", a_missing())
    assert sends(journey, BUREAU, "cpi.graded", a_grading(missing.item)).refused == "unknown_item"


def test_the_sanitised_version_is_a_new_item_whose_link_to_the_original_is_the_bureaus_alone(journey: Town) -> None:
    forum = admits(journey, "hampshire-partnership/forum", "mace", "partnership_forum")
    cpi = sends(journey, CHARITY, "cpi.submitted", a_cpi(a_child()))
    clean = sends(journey, BUREAU, "cpi.sanitised", a_sanitised(cpi.item, to=[forum]))
    assert journey.hub.view.item(BUREAU, clean.item).body["item"] == cpi.item
    for desk in (CSC, MASH, forum):
        view = journey.hub.view.item(desk, clean.item)
        assert view.body["information_text"].startswith("A car collects children")
        assert "item" not in view.body
        assert not can_read(journey, desk, cpi.item)
    assert "sanitised_only" in journey.hub.view.item(forum, clean.item).obligations


def test_whom_the_original_excludes_the_sanitised_version_excludes_too(journey: Town) -> None:
    cpi = sends(journey, CHARITY, "cpi.submitted", a_cpi(a_child(), exclude=[str(CSC)]))
    clean = sends(journey, BUREAU, "cpi.sanitised", a_sanitised(cpi.item))
    assert not can_read(journey, CSC, clean.item)
    assert can_read(journey, MASH, clean.item)


def test_handling_under_conditions_is_an_obligation_to_whoever_reads_it(journey: Town) -> None:
    cpi = sends(journey, CHARITY, "cpi.submitted", a_cpi())
    clean = sends(journey, BUREAU, "cpi.sanitised", a_sanitised(cpi.item, handling="C", conditions=["Not beyond."]))
    assert "obey_handling_conditions" in journey.hub.view.item(MASH, clean.item).obligations


@pytest.mark.parametrize("reason", ["wrong_child", "unreliable", "entered_in_error"])
def test_a_retraction_takes_one_part_out_of_sight_and_leaves_the_others(journey: Town, reason: str) -> None:
    sent = sends(journey, CHARITY, "cpi.submitted", a_cpi(a_child(1), a_child(2)))
    sends(journey, CHARITY, "item.retracted", {"item": sent.items[1], "reason_code": reason})
    assert [can_read(journey, BUREAU, ref) for ref in sent.items] == [True, False, True]
    assert [leaf["typ"] for leaf in leaves(journey, desk=BUREAU, item=sent.items[1])] == ["decision", "decision", "recall"]


def test_only_the_agency_that_said_it_corrects_or_retracts_it(journey: Town) -> None:
    sent = sends(journey, CHARITY, "cpi.submitted", a_cpi(a_child()))
    for desk in (BUREAU, MASH, SCHOOL):
        correction = {"item": sent.item, "reason_code": "wrong_detail", "correction": "No."}
        assert sends(journey, desk, "item.corrected", correction).refused == "unknown_item"
        retraction = {"item": sent.item, "reason_code": "unreliable"}
        assert sends(journey, desk, "item.retracted", retraction).refused == "unknown_item"
    assert can_read(journey, BUREAU, sent.item)


def test_a_correction_then_a_retraction_are_two_recalls_of_two_kinds(journey: Town) -> None:
    sent = sends(journey, CHARITY, "cpi.submitted", a_cpi(a_child()))
    sends(journey, CHARITY, "item.corrected", {"item": sent.item, "reason_code": "wrong_detail", "correction": "Green."})
    sends(journey, CHARITY, "item.retracted", {"item": sent.item, "reason_code": "wrong_child"})
    kinds = [leaf["kind"] for leaf in leaves(journey, desk=BUREAU, item=sent.item, typ="recall")]
    assert kinds == ["corrected", "wrong_disclosure"]


def test_the_signed_original_is_kept_once_whatever_it_is_parted_into(journey: Town) -> None:
    sent = sends(journey, CHARITY, "cpi.submitted", a_cpi(*(a_child(n) for n in range(1, 6))))
    assert len(sent.items) == 6
    sizes = {
        ref: len(bytes(state))
        for ref, state in rows(
            journey,
            "SELECT i.ref, e.state FROM items i JOIN stored_events e ON e.originator_id = i.stream"
            " AND e.originator_version = i.version",
        )
    }
    assert sizes[sent.item] > len(sent.event)
    assert all(sizes[ref] < len(sent.event) for ref in sent.items[1:])


def test_twenty_children_are_decided_as_one_step(journey: Town) -> None:
    sent = sends(journey, CHARITY, "cpi.submitted", a_cpi(*(a_child(n) for n in range(1, 21))))
    assert len({leaf["cause"] for ref in sent.items for leaf in leaves(journey, item=ref)}) == 1
    assert len([view for view in sees(journey, BUREAU).values() if view.type == "cpi.submitted"]) == 21
