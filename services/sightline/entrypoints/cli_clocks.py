"""``sightline policy clocks``: what the procedures ask of whom, and by when, in one area or in all editions."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from sightline.entrypoints.cli_admin import show_all
from sightline.entrypoints.cli_out import AsJson, answered
from sightline.formats.policy_digest import policy_data
from sightline.kernel.errors import Refused
from sightline.kernel.share import share
from sightline.protocol.areas import AreaProtocol, area_protocol
from sightline.protocol.clock_rules import ClockRule, ClockRules, clock_documents


@answered
def clocks(
    area: Annotated[str, typer.Option(help="An area: its limits, and no rule that its edition does not know.")] = "",
    edition: Annotated[str, typer.Option(help="Another edition than the area's own.")] = "",
    as_json: AsJson = False,
) -> None:
    """What the procedures ask of whom, and by when: every rule that starts a clock or raises an alert."""
    data = policy_data(share("policies"))
    protocol = _protocol(data["areas"], area, edition) if area else None
    rules = ClockRules.read(clock_documents(data)).rules
    rows = list(_rows(rules, protocol))
    show_all("Clocks", ["rule", "rows", "owner", "asks", "due", "escalation"], rows, as_json=as_json)


def _protocol(areas: dict[str, Any], area: str, edition: str) -> AreaProtocol:
    if area not in areas:
        raise Refused("unknown_area", f"areas: {', '.join(sorted(areas))}")
    return area_protocol(area, edition or areas[area]["edition"], areas[area])


def _rows(rules: Mapping[str, ClockRule], protocol: AreaProtocol | None) -> Iterator[dict[str, str]]:
    for code, rule in sorted(rules.items()):
        due = _due(rule, protocol)
        if rule.starts and due and (protocol is None or rule.is_known_to(protocol.edition)):
            yield {
                "rule": code,
                "rows": " ".join(rule.rows) or "†",
                "owner": rule.owner,
                "asks": rule.asks,
                "due": due,
                "escalation": rule.escalation,
                "source": rule.source,
            }


def _due(rule: ClockRule, protocol: AreaProtocol | None) -> str:
    """When it is due, in words; empty where the area's edition sets no such limit."""
    limit = rule.limit
    if limit.unit in {"none", "now"}:
        return {"none": "no limit", "now": "at once"}[limit.unit]
    if limit.key and protocol is None:
        return f"{limit.key} of the area"
    span = protocol.span(limit.key) if limit.key and protocol else limit.span
    if span is None:
        return ""
    due, late = span
    unit = limit.unit.replace("_", " ")
    return f"{due} {unit}" if due == late else f"{due} {unit}, late after {late}"
