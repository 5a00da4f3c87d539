"""The hub's decider in a fault run: the hub's own, under the run's clock, with marks and kills."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn, cast

import msgspec

from sightline.decide.stage import Decide
from sightline.runtime import decide_process
from tests.faults.marks import Marks
from tests.faults.steps import PacedClock, Plan, Steps, Watched

_ROOT = Path(__file__).parents[2]
_CODE = f"import sys; sys.path.insert(0, {str(_ROOT)!r}); from tests.faults.decider import live; live(sys.argv[1])"


def command_for(plan: Plan) -> list[str]:
    """What starts the decider of that life. Not imported by name: then only what it needs is loaded."""
    return [sys.executable, "-c", _CODE, msgspec.json.encode(plan).decode()]


def live(plan: str) -> NoReturn:
    """Decide until told to stop, or killed."""
    line = decide_process.the_line()
    raise SystemExit(decide_process.run(_opened(msgspec.json.decode(plan, type=Plan)), line))


@contextmanager
def _opened(plan: Plan) -> Iterator[Decide]:
    steps = Steps(Marks(Path(plan.marks)), plan.kill)
    clock = PacedClock(plan.began, plan.pace)
    with decide_process.opened(Path(plan.folder), clock=clock, on_step=steps) as stage:
        yield cast("Decide", Watched(stage, "decide", steps))
