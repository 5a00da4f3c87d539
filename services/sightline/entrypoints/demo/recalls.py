"""P8: who had to let go of what. Checked over the whole register, and against what the story did."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sightline.entrypoints.demo import words
from sightline.entrypoints.demo.cast import BUREAU, CHARITY, HAMPSHIRE, HEALTH, MASH, MISSING, SCHOOL, called
from sightline.entrypoints.demo.checks import entries
from sightline.entrypoints.demo.leaves import Leaf, Pair
from sightline.entrypoints.demo.story import Told
from sightline.entrypoints.demo.tables import grounds
from sightline.entrypoints.demo.week import Week
from sightline.kernel.errors import Refused
from sightline.kernel.ids import DeskId

_ORDER = ("recalled", "stands", "no change")
_TOLD = ("nothing", "exists", "classes")


def exact(week: Week) -> None:
    """Whoever lost sight of something was recalled; and nobody was recalled who did not."""
    due, given = set(_due(week)), {(r.body["cause"], *r.pair) for r in week.leaves.recalls.values()}
    for one in sorted(due | given):
        week.tally.check("P8", one in due and one in given, "a recall is missing, or was made for no reason")
    for recall in week.leaves.recalls.values():
        of = week.leaves.of(recall.body["of"])
        week.tally.check(
            "P8", of.pair == recall.pair and bool(of.shown), "a recall names a decision that it cannot take back"
        )


def withdrawal(week: Week, told: Told) -> None:
    """Consent withdrawn: one item recalled from all who saw it, one from those without a duty, one stands."""
    when = int(told.withdrawal.at.timestamp())
    by_consent = {CHARITY.id, SCHOOL.id, HEALTH.id, MASH.id}
    check = week.tally.check
    last, first = told.findings.items[0], told.earlier.items[0]
    recalled = {r.pair for r in week.leaves.recalls.values() if r.body["ts"] == when}
    check("P8", told.before == by_consent, "the findings had been seen by other desks than they were sent to")
    check("P8", {d for d, ref in recalled if ref == last} == told.before, "recalled from others than had seen it")
    check("P8", {d for d, ref in recalled if ref == first} == by_consent, "recalled from others than saw it on consent")
    check("P8", {ref for _, ref in recalled} == {last, first}, "something was recalled that does not rest on consent")
    for desk in sorted(by_consent):
        for ref in (last, first):
            check("P8", _is_gone(week, desk, ref), f"{called(desk)} can still read what it had to let go")
    for ref, desk, rule in (
        (told.message.items[0], MISSING.id, "D-33"), (told.message.items[0], BUREAU.id, "D-33"),
        (first, MISSING.id, "D-33"), (told.alert_form.items[0], HAMPSHIRE.id, "N-21"),
    ):  # fmt: skip
        check("P8", _stands(week, desk, ref, rule), f"what {called(desk)} sees by duty did not stand")


def answers(week: Week) -> list[tuple[Leaf, str]]:
    """Each recall with what became of it; a clock ran for each, and struck for those that were late."""
    answered = {e.recall: e for e in entries(week.hub) if type(e).__name__ == "RecallAnswered"}
    overdue = {e.alert["circumstance"] for e in entries(week.hub) if getattr(e, "type", "") == "alert.recall_overdue"}
    rows, now = [], week.clock.now()
    for name, recall in week.leaves.recalls.items():
        due = _clock(week, name)
        answer = answered.get(name)
        late = due is not None and (answer.timestamp if answer else now) > due
        week.tally.check("P8", due is not None, "no clock runs for a recall")
        week.tally.check("P8", late == (name in overdue), "a late answer raised no alert, or one in time did")
        rows.append((recall, _said(answer, due, late=late)))
    return rows


def standing(week: Week, told: Told) -> Iterator[tuple[str, str, str, str, str]]:
    """For each item that matters: which desks had seen it on what ground, and what became of that."""
    when = int(told.withdrawal.at.timestamp())
    recalled = {r.pair for r in week.leaves.recalls.values() if r.body["ts"] == when}
    for sent in (told.findings, told.earlier, told.message, told.alert_form):
        ref, groups = sent.items[0], dict[tuple[str, str, str], list[str]]()
        for leaf in week.leaves.about(ref):
            before = _last_before(week, leaf.pair, when)
            groups.setdefault(_fate(leaf, before, gone=leaf.pair in recalled), []).append(called(leaf.pair[0]))
        for fate, desks in sorted(groups.items(), key=lambda group: _ORDER.index(group[0][1])):
            yield week.titles[ref], ", ".join(desks), *fate


def _fate(leaf: Leaf, before: Leaf, *, gone: bool) -> tuple[str, str, str]:
    by = f"{' '.join(grounds(before))} ({words.footing(grounds(before))})" if before.shown else "-"
    if gone:
        return by, "recalled", "Consent was the only ground on which it had been shown."
    if leaf.shown:
        first = max(grounds(leaf), key=lambda rule: (rule in words.DUTIES, rule not in {"D-34", "D-40"}))
        return by, "stands", words.rules()[first]
    what = "Knows only that it exists." if leaf.body["told"] == "exists" else "Was shown and told nothing."
    return by, "no change", what


def _due(week: Week) -> Iterator[tuple[int, str, str]]:
    """Every loss of sight, and every correction of what a desk had been shown, as the register has it."""
    before: dict[Pair, Leaf] = {}
    corrections = {int(s.at.timestamp()): s for s in week.sent if s.type == "item.corrected"}
    for leaf in week.leaves.all:
        last = before.get(leaf.pair)
        if leaf.typ == "decision":
            if last is not None and _less(last, leaf):
                yield leaf.body["cause"], *leaf.pair
            before[leaf.pair] = leaf
        elif leaf.typ == "recall" and leaf.body["kind"] == "corrected":
            sent = corrections.get(leaf.body["ts"])
            if sent and sent.data["item"] == leaf.ref and sent.actor.id != leaf.pair[0] and last and last.shown:
                yield leaf.body["cause"], *leaf.pair


def _less(last: Leaf, leaf: Leaf) -> bool:
    told = [_TOLD.index(x.body["told"]) for x in (last, leaf)]
    return not last.shown <= leaf.shown or told[1] < told[0]


def _last_before(week: Week, pair: Pair, when: int) -> Leaf:
    earlier: Sequence[Leaf] = [
        x for x in week.leaves.all if x.typ == "decision" and x.pair == pair and x.body["ts"] < when
    ]
    return earlier[-1] if earlier else week.leaves.decided[pair]


def _is_gone(week: Week, desk: str, ref: str) -> bool:
    try:
        view = week.hub.view.item(DeskId(desk), ref)
    except Refused:
        return False
    return view.state == "recalled" and bool(view.recall) and not view.body


def _stands(week: Week, desk: str, ref: str, rule: str) -> bool:
    view = week.hub.view.item(DeskId(desk), ref)
    return view.state == "disclosed" and not view.recall and rule in week.leaves.decided[desk, ref].body["rules"]


def _clock(week: Week, recall: str) -> datetime | None:
    with week.hub.database.reading() as session:
        rows = session.execute("SELECT due FROM clocks WHERE kind = 'recall_answer' AND ref = ?", (recall,))
    return datetime.fromtimestamp(int(rows[0][0]), UTC) if rows else None


def _said(answer: Any, due: datetime | None, *, late: bool) -> str:
    if answer is None:
        return f"awaited until {due:%a} {due.day} {due:%b %H:%M}" if due else "no clock"
    return f"{words.ANSWERS[answer.answer]}, {answer.timestamp:%a %H:%M}" + (" (late)" if late else "")
