"""What followed from one event, in sentences: who was shown it, whose sight changed, who must let go of what."""

from collections.abc import Mapping, Sequence

from sightline.entrypoints.demo import words
from sightline.entrypoints.demo.cast import called
from sightline.entrypoints.demo.leaves import Change, Leaf

Titles = Mapping[str, str]
"""Reference of an item to what it is called."""


def what_follows(changes: Sequence[Change], recalls: Sequence[Leaf], fresh: Sequence[str], titles: Titles) -> list[str]:
    """One line for each kind of consequence. `fresh`: the references of the event's own items."""
    about = [c for c in changes if not c.leaf.type.startswith("alert.")]
    return [
        *_alerts(changes),
        *_first([c.leaf for c in about if c.leaf.ref in fresh and c.before is None]),
        *_newly_considered([c.leaf for c in about if c.leaf.ref not in fresh and c.before is None]),
        *_widened([c for c in about if c.before is not None and c.gained], titles),
        *_taken(changes, recalls, titles),
    ]


def _alerts(changes: Sequence[Change]) -> list[str]:
    found: dict[str, list[str]] = {}
    for change in changes:
        if change.leaf.type.startswith("alert.") and "duty" in change.gained:
            found.setdefault(change.leaf.type, []).append(called(change.leaf.pair[0]))
    return [f"{words.title(kind)} -> {', '.join(desks)}" for kind, desks in found.items()]


def _first(leaves: Sequence[Leaf]) -> list[str]:
    """Who was shown what is new, who was told that it exists, and who was considered and shown nothing."""
    groups: dict[str, dict[str, None]] = {"shown to": {}, "told that it exists:": {}, "considered, shown nothing:": {}}
    for leaf in leaves:
        if "H-06" not in leaf.body["rules"]:
            groups[_group(leaf)][called(leaf.pair[0])] = None
    said = [f"{what} {', '.join(desks)}" for what, desks in groups.items() if desks]
    return ["; ".join(said)] if said else []


def _group(leaf: Leaf) -> str:
    if leaf.shown:
        return "shown to"
    return "told that it exists:" if leaf.body["told"] == "exists" else "considered, shown nothing:"


def _newly_considered(leaves: Sequence[Leaf]) -> list[str]:
    """A desk that is now involved is considered for everything about the child."""
    counts: dict[str, dict[str, int]] = {}
    for leaf in leaves:
        groups = counts.setdefault(called(leaf.pair[0]), {})
        groups[_group(leaf)] = groups.get(_group(leaf), 0) + 1
    said = {
        "shown to": "shown {}",
        "told that it exists:": "told that {} exist",
        "considered, shown nothing:": "shown nothing of {}",
    }
    return [
        f"{desk} is now considered for earlier items too: "
        + ", ".join(said[group].format(count) for group, count in groups.items())
        for desk, groups in counts.items()
    ]


def _widened(changes: Sequence[Change], titles: Titles) -> list[str]:
    rows: dict[str, list[str]] = {}
    for change in changes:
        what = f"{words.classes(change.gained)} of {titles.get(change.leaf.ref, 'an item')}"
        rows.setdefault(what, []).append(called(change.leaf.pair[0]))
    return [f"now shown to {', '.join(desks)}: {what}" for what, desks in rows.items()]


def _taken(changes: Sequence[Change], recalls: Sequence[Leaf], titles: Titles) -> list[str]:
    lost = {c.leaf.pair: c for c in changes if c.lost}
    rows: dict[str, list[str]] = {}
    for recall in recalls:
        change = lost.get(recall.pair)
        part = f"{words.classes(change.lost)} of " if change is not None and change.leaf.shown else ""
        why = ", which was corrected" if recall.body["kind"] == "corrected" else ""
        rows.setdefault(f"{part}{titles.get(recall.ref, 'an item')}{why}", []).append(called(recall.pair[0]))
    return [f"recalled from {', '.join(desks)}: {what}" for what, desks in rows.items()]
