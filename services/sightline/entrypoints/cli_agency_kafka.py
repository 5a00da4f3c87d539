"""Options by which a partner reaches a broker, and what they mean."""

import logging
from pathlib import Path
from typing import Annotated

import typer

from sightline.entrypoints.cli_out import USAGE, say
from sightline.entrypoints.desk_folder import DeskFolder
from sightline.formats.broker_access import Access
from sightline.formats.topic_names import agency_user
from sightline.kernel.ids import agency_of

KafkaOption = Annotated[str, typer.Option("--kafka", metavar="HOST:PORT", help="Over this broker in place of HTTP.")]
CaOption = Annotated[Path | None, typer.Option("--ca", help="With --kafka: certificate of the broker's authority.")]
UserOption = Annotated[str, typer.Option("--user", help="With --kafka: who to log in as (default: agency.<agency>).")]
PasswordOption = Annotated[Path | None, typer.Option("--password-file", help="With --kafka: holds the password.")]


def access_of(own: DeskFolder, kafka: str, ca: Path | None, user: str, password: Path | None) -> Access:
    """How the desk reaches its broker. Ends with 2 where something that this needs was not named."""
    if ca is None or password is None:
        say("--kafka needs --ca and --password-file")
        raise typer.Exit(USAGE)
    # What the library says is for its authors; what went wrong is said once, at the end.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    named = user or agency_user(agency_of(own.desk))
    return Access(bootstrap=kafka, ca=ca, user=named, password=password.read_text(encoding="utf-8").strip())
