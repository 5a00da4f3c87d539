"""Options by which a partner reaches a broker, and what they mean."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from sightline.entrypoints.cli_out import USAGE, say
from sightline.entrypoints.desk_folder import DeskFolder
from sightline.formats.broker_access import Access, Certificate
from sightline.formats.topic_names import agency_user
from sightline.kernel.ids import agency_of

KafkaOption = Annotated[str, typer.Option("--kafka", metavar="HOST:PORT", help="Over this broker in place of HTTP.")]
CaOption = Annotated[Path | None, typer.Option("--ca", help="With --kafka: certificate of the broker's authority.")]
UserOption = Annotated[str, typer.Option("--user", help="With --kafka: who to log in as (default: agency.<agency>).")]
PasswordOption = Annotated[Path | None, typer.Option("--password-file", help="With --kafka: holds the password.")]
CertificateOption = Annotated[
    Path | None, typer.Option("--certificate", help="With --kafka, in place of user and password: PEM, with --key.")
]
KeyOption = Annotated[Path | None, typer.Option("--key", help="The certificate's key: PEM, unencrypted.")]


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """What was named on the command line."""

    kafka: str
    ca: Path | None
    user: str
    password: Path | None
    certificate: Path | None
    key: Path | None


def access_of(own: DeskFolder, named: Named) -> Access:
    """How the desk reaches its broker. Ends with 2 where something that this needs was not named, or too much was."""
    by_certificate = named.certificate is not None and named.key is not None
    is_halved = (named.certificate is None) != (named.key is None)
    if named.ca is None or is_halved or by_certificate == (named.password is not None):
        say("--kafka needs --ca, and either --certificate with --key or --password-file")
        raise typer.Exit(USAGE)
    # What the library says is for its authors; what went wrong is said once, at the end.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    if named.certificate and named.key:
        return Access(
            bootstrap=named.kafka, ca=named.ca, certificate=Certificate(chain=named.certificate, key=named.key)
        )
    secret = named.password.read_text(encoding="utf-8").strip() if named.password else ""
    user = named.user or agency_user(agency_of(own.desk))
    return Access(bootstrap=named.kafka, ca=named.ca, user=user, password=secret)
