"""What a sealed item says, opened for a moment: its form, and the attributes that decisions may rest on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson

from sightline.formats import base64url
from sightline.formats.fields import Fields, child_defects, shared_defects, shared_part
from sightline.kernel.values import Defect
from sightline.ledger.folds import SCALES
from sightline.ledger.items import CHILD_PART, SHARED, ItemEntry

Json = Mapping[str, Any]

_HANDLING = frozenset({"P", "C"})
_HUB_SOURCE = "/hub/"


@dataclass(frozen=True, slots=True)
class Body:
    """An opened item: its form (or part of one) and the defects that lie in it."""

    data: Json
    defects: tuple[Defect, ...]


def open_body(entry: ItemEntry, plain: bytes) -> Body:
    """The form in an item's plain bytes: a signed event, one child's part, or the hub's own form."""
    defects = tuple(Defect(code=c, pointer=p) for c, p in entry.defects)
    if entry.part == CHILD_PART:
        return Body(orjson.loads(plain), child_defects(defects, entry.index))
    if entry.source.startswith(_HUB_SOURCE):
        return Body(orjson.loads(plain), defects)
    data = orjson.loads(base64url.decode(plain.split(b".")[1]))["data"]
    if entry.part == SHARED:
        return Body(shared_part(data), shared_defects(defects))
    return Body(data, defects)


def item_facts(
    entry: ItemEntry, body: Body, fields: Fields, *, originator_sector: str, looked_after: bool
) -> dict[str, Any]:
    """Item facts that never change (schemas/facts.json, `item`)."""
    data = body.data
    sharing = data.get("sharing") or {}
    present = fields.classes_present(entry.type, entry.schema_version, data, body.defects, part=entry.part)
    return {
        "about": "none",
        "classes": sorted(present),
        "detriment": sharing.get("detriment") is True,
        "handling": _coded(data.get("handling"), _HANDLING, "none"),
        "justification": bool(sharing.get("justification")),
        "originator_sector": originator_sector,
        "placement_time": looked_after,
        "sanitised": entry.type == "cpi.sanitised",
        "source_recontact": _recontact(data.get("source_recontact_permitted")),
        "welfare_risk": sharing.get("welfare_risk") is True,
    }


def own_situations(entry: ItemEntry, data: Json) -> dict[str, str]:
    """Risk and urgency that the item itself reports; what is not on the scale is ``unknown``."""
    return {
        "risk": on_scale("risk", data.get("missing_risk")),
        "urgency": on_scale("urgency", data.get("urgency")),
    }


def justification(data: Json) -> bytes:
    """The sender's reasons, as committed to in every leaf of the item; empty where there are none."""
    return str((data.get("sharing") or {}).get("justification", "")).encode()


def described(data: Json) -> Sequence[Json]:
    """The ``child`` objects of a form that describe children."""
    return [data["child"]] if isinstance(data.get("child"), dict) else list(data.get("children", ()))


def birth_date(child: Json) -> str:
    """ISO birth date; empty where there is none; ``unknown`` where it cannot be read."""
    value = child.get("date_of_birth", "")
    try:
        return date.fromisoformat(value).isoformat() if value else ""
    except (TypeError, ValueError):
        return "unknown"


def trafficking(child: Json) -> str:
    """Trafficking status (V-22) of a ``child`` object; empty where there is none."""
    value = child.get("trafficking_status")
    return on_scale("trafficking", value) if value is not None else ""


def on_scale(name: str, value: Any) -> str:
    """A code of that situation's scale; the weakest where nothing was said, ``unknown`` for what is not on it."""
    if value is None:
        return SCALES[name][0]
    return value if value in SCALES[name] else "unknown"


def _coded(value: Any, known: frozenset[str], absent: str) -> str:
    if value is None:
        return absent
    return value if isinstance(value, str) and value in known else "unknown"


def looked_after(child: Json) -> str:
    """Whether a ``child`` object says so; empty where it says nothing, ``unknown`` where it cannot be read."""
    value = child.get("is_looked_after")
    return "" if value is None else _yes_or_no(value)


def presumed(child: Json, before: bool) -> bool:
    """Whether a ``child`` object says so; `before` where it says nothing that can be read."""
    value = child.get("presumed_child")
    return value if isinstance(value, bool) else before


def _recontact(value: Any) -> str:
    return "not_recorded" if value is None else _yes_or_no(value)


def _yes_or_no(value: Any) -> str:
    """What a sender wrote may be of any type: a list must not stop the line, nor 1 pass for a yes."""
    return _YES_NO.get(value, "unknown") if isinstance(value, bool | str) else "unknown"


_YES_NO: dict[bool | str, str] = {True: "yes", False: "no", "yes": "yes", "no": "no"}
