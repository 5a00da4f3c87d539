"""``sightline policy`` and ``sightline schema``: what decides, and the forms that are decided about."""

import json
from typing import Annotated

import typer

from sightline.adapters.opa_wasm import WasmEngine
from sightline.entrypoints.cli_admin import show, show_all
from sightline.entrypoints.cli_out import EXIT_CODES, AsJson, answered
from sightline.entrypoints.rules import texts_of_rules
from sightline.formats.schemas import Schemas
from sightline.kernel.errors import Corrupt, Refused
from sightline.kernel.share import share

policy = typer.Typer(help="The policy that decides.", no_args_is_help=True, epilog=EXIT_CODES)
schema = typer.Typer(help="The forms that desks send.", no_args_is_help=True, epilog=EXIT_CODES)


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


@schema.command("list")
@answered
def schema_list(as_json: AsJson = False) -> None:
    """Every event type; those of the hub's own cannot be sent."""
    known = Schemas.load()
    rows = [{"type": name, "sent_by": "the hub" if known.is_hub_type(name) else "desks"} for name in known.types()]
    show_all("Schemas", ["type", "sent_by"], rows, as_json=as_json)


@schema.command("show")
@answered
def schema_show(
    name: Annotated[str, typer.Argument(help="Event type, e.g. missing.reported.")],
    version: Annotated[int, typer.Argument()] = 1,
) -> None:
    """The JSON Schema of one version of a type."""
    try:
        found = Schemas.load().schema(name, version)
    except Corrupt:
        raise Refused("unknown_type", "no such type or version: sightline schema list") from None
    print(json.dumps(found, indent=1, ensure_ascii=False))


@schema.command("asyncapi")
@answered
def schema_asyncapi() -> None:
    """The AsyncAPI document of the topics on the broker; the same as docs/asyncapi.json."""
    # Here, so that the other commands need not wait for the broker's library to load.
    from sightline.entrypoints.workers.asyncapi import document  # noqa: PLC0415 - see above

    print(json.dumps(document(), indent=1, ensure_ascii=False))
