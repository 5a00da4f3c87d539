"""Every error as an RFC 9457 problem. Nothing that was sent is repeated, and nothing of ours is shown."""

from collections.abc import Mapping
from typing import Any

from eventsourcing.persistence import PersistenceError
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from sightline.formats.problem import CONTENT_TYPE, PROBLEMS, TYPE_PREFIX, problem, refusal_of
from sightline.kernel.errors import Refused, Unavailable
from sightline.kernel.values import Refusal

RETRY_AFTER_S = 2

_STANDS_FOR = {"unknown_leaf": "not_found", "sizes_not_ordered": "request_invalid", "tile_path": "not_found"}
"""Codes of the register's own readers, in words of the API."""
_OF_STATUS = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}

INTERNAL: Mapping[str, Any] = {
    "type": TYPE_PREFIX + "internal",
    "title": "The hub failed. What was accepted is kept; somebody has been told.",
    "status": 500,
    "code": "internal",
}
"""Our own fault, without detail."""


def answer(refusal: Refusal, *, headers: Mapping[str, str] | None = None, **more: Any) -> JSONResponse:
    """A problem as a response. `more` are further members."""
    code = _STANDS_FOR.get(refusal.code, refusal.code)
    if code not in PROBLEMS:
        return JSONResponse(dict(INTERNAL), 500, media_type=CONTENT_TYPE)
    document = problem(Refusal(code=code, detail=refusal.detail, pointer=refusal.pointer)) | more
    given = dict(headers or {})
    if document["status"] == 401:
        given["WWW-Authenticate"] = "Bearer"
    if code == "too_large":
        given["Connection"] = "close"
    return JSONResponse(document, document["status"], given, media_type=CONTENT_TYPE)


def busy() -> JSONResponse:
    """503: try again, the same bytes are safe to send again."""
    return answer(Refusal(code="unavailable"), headers={"Retry-After": str(RETRY_AFTER_S)})


def internal() -> JSONResponse:
    """500."""
    return JSONResponse(dict(INTERNAL), 500, media_type=CONTENT_TYPE)


def install(app: FastAPI) -> None:
    """Answer every error that a route raises. What no handler knows ends in `rim.Rim`."""
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(Unavailable, _unavailable)
    app.add_exception_handler(PersistenceError, _unavailable)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _plain)


async def _refused(_request: Request, exc: Exception) -> JSONResponse:
    return answer(refusal_of(exc)) if isinstance(exc, Refused) else internal()


async def _unavailable(_request: Request, _exc: Exception) -> JSONResponse:
    return busy()


async def _invalid(_request: Request, exc: Exception) -> JSONResponse:
    """Which parameters are at fault, by names that we gave them; never their values."""
    errors = exc.errors() if isinstance(exc, RequestValidationError) else ()
    names = sorted({str(error["loc"][1]) for error in errors if len(error["loc"]) > 1})
    return answer(Refusal(code="request_invalid", detail="missing or not allowed: " + ", ".join(names)))


async def _plain(_request: Request, exc: Exception) -> JSONResponse:
    status = exc.status_code if isinstance(exc, HTTPException) else 500
    return answer(Refusal(code=_OF_STATUS.get(status, "request_invalid")))
