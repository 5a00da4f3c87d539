"""Whatever desks say, and however often records are joined and parted: nothing is forgotten, and nothing stays mixed."""

from itertools import combinations, pairwise
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sightline.ledger import people
from sightline.ledger.child import Child
from sightline.record.known import people_of
from tests.builders_hub import MASH, Town, a_ruling, holds, rows, sends
from tests.builders_lives import (
    Act,
    Latest,
    bodies,
    derived,
    latest_and_anew,
    lived,
    lives,
    undecided_copy,
)

pytestmark = pytest.mark.slow

FEW = settings(max_examples=max(6, settings().max_examples // 12), suppress_health_check=list(HealthCheck))
OFTEN = ("consents", "flags", "involves", "lifts", "reports", "returns", "rules", "rules")
"""What makes a difference between records, and rulings on them."""


def records(town: Town) -> list[dict[str, str]]:
    """Every record there is, as forms name them."""
    return [{"ref": str(row[0])} for row in rows(town, "SELECT ref FROM child_refs ORDER BY rowid")]


@FEW
@given(acts=lives(least=8, most=24, often=OFTEN))
def test_joining_and_parting_leave_nobody_with_a_decision_on_facts_that_have_changed(acts: list[Act]) -> None:
    with lived(acts) as town:
        latest, anew = latest_and_anew(town)
        assert anew == latest


@FEW
@given(acts=lives(least=8, most=20, often=OFTEN), limits=st.lists(st.sampled_from([1, 3, 256]), min_size=1, max_size=2))
def test_joined_records_replay_and_are_decided_alike_however_entries_are_batched(
    acts: list[Act], limits: list[int]
) -> None:
    with lived(acts) as town:
        holds(town)
        expected = bodies(town)
        copy = undecided_copy(town, town.folder.parent / "copy")
        copy.hub.decide._folds_kept = 3  # noqa: SLF001  # a hub offers no choice: it is a matter of speed alone
        for turn in range(10_000):
            if not copy.hub.decide(limits[turn % len(limits)]):
                break
        assert bodies(copy) == expected
        copy.hub.close()


@FEW
@given(acts=lives(least=5, most=14))
def test_parting_what_was_joined_restores_the_facts_of_every_record(acts: list[Act]) -> None:
    alone = [act for act in acts if act.verb != "rules"]
    with lived(alone) as town:
        for first, second in combinations(records(town), 2):
            sends(town, MASH, "match.ruled", a_ruling(first, second, "different"))
        before = latest_and_anew(town)[0]
        for first, second in pairwise(records(town)):
            sends(town, MASH, "match.ruled", a_ruling(first, second, "same"))
        for first, second in pairwise(reversed(records(town))):
            sends(town, MASH, "match.ruled", a_ruling(second, first, "different"))
        after = latest_and_anew(town)[0]
        assert _of(after, before) == before


def _of(latest: Latest, known: Latest) -> Latest:
    return {key: documents for key, documents in latest.items() if key in known}


@FEW
@given(acts=lives(least=8, most=24, often=OFTEN))
def test_facts_and_the_record_agree_on_whether_the_child_is_missing(acts: list[Act]) -> None:
    with lived(acts) as town:
        derivation = derived(town)
        for _ in derivation.steps(town.hub.ledger.read(0, 100_000)):
            pass
        with town.hub.database.reading() as session:
            children = [UUID(row[0]) for row in session.execute("SELECT child FROM child_refs")]
            joined = people_of(session, children)
        found = people.load(town.hub.ledger, children, joined)
        for child in children:
            record = found[child]
            assert isinstance(record, Child)
            episode = record.open_episode
            assert derivation.working.person(child.hex).situation("missing") == (
                episode.category if episode else "none"
            )
