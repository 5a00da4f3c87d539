"""The forms of police intelligence: what partners tell (CPI), how it is graded, what of it is passed on."""

from sightline.entrypoints.demo.cast import JORY, MISSING, WREN
from sightline.entrypoints.demo.forms import CARED_FOR, WREN_OF_CHARITY, Form, sharing


def cpi_of_school() -> Form:
    """Partnership intelligence about both children; the caretaker who told it does not want to be called."""
    return {
        "children": [{**WREN, **CARED_FOR}, JORY],
        "information_text": (
            "A grey car has waited by the school gate on three afternoons. Both pupils got into it on Friday."
            " The driver is about 25 and calls himself Dex."
        ),
        "information_date": "2026-11-13",
        "information_location": "Main gate, Thornbeck School",
        "is_non_urgent": True,
        "cpi_topic": "exploited",
        "submitter_name": "Robin Ashgrove",
        "submitter_organisation": "Thornbeck School",
        "submitter_telephone": "01632 960 118",
        "source_name": "Pat Hollowell",
        "source_address": "The Lodge, Thornbeck School",
        "source_recontact_permitted": "no",
        "source_how_known": "The caretaker locks the gate and saw it.",
        "already_shared_with": ["nobody yet"],
        "sharing": sharing("The police may know the car; two children may be at risk of exploitation."),
        "contains": {"information_text": ["third_party"], "source_how_known": ["source"], "justification": []},
    }


def grading(item: str) -> Form:
    """3x5x2: source untested, known directly to it, may be passed on under conditions."""
    return {
        "item": item,
        "source_evaluation": 2,
        "information_assessment": "A",
        "handling": "C",
        "conditions": ["Do not name the school, or anyone there, as the origin."],
        "contains": {"conditions": []},
    }


def sanitised(item: str) -> Form:
    """A text from which nobody can tell who told it, nor of whom."""
    return {
        "item": item,
        "information_text": (
            "A grey car has been collecting young people after school. The driver is a man of about 25."
            " Treat a lift or a gift from him as a concern."
        ),
        "cpi_topic": "exploited",
        "handling": "C",
        "conditions": ["For safeguarding only; not to be passed to families."],
        "sharing": sharing("Partners can only recognise the pattern if they know of it."),
        "contains": {"information_text": ["third_party"], "conditions": [], "justification": []},
    }


def cpi_of_health() -> Form:
    """Intelligence about a child known only by name and birth date, with a field that no form has."""
    named = {name: JORY[name] for name in ("given_name", "family_name", "date_of_birth")}
    return {
        "children": [named],
        "information_text": "A boy at the walk-in clinic said that his friend Jory owes Dex money and works it off.",
        "is_non_urgent": True,
        "cpi_topic": "exploited",
        "submitter_organisation": "Quaydown health trust",
        "sharing": sharing("A child may be working off a debt."),
        "contains": {"information_text": ["third_party"], "justification": []},
        "clinic_form_code": "WIC-7",
    }


def cpi_of_charity() -> Form:
    """The written record of what the outreach worker told the police by telephone.

    Wren spoke in confidence: beyond what a duty demands, telling others would do her more harm than good (`detriment`).
    """
    return {
        "children": [WREN_OF_CHARITY],
        "information_text": (
            "Wren told her outreach worker on Thursday that a man called Dex collects her from the bus station"
            " and keeps her phone."
        ),
        "is_non_urgent": True,
        "cpi_topic": "missing",
        "submitter_organisation": "Lantern Quay",
        "already_shared_with": ["Police missing-persons desk, by telephone, Friday 17:50"],
        "sharing": sharing("She said it in confidence; the police need it while she is missing.") | {"detriment": True},
        "to": [MISSING.id],
        "contains": {"information_text": ["third_party", "location"], "justification": []},
    }


def correction(item: str) -> Form:
    """The car was not grey."""
    return {
        "item": item,
        "reason_code": "wrong_detail",
        "correction": "The caretaker is now sure: the car was dark green, not grey.",
        "corrected_fields": ["information_text"],
        "contains": {"correction": ["third_party"]},
    }
