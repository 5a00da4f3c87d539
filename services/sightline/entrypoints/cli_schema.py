"""``sightline schema``: the forms that desks send and the hub decides about."""

import json
from typing import Annotated

import typer

from sightline.entrypoints import form_page
from sightline.entrypoints.cli_admin import show_all
from sightline.entrypoints.cli_out import EXIT_CODES, AsJson, answered, say, table
from sightline.formats.form_rows import COMMON
from sightline.formats.schema_tree import Document
from sightline.formats.schemas import Schemas
from sightline.kernel.errors import Corrupt, Refused

schema = typer.Typer(help="The forms that desks send.", no_args_is_help=True, epilog=EXIT_CODES)


@schema.command("list")
@answered
def schema_list(as_json: AsJson = False) -> None:
    """Every event type, what it is and who may send it; those of the hub's own cannot be sent."""
    show_all("Schemas", ["type", "title", "sent_by"], form_page.types(Schemas.load()), as_json=as_json)


@schema.command("show")
@answered
def schema_show(
    name: Annotated[str, typer.Argument(help="Event type, e.g. missing.reported.")],
    version: Annotated[int, typer.Argument()] = 1,
    as_json: AsJson = False,
) -> None:
    """The fields of one version of a type; with --json its JSON Schema."""
    known = Schemas.load()
    found = _found(known, name, version)
    if as_json:
        print(json.dumps(found, indent=1, ensure_ascii=False))
        return
    columns = ("field", "takes", "class", "row", "says")
    marked = [
        (f"{row.field} *" if row.required else row.field, *form_page.cells(row)[1:])
        for row in known.rows(name, version)
    ]
    table(f"{name}: {found['title']}", columns, marked)
    shared = ", ".join(member for member in COMMON if member in found["properties"])
    say(f"{found['description']}\n* mandatory. Shared members, as in docs/forms.md: {shared}.")


@schema.command("forms")
@answered
def schema_forms() -> None:
    """Every form, field by field, and every code list, as one page of Markdown; the same as docs/forms.md."""
    print(form_page.page(Schemas.load()), end="")


@schema.command("asyncapi")
@answered
def schema_asyncapi() -> None:
    """The AsyncAPI document of the topics on the broker; the same as docs/asyncapi.json."""
    # Here, so that the other commands need not wait for the broker's library to load.
    from sightline.entrypoints.workers.asyncapi import document  # noqa: PLC0415 - see above

    print(json.dumps(document(), indent=1, ensure_ascii=False))


def _found(known: Schemas, name: str, version: int) -> Document:
    try:
        return known.schema(name, version)
    except Corrupt:
        raise Refused("unknown_type", "no such type or version: sightline schema list") from None
