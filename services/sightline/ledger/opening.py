"""Opening new items: what they say of their children is folded, and the facts that never change are kept."""

from collections.abc import Sequence
from typing import Any

from sightline.formats.fields import Fields
from sightline.kernel.ids import DeskId
from sightline.ledger.folding import Touched
from sightline.ledger.folds import ChildFold, ItemFold
from sightline.ledger.items import CHILD_PART, ItemEntry
from sightline.ledger.reading import (
    Body,
    birth_date,
    described,
    item_facts,
    justification,
    looked_after,
    open_body,
    own_situations,
    presumed,
    trafficking,
)
from sightline.ledger.sealing import ItemKey
from sightline.ledger.working import Working
from sightline.ledger.world import World

_SHARED_FACTS = ("detriment", "handling", "justification", "source_recontact", "welfare_risk")
"""Facts that the shared part of a form about several children states for each child's part too."""


def open_item(
    position: int, entry: ItemEntry, working: Working, world: World, fields: Fields, touched: Touched
) -> None:
    """Take a new item in hand. One whose key was destroyed is left out: nobody can decide about it any more."""
    key = working.key(position, entry.children, entry.area, entry.originator_id, entry.originator_version)
    if key is None:
        return
    plain = key.open("body", entry.sealed)
    body = open_body(entry, plain)
    own = [working.children[c] for c in entry.children]
    children = [working.person(c) for c in entry.children]
    _describe(position, entry, body.data, own, working, touched)
    if any(child.joined for child in own):
        _describe(position, entry, body.data, children, working, touched)
    item = _fold(position, entry, body, children, world, fields)
    item.citem = key.commit("citem", "citem", plain).decode()
    item.cjust = _commit_justification(key, body)
    item.cause_desk = _cause_desk(entry, working)
    _inherit(item, next((working.named[r] for r in entry.about if r in working.named), 0), working)
    if entry.alert is not None:
        _hide(item, entry.cause, working)
    working.add(item)
    touched.new.add(position)


def _fold(
    position: int, entry: ItemEntry, body: Body, children: Sequence[ChildFold], world: World, fields: Fields
) -> ItemFold:
    sender = world.desks.get(DeskId(entry.desk))
    return ItemFold(
        position=position,
        ref=entry.ref,
        stream=entry.originator_id.hex,
        version=entry.originator_version,
        type=entry.type,
        schema_version=entry.schema_version,
        part=entry.part,
        desk=entry.desk,
        area=entry.area,
        purpose=entry.purpose,
        children=list(entry.children),
        facts=item_facts(
            entry,
            body,
            fields,
            originator_sector=sender.sector if sender else "hub",
            looked_after=any(c.looked_after == "yes" for c in children),
        ),
        own=own_situations(entry, body.data),
        circumstance=(entry.alert or {}).get("clock") or str(body.data.get("ppn1_circumstance", "")),
        to=list(body.data.get("to", ())),
        exclude=list(body.data.get("exclude", ())),
        is_open=entry.alert is not None,
    )


def _commit_justification(key: ItemKey, body: Body) -> str:
    return key.commit("cjust", "cjust", justification(body.data)).decode()


def _inherit(item: ItemFold, about: int, working: Working) -> None:
    """What an item takes over from the one it speaks of: who must not see it; one child's part, all but the child."""
    source = working.items.get(about)
    if source is None:
        return
    item.exclude = sorted({*item.exclude, *source.exclude})
    if item.part != CHILD_PART:
        # What is said about intelligence, or about a version of it that was made safe, is kept as that is (D-40).
        item.facts |= {"about": source.type, "sanitised": item.facts["sanitised"] or source.facts["sanitised"]}
    if item.part == CHILD_PART:
        item.to, item.own = list(source.to), dict(source.own)
        item.facts |= {name: source.facts[name] for name in _SHARED_FACTS}


def _hide(item: ItemFold, cause: str, working: Working) -> None:
    """Who must not see what gave rise to an alert must not see the alert: it would tell of it (P11)."""
    source = working.items.get(working.named.get(cause, 0)) if cause else None
    if source is not None:
        item.exclude = sorted({*item.exclude, *source.exclude})


def _cause_desk(entry: ItemEntry, working: Working) -> str:
    position = working.named.get(entry.cause, 0) if entry.cause else 0
    return working.items[position].desk if position in working.items else ""


def _describe(
    position: int, entry: ItemEntry, data: Any, children: Sequence[ChildFold], working: Working, touched: Touched
) -> None:
    """Fold what a form says of its children; the shared part of several says nothing of one."""
    for child, said in zip(children, described(data), strict=False):
        before = (child.born, child.presumed, child.looked_after)
        child.born = birth_date(said) or child.born
        child.presumed = presumed(said, child.presumed)
        child.looked_after = looked_after(said) or child.looked_after
        moved = bool(trafficking(said)) and child.move("trafficking", trafficking(said), position)
        if moved or before != (child.born, child.presumed, child.looked_after):
            touched.children.add(child.id)
        working.changed_children.add(child.id)
    urgency = own_situations(entry, data)["urgency"]
    for child in children:
        # Urgency belongs to the moment of its report: it widens what was recorded before and stands no longer.
        if urgency != "not_recorded" and child.move("urgency", urgency, position):
            touched.children.add(child.id)
            working.changed_children.add(child.id)
