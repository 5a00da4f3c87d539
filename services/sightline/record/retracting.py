"""What a sender takes back: the clocks that it started, which nothing else keeps, and the alerts that they raised.

Whoever was asked is told that nobody asks any more, and why: by an alert of the same type, which names in `about` the one
that it takes back and wants nothing. It goes to the same desks on the same grounds, hence also to those who covered.

What the retracted item had met or called off is asked again, and a return that was taken back leaves the child missing: a
duty that was done for another child was not done for this one. Only what is withdrawn for legal reasons was done (†).
"""

from sightline.ledger.child import Alert, Child, Running
from sightline.record.alerts import meet, raise_taken_back
from sightline.record.clocks import resume
from sightline.record.missing import return_taken_back
from sightline.record.step import Step

_STILL_DONE = "legal"
_WHY = {
    "entered_in_error": "entered in error",
    "wrong_child": "wrong child",
    "unreliable": "unreliable",
    "legal": "legal reasons",
}


def item_retracted(step: Step, child: Child, item: str, reason: str) -> None:
    """End what only that item started, ask again what it ended. Called once the child's record knows of the retraction."""
    for running in [one for one in child.running.values() if one.by == item]:
        _void(step, child, running, item, reason)
    if reason != _STILL_DONE:
        return_taken_back(step, child, item)
        for running in [one for by, one in child.ended.values() if by == item]:
            resume(step, child, running, item)


def _void(step: Step, child: Child, running: Running, item: str, reason: str) -> None:
    child.note(
        Child.ClockVoided,
        step=step.id,
        timestamp=step.at,
        code=running.code,
        situation=running.situation,
        by=step.item,
        item=item,
        reason=reason,
    )
    told = {_tell(step, child, alert, item, reason) for alert in _open(child, running)}
    meet(step, child, lambda alert: alert.ref in {*running.alerts, *told})


def _open(child: Child, running: Running) -> list[Alert]:
    alerts = [child.alerts[ref] for ref in running.alerts if ref in child.alerts]
    return [alert for alert in alerts if not alert.met]


def _tell(step: Step, child: Child, alert: Alert, item: str, reason: str) -> str:
    why = f"for what gave rise to it was retracted ({_WHY.get(reason, 'another reason')})"
    return raise_taken_back(step, child, alert, why, by=item)
