"""What became of every alert: met, taken up, settled or still open, from the ledger's own entries."""

from collections.abc import Iterator, Sequence
from typing import Any

from sightline.entrypoints.demo import words
from sightline.entrypoints.demo.cast import CAST, called
from sightline.entrypoints.demo.checks import entries
from sightline.entrypoints.demo.week import Week
from sightline.formats.policy_digest import policy_data
from sightline.kernel.share import share
from sightline.ledger.world import PolicyData

_SETTLES = {
    "alert.confirmation_due": ("InvolvementConfirmed", "desk", "confirmed"),
    "alert.recall_overdue": ("RecallAnswered", "recall", "answered late"),
}
"""Alert type to the entry that settles it, the member that names what it is about, and how that is said."""


def rows(week: Week) -> Iterator[tuple[str, str, str, str]]:
    """Alert, owner, what it asks and what became of it, in order."""
    found = entries(week.hub)
    data = PolicyData.read(policy_data(share("policies")))
    for entry in found:
        if getattr(entry, "alert", None) and not getattr(entry, "digest", b"x"):
            role, _ = data.asked(entry.type, entry.alert["clock"], entry.area)
            owner = next(a for a in CAST if role in a.roles and entry.area in a.areas)
            told = [a.short for a in CAST if a is not owner and _asks(week, a.id, entry.ref)]
            also = f" (told: {', '.join(told)})" if told else ""
            yield (
                _title(week, entry.ref),
                owner.short + also,
                _what(week, owner.id, entry.ref),
                _state(entry, found),
            )


def _title(week: Week, ref: str) -> str:
    title = week.titles[ref].removeprefix("Alert: ")
    return title[0].upper() + title[1:]


def _what(week: Week, desk: Any, ref: str) -> str:
    body = week.hub.view.item(desk, ref).body
    return str(body["asks"]) if "clock" in body else words.rules().get(body["row"]) or str(body["asks"])


def _asks(week: Week, desk: Any, ref: str) -> bool:
    leaf = week.leaves.decided.get((desk, ref))
    return leaf is not None and "duty" in leaf.shown


def _state(alert: Any, found: Sequence[Any]) -> str:
    settled = _entry(found, "AlertMet", "alert", alert.ref)
    if settled is not None:
        how = "PPN1 issued" if alert.type == "alert.ppn1_due" else "done, or no longer needed"
        return f"met: {how} {settled.timestamp:%a %H:%M}"
    kind, member, said = _SETTLES.get(alert.type, ("", "", ""))
    settled = _entry(found, kind, member, alert.alert["circumstance"])
    if settled is not None:
        return f"{said} {settled.timestamp:%a %H:%M}"
    taken = _entry(found, "AlertAcknowledged", "alert", alert.ref)
    return f"taken up by {called(taken.by)} {taken.timestamp:%a %H:%M}, not ruled yet" if taken else "open"


def _entry(found: Sequence[Any], kind: str, member: str, value: str) -> Any:
    return next((e for e in found if type(e).__name__ == kind and getattr(e, member) == value), None)
