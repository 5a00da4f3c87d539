"""What follows from each type of event, as entries on the child's record and clocks beside it.

Every function gets the step it belongs to and the form as it was sent. None of them refuses: what a sender may not do
was refused before anything was written.
"""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from sightline.kernel.ids import DeskId, agency_of
from sightline.ledger.child import Alert, Child
from sightline.ledger.items import Stream
from sightline.record.ages import BIRTHDAY
from sightline.record.alerts import UNANSWERED, meet, of_the_hub, raise_alert
from sightline.record.breach import BREACH, BREACH_DUE, child_breach, child_breach_late
from sightline.record.clocks import KIND, alert_unanswered, clock_ran_out, turned_18
from sightline.record.missing import (
    EVALUATION,
    count_again,
    judge,
    missing_categorised,
    missing_reported,
    missing_returned,
    ppn1_issued,
    safe_and_well,
)
from sightline.record.step import Said, Step, instant

CONFIRMATION_DUE = "alert.confirmation_due"

Follow = Callable[[Step, Child, Said], None]


def flag_raised(step: Step, child: Child, said: Said) -> None:
    """A protective flag holds from now on."""
    child.note(Child.FlagRaised, step=step.id, timestamp=step.at, flag=said.data["flag"], about=_about(said.data))


def flag_lifted(step: Step, child: Child, said: Said) -> None:
    """A protective flag no longer holds."""
    child.note(Child.FlagLifted, step=step.id, timestamp=step.at, flag=said.data["flag"], about=_about(said.data))


def consent_recorded(step: Step, child: Child, said: Said) -> None:
    """Consent, refusal, or why it was not sought; with an end if it has one."""
    expires = instant(said.data.get("expires_at"), step.at) if said.data.get("expires_at") else None
    purpose = said.data["consent_purpose"]
    child.note(
        Child.ConsentRecorded,
        step=step.id,
        timestamp=step.at,
        purpose=purpose,
        position=said.data["position"],
        giver=said.data.get("giver", "none"),
        by=said.desk.id,
        confirming=said.confirms,
        in_question=_in_question(step, child, said.data),
        expires=expires,
    )
    if expires is not None:
        # One clock for each end: a later consent of the same desk must not move that of an earlier one.
        ref = f"{purpose}:{said.desk.id}:{int(expires.timestamp())}"
        step.work.set_clock("consent_expiry", due=expires, stream=child.id, ref=ref, desk=said.desk.id, area=step.area)
    giver = said.data.get("giver", "none")
    _consents_settled(step, child)
    if not said.confirms and child.claims_consent(purpose, giver, said.desk.agency):
        ref, due = f"{purpose}:{giver}:{said.desk.id}", step.at + step.protocol.confirmation
        step.work.set_clock("consent_claim", due=due, stream=child.id, ref=ref, desk=said.desk.id, area=step.area)


def consent_withdrawn(step: Step, child: Child, said: Said) -> None:
    """Withdrawal, by whoever may withdraw; in front of a suspected exploiter it changes nothing (design §6)."""
    child.note(
        Child.ConsentWithdrawn,
        step=step.id,
        timestamp=step.at,
        purpose=said.data["consent_purpose"],
        giver=said.data.get("giver", "none"),
        by=said.desk.id,
        in_question=_in_question(step, child, said.data),
    )
    _consents_settled(step, child)


def _consents_settled(step: Step, child: Child) -> None:
    """Consents that were only claimed and are confirmed, or withdrawn, wait for nobody any more."""

    def is_settled(alert: Alert) -> bool:
        purpose, _, rest = alert.circumstance.partition(":")
        giver, _, desk = rest.partition(":")
        claims = bool(desk) and child.claims_consent(purpose, giver, agency_of(DeskId(desk)))
        return alert.type == CONFIRMATION_DUE and bool(desk) and not claims

    meet(step, child, is_settled)


def involvement_opened(step: Step, child: Child, said: Said) -> None:
    """Confirmed where a confirming desk of another agency says it; else a claim, on a clock."""
    desk = DeskId(said.data.get("involved_desk") or said.desk.id)
    confirmed = said.confirms and agency_of(desk) != said.desk.agency
    child.note(
        Child.InvolvementOpened,
        step=step.id,
        timestamp=step.at,
        desk=desk,
        kind=said.data["involvement_kind"],
        confirmed=confirmed,
    )
    if not child.involved[desk][said.data["involvement_kind"]]:
        due = step.at + step.protocol.confirmation
        step.work.set_clock("confirmation", due=due, stream=child.id, ref=desk, desk=desk, area=step.area)


def involvement_confirmed(step: Step, child: Child, said: Said) -> None:
    """Another agency's confirming desk stands behind a claim; a claimant cannot confirm itself."""
    desk = DeskId(said.data["involved_desk"])
    if desk in child.involved and said.confirms and agency_of(desk) != said.desk.agency:
        kind = said.data.get("involvement_kind", "")
        child.note(Child.InvolvementConfirmed, step=step.id, timestamp=step.at, desk=desk, kind=kind, by=said.desk.id)
        _claim_settled(step, child, desk)


def involvement_closed(step: Step, child: Child, said: Said) -> None:
    """An involvement ends, or is found to have been a mistake: only a mistake recalls (design §6)."""
    desk = DeskId(said.data.get("involved_desk") or said.desk.id)
    if desk in child.involved and (said.confirms or agency_of(desk) == said.desk.agency):
        kind, mistaken = said.data.get("involvement_kind", ""), bool(said.data.get("mistaken", False))
        child.note(Child.InvolvementClosed, step=step.id, timestamp=step.at, desk=desk, kind=kind, mistaken=mistaken)
        _claim_settled(step, child, desk)


def _claim_settled(step: Step, child: Child, desk: DeskId) -> None:
    """Nothing that the desk claims waits for a confirmation any more."""
    if all(child.involved[desk].values()):
        meet(step, child, lambda alert: alert.type == CONFIRMATION_DUE and alert.circumstance == desk)


FOLLOWS: dict[str, Follow] = {
    "missing.reported": missing_reported,
    "missing.categorised": missing_categorised,
    "missing.returned": missing_returned,
    "safe_and_well.recorded": safe_and_well,
    "ppn1.issued": ppn1_issued,
    "flag.raised": flag_raised,
    "flag.lifted": flag_lifted,
    "consent.recorded": consent_recorded,
    "consent.withdrawn": consent_withdrawn,
    "involvement.opened": involvement_opened,
    "involvement.confirmed": involvement_confirmed,
    "involvement.closed": involvement_closed,
}
"""Event type to what follows for the child it speaks of. Types that are not here are recorded and decided, no more."""


def clock_struck(step: Step, child: Child, kind: str, ref: str) -> None:
    """What a clock that ran out makes due. Clocks trigger; they do not decide (design §6)."""
    child.note(Child.ClockStruck, step=step.id, timestamp=step.at, clock=kind, ref=ref)
    struck = _STRUCK.get(kind)
    if struck is not None:
        struck(step, child, ref)


def _unconfirmed(step: Step, child: Child, ref: str) -> None:
    if not all(child.involved.get(ref, {}).values()):
        asks = "Confirm or close a claim of involvement with this child."
        _raise(step, child, CONFIRMATION_DUE, "confirmation_due", asks, {"subject_desk": ref}, ref)


def _match_unruled(step: Step, child: Child, ref: str) -> None:
    if ref not in child.ruled and not child.is_taken_up(f"match:{ref}"):
        _ask_to_rule(step, child, ref, f"late:{ref}")


def _recall_unanswered(step: Step, child: Child, ref: str) -> None:
    if ref not in child.answered_recalls:
        recall_overdue(step, child, [child.id], ref)


def _consent_claimed(step: Step, child: Child, ref: str) -> None:
    purpose, giver, desk = ref.split(":")
    if child.claims_consent(purpose, giver, agency_of(DeskId(desk))):
        asks = "Confirm a consent that widens the sight of the agency that recorded it, or record what was said."
        _raise(step, child, CONFIRMATION_DUE, "confirmation_due", asks, {"subject_desk": desk}, ref)


def recall_overdue(step: Step, stream: Stream, children: list[UUID], recall: str) -> None:
    """Nobody answered a recall in time: the owner of such alerts must find out why (P8)."""
    body = of_the_hub(step, "recall_overdue", "A recall has not been answered in time.", {"about": recall})
    raise_alert(step, stream, children, type="alert.recall_overdue", body=body, situation=(recall, 0))


def possible_match(step: Step, child: Child, other: Child, *, asks: bool) -> None:
    """Two records may be one child's: a question for the MASH, on a clock, that delays nothing.

    `asks` is False where the question stands already, for another record of the same other child.
    """
    name = other.id.hex
    child.note(Child.MatchProposed, step=step.id, timestamp=step.at, other=name)
    if asks:
        _ask_to_rule(step, child, name, f"match:{name}")
        due = step.at + step.protocol.possible_match
        step.work.set_clock("possible_match", due=due, stream=child.id, ref=name, desk="", area=step.area)
    for one in (child, other):
        count_again(step, one)


def _ask_to_rule(step: Step, child: Child, other: str, situation: str) -> None:
    asks = "Rule whether two records are of one child."
    about = [child.id, UUID(other)]
    _raise(step, child, "alert.match_possible", "match_possible", asks, {}, situation, about=about)


def record_unclear(step: Step, child: Child, records: list[UUID], item: str) -> None:
    """Records were parted again, and an item had named several of them: a person must say whose it is."""
    asks = (
        "This item named records that are held to be different children's. It stands with one of them: if it is about"
        " another, ask its sender to retract it (wrong child) and to send it again."
    )
    extra = {"about": item}
    _raise(step, child, "alert.match_possible", "match_possible", asks, extra, f"unclear:{item}", about=records)


def _raise(
    step: Step,
    child: Child,
    type: str,
    code: str,
    asks: str,
    extra: Mapping[str, Any],
    situation: str,
    *,
    about: list[UUID] | None = None,
) -> None:
    if child.alert_for(situation, 0) is None:
        body = of_the_hub(step, code, asks, extra)
        raise_alert(step, child, about or [child.id], type=type, body=body, situation=(situation, 0))


_STRUCK: dict[str, Callable[[Step, Child, str], None]] = {
    KIND: clock_ran_out,
    UNANSWERED: alert_unanswered,
    BIRTHDAY: turned_18,
    EVALUATION: judge,
    "confirmation": _unconfirmed,
    "consent_claim": _consent_claimed,
    "possible_match": _match_unruled,
    "recall_answer": _recall_unanswered,
    BREACH: child_breach,
    BREACH_DUE: child_breach_late,
}
"""Kind of a clock to what it makes due. One that is not here makes items be decided again (an expiry, a birthday)."""


def _about(data: Mapping[str, Any]) -> str:
    return str(data.get("relation") or data.get("desk") or "")


def _in_question(step: Step, child: Child, data: Mapping[str, Any]) -> bool:
    """By, or in front of, somebody suspected: also by what is known of a record that may be the same child's."""
    suspected = child.exploiters.union(*(other.exploiters for other in step.work.may_be(child)))
    if data.get("giver") in {"pr_holder", "guardian"} and "giver_relation" not in data:
        return bool(suspected)  # Nobody says who that was.
    return not suspected.isdisjoint({data.get("giver_relation"), *data.get("present", ())})
