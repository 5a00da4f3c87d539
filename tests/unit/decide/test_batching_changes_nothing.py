"""What is decided is a function of the ledger alone: not of how many entries happened to be decided together."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.builders import a_report
from tests.builders_hub import POLICE, SCHOOL, Town, a_town, leaves, signs, submits

Story = Callable[[Town, str, dict[str, str]], list[bytes]]


def conflict_then_retraction(town: Town, item: str, child: dict[str, str]) -> list[bytes]:
    """The school loses sight of the item by a conflict of interest; only afterwards is the item retracted."""
    return [
        signs(town, POLICE, "flag.raised", {"child": child, "flag": "conflict", "desk": SCHOOL}),
        signs(town, POLICE, "item.retracted", {"item": item, "reason_code": "unreliable"}),
    ]


def correction_then_retraction(town: Town, item: str, _: dict[str, str]) -> list[bytes]:
    """Corrected, then retracted after all."""
    correction = {"item": item, "reason_code": "new_information", "correction": "It was a Thursday."}
    return [
        signs(town, POLICE, "item.corrected", correction),
        signs(town, POLICE, "item.retracted", {"item": item, "reason_code": "wrong_child"}),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("story", [conflict_then_retraction, correction_then_retraction])
def test_entries_decided_one_by_one_or_together_give_the_same_recalls(tmp_path: Path, story: Story) -> None:
    kinds = {}
    for way in ("one by one", "together"):
        town = a_town(tmp_path / way)
        (sent,) = submits(town, signs(town, POLICE, "missing.reported", a_report(to=[SCHOOL])))
        town.hub.settle()
        for event in story(town, sent.item, sent.child):
            submits(town, event)
            if way == "one by one":
                town.hub.settle()
        town.hub.settle()
        assert_replays(town)
        kinds[way] = [_said(leaf) for leaf in leaves(town, typ="recall")]
        town.hub.close()
    assert kinds["one by one"], "the story recalls nothing"
    assert kinds["one by one"] == kinds["together"]


def assert_replays(town: Town) -> None:
    """From the ledger and an empty memo, in pages of its own, replay arrives at the same leaves."""
    replay = town.hub.replay()
    assert replay.exit_code == 0, replay.differences


def _said(leaf: dict[str, Any]) -> bytes:
    return orjson.dumps({name: leaf[name] for name in ("kind", "desk", "cause", "item")})
