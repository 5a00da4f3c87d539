"""Answers in JSON and plain text."""

from typing import Any

import orjson
from fastapi import Response


def json_response(value: Any) -> Response:
    """The value as JSON: tuples as arrays, times in RFC 3339."""
    return Response(orjson.dumps(value), media_type="application/json")


def text_response(text: str | bytes) -> Response:
    """Plain text."""
    return Response(text, media_type="text/plain; charset=utf-8")
