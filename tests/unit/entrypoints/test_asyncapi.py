"""The AsyncAPI document: what is checked in is what the workers do, and names nothing from elsewhere."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from sightline.entrypoints.workers.asyncapi import document
from sightline.formats.topic_names import feed_topic, receipts_topic, submissions_topic
from sightline.kernel.ids import AgencyId, DeskId
from sightline.submit.stage import Limits

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    return document()


def test_the_document_that_is_checked_in_is_current(made: dict[str, Any]) -> None:
    """If not: sightline schema asyncapi > docs/asyncapi.json"""
    assert json.loads((ROOT / "docs" / "asyncapi.json").read_text()) == made


def test_its_addresses_are_those_of_the_topics(made: dict[str, Any]) -> None:
    addresses = [channel["address"].format(agency="kent", desk="duty") for channel in made["channels"].values()]
    kent = AgencyId("kent")
    assert addresses == [submissions_topic(kent), receipts_topic(kent), feed_topic(DeskId("kent/duty"))]


def test_the_hub_receives_submissions_and_sends_the_rest(made: dict[str, Any]) -> None:
    actions = {name: operation["action"] for name, operation in made["operations"].items()}
    assert actions == {"submissions": "receive", "receipts": "send", "feed": "send"}


def test_every_reference_in_it_leads_somewhere(made: dict[str, Any]) -> None:
    for reference in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(made)):
        found: Any = made
        for part in reference.split("/"):
            found = found[part]
        assert found


def test_it_takes_nothing_from_elsewhere(made: dict[str, Any]) -> None:
    assert "http" not in json.dumps(made)


def test_it_says_how_large_a_submission_may_be(made: dict[str, Any]) -> None:
    payload = made["components"]["messages"]["submissions"]["payload"]
    assert payload["maxLength"] == Limits().max_sealed_bytes
