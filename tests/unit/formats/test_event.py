"""The envelope: every attribute, and that the set is closed."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.formats.event import read_envelope, read_time, reference_in, write_event, write_time
from sightline.kernel.values import Envelope, Refusal
from tests.builders import an_event

EARLIEST = datetime(1970, 1, 2)  # noqa: DTZ001 - Hypothesis takes bounds without a zone
LATEST = datetime(9000, 1, 1)  # noqa: DTZ001 - likewise


def test_an_event_has_an_envelope() -> None:
    envelope = read_envelope(an_event())
    assert isinstance(envelope, Envelope)
    assert (envelope.type, envelope.version) == ("missing.reported", 1)
    assert (envelope.agency, envelope.desk) == ("northshire-police", "northshire-police/missing-persons")
    assert envelope.time == datetime(2026, 3, 2, 9, 29, tzinfo=UTC)


def test_what_is_written_is_read() -> None:
    event = an_event()
    envelope = read_envelope(event)
    assert isinstance(envelope, Envelope)
    assert json.loads(write_event(envelope, event["data"])) == event


def test_optional_attributes_are_taken() -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    event = an_event(traceparent=trace, partitionkey=an_event()["source"])
    assert isinstance(read_envelope(event), Envelope)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        *[pytest.param({name: None}, f"/{name}", id=f"no {name}") for name in an_event()],
        *[pytest.param({name: 7}, f"/{name}", id=f"a number for {name}") for name in an_event()],
        *[pytest.param({name: ["a"]}, f"/{name}", id=f"a list for {name}") for name in an_event()],
        *[pytest.param({name: ""}, f"/{name}", id=f"an empty {name}") for name in an_event()],
        pytest.param({"specversion": "0.3"}, "/specversion", id="an older CloudEvents"),
        pytest.param({"id": "x" * 129}, "/id", id="a long id"),
        pytest.param({"id": "Perrin Oakapple"}, "/id", id="a space in the id"),
        pytest.param({"id": "a\n"}, "/id", id="a line end in the id"),
        pytest.param({"source": "/agencies/Police/missing/records"}, "/source", id="capitals in the source"),
        pytest.param({"source": "/agencies/police/missing"}, "/source", id="a source without a system"),
        pytest.param({"source": "/agencies/police/../records"}, "/source", id="dots in the source"),
        pytest.param({"type": "missing.reported"}, "/type", id="no prefix"),
        pytest.param({"type": "sightline.missing"}, "/type", id="half a type"),
        pytest.param({"type": "sightline.consent.recorded"}, "/dataschema", id="a schema of another type"),
        pytest.param({"dataschema": "sightline:/schemas/missing.reported/0"}, "/dataschema", id="version 0"),
        pytest.param({"dataschema": "sightline:/schemas/missing.reported/1/x"}, "/dataschema", id="a longer schema"),
        pytest.param({"datacontenttype": "text/json"}, "/datacontenttype", id="another content type"),
        pytest.param({"time": "2026-03-02T09:29:00"}, "/time", id="no offset"),
        pytest.param({"time": "2026-03-02 09:29:00Z"}, "/time", id="no T"),
        pytest.param({"time": "2026-02-30T09:29:00Z"}, "/time", id="no such day"),
        pytest.param({"time": "2026-03-02T09:29:60Z"}, "/time", id="a leap second"),
        pytest.param({"time": "0001-01-01T00:00:00+12:00"}, "/time", id="before all time"),
        pytest.param({"time": "٢٠٢٦-03-02T09:29:00Z"}, "/time", id="other digits"),
        pytest.param({"area": "atlantis"}, "/area", id="an area that is none"),
        pytest.param({"purpose": "curiosity"}, "/purpose", id="a purpose that is none"),
        pytest.param({"actor": "p.oakapple@police.example:officer"}, "/actor", id="an e-mail address"),
        pytest.param({"actor": "s-4711"}, "/actor", id="an actor without a role"),
        pytest.param({"traceparent": "x"}, "/traceparent", id="no trace"),
        pytest.param({"partitionkey": "/agencies/a/b/c"}, "/partitionkey", id="another partition key"),
        pytest.param({"partitionkey": "9990000018"}, "/partitionkey", id="a child's number as partition key"),
        pytest.param({"subject": "Oakapple"}, "/~", id="a subject"),
        pytest.param({"oakapple": "x"}, "/~", id="an extension that we do not know"),
        pytest.param({"data_base64": "e30="}, "/~", id="binary data"),
    ],
)
def test_any_other_envelope_is_refused(changes: dict[str, Any], pointer: str) -> None:
    refusal = read_envelope(an_event(**changes))
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.pointer) == ("envelope_invalid", pointer)
    assert "akapple" not in repr(refusal)


@given(
    st.datetimes(min_value=EARLIEST, max_value=LATEST),
    st.integers(min_value=-23 * 60, max_value=23 * 60),
)
def test_times_are_read_as_they_were_written(naive: datetime, minutes: int) -> None:
    time = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert read_time(write_time(time)) == time
    assert read_time(time.isoformat()) == time


@pytest.mark.parametrize(
    ("payload", "reference"),
    [
        pytest.param(b'{"id":"abc-1","area":"nowhere"}', "abc-1", id="an id in an event that is otherwise wrong"),
        pytest.param(b'{"id":"Perrin Oakapple"}', "", id="a name for an id"),
        pytest.param(b'{"id":3}', "", id="a number"),
        pytest.param(b"{", "", id="not JSON"),
        pytest.param(b"[]", "", id="not an object"),
    ],
)
def test_the_reference_is_found_where_there_is_one(payload: bytes, reference: str) -> None:
    assert reference_in(payload) == reference
