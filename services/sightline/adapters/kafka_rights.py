"""What a broker should hold and who may do what on it: read from one document, compared with what is there.

Plain values only; `kafka_admin` speaks to the broker. The document is infra/kafka/topics.yaml, which says how to read it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import msgspec

from sightline.formats import topic_names
from sightline.kernel.errors import Refused
from sightline.kernel.ids import AgencyId, DeskId

DAY_MS = 86_400_000

Kind = Literal["topic", "group"]
Operation = Literal["read", "write"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Topic:
    """One topic, as it is declared or as it was found."""

    name: str
    partitions: int
    replicas: int
    settings: Mapping[str, str]
    """Kafka's own names; all that differ from the broker's defaults."""


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Right:
    """Something that a user may do, from anywhere. There are no rights to refuse: what is not allowed is refused."""

    user: str
    operation: str
    """``read`` or ``write``; for a right that was found, whatever Kafka calls it."""
    kind: str
    name: str
    prefix: bool = False
    """Whether it holds for every name that begins so."""
    other: str = ""
    """What makes it unlike any that can be declared: a denial, one host only."""

    def __str__(self) -> str:
        more = f" ({self.other})" if self.other else ""
        return f"{self.user} may {self.operation} {self.kind} {self.name}{'*' if self.prefix else ''}{more}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Holding:
    """Topics, rights and users: what should be there, or what is."""

    topics: Mapping[str, Topic]
    rights: frozenset[Right]
    users: frozenset[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One step from what is there to what should be."""

    verb: Literal[
        "create topic",
        "set topic",
        "widen topic",
        "delete topic",
        "add user",
        "remove user",
        "grant",
        "revoke",
        "cannot",
    ]
    about: str
    """What it changes, in words."""
    topic: Topic | None = None
    right: Right | None = None
    unset: tuple[str, ...] = ()
    """Settings that go back to the broker's defaults."""

    def __str__(self) -> str:
        return f"{_SIGN[self.verb]} {self.verb} {self.about}"


_SIGN = {"create topic": "+", "add user": "+", "grant": "+", "delete topic": "-", "remove user": "-", "revoke": "-"} | {
    "set topic": "~",
    "widen topic": "~",
    "cannot": "!",
}


class _Topic(msgspec.Struct, forbid_unknown_fields=True):
    partitions: int = 1
    retention_days: int = 7
    largest_bytes: int = 1_048_588
    settings: dict[str, str] = {}


class _User(msgspec.Struct, forbid_unknown_fields=True):
    read: list[str] = []
    write: list[str] = []
    groups: list[str] = []


class _Document(msgspec.Struct, forbid_unknown_fields=True):
    topics: dict[str, _Topic]
    users: dict[str, _User]
    agencies: dict[str, list[str]]
    superusers: list[str] = []


def declared(document: object, *, replicas: int = 1) -> Holding:
    """What the document asks for, templates filled in.

    Raises Refused: ``declaration_malformed``, ``agency_malformed``, ``desk_malformed``, ``topic_malformed``.
    """
    try:
        read = msgspec.convert(document, _Document)
    except msgspec.ValidationError as exc:
        raise Refused("declaration_malformed", str(exc)) from exc
    topics = {
        name: _topic(name, form, replicas)
        for template, form in read.topics.items()
        for _, name in _filled(template, read.agencies)
    }
    rights = frozenset(_rights(read))
    _check(topics, rights)
    users = frozenset(name for template in read.users for _, name in _filled(template, read.agencies))
    if taken := users & set(read.superusers):
        raise Refused("declaration_malformed", f"{', '.join(sorted(taken))}: a superuser needs no rights")
    return Holding(topics=topics, rights=rights, users=users | set(read.superusers))


def difference(wanted: Holding, found: Holding) -> list[Change]:
    """The steps from what was found to what is wanted, in an order in which they can be taken.

    Rights are taken away first: nobody may meanwhile do more than was or will be allowed.
    """
    return [
        *(Change(verb="revoke", about=str(r), right=r) for r in sorted(found.rights - wanted.rights)),
        *(Change(verb="remove user", about=user) for user in sorted(found.users - wanted.users)),
        *_topic_changes(wanted.topics, found.topics),
        *(Change(verb="add user", about=user) for user in sorted(wanted.users - found.users)),
        *(Change(verb="grant", about=str(r), right=r) for r in sorted(wanted.rights - found.rights)),
    ]


def _topic_changes(wanted: Mapping[str, Topic], found: Mapping[str, Topic]) -> Iterator[Change]:
    for name in sorted(found.keys() - wanted.keys()):
        yield Change(verb="delete topic", about=name, topic=found[name])
    for name, topic in sorted(wanted.items()):
        if name not in found:
            yield Change(verb="create topic", about=f"{name} ({topic.partitions} partitions)", topic=topic)
        else:
            yield from _alterations(topic, found[name])


def _alterations(wanted: Topic, found: Topic) -> Iterator[Change]:
    differing = sorted(k for k, v in wanted.settings.items() if found.settings.get(k) != v)
    unset = tuple(sorted(found.settings.keys() - wanted.settings.keys()))
    if differing or unset:
        said = [f"{k}={wanted.settings[k]}" for k in differing] + [f"{k} unset" for k in unset]
        yield Change(verb="set topic", about=f"{wanted.name}: {', '.join(said)}", topic=wanted, unset=unset)
    partitions = f"{wanted.name}: {found.partitions} partitions to {wanted.partitions}"
    if wanted.partitions > found.partitions:
        yield Change(verb="widen topic", about=partitions, topic=wanted)
    elif wanted.partitions < found.partitions:
        yield Change(verb="cannot", about=f"take partitions away: {partitions}")
    if wanted.replicas != found.replicas:
        yield Change(verb="cannot", about=f"move replicas: {wanted.name}: {found.replicas} to {wanted.replicas}")


def _topic(name: str, form: _Topic, replicas: int) -> Topic:
    if len(name) > topic_names.LONGEST or form.partitions < 1:
        raise Refused("declaration_malformed", f"topic {name}: too long a name, or no partition")
    settings = {
        "retention.ms": str(form.retention_days * DAY_MS),
        # A segment is dropped as a whole, once its youngest entry is too old: so none stays open longer than a day.
        "segment.ms": str(DAY_MS),
        "max.message.bytes": str(form.largest_bytes),
        # The broker's time, not the sender's: else who dates an entry ahead decides how long it is kept.
        "message.timestamp.type": "LogAppendTime",
    }
    return Topic(name=name, partitions=form.partitions, replicas=replicas, settings=settings | form.settings)


def _rights(read: _Document) -> Iterator[Right]:
    for template, form in read.users.items():
        for agency, user in _filled(template, read.agencies):
            whose = read.agencies if agency is None else {agency: read.agencies[agency]}
            for operation, kind, names in (
                ("read", "topic", form.read),
                ("write", "topic", form.write),
                ("read", "group", form.groups),
            ):
                for name in (filled for named in names for _, filled in _filled(named, whose)):
                    yield Right(
                        user=user, operation=operation, kind=kind, name=name.removesuffix("*"), prefix=name[-1:] == "*"
                    )


def _filled(template: str, agencies: Mapping[str, Iterable[str]]) -> Iterator[tuple[str | None, str]]:
    """The template once for each agency or desk that it asks for, beside the agency; once if it asks for none."""
    if "{desk}" in template:
        prefix = template.removesuffix("{desk}")
        for agency, desks in agencies.items():
            for desk in desks:
                topic = topic_names.feed_topic(DeskId(f"{agency}/{desk}"))
                yield agency, prefix + topic.removeprefix(topic_names.FEED)
    elif "{agency}" in template:
        for agency in agencies:
            topic_names.agency_user(AgencyId(agency))
            yield agency, template.replace("{agency}", agency)
    else:
        yield None, template


def _check(topics: Mapping[str, Topic], rights: Iterable[Right]) -> None:
    """Every topic is one that the code knows, and every right is to one that is declared."""
    for name in topics:
        if name.startswith(topic_names.FEED):
            topic_names.desk_of_feed(name)
        elif name.startswith(topic_names.SUBMISSIONS):
            topic_names.agency_of_submissions(name)
        else:
            topic_names.agency_of_receipts(name)
    for right in rights:
        known = any(t.startswith(right.name) if right.prefix else t == right.name for t in topics)
        if not right.name or (right.kind == "topic" and not known):
            raise Refused("declaration_malformed", f"no such topic is declared: {right}")
