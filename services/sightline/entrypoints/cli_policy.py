"""``sightline policy``: what decides, and what decided before."""

import typer

from sightline.adapters.opa_wasm import WasmEngine
from sightline.entrypoints.cli_admin import Data, hub_folder, show, show_all
from sightline.entrypoints.cli_out import EXIT_CODES, AsJson, answered
from sightline.entrypoints.rules import texts_of_rules
from sightline.kernel.share import share
from sightline.ledger import kept_policies
from sightline.runtime import policies

policy = typer.Typer(help="The policy that decides.", no_args_is_help=True, epilog=EXIT_CODES)


@policy.callback()
def _policy() -> None:
    """The policy that decides."""


@policy.command()
@answered
def check(as_json: AsJson = False) -> None:
    """The digests of the policy and its engine; refused when the compiled data is not that of the sources."""
    folder = share("policies")
    engine = WasmEngine(folder)
    try:
        found = {"policy": engine.policy, "engine": engine.engine, "rules": sorted(texts_of_rules(folder))}
    finally:
        engine.close()
    show(found, as_json=as_json)


@policy.command()
@answered
def history(data: Data = None, as_json: AsJson = False) -> None:
    """Every policy and engine that was put in force, since when, and whether it is kept."""
    with hub_folder(data) as hub:
        found = policies.history(hub.ledger)
        kept = kept_policies.digests(hub.ledger.database)
    rows: list[dict[str, object]] = [
        {**one._asdict(), "since": one.since.isoformat(timespec="seconds"), "kept": one.policy in kept} for one in found
    ]
    show_all("Policies", ["since", "policy", "engine", "kept"], rows, as_json=as_json)
