"""Who stands how to a child: desks involved, consents given, suspected exploiters. The entries and what each changes."""

from datetime import datetime

from sightline.kernel.ids import DeskId, agency_of
from sightline.ledger import root


class Ties:
    """The part of `Child` that says who is involved, who consented to what, and which flags are raised."""

    def __init__(self) -> None:
        self.involved: dict[str, dict[str, bool]] = {}
        """Desk to the kinds of its involvement, and whether each is confirmed; closed ones are gone, their desk is not."""
        self.consented: dict[tuple[str, str], dict[str, bool]] = {}
        """Purpose and giver to the agencies that recorded the consent, and whether their word confirms another's."""
        self.exploiters: set[str] = set()
        """Relations flagged as suspected exploiters."""
        self.flags: set[tuple[str, str]] = set()
        """Every flag raised and not lifted, and what it is about."""

    class FlagRaised(root.Entry):
        TOPIC = "child.flag_raised.v1"
        flag: str
        about: str
        """Relation of a suspected exploiter, or the desk or agency in conflict; else empty."""

        def apply(self, child: "Ties") -> None:
            child.flags.add((self.flag, self.about))
            if self.flag == "suspected_exploiter":
                child.exploiters.add(self.about)

    class FlagLifted(root.Entry):
        TOPIC = "child.flag_lifted.v1"
        flag: str
        about: str

        def apply(self, child: "Ties") -> None:
            child.flags.discard((self.flag, self.about))
            if self.flag == "suspected_exploiter":
                child.exploiters.discard(self.about)

    class ConsentRecorded(root.Entry):
        TOPIC = "child.consent_recorded.v1"
        purpose: str
        position: str
        giver: str
        by: str
        """The desk that recorded it: for its own agency it is only a claim until another confirms it."""
        confirming: bool
        """Whether that desk is one whose word confirms another's (MASH, allocated team, the child's authority)."""
        in_question: bool
        """Given by, or in front of, a suspected exploiter: changes nothing until a person rules (design §6)."""
        expires: datetime | None

        def apply(self, child: "Ties") -> None:
            if self.in_question:
                return
            if self.position != "given":
                child.consented.pop((self.purpose, self.giver), None)
                return
            agencies = child.consented.setdefault((self.purpose, self.giver), {})
            agencies[agency_of(DeskId(self.by))] = self.confirming

    class ConsentWithdrawn(root.Entry):
        TOPIC = "child.consent_withdrawn.v1"
        purpose: str
        giver: str
        by: str
        in_question: bool

        def apply(self, child: "Ties") -> None:
            if not self.in_question:
                child.consented.pop((self.purpose, self.giver), None)

    class InvolvementOpened(root.Entry):
        TOPIC = "child.involvement_opened.v1"
        desk: str
        kind: str
        confirmed: bool

        def apply(self, child: "Ties") -> None:
            kinds = child.involved.setdefault(self.desk, {})
            kinds[self.kind] = self.confirmed or kinds.get(self.kind, False)

    class InvolvementConfirmed(root.Entry):
        TOPIC = "child.involvement_confirmed.v1"
        desk: str
        kind: str
        """Empty: every kind that it claims."""
        by: str

        def apply(self, child: "Ties") -> None:
            kinds = child.involved.get(self.desk, {})
            kinds |= {one: True for one in kinds if self.kind in {"", one}}

    class InvolvementClosed(root.Entry):
        TOPIC = "child.involvement_closed.v1"
        desk: str
        kind: str
        """Empty: every kind."""
        mistaken: bool

        def apply(self, child: "Ties") -> None:
            if self.desk in child.involved:
                kinds = child.involved[self.desk]
                child.involved[self.desk] = {k: is_so for k, is_so in kinds.items() if self.kind not in {"", k}}

    def claims_consent(self, purpose: str, giver: str, agency: str) -> bool:
        """Whether the agency recorded a consent that no other with a say in it has recorded too (design §6)."""
        agencies = self.consented.get((purpose, giver), {})
        return agency in agencies and not any(confirming for one, confirming in agencies.items() if one != agency)
