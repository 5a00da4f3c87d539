"""Alerts: items of the hub's own that ask a desk for something, and what becomes of those that nobody answers (P12)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from uuid import UUID

from sightline.ledger.child import Alert, Child
from sightline.ledger.items import Stream
from sightline.protocol.calendar import is_working_time
from sightline.record.step import Step
from sightline.record.work import HUB_DESK, ItemForm, hub_body

PURPOSE = "missing_or_safeguarding_response"
ASKED, LATE, COVER = "alert.duty_due", "alert.duty_late", "alert.duty_cover"
"""Somebody must do something; it was not done or not acknowledged, so another hears of it; and out of hours, a third."""
OPENS, CLOSES = time(8, 30), time(17, 0)
"""When offices are open on working days, in local time (†)."""
_OURS = "†"
"""The `row` of alerts that no catalogue row asks for."""
UNANSWERED = "acknowledgement"
"""The clock that runs until an alert is acknowledged."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a clock asks for: its rule, the situation that started it, and when it is due."""

    code: str
    situation: str
    due: datetime
    by: str = ""
    """The item that started it, where that is known."""


def raise_alert(
    step: Step,
    stream: Stream,
    children: list[UUID],
    *,
    type: str,
    body: Mapping[str, Any],
    situation: tuple[str, int],
    clock: tuple[str, str] = ("", ""),
    by: str = "",
) -> str:
    """An alert is an item of the hub's own: sealed, decided and recorded like any other (design §6). Its reference.

    From now on a clock runs until somebody acknowledges it. `clock` names the rule and situation that it belongs to,
    `by` the item that gave rise to it where that is not the one of this step.
    """
    circumstance, episode = situation
    form = ItemForm(
        type=type,
        schema_version=1,
        part="whole",
        index=-1,
        desk=HUB_DESK,
        source="/hub/alerts",
        event_id=f"{step.id}:{circumstance}:{episode}",
        area=step.area,
        purpose=PURPOSE,
        sent=step.at,
        plain=hub_body(body),
        cause=by or step.item,
        alert={
            "row": body["row"],
            "circumstance": circumstance,
            "episode": episode,
            "clock": clock[0],
            "situation": clock[1],
        },
    )
    ref = step.work.record_item(stream, form, children, step=step.id, at=step.at)
    step.work.note_alert(ref, "open", step.at)
    if isinstance(stream, Child) and type != COVER:
        due = step.at + step.protocol.acknowledgement(urgent=_is_urgent(step, clock[0]))
        step.work.set_clock(UNANSWERED, due=due, stream=stream.id, ref=ref, desk="", area=step.area)
    return ref


def raise_asked(step: Step, child: Child, type: str, asked: Asked, asks: str) -> str:
    """An alert that a clock's rule asks for."""
    rule = step.rules.rules[asked.code]
    body = {
        "alert": type.removeprefix("alert."),
        "asks": asks,
        "row": rule.rows[0] if rule.rows else "†",
        "clock": asked.code,
        "due_at": asked.due.isoformat(timespec="seconds"),
    }
    name = f"{type}:{asked.code}:{asked.situation}"
    clock = (asked.code, asked.situation)
    return raise_alert(step, child, [child.id], type=type, body=body, situation=(name, 0), clock=clock, by=asked.by)


def raise_taken_back(step: Step, child: Child, alert: Alert, why: str, *, by: str) -> str:
    """Tell whoever was shown an alert of a clock that nobody asks it any more. The caller meets both: it asks nothing.

    `by` is the item that gave rise to it.
    """
    rule = step.rules.rules.get(alert.clock)
    body = {
        "alert": alert.type.removeprefix("alert."),
        "asks": f"No longer asked, {why}: {rule.asks}" if rule else f"No longer asked, {why}.",
        "row": rule.rows[0] if rule and rule.rows else _OURS,
        "clock": alert.clock,
        "about": alert.ref,
    }
    clock, situation = (alert.clock, alert.situation), (f"back:{alert.ref}", 0)
    return raise_alert(step, child, [child.id], type=alert.type, body=body, situation=situation, clock=clock, by=by)


def meet(step: Step, child: Child, is_met: Callable[[Alert], bool]) -> None:
    """What was asked is done, or no longer needed: those alerts want nothing any more, nor anybody's acknowledgement."""
    for alert in list(child.alerts.values()):
        if not alert.met and is_met(alert):
            child.note(Child.AlertMet, step=step.id, timestamp=step.at, alert=alert.ref, by=step.item)
            step.work.note_alert(alert.ref, "met", step.at)


def escalate(step: Step, child: Child, asked: Asked, why: str, *, after: str = "") -> None:
    """Tell the desk that must know when another did nothing; out of hours, or when that one did nothing either, cover.

    `after` is the type of the alert that nobody acknowledged; what cover does not acknowledge goes no further.
    """
    rule = step.rules.rules.get(asked.code)
    if rule is None:
        return
    type = LATE if is_working_time(step.at, OPENS, CLOSES) and after != LATE else COVER
    raise_asked(step, child, type, asked, f"{why}: {rule.asks}")


def _is_urgent(step: Step, code: str) -> bool:
    rule = step.rules.rules.get(code)
    return rule is not None and rule.urgent


def of_the_hub(step: Step, code: str, asks: str, extra: Mapping[str, Any]) -> Mapping[str, Any]:
    """The body of an alert that no clock's rule asks for."""
    due = step.at.isoformat(timespec="seconds")
    return {"alert": code, "asks": asks, "row": _OURS, "due_at": due, **extra}
