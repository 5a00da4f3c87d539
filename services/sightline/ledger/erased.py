"""What can no longer be known of a ledger: items under a key that was destroyed, and whom they concerned (P9)."""

from collections.abc import Sequence

from sightline.ledger.items import ItemEntry
from sightline.ledger.sealing import KeyVault, key_names
from sightline.ledger.store import Placed


class Erased:
    """Found out while the ledger is folded: keys are asked for through this, and entries shown to it afterwards."""

    def __init__(self, vault: KeyVault) -> None:
        self._vault = vault
        self.keys: set[str] = set()
        """Names of the keys that were asked for and are gone."""
        self.items: set[int] = set()
        """Positions of the items under one of them."""
        self.children: set[str] = set()
        """The children whom those items concerned: what rests on them cannot be derived either."""

    def opened(self, names: Sequence[str]) -> list[bytes] | None:
        """These keys, in order; None if one of them is gone."""
        found = self._vault.open(list(names))
        missing = [n for n in names if n not in found]
        self.keys.update(missing)
        return None if missing else [found[n] for n in names]

    def note(self, placed: Sequence[Placed]) -> None:
        """Take in which of those entries nobody can open any more. Their keys were asked for before."""
        for one in placed if self.keys else ():
            entry = one.entry
            if isinstance(entry, ItemEntry) and not self.keys.isdisjoint(key_names(entry.children, entry.area)):
                self.items.add(one.position)
                self.children.update(entry.children)
