"""What follows from each type of event, as entries on the child's record and clocks beside it.

Every function gets the step it belongs to and the form as it was sent. None of them refuses: what a sender may not do
was refused before anything was written.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

from sightline.kernel.ids import DeskId, agency_of
from sightline.kernel.values import Desk, Envelope
from sightline.ledger.child import Alert, Child
from sightline.ledger.items import Stream
from sightline.ledger.reading import on_scale
from sightline.protocol.areas import CONFIRMING_ROLES
from sightline.protocol.episodes import (
    MISSING_NOT_RETURNED,
    RETURNED_AND_HARMED,
    ROW_OF_CIRCUMSTANCE,
    THIRD_IN_90_DAYS,
    Episode,
    counted_episodes,
    is_repeat,
    returned_harmed,
    still_missing,
)
from sightline.record.ages import BIRTHDAY
from sightline.record.alerts import UNANSWERED, meet, raise_alert
from sightline.record.breach import BREACH, BREACH_DUE, child_breach, child_breach_late
from sightline.record.clocks import KIND, alert_unanswered, clock_ran_out, follow_return, turned_18
from sightline.record.step import Step, instant
from sightline.record.untimely import (
    Ahead,
    episode_at,
    is_late_copy,
    keep_category,
    keep_return,
    latest_category,
    take_return,
)

PPN1_DUE, CONFIRMATION_DUE = "alert.ppn1_due", "alert.confirmation_due"
IF_ONE_CHILD = "third_in_90_days_if_one_child"
"""The circumstance of an alert that rests on episodes of records which may be one child's (†)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """Who said what."""

    envelope: Envelope
    desk: Desk
    data: Mapping[str, Any]

    @property
    def confirms(self) -> bool:
        """Whether this desk's word confirms another agency's claim."""
        return bool(self.desk.roles & CONFIRMING_ROLES) and self.envelope.area in self.desk.areas


_HARMED_IN = "harmed_in"
"""Status that names the open episode in which harm is known already."""

Follow = Callable[[Step, Child, Said], None]


def ppn1_due(step: Step, child: Child, circumstance: str, episode: int) -> None:
    """The force's desk must issue a PPN1, once for each circumstance of each episode (A-22, A-23)."""
    is_done = child.alert_for(circumstance, episode) is not None or (circumstance, episode) in child.issued
    if is_done or not step.protocol.ppn1_applies:
        return
    counted = counted_episodes(child.episodes.values(), step.at, step.protocol.repeat)
    body = {
        "alert": "ppn1_due",
        "asks": "Issue a PPN1 to Children's Services for this child.",
        "row": ROW_OF_CIRCUMSTANCE[circumstance],
        "due_at": step.at.isoformat(timespec="seconds"),
        "circumstance": circumstance,
        "counted_episodes": len(counted),
    }
    raise_alert(step, child, [child.id], type=PPN1_DUE, body=body, situation=(circumstance, episode))


def missing_reported(step: Step, child: Child, said: Said) -> None:
    """A report opens an episode; a second one while the child is missing adds to it (N-27, N-22, T-08).

    One that was written before the child came back from the last episode, and comes late, tells nothing new. What was
    told ahead of it, a category or the return, holds for the episode at once.
    """
    began = min(instant(said.data.get("missing_since"), step.at), step.at)
    if child.open_episode is not None:
        _add_to(step, child, child.open_episode, said)
        return
    if is_late_copy(child, began, said.envelope.time):
        return
    number = _number(step)
    category, risk = said.data.get("missing_category", "missing"), on_scale("risk", said.data.get("missing_risk"))
    newer = latest_category(child)
    if newer is not None and newer.said >= max(began, said.envelope.time):
        category, risk = newer.category, newer.risk or risk
    child.note(
        Child.EpisodeBegan,
        step=step.id,
        timestamp=step.at,
        number=number,
        began=began,
        category=category,
        risk=risk,
    )
    _repeat(step, child)
    ahead = take_return(step, child, began, said.envelope.time)
    if ahead is not None:
        _end(step, child, child.episodes[number], ahead.at, harmed=ahead.harm == "yes")
        follow_return(step, child, ahead, said.data.get("child", {}))
        return
    due = step.at + step.protocol.ppn1_evaluation
    step.work.set_clock("ppn1_evaluation", due=due, stream=child.id, ref=str(number), desk="", area=step.area)


def _number(step: Step) -> int:
    """A number that no episode of any record has: records that turn out to be one child's must not share any."""
    return int.from_bytes(blake2b(step.id.encode(), digest_size=6).digest())


def _add_to(step: Step, child: Child, episode: Episode, said: Said) -> None:
    """A further report may say that a child thought absent is missing; less than is known already it does not say."""
    if episode.category == "absent" and said.data.get("missing_category") == "missing":
        missing_categorised(step, child, said)


def missing_categorised(step: Step, child: Child, said: Said) -> None:
    """The category may change at any time and is judged and counted anew (T-04, A-26).

    The latest word counts, by when it was written down: one that comes after a newer one changes nothing, and one that
    comes before the report holds when that comes.
    """
    episode, newer, written = child.open_episode, latest_category(child), said.envelope.time
    category = said.data.get("missing_category", "missing")
    is_of_earlier = episode is not None and written < episode.began and category != "missing"
    if is_of_earlier or (newer is not None and written < newer.said):
        return
    risk = on_scale("risk", said.data["missing_risk"]) if "missing_risk" in said.data else ""
    keep_category(step, child, written, category, risk)
    if episode is None:
        return
    child.note(
        Child.EpisodeRecategorised,
        step=step.id,
        timestamp=step.at,
        number=episode.number,
        category=category,
        risk=risk or episode.risk,
    )
    _repeat(step, child)
    if ("ppn1_evaluation", str(episode.number)) in child.struck:
        _evaluate(step, child, episode.number)


def missing_returned(step: Step, child: Child, said: Said) -> None:
    """A return ends the open episode; harm makes a PPN1 due (N-20), also harm that a later one tells of (ME-06).

    A return from before the child went does not end that episode: it is of an earlier one. Without a report it is kept
    until the report comes.
    """
    at = min(instant(said.data.get("returned_at"), step.at), step.at)
    episode, harm = episode_at(child, at), said.data.get("harm_suffered", "not_known")
    if episode is not None and episode.is_open:
        found = child.status.get(_HARMED_IN) == str(episode.number)
        _end(step, child, episode, at, harmed=found or harm == "yes")
    elif episode is not None and harm == "yes" and not episode.harmed:
        _harm(step, child, episode)
    elif child.open_episode is None and (episode is None or episode.ended is None or at > episode.ended):
        keep_return(step, child, Ahead(at, harm, said.envelope.time))


def safe_and_well(step: Step, child: Child, said: Said) -> None:
    """Harm found at the check is harm of the latest episode, whenever its return is told (N-20, ME-06)."""
    episode = child.last_episode
    if episode is None or episode.harmed or said.data["harm_suffered"] != "yes":
        return
    if episode.is_open:
        number = str(episode.number)
        child.note(Child.StatusNoted, step=step.id, timestamp=step.at, name=_HARMED_IN, value=number)
        return
    _harm(step, child, episode)


def _end(step: Step, child: Child, episode: Episode, at: datetime, *, harmed: bool) -> None:
    child.note(Child.EpisodeEnded, step=step.id, timestamp=step.at, number=episode.number, ended=at, harmed=harmed)
    if returned_harmed(child.episodes[episode.number]):
        ppn1_due(step, child, RETURNED_AND_HARMED, episode.number)


def _harm(step: Step, child: Child, episode: Episode) -> None:
    """Harm becomes known of an episode that is over."""
    if child.open_episode is None and episode.ended is not None:
        _end(step, child, episode, episode.ended, harmed=True)
    elif episode.category == "missing":
        ppn1_due(
            step, child, RETURNED_AND_HARMED, episode.number
        )  # Missing again: that entry would say that it is over.


def ppn1_issued(step: Step, child: Child, said: Said) -> None:
    """A PPN1 meets every open alert of its circumstance, and what would still become due for this episode."""
    circumstance, episode = said.data["ppn1_circumstance"], child.last_episode
    number = episode.number if episode else 0
    child.note(Child.PPN1Issued, step=step.id, timestamp=step.at, circumstance=circumstance, episode=number)
    met = {circumstance, f"{circumstance}_if_one_child"}
    meet(step, child, lambda alert: alert.type == PPN1_DUE and alert.circumstance in met)


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


def _evaluation(step: Step, child: Child, ref: str) -> None:
    _evaluate(step, child, int(ref))


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
    body = _body(step, "recall_overdue", "A recall has not been answered in time.", {"about": recall})
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
        _repeat(step, one)


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


def reconsider(step: Step, child: Child) -> None:
    """Records were joined or parted: count again, and judge an open episode whose time for it has come."""
    _repeat(step, child)
    episode = child.open_episode
    if episode is not None and ("ppn1_evaluation", str(episode.number)) in child.struck:
        _evaluate(step, child, episode.number)


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
        body = _body(step, code, asks, extra)
        raise_alert(step, child, about or [child.id], type=type, body=body, situation=(situation, 0))


def _body(step: Step, code: str, asks: str, extra: Mapping[str, Any]) -> Mapping[str, Any]:
    due = step.at.isoformat(timespec="seconds")
    return {"alert": code, "asks": asks, "row": _OURS, "due_at": due, **extra}


_OURS = "†"
"""The `row` of alerts that no catalogue row asks for."""


_STRUCK: dict[str, Callable[[Step, Child, str], None]] = {
    KIND: clock_ran_out,
    UNANSWERED: alert_unanswered,
    BIRTHDAY: turned_18,
    "ppn1_evaluation": _evaluation,
    "confirmation": _unconfirmed,
    "consent_claim": _consent_claimed,
    "possible_match": _match_unruled,
    "recall_answer": _recall_unanswered,
    BREACH: child_breach,
    BREACH_DUE: child_breach_late,
}
"""Kind of a clock to what it makes due. One that is not here makes items be decided again (an expiry, a birthday)."""


def _evaluate(step: Step, child: Child, number: int) -> None:
    """N-21, at the area's evaluation point and whenever the category changes after it (A-22, A-26)."""
    episode = child.episodes.get(number)
    if episode is not None and still_missing(episode):
        ppn1_due(step, child, MISSING_NOT_RETURNED, number)


def _repeat(step: Step, child: Child) -> None:
    episode, rule = child.open_episode, step.protocol.repeat
    if episode is None or episode.category not in rule.counted:
        return
    if is_repeat(child.episodes.values(), step.at, rule):
        ppn1_due(step, child, THIRD_IN_90_DAYS, episode.number)
        return
    together = [e for one in (child, *step.work.may_be(child)) for e in one.episodes.values()]
    if is_repeat(together, step.at, rule):
        _third_if_one_child(step, child, episode.number, len(counted_episodes(together, step.at, rule)))


def _third_if_one_child(step: Step, child: Child, episode: int, counted: int) -> None:
    """Counts over records that may be one child's raise a provisional alert (design §5): the duty may hold already."""
    done = (THIRD_IN_90_DAYS, IF_ONE_CHILD)
    if not step.protocol.ppn1_applies or any(child.alert_for(one, episode) is not None for one in done):
        return
    extra = {"circumstance": IF_ONE_CHILD, "counted_episodes": counted}
    asks = "Find out with the MASH whether records are of one child: counted together, a PPN1 is due for it."
    body = {**_body(step, "ppn1_due", asks, extra), "row": ROW_OF_CIRCUMSTANCE[THIRD_IN_90_DAYS]}
    raise_alert(step, child, [child.id], type=PPN1_DUE, body=body, situation=(IF_ONE_CHILD, episode))


def _about(data: Mapping[str, Any]) -> str:
    return str(data.get("relation") or data.get("desk") or "")


def _in_question(step: Step, child: Child, data: Mapping[str, Any]) -> bool:
    """By, or in front of, somebody suspected: also by what is known of a record that may be the same child's."""
    suspected = child.exploiters.union(*(other.exploiters for other in step.work.may_be(child)))
    if data.get("giver") in {"pr_holder", "guardian"} and "giver_relation" not in data:
        return bool(suspected)  # Nobody says who that was.
    return not suspected.isdisjoint({data.get("giver_relation"), *data.get("present", ())})
