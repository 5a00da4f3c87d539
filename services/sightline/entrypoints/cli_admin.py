"""``sightline admin``: desks and keys of a hub, running or not. A running hub takes changes in with the next request."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from sightline.entrypoints import folder
from sightline.entrypoints.cli_out import EXIT_CODES, AsJson, answered, lines, result, table
from sightline.formats.thumbprint import SLUG
from sightline.kernel.errors import Refused
from sightline.kernel.ids import DeskId, KeyId, agency_of
from sightline.kernel.values import Desk, SigningKey
from sightline.runtime.settings import Settings

app = typer.Typer(help="The hub's operators: agencies, desks, keys.", no_args_is_help=True, epilog=EXIT_CODES)
agency = typer.Typer(help="Agencies.", no_args_is_help=True)
desk = typer.Typer(help="Desks: the recipients.", no_args_is_help=True)
key = typer.Typer(help="Keys that desks sign with.", no_args_is_help=True)
app.add_typer(agency, name="agency")
app.add_typer(desk, name="desk")
app.add_typer(key, name="key")

Data = Annotated[Path | None, typer.Option(help="Folder of the hub (default: SIGHTLINE_DATA, or ./sightline-data).")]
DeskName = Annotated[str, typer.Argument(help="<agency>/<desk>, lower case, digits and hyphens.")]


@contextmanager
def hub_folder(data: Path | None, *, new: bool = False) -> Iterator[folder.Folder]:
    """The folder that was named, or the settings' folder or database. `new`: made a hub's first, if it is none yet."""
    settings = Settings(data=data) if data is not None else Settings()
    if new:
        folder.found(settings)
    with folder.opened_for(settings) as opened:
        yield opened


@agency.command("list")
@answered
def agency_list(data: Data = None, as_json: AsJson = False) -> None:
    """Agencies and how many desks each has."""
    with hub_folder(data) as hub:
        desks = hub.directory.desks()
    names = sorted({one.agency for one in desks})
    rows = [{"agency": name, "desks": sum(one.agency == name for one in desks)} for name in names]
    show_all("Agencies", ["agency", "desks"], rows, as_json=as_json)


@desk.command("add")
@answered
def desk_add(
    name: DeskName,
    sector: Annotated[str, typer.Option(help="V-60 code, e.g. police, mash, childrens_social_care, health.")],
    role: Annotated[list[str], typer.Option(help="A role of the desk; may be given several times.")],
    area: Annotated[list[str], typer.Option(help="V-62 code of an area its roles hold in; may be repeated.")],
    first_responder: Annotated[bool, typer.Option(help="It may refer to the NRM.")] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Admit a desk, and its agency with it if this is the first. Its keys come next: `admin key register`."""
    check_desk_name(name)
    made = Desk(
        id=DeskId(name),
        agency=agency_of(DeskId(name)),
        sector=sector,
        roles=frozenset(role),
        areas=frozenset(area),
        first_responder=first_responder,
    )
    with hub_folder(data, new=True) as hub:
        hub.admin.open_desk(made)
    show(_desk_row(made), as_json=as_json)


@desk.command("standing")
@answered
def desk_standing(
    name: DeskName,
    standing: Annotated[str, typer.Argument(help="good, suspended or withdrawn.")],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Suspend, withdraw or restore a desk. It reads nothing more at once; what it was shown is decided again."""
    with hub_folder(data) as hub:
        hub.admin.change_standing(DeskId(name), standing)
    show({"desk": name, "standing": standing}, as_json=as_json)


@desk.command("list")
@answered
def desk_list(data: Data = None, as_json: AsJson = False) -> None:
    """Every desk."""
    with hub_folder(data) as hub:
        rows = [_desk_row(one) for one in hub.directory.desks()]
    show_all("Desks", ["desk", "sector", "roles", "areas", "standing"], rows, as_json=as_json)


@key.command("register")
@answered
def key_register(
    request: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The desk's registration.jws.")],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Put a desk's key in force, for a year. First make sure, by another way, that the request is the desk's."""
    with hub_folder(data) as hub:
        made = hub.admin.register_key(request.read_bytes().strip())
    show(_key_row(made), as_json=as_json)


@key.command("revoke")
@answered
def key_revoke(kid: Annotated[str, typer.Argument(help="<agency>/<desk>#<thumbprint>")], data: Data = None) -> None:
    """Nothing signed with it is taken from now on."""
    with hub_folder(data) as hub:
        hub.admin.revoke_key(KeyId(kid))


@key.command("list")
@answered
def key_list(data: Data = None, as_json: AsJson = False) -> None:
    """Every key, revoked ones too."""
    with hub_folder(data) as hub:
        rows = [_key_row(one) for one in hub.directory.keys()]  # noqa: SIM118 - not a dict
    show_all("Keys", ["kid", "alg", "types", "valid_until", "revoked_at"], rows, as_json=as_json)


def check_desk_name(name: str) -> None:
    """Raises Refused ``unknown_desk`` for a name that no source can have."""
    if not re.fullmatch(f"{SLUG}/{SLUG}", name):
        raise Refused("unknown_desk", "a desk is named <agency>/<desk>, in lower case, digits and hyphens")


def show(row: Mapping[str, object], *, as_json: bool) -> None:
    """One result."""
    if as_json:
        result(row)
    else:
        lines((name, _cell(value)) for name, value in row.items())


def show_all(title: str, columns: Sequence[str], rows: Sequence[Mapping[str, object]], *, as_json: bool) -> None:
    """Several, whole as JSON or some of their members as a table."""
    if as_json:
        result(rows)
    else:
        table(title, columns, [[_cell(row[column]) for column in columns] for row in rows])


def _cell(value: object) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value))
    return "" if value is None else str(value)


def _desk_row(one: Desk) -> dict[str, object]:
    return {
        "desk": one.id,
        "sector": one.sector,
        "roles": sorted(one.roles),
        "areas": sorted(one.areas),
        "standing": one.standing,
        "first_responder": one.first_responder,
    }


def _key_row(one: SigningKey) -> dict[str, object]:
    return {
        "kid": one.kid,
        "alg": one.alg,
        "sources": list(one.sources),
        "types": list(one.types),
        "valid_from": one.valid_from.isoformat(timespec="seconds"),
        "valid_until": one.valid_until.isoformat(timespec="seconds"),
        "revoked_at": one.revoked_at.isoformat(timespec="seconds") if one.revoked_at else None,
    }
