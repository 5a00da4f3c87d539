"""submit over the published forms: every example, every kind of damage to one, and the codes of the envelope."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.agency.sign import sign_event
from sightline.formats.event import AREAS, PURPOSES
from sightline.formats.problem import PROBLEMS
from sightline.kernel.values import Submission
from sightline.submit import submit
from tests.builders import NOW, POLICE_SOURCE, a_key, the_schemas

ROOT = Path(__file__).resolve().parents[3]
SCHEMAS = the_schemas()
KEY = a_key()
EXAMPLES = {
    f"{path.parent.name}/{path.stem}": (path.parent.name, json.loads(path.read_text("utf-8")))
    for path in sorted((ROOT / "schemas" / "examples").glob("*.*/valid_*.json"))
}
SENT = {name: example for name, example in EXAMPLES.items() if not SCHEMAS.is_hub_type(example[0])}
HUBS_OWN = EXAMPLES.keys() - SENT.keys()


def submitted(event_type: str, form: Any) -> Submission:
    """What `submit` makes of a signed form."""
    raw = sign_event(
        KEY,
        source=POLICE_SOURCE,
        type=event_type,
        data=form,
        area="hampshire",
        purpose="referral",
        actor="s-1:officer",
        time=NOW,
    )
    [result] = submit([raw], schemas=SCHEMAS, unsealer=None, now=NOW)
    assert isinstance(result, Submission)
    return result


@pytest.mark.parametrize("name", SENT)
def test_every_valid_example_is_taken(name: str) -> None:
    result = submitted(*SENT[name])
    assert result.refusal is None
    assert result.data == SENT[name][1]


@pytest.mark.parametrize("name", sorted(HUBS_OWN))
def test_the_hubs_own_types_are_not_for_partners(name: str) -> None:
    refusal = submitted(*EXAMPLES[name]).refusal
    assert refusal is not None
    assert refusal.code == "unknown_type"


damage: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4) | st.just([]) | st.just({})
)


def damaged(value: Any, data: st.DataObject, worse: Any) -> Any:
    """The value with something in it replaced, at any depth."""
    if isinstance(value, dict) and value and data.draw(st.booleans()):
        name = data.draw(st.sampled_from(sorted(value)))
        return value | {name: damaged(value[name], data, worse)}
    if isinstance(value, list) and value and data.draw(st.booleans()):
        index = data.draw(st.integers(0, len(value) - 1))
        return [damaged(one, data, worse) if n == index else one for n, one in enumerate(value)]
    return worse


@given(st.sampled_from(sorted(SENT)), damage, st.data())
def test_any_damage_to_a_form_is_answered(name: str, worse: Any, data: st.DataObject) -> None:
    event_type, form = SENT[name]
    field = data.draw(st.sampled_from(sorted(form)))
    result = submitted(event_type, form | {field: damaged(form[field], data, worse)})
    assert result.refusal is None or result.refusal.code in PROBLEMS


def test_the_envelopes_codes_are_the_published_ones() -> None:
    published = json.loads((ROOT / "schemas" / "codes" / "V-47.json").read_text("utf-8"))
    assert frozenset(published["enum"]) == PURPOSES
    areas = json.loads((ROOT / "policies" / "data" / "areas.json").read_text("utf-8"))["areas"]
    assert frozenset(areas) == AREAS
