"""The one declaration: what it gives to whom, and the steps that lead from what is there to what is declared."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from sightline.adapters.kafka_rights import Change, Holding, Right, Topic, declared, difference
from sightline.kernel.errors import Refused

NOTHING = Holding(topics={}, rights=frozenset(), users=frozenset())
DECLARED: dict[str, Any] = yaml.safe_load(
    (Path(__file__).resolve().parents[3] / "infra" / "kafka" / "topics.yaml").read_text(encoding="utf-8")
)
TWO = DECLARED | {"agencies": {"kent": ["missing", "bureau"], "kent-council": ["duty"]}}


def rights_of(user: str, document: object = TWO) -> set[str]:
    """What that user may do, in words."""
    return {str(r).removeprefix(f"{user} may ") for r in declared(document).rights if r.user == user}


def verbs(wanted: Holding, found: Holding) -> list[str]:
    """The steps, by their kind."""
    return [change.verb for change in difference(wanted, found)]


def a_topic(**changes: Any) -> Topic:
    """A topic of submissions."""
    topic: dict[str, Any] = {
        "name": "sightline.submissions.kent",
        "partitions": 6,
        "replicas": 1,
        "settings": {"a": "1"},
    }
    return Topic(**{**topic, **changes})


def holding(topic: Topic) -> Holding:
    """A broker with that topic alone."""
    return Holding(topics={topic.name: topic}, rights=frozenset(), users=frozenset())


def test_an_agency_sends_and_reads_its_own_answers() -> None:
    assert rights_of("agency.kent") == {
        "write topic sightline.submissions.kent",
        "read topic sightline.receipts.kent",
        "read topic sightline.feed.kent.missing",
        "read topic sightline.feed.kent.bureau",
        "read group agency.kent.*",
    }


def test_the_workers_have_what_they_need_and_the_others_have_no_user() -> None:
    assert rights_of("hub.record") == {"read topic sightline.submissions.*", "read group hub.record"}
    assert rights_of("hub.relay") == {"write topic sightline.receipts.*", "write topic sightline.feed.*"}
    assert {u for u in declared(TWO).users if u.startswith("hub.")} == {"hub.record", "hub.relay"}


def test_submissions_are_kept_for_seven_days_by_the_brokers_own_time() -> None:
    settings = declared(TWO).topics["sightline.submissions.kent"].settings
    assert settings["retention.ms"] == str(7 * 24 * 3600 * 1000)
    assert settings["message.timestamp.type"] == "LogAppendTime"


def test_the_largest_sealed_submission_fits() -> None:
    largest = 256 * 1024 * 4 // 3 + 2048
    overhead = 1024
    """Of a batch of one record: 61 bytes, and its key, the source."""
    assert largest + overhead < int(declared(TWO).topics["sightline.submissions.kent"].settings["max.message.bytes"])


def test_each_desk_and_each_agency_has_a_topic_in_one_piece() -> None:
    topics = declared(TWO).topics
    assert set(topics) == {
        "sightline.submissions.kent",
        "sightline.submissions.kent-council",
        "sightline.receipts.kent",
        "sightline.receipts.kent-council",
        "sightline.feed.kent.missing",
        "sightline.feed.kent.bureau",
        "sightline.feed.kent-council.duty",
    }
    assert {t.partitions for name, t in topics.items() if not name.startswith("sightline.submissions.")} == {1}


def test_replicas_are_the_clusters_affair() -> None:
    assert {t.replicas for t in declared(TWO, replicas=3).topics.values()} == {3}


def changed(**members: Any) -> dict[str, Any]:
    """The declaration with other members."""
    return TWO | members


@pytest.mark.parametrize(
    ("document", "code"),
    [
        pytest.param(None, "declaration_malformed", id="nothing"),
        pytest.param(changed(user={}), "declaration_malformed", id="an unknown member"),
        pytest.param(changed(agencies={"Kent": []}), "agency_malformed", id="a bad agency"),
        pytest.param(changed(agencies={"kent": ["a.b"]}), "desk_malformed", id="a bad desk"),
        pytest.param(changed(topics={"sightline.other": {}}), "topic_malformed", id="an unknown topic"),
        pytest.param(changed(topics={"sightline.submissions": {}}), "topic_malformed", id="submissions of all"),
        pytest.param(changed(topics={"sightline.feed.kent": {}}), "topic_malformed", id="a feed of nobody"),
        pytest.param(
            changed(users={"x": {"read": ["sightline.other"]}}), "declaration_malformed", id="a right to nothing"
        ),
        pytest.param(changed(users={"x": {"read": ["*"]}}), "declaration_malformed", id="a right to everything"),
        pytest.param(changed(users={"x": {"groups": ["*"]}}), "declaration_malformed", id="a right to every group"),
        pytest.param(changed(users={"admin": {}}), "declaration_malformed", id="rights for a superuser"),
        pytest.param(
            changed(topics={"sightline.submissions.kent": {"partitions": 0}}),
            "declaration_malformed",
            id="no partition",
        ),
    ],
)
def test_a_declaration_that_cannot_be_meant_is_refused(document: object, code: str) -> None:
    with pytest.raises(Refused) as told:
        declared(document)
    assert told.value.code == code


def test_what_is_as_declared_needs_no_step() -> None:
    assert difference(declared(TWO), declared(TWO)) == []


def test_rights_are_taken_away_before_anything_else_and_given_last() -> None:
    old, new = declared(TWO), declared(changed(agencies={"essex": ["desk"]}))
    steps = verbs(new, old)
    assert steps.index("revoke") == 0
    assert steps[-1] == "grant"
    assert steps.index("remove user") < steps.index("delete topic") < steps.index("add user") < steps.index("grant")


def test_everything_is_made_from_nothing() -> None:
    wanted = declared(TWO)
    steps = verbs(wanted, NOTHING)
    assert len(steps) == len(wanted.topics) + len(wanted.rights) + len(wanted.users)


@pytest.mark.parametrize(
    ("wanted", "found", "verb"),
    [
        pytest.param({"settings": {"a": "2"}}, {}, "set topic", id="another value"),
        pytest.param({"settings": {}}, {}, "set topic", id="a value too many"),
        pytest.param({}, {"settings": {}}, "set topic", id="a value too few"),
        pytest.param({"partitions": 7}, {}, "widen topic", id="more partitions"),
        pytest.param({"partitions": 5}, {}, "cannot", id="fewer partitions"),
        pytest.param({"replicas": 3}, {}, "cannot", id="more replicas"),
    ],
)
def test_each_difference_of_a_topic_is_one_step(wanted: dict[str, Any], found: dict[str, Any], verb: str) -> None:
    assert verbs(holding(a_topic(**wanted)), holding(a_topic(**found))) == [verb]


@pytest.mark.parametrize(
    "found",
    [
        pytest.param({"other": "denied"}, id="a denial"),
        pytest.param({"other": "from 192.0.2.1"}, id="for one host"),
        pytest.param({"prefix": True}, id="for more names"),
        pytest.param({"operation": "all"}, id="for every operation"),
    ],
)
def test_a_right_that_only_looks_alike_is_replaced(found: dict[str, Any]) -> None:
    right: dict[str, Any] = {"user": "hub.record", "operation": "read", "kind": "group", "name": "hub.record"}
    wanted = Holding(topics={}, rights=frozenset({Right(**right)}), users=frozenset())
    there = Holding(topics={}, rights=frozenset({Right(**(right | found))}), users=frozenset())
    assert verbs(wanted, there) == ["revoke", "grant"]


def test_a_step_says_what_it_does() -> None:
    assert str(Change(verb="add user", about="hub.record")) == "+ add user hub.record"
    assert str(Change(verb="revoke", about="x")).startswith("- ")
