"""``sightline admin area``: which published procedure each area follows, and what it says."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from sightline.adapters.clock import SystemClock
from sightline.entrypoints.cli_admin import Data, hub_folder, show, show_all
from sightline.entrypoints.cli_out import AsJson, answered
from sightline.formats.policy_digest import policy_data
from sightline.kernel.errors import Refused
from sightline.kernel.share import share
from sightline.ledger.directory import Directory
from sightline.protocol.calendar import local_date
from sightline.protocol.editions import edition_of

app = typer.Typer(help="Areas and the editions of the procedures that they follow.", no_args_is_help=True)

AreaName = Annotated[str, typer.Argument(help="V-62 code of an area, e.g. hampshire.")]


@app.command("choose")
@answered
def area_choose(
    area: AreaName,
    edition: Annotated[str, typer.Argument(help="V-62 code of an edition, e.g. 4lscb_2013.")],
    starts: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="From this day on (default: today).")
    ] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Let an area follow an edition from that day's first minute on, local time; what rests on it is decided again.

    A day that has passed means at once: nothing is decided anew as if it had been chosen then. The latest choice counts.
    """
    _check(area)
    day = starts.date() if starts else local_date(SystemClock().now())
    with hub_folder(data) as hub:
        choice = hub.admin.choose_edition(area, edition, day)
    show({"area": area, "edition": edition, "from": _text(choice.starts)}, as_json=as_json)


@app.command("list")
@answered
def area_list(data: Data = None, as_json: AsJson = False) -> None:
    """Every area with the edition in force, and the one that comes next."""
    with hub_folder(data) as hub:
        waiting = hub.admin.waiting()
        rows: list[dict[str, object]] = [
            {
                "area": area,
                "edition": _in_force(hub.directory, area),
                "chosen": hub.directory.edition(area) is not None,
                "next": waiting[area].edition if area in waiting else None,
                "from": _text(waiting[area].starts) if area in waiting else None,
            }
            for area in _editions()
        ]
    show_all("Areas", ["area", "edition", "chosen", "next", "from"], rows, as_json=as_json)


@app.command("show")
@answered
def area_show(area: AreaName, data: Data = None, as_json: AsJson = False) -> None:
    """What the edition in force says of every key, where it says it, and what is proposed because it says nothing (†)."""
    _check(area)
    with hub_folder(data) as hub:
        found = edition_of(_in_force(hub.directory, area), area)
    rows = [
        {
            "key": name,
            "rows": list(key.rows),
            "value": key.value,
            "source": key.source,
            "proposed": key.proposed,
            "note": key.note,
        }
        for name, key in found.keys.items()
    ]
    show_all(f"{area}: {found.title} ({found.dated})", ["key", "value", "source", "proposed"], rows, as_json=as_json)


def _editions() -> dict[str, str]:
    """Every area of this hub, and the edition that it follows until it chooses one."""
    return {area: row["edition"] for area, row in policy_data(share("policies"))["areas"].items()}


def _in_force(directory: Directory, area: str) -> str:
    return directory.edition(area) or _editions()[area]


def _check(area: str) -> None:
    if area not in _editions():
        raise Refused("unknown_area", "no area has this code; there are " + ", ".join(sorted(_editions())))


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")
