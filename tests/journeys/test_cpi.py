"""Police intelligence: about several children, one or none; graded; sanitised; and who gave it is never passed on."""

import pytest

from sightline.kernel.ids import DeskId
from tests.builders_hub import (
    BUREAU,
    CHARITY,
    CSC,
    HEALTH,
    JUSTIFIED,
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
    decision,
    feed,
    rows,
    sends,
)
from tests.builders_journeys import a_forum, knows, rules, says, shown, unseen, view, withheld

SUBMITTED, GRADED, SANITISED = "cpi.submitted", "cpi.graded", "cpi.sanitised"

# ------------------------------------------------------------------------------------------ two children, one, none


def test_a_cpi_about_two_children_is_two_parts_and_what_they_share(journey: Town) -> None:
    cpi = says(journey, CHARITY, SUBMITTED, a_cpi(a_child(1), a_child(2)))
    shared, first, second = (view(journey, BUREAU, item) for item in cpi.items)
    assert "children" not in shared.body
    assert shared.body["information_text"].startswith("A grey car")
    assert first.body == {"child": a_child(1)}
    assert second.body == {"child": a_child(2)}
    assert not {*first.children} & {*second.children}


def test_a_cpi_about_one_child_is_one_item(journey: Town) -> None:
    cpi = says(journey, CHARITY, SUBMITTED, a_cpi(a_child()))
    (item,) = cpi.items
    assert view(journey, BUREAU, item).body["children"] == [a_child()]
    assert len(view(journey, BUREAU, item).children) == 1


def test_a_cpi_about_no_known_child_reaches_the_bureau(journey: Town) -> None:
    cpi = says(journey, CHARITY, SUBMITTED, a_cpi())
    (item,) = cpi.items
    assert "D-40" in rules(journey, BUREAU, item)
    assert view(journey, BUREAU, item).children == ()
    assert "source" in shown(journey, BUREAU, item)


def test_the_same_child_named_twice_has_two_parts_on_one_record(journey: Town) -> None:
    knows(journey)
    cpi = says(journey, CHARITY, SUBMITTED, a_cpi(a_child(), a_child()))
    assert len(cpi.items) == 3
    first, second = (view(journey, BUREAU, item).children for item in cpi.items[1:])
    assert first == second != ()


def test_who_must_not_see_the_whole_must_not_see_a_part(journey: Town) -> None:
    cpi = says(journey, CHARITY, SUBMITTED, a_cpi(a_child(1), a_child(2), exclude=["hampshire-police"]))
    for item in cpi.items:
        assert rules(journey, BUREAU, item) == ["H-03"]
        assert unseen(journey, BUREAU, item)
    assert feed(journey, BUREAU) == ()


def test_who_the_whole_is_addressed_to_is_considered_for_each_part(journey: Town) -> None:
    says(journey, POLICE, "missing.reported", a_missing(a_child(1)))
    cpi = says(journey, CHARITY, SUBMITTED, a_cpi(a_child(1), a_child(2), to=[POLICE]))
    _, first, second = cpi.items
    assert "D-33" in rules(journey, POLICE, first)
    assert "identity" in shown(journey, POLICE, first)
    assert unseen(journey, POLICE, second)


def test_what_the_source_said_of_the_whole_holds_for_each_part(journey: Town) -> None:
    form = a_cpi(a_child(1), a_child(2), source_recontact_permitted="no")
    for item in says(journey, CHARITY, SUBMITTED, form).items:
        assert "do_not_recontact_source" in decision(journey, BUREAU, item)["obl"]


def test_what_two_children_share_is_decided_by_the_stricter_of_the_two(journey: Town) -> None:
    knows(journey, 2)
    says(journey, POLICE, "missing.reported", a_missing(a_child(1)))
    shared = says(journey, CHARITY, SUBMITTED, a_cpi(a_child(1), a_child(2), to=[POLICE])).items[0]
    assert shown(journey, POLICE, shared) == set()
    assert decision(journey, POLICE, shared)["basis"] == []
    says(journey, POLICE, "missing.reported", a_missing(a_child(2)))
    assert "D-33" in rules(journey, POLICE, shared)
    assert "narrative" in shown(journey, POLICE, shared)


def test_a_flag_on_one_child_protects_what_both_share_and_not_the_others_part(journey: Town) -> None:
    responder = admits(journey, "youth-trust/nrm", "police", "police_response", first_responder=True)
    knows(journey, 1), knows(journey, 2)
    says(journey, CSC, "flag.raised", a_flag(a_child(1), "suspected_exploiter", relation="parent"))
    for serial in (1, 2):
        says(journey, POLICE, "missing.reported", a_missing(a_child(serial)))
    shared, first, second = says(journey, CHARITY, SUBMITTED, a_cpi(a_child(1), a_child(2), to=[responder])).items
    assert [
        ("do_not_notify_carers" in decision(journey, responder, item)["obl"]) for item in (shared, first, second)
    ] == [
        True,
        True,
        False,
    ]


def test_a_part_names_what_it_is_part_of_to_whoever_sees_both(journey: Town) -> None:
    shared, *parts = says(journey, CHARITY, SUBMITTED, a_cpi(a_child(1), a_child(2))).items
    assert [view(journey, BUREAU, part).part_of for part in parts] == [shared, shared]
    assert view(journey, BUREAU, shared).part_of == ""


def test_a_part_does_not_name_what_its_reader_does_not_see(journey: Town) -> None:
    says(journey, POLICE, "missing.reported", a_missing(a_child(1)))
    shared, first, _ = says(journey, CHARITY, SUBMITTED, a_cpi(a_child(1), a_child(2), to=[POLICE])).items
    seen = view(journey, POLICE, first)
    assert seen.part_of == ""
    assert shared not in repr(seen)


def test_a_conflict_about_one_child_hides_what_both_share(journey: Town) -> None:
    knows(journey, 1), knows(journey, 2)
    says(journey, MASH, "flag.raised", a_flag(a_child(1), "conflict", desk=BUREAU))
    shared, first, second = says(journey, CHARITY, SUBMITTED, a_cpi(a_child(1), a_child(2))).items
    assert unseen(journey, BUREAU, shared)
    assert unseen(journey, BUREAU, first)
    assert "identity" in shown(journey, BUREAU, second)


# --------------------------------------------------------------------------------------------- who sees intelligence


def test_unsanitised_intelligence_is_for_the_bureau_only(journey: Town) -> None:
    (item,) = says(journey, CHARITY, SUBMITTED, a_cpi(a_child())).items
    for desk in (POLICE, MASH, CSC, HEALTH, SCHOOL):
        assert unseen(journey, desk, item)
        assert item not in {one.ref for one in journey.hub.view.items(desk)}


def test_even_a_desk_that_a_duty_opens_intelligence_to_never_learns_the_source(journey: Town) -> None:
    says(journey, POLICE, "missing.reported", a_missing())
    (item,) = says(journey, CHARITY, SUBMITTED, a_cpi(a_child(), to=[POLICE])).items
    assert "D-33" in rules(journey, POLICE, item)
    assert {"source:D-40", "source_contact:D-40"} <= set(withheld(journey, POLICE, item))
    body = view(journey, POLICE, item).body
    assert not {"source_name", "submitter_name", "source_recontact_telephone"} & body.keys()


# ------------------------------------------------------------------------------------------------------------ grading


def test_a_grading_stands_beside_the_cpi_and_about_the_same_children(journey: Town) -> None:
    (item,) = says(journey, CHARITY, SUBMITTED, a_cpi(a_child())).items
    graded = says(journey, BUREAU, GRADED, a_grading(item, handling="C", conditions=["Not to be quoted."]))
    assert view(journey, BUREAU, graded.item).children == view(journey, BUREAU, item).children
    assert view(journey, BUREAU, graded.item).body["handling"] == "C"
    for desk in (POLICE, MASH, CHARITY):
        assert unseen(journey, desk, graded.item)


def test_a_grading_of_what_two_children_share_is_about_both(journey: Town) -> None:
    cpi = says(journey, CHARITY, SUBMITTED, a_cpi(a_child(1), a_child(2)))
    graded = says(journey, BUREAU, GRADED, a_grading(cpi.items[0]))
    assert view(journey, BUREAU, graded.item).body["item"] == cpi.items[0]
    about = rows(journey, "SELECT children FROM items WHERE ref IN (?, ?)", graded.item, cpi.items[0])
    assert about[0] == about[1]


def test_a_grading_of_a_cpi_about_no_child_is_taken(journey: Town) -> None:
    (item,) = says(journey, CHARITY, SUBMITTED, a_cpi()).items
    assert view(journey, BUREAU, says(journey, BUREAU, GRADED, a_grading(item)).item).state == "disclosed"


@pytest.mark.parametrize("desk", [POLICE, CHARITY, MASH])
def test_only_the_bureau_grades(journey: Town, desk: DeskId) -> None:
    (item,) = says(journey, CHARITY, SUBMITTED, a_cpi()).items
    assert sends(journey, desk, GRADED, a_grading(item)).refused == "source_may_not_send"


# ---------------------------------------------------------------------------------------------------------- sanitised


def test_a_sanitised_version_reaches_partners_and_the_link_to_the_original_reaches_none(journey: Town) -> None:
    forum = a_forum(journey)
    (item,) = says(journey, CHARITY, SUBMITTED, a_cpi(a_child())).items
    clean = says(journey, BUREAU, SANITISED, a_sanitised(item, to=[forum]))
    assert view(journey, BUREAU, clean.item).body["item"] == item
    for desk in (POLICE, MASH, CSC, HEALTH, forum):
        seen = view(journey, desk, clean.item)
        assert seen.body["information_text"] == "A car collects children on weekday evenings."
        assert "item" not in seen.body
        assert item not in repr(seen)
        assert "source:D-40" in withheld(journey, desk, clean.item)


def test_what_is_withheld_from_a_forum_names_no_child(journey: Town) -> None:
    forum = a_forum(journey)
    (item,) = says(journey, CHARITY, SUBMITTED, a_cpi(a_child())).items
    clean = says(journey, BUREAU, SANITISED, a_sanitised(item, to=[forum]))
    assert view(journey, forum, clean.item).children == ()


def test_a_sanitised_version_keeps_out_whom_the_original_kept_out(journey: Town) -> None:
    (item,) = says(journey, CHARITY, SUBMITTED, a_cpi(a_child(), exclude=["hampshire-council"])).items
    clean = says(journey, BUREAU, SANITISED, a_sanitised(item))
    assert rules(journey, CSC, clean.item) == ["H-03"]
    assert unseen(journey, CSC, clean.item)
    assert "narrative" in shown(journey, MASH, clean.item)


def test_a_forum_gets_nothing_that_its_sender_holds_to_be_harmful(journey: Town) -> None:
    forum = a_forum(journey)
    (item,) = says(journey, CHARITY, SUBMITTED, a_cpi(a_child())).items
    sharing = JUSTIFIED | {"detriment": True}
    clean = says(journey, BUREAU, SANITISED, a_sanitised(item, to=[forum], sharing=sharing))
    assert "H-10" in rules(journey, forum, clean.item)
    assert shown(journey, forum, clean.item) == set()


def test_conditions_on_handling_travel_with_the_sanitised_version(journey: Town) -> None:
    (item,) = says(journey, CHARITY, SUBMITTED, a_cpi(a_child())).items
    clean = says(journey, BUREAU, SANITISED, a_sanitised(item, handling="C", conditions=["Not to be quoted."]))
    assert "obey_handling_conditions" in decision(journey, MASH, clean.item)["obl"]
