"""`sightline bench`: each row in a process of its own, the ratios between them, JSON or a table."""

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from sightline.entrypoints.bench.measure import say
from sightline.entrypoints.bench.report import report, table
from sightline.entrypoints.bench.rounds import Asked
from sightline.entrypoints.bench.rows import NEEDS, ON_DEMAND, ROWS
from sightline.kernel.errors import Refused

ALL = "all"
_MODULE = "sightline.entrypoints.bench"


def main(asked: Asked, *, rows: str = ALL, json_output: bool = True, data: Path | None = None) -> int:
    """Measure the rows and print them; 1 if one of those asked for failed. `data`: a folder to keep what they wrote.

    Where a load or days are asked for, the row "load" or "year" is the only one unless others are named as well.

    Raises Refused ``unknown_row``, ``folder_not_empty``.
    """
    alone = ["load"] * bool(asked.load_minutes or asked.backlog) + ["year"] * bool(asked.days)
    chosen = chosen_rows(",".join(alone) if rows == ALL and alone else rows)
    if data is not None:
        data.mkdir(parents=True, exist_ok=True)
        if any(data.iterdir()):
            raise Refused("folder_not_empty", "a hub that is measured must be a new one")
        measured = measure_rows(chosen, replace(asked, folder=data))
    else:
        with tempfile.TemporaryDirectory(prefix="sightline-bench-") as folder:
            measured = measure_rows(chosen, replace(asked, folder=Path(folder)))
    said = {"submissions": asked.submissions, "seed": asked.seed, "rows": list(chosen)}
    result = report(measured, asked=said, machine=_machine())
    sys.stdout.write((json.dumps(result, indent=2) if json_output else table(result)) + "\n")
    return int(any("failed" in row for row in measured.values()))


def chosen_rows(rows: str) -> tuple[str, ...]:
    """The names in ``a,b,c``, in the order in which they are measured. Raises Refused ``unknown_row``."""
    asked = set(ROWS) - ON_DEMAND if rows == ALL else set(rows.split(","))
    if asked - set(ROWS):
        raise Refused("unknown_row", f"rows are {', '.join(ROWS)}; not {', '.join(sorted(asked - set(ROWS)))}")
    return tuple(name for name in ROWS if name in asked)


def measure_rows(chosen: Sequence[str], asked: Asked) -> dict[str, dict[str, Any]]:
    """The figures of each row, and of rows that these need."""
    measured: dict[str, dict[str, Any]] = {}
    for name in chosen:
        for needed in [*NEEDS.get(name, ()), name]:
            if needed not in measured:
                measured[needed] = _measure(needed, asked, measured)
    return measured


def _measure(row: str, asked: Asked, measured: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    lost = [needed for needed in NEEDS.get(row, ()) if "failed" in measured[needed]]
    if lost:
        # What it would find is what the other had come to: a figure, but not of what was asked.
        return {"failed": f"it needs {lost[0]}, which failed"}
    return _in_a_process_of_its_own(row, asked)


def _in_a_process_of_its_own(row: str, asked: Asked) -> dict[str, Any]:
    say(f"{row}: begins")
    said = json.dumps(asdict(asked) | {"folder": str(asked.folder.resolve())})
    command = [sys.executable, "-m", _MODULE, row, said]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)  # noqa: S603  # no shell; this interpreter runs this package's own module
    if done.returncode:
        return {"failed": f"the process ended with {done.returncode}"}
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _machine() -> dict[str, Any]:
    return {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.system()}
