"""Clocks of the procedures: started, met, called off and late by what is sent and by time gone by (catalogue 3 and 4).

Each of these is an entry on the child's record. Nothing here decides who may see anything: a clock raises alerts, and
an alert is an item that is decided about like every other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sightline.kernel.values import Desk
from sightline.ledger.child import Alert, Child, Running
from sightline.protocol.clock_rules import ANEW, AT_START, CHILD, EPISODE, RETURN_AHEAD, TURNED_18, WHEN_DUE, ClockRule
from sightline.record.alerts import ASKED, COVER, Asked, escalate, meet, raise_asked
from sightline.record.answers import Answer, hear
from sightline.record.situation import Seen
from sightline.record.status import statuses
from sightline.record.step import Step
from sightline.record.untimely import Ahead

KIND = "clock"
"""What such clocks are called in the table of clocks. Their reference is rule, situation and moment."""
DUE, LATE = "due", "late"


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """One event about one child."""

    type: str
    form: Mapping[str, Any]
    said_of: Mapping[str, Any]
    """What the form says of this child."""
    sender: Desk | None
    """None where the hub itself says it."""


def follow_clocks(step: Step, child: Child, heard: Heard) -> None:
    """What an event means for the child's clocks. First what it ends: what asks again for the same starts anew."""
    for name, value in statuses(heard.type, heard.form, heard.said_of, child.status).items():
        if child.status.get(name) != value:
            child.note(Child.StatusNoted, step=step.id, timestamp=step.at, name=name, value=value)
    seen = Seen(heard.form, heard.said_of, child, heard.sender, step.protocol, step.at)
    answer = hear(step, child, heard.form, heard.sender)
    if step.rules.may_end(heard.type):
        for code in dict.fromkeys(code for code, _ in child.running):
            _end(step, child, code, heard.type, seen, answer)
    for code in step.rules.started(heard.type, step.protocol.edition, seen):
        _start(step, child, code, heard=heard)


def follow_return(step: Step, child: Child, ahead: Ahead, said_of: Mapping[str, Any]) -> None:
    """A report has come whose return was told ahead: what a return asks for, but for what it asked when it was told."""
    form = {"returned_at": ahead.at.isoformat(), "harm_suffered": ahead.harm}
    follow_clocks(step, child, Heard(type=RETURN_AHEAD, form=form, said_of=said_of, sender=None))


def turned_18(step: Step, child: Child, ref: str) -> None:
    """A birthday has come. Of these, clocks know the eighteenth (T-83, N-150)."""
    if ref == "18":
        follow_clocks(step, child, Heard(type=TURNED_18, form={}, said_of={}, sender=None))


def clock_ran_out(step: Step, child: Child, ref: str) -> None:
    """A moment of a running clock has come: it is due, or late. One that was met meanwhile says nothing."""
    code, situation, moment = ref.split("|")
    running = child.running.get((code, situation))
    rule = step.rules.rules.get(code)
    if running is None or rule is None:
        return
    if moment == DUE and rule.alert == WHEN_DUE:
        _ask(step, child, running, rule)
    elif moment == LATE and not running.is_late:
        child.note(Child.ClockLate, step=step.id, timestamp=step.at, code=code, situation=situation)
        if not _is_escalated(step, child, running, rule):
            escalate(step, child, _asked(step, running), "Late")
        _again(step, child, running, rule)


def alert_unanswered(step: Step, child: Child, ref: str) -> None:
    """Nobody acknowledged an alert in time (P12): another desk hears of it. What was met needs nobody any more."""
    alert = child.alerts.get(ref)
    if alert is None or alert.met or alert.acknowledged_by:
        return
    running = child.running.get((alert.clock, alert.situation))
    asked = _asked(step, running) if running else Asked(_rule_of(alert), alert.situation, step.at, by=alert.ref)
    escalate(step, child, asked, "Not acknowledged", after=alert.type)


def _asked(step: Step, running: Running) -> Asked:
    return Asked(running.code, running.situation, running.due or step.at, running.by)


def alert_acknowledged(step: Step, child: Child, ref: str, by: Desk) -> None:
    """A desk took an alert up: one that was asked, or told because another did nothing; nobody else's word counts.

    Where a rule asks for no more than that its owner knows, that meets it.
    """
    alert = child.alerts.get(ref)
    rule = step.rules.rules.get(_rule_of(alert)) if alert else None
    if alert and rule and alert.type != COVER and not by.roles & {rule.owner, rule.escalation}:
        return
    child.note(Child.AlertAcknowledged, step=step.id, timestamp=step.at, alert=ref, by=by.id)
    step.work.note_alert(ref, "acknowledged", step.at)
    running = child.running.get((alert.clock, alert.situation)) if alert else None
    if alert and rule and running and alert.type == ASKED and not rule.met:
        _meet(step, child, running)


def _rule_of(alert: Alert) -> str:
    return alert.clock or alert.type.removeprefix("alert.")


def _is_escalated(step: Step, child: Child, running: Running, rule: ClockRule) -> bool:
    """Whether another desk hears of it anyway, now: what is wanted at once is late when nobody acknowledged its alert."""
    alerts = [child.alerts[ref] for ref in running.alerts if ref in child.alerts]
    return _is_wanted_at_once(step, rule) and any(not one.acknowledged_by for one in alerts)


def _end(step: Step, child: Child, code: str, event_type: str, seen: Seen, answer: Answer) -> None:
    """Of the rule's clocks that run, those end that the event means."""
    if ending := step.rules.meets(code, event_type, seen):
        for running in answer.meant(code, each=ending.each):
            _meet(step, child, running)
            if ending.each and event_type not in step.rules.rules[code].starts:
                answer.met(running)
    elif ending := step.rules.calls_off(code, event_type, seen):
        for running in answer.meant(code, each=ending.each):
            _call_off(step, child, running)


def _call_off(step: Step, child: Child, running: Running) -> None:
    code, situation = running.code, running.situation
    child.note(Child.ClockCancelled, step=step.id, timestamp=step.at, code=code, situation=situation, by=step.item)
    meet(step, child, lambda alert: alert.ref in running.alerts)


def _meet(step: Step, child: Child, running: Running) -> None:
    code, situation = running.code, running.situation
    child.note(Child.ClockMet, step=step.id, timestamp=step.at, code=code, situation=situation, by=step.item)
    meet(step, child, lambda alert: alert.ref in running.alerts)
    _again(step, child, running, step.rules.rules[code])


def _again(step: Step, child: Child, running: Running, rule: ClockRule) -> None:
    """A recurring obligation starts anew, from now, under the same name."""
    if rule.repeats:
        child.running.pop((running.code, running.situation), None)
        _start(step, child, running.code, situation=running.situation, by=running.by)
        for item in running.also:
            _start(step, child, running.code, situation=running.situation, by=item)


def _start(
    step: Step, child: Child, code: str, *, heard: Heard | None = None, situation: str | None = None, by: str = ""
) -> None:
    rule = step.rules.rules[code]
    name = _situation(step, child, code, rule) if situation is None else situation
    if (code, name) in child.running:
        _keep(step, child, child.running[code, name], by or step.item)
        return  # One situation starts one clock, however often it is reported.
    if (code, name) in child.done and not rule.repeats:
        return
    if rule.limit.key and step.protocol.span(rule.limit.key) is None:
        return  # The area's edition sets no such limit.
    if not rule.met and _is_owner(step, rule, heard):
        return  # What its owner only has to know it knows.
    due, late = _moments(step, rule, heard.form if heard else {})
    child.note(
        Child.ClockStarted,
        step=step.id,
        timestamp=step.at,
        code=code,
        situation=name,
        due=due,
        late=late,
        by=by or step.item,
    )
    for moment, at in ((DUE, due if rule.alert == WHEN_DUE else None), (LATE, late)):
        if at is not None:
            step.work.set_clock(
                KIND, due=at, stream=child.id, ref=f"{code}|{name}|{moment}", desk="", area=step.area
            )  # fmt: skip
    if rule.alert == AT_START and not _is_owner(step, rule, heard):
        _ask(step, child, child.running[code, name], rule)


def _keep(step: Step, child: Child, running: Running, by: str) -> None:
    """A further item says what started the clock: should the first be retracted, it goes on."""
    if by and by not in {running.by, *running.also}:
        code, situation = running.code, running.situation
        child.note(Child.ClockAlsoStarted, step=step.id, timestamp=step.at, code=code, situation=situation, by=by)


def resume(step: Step, child: Child, running: Running, item: str) -> None:
    """The retracted item had met the clock, or called it off: it runs on, and what it asks is asked anew.

    Its moments stay as they were. One that has passed meanwhile comes at once.
    """
    code, situation = key = (running.code, running.situation)
    rule = step.rules.rules.get(code)
    if rule is None or key in child.running or not child.starter(running):
        return
    child.note(
        Child.ClockResumed, step=step.id, timestamp=step.at, code=code, situation=situation, by=step.item, item=item
    )
    is_passed = {
        DUE: rule.alert == WHEN_DUE and running.due is not None and running.due <= step.at,
        LATE: not running.is_late and running.late is not None and running.late <= step.at,
    }
    for moment in (name for name, passed in is_passed.items() if passed):
        ref = f"{code}|{situation}|{moment}"
        step.work.set_clock(KIND, due=step.at, stream=child.id, ref=ref, desk="", area=step.area)
    if rule.alert == AT_START:
        _ask(step, child, child.running[key], rule)


def _moments(step: Step, rule: ClockRule, form: Mapping[str, Any]) -> tuple[datetime | None, datetime | None]:
    """When it is due, and when late."""
    limit, begins = rule.limit, rule.limit.start(form, step.at)
    named = limit.end(form)
    if named is not None:
        return named, named
    due, late = (limit.after(begins, amount) for amount in _span(step, rule))
    if due is not None and _is_wanted_at_once(step, rule):
        return due, due + step.protocol.acknowledgement(urgent=rule.urgent)
    return due, late


def _span(step: Step, rule: ClockRule) -> tuple[int, int]:
    return (step.protocol.span(rule.limit.key) if rule.limit.key else None) or rule.limit.span


def _is_wanted_at_once(step: Step, rule: ClockRule) -> bool:
    """What nobody is asked before it is due is wanted at once then (T-03): nobody can be late the moment it is asked."""
    due, late = _span(step, rule)
    return rule.limit.unit == "now" or (rule.alert == WHEN_DUE and due == late)


def _is_owner(step: Step, rule: ClockRule, heard: Heard | None) -> bool:
    """Whether the desk that must do it has just said so itself."""
    sender = heard.sender if heard else None
    return sender is not None and rule.owner in sender.roles and step.area in sender.areas


def _ask(step: Step, child: Child, running: Running, rule: ClockRule) -> None:
    if not running.alerts:
        raise_asked(step, child, ASKED, _asked(step, running), rule.asks)


def _situation(step: Step, child: Child, code: str, rule: ClockRule) -> str:
    if rule.situation == CHILD:
        return ""
    if rule.situation == EPISODE:
        return str(child.last_episode.number) if child.last_episode else "0"
    if rule.situation == ANEW:
        return next((situation for running, situation in child.running if running == code), step.item or step.id)
    return step.item
