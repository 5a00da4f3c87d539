"""``sightline stats``: the monitoring and quality counts of catalogue section 9, by area and period."""

import csv
import sys
from datetime import date, datetime
from typing import Annotated

import typer

from sightline.entrypoints.cli_admin import Data, hub_folder
from sightline.entrypoints.cli_out import AsJson, answered, result, say, table
from sightline.entrypoints.statistics import COLUMNS, statistics
from sightline.kernel.errors import Refused
from sightline.ledger.counting import Period
from sightline.runtime.settings import Settings


@answered
def stats(
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First day, local.")],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day, local; it is included.")],
    area: Annotated[str, typer.Option(help="V-62 code of one area; all if not given, each by itself.")] = "",
    threshold: Annotated[
        int | None, typer.Option(min=1, help="Hold back numbers below it; not lower than SIGHTLINE_SMALL_NUMBER.")
    ] = None,
    data: Data = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    as_json: AsJson = False,
) -> None:
    """Counts for the board: referrals, meetings, episodes, clocks kept, decisions. Small numbers are held back.

    Needs the hub's keys, since some counts are of what forms say. Names no child.
    """
    settings = Settings()
    period = _period(first.date(), last.date())
    below = _threshold(threshold, settings.small_number)
    with hub_folder(data) as hub:
        lines = statistics(hub, period, area, below)
    if as_json:
        named = {"from": str(period.first), "to": str(period.last), "threshold": below}
        result(named | {"counts": lines})
        return
    rows = [[_cell(line[column]) for column in COLUMNS] for line in lines]
    if as_csv:
        _print_csv([[str(period.first), str(period.last), *row] for row in rows])
        return
    table(f"Counts from {period.first} to {period.last}", COLUMNS, rows)
    say(f"Numbers below {below}, and what would give them away, are held back (Q-24).")


def _period(first: date, last: date) -> Period:
    if last < first:
        raise Refused("request_invalid", "--to is before --from")
    return Period(first, last)


def _threshold(asked: int | None, least: int) -> int:
    if asked is not None and asked < least:
        raise Refused("request_invalid", f"--threshold is lower than SIGHTLINE_SMALL_NUMBER ({least})")
    return asked if asked is not None else least


def _print_csv(rows: list[list[str]]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["from", "to", *COLUMNS])
    writer.writerows(rows)
    sys.stdout.flush()


def _cell(value: object) -> str:
    return "" if value is None else str(value)
