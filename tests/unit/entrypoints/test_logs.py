"""Logs: known members only, one JSON object a line, and never an error's message."""

import io
import json
import logging
from typing import Any

import pytest
import structlog

from sightline.runtime import logs

NAME = "Perrin Oakapple"


@pytest.fixture
def out() -> io.StringIO:
    stream = io.StringIO()
    logs.configure(stream=stream)
    return stream


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    """What was logged."""
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_member_that_is_not_known_is_dropped(out: io.StringIO) -> None:
    structlog.get_logger().info("answered", status=200, child=NAME, given_name=NAME)
    (line,) = lines(out)
    assert set(line) == {"event", "level", "status", "timestamp"}


@pytest.mark.parametrize("value", [{"name": NAME}, [NAME], (NAME,), NAME.encode(), ValueError(NAME)], ids=type)
def test_a_value_that_is_not_plain_is_dropped(out: io.StringIO, value: object) -> None:
    structlog.get_logger().info("answered", code=value)
    assert NAME not in out.getvalue()
    assert "code" not in lines(out)[0]


def test_a_long_text_is_cut(out: io.StringIO) -> None:
    structlog.get_logger().info("answered", code="x" * 10_000)
    assert len(lines(out)[0]["code"]) == logs.MAX_LETTERS


def test_an_error_is_its_type_and_its_places_without_message_or_values(out: io.StringIO) -> None:
    try:
        raise KeyError(NAME)
    except KeyError:
        structlog.get_logger().exception("request failed")
    (line,) = lines(out)
    assert line["error"] == "KeyError"
    assert "test_logs.py:" in line["where"]
    assert NAME not in out.getvalue()


def test_what_a_library_says_is_reduced_to_who_and_how_loud(out: io.StringIO) -> None:
    try:
        raise ValueError(NAME)
    except ValueError:
        logging.getLogger("uvicorn.error").exception("failed for %s", NAME)
    logging.getLogger("uvicorn.access").info("GET /v1/items/%s", NAME)
    (line,) = lines(out)
    assert (line["logger"], line["level"], line["error"]) == ("uvicorn.error", "error", "ValueError")
    assert NAME not in out.getvalue()


class _Gone(io.StringIO):
    def write(self, _text: str) -> int:
        raise BrokenPipeError


def test_a_reader_of_the_log_that_went_away_stops_nothing() -> None:
    logs.configure(stream=_Gone())
    structlog.get_logger().info("answered")
    logging.getLogger("uvicorn.error").error("answered")
