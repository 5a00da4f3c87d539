"""Where rows live: schemas and code lists, policy data and rules, editions' keys, and the code that names them."""

import ast
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.guards.test_clock_rules import ELSEWHERE
from tests.traceability.found_by_hand import PLACES
from tests.traceability.ids import ROOT, in_name, is_named_in, literal, spoken_of

Found = tuple[str, str]
"""A row and a place."""


def places() -> dict[str, list[str]]:
    """Row to the places where it lives, the most telling first."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for look in (_by_hand, _schemas, _codes, _policy_data, _editions, _rules, _code):
        for row, place in look():
            found[row][place] = None
    return {row: list(where) for row, where in found.items()}


def _by_hand() -> Iterator[Found]:
    yield from PLACES.items()
    yield from ((row, f"`{place}`") for row, place in ELSEWHERE.items())


def _schemas() -> Iterator[Found]:
    """Fields by their ``x-catalogue``; then what a form, or a field, says of itself."""
    files = [file for file in sorted((ROOT / "schemas").glob("*/[0-9]*.json")) if file.parent.name != "codes"]
    documents = [(file, json.loads(file.read_bytes())) for file in files]
    for file, document in documents:
        for path, member in _members(document, ""):
            for row in spoken_of(str(member.get("x-catalogue", ""))):
                yield row, f"`{file.parent.name}` {path}".rstrip()
    for file, document in documents:
        for _, member in _members(document, ""):
            for row in spoken_of(str(member.get("description", ""))):
                yield row, f"`{file.parent.name}`"
    for row in spoken_of((ROOT / "schemas" / "facts.json").read_text(encoding="utf-8")):
        yield row, "`schemas/facts.json`"


def _members(schema: Any, path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every object of a schema and the field that it describes, names with dots between."""
    if isinstance(schema, dict):
        yield path, schema
        for name, below in schema.items():
            if name in {"properties", "$defs"} and isinstance(below, dict):
                for field, member in below.items():
                    yield from _members(member, f"{path}.{field}".lstrip("."))
            elif name != "x-catalogue":
                yield from _members(below, path)
    elif isinstance(schema, list):
        for below in schema:
            yield from _members(below, path)


def _codes() -> Iterator[Found]:
    for file in sorted((ROOT / "schemas" / "codes").glob("*.json")):
        named = literal(file.stem) | spoken_of(str(json.loads(file.read_bytes()).get("description", "")))
        for row in named:
            yield row, f"code list `{file.stem}`"


def _policy_data() -> Iterator[Found]:
    for file in sorted((ROOT / "policies" / "data").glob("*.json")):
        for member, document in json.loads(file.read_bytes()).items():
            if isinstance(document, dict):
                for key, value in document.items():
                    for row in literal(key) | literal(json.dumps(value)):
                        yield row, f"`{file.stem}.json` {member if literal(key) else key}"
            else:
                for row in literal(json.dumps(document)):
                    yield row, f"`{file.stem}.json` {member}"


def _editions() -> Iterator[Found]:
    for file in sorted((ROOT / "services" / "sightline" / "protocol" / "editions").glob("*.json")):
        for key, value in _keys(json.loads(file.read_bytes())):
            for row in literal(json.dumps(value["rows"])):
                yield row, f"edition key `{key}`"


def _keys(document: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(document, dict):
        for key, value in document.items():
            if isinstance(value, dict) and "rows" in value:
                yield key, value
            yield from _keys(value)


def _rules() -> Iterator[Found]:
    for file in sorted((ROOT / "policies" / "sightline").rglob("*.rego")):
        if not file.stem.endswith("_test"):
            text = file.read_text(encoding="utf-8")
            for row in spoken_of(text):
                yield row, f"`{file.parent.name}.rego`"


def _code() -> Iterator[Found]:
    package = ROOT / "services" / "sightline"
    for file in sorted(package.rglob("*.py")):
        if file.relative_to(package).parts[0] == "entrypoints" and "bench" in file.parts:
            continue
        text = file.read_text(encoding="utf-8")
        if not is_named_in(text):
            continue
        owners = _owners(ast.parse(text))
        for number, line in enumerate(text.splitlines(), 1):
            for row in spoken_of(line) | in_name(re.sub(r"\W+", " ", line)):
                owner = owners.get(number, "")
                yield row, f"`{_short(file, package)}{': ' + owner if owner else ''}`"


def _short(file: Path, package: Path) -> str:
    return str(file.relative_to(package))


def _owners(tree: ast.Module) -> dict[int, str]:
    """Line to the outermost function or class that it belongs to."""
    return {
        line: node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
