"""The row "distributed": sealed submissions through Kafka, five workers, an OPA server and PostgreSQL, all on this machine.

First as fast as it goes, in rounds like the others; then at a steady rate, to see how long it takes from the moment at
which a submission was due on the broker until desks have its entry in their feeds' topics.
"""

from typing import Any

from sightline.adapters.clock import SystemClock
from sightline.entrypoints.bench import rounds
from sightline.entrypoints.bench.arrivals import READERS, percentiles
from sightline.entrypoints.bench.measure import say
from sightline.entrypoints.bench.overkafka import OverKafka, connected
from sightline.entrypoints.bench.report import NOT_MEASURED
from sightline.entrypoints.bench.rounds import Asked, Rounds
from sightline.entrypoints.bench.services import missing
from sightline.entrypoints.bench.steady import Prepared, timed
from sightline.entrypoints.bench.workload import Workload
from sightline.entrypoints.bench.works import Works, at_work

SAMPLE = 4_000
PER_S = 50
SECONDS = 30
LOOK_S = 0.5
"""How often memory is looked at."""


def measure(asked: Asked) -> dict[str, Any]:
    """The row; why there is none, where services are missing."""
    why = missing()
    if why:
        return {NOT_MEASURED: why}
    with at_work(asked.folder / "distributed", every_s=LOOK_S) as works:
        return through(works, asked)


def through(works: Works, asked: Asked) -> dict[str, Any]:
    """The row, through services and workers that are there; nothing else may be under way."""
    workload = rounds.a_workload(asked, SystemClock().now())
    with connected(works) as line:
        fast = _fast(works, line, workload, min(SAMPLE, asked.submissions))
        steady = _steady(works, line, workload, asked)
    return {**fast, "sample_of": asked.submissions, **steady, "peak_memory_mb": _together(works)}


def _fast(works: Works, line: OverKafka, workload: Workload, sample: int) -> dict[str, Any]:
    """In rounds, each sent at once."""
    sending = Rounds("distributed", line, works.keys, workload, line.prepare)
    before, busy = works.meter.cpu_s(), works.seconds()
    sending.run(sample)
    found, spent = rounds.counts(works.hub.ledger), sending.spent
    return {
        **sending.figures(),
        "decisions_per_s": spent.rate(found["decisions"]),
        "cpu_s": round(spent.cpu_s, 3),
        "cores_used": round(spent.cpu_s / spent.wall_s, 2) if spent.wall_s else 0.0,
        **found,
        "seconds_by_stage": {name: round(s - busy.get(name, 0.0), 3) for name, s in sorted(works.seconds().items())},
        "processes": works.meter.table(before),
    }


def _steady(works: Works, line: OverKafka, workload: Workload, asked: Asked) -> dict[str, Any]:
    """At the rate."""
    per_s = asked.per_s or PER_S
    prepared = Prepared(asked.folder / "distributed.bin", line, works.keys)
    prepared.make("distributed", workload, min(int(per_s * SECONDS), asked.submissions))
    say(f"distributed: {len(prepared.digests)} at {per_s}/s")
    run = timed(works, prepared, per_s)
    return {
        "steady_submissions": len(run.due),
        "accepted": run.accepted,
        "per_s": per_s,
        "desks_following": len(READERS),
        **percentiles(run.due, run.readable),
    }


def _together(works: Works) -> float:
    """What all processes but this one held at most, added up: they need not have done so at the same moment."""
    return round(sum(mb for name, mb in works.meter.peak_mb().items() if name != "bench"), 1)
