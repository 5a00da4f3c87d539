"""One form for each event type, filled in as at a desk: about 3 kB where there is something to tell."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sightline.entrypoints.invented.chance import Chance
from sightline.entrypoints.invented.children import Subject, by_name
from sightline.entrypoints.invented.texts import prose
from sightline.kernel.ids import DeskId

Form = dict[str, Any]

PURPOSES = ("missing_or_safeguarding_response", "service_provision", "referral")
"""What consent is asked for, and most items are for."""


def child_of(chance: Chance, subject: Subject) -> Form:
    """The ``child`` object: by reference where one is known, now and then by name alone."""
    draw = chance.random()
    if subject.ref and draw < 0.3:
        return {"ref": subject.ref}
    if draw > 0.995:
        return by_name(subject.identity)
    return dict(subject.identity)


def missing_reported(chance: Chance, subject: Subject, at: datetime) -> Form:
    """A report with the answers to what police ask."""
    since = at - timedelta(minutes=chance.randrange(20, 900))
    subject.missing_since = since
    form: Form = {
        "missing_since": _time(since),
        "missing_category": chance.choices(("missing", "absent"), weights=(3, 1))[0],
        "missing_risk": chance.choices(("low", "medium", "high", "no_apparent_risk"), weights=(3, 5, 2, 1))[0],
        "missing_from": chance.choice(("home", "care", "school")),
        "reporter": {
            "name": "Jo Fernhill",
            "role": chance.choice(("residential_staff", "foster_carer", "parent", "practitioner")),
            "telephone": "01632 960 077",
        },
        "reporter_enquiries": {"made": True, "enquiries_text": prose(chance, 250)},
        "whereabouts_known": False,
        "circumstances": prose(chance, 850),
        "vulnerabilities": [prose(chance, 90), prose(chance, 90)],
        "weather_and_dress": prose(chance, 110),
        "health_issues": prose(chance, 120),
        "planned_or_spontaneous": chance.choice(("planned", "spontaneous", "unknown")),
        "known_associates": [
            {"name": "Kit Larkspur", "relation": "associate", "known_associates_text": prose(chance, 90)}
        ],
    }
    if chance.random() < 0.2:
        form["urgency"] = chance.choices(("routine", "urgent", "immediate_danger"), weights=(4, 5, 1))[0]
    if chance.random() < 0.7:
        form["contains"] = {"circumstances": ["location"], "weather_and_dress": [], "health_issues": ["health"]}
    return form


def missing_categorised(chance: Chance, _: Subject, at: datetime) -> Form:
    """The category or the risk, thought over."""
    return {
        "missing_category": chance.choices(("missing", "absent"), weights=(4, 1))[0],
        "missing_risk": chance.choice(("medium", "high")),
        "category_change": {"reason": prose(chance, 1100)},
        "at": _time(at),
    }


def missing_returned(chance: Chance, subject: Subject, at: datetime) -> Form:
    """A return with its safe and well check."""
    subject.missing_since = None
    harmed = chance.choices(("yes", "no", "not_known"), weights=(1, 7, 2))[0]
    form: Form = {
        "returned_at": _time(at - timedelta(minutes=chance.randrange(1, 15))),
        "return_mode": chance.choice(("returned_voluntarily", "located")),
        "harm_suffered": harmed,
        "harm_indications": {"indicated": harmed, "harm_text": prose(chance, 300)},
        "locations_while_missing": prose(chance, 350),
        "companions": [{"name": "Kit Larkspur", "relation": "associate", "companions_text": prose(chance, 120)}],
        "offences_against_child": prose(chance, 450),
        "offences_by_child": prose(chance, 250),
    }
    if chance.random() < 0.7:
        form["contains"] = {"harm_text": ["health"], "locations_while_missing": ["location"]}
    return form


def ppn1_issued(chance: Chance, _: Subject, at: datetime) -> Form:
    """A police notification, most often for another reason than the three circumstances."""
    circumstance = chance.choices(
        ("other", "returned_and_harmed", "missing_not_returned", "third_in_90_days"), weights=(70, 8, 8, 14)
    )[0]
    form: Form = {
        "form_name": "PPN1",
        "ppn1_circumstance": circumstance,
        "narrative": prose(chance, 1900),
        "subjects": [{"name": "Kit Larkspur", "relation": "associate"}],
        "police_reference": f"44{at:%y%m%d}-{chance.randrange(0, 10_000):04d}",
        "rating": chance.choice(("standard", "medium", "high")),
    }
    if circumstance == "other":
        form["other_reason"] = prose(chance, 120)
    if chance.random() < 0.7:
        form["contains"] = {"narrative": chance.choice((["health", "location"], ["location"], ["third_party"]))}
    return form


def cpi_submitted(chance: Chance, _: Subject, at: datetime) -> Form:
    """Partnership intelligence (AD362) with its source."""
    form: Form = {
        "information_text": prose(chance, 1500),
        "information_date": f"{at:%Y-%m-%dT%H:%M}~",
        "information_location": "Leisure centre, Exampleton",
        "is_non_urgent": True,
        "cpi_topic": chance.choice(("missing", "exploited", "trafficked", "anti_social_behaviour")),
        "submitter_name": "Morgan Applegarth",
        "submitter_organisation": "Exampleton Youth Trust",
        "submitter_telephone": "01632 960 001",
        "source_name": "Robin Catterick",
        "source_how_known": prose(chance, 200),
        "source_when_known": "The same evening",
        "source_recontact_permitted": chance.choice(("yes", "no")),
        "sharing": _sharing(chance),
    }
    if chance.random() < 0.7:
        form["contains"] = {"information_text": ["location", "third_party"], "source_how_known": ["source"]}
    return form


def cpi_graded(chance: Chance, _: Subject, __: datetime) -> Form:
    """The bureau's 3x5x2 grading."""
    form: Form = {
        "source_evaluation": chance.choice((1, 2, 3)),
        "information_assessment": chance.choice("ABCDE"),
        "handling": "P",
    }
    if chance.random() < 0.3:
        form |= {"handling": "C", "conditions": [prose(chance, 200)]}
    return form


def cpi_sanitised(chance: Chance, _: Subject, __: datetime) -> Form:
    """What may go further, in the bureau's own words."""
    return {
        "information_text": prose(chance, 1300),
        "information_location": "Exampleton",
        "cpi_topic": chance.choice(("missing", "exploited")),
        "handling": "P",
        "sharing": _sharing(chance),
        "contains": {"information_text": ["location"]},
    }


def consent_recorded(chance: Chance, subject: Subject, at: datetime) -> Form:
    """A position on one purpose, and who was there."""
    giver = chance.choice(("child", "pr_holder", "la_with_pr"))
    relation = {"child": "self", "pr_holder": "parent", "la_with_pr": "other"}[giver]
    form: Form = {
        "consent_purpose": chance.choice(PURPOSES),
        "position": chance.choices(("given", "refused", "not_sought", "not_possible"), weights=(6, 2, 1, 1))[0],
        "giver": giver,
        "giver_relation": relation,
        "present": [relation],
        "witnessed_by": {"role": "allocated_social_worker", "desk": subject.team},
    }
    if chance.random() < 0.3:
        form["expires_at"] = _time(at + timedelta(days=365))
    return form


def consent_withdrawn(_: Chance, subject: Subject, __: datetime) -> Form:
    """A consent taken back."""
    purpose, giver, _desk = subject.consents.pop()
    return {"consent_purpose": purpose, "giver": giver, "present": ["self"]}


def flag_raised(chance: Chance, subject: Subject, _: datetime) -> Form:
    """A protective flag."""
    flag = chance.choices(
        (
            {"flag": "location_protected"},
            {"flag": "safe_word_set"},
            {"flag": "suspected_exploiter", "relation": "sponsor"},
        ),
        weights=(5, 2, 3),
    )[0]
    subject.flags.append(flag)
    return {**flag, "reason": prose(chance, 800)}


def flag_lifted(chance: Chance, subject: Subject, _: datetime) -> Form:
    """A flag that no longer holds."""
    return {**subject.flags.pop(), "reason": prose(chance, 500)}


def item_corrected(chance: Chance, _: Subject, __: datetime) -> Form:
    """A detail that was wrong."""
    return {"reason_code": "wrong_detail", "correction": prose(chance, 900), "corrected_fields": ["narrative"]}


def item_retracted(chance: Chance, _: Subject, __: datetime) -> Form:
    """What should not have been sent."""
    return {
        "reason_code": chance.choice(("entered_in_error", "wrong_child", "unreliable")),
        "reason": prose(chance, 500),
    }


def alert_acknowledged(chance: Chance, _: Subject, __: datetime) -> Form:
    """Seen, and somebody is at it."""
    return {"note": prose(chance, 300)}


def recall_answered(chance: Chance, _: Subject, __: datetime) -> Form:
    """What became of a copy."""
    answer = chance.choices(("removed", "not_found", "acted_on", "retained_own_basis"), weights=(6, 1, 1, 2))[0]
    basis = {"basis": "ca_1989_s47"} if answer == "retained_own_basis" else {}
    return {"answer": answer, **basis, "note": prose(chance, 200)}


def involvement_opened(chance: Chance, desk: DeskId, kind: str) -> Form:
    """That desk works with the child."""
    return {"involved_desk": desk, "involvement_kind": kind, "reason": prose(chance, 500)}


def involvement_confirmed(_: Chance, desk: DeskId) -> Form:
    """Somebody else says so too."""
    return {"involved_desk": desk}


def involvement_closed(chance: Chance, desk: DeskId) -> Form:
    """It is over, or never was."""
    return {"involved_desk": desk, "mistaken": chance.random() < 0.2, "reason": prose(chance, 400)}


FILLED: dict[str, Callable[[Chance, Subject, datetime], Form]] = {
    "missing.reported": missing_reported,
    "missing.categorised": missing_categorised,
    "missing.returned": missing_returned,
    "ppn1.issued": ppn1_issued,
    "cpi.submitted": cpi_submitted,
    "cpi.graded": cpi_graded,
    "cpi.sanitised": cpi_sanitised,
    "consent.recorded": consent_recorded,
    "consent.withdrawn": consent_withdrawn,
    "flag.raised": flag_raised,
    "flag.lifted": flag_lifted,
    "item.corrected": item_corrected,
    "item.retracted": item_retracted,
    "alert.acknowledged": alert_acknowledged,
    "recall.answered": recall_answered,
}
"""Type to the form without its child, reference and desks to consider. Involvements name a desk besides."""


def _sharing(chance: Chance) -> Form:
    return {
        "relevant": True,
        "may_help": True,
        "detriment": chance.random() < 0.01,
        "family_told": chance.random() < 0.5,
        "welfare_risk": chance.random() < 0.4,
        "justification": prose(chance, 250),
    }


def _time(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
