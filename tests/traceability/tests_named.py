"""Which tests name a row: in the function's name, its docstring, or its parameters."""

import ast
import importlib
from collections import defaultdict
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from tests.traceability.found_by_hand import READ_FROM_DATA
from tests.traceability.ids import ROOT, in_name, is_named_in, literal

Found = tuple[str, str]
"""A row and a test: its file from the root, two colons, its name."""


def tests() -> dict[str, list[str]]:
    """Row to the tests that name it, in order."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        for row, name in (*_written(file), *_from_data(file)):
            found[row][name] = None
    return {row: sorted(names) for row, names in found.items()}


def _written(file: Path) -> Iterator[Found]:
    """What stands in the file itself: pytest collects ``test_*`` of a module and of its ``Test*`` classes."""
    source = file.read_text(encoding="utf-8")
    for name, function in collected(ast.parse(source)) if is_named_in(source) else ():
        text = " ".join([ast.get_docstring(function) or "", *_parameters(function)])
        for row in literal(text) | in_name(function.name):
            yield row, f"{file.relative_to(ROOT)}::{name}"


def collected(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    """The test functions of a module, each with the name that pytest gives it within its file."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node.name, node
        elif isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            tests = (one for one in node.body if isinstance(one, ast.FunctionDef) and one.name.startswith("test_"))
            yield from ((f"{node.name}::{one.name}", one) for one in tests)


def _parameters(function: ast.FunctionDef) -> Iterator[str]:
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func).endswith("parametrize"):
            for node in ast.walk(decorator):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


def _from_data(file: Path) -> Iterator[Found]:
    name = str(file.relative_to(ROOT))
    if not any(fnmatch(name, one) for one in READ_FROM_DATA):
        return
    module = importlib.import_module(name.removesuffix(".py").replace("/", "."))
    classes = {key: one for key, one in vars(module).items() if key.startswith("Test") and isinstance(one, type)}
    places = {"": module} | {f"{key}::": one for key, one in classes.items()}
    for prefix, function, test in ((p, *item) for p, place in places.items() for item in vars(place).items()):
        for mark in getattr(test, "pytestmark", ()) if function.startswith("test_") else ():
            if mark.name == "parametrize":
                for row in literal(" ".join(_ids(mark))):
                    yield row, f"{name}::{prefix}{function}"


def _ids(mark: Any) -> Iterator[str]:
    """What pytest will call the parameters, as far as they are words."""
    ids = mark.kwargs.get("ids")
    for index, value in enumerate(mark.kwargs.get("argvalues") or mark.args[1]):
        if callable(ids):
            yield str(ids(value))
        elif ids:
            yield str(ids[index])
        elif getattr(value, "id", None):  # pytest.param
            yield str(value.id)
        elif isinstance(value, str | tuple):
            yield from (one for one in (value if isinstance(value, tuple) else (value,)) if isinstance(one, str))
