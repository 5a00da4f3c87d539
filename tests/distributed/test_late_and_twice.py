"""Workers that come late, lose their partitions in the middle of a batch, or work twice; messages that come again.

In each case nothing accepted is lost or doubled, or readable and unrecorded.
"""

from collections.abc import Iterator
from pathlib import Path
from signal import SIGCONT

import pytest
from kafka import TopicPartition

from sightline.adapters.clock import SystemClock
from sightline.formats.topic_names import SUBMISSIONS, feed_topic
from sightline.kernel.ids import DeskId
from sightline.runtime.outbox import retell
from tests.builders_distributed import consuming, waits_for
from tests.builders_kafka import Node
from tests.distributed.crew import Crew, crew_of, crowded
from tests.distributed.crowd import Crowd
from tests.distributed.marked import Life, Plan
from tests.faults.load import MASH

OTHERS = ("relay", "decide", "seal", "clock")


@pytest.fixture(scope="module")
def crowd(
    node_of_all: Node, opa_server: str, postgres_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Crowd]:
    """Partners, and no worker yet."""
    folder = tmp_path_factory.mktemp("late")
    with crowded(node_of_all, opa_server, postgres_server, folder, SystemClock()) as made:
        yield made


@pytest.fixture
def crew(crowd: Crowd) -> Iterator[Crew]:
    """All workers but `record`."""
    with crew_of(crowd.area, *OTHERS) as made:
        yield made


def committed(crowd: Crowd) -> dict[TopicPartition, tuple[int, int]]:
    """For each partition of the submissions, what the group has acknowledged, and the end."""
    with consuming(crowd.area.node, "hub.record", group="hub.record") as consumer:
        topics = [topic for topic in consumer.topics() if topic.startswith(SUBMISSIONS)]
        partitions = [TopicPartition(topic, n) for topic in topics for n in consumer.partitions_for_topic(topic)]
        ends = consumer.end_offsets(partitions)
        return {p: (consumer.committed(p) or 0, ends[p]) for p in partitions}


def all_is_committed(crowd: Crowd) -> bool:
    """Whether nothing would come again."""
    return all(done == end for done, end in committed(crowd).values())


def is_met(life: Life) -> bool:
    """Whether it came to the step that something was planned for."""
    return life.marks.is_met


def test_a_worker_that_wakes_after_another_took_its_partitions_finishes_late_and_changes_nothing(
    crowd: Crowd, crew: Crew
) -> None:
    """It is stopped with a batch checked and not yet recorded, for longer than its session lasts."""
    late = crew.begin("late", "record", Plan(marks="", what="stop", step="record"))
    with crowd.sending():
        waits_for(lambda: is_met(late))
        crew.begin("other", "record", Plan(marks=""))
        # As soon as the broker has given the late one up, the other records all of it.
        crowd.sends(6)
    waits_for(lambda: all_is_committed(crowd))
    before = committed(crowd)
    late.send(SIGCONT)
    # It records what it has in hand, which is known already, and says so to the broker, which does not take its word. Or the
    # server has meanwhile ended the transaction that it slept in (after 20 s): then it says so, and lets go of the batch.
    waits_for(lambda: late.marks.last == "acknowledged" or crew.says({"database_unavailable"}, "late"))
    with crowd.sending():
        crowd.sends(6)
    waits_for(lambda: all_is_committed(crowd))
    after = committed(crowd)
    assert all(after[n][0] >= done for n, (done, _) in before.items())
    crew.stop("late", "other")
    assert crowd.close_the_books()


def test_partitions_that_change_hands_in_the_middle_of_a_batch_lose_and_double_nothing(
    crowd: Crowd, crew: Crew, tmp_path: Path
) -> None:
    """One holds a batch in hand while a second joins, records what was the first one's, and leaves again."""
    gate = tmp_path / "gate"
    gate.touch()
    with crowd.sending():
        crowd.sends(12)
        held = crew.begin("held", "record", Plan(marks="", what="hold", step="record", gate=str(gate)))
        waits_for(lambda: is_met(held))
        joined = crew.begin("joined", "record", Plan(marks=""))
        waits_for(lambda: joined.marks.last == "acknowledged")
        gate.unlink()
        waits_for(lambda: held.marks.last == "acknowledged")
        crowd.sends(12)
        crew.stop("joined")
        crowd.sends(6)
    waits_for(lambda: all_is_committed(crowd))
    crew.stop("held")
    assert crowd.close_the_books()


def test_a_message_that_comes_a_hundred_times_is_recorded_once(crowd: Crowd, crew: Crew) -> None:
    crew.start("record")
    with crowd.sending():
        crowd.sends(5)
        crowd.repeats(100)
        crowd.sends(5)
    crew.stop("record")
    assert crowd.close_the_books()


def test_two_of_those_that_only_one_should_be_lose_to_each_other_and_double_nothing(crowd: Crowd, crew: Crew) -> None:
    """The second of a kind stands by, and takes over when the first is killed."""
    crew.start("record")
    for stage in ("seal", "decide"):
        crew.begin(f"second-{stage}", stage, Plan(marks=""))
    waits_for(crew.are_ready)
    with crowd.sending():
        crowd.sends(12)
        crowd.follow()
        for stage in ("seal", "decide"):
            crew.lives.pop(stage).close()
        crowd.sends(6)
    assert crowd.close_the_books()


def test_a_feed_that_was_deleted_is_told_again_whole(crowd: Crowd, crew: Crew) -> None:
    crew.start("record")
    with crowd.sending():
        crowd.sends(12)
    crowd.area.makes_anew(feed_topic(DeskId(MASH)))
    retell(crowd.area.hub.database, MASH)
    with crowd.sending():
        crowd.sends(6)
    assert crowd.area.feed(DeskId(MASH))
    assert crowd.close_the_books()
