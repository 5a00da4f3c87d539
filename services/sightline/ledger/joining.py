"""Folds of joined records: one that stands for all of them while a person holds them to be one child's.

Each record's own fold goes on taking what names it, and rests beside the joint one. So parting records restores what
each was told of, and what was folded jointly is left behind.
"""

from collections.abc import Iterable, Sequence

from sightline.ledger.child import Child
from sightline.ledger.folding import Touched
from sightline.ledger.folds import SCALES, ChildFold, Consent, Involvement
from sightline.ledger.working import Working, joint_id


def rejoin(e: Child.Joined, position: int, working: Working, touched: Touched) -> None:
    """From here on these records, and no others, are one child's."""
    target = joint_id(e.records[0]) if len(e.records) > 1 else ""
    held = working.children.get(target)
    if held is not None and held.members == e.records and all(working.children[r].joined == target for r in e.records):
        return
    sources = _sources(e.records, working, touched)
    if target:
        working.children[target] = joined(target, e, sources, position)
        working.items_of[target] = sorted({item for record in e.records for item in working.items_of[record]})
        touched.children.add(target)
    for record in e.records:
        working.children[record].joined = target
    touched.children.update(e.records)


def _sources(records: Sequence[str], working: Working, touched: Touched) -> list[ChildFold]:
    """What stood for each of them, once each: jointly, where nobody has left; else what the record itself was told."""
    found: dict[str, ChildFold] = {}
    for record in records:
        own = working.children[record]
        joint = working.children.get(own.joined)
        if joint is not None and not {*joint.members} <= {*records}:
            joint = None
            # Whatever this record's items were shown on, some of it was another child's.
            touched.wrong.add(record)
        source = joint or own
        found[source.id] = source
    return list(found.values())


def joined(name: str, e: Child.Joined, sources: Sequence[ChildFold], position: int) -> ChildFold:
    """One fold of several. Where they contradict one another, what protects more counts."""
    fold = ChildFold(
        id=name,
        born=_born(s.born for s in sources),
        presumed=any(s.presumed for s in sources),
        looked_after=_first([s.looked_after for s in sources], ("yes", "unknown", "no", "not_recorded")),
        past=[past for s in sources for past in s.past],
        flags=sorted({(flag, about) for s in sources for flag, about in s.flags}),
        candidates=sorted({other for s in sources for other in s.candidates} - {*e.records}),
        members=list(e.records),
    )
    for situation, scale in SCALES.items():
        strongest = max((s.situation(situation) for s in sources), key=scale.index)
        if strongest != scale[0]:
            fold.now[situation] = strongest
    # Whether an episode is open, seen from all records, was known to who recorded the ruling.
    fold.move("missing", e.category, position)
    fold.move("risk", e.risk, position)
    for source in sources:
        _add_consents(fold, source)
        _add_involvement(fold, source)
    return fold


def _add_consents(fold: ChildFold, source: ChildFold) -> None:
    for purpose, consents in source.consents.items():
        fold.consents[purpose] = sorted([*fold.consents.get(purpose, ()), *consents], key=_recorded)


def _recorded(consent: Consent) -> int:
    return consent.at


def _add_involvement(fold: ChildFold, source: ChildFold) -> None:
    for desk, one in source.involved.items():
        held = fold.involved.get(desk, Involvement())
        kinds = {*held.kinds, *one.kinds}
        past = {kind: max(held.past.get(kind, 0), one.past.get(kind, 0)) for kind in held.past.keys() | one.past.keys()}
        claimed = {*held.claimed, *one.claimed} - kinds
        fold.involved[desk] = Involvement(sorted(kinds), sorted(claimed), past)


def _born(dates: Iterable[str]) -> str:
    """The birth date; the latest of several, since who may be a child is taken for one (D-64)."""
    said = {one for one in dates if one}
    read = said - {"unknown"}
    return max(read) if read else "".join(said)


def _first(values: Sequence[str], order: Sequence[str]) -> str:
    return next(value for value in order if value in values)
