"""Event topics and leaves are frozen: what was stored once can be read for ever, and hashes to what it always did."""

import json
from typing import Any

import pytest

from sightline.adapters import sqlite
from sightline.formats.leaf_check import check_leaf, known_types
from sightline.ledger.store import Ledger
from tests.vectors.freeze import EVENTS, LEAVES, TOPICS, an_event, events, frozen_leaves, stored

FROZEN_EVENTS: dict[str, dict[str, Any]] = json.loads(EVENTS.read_bytes())
FROZEN_LEAVES: dict[str, dict[str, str]] = json.loads(LEAVES.read_bytes())
LATER = {"key", "erasure"}
"""Leaf types whose schema is there and that no stage makes yet."""


def listed() -> list[str]:
    """The topics of schemas/topics.txt, in its order."""
    return TOPICS.read_text(encoding="utf-8").splitlines()


def test_the_list_of_topics_only_grows() -> None:
    """A line that goes, or changes, would make stored history unreadable. Its golden bytes stay behind and say so."""
    assert set(FROZEN_EVENTS) <= set(listed())
    assert listed() == sorted(set(listed()))


def test_every_topic_is_listed_and_every_listed_topic_can_still_be_read() -> None:
    assert set(events()) == set(listed()), "add the topic to schemas/topics.txt: python -m tests.vectors.freeze"
    assert set(FROZEN_EVENTS) == set(listed())


def test_topics_are_spelt_out_and_versioned() -> None:
    for topic, kind in events().items():
        aggregate, name, version = topic.split(".")
        assert version.startswith("v")
        assert aggregate == kind.__qualname__.split(".")[0].lower()
        assert name == name.lower()


@pytest.mark.parametrize("topic", FROZEN_EVENTS)
def test_a_stored_event_has_the_fields_and_the_bytes_that_it_always_had(topic: str) -> None:
    now = stored()[topic]
    assert now["fields"] == FROZEN_EVENTS[topic]["fields"], "never edit a shipped event: add .v2 and an upcast"
    assert now["state"] == FROZEN_EVENTS[topic]["state"]


def test_events_stored_long_ago_are_read_as_what_they_were() -> None:
    ledger = Ledger(env={"PERSISTENCE_MODULE": sqlite.MODULE, "SQLITE_DBNAME": ":memory:"})
    for topic, frozen in FROZEN_EVENTS.items():
        written = ledger.mapper.to_stored_event(an_event(topic))
        old = type(written)(written.originator_id, written.originator_version, topic, bytes.fromhex(frozen["state"]))
        assert ledger.mapper.to_domain_event(old) == an_event(topic)
    ledger.close()


def test_no_stored_byte_names_a_module() -> None:
    for frozen in FROZEN_EVENTS.values():
        assert b"sightline" not in bytes.fromhex(frozen["state"]).lower()


def test_leaves_are_made_to_the_byte_as_they_always_were() -> None:
    assert frozen_leaves() == FROZEN_LEAVES


def test_golden_leaves_are_of_the_published_form_and_there_is_one_of_each_type() -> None:
    found = {str(check_leaf(one["leaf"].encode())["typ"]) for one in FROZEN_LEAVES.values()}
    assert found | LATER == set(known_types())
