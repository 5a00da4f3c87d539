"""Consent and involvement: whose word counts, from when to when, and what their end takes back (design §6)."""

from datetime import timedelta
from typing import Any

import pytest

from tests.builders_hub import (
    CHARITY,
    CSC,
    HEALTH,
    JUSTIFIED,
    MASH,
    SCHOOL,
    START,
    Town,
    a_child,
    a_consent,
    a_flag,
    a_withdrawal,
    alerts,
    an_involvement,
    can_read,
    decision,
    feed,
    leaves,
    passes,
    sends,
)
from tests.builders_journeys import involves, knows, missing, recalls, rules, says, shown, unseen, view

CONSENT, WITHDRAWN = "consent.recorded", "consent.withdrawn"


def consents(town: Town, desk: str = CSC, position: str = "given", **changes: Any) -> None:
    says(town, desk, CONSENT, a_consent(a_child(), position, **changes))


def ends(**after: float) -> str:
    """An instant of that much after the beginning, as forms write it."""
    return (START + timedelta(**after)).isoformat()


# ---------------------------------------------------------------------------------------------- whose word counts


def test_a_consent_that_a_desk_recorded_for_itself_opens_nothing_until_another_confirms_it(journey: Town) -> None:
    sent = missing(journey, to=[CHARITY])
    consents(journey, CHARITY)
    assert "D-02" not in rules(journey, CHARITY, sent.item)
    assert unseen(journey, CHARITY, sent.item)
    consents(journey, MASH)
    assert "D-02" in rules(journey, CHARITY, sent.item)
    assert "assessment" in shown(journey, CHARITY, sent.item)


def test_a_desk_that_may_not_confirm_does_not_confirm_a_consent(journey: Town) -> None:
    sent = missing(journey, to=[CHARITY])
    consents(journey, CHARITY)
    consents(journey, SCHOOL, giver="pr_holder", giver_relation="parent")
    consents(journey, CHARITY, giver="pr_holder", giver_relation="parent")
    assert not unseen(journey, CHARITY, sent.item)  # the school's word is not the charity's own
    other = missing(journey, to=[SCHOOL])
    assert "assessment" in shown(journey, SCHOOL, other.item)


def test_a_desks_own_record_does_not_undo_what_the_child_refused_before_others(journey: Town) -> None:
    sent = missing(journey, to=[CHARITY])
    consents(journey, CSC, "refused")
    consents(journey, CHARITY)
    assert "D-02" not in rules(journey, CHARITY, sent.item)
    assert unseen(journey, CHARITY, sent.item)


def test_a_refusal_outweighs_the_consent_of_somebody_else(journey: Town) -> None:
    sent = missing(journey, to=[SCHOOL])
    consents(journey, giver="pr_holder", giver_relation="parent")
    assert can_read(journey, SCHOOL, sent.item)
    consents(journey, position="refused")
    assert not can_read(journey, SCHOOL, sent.item)


def test_consent_claimed_and_not_confirmed_in_time_alerts_the_mash(journey: Town) -> None:
    missing(journey, to=[CHARITY])
    consents(journey, CHARITY)
    passes(journey, hours=23, minutes=59)
    assert alerts(journey, MASH, "alert.confirmation_due") == []
    passes(journey, minutes=1)
    (alert,) = alerts(journey, MASH, "alert.confirmation_due")
    assert "consent" in alert.body["asks"]


def test_consent_claimed_and_confirmed_asks_nobody(journey: Town) -> None:
    missing(journey, to=[CHARITY])
    consents(journey, CHARITY)
    consents(journey, MASH)
    passes(journey, hours=25)
    assert alerts(journey, MASH, "alert.confirmation_due") == []


# -------------------------------------------------------------------------------------------------- until when


@pytest.mark.parametrize(
    ("later", "stands"),
    [
        pytest.param(timedelta(hours=2) - timedelta(seconds=1), True, id="just-before"),
        pytest.param(timedelta(hours=2), False, id="at-its-end"),
        pytest.param(timedelta(hours=2, seconds=1), False, id="just-after"),
    ],
)
def test_consent_ends_when_it_was_said_to_end(journey: Town, later: timedelta, stands: bool) -> None:
    sent = missing(journey, to=[SCHOOL])
    consents(journey, expires_at=ends(hours=2))
    passes(journey, seconds=later.total_seconds())
    assert can_read(journey, SCHOOL, sent.item) is stands
    assert recalls(journey, SCHOOL, sent.item) == ([] if stands else ["lapsed"])


def test_consent_that_ends_within_a_second_ends(journey: Town) -> None:
    sent = missing(journey, to=[SCHOOL])
    consents(journey, expires_at=(START + timedelta(hours=2, milliseconds=500)).isoformat())
    passes(journey, hours=2)
    passes(journey, seconds=1)
    assert not can_read(journey, SCHOOL, sent.item)


def test_each_consent_of_one_desk_ends_at_its_own_time(journey: Town) -> None:
    sent = missing(journey, to=[SCHOOL])
    consents(journey, expires_at=ends(hours=4))
    consents(journey, giver="pr_holder", giver_relation="parent", expires_at=ends(hours=2))
    passes(journey, hours=2)
    assert can_read(journey, SCHOOL, sent.item)
    passes(journey, hours=2)
    assert not can_read(journey, SCHOOL, sent.item)


def test_the_end_of_a_givers_latest_word_brings_no_earlier_one_back(journey: Town) -> None:
    sent = missing(journey, to=[SCHOOL])
    consents(journey)
    consents(journey, expires_at=ends(hours=2))
    passes(journey, hours=2)
    assert not can_read(journey, SCHOOL, sent.item)


def test_consent_that_was_already_over_opens_nothing(journey: Town) -> None:
    sent = missing(journey, to=[SCHOOL])
    passes(journey, hours=2)
    consents(journey, expires_at=ends(hours=1))
    assert unseen(journey, SCHOOL, sent.item)


# ---------------------------------------------------------------------------------------------------- withdrawal


def test_withdrawn_consent_is_recalled_from_whoever_it_alone_had_opened_it_to(journey: Town) -> None:
    sent = missing(journey, to=[SCHOOL, CHARITY])
    consents(journey)
    says(journey, CSC, WITHDRAWN, a_withdrawal(a_child()))
    for desk in (SCHOOL, CHARITY):
        assert recalls(journey, desk, sent.item) == ["lapsed"]
        assert view(journey, desk, sent.item).state == "recalled"
    for desk in (MASH, HEALTH, CSC):
        assert recalls(journey, desk, sent.item) == []
        assert "narrative" in shown(journey, desk, sent.item)
    assert "recall" not in [entry.kind for entry in feed(journey, HEALTH)]
    assert {leaf["desk"] for leaf in leaves(journey, typ="recall")} == {SCHOOL, CHARITY}


def test_withdrawn_consent_leaves_what_welfare_justifies_standing(journey: Town) -> None:
    sent = missing(journey, to=[SCHOOL], sharing=JUSTIFIED)
    consents(journey)
    says(journey, CSC, WITHDRAWN, a_withdrawal(a_child()))
    assert "D-03" in rules(journey, SCHOOL, sent.item)
    assert can_read(journey, SCHOOL, sent.item)
    assert recalls(journey, SCHOOL, sent.item) == []


def test_withdrawing_twice_recalls_once(journey: Town) -> None:
    sent = missing(journey, to=[SCHOOL])
    consents(journey)
    says(journey, CSC, WITHDRAWN, a_withdrawal(a_child()))
    says(journey, MASH, WITHDRAWN, a_withdrawal(a_child()))
    assert recalls(journey, SCHOOL, sent.item) == ["lapsed"]


def test_consent_given_again_opens_again(journey: Town) -> None:
    sent = missing(journey, to=[SCHOOL])
    consents(journey)
    says(journey, CSC, WITHDRAWN, a_withdrawal(a_child()))
    consents(journey)
    assert can_read(journey, SCHOOL, sent.item)


def test_withdrawing_one_purpose_leaves_the_others(journey: Town) -> None:
    sent = missing(journey, to=[SCHOOL])
    consents(journey)
    says(journey, CSC, WITHDRAWN, a_withdrawal(a_child(), consent_purpose="assessment"))
    assert can_read(journey, SCHOOL, sent.item)


# ----------------------------------------------------------------------------- in front of a suspected exploiter


def suspected(town: Town, relation: str = "parent") -> None:
    says(town, CSC, "flag.raised", a_flag(a_child(), "suspected_exploiter", relation=relation))


@pytest.mark.parametrize(
    "said",
    [
        pytest.param({"giver": "pr_holder", "giver_relation": "parent"}, id="given-by-them"),
        pytest.param({"present": ["self", "parent"]}, id="given-in-front-of-them"),
        pytest.param({"giver": "pr_holder", "giver_relation": None}, id="given-by-nobody-knows-who"),
    ],
)
def test_consent_by_or_before_a_suspected_exploiter_opens_nothing(journey: Town, said: dict[str, Any]) -> None:
    sent = missing(journey, to=[SCHOOL])
    suspected(journey)
    form = {k: v for k, v in (a_consent(a_child()) | said).items() if v is not None}
    says(journey, CSC, CONSENT, form)
    assert "D-02" not in rules(journey, SCHOOL, sent.item)
    assert unseen(journey, SCHOOL, sent.item)


def test_nobody_flags_an_exploiter_without_saying_who_that_is(journey: Town) -> None:
    assert (
        sends(journey, CSC, "flag.raised", a_flag(a_child(), "suspected_exploiter")).refused == "schema_missing_field"
    )


def test_that_consent_could_not_be_sought_is_nobodys_word_and_counts(journey: Town) -> None:
    sent = missing(journey, to=[SCHOOL], sharing=JUSTIFIED)
    suspected(journey)
    form = {"child": a_child(), "consent_purpose": "missing_or_safeguarding_response", "position": "not_possible"}
    says(journey, CSC, CONSENT, form)
    assert "D-03" in rules(journey, SCHOOL, sent.item)


def test_consent_before_somebody_else_counts_as_ever(journey: Town) -> None:
    sent = missing(journey, to=[SCHOOL])
    suspected(journey, "sponsor")
    consents(journey, giver="pr_holder", giver_relation="parent", present=["parent", "self"])
    assert can_read(journey, SCHOOL, sent.item)


def test_withdrawal_or_refusal_before_a_suspected_exploiter_takes_nothing_back(journey: Town) -> None:
    sent = missing(journey, to=[SCHOOL])
    consents(journey)
    suspected(journey)
    says(journey, CSC, WITHDRAWN, a_withdrawal(a_child(), present=["parent"]))
    consents(journey, position="refused", giver="pr_holder", giver_relation="parent")
    assert can_read(journey, SCHOOL, sent.item)
    assert recalls(journey, SCHOOL, sent.item) == []


# ------------------------------------------------------------------------------------------------- involvement


def test_involvement_from_claim_to_confirmation_to_its_end(journey: Town) -> None:
    sent = missing(journey)
    says(journey, SCHOOL, "involvement.opened", an_involvement(a_child(), "strategy"))
    assert decision(journey, SCHOOL, sent.item)["told"] == "nothing"
    says(journey, MASH, "involvement.confirmed", {"child": a_child(), "involved_desk": SCHOOL})
    assert "narrative" in shown(journey, SCHOOL, sent.item)
    says(journey, SCHOOL, "involvement.closed", {"child": a_child(), "involved_desk": SCHOOL})
    assert "narrative" in shown(journey, SCHOOL, sent.item)
    assert leaves(journey, typ="recall") == []
    later = missing(journey)
    assert unseen(journey, SCHOOL, later.item)


def test_a_mistaken_involvement_recalls_what_nothing_else_opens(journey: Town) -> None:
    sent = missing(journey)
    involves(journey, a_child(), SCHOOL)
    involves(journey, a_child(), HEALTH)
    for desk in (SCHOOL, HEALTH):
        form = {"child": a_child(), "involved_desk": desk, "mistaken": True}
        says(journey, MASH, "involvement.closed", form)
    assert recalls(journey, SCHOOL, sent.item) == ["wrong_disclosure"]
    assert recalls(journey, HEALTH, sent.item) == []
    assert "narrative" in shown(journey, HEALTH, sent.item)


def test_involvement_with_one_child_is_none_with_another(journey: Town) -> None:
    knows(journey, 2)
    involves(journey, a_child(2), SCHOOL)
    sent = missing(journey)
    assert unseen(journey, SCHOOL, sent.item)
