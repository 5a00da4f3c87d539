"""What anyone may know: schemas, the hub's public keys, whether it works, and one page that lists the rest."""

from html import escape
from typing import Annotated, cast

from fastapi import APIRouter, FastAPI, Path, Response
from fastapi.responses import HTMLResponse

from sightline.entrypoints.api.answers import json_response
from sightline.entrypoints.api.parts import Parts, PartsOf
from sightline.formats.jwk import public_jwk
from sightline.formats.problem import PROBLEMS
from sightline.formats.schemas import Schemas
from sightline.kernel.errors import Corrupt, Refused
from sightline.runtime.metrics import CONTENT_TYPE

router = APIRouter(prefix="/v1", tags=["published"], default_response_class=Response)
operations = APIRouter(tags=["operations"], default_response_class=Response)

Name = Annotated[str, Path(max_length=80)]


@router.get("/schemas", summary="Event types and their versions")
def schemas(parts: PartsOf) -> Response:
    """Types that only the hub makes are marked."""
    known = _schemas(parts)
    listed = [
        {"type": name, "versions": _versions(known, name), "hub": known.is_hub_type(name)} for name in known.types()
    ]
    return json_response({"schemas": listed})


@router.get("/schemas/{name}/{version}", summary="One schema")
def schema(parts: PartsOf, name: Name, version: Annotated[int, Path(ge=1, le=999)]) -> Response:
    """JSON Schema 2020-12; every field has its confidentiality class as ``x-class``."""
    try:
        found = _schemas(parts).schema(name, version)
    except Corrupt:
        raise Refused("not_found") from None
    return Response(json_response(found).body, media_type="application/schema+json")


@router.get("/keys", summary="The hub's public keys")
def keys(parts: PartsOf) -> Response:
    """To check receipts and heartbeats, to seal submissions, to check checkpoints."""
    hub = parts.hub
    return json_response(
        {
            "origin": hub.origin,
            "audience": parts.settings.audience,
            "vkey": hub.vkey,
            "receipt_keys": [
                {"kid": kid, "alg": alg, **public_jwk(public)} for kid, (alg, public) in hub.hub_keys.items()
            ],
            "intake_key": hub.intake_key,
        }
    )


@router.get("/asyncapi.json", summary="What goes over the broker, in distributed mode")
def asyncapi() -> Response:
    """AsyncAPI 3.0: topics, messages, and who may send and read them."""
    from sightline.entrypoints.workers.asyncapi import document  # noqa: PLC0415  # it loads the broker's library, which an embedded hub need not have in memory

    return json_response(document())


@operations.get("/healthz", summary="Whether the process answers")
async def healthz() -> Response:
    """Always, while it does."""
    return json_response({"status": "ok"})


@operations.get("/readyz", summary="Whether the line moves", responses={503: {"description": "It does not"}})
async def readyz(parts: PartsOf) -> Response:
    """Asked of nothing that could hold up the answer, nor behind those that are held up. Ready while the line is alive, nothing is corrupt, no stage waits and the policy is loaded."""
    health = parts.runner.health()
    is_ready = bool(health["alive"]) and not health["stopping"] and not health["trouble"]
    body = json_response({"status": "ready" if is_ready else "not ready", **health})
    body.status_code = 200 if is_ready else 503
    return body


@operations.get("/metrics", summary="Measurements, for Prometheus")
def metrics(parts: PartsOf) -> Response:
    """Counts and durations; no label names a person or a desk."""
    return Response(parts.metrics.text(), media_type=CONTENT_TYPE)


def page(app: FastAPI, parts: Parts) -> HTMLResponse:
    """One page about the API: no script, no style, nothing from elsewhere."""
    rows = "".join(
        f"<tr><td>{escape(method.upper())}</td><td><code>{escape(path)}</code></td>"
        f"<td>{escape(operation.get('summary', ''))}</td></tr>"
        for path, operations_of in app.openapi()["paths"].items()
        for method, operation in operations_of.items()
    )
    codes = "".join(
        f"<tr><td><code>{escape(code)}</code></td><td>{known.status}</td><td>{escape(known.title)}</td></tr>"
        for code, known in PROBLEMS.items()
    )
    return HTMLResponse(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Sightline</title>"
        f"<h1>Sightline</h1><p>Hub <code>{escape(parts.hub.origin)}</code>. Machine-readable: "
        "<a href=/v1/openapi.json>OpenAPI</a>, <a href=/v1/asyncapi.json>AsyncAPI</a>, "
        "<a href=/v1/schemas>schemas</a>, <a href=/v1/keys>keys</a>.</p>"
        f"<table><caption>Addresses</caption><tr><th>Method<th>Address<th>What</tr>{rows}</table>"
        f"<table><caption>Why something is refused</caption><tr><th>Code<th>Status<th>Meaning</tr>{codes}</table></html>"
    )


def _schemas(parts: Parts) -> Schemas:
    return cast("Schemas", parts.hub.schemas)


def _versions(known: Schemas, name: str) -> list[int]:
    versions = []
    for version in range(1, 100):
        try:
            known.schema(name, version)
        except Corrupt:
            break
        versions.append(version)
    return versions
