"""Codes in plain words: types, classes, rules, legal bases. A rule's meaning is taken from where the rule is written."""

import json
import re
from collections.abc import Iterable
from functools import cache

from sightline.formats.policy_digest import policy_data
from sightline.kernel.share import share

TYPES = {
    "alert.confirmation_due": "Alert: confirm a claim",
    "alert.duty_cover": "Alert: nobody answered",
    "alert.duty_due": "Alert: something is due",
    "alert.duty_late": "Alert: late or unanswered",
    "alert.match_possible": "Alert: one child or two?",
    "alert.ppn1_due": "Alert: PPN1 due",
    "alert.recall_overdue": "Alert: recall unanswered",
    "alert.acknowledged": "Alert acknowledged",
    "consent.recorded": "Consent recorded",
    "consent.withdrawn": "Consent withdrawn",
    "cpi.graded": "Grading of a CPI",
    "cpi.sanitised": "CPI, sanitised version",
    "cpi.submitted": "CPI",
    "flag.raised": "Protective flag",
    "involvement.confirmed": "Involvement confirmed",
    "involvement.opened": "Involvement",
    "item.corrected": "Correction",
    "missing.categorised": "Missing: risk changed",
    "missing.reported": "Missing report",
    "missing.returned": "Return of a child",
    "ppn1.issued": "PPN1",
    "recall.answered": "Answer to a recall",
}
CLASSES = {
    "administrative": "handling",
    "assessment": "assessment",
    "biometric": "biometrics",
    "contact": "contact details",
    "duty": "what is asked of it",
    "education": "schooling",
    "family": "family",
    "health": "health",
    "identity": "identity",
    "immigration": "immigration",
    "location": "whereabouts",
    "narrative": "account",
    "offending": "offences",
    "source": "source",
    "source_contact": "how to reach the source",
    "third_party": "other people",
    "unknown": "unknown field",
}
BASES = {
    "CDA98-115": "CDA 1998 s.115",
    "UKGDPR-6-1-d": "GDPR 6(1)(d)",
    "UKGDPR-6-1-e": "GDPR 6(1)(e)",
    "UKGDPR-6-1-ea": "GDPR 6(1)(ea)",
    "ca_1989_s17": "CA 1989 s.17",
    "ca_1989_s47": "CA 1989 s.47",
    "ca_2004_s11": "CA 2004 s.11",
    "hra_1998_art_2_art_5": "HRA Arts 2, 5",
    "msa_2015_s52": "MSA 2015 s.52",
}
"""Short enough for a table; `basis_meaning` gives the citation."""
DUTIES = {
    "N-03": "A concern that remains goes to the MASH.",
    "N-04": "Every child protection concern is referred to children's services.",
    "N-12": "Possible trafficking is referred to children's services at once.",
    "N-20": "A child who was missing is back and was harmed: police issue a PPN1 to children's services.",
    "N-21": "A missing child has not returned: police issue a PPN1 to children's services.",
    "N-22": "Missing three times in 90 days: police issue a PPN1 to children's services.",
    "N-27": "Police who receive a missing report notify the MASH.",
    "N-34": "Police are told that a notification of the Bureau would not be appropriate.",
}
"""Duties are data, not Rego: their meaning in one line (catalogue 4.1, 4.2)."""
HUB_RULES = {
    "H-10": "The sender judges that telling would harm the child more than help: only a duty opens it.",
    "H-11": "It could not be decided, and waits until a person has looked.",
}
"""Meanings that the Rego does not spell out."""
RECALLS = {
    "corrected": "its sender corrected it",
    "lapsed": "its ground is gone",
    "stop_use": "its sender took it back",
    "wrong_disclosure": "it was of another child",
}
ANSWERS = {
    "acted_on": "acted on it, will put it right",
    "not_found": "nothing found",
    "passed_to": "had passed it on, and said to whom",
    "removed": "removed",
    "retained_own_basis": "keeps it on a ground of its own",
}
OBLIGATIONS = {
    "do_not_notify_carers": "not tell carers",
    "do_not_recontact_source": "not call the source",
    "inform_child_where_safe": "tell the child",
    "keep_location_confidential": "keep whereabouts confidential",
    "obey_handling_conditions": "obey the conditions",
    "record_justification": "record why",
    "sanitised_only": "use no other version",
}
_DESCRIBED = re.compile(r"^# description: ([DH]-[0-9]{2})\. (.+)$", re.MULTILINE)
_CONCERNS = ("denials", "duties", "hub", "redaction", "sharing", "disclosure")
"""`disclosure` last: there some rules are described a second time, for the obligation that follows from them."""


def title(event_type: str) -> str:
    """The type in words."""
    return TYPES.get(event_type, event_type)


def classes(names: Iterable[str]) -> str:
    """Classes in words, the ones that matter most to a reader first."""
    order = list(CLASSES)
    first = ["duty", "identity", "location", "narrative"]
    known = sorted(set(names), key=lambda n: (n not in first, first.index(n) if n in first else order.index(n)))
    return ", ".join(CLASSES[name] for name in known)


@cache
def rules() -> dict[str, str]:
    """Rule → its meaning in one line, as the policy's own METADATA gives it."""
    found: dict[str, str] = {}
    for concern in _CONCERNS:
        text = (share("policies") / "sightline" / concern / f"{concern}.rego").read_text(encoding="utf-8")
        for rule, meaning in _DESCRIBED.findall(text):
            found.setdefault(rule, meaning)
    return HUB_RULES | found | {row: DUTIES[row] for row in _duty_rows() if row in DUTIES}


@cache
def citations() -> dict[str, str]:
    """Legal basis → its citation, from the policy's data."""
    codes = policy_data(share("policies"))["bases"]["codes"]
    return {code: basis["citation"] for code, basis in codes.items()}


def basis(code: str) -> str:
    """The legal basis, short."""
    return BASES.get(code, code)


def bases(codes: Iterable[str]) -> str:
    """Legal bases, short, each act named once."""
    acts: dict[str, list[str]] = {}
    for act, _, section in (basis(code).rpartition(" ") for code in codes):
        acts.setdefault(act, []).append(section)
    return ", ".join(f"{act} {' '.join(sections)}" for act, sections in sorted(acts.items()))


def footing(rules_used: Iterable[str]) -> str:
    """The kind of ground that those rules are, in one word."""
    used = set(rules_used)
    if "H-06" in used:
        return "its own"
    if used & set(DUTIES) or used & {"D-30", "D-31", "D-33", "D-34", "D-35", "D-39"}:
        return "duty"
    return "consent" if "D-02" in used else "judgement" if "D-03" in used else "role"


def _duty_rows() -> list[str]:
    duties = json.loads((share("policies") / "data" / "duties.json").read_bytes())
    return list(duties["rows"])
