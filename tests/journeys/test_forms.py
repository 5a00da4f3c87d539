"""Every form of the procedures, sent by a desk that may send it: accepted, recorded once, decided, and nothing more."""

import json
from pathlib import Path
from typing import Any

import pytest

from sightline.formats.policy_digest import policy_data
from sightline.kernel.ids import DeskId
from sightline.kernel.share import share
from tests.builders import the_schemas
from tests.builders_hub import CAST, CHARITY, CSC, HEALTH, MASH, POLICE, SCHOOL, Town, a_child, signs, submits
from tests.builders_journeys import rules, says, unseen, view, withheld

SCHEMAS = the_schemas()
EXAMPLES = share("schemas") / "examples"
SENDERS = policy_data(share("policies"))["senders"]
EARLIER = {"alert", "consent", "cpi", "flag", "involvement", "item", "match", "ppn1", "recall"}
"""What other journeys send."""
FORMS = [name for name in SENDERS if name.partition(".")[0] not in EARLIER]


def may_send(desk: DeskId, name: str) -> bool:
    """Whether that desk of the cast may send such a form."""
    (sector, role), who = CAST[desk], SENDERS[name]
    return bool({"*", role} & set(who["roles"])) or sector in who["sectors"]


def example(path: Path, child: dict[str, Any]) -> dict[str, Any]:
    """A worked example, about that child and addressed to nobody in particular."""
    data: dict[str, Any] = json.loads(path.read_bytes())
    data.pop("to", None)
    return {**data, "child": child} if "child" in data else data


def fields(town: Town, desk: DeskId, item: str) -> set[str]:
    """The members of the form that the desk sees any of."""
    return set(view(town, desk, item).body)


def valid(name: str) -> list[Path]:
    """The worked examples of a type."""
    return sorted((EXAMPLES / name).glob("valid_*.json"))


@pytest.mark.slow
def test_every_form_is_accepted_is_one_item_and_is_shown_whole_to_its_sender(journey: Town) -> None:
    said = [
        (desk, name, example(path, a_child(serial)))
        for serial, name in enumerate(FORMS, 1)
        for desk in [next(desk for desk in (CSC, POLICE, MASH) if may_send(desk, name))]
        for path in valid(name)
    ]
    sent = submits(journey, *(signs(journey, desk, name, data) for desk, name, data in said))
    journey.hub.settle()
    for (desk, name, data), one in zip(said, sent, strict=True):
        assert (one.answer.outcome, len(one.items), one.receipt and one.receipt.defects) == ("accepted", 1, ()), name
        assert withheld(journey, desk, one.item) == [], name
        assert fields(journey, desk, one.item) == {member for member, value in data.items() if value != []}, name


def test_a_form_is_refused_from_who_may_not_send_it(town: Town) -> None:
    guarded = [name for name in FORMS if not may_send(SCHOOL, name)]
    assert len(guarded) > 30
    sent = submits(town, *(signs(town, SCHOOL, name, example(valid(name)[0], a_child())) for name in guarded))
    assert {one.refused for one in sent} == {"source_may_not_send"}


def test_a_referral_tells_the_mash_and_childrens_services_who_refers_and_no_other_authority(journey: Town) -> None:
    form = example(EXAMPLES / "referral.made" / "valid_from_a_residential_home.json", a_child())
    sent = says(journey, CHARITY, "referral.made", form | {"urgency": "routine"}, purpose="referral")
    assert {"concern_facts", "alleged_perpetrators", "referrer_name", "referrer_phone"} <= fields(
        journey, MASH, sent.item
    )
    assert fields(journey, MASH, sent.item) == fields(journey, CSC, sent.item)
    assert (rules(journey, MASH, sent.item), rules(journey, CSC, sent.item)) == (["N-03"], ["N-04"])
    assert unseen(journey, HEALTH, sent.item)


def test_who_refers_is_told_but_not_how_to_reach_them_unless_they_agreed(journey: Town) -> None:
    form = example(EXAMPLES / "referral.made" / "valid_from_a_residential_home.json", a_child())
    sent = says(journey, CHARITY, "referral.made", form | {"source_recontact_permitted": "no"}, purpose="referral")
    assert "referrer_name" in fields(journey, MASH, sent.item)
    assert not {"referrer_phone", "referrer_email"} & fields(journey, MASH, sent.item)
    assert "source_contact:D-42" in withheld(journey, MASH, sent.item)


def test_an_objection_to_a_bureau_notification_reaches_the_police_who_would_send_it(journey: Town) -> None:
    form = example(EXAMPLES / "bureau.objected" / "valid_objection.json", a_child())
    sent = says(journey, SCHOOL, "bureau.objected", form, purpose="police_update")
    assert rules(journey, POLICE, sent.item)[-1] == "N-34"
    assert unseen(journey, CHARITY, sent.item)


def test_identification_material_is_shown_to_nobody_but_who_recorded_it(journey: Town) -> None:
    form = example(EXAMPLES / "biometric.taken" / "valid_toothbrush_kept.json", a_child())
    sent = says(journey, CSC, "biometric.taken", form)
    assert "material_type" in fields(journey, CSC, sent.item)
    assert "biometric:H-01" in withheld(journey, POLICE, sent.item)
    assert "material_type" not in fields(journey, POLICE, sent.item)


def test_a_quarters_counts_are_about_no_child(journey: Town) -> None:
    form = example(EXAMPLES / "qa.recorded" / "valid_quarter.json", {})
    sent = says(journey, CSC, "qa.recorded", form, purpose="monitoring")
    assert sent.receipt is not None
    assert sent.receipt.children == ()
    assert unseen(journey, POLICE, sent.item)
