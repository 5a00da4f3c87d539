"""``sightline policy``: what decides."""

import typer

from sightline.adapters.opa_wasm import WasmEngine
from sightline.entrypoints.cli_admin import show
from sightline.entrypoints.cli_out import EXIT_CODES, AsJson, answered
from sightline.entrypoints.rules import texts_of_rules
from sightline.kernel.share import share

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
