"""``sightline admin rebuild``: folds and views made anew from the logs, while the hub serves."""

from dataclasses import asdict
from time import perf_counter
from typing import Annotated

import typer

from sightline.entrypoints import evidence
from sightline.entrypoints.cli_admin import Data, hub_folder
from sightline.entrypoints.cli_out import EXIT_CODES, FAIL, OK, AsJson, answered, end, lines, result, say, table
from sightline.entrypoints.folder import Folder
from sightline.ledger.comparing import Found
from sightline.ledger.rebuilding import OnProgress
from sightline.runtime.rebuild import Rebuilding

app = typer.Typer(
    help="Make anew from the logs what is folded from them, while the hub serves.",
    no_args_is_help=True,
    epilog=EXIT_CODES,
)

Check = Annotated[bool, typer.Option("--check", help="Only compare; exit code 1 where something differs.")]

_EVERY_S = 1.0
"""Between two lines of progress."""


@app.command()
@answered
def folds(check: Check = False, data: Data = None, as_json: AsJson = False) -> None:
    """What the decider knows of children, items and desks. Needs the hub's wrapping key."""
    with hub_folder(data) as hub, evidence.vault(hub) as vault:
        found = _of(hub).folds(vault, check=check)
    _show(found, check=check, as_json=as_json)


@app.command()
@answered
def views(check: Check = False, data: Data = None, as_json: AsJson = False) -> None:
    """What desks are told: feeds, clocks of recalls, notices. What they read is looked up in the register."""
    with hub_folder(data) as hub:
        found = _of(hub).views(check=check)
    _show(found, check=check, as_json=as_json)


def _of(hub: Folder) -> Rebuilding:
    hub.path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Rebuilding(ledger=hub.ledger, folder=hub.path, on_progress=_progress())


def _progress() -> OnProgress:
    """Says how far it has come, on standard error: each part once, and then once a second."""
    said = {"": 0.0}

    def on_progress(what: str, done: int, of: int) -> None:
        if what not in said or perf_counter() - said[what] >= _EVERY_S:
            said[what] = perf_counter()
            say(f"{what}: {done} of {of}")

    return on_progress


def _show(found: Found, *, check: bool, as_json: bool) -> None:
    said = {"at": found.at, "equal": found.is_equal, "mended": not check and not found.is_equal}
    if as_json:
        result(said | {"tables": {name: asdict(tally) for name, tally in found.tables.items()}})
    else:
        lines(said.items())
        columns = ("rows", "different", "missing", "extra", "kept")
        tallies = [(name, asdict(tally)) for name, tally in found.tables.items()]
        table("Tables", ["table", *columns], [[name, *(row[c] for c in columns)] for name, row in tallies])
    end(FAIL if check and not found.is_equal else OK)
