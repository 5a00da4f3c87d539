"""The areas' protocols in force: the edition that each area has chosen, or else the one that the policy's data gives it."""

from collections.abc import Mapping
from typing import Any

from sightline.ledger.directory import Directory
from sightline.protocol.areas import AreaProtocol, area_protocol


class Protocols:
    """Looked up by area. Choices count from their entry on, once `refresh` has taken them in."""

    def __init__(self, directory: Directory, rows: Mapping[str, Mapping[str, Any]]) -> None:
        self._directory = directory
        self._rows = rows
        self._made: dict[tuple[str, str], AreaProtocol] = {}
        self.areas = sorted(rows)
        for area in self.areas:
            self[area]  # What cannot be read stops the hub here, and not in the middle of a batch.

    def refresh(self) -> None:
        """Take in what was chosen since."""
        self._directory.refresh()

    def __getitem__(self, area: str) -> AreaProtocol:
        """That area's protocol. Raises KeyError for an area that the hub does not have."""
        row = self._rows[area]
        key = (area, self._directory.edition(area) or row["edition"])
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = area_protocol(*key, row)
        return made
