"""The broker as its administrator sees it: what it holds, and the steps that change it. By kafka-python's admin client."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self

from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ConfigResource,
    ConfigResourceType,
    KafkaAdminClient,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)
from kafka.errors import KafkaError, NoError

from sightline.adapters.kafka_rights import Change, Holding, Right, Topic
from sightline.formats.broker_access import MECHANISM, Access
from sightline.kernel.errors import Refused, Unavailable

ITERATIONS = 8192
"""Of PBKDF2. Kafka asks for 4096 at least; our passwords are random, 192 bits long, so more would not make them safer."""

OURS = "sightline."
"""What our topics' names begin with. Others are nobody's business here."""


class BrokerAdmin:
    """One administrator's connection. Raises Unavailable ``broker_unavailable`` and Refused ``broker_refused``."""

    def __init__(self, access: Access, *, timeout_s: float = 30.0) -> None:
        milliseconds = int(timeout_s * 1000)
        self._acls: dict[Right, ACL] = {}
        with _answering():
            self._client = KafkaAdminClient(
                client_id="sightline-admin",
                request_timeout_ms=milliseconds,
                bootstrap_timeout_ms=milliseconds,
                **access.settings,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def found(self) -> Holding:
        """Our topics, all users and all rights."""
        with _answering():
            users = frozenset(self._client.describe_user_scram_credentials())
            found, _ = self._client.describe_acls(_ALL)
            self._acls = {_right(acl): acl for acl in found}
            return Holding(topics=self._topics(), rights=frozenset(self._acls), users=users)

    def take(self, change: Change, *, password_of: Callable[[str], str]) -> None:
        """Take one step. `password_of` gives a new user's password. What ``cannot`` be done is left as it is."""
        with _answering():
            if change.topic is not None:
                self._alter(change, change.topic)
            elif change.right is not None:
                self._let(change, change.right)
            elif change.verb == "add user":
                self._add_user(change.about, password_of(change.about))
            elif change.verb == "remove user":
                self._remove_user(change.about)

    def _topics(self) -> dict[str, Topic]:
        described = [t for t in self._client.describe_topics() if t["name"].startswith(OURS)]
        asked = [ConfigResource(ConfigResourceType.TOPIC, t["name"]) for t in described]
        settings = self._client.describe_configs(asked).get("topic", {}) if asked else {}
        return {t["name"]: _topic(t, settings[t["name"]]) for t in described}

    def _alter(self, change: Change, topic: Topic) -> None:
        match change.verb:
            case "create topic":
                wanted = {"num_partitions": topic.partitions, "replication_factor": topic.replicas}
                self._client.create_topics(
                    {topic.name: {**wanted, "configs": dict(topic.settings)}}, wait_for_metadata=True
                )
            case "widen topic":
                self._client.create_partitions({topic.name: topic.partitions})
            case "delete topic":
                self._client.delete_topics([topic.name])
            case _:
                self._set(topic, change.unset)

    def _set(self, topic: Topic, unset: tuple[str, ...]) -> None:
        where = ConfigResourceType.TOPIC
        done = self._client.alter_configs([ConfigResource(where, topic.name, dict(topic.settings))])
        _all_done(done["topic"], "OK")
        if unset:
            _all_done(self._client.reset_configs([ConfigResource(where, topic.name, list(unset))])["topic"], "OK")

    def _let(self, change: Change, right: Right) -> None:
        if change.verb == "grant":
            failed = self._client.create_acls([_acl(right)])["failed"]
        else:
            acl = self._acls.get(right) or _acl(right)
            exactly = ACLFilter(acl.principal, acl.host, acl.operation, acl.permission_type, acl.resource_pattern)
            failed = [error for _, _, error in self._client.delete_acls([exactly]) if error is not NoError]
        for error in failed:
            raise error

    def _add_user(self, user: str, password: str) -> None:
        wanted = UserScramCredentialUpsertion(user, MECHANISM, password, iterations=ITERATIONS)
        _all_done(self._client.alter_user_scram_credentials([wanted]), None)

    def _remove_user(self, user: str) -> None:
        held = self._client.describe_user_scram_credentials([user])[user]["credential_infos"]
        gone = [UserScramCredentialDeletion(user, credential["mechanism"]) for credential in held]
        _all_done(self._client.alter_user_scram_credentials(gone), None)


_ALL = ACLFilter(
    None,
    None,
    ACLOperation.ANY,
    ACLPermissionType.ANY,
    ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY),
)


@contextmanager
def _answering() -> Iterator[None]:
    """Every fault of the client as one of ours; its words, which may quote what was sent, are left out."""
    try:
        yield
    except OSError as exc:
        raise Unavailable("broker_unavailable", type(exc).__name__) from exc
    except KafkaError as exc:
        if exc.retriable:
            raise Unavailable("broker_unavailable", type(exc).__name__) from exc
        raise Refused("broker_refused", type(exc).__name__) from exc


def _all_done(results: Mapping[str, str | None], done: str | None) -> None:
    """Raise Refused ``broker_refused`` unless every result says that it was done."""
    for name, result in results.items():
        if result != done:
            raise Refused("broker_refused", f"{name}: {result}")


def _topic(described: Mapping[str, Any], settings: Mapping[str, Mapping[str, Any]]) -> Topic:
    partitions = described["partitions"]
    return Topic(
        name=described["name"],
        partitions=len(partitions),
        replicas=min(len(p["replica_nodes"]) for p in partitions),
        settings={name: str(setting["value"]) for name, setting in settings.items()},
    )


def _right(acl: ACL) -> Right:
    """What was found, in our words. What cannot be declared keeps Kafka's, so that it differs from all that can be."""
    pattern = acl.resource_pattern
    other = [
        "" if acl.permission_type is ACLPermissionType.ALLOW else "denied",
        "" if acl.host == "*" else f"from {acl.host}",
    ]
    return Right(
        user=acl.principal.removeprefix("User:"),
        operation=acl.operation.name.lower(),
        kind=pattern.resource_type.name.lower(),
        name=pattern.resource_name,
        prefix=pattern.pattern_type is ACLResourcePatternType.PREFIXED,
        other=" ".join(word for word in other if word),
    )


def _acl(right: Right) -> ACL:
    pattern = ACLResourcePatternType.PREFIXED if right.prefix else ACLResourcePatternType.LITERAL
    return ACL(
        f"User:{right.user}",
        "*",
        ACLOperation[right.operation.upper()],
        ACLPermissionType.ALLOW,
        ResourcePattern(ResourceType[right.kind.upper()], right.name, pattern),
    )
