"""A few words of what a desk can read of an item, for a table: only ever made of what the hub gave that desk."""

from collections.abc import Iterator, Mapping
from typing import Any

from sightline.entrypoints.demo.cast import ACTORS, called

LONGEST = 92
_TEXTS = (
    "asks", "information_text", "circumstances", "narrative", "correction", "reason", "harm_text",
    "locations_while_missing", "note",
)  # fmt: skip
_SAID = {
    "locations_while_missing": "Where: ",
}
_CODED = {
    "alert.acknowledged": "taken up",
    "consent.recorded": "consent {position} for {consent_purpose}",
    "consent.withdrawn": "consent withdrawn for {consent_purpose}",
    "cpi.graded": "information {information_assessment}, handling {handling}",
    "flag.raised": "{flag}",
    "involvement.confirmed": "{involved_desk}",
    "involvement.opened": "{involvement_kind}",
    "missing.returned": "harmed: {harm_suffered}",
    "ppn1.issued": "{ppn1_circumstance}",
    "recall.answered": "{answer}",
}
"""Where codes say more than text: made only when every code in it can be read."""


_ABOUT_THE_FORM = frozenset({"contains", "sharing"})


def excerpt(event_type: str, body: Mapping[str, Any], *, names_a_child: bool) -> str:
    """The child, if the desk may know; then codes; then the first texts. At most `LONGEST` letters."""
    found = list(_flat(body))
    values = {
        name: called(value) if value in ACTORS else str(value).replace("_", " ") for name, value in reversed(found)
    }
    parts = [_child(values, names_a_child=names_a_child), _codes(event_type, values)]
    texts = [_SAID.get(name, "") + str(value) for wanted in _TEXTS for name, value in found if name == wanted]
    said = ". ".join(part[0].upper() + part[1:] for part in parts if part)
    whole = ". ".join(part.rstrip(".") for part in (said, *texts[:2]) if part)
    return whole if len(whole) <= LONGEST else whole[: LONGEST - 3].rsplit(" ", 1)[0] + " ..."


def _child(values: Mapping[str, str], *, names_a_child: bool) -> str:
    if "family_name" in values:
        return f"{values.get('given_name', '')} {values['family_name']}".strip()
    return "a child, not named" if names_a_child else ""


def _codes(event_type: str, values: Mapping[str, str]) -> str:
    try:
        return _CODED.get(event_type, "").format_map(values)
    except KeyError:
        return ""


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every value that is not a list or an object, with the nearest name; not what only describes the form."""
    if isinstance(value, Mapping):
        for key, below in value.items():
            if key not in _ABOUT_THE_FORM:
                yield from _flat(below, key)
    elif isinstance(value, list):
        for below in value:
            yield from _flat(below, name)
    else:
        yield name, value
