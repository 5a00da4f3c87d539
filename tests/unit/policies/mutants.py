"""Rego with one thing taken out of it, and whether any Rego test notices.

Line coverage is not enough: a condition that never decides anything is covered all the same. The files are formatted by
`opa fmt`, so a condition is a line with one tab in a body, or what stands after ``if`` on a rule's only line.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
POLICIES = ROOT / "policies"

_ONE_LINE = re.compile(r"^(?P<head>\S.* if )(?P<condition>.+[^{])$")
_CONDITION = re.compile(r"^\t[^\t}]")
_PACKAGE = re.compile(r"^package (\S+)$", re.MULTILINE)
_TEST = re.compile(r"^(test_\w+)", re.MULTILINE)
_LARGE_HEAP = {**os.environ, "GOGC": "400"}
"""A process that ends in a tenth of a second need not tidy up meanwhile."""


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One production file, changed."""

    name: str
    """Where and what was taken out."""
    text: str


def production_files() -> list[Path]:
    """The Rego that decides."""
    return sorted(path for path in (POLICIES / "sightline").rglob("*.rego") if not path.name.endswith("_test.rego"))


def without_each_condition(text: str) -> Iterator[Mutant]:
    """The file with each condition in turn replaced by ``true``."""
    lines = text.split("\n")
    for number, changed in _without_conditions(lines):
        rest = [*lines[:number], changed, *lines[number + 1 :]]
        yield Mutant(name=f"line {number + 1}: {lines[number].strip()}", text="\n".join(rest))


def without_each_rule(text: str) -> Iterator[Mutant]:
    """The file without each rule in turn; what defines a value without a condition is not a rule here."""
    blocks = text.split("\n\n")
    for index, block in enumerate(blocks):
        if " if " in block:
            rest = blocks[:index] + blocks[index + 1 :]
            yield Mutant(
                name=f"rule: {block.splitlines()[-1 if '{' not in block else 0]}", text="\n\n".join(rest) + "\n"
            )


def survives(opa: Path, folder: Path, path: Path, mutant: Mutant) -> bool:
    """True if every test still passes with `path` (in the copy of policies/ at `folder`) changed."""
    target = folder / path.relative_to(POLICIES)
    target.write_text(mutant.text)
    try:
        return _passes(opa, folder, mutant, path.parent.name)
    finally:
        target.write_bytes(path.read_bytes())


def rego_tests(first: str = "") -> list[str]:
    """The path of every test of the Rego, those of the package `first` before the others: they notice nearly all."""
    files = sorted((POLICIES / "sightline").rglob("*_test.rego"), key=lambda path: (path.parent.name != first, path))
    found = ((_PACKAGE.findall(text)[0], _TEST.findall(text)) for text in map(Path.read_text, files))
    return [f"data.{package}.{name}" for package, names in found for name in dict.fromkeys(names)]


def _passes(opa: Path, folder: Path, mutant: Mutant, first: str) -> bool:
    # A test passes where its rule is true. Asked so, and not by `opa test`, the first that is not ends the question, and
    # nothing is traced for a report that nobody reads: a fifth of the time.
    every = "; ".join(f"{one} == true" for one in rego_tests(first))
    command = [str(opa), "eval", "--fail", "--data", "sightline", "--data", "data", every]
    ran = subprocess.run(command, cwd=folder, env=_LARGE_HEAP, capture_output=True, text=True, check=False)
    # A file that is no Rego at all would prove nothing.
    assert "rego_parse_error" not in ran.stderr + ran.stdout, f"{mutant.name}: {ran.stderr}{ran.stdout}"
    return ran.returncode == 0


def _without_conditions(lines: list[str]) -> Iterator[tuple[int, str]]:
    in_body = False
    for number, line in enumerate(lines):
        if line.startswith("#"):
            continue
        if line.endswith(" if {"):
            in_body = True
        elif line.startswith("}"):
            in_body = False
        elif in_body and _CONDITION.match(line):
            yield number, "\ttrue"
        elif found := _ONE_LINE.match(line):
            yield number, found["head"] + "true"
