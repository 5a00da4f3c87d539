"""Habits of the house that no linter knows."""

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "services" / "sightline"

# Written in pieces, so that this file does not find itself.
MACHINE_PATHS = tuple(f"{folder}/" for folder in ("work", "root", "home/[a-z]+", "Users"))
REGISTRIES = ("pypi" + r"\.org", "pythonhosted" + r"\.org", "index" + r"-url\b", "find" + r"-links\b")
# What stands before the slash is looked at behind it: each place where a pattern may begin is known by its letter then.
NOT_IN_ANY_FILE = re.compile("|".join([rf"/(?<![\w.$}}*~/-]/){path}" for path in MACHINE_PATHS] + list(REGISTRIES)))
SWITCHES_OFF = re.compile("--no-emit-(index|find)-(url|links)")


def our_files() -> list[Path]:
    """Files that are, or would be, committed."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def text_of(path: Path) -> str:
    """The file's text; empty if it is not text."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def parsed(folder: Path, words: frozenset[str]) -> list[tuple[str, ast.Module]]:
    """Every Python file below `folder` that has one of these words: its name from the root, and its tree."""
    texts = {str(path.relative_to(ROOT)): text_of(path) for path in sorted(folder.rglob("*.py"))}
    return [(name, ast.parse(text)) for name, text in texts.items() if any(word in text for word in words)]


def test_no_file_names_a_machine_or_a_registry() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in our_files()
        if NOT_IN_ANY_FILE.search(text := text_of(path))
        for number, line in enumerate(text.splitlines(), 1)
        if NOT_IN_ANY_FILE.search(SWITCHES_OFF.sub("", line))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("line", "is_caught"),
    [
        pytest.param("open('/wo" + "rk/main/x')", True, id="a machine's folder"),
        pytest.param("--index" + "-url https://example.test", True, id="an index address"),
        pytest.param("https://files.python" + "hosted.org/x", True, id="a registry's host"),
        pytest.param("GET /v1/wo" + "rk/items", False, id="a route that has the same word"),
        pytest.param("a frame" + "work/layer", False, id="a word that ends alike"),
    ],
)
def test_the_guard_against_machine_names_works(line: str, is_caught: bool) -> None:
    assert bool(NOT_IN_ANY_FILE.search(line)) is is_caught


def test_the_lock_has_a_hash_for_everything() -> None:
    entries = re.split(r"\n(?=\S)", text_of(ROOT / "requirements.lock").strip())
    assert len(entries) > 40
    for entry in entries:
        assert re.match(r"[a-z0-9-]+(\[[a-z,]+\])?==\S+", entry), f"not pinned: {entry[:80]}"
        assert "--hash=sha256:" in entry, f"without a hash: {entry[:80]}"


def test_the_lock_has_everything_that_pyproject_asks_for() -> None:
    project = tomllib.loads(text_of(ROOT / "pyproject.toml"))
    asked = [
        *project["project"]["dependencies"],
        *project["project"]["optional-dependencies"]["postgres"],
        *project["dependency-groups"]["dev"],
        *project["build-system"]["requires"],
    ]
    names = {re.split(r"[\[<>=~!; ]", requirement)[0].lower() for requirement in asked}
    locked = set(re.findall(r"^([a-z0-9-]+)", text_of(ROOT / "requirements.lock"), re.MULTILINE))
    assert names <= locked, f"make lock: {names - locked}"


def test_dependencies_are_ranges() -> None:
    project = tomllib.loads(text_of(ROOT / "pyproject.toml"))["project"]
    for requirement in project["dependencies"]:
        assert ">=" in requirement or "<=" in requirement, requirement
        assert "==" not in requirement, requirement


def test_every_make_target_says_what_it_does() -> None:
    makefile = text_of(ROOT / "Makefile")
    targets = re.findall(r"^([a-z][a-z-]*):(?!=)(.*)$", makefile, re.MULTILINE)
    assert len(targets) > 10
    mute = [name for name, rest in targets if "## " not in rest]
    assert not mute, mute
    assert sorted(name for name, _ in targets) == sorted(re.findall(r"^\.PHONY: (\S+)$", makefile, re.MULTILINE))


def test_every_stage_says_what_comes_in_and_goes_out() -> None:
    for package in sorted(PACKAGE.rglob("__init__.py")):
        if len(list(package.parent.iterdir())) > 1:
            assert ast.get_docstring(ast.parse(text_of(package))), f"{package.relative_to(ROOT)} has no docstring"


def test_nothing_is_skipped_without_a_reason() -> None:
    marks = frozenset({"skip", "skipif", "xfail"})
    for name, tree in parsed(ROOT / "tests", marks):
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in marks:
                owner = ast.unparse(node.value)
                assert owner == "pytest" or has_reason(tree, node), f"{name}:{node.lineno} has no reason"


def has_reason(tree: ast.Module, mark: ast.Attribute) -> bool:
    """True if `mark` is called with a `reason`."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.func is mark]
    return any(keyword.arg == "reason" and ast.unparse(keyword.value) != "''" for c in calls for keyword in c.keywords)


def test_every_exemption_says_why() -> None:
    code = "[A-Z]+[0-9]+"
    lint = rf"noqa: {code}(, ?{code})*  ?(# |- |\()\w"
    types = r"type: ignore\[[a-z-]+(, ?[a-z-]+)*\]  ?(# |- |\()\w"
    exemption = re.compile(rf"#\s*(?!{lint}|{types})(noqa\b|type: ignore)")
    for folder in ("services", "tests"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if path != Path(__file__):
                for number, line in enumerate(text_of(path).splitlines(), 1):
                    assert not exemption.search(line), f"{path.relative_to(ROOT)}:{number}: {line.strip()}"


def test_every_promise_that_is_tested_is_named_in_the_readme() -> None:
    readme = text_of(ROOT / "README.md") if (ROOT / "README.md").exists() else ""
    if "romises" in readme:
        for path in sorted((ROOT / "tests" / "promises").glob("test_p[0-9][0-9]_*.py")):
            assert path.name in readme, f"README.md does not name {path.name}"


def test_infra_programs_can_be_run() -> None:
    for path in our_files():
        if text_of(path).startswith("#!"):
            assert path.stat().st_mode & 0o111, f"{path.relative_to(ROOT)} is not executable"
