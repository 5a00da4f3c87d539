"""`sightline demo --days N`: simulated days of one area through an embedded hub, counted desk by desk.

Where the worked week tells one story whole, this shows the hub at the pace of an area: what came, what each desk was
shown of it and on what ground, what fell due; then anybody's check of the register, and every decision again.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from rich.table import Table

from sightline.adapters.clock import SetClock
from sightline.audit.verify import verify_folder
from sightline.entrypoints.demo import words
from sightline.entrypoints.demo.leaves import Leaf, Leaves
from sightline.entrypoints.demo.tables import grounds, plain
from sightline.entrypoints.demo.telling import Teller
from sightline.entrypoints.simulate.course import Planned
from sightline.entrypoints.simulate.desks import desks_of
from sightline.entrypoints.simulate.feeding import Feeding, Line
from sightline.entrypoints.simulate.stream import STARTS, Asked
from sightline.kernel.values import Desk
from sightline.record.stage import Answer
from sightline.runtime.embedded import embedded
from sightline.runtime.hub import Hub

AREA = "isle_of_wight"
SEED = 1
_RULES_SHOWN = 12


def run(folder: Path, teller: Teller, *, days: int, area: str = AREA) -> dict[str, Any]:
    """So many days; counts and the exit code, 0 if everything was accepted, verified and decided alike again.

    Raises Refused ``unknown_area``.
    """
    asked = Asked(area=area, days=days, seed=SEED)
    clock = SetClock(STARTS)
    with closing(embedded(folder / "hub", origin="sightline.example/demo", clock=clock)) as hub:
        teller.heading(f"Sightline: {_days(days)} of a simulated area ({area})")
        teller.say("Everybody is invented. Agencies send at the rate of such an area, and answer what their feeds ask.")
        feeding = Feeding([asked], Line(hub), reach=clock.set)
        feeding.admit()
        sent = list(feeding.run())
        teller.show(_sent(sent))
        leaves = Leaves(hub)
        leaves.take()
        _shown(hub, teller, desks_of(area).all(), leaves)
        return _checked(hub, teller, sent, leaves)


def _days(days: int) -> str:
    return "one day" if days == 1 else f"{days} days"


def _sent(sent: Iterable[tuple[Planned, Answer]]) -> Table:
    types: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    for one, answer in sent:
        types[one.type] += 1
        refused[one.type] += answer.outcome == "refused"
    table = plain("What was sent", ("Form", 0), ("Sent", 8), ("Refused", 8))
    for name, count in types.most_common():
        table.add_row(name, str(count), str(refused[name] or ""))
    return table


def _shown(hub: Hub, teller: Teller, desks: Sequence[Desk], leaves: Leaves) -> None:
    """What each desk can read of what it was considered for, and which rules opened it."""
    teller.show(_desks(hub, desks, list(leaves.decided.values())))
    teller.say(
        "Items: those for which the desk was considered. Whole: no class was withheld. Exists: it is told whom to ask."
    )
    teller.say("Kept: it is not even told that the item exists.")
    rules = Counter(rule for leaf in leaves.decided.values() if leaf.shown for rule in grounds(leaf))
    table = plain("Rules that most often opened something", ("Rule", 8), ("Decisions", 10), ("What it says", 0))
    for rule, count in rules.most_common(_RULES_SHOWN):
        table.add_row(rule, str(count), words.rules().get(rule, "a duty to tell; see policies/data/duties.json"))
    teller.show(table)


def _desks(hub: Hub, desks: Sequence[Desk], leaves: Sequence[Leaf]) -> Table:
    columns = (("Items", 6), ("Whole", 6), ("In part", 8), ("Exists", 7), ("Kept", 5), ("Alerts", 7))
    table = plain("What each desk may see now", ("Desk", 0), *columns)
    for desk in desks:
        states = Counter(_state(leaf) for leaf in leaves if leaf.body["desk"] == desk.id)
        alerts = sum(view.state == "disclosed" for view in hub.view.alerts(desk.id))
        counts = (states.total(), states["whole"], states["part"], states["exists"], states["kept"], alerts)
        table.add_row(desk.id, *(str(count or "") for count in counts))
    return table


def _state(leaf: Leaf) -> str:
    if leaf.shown:
        return "part" if leaf.withheld else "whole"
    return "kept" if leaf.body["told"] == "nothing" else "exists"


def _checked(hub: Hub, teller: Teller, sent: Sequence[tuple[Planned, Answer]], leaves: Leaves) -> dict[str, Any]:
    refused = sum(answer.outcome == "refused" for _, answer in sent)
    report, replay = verify_folder(hub.register_folder, vkey=hub.vkey), hub.replay()
    teller.gap()
    teller.say(f"{len(sent)} submissions, {refused} refused; {len(leaves.all)} leaves, {len(leaves.recalls)} recalls.")
    teller.say(f"audit verify, offline: {'FAIL' if report.exit_code else 'PASS'}")
    teller.say(f"audit replay: {replay.equal} of {replay.leaves} leaves equal; {len(replay.differences)} differences")
    return {
        "submissions": len(sent),
        "refused": refused,
        "leaves": len(leaves.all),
        "recalls": len(leaves.recalls),
        "verify": report.exit_code,
        "replay": {"leaves": replay.leaves, "equal": replay.equal, "differences": len(replay.differences)},
        "exit_code": int(bool(refused or report.exit_code or replay.exit_code)),
    }
