"""What follows from what is said about missing episodes: the episode itself, and the police alert (catalogue 7.2)."""

from collections.abc import Set as AbstractSet
from datetime import datetime
from hashlib import blake2b

from sightline.ledger.child import Alert, Child
from sightline.ledger.reading import on_scale
from sightline.protocol.episodes import (
    MISSING_NOT_RETURNED,
    RETURNED_AND_HARMED,
    ROW_OF_CIRCUMSTANCE,
    THIRD_IN_90_DAYS,
    Episode,
    counted_episodes,
    is_repeat,
    returned_harmed,
    still_missing,
)
from sightline.record.alerts import meet, of_the_hub, raise_alert
from sightline.record.answers import hear
from sightline.record.clocks import follow_return
from sightline.record.step import Said, Step, instant
from sightline.record.untimely import (
    Ahead,
    episode_at,
    forget_return,
    is_late_copy,
    keep_category,
    keep_return,
    latest_category,
    take_return,
)

PPN1_DUE = "alert.ppn1_due"
IF_ONE_CHILD = "third_in_90_days_if_one_child"
"""The circumstance of an alert that rests on episodes of records which may be one child's (†)."""
EVALUATION = "ppn1_evaluation"
"""The clock that runs until an open episode is judged."""
_HARMED_IN = "harmed_in"
"""Status that names the open episode in which harm is known already."""


def ppn1_due(step: Step, child: Child, circumstance: str, episode: int, *, by: str = "") -> None:
    """The force's desk must issue a PPN1, once for each circumstance of each episode (A-22, A-23).

    `by`: the item that gave rise to it where that is not the one of this step: who must not see it hears of nothing.
    """
    is_done = child.alert_for(circumstance, episode) is not None or (circumstance, episode) in child.issued
    if is_done or not step.protocol.ppn1_applies:
        return
    counted = counted_episodes(child.episodes.values(), step.at, step.protocol.repeat)
    body = {
        "alert": "ppn1_due",
        "asks": "Issue a PPN1 to Children's Services for this child.",
        "row": ROW_OF_CIRCUMSTANCE[circumstance],
        "due_at": step.at.isoformat(timespec="seconds"),
        "circumstance": circumstance,
        "counted_episodes": len(counted),
    }
    raise_alert(step, child, [child.id], type=PPN1_DUE, body=body, situation=(circumstance, episode), by=by)


def missing_reported(step: Step, child: Child, said: Said) -> None:
    """A report opens an episode; a second one while the child is missing adds to it (N-27, N-22, T-08).

    One that was written before the child came back from the last episode, and comes late, tells nothing new. What was
    told ahead of it, a category or the return, holds for the episode at once.
    """
    began = min(instant(said.data.get("missing_since"), step.at), step.at)
    if child.open_episode is not None:
        _add_to(step, child, child.open_episode, said)
        return
    if is_late_copy(child, began, said.envelope.time):
        return
    number = _number(step)
    category, risk = said.data.get("missing_category", "missing"), on_scale("risk", said.data.get("missing_risk"))
    newer = latest_category(child)
    if newer is not None and newer.said >= max(began, said.envelope.time):
        category, risk = newer.category, newer.risk or risk
    child.note(
        Child.EpisodeBegan,
        step=step.id,
        timestamp=step.at,
        number=number,
        began=began,
        category=category,
        risk=risk,
    )
    count_again(step, child)
    ahead = take_return(step, child, began, said.envelope.time)
    if ahead is not None:
        _end(step, child, child.episodes[number], ahead.at, harmed=ahead.harm == "yes")
        follow_return(step, child, ahead, said.data.get("child", {}))
        return
    due = step.at + step.protocol.ppn1_evaluation
    ref = f"{number} {step.item}"
    step.work.set_clock(EVALUATION, due=due, stream=child.id, ref=ref, desk="", area=step.area)


def _number(step: Step) -> int:
    """A number that no episode of any record has: records that turn out to be one child's must not share any."""
    return int.from_bytes(blake2b(step.id.encode(), digest_size=6).digest())


def _add_to(step: Step, child: Child, episode: Episode, said: Said) -> None:
    """A further report may say that a child thought absent is missing; less than is known already it does not say."""
    if episode.category == "absent" and said.data.get("missing_category") == "missing":
        missing_categorised(step, child, said)


def missing_categorised(step: Step, child: Child, said: Said) -> None:
    """The category may change at any time and is judged and counted anew (T-04, A-26).

    The latest word counts, by when it was written down: one that comes after a newer one changes nothing, and one that
    comes before the report holds when that comes.
    """
    episode, newer, written = child.open_episode, latest_category(child), said.envelope.time
    category = said.data.get("missing_category", "missing")
    is_of_earlier = episode is not None and written < episode.began and category != "missing"
    if is_of_earlier or (newer is not None and written < newer.said):
        return
    risk = on_scale("risk", said.data["missing_risk"]) if "missing_risk" in said.data else ""
    keep_category(step, child, written, category, risk)
    if episode is None:
        return
    child.note(
        Child.EpisodeRecategorised,
        step=step.id,
        timestamp=step.at,
        number=episode.number,
        category=category,
        risk=risk or episode.risk,
    )
    count_again(step, child)
    if _is_judged(child, episode):
        _evaluate(step, child, episode.number)


def missing_returned(step: Step, child: Child, said: Said) -> None:
    """A return ends the open episode; harm makes a PPN1 due (N-20), also harm that a later one tells of (ME-06).

    A return from before the child went does not end that episode: it is of an earlier one. Without a report it is kept
    until the report comes.
    """
    at = min(instant(said.data.get("returned_at"), step.at), step.at)
    episode, harm = episode_at(child, at), said.data.get("harm_suffered", "not_known")
    if episode is not None and episode.is_open:
        found = child.status.get(_HARMED_IN) == str(episode.number)
        _end(step, child, episode, at, harmed=found or harm == "yes")
    elif episode is not None and harm == "yes" and not episode.harmed:
        _harm(step, child, episode)
    elif child.open_episode is None and (episode is None or episode.ended is None or at > episode.ended):
        keep_return(step, child, Ahead(at, harm, said.envelope.time))


def return_taken_back(step: Step, child: Child, item: str) -> None:
    """A return that was retracted ended nothing: the latest episode, if it was that one, goes on (†).

    A child who went missing again since is missing in that episode, and one of whom it was told ahead has not come back.
    """
    forget_return(step, child)
    episode = child.last_episode
    if episode is None or episode.is_open or child.ended_by.get(item) != episode.number:
        return
    number, category, risk = episode.number, episode.category, episode.risk
    child.note(
        Child.EpisodeReopened, step=step.id, timestamp=step.at, number=number, category=category, risk=risk, item=item
    )
    reconsider(step, child)


def safe_and_well(step: Step, child: Child, said: Said) -> None:
    """Harm found at the check is harm of the latest episode, whenever its return is told (N-20, ME-06)."""
    episode = child.last_episode
    if episode is None or episode.harmed or said.data["harm_suffered"] != "yes":
        return
    if episode.is_open:
        number = str(episode.number)
        child.note(Child.StatusNoted, step=step.id, timestamp=step.at, name=_HARMED_IN, value=number)
        return
    _harm(step, child, episode)


def _end(step: Step, child: Child, episode: Episode, at: datetime, *, harmed: bool) -> None:
    child.note(Child.EpisodeEnded, step=step.id, timestamp=step.at, number=episode.number, ended=at, harmed=harmed)
    if returned_harmed(child.episodes[episode.number]):
        ppn1_due(step, child, RETURNED_AND_HARMED, episode.number)


def _harm(step: Step, child: Child, episode: Episode) -> None:
    """Harm becomes known of an episode that is over."""
    if child.open_episode is None and episode.ended is not None:
        _end(step, child, episode, episode.ended, harmed=True)
    elif episode.category == "missing":
        ppn1_due(
            step, child, RETURNED_AND_HARMED, episode.number
        )  # Missing again: that entry would say that it is over.


def ppn1_issued(step: Step, child: Child, said: Said) -> None:
    """A PPN1 meets the open alerts of its circumstance for one episode, and what would still become due for that.

    That is the episode of the alert that it names; else the latest, or if nothing is asked for that the only one for
    which something is. A PPN1 on one return says nothing of another from which a child came back harmed (A-23).
    """
    circumstance, last = said.data["ppn1_circumstance"], child.last_episode
    due = _ppn1s_due(child, {circumstance, f"{circumstance}_if_one_child"})
    names = hear(step, child, said.data, said.desk).names
    episodes = sorted({alert.episode for alert in due if alert.ref in names}) or [last.number if last else 0]
    for number in episodes:
        child.note(Child.PPN1Issued, step=step.id, timestamp=step.at, circumstance=circumstance, episode=number)
    asked = {alert.episode for alert in due}
    answered = asked if len(asked) == 1 and names.isdisjoint(child.alerts) else asked & set(episodes)
    met = {alert.ref for alert in due if alert.episode in answered}
    meet(step, child, lambda alert: alert.ref in met)


def _ppn1s_due(child: Child, circumstances: AbstractSet[str]) -> list[Alert]:
    return [
        alert
        for alert in child.alerts.values()
        if alert.type == PPN1_DUE and not alert.met and alert.circumstance in circumstances
    ]


def reconsider(step: Step, child: Child) -> None:
    """Records were joined or parted: count again, and judge an open episode whose time for it has come."""
    count_again(step, child)
    episode = child.open_episode
    if episode is not None and _is_judged(child, episode):
        _evaluate(step, child, episode.number)


def judge(step: Step, child: Child, ref: str) -> None:
    """The area's time to judge an open episode has come (A-22). `ref`: its number and the report that began it."""
    number, _, report = ref.partition(" ")
    _evaluate(step, child, int(number), by=report)


def _is_judged(child: Child, episode: Episode) -> bool:
    return any(clock == EVALUATION and ref.partition(" ")[0] == str(episode.number) for clock, ref in child.struck)


def _evaluate(step: Step, child: Child, number: int, *, by: str = "") -> None:
    """N-21, at the area's evaluation point and whenever the category changes after it (A-22, A-26)."""
    episode = child.episodes.get(number)
    if episode is not None and still_missing(episode):
        ppn1_due(step, child, MISSING_NOT_RETURNED, number, by=by)


def count_again(step: Step, child: Child) -> None:
    """A third episode in the window makes a PPN1 due (N-22); over records that may be one child's, perhaps (†)."""
    episode, rule = child.open_episode, step.protocol.repeat
    if episode is None or episode.category not in rule.counted:
        return
    if is_repeat(child.episodes.values(), step.at, rule):
        ppn1_due(step, child, THIRD_IN_90_DAYS, episode.number)
        return
    together = [e for one in (child, *step.work.may_be(child)) for e in one.episodes.values()]
    if is_repeat(together, step.at, rule):
        _third_if_one_child(step, child, episode.number, len(counted_episodes(together, step.at, rule)))


def _third_if_one_child(step: Step, child: Child, episode: int, counted: int) -> None:
    """Counts over records that may be one child's raise a provisional alert (design §5): the duty may hold already."""
    done = (THIRD_IN_90_DAYS, IF_ONE_CHILD)
    if not step.protocol.ppn1_applies or any(child.alert_for(one, episode) is not None for one in done):
        return
    extra = {"circumstance": IF_ONE_CHILD, "counted_episodes": counted}
    asks = "Find out with the MASH whether records are of one child: counted together, a PPN1 is due for it."
    body = {**of_the_hub(step, "ppn1_due", asks, extra), "row": ROW_OF_CIRCUMSTANCE[THIRD_IN_90_DAYS]}
    raise_alert(step, child, [child.id], type=PPN1_DUE, body=body, situation=(IF_ONE_CHILD, episode))
