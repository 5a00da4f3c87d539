"""Leaf bytes → leaf, strictly (design §7): what a verifier believes a register's entry to say.

A leaf has one spelling. Its bytes must be the canonical ones (RFC 8785) of a closed, flat object, so that no twin with
a repeated key, a space or ``1.0`` can stand under the same proof and be read differently.
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import jsonschema_rs
import orjson

from sightline.kernel.errors import Refused
from sightline.kernel.share import share

MAX_LEAF_BYTES = 4096

VERSION = 1


def check_leaf(entry: bytes) -> Mapping[str, Any]:
    """The leaf of these bytes. Raises Refused.

    Codes: ``leaf_too_large``, ``leaf_not_canonical``, ``leaf_schema``, and ``leaf_unknown`` for a version or type that
    is not known here, of which nothing can be said.
    """
    leaf = _canonical(entry)
    typ = leaf.get("typ")
    validator = _validators().get(typ) if leaf.get("v") == VERSION and type(typ) is str else None
    if validator is None:
        raise Refused("leaf_unknown", "a leaf of a version or type that is not known here")
    if not validator.is_valid(leaf):
        raise Refused("leaf_schema", f"not a leaf of type {typ}")
    if not all(_is_plain(value) for value in leaf.values()):
        raise Refused("leaf_schema", "a number has a fraction, or an array is not sorted")
    return leaf


def known_types() -> tuple[str, ...]:
    """The types of leaves that can be checked, sorted."""
    return tuple(sorted(_validators()))


def _canonical(entry: bytes) -> Mapping[str, Any]:
    if len(entry) > MAX_LEAF_BYTES:
        raise Refused("leaf_too_large", f"{len(entry)} bytes; a leaf has at most {MAX_LEAF_BYTES}")
    try:
        leaf = orjson.loads(entry)
        again = orjson.dumps(leaf, option=orjson.OPT_SORT_KEYS)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        raise Refused("leaf_not_canonical", "not JSON, or nested") from None
    # A repeated key, a space, another order or escape: all of them are lost in reading, and so written differently.
    if type(leaf) is not dict or again != entry:
        raise Refused("leaf_not_canonical", "not the canonical bytes of an object")
    return leaf


def _is_plain(value: object) -> bool:
    """False for what JSON Schema lets through: ``1.0`` as an integer, an array in another order."""
    return value == sorted(value) if isinstance(value, list) else type(value) is not float


@cache
def _validators() -> dict[str, Any]:
    documents = [json.loads(path.read_bytes()) for path in sorted((share("schemas") / "leaf").glob("*.json"))]
    registry = jsonschema_rs.Registry([(document["$id"], document) for document in documents])
    return {
        document["properties"]["typ"]["const"]: jsonschema_rs.Draft202012Validator(document, registry=registry)
        for document in documents
        if "properties" in document
    }
