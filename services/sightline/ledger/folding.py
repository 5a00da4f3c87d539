"""How each entry about a child or an item changes its fold, and whom that touches."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sightline.kernel.ids import DeskId, agency_of
from sightline.ledger.child import Child
from sightline.ledger.folds import ChildFold, Consent, Involvement, ItemFold
from sightline.ledger.matter import Matter


@dataclass(slots=True)
class Touched:
    """What the entries of one step changed: where decisions may have to be made, or made again."""

    children: set[str] = field(default_factory=set)
    items: set[int] = field(default_factory=set)
    new: set[int] = field(default_factory=set)
    sliced: set[int] = field(default_factory=set)
    parked: set[int] = field(default_factory=set)
    corrected: dict[int, str] = field(default_factory=dict)
    """Item to the desk that corrected it."""
    wrong: set[str] = field(default_factory=set)
    """Children of whom something was shown by mistake: records wrongly joined, an involvement that never was."""

    @property
    def forced(self) -> set[int]:
        """Items to decide about for every desk, whatever their children's facts."""
        return self.new | self.items | self.sliced | self.parked


Folder = Callable[[Any, int, Any, Any, Touched], None]


def _episode_began(e: Child.EpisodeBegan, position: int, child: ChildFold, _: Any, touched: Touched) -> None:
    child.move("missing", e.category, position)
    child.move("risk", e.risk, position)
    touched.children.add(child.id)


def _recategorised(e: Child.EpisodeRecategorised, position: int, child: ChildFold, _: Any, touched: Touched) -> None:
    child.move("missing", e.category, position)
    child.move("risk", e.risk, position)
    touched.children.add(child.id)


def _episode_ended(e: Child.EpisodeEnded, position: int, child: ChildFold, _: Any, touched: Touched) -> None:
    child.move("missing", "none", position)
    child.move("risk", "none_recorded", position)
    child.move("urgency", "not_recorded", position)
    touched.children.add(child.id)


def _episode_reopened(e: Child.EpisodeReopened, position: int, child: ChildFold, _: Any, touched: Touched) -> None:
    child.move("missing", e.category, position)
    child.move("risk", e.risk, position)
    touched.children.add(child.id)


def _flag_raised(e: Child.FlagRaised, _: int, child: ChildFold, __: Any, touched: Touched) -> None:
    if (e.flag, e.about) not in child.flags:
        child.flags = sorted([*child.flags, (e.flag, e.about)])
        touched.children.add(child.id)


def _flag_lifted(e: Child.FlagLifted, _: int, child: ChildFold, __: Any, touched: Touched) -> None:
    kept = [x for x in child.flags if tuple(x) != (e.flag, e.about)]
    if len(kept) != len(child.flags):
        child.flags = kept
        touched.children.add(child.id)


def _consent(e: Child.ConsentRecorded, position: int, child: ChildFold, _: Any, touched: Touched) -> None:
    if e.in_question:
        return
    expires = e.expires.timestamp() if e.expires else 0.0
    consent = Consent(e.position, e.giver, agency_of(DeskId(e.by)), e.confirming, expires, position)
    child.consents.setdefault(e.purpose, []).append(consent)
    touched.children.add(child.id)


def _withdrawn(e: Child.ConsentWithdrawn, position: int, child: ChildFold, _: Any, touched: Touched) -> None:
    if e.in_question:
        return
    before = child.consents.get(e.purpose, [])
    kept = [c for c in before if c.giver != e.giver]
    withdrawn = Consent("withdrawn", e.giver, agency_of(DeskId(e.by)), True, 0.0, position)
    child.consents[e.purpose] = [*kept, withdrawn]
    touched.children.add(child.id)


def _opened(e: Child.InvolvementOpened, position: int, child: ChildFold, _: Any, touched: Touched) -> None:
    standing = child.involved.setdefault(e.desk, Involvement())
    claimed = {*standing.claimed} - {e.kind}
    if e.confirmed or e.kind in standing.kinds:
        standing.kinds = sorted({*standing.kinds, e.kind})
    else:
        claimed.add(e.kind)
    standing.claimed = sorted(claimed)
    touched.children.add(child.id)


def _confirmed(e: Child.InvolvementConfirmed, _: int, child: ChildFold, __: Any, touched: Touched) -> None:
    standing = child.involved.get(e.desk)
    if standing is not None:
        confirmed = {kind for kind in standing.claimed if e.kind in {"", kind}}
        standing.kinds = sorted({*standing.kinds, *confirmed})
        standing.claimed = sorted({*standing.claimed} - confirmed)
        touched.children.add(child.id)


def _closed(e: Child.InvolvementClosed, position: int, child: ChildFold, _: Any, touched: Touched) -> None:
    standing = child.involved.get(e.desk)
    if standing is None:
        return
    over = {kind for kind in (*standing.kinds, *standing.claimed) if e.kind in {"", kind}}
    if e.mistaken:
        # What stands was the mistake; if nothing does any more, what stood was.
        touched.wrong |= {child.id, *child.members}
        standing.past = {k: at for k, at in standing.past.items() if over or e.kind not in {"", k}}
    else:
        standing.past |= {kind: position for kind in standing.kinds if kind in over}
    standing.kinds = [kind for kind in standing.kinds if kind not in over]
    standing.claimed = [kind for kind in standing.claimed if kind not in over]
    touched.children.add(child.id)


def _corrected(e: Any, _: int, __: Any, item: ItemFold | None, touched: Touched) -> None:
    if item is not None and item.state == "current":
        item.state = "corrected"
    if item is not None:
        touched.items.add(item.position)
        touched.corrected[item.position] = e.by


def _retracted(e: Any, _: int, __: Any, item: ItemFold | None, touched: Touched) -> None:
    if item is not None:
        item.state = "retracted"
        item.own["retracted"] = e.reason
        touched.items.add(item.position)


def may_be_same(child: ChildFold, other: str, touched: Touched) -> None:
    """The other record is a candidate of this one, until a person rules: protective facts of either apply to both."""
    if other not in child.candidates:
        child.candidates = sorted([*child.candidates, other])
        touched.children.add(child.id)


def _ruled(e: Child.MatchRuled, _: int, child: ChildFold, __: Any, touched: Touched) -> None:
    """A person has answered the question: whether they are joined is said by an entry of its own."""
    kept = [other for other in child.candidates if other not in e.others]
    if len(kept) != len(child.candidates):
        child.candidates = kept
        touched.children.add(child.id)


def _several(*_: Any) -> None:
    """Entries that concern several records at once are folded by the derivation; there is no more to one alone."""


def _struck(e: Child.ClockStruck, _: int, child: ChildFold, __: Any, touched: Touched) -> None:
    if e.clock in {"birthday", "consent_expiry"}:
        touched.children.add(child.id)


FOLDERS: dict[type, Folder] = {
    Child.EpisodeBegan: _episode_began,
    Child.EpisodeRecategorised: _recategorised,
    Child.EpisodeEnded: _episode_ended,
    Child.EpisodeReopened: _episode_reopened,
    Child.FlagRaised: _flag_raised,
    Child.FlagLifted: _flag_lifted,
    Child.ConsentRecorded: _consent,
    Child.ConsentWithdrawn: _withdrawn,
    Child.InvolvementOpened: _opened,
    Child.InvolvementConfirmed: _confirmed,
    Child.InvolvementClosed: _closed,
    Child.ItemCorrected: _corrected,
    Child.ItemRetracted: _retracted,
    Child.MatchProposed: _several,
    Child.MatchRuled: _ruled,
    Child.Joined: _several,
    Child.ClockStruck: _struck,
    Matter.ItemCorrected: _corrected,
    Matter.ItemRetracted: _retracted,
}
"""Entry class to how it folds. Entries that are not here change no fact."""
