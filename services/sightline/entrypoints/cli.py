"""``sightline``: the hub, the partner's side, the auditor's side and the operators', on the command line."""

import importlib
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from sightline.entrypoints import (
    cli_admin,
    cli_admin_area,
    cli_agency,
    cli_audit,
    cli_clocks,
    cli_distributed,
    cli_match,
    cli_policy,
    cli_rebuild,
    cli_schema,
    cli_simulate,
    cli_stats,
    cli_worker,
)
from sightline.entrypoints.cli_out import EXIT_CODES, AsJson, answered, end, lines, result

app = typer.Typer(
    name="sightline",
    help="A disclosure hub: what agencies may see about children at risk, and proof of what they saw.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    # A rich trace prints the values of local variables: somebody's data.
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(cli_agency.app, name="agency")
app.add_typer(cli_audit.app, name="audit")
app.add_typer(cli_admin.app, name="admin")
app.add_typer(cli_policy.policy, name="policy")
cli_policy.policy.command("clocks")(cli_clocks.clocks)
app.add_typer(cli_schema.schema, name="schema")
app.command()(cli_worker.worker)
app.command()(cli_simulate.simulate)
app.command()(cli_stats.stats)
cli_admin.app.add_typer(cli_admin_area.app, name="area")
cli_admin.app.command("keys")(cli_distributed.keys)
cli_admin.app.command("retell")(cli_distributed.retell)
cli_admin.app.add_typer(cli_rebuild.app, name="rebuild")
cli_admin.app.add_typer(cli_match.app, name="match")


@app.command()
@answered
def serve(
    data: Annotated[Path | None, typer.Option(help="Folder of the hub: ledger, keys, register.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="0 takes a free one.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on. TLS is the proxy's in front of it.")] = None,
    origin: Annotated[str | None, typer.Option(help="Name of the register, for ever, when the folder is new.")] = None,
    as_json: AsJson = False,
) -> None:
    """Run the hub over HTTP, embedded, until SIGTERM or Ctrl-C; it then finishes what it took, seals and closes."""
    # Here, so that the other commands need not wait for a web framework to load.
    from sightline.entrypoints import cli_serve, folder  # noqa: PLC0415 - see above
    from sightline.runtime.settings import Settings  # noqa: PLC0415 - see above

    asked: dict[str, Any] = {"data": data, "port": port, "host": host, "origin": origin}
    settings = folder.settled(Settings(**{name: value for name, value in asked.items() if value is not None}))

    def announce(address: cli_serve.Address) -> None:
        if as_json:
            result(asdict(address))
        else:
            lines([("listening on", address.url), *list(asdict(address).items())[1:]])

    cli_serve.serve(settings, cli_serve.bind(settings.host, settings.port), announce)


@app.command()
@answered
def demo(
    walk: Annotated[bool, typer.Option("--walk", help="Only one report's way: stage, file, in and out.")] = False,
    keep: Annotated[Path | None, typer.Option(help="Keep the hub's folder here, to look into it afterwards.")] = None,
    services: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="Through the new services of this folder (infra/up)."),
    ] = None,
    days: Annotated[int, typer.Option(min=0, max=366, help="So many simulated days of an area, not the week.")] = 0,
    area: Annotated[str, typer.Option(help="Of --days: code of the area.")] = "isle_of_wight",
    as_json: AsJson = False,
) -> None:
    """A worked week in one area, end to end, with no network; ends 0 only if every check held."""
    run = importlib.import_module("sightline.entrypoints.demo.run")
    end(int(run.main(keep=keep, walk=walk, json_output=as_json, services=services, days=days, area=area)))


@app.command()
@answered
def bench(  # noqa: PLR0917 - each is an option of the command
    submissions: Annotated[int, typer.Option(min=1, help="How many are sent.")] = 20_000,
    rows: Annotated[str, typer.Option(help="Names of rows, with commas between, or all.")] = "all",
    as_table: Annotated[bool, typer.Option("--table", help="Print a table in place of JSON.")] = False,
    seed: Annotated[int, typer.Option(help="Of the workload: the same seed sends the same.")] = 1,
    data: Annotated[Path | None, typer.Option(help="Keep what was written in this folder.")] = None,
    rate: Annotated[
        float, typer.Option(min=0, help="A second, steadily, in distributed mode (default: 50; load 300).")
    ] = 0,
    load_minutes: Annotated[float, typer.Option(min=0, help="Only the row load: so long at that rate.")] = 0,
    backlog: Annotated[int, typer.Option(min=0, help="Only the row load: so many wait on the broker.")] = 0,
    days: Annotated[int, typer.Option(min=0, max=1_830, help="Only the row year: so many days of a county.")] = 0,
    times: Annotated[float, typer.Option(min=0.01, max=1_000, help="Row year: times what the county sends.")] = 1.0,
) -> None:
    """Measure: speed end to end, over HTTP, through services, and beside a floor and a naive way; prints JSON."""
    run = importlib.import_module("sightline.entrypoints.bench.run")
    asked = run.Asked(submissions, seed, per_s=rate, load_minutes=load_minutes, backlog=backlog, days=days, times=times)
    end(int(run.main(asked, rows=rows, json_output=not as_table, data=data)))
