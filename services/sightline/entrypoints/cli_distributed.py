"""``sightline admin keys`` and ``retell``: what the distributed mode asks of the hub's operators."""

from pathlib import Path
from typing import Annotated

import typer

from sightline.adapters.keyparts import hand_out
from sightline.entrypoints.cli_admin import Data, hub_folder, show
from sightline.entrypoints.cli_out import AsJson, answered
from sightline.runtime.outbox import retell as set_back
from sightline.runtime.settings import Settings


@answered
def keys(
    stage: Annotated[str, typer.Argument(help="serve, record, decide, seal or clock.")],
    out: Annotated[Path, typer.Argument(file_okay=False, help="A new folder; SIGHTLINE_KEYS_FOLDER of that stage.")],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Copy the hub's own keys that one stage needs, and no others, for the machine that runs it."""
    settings = Settings(data=data) if data is not None else Settings()
    names = hand_out(settings.keys, stage, out)
    show({"stage": stage, "folder": str(out), "keys": names}, as_json=as_json)


@answered
def retell(
    whose: Annotated[str, typer.Argument(help="A desk (its feed) or an agency (its receipts).")],
    start: Annotated[int, typer.Option("--from", min=1, help="Number of the first that is published again.")] = 1,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Have the relay publish again what a topic had: for one that was deleted and made again."""
    with hub_folder(data) as hub:
        topic = set_back(hub.ledger.database, whose, start - 1)
    show({"topic": topic, "from": start}, as_json=as_json)
