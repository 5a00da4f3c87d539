"""The row "load": a steady rate for minutes, then a backlog: does it keep up, and does what it holds stay as it is?

Not one of the rows that `all` means: it takes as long as it is asked to, and first signs and seals everything.
"""

import time
from typing import Any

from sightline.adapters.clock import SystemClock
from sightline.entrypoints.bench import rounds
from sightline.entrypoints.bench.arrivals import READERS, percentiles
from sightline.entrypoints.bench.measure import say
from sightline.entrypoints.bench.overkafka import connected
from sightline.entrypoints.bench.processes import by_minute
from sightline.entrypoints.bench.report import NOT_MEASURED
from sightline.entrypoints.bench.rounds import Asked, Rounds
from sightline.entrypoints.bench.services import missing
from sightline.entrypoints.bench.steady import Prepared, Timed, timed
from sightline.entrypoints.bench.workload import Workload
from sightline.entrypoints.bench.works import Works, at_work

PER_S = 300
WARM_UP = 1_000
LOOK_S = 2.0
"""How often memory is looked at."""


def measure(asked: Asked) -> dict[str, Any]:
    """The row; why there is none, where services are missing or nothing was asked for."""
    asks = asked.load_minutes or asked.backlog
    why = missing() or ("" if asks else "--load-minutes and --backlog say how much")
    if why:
        return {NOT_MEASURED: why}
    with at_work(asked.folder / "load", every_s=LOOK_S) as works:
        return through(works, asked)


def through(works: Works, asked: Asked) -> dict[str, Any]:
    """The row, through services and workers that are there; nothing else may be under way."""
    per_s = asked.per_s or PER_S
    count = int(asked.load_minutes * 60 * per_s)
    workload = Workload(seed=asked.seed, submissions=WARM_UP + count + asked.backlog, now=SystemClock().now())
    with connected(works) as line:
        Rounds("load, warming up", line, works.keys, workload, line.prepare).run(min(WARM_UP, count + asked.backlog))
        steady = Prepared(asked.folder / "steady.bin", line, works.keys)
        steady.make("load, steady", workload, count)
        backlog = Prepared(asked.folder / "backlog.bin", line, works.keys)
        backlog.make("load, backlog", workload, asked.backlog)
        before = works.meter.cpu_s()
        figures = _steady(works, steady, per_s) if count else {}
        figures |= _drained(works, backlog) if asked.backlog else {}
    return {**figures, "processes": works.meter.table(before), **rounds.counts(works.hub.ledger)}


def _steady(works: Works, prepared: Prepared, per_s: float) -> dict[str, Any]:
    """Minutes at that rate."""
    say(f"load: {len(prepared.digests)} at {per_s}/s")
    run = timed(works, prepared, per_s)
    return {
        "submissions": len(run.due),
        "accepted": run.accepted,
        "per_s": per_s,
        "desks_following": len(READERS),
        "behind_s": round(run.settled - run.due[-1], 2),
        **percentiles(run.due, run.readable),
        "minutes": _minutes(works, run),
    }


def _minutes(works: Works, run: Timed) -> list[dict[str, Any]]:
    """Of each minute: how long what was due in it took, and the most that each process held."""
    start, found = run.due[0], []
    for number, held in enumerate(by_minute(works.meter.samples, start)):
        those = [n for n, due in enumerate(run.due) if int((due - start) // 60) == number]
        took = percentiles([run.due[n] for n in those], [run.readable[n] for n in those])
        found.append({"submissions": len(those), "p50_ms": took["p50_ms"], "p99_ms": took["p99_ms"], "memory_mb": held})
    return found


def _drained(works: Works, prepared: Prepared) -> dict[str, Any]:
    """How long a backlog on the broker takes, from the moment at which somebody begins to read it."""
    works.stop("record")
    begun = works.receipts()
    say(f"load: a backlog of {len(prepared.digests)}")
    prepared.send(0)
    start = time.perf_counter()
    works.start("record")
    works.wait_until(lambda: works.receipts() >= begun + len(prepared.digests))
    works.wait_until(works.is_settled)
    took = time.perf_counter() - start
    return {
        "backlog": len(prepared.digests),
        "drained_s": round(took, 2),
        "drained_per_s": round(len(prepared.digests) / took, 1),
        "drained_minutes": by_minute(works.meter.samples, start),
    }
