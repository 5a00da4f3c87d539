"""Which other records may be, or are, the same child's: the entries and what each changes (design §5, "Which child")."""

from sightline.ledger import root


class Matches:
    """The part of `Child` that says which other records are thought to be, or were ruled to be, the same child's."""

    def __init__(self) -> None:
        self.proposed: set[str] = set()
        """Hexadecimal ids of records that may be the same child's."""
        self.ruled: dict[str, str] = {}
        """Hexadecimal ids of records that a person has ruled on, and the latest ruling."""
        self.unclear: dict[str, list[str]] = {}
        """Items that named several of the records joined with this one, and these."""

    class MatchProposed(root.Entry):
        TOPIC = "child.match_proposed.v1"
        other: str
        """Hexadecimal id of the record that may be the same child's."""

        def apply(self, child: "Matches") -> None:
            child.proposed.add(self.other)

    class MatchRuled(root.Entry):
        TOPIC = "child.match_ruled.v1"
        others: list[str]
        """Hexadecimal ids of the records that a person ruled on: whether they are this one's child's."""
        ruling: str
        """``same`` or ``different``."""
        by: str

        def apply(self, child: "Matches") -> None:
            child.ruled |= dict.fromkeys(self.others, self.ruling)

    class Joined(root.Entry):
        """Changes nothing here: what is shared from here on is a matter of all records at once (`people.rejoin`)."""

        TOPIC = "child.joined.v1"
        records: list[str]
        """Hexadecimal ids of all records that are this one child's from here on, itself among them; the first leads.

        One alone: it stands by itself again.
        """
        category: str
        """Missing category of the episode that is open now, seen from all these records; ``none`` if none is."""
        risk: str

    class NamedSeveral(root.Entry):
        TOPIC = "child.named_several.v1"
        item: str
        records: list[str]
        """Joined records that an item named by identifiers: if they are parted, a person must say whose it is."""

        def apply(self, child: "Matches") -> None:
            child.unclear[self.item] = self.records
