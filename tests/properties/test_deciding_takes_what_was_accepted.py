"""Whatever the hub accepts it can decide, show and replay: no optional field, however spoilt, stops the line (P1, P6)."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sightline.formats.policy_digest import policy_data
from sightline.formats.problem import PROBLEMS
from sightline.kernel.ids import DeskId
from sightline.kernel.share import share
from tests.builders_hub import (
    BUREAU,
    CAST,
    CHARITY,
    CSC,
    MASH,
    POLICE,
    Town,
    a_child,
    a_cpi,
    a_missing,
    a_town,
    alerts,
    holds,
    passes,
    sees,
    sends,
    signs,
    submits,
)

EXAMPLES = {
    path.parent.name: json.loads(path.read_bytes())
    for path in sorted((share("schemas") / "examples").glob("*.*/valid_*.json"))
    if not path.parent.name.startswith("alert.") or path.parent.name == "alert.acknowledged"
}
"""One valid form of each type that a desk may send."""

ELSEWHERE = frozenset({"match.ruled", "recall.answered"})
"""Types whose examples speak of records or recalls that must be there: their journeys are their own."""

MAY_SEND = policy_data(share("policies"))["senders"]
ASKED_FIRST = (POLICE, BUREAU, MASH, CSC)
"""Who sends a form here, the first of them that may; the rest of the cast after these."""

junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**31), 2**31)
    | st.text(max_size=8)
    | st.sampled_from(["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-02-30", "missing", "yes"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    made = a_town(tmp_path_factory.mktemp("hub"))
    yield made
    holds(made)
    made.hub.close()


def sender(event_type: str) -> DeskId:
    """A desk of the cast that may send such a form."""
    who = MAY_SEND[event_type]
    allowed = {
        desk for desk, (sector, role) in CAST.items() if {"*", role} & {*who["roles"]} or sector in who["sectors"]
    }
    return next(desk for desk in (*ASKED_FIRST, *CAST) if desk in allowed)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a form, deepest last."""
    if path:
        yield path
    if isinstance(value, dict):
        for name, one in value.items():
            yield from places(one, (*path, name))
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from places(one, (*path, index))


def spoilt(form: Any, path: tuple[Any, ...], value: Any) -> Any:
    """The form with another value at that place."""
    changed = copy.deepcopy(form)
    inner = changed
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return changed


def at_home(town: Town, event_type: str, form: dict[str, Any], serial: int) -> dict[str, Any]:
    """The form about a child of its own, and about items that there are."""
    form = copy.deepcopy(form)
    if isinstance(form.get("child"), dict):
        form["child"] = {**form["child"], **a_child(serial)} if "ref" not in form["child"] else a_child(serial)
    if event_type.startswith("cpi.") and "item" in form:
        form["item"] = sends(town, CHARITY, "cpi.submitted", a_cpi(a_child(serial))).item
    elif "item" in form:
        form["item"] = sends(town, POLICE, "missing.reported", a_missing(a_child(serial))).item
    if "alert" in form and event_type == "alert.acknowledged":
        sends(town, POLICE, "missing.reported", a_missing(a_child(serial)))
        passes(town, hours=6)
        form["alert"] = alerts(town, POLICE, "alert.ppn1_due")[-1].ref
    return form


@pytest.mark.slow
@settings(
    max_examples=max(40, settings().max_examples),
    suppress_health_check=list(HealthCheck),
)
@given(chosen=st.data(), event_type=st.sampled_from(sorted(EXAMPLES)), serial=st.integers(1, 400_000), value=junk)
def test_a_form_with_anything_anywhere_is_refused_with_a_known_code_or_goes_the_whole_way(
    town: Town, chosen: st.DataObject, event_type: str, serial: int, value: Any
) -> None:
    form = at_home(town, event_type, EXAMPLES[event_type], serial)
    form |= {"urgency": "urgent"}
    path = chosen.draw(st.sampled_from(sorted(places(form), key=str)))
    desk = sender(event_type)
    (sent,) = submits(town, signs(town, desk, event_type, spoilt(form, path, value)))
    town.hub.settle()
    if sent.answer.outcome == "refused":
        assert sent.refused in PROBLEMS
        return
    assert sent.receipt is not None
    views = sees(town, desk)
    assert all(town.hub.view.item(desk, ref).state == "disclosed" for ref in sent.receipt.items)
    assert views


@pytest.mark.slow
def test_every_type_goes_the_whole_way_as_its_examples_show_it(tmp_path: Path) -> None:
    town = a_town(tmp_path)
    for serial, (event_type, form) in enumerate(EXAMPLES.items(), 1):
        if event_type in ELSEWHERE:
            continue
        sent = sends(town, sender(event_type), event_type, at_home(town, event_type, form, serial))
        assert sent.answer.outcome == "accepted", (event_type, sent.answer.refusal)
    assert all(sees(town, desk) is not None for desk in CAST)
    holds(town)
    town.hub.close()
