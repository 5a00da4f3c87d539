"""Whatever desks say: facts stay within their closed schema, leaves within theirs, and the order of work changes nothing."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from sightline.formats.leaf_check import check_leaf
from sightline.kernel.share import share
from tests.builders_hub import Town, holds, reopened, root, rows
from tests.builders_lives import Act, bodies, documents, latest_and_anew, lived, lives, undecided_copy

pytestmark = pytest.mark.slow

FEW = settings(max_examples=max(6, settings().max_examples // 12), suppress_health_check=list(HealthCheck))
FACTS = Draft202012Validator(json.loads((share("schemas") / "facts.json").read_bytes()))


@FEW
@given(acts=lives())
def test_facts_are_always_of_their_closed_schema_and_canonical(acts: list[Act]) -> None:
    with lived(acts) as town:
        for document in set(documents(town)):
            facts: Any = orjson.loads(document)
            assert orjson.dumps(facts, option=orjson.OPT_SORT_KEYS) == document
            assert list(FACTS.iter_errors(facts)) == []


@FEW
@given(acts=lives(least=5, most=20))
def test_a_step_leaves_nobody_with_a_decision_on_facts_that_have_changed(acts: list[Act]) -> None:
    with lived(acts) as town:
        latest, anew = latest_and_anew(town)
        assert anew == latest


@FEW
@given(acts=lives())
def test_every_leaf_is_of_its_published_form_and_the_register_verifies_and_replays(acts: list[Act]) -> None:
    with lived(acts) as town:
        for body in bodies(town):
            check_leaf(body)
        holds(town)


@FEW
@given(acts=lives(least=5), limits=st.lists(st.sampled_from([1, 2, 3, 7, 256]), min_size=1, max_size=3))
def test_the_same_ledger_gives_the_same_leaves_however_its_entries_are_batched(
    acts: list[Act], limits: list[int]
) -> None:
    with lived(acts) as town:
        expected = bodies(town)
        copy = undecided_copy(town, town.folder.parent / "copy")
        for turn in range(10_000):
            if not copy.hub.decide(limits[turn % len(limits)]):
                break
        assert bodies(copy) == expected
        copy.hub.close()


@FEW
@given(acts=lives(least=5, most=20), kept=st.integers(0, 6), ahead=st.booleans())
def test_the_same_ledger_gives_the_same_leaves_however_few_folds_stay_in_memory(
    acts: list[Act], kept: int, ahead: bool
) -> None:
    with lived(acts) as town:
        expected = bodies(town)
        copy = undecided_copy(town, town.folder.parent / "copy")
        copy.hub.decide._folds_kept = kept  # noqa: SLF001  # a hub offers no choice: it is a matter of speed alone
        while copy.hub.decide.ahead(3) if ahead else copy.hub.decide(3):
            pass
        assert bodies(copy) == expected
        copy.hub.close()


WORK = ("decide", "decide some", "decide ahead", "seal", "seal some", "tell", "crash")


@FEW
@given(acts=lives(least=5), work=st.lists(st.sampled_from(WORK), min_size=5, max_size=40))
def test_the_same_ledger_gives_the_same_root_whenever_a_process_ends_and_another_goes_on(
    acts: list[Act], work: list[str]
) -> None:
    with lived(acts) as town:
        expected, told = root(town), _feeds(town)
        copy = undecided_copy(town, town.folder.parent / "copy")
        for what in work:
            if what == "crash":
                copy = reopened(copy)
            elif what == "decide ahead":
                copy.hub.decide.ahead(6)
            elif what.startswith("decide"):
                copy.hub.decide(5 if what.endswith("some") else 256)
            elif what.startswith("seal"):
                copy.hub.register.seal(7 if what.endswith("some") else 4096)
            else:
                copy.hub.feed(11)
        _finish(copy)
        assert root(copy) == expected
        assert _feeds(copy) == told
        copy.hub.close()


def _finish(town: Town) -> None:
    while town.hub.decide():
        pass
    while town.hub.register.seal().count:
        pass
    while town.hub.feed():
        pass


def _feeds(town: Town) -> list[Any]:
    return rows(town, "SELECT desk, seq, leaf, leaf_hash, kind FROM feed ORDER BY desk, seq")


@FEW
@given(acts=lives())
def test_settling_again_changes_nothing(acts: list[Act]) -> None:
    with lived(acts) as town:
        before, head = bodies(town), town.hub.ledger.head()
        for _ in range(3):
            town.hub.settle()
        again = reopened(town)
        again.hub.settle()
        assert bodies(again) == before
        assert again.hub.ledger.head() == head
