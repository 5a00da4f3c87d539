"""The week: who sends what, when, and in answer to what they were shown."""

from collections.abc import Callable
from dataclasses import dataclass

from sightline.entrypoints.demo import forms, intelligence
from sightline.entrypoints.demo.cast import (
    BUREAU,
    CHARITY,
    HAMPSHIRE,
    HEALTH,
    MASH,
    MISSING,
    SCHOOL,
    SOUTHAMPTON,
    Actor,
)
from sightline.entrypoints.demo.mischief import altered, forged, id_used_again, malformed
from sightline.entrypoints.demo.week import Sent, Week

SOUTH = {"area": "southampton"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What the checks and tables at the end must find again."""

    earlier: Sent
    """Findings of the first interview: shown on consent, to the police also by duty when she was missing again."""
    findings: Sent
    """Findings of the last interview: shown on consent alone, and recalled from everybody who saw them."""
    message: Sent
    """For the same purpose, but shown by duty: it stands."""
    alert_form: Sent
    """A PPN1: shown by duty as well."""
    withdrawal: Sent
    unknown: Sent
    """It has a field that no form has."""
    claim: Sent
    refused_form: str
    """Receipt id of the malformed report, whose sender is proven."""
    before: frozenset[str]
    """Desks that could read the findings just before consent was withdrawn, the sender left out."""


def tell(week: Week, pause: Callable[[], None]) -> Told:
    """The whole week. Raises `StoryStopped` where the hub does not do what people rely on.

    `pause` is called on Saturday afternoon, when most has been shown and nothing is taken back yet.
    """
    _monday(week)
    alert_form, unknown, earlier, refused_form = _tuesday(week)
    claim = _wednesday(week)
    _thursday(week)
    message = _friday(week)
    findings = _saturday(week)
    pause()
    withdrawal, before = _taken_back(week, earlier, findings)
    return Told(
        earlier=earlier,
        findings=findings,
        message=message,
        alert_form=alert_form,
        withdrawal=withdrawal,
        unknown=unknown,
        claim=claim,
        refused_form=refused_form,
        before=before,
    )


def _monday(week: Week) -> None:
    week.at(0, "08:40")
    says = "sends a CPI (partnership intelligence): a man in a car, and two pupils"
    cpi = week.send(SCHOOL, "cpi.submitted", intelligence.cpi_of_school(), says, purpose="prevent_other_trafficking")
    week.at(0, "09:05")
    week.repeat(cpi, "sends exactly the same again: its system had missed the answer")
    week.at(0, "11:20")
    item = week.sees(BUREAU, "cpi.submitted").ref
    says = "grades it 3x5x2: source untested, seen at first hand, may be passed on under conditions"
    week.send(BUREAU, "cpi.graded", intelligence.grading(item), says, purpose="prevent_other_trafficking")
    week.at(0, "11:45")
    says = "passes on a version from which nobody can tell who told it"
    week.send(BUREAU, "cpi.sanitised", intelligence.sanitised(item), says)
    week.at(0, "12:10")
    forged(week)
    week.at(0, "19:30")
    says = "reports Wren missing: not home from school"
    report = week.send(MISSING, "missing.reported", forms.wren_missing(), says, role="police_officer")
    week.at(0, "19:32")
    altered(week, report)
    week.at(0, "20:05")
    says = "police response: the risk is raised to high"
    week.send(MISSING, "missing.categorised", forms.risk_raised(), says, role="police_officer")


def _tuesday(week: Week) -> tuple[Sent, Sent, Sent, str]:
    week.at(1, "02:10")
    narrative = "Missing since 17:15 on Monday and not returned; may be with an older man."
    form = forms.ppn1("missing_not_returned", narrative, "44261116-0931")
    alert_form = week.send(MISSING, "ppn1.issued", form, "issues the PPN1", role="police_officer")
    week.at(1, "06:40")
    says = "has found Wren; she was harmed (safe and well check)"
    week.send(MISSING, "missing.returned", forms.returned_harmed(), says, role="police_officer")
    week.at(1, "09:15")
    narrative = "Found at a flat with an older man; bruised wrist; seen by a doctor."
    form = forms.ppn1("returned_and_harmed", narrative, "44261117-0102")
    week.send(MISSING, "ppn1.issued", form, "issues the second PPN1", role="police_officer")
    unknown = _one_child_or_two(week)
    week.at(1, "12:00")
    wren = week.sees(MASH, "missing.returned").children[0]
    says = "makes the school part of Wren's plan"
    week.send(MASH, "involvement.opened", forms.school_involved(wren), says)
    week.at(1, "15:00")
    says = "records that Wren consents to Lantern Quay's service"
    week.send(HAMPSHIRE, "consent.recorded", forms.consent_to_service(), says, role="social_worker")
    week.at(1, "16:30")
    says = "held the return interview; sends what Wren said to those who offer the service"
    earlier = _interview(week, forms.interview_findings(), says)
    return alert_form, unknown, earlier, _jory(week)


def _one_child_or_two(week: Week) -> Sent:
    week.at(1, "10:30")
    says = "sends a CPI about Jory, whom it knows by name and birth date only"
    unknown = week.send(
        HEALTH,
        "cpi.submitted",
        intelligence.cpi_of_health(),
        says,
        role="nurse",
        purpose="prevent_other_trafficking",
        **SOUTH,
    )
    week.at(1, "11:00")
    alert = week.sees(MASH, "alert.match_possible").ref
    says = "takes the question: are two records one child's?"
    week.send(MASH, "alert.acknowledged", {"alert": alert}, says, **SOUTH)
    return unknown


def _jory(week: Week) -> str:
    week.at(1, "18:20")
    refused = malformed(week)
    week.at(1, "18:26")
    says = "has read the refusal and reports again"
    week.send(SOUTHAMPTON, "missing.reported", forms.jory_missing(), says, role="social_worker", **SOUTH)
    week.at(1, "21:10")
    says = "has found Jory, unharmed, in a car near the docks"
    week.send(MISSING, "missing.returned", forms.jory_returned(), says, role="police_officer", **SOUTH)
    return refused.receipt_id


def _wednesday(week: Week) -> Sent:
    week.at(2, "09:00")
    says = "says of itself that it works with Wren: a claim, until somebody confirms it"
    claim = week.send(CHARITY, "involvement.opened", forms.claim("support"), says, role="outreach_worker")
    week.at(2, "09:10")
    jory = week.sees(MASH, "missing.returned").children[0]
    says = "records that Southampton placed Jory"
    week.send(MASH, "involvement.opened", forms.placing_team(jory), says, **SOUTH)
    week.at(2, "10:00")
    says = "suspects trafficking and protects where Jory now lives"
    week.send(SOUTHAMPTON, "flag.raised", forms.jory_protected(), says, role="social_worker", **SOUTH)
    week.at(2, "11:00")
    returned = next(s for s in reversed(week.sent) if s.type == "missing.returned").items[0]
    _answer(week, MASH, returned, "removed", "answers the recall: removed", **SOUTH)
    week.at(2, "14:00")
    id_used_again(week, claim)
    week.at(2, "21:00")
    says = "reports Wren missing a second time"
    week.send(MISSING, "missing.reported", forms.wren_missing_again(), says, role="police_officer")
    week.at(2, "23:50")
    form = forms.returned_well("2026-11-18T23:35:00Z", "located")
    week.send(MISSING, "missing.returned", form, "has found Wren, unharmed", role="police_officer")
    return claim


def _thursday(week: Week) -> None:
    week.at(3, "09:40")
    wren = week.sees(MASH, "alert.confirmation_due").children[0]
    form = {"child": {"ref": wren}, "involved_desk": CHARITY.id}
    week.send(MASH, "involvement.confirmed", form, "confirms that the charity works with Wren")
    week.at(3, "11:15")
    item = week.sees(SCHOOL, "cpi.submitted").ref
    says = "corrects its CPI: the car was dark green"
    week.send(SCHOOL, "item.corrected", intelligence.correction(item), says, role="designated_lead")
    week.at(3, "13:00")
    _answer(week, BUREAU, item, "acted_on", "answers the recall: has put it right in its own records")


def _friday(week: Week) -> Sent:
    week.at(4, "16:45")
    says = "reports Wren missing a third time"
    week.send(HAMPSHIRE, "missing.reported", forms.wren_missing_third(), says, role="social_worker")
    week.at(4, "17:30")
    form = forms.ppn1("third_in_90_days", "Third time in five days; the pattern points to one man.", "44261120-1730")
    week.send(MISSING, "ppn1.issued", form, "issues the PPN1", role="police_officer")
    week.at(4, "18:20")
    says = "has telephoned the police; writes down for them what Wren told its worker"
    message = week.send(
        CHARITY,
        "cpi.submitted",
        intelligence.cpi_of_charity(),
        says,
        role="outreach_worker",
        purpose="service_provision",
    )
    week.at(4, "22:30")
    form = forms.returned_well("2026-11-20T22:10:00Z", "returned_voluntarily")
    week.send(
        MISSING, "missing.returned", form, "reports that Wren has come back by herself, unharmed", role="police_officer"
    )
    return message


def _saturday(week: Week) -> Sent:
    week.at(5, "11:30")
    says = "held another return interview; sends what Wren would like from the service"
    findings = _interview(week, forms.wishes(), says)
    week.at(5, "15:00")
    return findings


def _taken_back(week: Week, earlier: Sent, findings: Sent) -> tuple[Sent, frozenset[str]]:
    week.at(5, "16:00")
    item = findings.items[0]
    before = frozenset(leaf.pair[0] for leaf in week.leaves.about(item) if leaf.shown) - {findings.actor.id}
    says = "records that Wren has taken back her consent to the service"
    withdrawal = week.send(HAMPSHIRE, "consent.withdrawn", forms.consent_taken_back(), says, role="social_worker")
    week.at(5, "17:00")
    _answer(week, CHARITY, earlier.items[0], "removed", "answers the recall of the first findings: removed")
    _answer(week, CHARITY, item, "removed", "answers the recall of the second: removed")
    week.at(6, "09:30")
    _answer(week, MASH, earlier.items[0], "removed", "answers the recall of the first findings: removed")
    _answer(week, MASH, item, "removed", "answers the recall of the second: removed")
    _overdue(week)
    return withdrawal, before


def _overdue(week: Week) -> None:
    week.at(6, "10:00")
    alert = week.sees(MASH, "alert.recall_overdue").ref
    says = "takes up the overdue recall with the health trust by telephone"
    week.send(MASH, "alert.acknowledged", {"alert": alert}, says, **SOUTH)
    week.at(6, "10:40")
    late = next(s for s in week.sent if s.data == forms.jory_returned()).items[0]
    _answer(week, HEALTH, late, "removed", "answers the overdue recall: removed", **SOUTH)
    week.at(6, "18:00")


def _interview(week: Week, form: forms.Form, says: str) -> Sent:
    """Findings of a return interview: there is no form of their own yet, so they come as those of a return."""
    how = {"role": "social_worker", "purpose": "service_provision", "title": "Return interview"}
    return week.send(HAMPSHIRE, "missing.returned", form, says, **how)


def _answer(week: Week, actor: Actor, ref: str, answer: str, says: str, **how: str) -> None:
    week.send(actor, "recall.answered", {"recall": week.recalled(actor, ref), "answer": answer}, says, **how)
