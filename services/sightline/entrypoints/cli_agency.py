"""``sightline agency``: what a partner runs, against a hub over HTTP or a broker, from one folder of its own."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from sightline.adapters.clock import SystemClock
from sightline.agency.check import Finding, check_feed, check_receipts, check_register, exit_code
from sightline.agency.client import HubClient, HubKeys, read_hub_keys
from sightline.agency.follow import load_cursor, write_whole
from sightline.agency.keys import generate, make_registration, save_key
from sightline.agency.sign import new_id, sign_event
from sightline.entrypoints.cli_admin import check_desk_name, show, show_all
from sightline.entrypoints.cli_agency_follow import follow_broker, follow_hub
from sightline.entrypoints.cli_agency_kafka import (
    CaOption,
    CertificateOption,
    KafkaOption,
    KeyOption,
    Named,
    PasswordOption,
    UserOption,
    access_of,
)
from sightline.entrypoints.cli_agency_submit import exit_code_of, send, send_by_broker
from sightline.entrypoints.cli_out import (
    EXIT_CODES,
    FAIL,
    WAITING,
    AsJson,
    answered,
    end,
    lines,
    result,
    say,
    table,
    working,
)
from sightline.entrypoints.desk_folder import DeskFolder, DeskSettings
from sightline.formats import strict_json
from sightline.formats.event import read_time
from sightline.formats.jwk import public_jwk
from sightline.kernel.errors import Refused
from sightline.kernel.ids import DeskId

app = typer.Typer(help="A partner's side.", no_args_is_help=True, epilog=EXIT_CODES)

RESPONSE = "missing_or_safeguarding_response"
FolderArg = Annotated[Path, typer.Argument(help="The desk's own folder.")]
HubOption = Annotated[str, typer.Option(help="Address of the hub, if not the one given to `init`.")]
HubKeysOption = Annotated[Path | None, typer.Option(help="With --kafka: the hub's keys as GET /v1/keys gives them.")]

_BROKEN = frozenset({"feed_gap", "feed_fork", "feed_rolled_back", "feed_foreign", "feed_malformed", "bad_signature"})
"""What makes a feed not whole, or not the hub's: exit code 1."""


@app.command()
@answered
def init(  # noqa: PLR0917 - each is an option of the command
    folder: FolderArg,
    desk: Annotated[str, typer.Option(help="<agency>/<desk>.")],
    hub: Annotated[str, typer.Option(help="Address of the hub.")] = "http://127.0.0.1:8080",
    system: Annotated[list[str], typer.Option(help="Names of the systems that send.")] = ["records"],  # noqa: B006 - typer copies it
    type: Annotated[list[str], typer.Option(help="Event types it will sign; * for all that its roles may.")] = ["*"],  # noqa: B006 - typer copies it
    alg: Annotated[str, typer.Option(help="Ed25519, EdDSA or ES256.")] = "Ed25519",
    area: Annotated[str, typer.Option(help="V-62 code: the area that its events are about.")] = "hampshire",
    purpose: Annotated[str, typer.Option(help="V-47 code: what it reads and sends for.")] = RESPONSE,
    actor: Annotated[str, typer.Option(help="<opaque staff reference>:<role>.")] = "system:records",
    as_json: AsJson = False,
) -> None:
    """Make a key and the request to register it. Take registration.jws to the hub's operator by a way they trust."""
    check_desk_name(desk)
    sources = tuple(f"/agencies/{desk}/{name}" for name in system)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if (folder / "key.jwk").exists():
        raise Refused("key_exists", "the folder has a key already")
    key = generate(DeskId(desk), alg)
    registration = make_registration(key, sources=sources, types=type, now=SystemClock().now())
    save_key(folder / "key.jwk", key)
    settings = DeskSettings(
        desk=desk, sources=sources, types=tuple(type), hub=hub, area=area, purpose=purpose, actor=actor
    )
    DeskFolder(folder).begin(settings, registration)
    show({"desk": desk, "kid": key.kid, "registration": str(folder / "registration.jws")}, as_json=as_json)


@app.command()
@answered
def keys(folder: FolderArg, hub: HubOption = "", as_json: AsJson = False) -> None:
    """The desk's public key, and the hub's keys as kept at the first contact; asks the hub only if it is named."""
    own = DeskFolder(folder)
    key = own.key
    found: dict[str, Any] = {"kid": key.kid, "alg": key.alg, "jwk": public_jwk(key.public)}
    if hub:
        with connected(own, hub) as (_, known):
            found |= {"origin": known.origin, "vkey": known.vkey, "receipt_keys": sorted(known.receipt_keys)}
    show(found, as_json=as_json)


@app.command()
@answered
def sign(  # noqa: PLR0917 - each is an option of the command
    folder: FolderArg,
    type: Annotated[str, typer.Argument(help="Event type, e.g. missing.reported.")],
    form: Annotated[Path, typer.Argument(help="JSON file with the form; - for standard input.", allow_dash=True)],
    id: Annotated[str, typer.Option(help="The event's id (default: a new UUIDv7). Nothing about a person.")] = "",
    source: Annotated[str, typer.Option(help="Default: the first of the desk's.")] = "",
    area: Annotated[str, typer.Option(help="Default: the desk's.")] = "",
    purpose: Annotated[str, typer.Option(help="Default: the desk's.")] = "",
    actor: Annotated[str, typer.Option(help="Who did it; default: the desk's.")] = "",
    time: Annotated[str, typer.Option(help="When it was recorded, RFC 3339 with offset (default: now).")] = "",
    as_json: AsJson = False,
) -> None:
    """Sign a form. The signed event waits in outbox/ until it is sent."""
    own = DeskFolder(folder)
    settings = own.settings
    raw = sys.stdin.buffer.read() if str(form) == "-" else form.read_bytes()
    at = _at(time)
    name = id or new_id(at)
    compact = sign_event(
        own.key,
        source=source or settings.sources[0],
        type=type,
        data=strict_json.parse_object(raw),
        area=area or settings.area,
        purpose=purpose or settings.purpose,
        actor=actor or settings.actor,
        time=at,
        id=name,
    )
    show({"id": name, "event": str(own.add_event(name, compact))}, as_json=as_json)


@app.command()
@answered
def submit(  # noqa: PLR0917 - each is an option of the command
    folder: FolderArg,
    event: Annotated[list[Path] | None, typer.Argument(help="Signed events (default: all without a receipt).")] = None,
    hub: HubOption = "",
    is_sealed: Annotated[bool, typer.Option("--seal", help="Seal to the hub's key; over Kafka always.")] = False,
    kafka: KafkaOption = "",
    ca: CaOption = None,
    user: UserOption = "",
    password_file: PasswordOption = None,
    certificate: CertificateOption = None,
    key: KeyOption = None,
    wait: Annotated[float, typer.Option(min=0, help="With --kafka: seconds to wait for receipts.")] = 30.0,
    hub_keys: HubKeysOption = None,
    as_json: AsJson = False,
) -> None:
    """Send signed events. Sending the same again is safe: the hub answers with its first receipt."""
    own = DeskFolder(folder)
    if kafka:
        access = access_of(
            own, Named(kafka=kafka, ca=ca, user=user, password=password_file, certificate=certificate, key=key)
        )
        with working("sending"):
            rows = send_by_broker(own, event or [], access, _known(own, hub, hub_keys), wait)
    else:
        with connected(own, hub) as (client, known), working("sending"):
            rows = [send(own, path, client, known, is_sealed=is_sealed) for path in event or own.waiting()]
    show_all("Receipts", ["event", "outcome", "number", "code", "defects"], rows, as_json=as_json)
    code = exit_code_of(rows)
    if code == WAITING:
        say("not receipted yet: look again with the same command, sending again is safe; over HTTP the hub says why")
    end(code)


@app.command("follow")
@answered
def follow_feed(  # noqa: PLR0917 - each is an option of the command
    folder: FolderArg,
    stream: Annotated[bool, typer.Option("--stream", help="Stay, and print what comes.")] = False,
    bodies: Annotated[bool, typer.Option(help="With what each entry says, or only that it is there.")] = True,
    hub: HubOption = "",
    kafka: KafkaOption = "",
    ca: CaOption = None,
    user: UserOption = "",
    password_file: PasswordOption = None,
    certificate: CertificateOption = None,
    key: KeyOption = None,
    as_json: AsJson = False,
) -> None:
    """Read on in the feed, proving that it is whole; prints what is new (with --json, an entry a line).

    Over Kafka come entries alone, which nobody signed. With --hub as well, the hub proves them and says what they hold.
    """
    own = DeskFolder(folder)
    how = {"stay": stream, "bodies": bodies, "as_json": as_json}
    try:
        if not kafka:
            with connected(own, hub) as (client, known):
                follow_hub(own, client, known, **how)
            return
        access = access_of(
            own, Named(kafka=kafka, ca=ca, user=user, password=password_file, certificate=certificate, key=key)
        )
        if hub:
            with connected(own, hub) as both:
                follow_broker(own, access, both, **how)
        else:
            say("entries only: what they hold, and the hub's signature under them, are had over HTTP (--hub URL)")
            follow_broker(own, access, None, **how)
    except Refused as refused:
        if refused.code not in _BROKEN:
            raise
        say(f"the feed is not whole: {refused}")
        end(FAIL)
    except KeyboardInterrupt:
        say("stopped")


@app.command()
@answered
def check(
    folder: FolderArg,
    proofs: Annotated[int, typer.Option(min=0, help="Prove the newest so many entries to be in the register.")] = 20,
    hub: HubOption = "",
    as_json: AsJson = False,
) -> None:
    """Compare what the desk holds with what the hub says now: receipts, the whole feed, the register."""
    own = DeskFolder(folder)
    with connected(own, hub) as (client, known), working("checking"):
        findings = list(check_receipts(own.kept(), client, known))
        again = check_feed(load_cursor(own.cursor, own.desk), client, known, SystemClock().now())
        remembered = _read(own.path / "checkpoint")
        newest = again.told[len(again.told) - min(proofs, len(again.told)) :]
        checkpoint, more = check_register(remembered, newest, client, known)
    findings += [*again.findings, *more]
    code = exit_code(findings)
    if not more:
        write_whole(own.path / "checkpoint", checkpoint)
    _print_check(findings, {"entries": again.cursor.seq, "receipts": len(own.kept()), "exit_code": code}, as_json)
    end(code)


def _print_check(findings: list[Finding], summary: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        result(dict(summary) | {"findings": [asdict(finding) for finding in findings]})
        return
    lines(summary.items())
    if findings:
        rows = [(f.code, f.what, f.detail, "could not check" if f.incomplete else "WRONG") for f in findings]
        table("Findings", ["code", "what", "detail", ""], rows)


@contextmanager
def connected(own: DeskFolder, hub: str) -> Iterator[tuple[HubClient, HubKeys]]:
    """A client for the desk, and the hub's keys as they have always been."""
    settings = own.settings
    clock = SystemClock()
    with HubClient(hub or settings.hub, key=None, clock=clock) as stranger:
        known = own.hub_keys(stranger)
    with HubClient(
        hub or settings.hub,
        key=own.key,
        audience=known.audience,
        actor=settings.actor,
        purpose=settings.purpose,
        clock=clock,
    ) as client:
        yield client, known


def _known(own: DeskFolder, hub: str, file: Path | None) -> HubKeys:
    """The hub's keys as they have always been, from wherever they are to be had."""
    if file is not None:
        return own.meet(read_hub_keys(strict_json.parse_object(file.read_bytes())))
    if not hub:
        return own.known_hub()
    with connected(own, hub) as (_, known):
        return known


def _at(time: str) -> datetime:
    at = read_time(time) if time else SystemClock().now()
    if at is None:
        raise Refused("envelope_invalid", "--time is not an RFC 3339 time with offset")
    return at


def _read(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""
