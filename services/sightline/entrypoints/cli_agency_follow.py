"""What ``sightline agency follow`` does, over HTTP and over Kafka, and how it prints what a desk is told."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict

from sightline.adapters.clock import SystemClock
from sightline.agency.client import HubClient, HubKeys, Told
from sightline.agency.follow import Follower, catch_up, follow, load_cursor, save_cursor
from sightline.agency.telling import Entries, proven, unproven
from sightline.entrypoints.cli_agency_submit import group_of
from sightline.entrypoints.cli_out import lines, result
from sightline.entrypoints.desk_folder import DeskFolder
from sightline.formats.broker_access import Access
from sightline.formats.topic_names import feed_topic


def follow_hub(own: DeskFolder, client: HubClient, known: HubKeys, *, stay: bool, bodies: bool, as_json: bool) -> None:
    """Over HTTP."""
    follower = _follower(own, known)
    for told in catch_up(follower, client, bodies=bodies):
        _hand_out(own, follower, told, as_json=as_json)
    for told in follow(follower, client.stream(after=follower.after, bodies=bodies)) if stay else ():
        _hand_out(own, follower, told, as_json=as_json)


def follow_broker(
    own: DeskFolder, access: Access, hub: tuple[HubClient, HubKeys] | None, *, stay: bool, bodies: bool, as_json: bool
) -> None:
    """Over Kafka; with a hub beside it, everything is proven and has its body."""
    # Here, so that whoever speaks HTTP need not wait for a library that they do not use.
    from sightline.agency.kafka import ReadTopic  # noqa: PLC0415 - see above

    follower = _follower(own, hub[1] if hub else None)
    with closing(ReadTopic(access, feed_topic(own.desk), group_of(own.desk))) as topic:
        entries = Entries(topic, follower)
        told: Iterator[Sequence[Told]]
        if hub:
            told = proven(entries, follower, hub[0], stay=stay, bodies=bodies)
        else:
            told = unproven(entries, follower, stay=stay)
        for batch in told:
            _hand_out(own, follower, batch, as_json=as_json)


def _follower(own: DeskFolder, known: HubKeys | None) -> Follower:
    return Follower(load_cursor(own.cursor, own.desk), known.receipt_keys if known else {}, SystemClock().now)


def _hand_out(own: DeskFolder, follower: Follower, told: Sequence[Told], *, as_json: bool) -> None:
    """Print, and only then remember: a crash between shows an entry again, and never leaves one out."""
    for one in told:
        if as_json:
            result(asdict(one.entry) | {"item": one.item})
        else:
            _print(one)
    save_cursor(own.cursor, follower.cursor)


def _print(told: Told) -> None:
    item = told.item
    ask = f", ask {item['ask']}" if item.get("ask") else ""
    head = (told.entry.kind, item.get("type", ""), item.get("state", "") + ask, item.get("ref", ""))
    print(f"#{told.entry.seq} " + "  ".join(part for part in head if part))
    said = [(name, " ".join(item[name])) for name in ("classes", "withheld", "basis", "obligations") if item.get(name)]
    lines((f"   {name}", value) for name, value in [*said, *_flat(item.get("body", {}))])


def _flat(value: object, name: str = "") -> Iterator[tuple[str, object]]:
    """Members of members as ``child.given_name``."""
    if isinstance(value, dict):
        for member, below in value.items():
            yield from _flat(below, f"{name}.{member}" if name else str(member))
    elif isinstance(value, list) and any(isinstance(one, dict) for one in value):
        for number, below in enumerate(value, 1):
            yield from _flat(below, f"{name}.{number}")
    else:
        yield name, ", ".join(map(str, value)) if isinstance(value, list) else value
