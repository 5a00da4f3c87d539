"""``sightline simulate``: what an area's agencies would send, as signed events, the same for the same seed."""

import contextlib
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, BinaryIO

import orjson
import typer

from sightline.entrypoints.cli_out import AsJson, answered, result, say, table


@answered
def simulate(
    area: Annotated[str, typer.Option(help="Code of the area, e.g. isle_of_wight.")],
    days: Annotated[int, typer.Option(min=1, max=1_830, help="How many days; more begin with the same.")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes, keys included.")],
    times: Annotated[float, typer.Option(min=0.01, max=1_000, help="How many times what the area would send.")] = 1.0,
    starts: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day (default: 2026-01-05).")
    ] = None,
    out: Annotated[str, typer.Option(help="A new file, or - for standard output.")] = "-",
    as_json: AsJson = False,
) -> None:
    """Signed events of all sectors, at the rate of a county by head; lines of JSON: a header with the desks, then events.

    Corrections and gradings name an item as the hub names it: they are not signed, but say which event they speak of.
    """
    # Here, so that the other commands need not wait for what makes the events.
    from sightline.entrypoints.simulate.lines import lines  # noqa: PLC0415 - see above
    from sightline.entrypoints.simulate.stream import STARTS, Asked  # noqa: PLC0415 - see above

    first = starts.replace(tzinfo=UTC) if starts else STARTS
    made = lines(Asked(area=area, days=days, seed=seed, times=times, starts=first))
    header = next(made)
    with _open(out) as file:
        counts = _write(file, header, made)
    _tell(counts, shown=out != "-", as_json=as_json)


@contextlib.contextmanager
def _open(out: str) -> Iterator[BinaryIO]:
    if out == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with Path(out).open("xb") as file:
        yield file


def _write(file: BinaryIO, header: bytes, made: Iterable[bytes]) -> Counter[str]:
    file.write(header + b"\n")
    counts: Counter[str] = Counter()
    for line in made:
        file.write(line + b"\n")
        counts[orjson.loads(line)["type"]] += 1
    return counts


def _tell(counts: Counter[str], *, shown: bool, as_json: bool) -> None:
    """How many of each type; where the events themselves are on standard output, on standard error in one line."""
    if not shown:
        say(f"{counts.total()} events")
    elif as_json:
        result({"events": counts.total(), "types": dict(sorted(counts.items()))})
    else:
        table(f"{counts.total()} events", ("type", "events"), counts.most_common())
