"""`plan` shows what differs, `apply` makes it so and only so; a node that went comes back as it was."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka.errors import TopicAuthorizationFailedError

from sightline.adapters.kafka_rights import Change, Right, Topic
from tests.builders_kafka import AGENCIES, ROOT, Node

SUBMISSIONS = "sightline.submissions.kent"
OLD_FEED = Topic(name="sightline.feed.kent.closed", partitions=1, replicas=1, settings={})
TOO_MUCH = Right(user="agency.kent", operation="read", kind="topic", name=SUBMISSIONS)


@pytest.fixture(scope="module")
def declared(kafka_server: Path) -> Node:
    """The node, once made as declared."""
    node = Node(folder=kafka_server)
    assert node.topics("apply", "--allow-delete").returncode == 0
    return node


@pytest.fixture
def node(declared: Node) -> Iterator[Node]:
    """The node as declared; and made so again."""
    node = declared
    yield node
    (node.folder / "agencies.yaml").write_text(AGENCIES)
    assert node.topics("apply", "--allow-delete").returncode == 0


def takes(node: Node, *changes: Change) -> None:
    """Somebody changes the broker by hand."""
    with node.admin() as admin:
        for change in changes:
            admin.take(change, password_of=lambda _: "by hand")


def lines(told: subprocess.CompletedProcess[str]) -> list[str]:
    """What was said, without the signs."""
    return [line[2:] for line in told.stdout.splitlines()]


def test_a_broker_as_declared_has_no_plan_and_nothing_to_apply(node: Node) -> None:
    for what in ("plan", "apply", "plan"):
        told = node.topics(what)
        assert (told.returncode, told.stdout, told.stderr) == (0, "", "the broker is as declared\n")


def test_drift_is_shown_with_exit_code_2_and_put_right(node: Node) -> None:
    with node.admin() as admin:
        found = admin.found().topics[SUBMISSIONS]
        kept_for_ever = Topic(
            name=SUBMISSIONS,
            partitions=3,
            replicas=1,
            settings={**found.settings, "retention.ms": "-1", "max.message.bytes": "9"},
        )
    takes(
        node,
        Change(verb="set topic", about="", topic=kept_for_ever, unset=("segment.ms",)),
        Change(verb="grant", about="", right=TOO_MUCH),
        Change(verb="revoke", about="", right=a_right_of(node, "hub.record")),
        Change(verb="add user", about="agency.stranger"),
    )
    planned = node.topics("plan")
    assert planned.returncode == 2
    assert lines(planned) == [
        "revoke agency.kent may read topic sightline.submissions.kent",
        "remove user agency.stranger",
        "set topic sightline.submissions.kent: max.message.bytes=393216, retention.ms=604800000, segment.ms=86400000",
        "grant hub.record may read group hub.record",
    ]
    applied = node.topics("apply")
    assert (applied.returncode, applied.stdout) == (0, planned.stdout)
    assert node.topics("plan").returncode == 0


def a_right_of(node: Node, user: str) -> Right:
    """The first of that user's rights."""
    with node.admin() as admin:
        return min(r for r in admin.found().rights if r.user == user)


def test_what_is_set_beyond_the_declaration_is_unset(node: Node) -> None:
    takes(
        node,
        Change(
            verb="set topic",
            about="",
            topic=Topic(name=SUBMISSIONS, partitions=2, replicas=1, settings={"cleanup.policy": "compact"}),
        ),
    )
    assert lines(node.topics("plan")) == ["set topic sightline.submissions.kent: cleanup.policy unset"]
    assert node.topics("apply").returncode == 0


def test_a_topic_is_deleted_only_when_that_is_allowed(node: Node) -> None:
    takes(node, Change(verb="create topic", about="", topic=OLD_FEED))
    assert lines(node.topics("plan")) == ["delete topic sightline.feed.kent.closed"]
    refused = node.topics("apply")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "left: - delete topic sightline.feed.kent.closed (needs --allow-delete)" in refused.stderr
    allowed = node.topics("apply", "--allow-delete")
    assert (allowed.returncode, lines(allowed)) == (0, ["delete topic sightline.feed.kent.closed"])


def test_partitions_are_added_and_never_taken_away(node: Node, tmp_path: Path) -> None:
    def of(partitions: int) -> Path:
        declared = (ROOT / "infra/kafka/topics.yaml").read_text()
        path = tmp_path / "topics.yaml"
        path.write_text(declared.replace("partitions: 2", f"partitions: {partitions}"))
        return path

    submissions = [name for name in node.topics("list").stdout.split() if name.startswith("sightline.submissions.")]
    told = node.topics("apply", "--declared", of(3))
    assert (told.returncode, lines(told)) == (0, [f"widen topic {name}: 2 partitions to 3" for name in submissions])
    told = node.topics("apply", "--declared", of(2))
    assert (told.returncode, told.stdout) == (2, "")
    assert "! cannot take partitions away: sightline.submissions.kent: 3 partitions to 2" in told.stderr
    # Nor does the fixture: it begins anew.
    takes(
        node,
        *(
            Change(verb="delete topic", about="", topic=Topic(name=name, partitions=3, replicas=1, settings={}))
            for name in submissions
        ),
    )


def test_an_agency_that_is_declared_no_more_is_let_in_no_more(node: Node) -> None:
    node.send("agency.kent-council", "sightline.submissions.kent-council")
    (node.folder / "agencies.yaml").write_text("agencies:\n  kent: [missing]\n")
    told = node.topics("apply")
    assert told.returncode == 2, "its topics stay: nobody said that they may go"
    assert "remove user agency.kent-council" in lines(told)
    assert {line for line in lines(told) if line.startswith("revoke")} >= {
        "revoke agency.kent-council may write topic sightline.submissions.kent-council",
        "revoke agency.kent may read topic sightline.feed.kent.bureau",
    }
    with pytest.raises(TopicAuthorizationFailedError):
        node.read("agency.kent", "sightline.feed.kent.bureau")
    with node.admin() as admin:
        assert "agency.kent-council" not in admin.found().users


@pytest.mark.parametrize(
    ("document", "why"),
    [
        pytest.param("topics: {}\n", "declaration_malformed", id="incomplete"),
        pytest.param("topics: {}\nusers: {}\nagencies: {}\nusres: {}\n", "declaration_malformed", id="a typing error"),
        pytest.param(
            "topics: {other: {}}\nusers: {}\nagencies: {}\n", "topic_malformed", id="a topic that nobody knows"
        ),
        pytest.param("topics: [\n", "not YAML", id="no YAML"),
    ],
)
def test_a_wrong_declaration_changes_nothing(node: Node, tmp_path: Path, document: str, why: str) -> None:
    path = tmp_path / "topics.yaml"
    path.write_text(document)
    program: list[str | Path] = [ROOT / "infra/kafka/topics", "apply", "--services", node.folder, "--declared", path]
    told = subprocess.run(program, capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr.startswith("infra/kafka/topics: ")
    assert why in told.stderr
    assert node.topics("plan").returncode == 0


def test_secrets_can_be_read_by_their_owner_alone(node: Node) -> None:
    for path in (node.folder / "secrets", node.folder / "private", node.folder / "data"):
        assert path.stat().st_mode & 0o077 == 0, path
    for path in [*(node.folder / "secrets").iterdir(), *(node.folder / "private").iterdir()]:
        assert path.stat().st_mode & 0o077 == 0, path
    assert not list((node.folder / "private").glob("format*")), "the passwords that the storage was prepared with"


def test_no_password_is_on_a_command_line_or_in_the_log(node: Node) -> None:
    everything = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    everything += (node.folder / "log").read_text()
    for path in (node.folder / "secrets").iterdir():
        assert path.read_text().strip() not in everything, path.name


def test_a_node_that_runs_is_left_alone_and_one_that_went_comes_back_as_it_was(node: Node) -> None:
    node.send("agency.kent", SUBMISSIONS, b"kept")
    before, pid = node.address, (node.folder / "pid").read_text()
    up = [str(ROOT / "infra/kafka/up"), "--throwaway", str(node.folder)]
    again = subprocess.run(up, capture_output=True, text=True, check=True)
    assert (again.stdout.strip(), (node.folder / "pid").read_text()) == (before, pid)

    subprocess.run([str(ROOT / "infra/kafka/down"), str(node.folder)], check=True)
    assert not (node.folder / "address").exists()
    assert node.topics("plan", "--bootstrap", before, "--timeout-s", "2").returncode == 1

    back = subprocess.run(up, capture_output=True, text=True, check=True)
    assert back.stdout.strip() == before == node.address
    assert node.topics("plan").returncode == 0
    assert any(b"kept" in node.read("hub.record", SUBMISSIONS, partition=n) for n in range(2))
