"""Forms that follow others: referrals and their answers, return interviews, the Bureau, reviews of the missing."""

from datetime import datetime, timedelta
from typing import Any

from sightline.entrypoints.invented.chance import Chance
from sightline.entrypoints.invented.texts import prose

Form = dict[str, Any]


def referral_made(chance: Chance, at: datetime) -> Form:
    """A referral to children's services, often after a telephone call."""
    return {
        "issues": chance.sample(("sexual_exploitation", "missing"), chance.randrange(1, 3)),
        "concern_facts": prose(chance, 1200),
        "family_details": prose(chance, 250),
        "pr_informed": chance.random() < 0.5,
        "actions_already_taken": prose(chance, 200),
        "child_wishes_and_feelings": prose(chance, 150),
        "referred_by_phone_first": chance.choice(("yes", "no")),
        "electronic_form_sent_at": written(at),
        "referrer_name": "Sam Hazel",
        "referrer_phone": "01632 960201",
        "contains": {"concern_facts": ["location", "third_party"]},
    }


def referral_acknowledged(reference: str, made: datetime) -> Form:
    """That it came."""
    return {"contact_reference": reference, "received_at": written(made)}


def referral_decided(chance: Chance, reference: str, at: datetime) -> Form:
    """What becomes of it."""
    outcome = chance.choices(("accepted", "strategy_discussion"), weights=(85, 15))[0]
    return {
        "contact_reference": reference,
        "referral_outcome": outcome,
        "decided_at": written(at),
        "outcome_notified_at": written(at),
        "referral_rationale": prose(chance, 500),
        "contains": {"referral_rationale": ["assessment"]},
    }


def interview_offered(returned: datetime, at: datetime) -> Form:
    """The offer, with the day it is meant for."""
    return {"offered_at": written(at), "returned_at": written(returned), "asked_for_by_child": False}


def interview_held(chance: Chance, at: datetime) -> Form:
    """What the child told."""
    return {
        "held_at": written(at),
        "before_return_to_placement": False,
        "leading_circumstances_text": prose(chance, 300),
        "locations_while_missing": prose(chance, 250),
        "companions": [{"name": "Kit Larkspur", "relation": "associate", "companions_text": prose(chance, 100)}],
        "activities_while_missing": prose(chance, 300),
        "prevention_needs": prose(chance, 150),
        "cpi_review_done": chance.random() < 0.7,
        "sharing": {
            "relevant": True,
            "may_help": True,
            "family_told": chance.random() < 0.5,
            "justification": prose(chance, 150),
        },
        "contains": {"activities_while_missing": ["narrative", "third_party"], "prevention_needs": ["family"]},
    }


def interview_declined(chance: Chance, at: datetime) -> Form:
    """That there was none, and by whose wish."""
    return {
        "declined_at": written(at),
        "declined_by": "child",
        "reason": prose(chance, 120),
        "will_be_offered_again": chance.random() < 0.5,
    }


def bureau_notified(chance: Chance, at: datetime) -> Form:
    """The Missing Persons Bureau was told."""
    return {
        "notified_at": written(at),
        "bureau_reference": f"MPB-{at:%y}-{chance.randrange(0, 10_000):04d}",
        "details_sent": ["identity", "description"],
    }


def missing_reviewed(chance: Chance, at: datetime) -> Form:
    """The officer in charge has looked at it again."""
    return {
        "reviewed_at": written(at),
        "reporter_contacted": True,
        "anything_changed": False,
        "missing_category": "missing",
        "missing_risk": chance.choice(("medium", "high")),
        "enquiries_made": prose(chance, 400),
        "next_review_at": written(at + timedelta(hours=8)),
    }


def written(at: datetime) -> str:
    """A time as forms write it."""
    return at.isoformat(timespec="seconds")
