"""Every agency and desk has a name on the broker, none has another's, and the name says whose it is."""

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.formats import topic_names
from sightline.formats.thumbprint import SLUG
from sightline.kernel.errors import Refused
from sightline.kernel.ids import AgencyId, DeskId

SLUGS = st.from_regex(SLUG, fullmatch=True)
AGENCIES = SLUGS.map(AgencyId)
DESKS = st.builds(lambda agency, desk: DeskId(f"{agency}/{desk}"), SLUGS, SLUGS)
LEGAL = re.compile(r"[a-zA-Z0-9._-]{1,249}")
"""Kafka's own rule for a topic's name; also not ``.`` or ``..``."""


@given(DESKS)
def test_a_feeds_topic_is_legal_and_says_whose_it_is(desk: DeskId) -> None:
    topic = topic_names.feed_topic(desk)
    assert LEGAL.fullmatch(topic)
    assert topic_names.desk_of_feed(topic) == desk


@given(AGENCIES)
def test_a_topic_of_receipts_is_legal_and_says_whose_it_is(agency: AgencyId) -> None:
    topic = topic_names.receipts_topic(agency)
    assert LEGAL.fullmatch(topic)
    assert topic_names.agency_of_receipts(topic) == agency


@given(DESKS, DESKS)
def test_no_two_feeds_are_one_to_the_broker(one: DeskId, two: DeskId) -> None:
    """Its metrics hold a full stop and an underscore for the same, so it refuses the second of two such names."""
    topics = {topic_names.feed_topic(desk).replace(".", "_") for desk in (one, two)}
    assert len(topics) == len({one, two})


@given(AGENCIES, AGENCIES)
def test_no_agencys_groups_begin_as_anothers_do(one: AgencyId, two: AgencyId) -> None:
    assert one == two or not topic_names.agency_groups(one).startswith(topic_names.agency_groups(two))


def test_the_longest_names_are_short_enough() -> None:
    longest = DeskId(f"{'a' * 64}/{'b' * 64}")
    assert len(topic_names.feed_topic(longest)) <= topic_names.LONGEST


def test_one_name_is_the_beginning_of_another_and_nobody_is_mistaken() -> None:
    assert topic_names.agency_groups(AgencyId("kent")) == "agency.kent."
    assert not topic_names.agency_groups(AgencyId("kent-council")).startswith("agency.kent.")
    assert topic_names.feed_topic(DeskId("kent/council-duty")) != topic_names.feed_topic(DeskId("kent-council/duty"))


def test_no_agency_can_be_called_as_the_administrator_or_a_worker() -> None:
    for agency in ("admin", "broker", "hub"):
        assert topic_names.agency_user(AgencyId(agency)) == f"agency.{agency}"


NOT_A_SLUG = [
    "",
    ".",
    "..",
    "Kent",
    "kent police",
    "kent.police",
    "kent_police",
    "-kent",
    "a" * 65,
    "kent\n",
    "kënt",
    "*",
]


@pytest.mark.parametrize("name", NOT_A_SLUG)
def test_what_is_no_name_of_an_agency_gets_none_on_the_broker(name: str) -> None:
    for make in (topic_names.receipts_topic, topic_names.agency_user, topic_names.agency_groups):
        with pytest.raises(Refused, match="agency_malformed"):
            make(AgencyId(name))


@pytest.mark.parametrize("name", [*NOT_A_SLUG, "kent", "kent/a/b", "kent/", "/a", "kent/A", "kent/a.b", "kent/../a"])
def test_what_is_no_name_of_a_desk_gets_none_on_the_broker(name: str) -> None:
    with pytest.raises(Refused, match="desk_malformed"):
        topic_names.feed_topic(DeskId(name))


@given(st.text(max_size=40) | st.from_regex(r"sightline\.(feed|receipts)\.[a-z.]{0,9}", fullmatch=True))
def test_whatever_is_read_as_a_topic_is_the_one_name_of_its_desk_or_agency(topic: str) -> None:
    with suppress(Refused):
        assert topic_names.feed_topic(topic_names.desk_of_feed(topic)) == topic
    with suppress(Refused):
        assert topic_names.receipts_topic(topic_names.agency_of_receipts(topic)) == topic
