"""``sightline admin match``: the questions to the MASH whether two records are of one child."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from sightline.adapters.clock import SystemClock
from sightline.entrypoints.cli_admin import Data, hub_folder, show_all
from sightline.entrypoints.cli_out import EXIT_CODES, AsJson, answered
from sightline.record.queue import Question, unruled

app = typer.Typer(help="Records that may be of one child.", no_args_is_help=True, epilog=EXIT_CODES)

_HOUR = 3600


@app.callback()
def match() -> None:
    """Records that may be of one child. A ruling is a signed event of the MASH: `match.ruled`."""


@app.command("list")
@answered
def match_list(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Look at so many of the oldest pairs.")] = 1000,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """What nobody has ruled on, oldest first: two references, the area, how long it has waited."""
    with hub_folder(data) as hub, hub.ledger.database.reading() as session:
        questions = unruled(session, limit)
    now = SystemClock().now().astimezone(UTC)
    columns = ["first", "second", "area", "asked", "hours", "late"]
    show_all("Possible matches", columns, [_row(one, now) for one in questions], as_json=as_json)


def _row(one: Question, now: datetime) -> dict[str, object]:
    return {
        "first": one.first,
        "second": one.second,
        "area": one.area,
        "asked": one.asked.isoformat(timespec="seconds"),
        "hours": int((now - one.asked).total_seconds()) // _HOUR,
        "late": one.is_late,
    }
