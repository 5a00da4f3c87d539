"""Names over time: forms and bodies that were called otherwise in another document, and references that lead elsewhere.

Old events keep the codes that they were sent with; these tables say what they are called in another document (catalogue
X-06, X-09, X-12, X-29, X-30, X-32, X-33). They give no successor in law: a document is as of its time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, kw_only=True, slots=True)
class Name:
    """What one thing is called, and in which editions. The documents that date it are dated, or not, in their files."""

    name: str
    editions: tuple[str, ...]


NAMES: Mapping[str, tuple[Name, ...]] = MappingProxyType(
    {
        "child_alert": (
            Name(name="CYPR", editions=("4lscb_2011",)),
            Name(name="CYP", editions=("4lscb_2013",)),
            Name(name="PPN1", editions=("4lscb_guide",)),
        ),
        "child_advocate": (
            Name(name="ICTA", editions=("4lscb_guide",)),
            Name(name="ICTG", editions=("hertfordshire",)),
        ),
        "immigration_body": (
            Name(name="UKBA", editions=("4lscb_2011", "4lscb_2013", "4lscb_guide")),
            Name(name="UKVI", editions=("hertfordshire", "lincolnshire")),
        ),
        "interpreter_vetting": (
            Name(name="CRB", editions=("4lscb_2011",)),
            Name(name="DBS", editions=("hertfordshire", "lincolnshire")),
        ),
        "serious_crime_agency": (
            Name(name="SOCA", editions=("4lscb_2011",)),
            Name(name="NCA", editions=("hertfordshire",)),
        ),
        "adult_protection": (
            Name(name="POVA", editions=("4lscb_2013", "4lscb_guide")),
            Name(name="adult safeguarding", editions=("hertfordshire",)),
        ),
        "local_board": (
            Name(name="LSCB", editions=("4lscb_2011", "4lscb_2013", "4lscb_guide")),
            Name(name="Safeguarding Children's Partnership", editions=("hertfordshire",)),
        ),
        "trafficking_centre": (
            Name(name="UKHTC", editions=("4lscb_2011", "4lscb_2013", "4lscb_guide")),
            Name(name="MSOIC", editions=("hertfordshire",)),
        ),  # S-88
        "local_health_body": (Name(name="PCT", editions=("4lscb_2011",)),),
        "regional_health_body": (Name(name="SHA", editions=("4lscb_2011",)),),
        "youth_service": (Name(name="Connexions", editions=("4lscb_2011",)),),
    }
)
"""Thing to its names, the oldest first."""

REFERENCES: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("guide §49", "Appendix 1"): "guide App 2",
        ("herts §1.1", "Section 4"): "herts §6",
        ("herts §6.2", "Section 10"): "herts §9",
        ("herts §6.3", "Section 6"): "herts §8",
        ("herts §6.8", "Section 6"): "herts §8",
        ("herts §8.7", "Section 6.7"): "herts §8.9",
    }
)
"""Where a reference stands and what it says, to where its topic is (X-29, X-32)."""


def called(thing: str, edition: str) -> str:
    """What the edition calls that thing; empty where it does not name it. Raises KeyError for a thing nobody knows."""
    return next((one.name for one in NAMES[thing] if edition in one.editions), "")


def thing_called(name: str) -> str:
    """What that name stands for, whichever document it is from; empty for a name in none of these tables."""
    return next(
        (thing for thing, names in NAMES.items() for one in names if one.name.casefold() == name.casefold()), ""
    )


def leads_to(place: str, reference: str) -> str:
    """Where a printed reference leads: the corrected place, or as printed."""
    return REFERENCES.get((place, reference), reference)
