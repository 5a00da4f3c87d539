"""`sightline demo`: the week, what each desk sees, what was checked. Ends 0 only if every promise was checked and held."""

import json
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from sightline.adapters.clock import SetClock
from sightline.audit.replay import Replay
from sightline.entrypoints.demo import alerts, audit, checks, feeds, recalls, sight, simulated, tables, words
from sightline.entrypoints.demo.audit import Audited
from sightline.entrypoints.demo.cast import CAST, enrol
from sightline.entrypoints.demo.line import InOne, Line
from sightline.entrypoints.demo.story import Told, tell
from sightline.entrypoints.demo.tally import Tally
from sightline.entrypoints.demo.telling import Teller, console_for
from sightline.entrypoints.demo.walk import walk_through
from sightline.entrypoints.demo.week import StoryStopped, Week
from sightline.kernel.errors import SightlineError
from sightline.kernel.ports import Clock
from sightline.runtime.embedded import embedded
from sightline.runtime.hub import Hub
from sightline.view.reading import ItemView

ORIGIN = "sightline.example/demo"
START = datetime(2026, 11, 16, 7, 0, tzinfo=UTC)
HELD, BROKEN, UNUSABLE = 0, 1, 2

Views = dict[str, list[ItemView]]


class OpenHub(Protocol):
    """How a hub is opened: `embedded`, or a test's own way, to see that a broken hub is noticed."""

    def __call__(self, folder: Path, *, origin: str, clock: Clock | None = None) -> Hub:
        """The hub of that folder."""


def main(
    keep: Path | None = None,
    walk: bool = False,
    json_output: bool = False,
    services: Path | None = None,
    days: int = 0,
    area: str = simulated.AREA,
) -> int:
    """Run the demo in `keep` (which must be new or empty) or in a folder that is gone afterwards; the exit code.

    `walk` sends one sample report instead and shows each stage. `json_output` prints one JSON object and nothing else.
    `services`: a folder in which `infra/up` started Kafka, OPA and PostgreSQL; the week then goes through them. `days`: so
    many simulated days of that area in place of the week.
    """
    console = console_for(quiet=json_output)
    if keep is not None and keep.exists() and any(keep.iterdir()):
        sys.stderr.write(f"{keep} is not empty: give a folder that is new\n")
        return UNUSABLE
    with nullcontext(str(keep)) if keep else tempfile.TemporaryDirectory(prefix="sightline-demo-") as folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        if walk:
            return walk_through(Path(folder), Teller(console), as_json=json_output)
        teller = Teller(console)
        if days:
            found = simulated.run(Path(folder), teller, days=days, area=area)
        else:
            found = run_at_work(Path(folder), teller, services) if services else run(Path(folder), teller)
    if keep is not None:
        copies = "" if days else ", copy/ and tampered/ (registers)"
        console.print(f"\n  Everything is in {keep}: hub/ (ledger, keys, register){copies}.")
    if json_output:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
    return int(found["exit_code"])


def run(folder: Path, teller: Teller, *, open_hub: OpenHub = embedded) -> dict[str, Any]:
    """The whole demo in that folder, in this process; counts, findings and the exit code."""
    clock = SetClock(START)

    def opened() -> Hub:
        return open_hub(folder / "hub", origin=ORIGIN, clock=clock)

    return _played(folder, teller, lambda: InOne(folder / "hub", opened, clock))


def run_at_work(folder: Path, teller: Teller, services: Path) -> dict[str, Any]:
    """The same through those services, by workers and partners; counts, findings and the exit code."""
    # Here, so that the embedded demo needs no broker's library.
    from sightline.entrypoints.demo import at_work  # noqa: PLC0415 - see above

    def opened() -> Line:
        return at_work.opened(folder, services, origin=ORIGIN, clock=SetClock(START))

    with at_work.ended_by_sigterm():
        return _played(folder, teller, opened)


def _played(folder: Path, teller: Teller, opened: Callable[[], Line]) -> dict[str, Any]:
    tally = Tally()
    found: dict[str, Any] = {}
    try:
        with closing(opened()) as line:
            _opening(teller, line)
            found = _week(line, folder, teller, tally)
    except (SightlineError, StoryStopped) as stopped:
        tally.fail(f"the story stopped: {stopped}")
    return _verdict(teller, tally, found)


def _week(line: Line, folder: Path, teller: Teller, tally: Tally) -> dict[str, Any]:
    keys = enrol(line.hub)
    line.begin(keys)
    week = Week(line=line, keys=keys, tell=teller, tally=tally)
    teller.heading("The week")
    told = tell(week, lambda: _desks(week, _views(week.hub)))
    week.rest()
    _consequences(week, told)
    replay, audited = _audit(week, folder, told)
    more = line.evidence(teller, tally)
    checks.receipts_after_restart(week)
    return {
        "submissions": len(week.sent),
        "leaves": len(week.leaves.all),
        "verify": {"true_copy": audited.report.exit_code, "tampered_copy": audited.tampered.exit_code},
        "replay": {"leaves": replay.leaves, "equal": replay.equal, "differences": len(replay.differences)},
        **more,
    }


def _opening(teller: Teller, line: Line) -> None:
    teller.heading("Sightline: a worked week in Hampshire and Southampton")
    line.introduce(teller)
    teller.say(
        "Everybody is invented. Each desk signs what it sends; the hub decides, for every item and every desk, what may"
        " be seen, and records each decision, shown or withheld, before anybody can read anything."
    )
    teller.show(tables.cast())
    teller.say(
        "CPI: community partnership information, the form on which partners tell police intelligence what is not urgent."
        " 3x5x2: how police grade it, by source, by information and by how it may be handled."
        " D-, N- and H- numbers are rules: D and N come from the published procedures, H from the hub itself."
        " An item is withheld class by class (whereabouts, health, who told us ...), not as a whole."
    )


def _views(hub: Hub) -> Views:
    return {actor.id: hub.view.items(actor.id) for actor in CAST}


def _desks(week: Week, views: Views) -> None:
    """What desks see on Saturday afternoon; what they see at the end is checked too."""
    sight.shown_as_decided(week, views)
    week.tell.heading("What each desk sees on Saturday afternoon")
    week.tell.say(
        "The two columns on the right are the auditor's: they say why. A desk itself learns of what it does not see only"
        " as much as its decision allows. Items are named by type and time, so that no name slips into a heading."
    )
    for actor in CAST:
        week.tell.show(tables.sight(actor, views[actor.id], week.leaves, week.titles))
        for line in tables.beside(actor, views[actor.id], week.leaves, week.titles):
            week.tell.say(line)
        for line in tables.rules_of(actor, views[actor.id], week.leaves):
            week.tell.say(line, indent=4)
    bases = sorted({code for leaf in week.leaves.all for code in leaf.body.get("basis", ())})
    week.tell.gap()
    week.tell.say("Legal bases: " + "; ".join(f"{words.basis(c)}: {words.citations()[c]}" for c in bases) + ".")
    week.tell.heading("The week goes on: consent is taken back")


def _consequences(week: Week, told: Told) -> None:
    week.tell.heading("What was taken back, what was refused, what was due")
    week.tell.show(
        tables.standing(recalls.standing(week, told)),
        tables.recalls(recalls.answers(week), week.titles),
        tables.refused(week.turned, checks.refusals(week, told)),
        tables.alerts(alerts.rows(week)),
    )


def _audit(week: Week, folder: Path, told: Told) -> tuple[Replay, Audited]:
    week.tell.heading("Audit")
    views = _views(week.hub)
    for check in (checks.receipts, checks.explanations, recalls.exact, feeds.whole):
        check(week)
    checks.signatures(week)
    checks.unknowns(week, told)
    sight.shown_as_decided(week, views)
    recalls.withdrawal(week, told)
    feeds.proven(week, views)
    replay = week.hub.replay()
    checks.replayed(week, replay)
    audited = audit.verified(week, folder, week.remembered)
    _say_audit(week, replay, audited)
    return replay, audited


def _say_audit(week: Week, replay: Replay, audited: Audited) -> None:
    say, passed = week.tell.say, not audited.report.exit_code
    say(f"audit verify, offline, on a copy of the register: {'PASS' if passed else 'FAIL'}")
    for level, meaning in audit.LEVEL.items():
        say(f"L{level}  {meaning}: {'checked' if level in audited.report.ran else 'NOT CHECKED'}", indent=4)
    noticed = "FAIL, as it must" if audited.tampered.exit_code else "PASS, which it must not"
    say(f"audit verify, on a copy in which one bit was changed: {noticed}")
    say(
        f"audit replay: {replay.entries} ledger entries decided again from nothing: {replay.equal} of"
        f" {len(week.leaves.all)} leaves equal, byte for byte; {len(replay.differences)} differences"
    )


def _verdict(teller: Teller, tally: Tally, found: dict[str, Any]) -> dict[str, Any]:
    teller.heading("Promises")
    teller.show(tables.promises(tally))
    teller.say("P9 (erasure keeps the proof), P11 (no side channel) and the rest of P12 are not part of this week.")
    for failure in tally.failures:
        teller.say(f"Not so: {failure}")
    teller.gap()
    teller.say("Every promise was checked, and held." if tally.all_held else "NOT every promise held.")
    return {
        **found,
        "promises": {name: {"checks": c.checks, "held": c.held} for name, c in tally.counts.items()},
        "failures": tally.failures,
        "exit_code": HELD if tally.all_held else BROKEN,
    }
