"""The services that `infra/up` started in a folder, and the settings of each process that uses them."""

from dataclasses import dataclass
from pathlib import Path

from sightline.entrypoints.demo.process import SERVE
from sightline.runtime.settings import Settings

TIMED = ("record", SERVE, "clock")
STAGES = (SERVE, "record", "relay", "decide", "seal", "clock")


@dataclass(frozen=True, slots=True)
class Services:
    """By their folder."""

    folder: Path

    @property
    def kafka(self) -> str:
        """The broker: ``host:port``."""
        return _line(self.folder / "kafka" / "address")

    @property
    def opa(self) -> str:
        """The OPA server's URL."""
        return _line(self.folder / "opa" / "address")

    @property
    def postgres(self) -> str:
        """``host:port``."""
        return _line(self.folder / "postgres" / "last")

    @property
    def passwords(self) -> Path:
        """Folder of the broker's passwords, one file for each user."""
        return self.folder / "kafka" / "secrets"

    @property
    def authority(self) -> Path:
        """Certificate of the broker's authority."""
        return self.folder / "kafka" / "ca.pem"

    def settings(self, folder: Path, origin: str) -> Settings:
        """Of a hub whose keys and register are in that folder."""
        databases = self.folder / "postgres" / "secrets"
        return Settings(
            data=folder,
            keys_folder=folder / "keys",
            register_folder=folder / "register",
            origin=origin,
            database=databases / "hub.address",
            vault=databases / "vault.address",
            opa_url=self.opa,
        )

    def environment(self, settings: Settings, stage: str) -> dict[str, str]:
        """What a process of that stage is started with: its own keys, its own log-in, and nothing else."""
        found: dict[str, object] = {
            "DATABASE": settings.database,
            "VAULT": settings.vault,
            "OPA_URL": settings.opa_url,
            "KEYS_FOLDER": settings.data.parent / f"keys-{stage}",
            "REGISTER_FOLDER": settings.export,
            "KAFKA": self.kafka,
            "KAFKA_CA": self.authority,
            "KAFKA_PASSWORD": self.passwords / f"hub.{stage}.password",
            # The story's clock moves by hours: it is looked at often, so that nobody waits for the next look.
            "CLOCK_INTERVAL_S": 0.02,
        }
        if stage == "relay":
            del found["VAULT"], found["OPA_URL"], found["KEYS_FOLDER"]
        if stage not in {"record", "relay"}:
            found = {name: value for name, value in found.items() if not name.startswith("KAFKA")}
        return {f"SIGHTLINE_{name}": str(value) for name, value in found.items()}


def _line(file: Path) -> str:
    return file.read_text(encoding="utf-8").strip()
