"""Where the services are that `infra/up` started in a folder, as its files say."""

from dataclasses import dataclass
from pathlib import Path

from sightline.runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class Started:
    """Kafka, OPA and PostgreSQL, by their folder."""

    folder: Path

    @property
    def kafka(self) -> str:
        """The broker: ``host:port``."""
        return line(self.folder / "kafka" / "address")

    @property
    def opa(self) -> str:
        """The OPA server's URL."""
        return line(self.folder / "opa" / "address")

    @property
    def passwords(self) -> Path:
        """Folder of the broker's passwords, one file for each user."""
        return self.folder / "kafka" / "secrets"

    @property
    def authority(self) -> Path:
        """Certificate of the broker's authority."""
        return self.folder / "kafka" / "ca.pem"

    def settings(self, folder: Path, origin: str) -> Settings:
        """Of a hub on these services, whose keys and register are in a folder of its own."""
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


def line(file: Path) -> str:
    """What a file of one line says."""
    return file.read_text(encoding="utf-8").strip()
