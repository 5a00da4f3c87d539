"""``sightline audit``: read the register, explain one decision, verify a copied register offline, replay everything."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from sightline.agency.follow import write_whole
from sightline.audit.verify import Report, verify_folder
from sightline.entrypoints import evidence
from sightline.entrypoints.cli_admin import Data, hub_folder, show, show_all
from sightline.entrypoints.cli_out import (
    EXIT_CODES,
    INCOMPLETE,
    AsJson,
    answered,
    end,
    lines,
    result,
    say,
    table,
    working,
)
from sightline.formats.event import read_time
from sightline.kernel.errors import Refused, Unavailable

app = typer.Typer(help="The auditor's side.", no_args_is_help=True, epilog=EXIT_CODES)

_COLUMNS = ("n", "at", "typ", "desk", "eff", "told", "classes", "id")


@app.command()
@answered
def log(
    data: Data = None,
    desk: Annotated[str, typer.Option(help="Only this desk's leaves.")] = "",
    item: Annotated[str, typer.Option(help="Only leaves about this item (i-...).")] = "",
    since: Annotated[str, typer.Option(help="Only causes recorded from this time on (RFC 3339 with offset).")] = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest.")] = 100,
    as_json: AsJson = False,
) -> None:
    """Leaves of the register, oldest first: what was shown or withheld, and to whom."""
    wanted = evidence.Wanted(desk=desk, item=item, since=_seconds(since), limit=limit)
    with hub_folder(data) as hub:
        leaves = evidence.leaves(hub, wanted)
    if as_json:
        result(leaves)
    else:
        rows = [leaf | {"at": _time(leaf["ts"]), "typ": _kind(leaf)} for leaf in leaves]
        show_all("Register", _COLUMNS, [{c: row.get(c, "") for c in _COLUMNS} for row in rows], as_json=False)


@app.command()
@answered
def explain(
    leaf: Annotated[str, typer.Argument(help="Id of the leaf (l-...).")], data: Data = None, as_json: AsJson = False
) -> None:
    """One decision: what was shown and withheld, by which rules, on what basis, and the facts it was made from."""
    with hub_folder(data) as hub:
        found = evidence.explain(hub, leaf)
    if as_json:
        result(found)
    else:
        _print_explanation(found)


@app.command()
@answered
def verify(
    folder: Annotated[Path, typer.Argument(help="A copied register folder.")],
    vkey: Annotated[str, typer.Option(help="The log's public key, or a file that holds it; from elsewhere.")],
    remember: Annotated[
        Path | None,
        typer.Option(help="File with the last checkpoint that was believed; brought up to date when all is well."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a register offline: signature, tree, leaves, and that it extends what is remembered. Needs no hub."""
    key = Path(vkey).read_text(encoding="utf-8").strip() if Path(vkey).is_file() else vkey
    remembered = remember.read_bytes() if remember is not None and remember.exists() else None
    with working("verifying"):
        report = verify_folder(folder, vkey=key, remembered=remembered)
    if remember is not None and report.exit_code == 0:
        write_whole(remember, report.checkpoint)
    if as_json:
        result(_report(report))
    else:
        _print_report(report)
    end(report.exit_code)


@app.command()
@answered
def replay(data: Data = None, as_json: AsJson = False) -> None:
    """Decide everything again from the ledger, and compare every leaf byte for byte."""
    try:
        with hub_folder(data) as hub, working("replaying"):
            found = evidence.replay(hub)
    except Unavailable as exc:
        say(f"could not check: {exc}")
        end(INCOMPLETE)
        return
    if as_json:
        result(asdict(found) | {"exit_code": found.exit_code})
    else:
        show({"entries": found.entries, "leaves": found.leaves, "equal": found.equal}, as_json=False)
        differences = [(d.verdict, d.n if d.n >= 0 else "", d.leaf, d.detail) for d in found.differences]
        if differences:
            table("Differences", ["verdict", "n", "leaf", "detail"], differences)
    end(found.exit_code)


def _print_explanation(found: Mapping[str, Any]) -> None:
    leaf = found["leaf"]
    lines((name, leaf[name]) for name in ("id", "typ", "desk", "eff", "told", "kind", "of", "sup") if name in leaf)
    lines([("number", found["number"]), ("item", found["item"]), ("type", found["type"]), ("at", _time(leaf["ts"]))])
    lines([("shown", ", ".join(leaf.get("classes", ())) or "nothing")])
    for title, column, rows in (
        ("Withheld", "rule", found["withheld"]),
        ("Rules", "what it says", found["rules"]),
        ("Basis", "citation", found["basis"]),
    ):
        if rows:
            table(title, ["", column], [(name, "; ".join(text) or "-") for name, text in rows.items()])
    lines([("obligations", ", ".join(leaf.get("obl", ())) or "none"), ("facts", found["facts_state"])])
    for document in found["facts"]:
        for concern, facts in document.items():
            table(f"Facts: {concern}", ["fact", "value"], [(name, _fact(value)) for name, value in facts.items()])


def _report(report: Report) -> dict[str, Any]:
    return {
        "exit_code": report.exit_code,
        "size": report.size,
        "root": report.root.hex() if report.root else None,
        "requested": report.requested,
        "ran": report.ran,
        "findings": [asdict(finding) for finding in report.findings],
    }


def _print_report(report: Report) -> None:
    said = {0: "verified", 1: "FAILED", 3: "could not check everything"}
    lines(
        [
            ("result", said[report.exit_code]),
            ("leaves", report.size if report.size is not None else "unknown"),
            ("root", report.root.hex() if report.root else "unknown"),
            ("levels", " ".join(map(str, report.ran)) + " of " + " ".join(map(str, report.requested))),
        ]
    )
    if report.findings:
        rows = [(f.code, f.level, "" if f.index is None else f.index, f.leaf, f.detail) for f in report.findings]
        table("Findings", ["code", "level", "number", "leaf", "detail"], rows)


def _seconds(since: str) -> int:
    if not since:
        return 0
    at = read_time(since)
    if at is None:
        raise Refused("request_invalid", "--since is not an RFC 3339 time with offset")
    return int(at.timestamp())


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def _kind(leaf: Mapping[str, Any]) -> str:
    return f"recall ({leaf['kind']})" if leaf["typ"] == "recall" else str(leaf["typ"])


def _fact(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
