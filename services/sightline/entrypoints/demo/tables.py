"""The tables: who is who, what each desk sees at the end, recalls, refusals, alerts, promises."""

from collections.abc import Iterable, Mapping, Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from sightline.entrypoints.demo import words
from sightline.entrypoints.demo.cast import CAST, Actor, called
from sightline.entrypoints.demo.excerpts import excerpt
from sightline.entrypoints.demo.leaves import Leaf, Leaves
from sightline.entrypoints.demo.tally import PROMISES, Tally
from sightline.entrypoints.demo.week import Turned
from sightline.formats.problem import PROBLEMS
from sightline.view.reading import ItemView

Titles = Mapping[str, str]


def plain(title: str, *columns: tuple[str, int], lines: bool = False) -> Table:
    """An empty table; a column of width 0 takes what is left."""
    table = Table(
        title=title or None,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        expand=True,
        show_lines=lines,
        padding=(0, 1, 0, 0),
    )
    for name, width in columns:
        table.add_column(name, width=width or None, ratio=None if width else 1, overflow="fold")
    return table


def cast() -> Table:
    """Who takes part."""
    table = plain("Who takes part", ("In tables", 16), ("Desk", 30), ("What it is there for", 0))
    for actor in CAST:
        table.add_row(actor.short, actor.name, actor.does)
    return table


def sight(actor: Actor, views: Sequence[ItemView], leaves: Leaves, titles: Titles) -> Table:
    """What one desk can read at the end of the week, what is kept from it and why."""
    table = plain(
        f"{actor.name}: what it sees",
        ("Item, from", 19), ("What it shows", 0), ("Withheld by", 17), ("Shown because of", 18),
        lines=True,
    )  # fmt: skip
    for view in views:
        leaf = leaves.decided[actor.id, view.ref]
        if is_listed(actor, view, leaves):
            table.add_row(_item(view, leaves, titles), _shows(view, leaf), _withheld(leaf), _ground(leaf))
    return table


def is_listed(actor: Actor, view: ItemView, leaves: Leaves) -> bool:
    """Whether the item gets a row: shown, and neither the desk's own nor an alert."""
    own = "H-06" in leaves.decided[actor.id, view.ref].body["rules"]
    return view.state == "disclosed" and not own and not view.type.startswith("alert.")


def beside(actor: Actor, views: Sequence[ItemView], leaves: Leaves, titles: Titles) -> list[str]:
    """What is said below the table rather than in it: own items, what only exists, what was taken back."""
    own = [v for v in views if "H-06" in leaves.decided[actor.id, v.ref].body["rules"]]
    known = [v for v in views if v.state == "exists"]
    back = [v for v in views if v.state == "recalled"]
    lines = []
    if own:
        lines.append(f"It reads all of what it sent itself ({_number(len(own), 'item')}; H-06).")
    if known:
        lines.append(
            f"It is told only that there is more ({_number(len(known), 'item')}), and whom to ask: {_asked(known)}."
        )
    lines += [f"Taken back from it: {titles[v.ref]}." for v in back]
    return lines or ["Nothing else."]


def rules_of(actor: Actor, views: Sequence[ItemView], leaves: Leaves) -> list[str]:
    """The rules that the desk's table names, with their meaning."""
    listed = [leaves.decided[actor.id, v.ref] for v in views if is_listed(actor, v, leaves)]
    named = sorted({rule for leaf in listed for rule in [*grounds(leaf), *_against(leaf)]})
    return [f"{rule}  {words.rules().get(rule, 'no meaning found')}" for rule in named]


def grounds(leaf: Leaf) -> list[str]:
    """The rules that opened something: all that were used, less those that withhold and the mark of discretion."""
    withholding = set(_against(leaf)) | {"D-01"}
    return [rule for rule in leaf.body["rules"] if rule not in withholding]


def recalls(rows: Iterable[tuple[Leaf, str]], titles: Titles) -> Table:
    """Every recall of the week, and what became of it."""
    table = plain(
        "Recalls of the week", ("Item", 30), ("Taken back from", 15), ("Because", 0), ("Answer", 26)
    )  # fmt: skip
    for leaf, answer in rows:
        table.add_row(titles[leaf.ref], called(leaf.pair[0]), words.RECALLS[leaf.body["kind"]], answer)
    return table


def standing(rows: Iterable[tuple[str, str, str, str, str]]) -> Table:
    """What one withdrawal did to each item, desk by desk."""
    table = plain(
        "Consent taken back, Saturday 16:00: what is recalled, and what stands",
        ("Item", 17), ("Desks", 20), ("Had seen it by", 18), ("Now", 9), ("Why", 0),
    )  # fmt: skip
    before = ""
    for item, desk, by, now, why in rows:
        if before not in {"", item}:
            table.add_section()
        style = {"recalled": "bold red", "stands": "green"}.get(now, "dim")
        table.add_row(item if item != before else "", desk, by, Text(now, style=style), why)
        before = item
    return table


def refused(turned: Sequence[Turned], told: Mapping[int, str]) -> Table:
    """What was turned away, why, and who was told."""
    table = plain(
        "Refused submissions", ("When", 9), ("What was wrong", 25), ("Code", 20), ("Reason given", 0), ("Told", 17)
    )  # fmt: skip
    for number, one in enumerate(turned):
        code = one.answer.refusal.code if one.answer.refusal else ""
        table.add_row(f"{one.at:%a %H:%M}", one.wrong, code, PROBLEMS[code].title, told[number])
    return table


def alerts(rows: Iterable[tuple[str, str, str, str]]) -> Table:
    """Every alert, whose it is, and what became of it."""
    table = plain("Alerts", ("Alert", 24), ("Owner", 21), ("What it asks", 0), ("State", 21))
    for row in rows:
        table.add_row(*row)
    return table


def promises(tally: Tally) -> Table:
    """How often each promise was checked and held."""
    table = plain("", ("", 4), ("What is promised", 0), ("Checks", 8), ("Held", 8), ("", 12))
    for name, count in tally.counts.items():
        held = 0 < count.checks == count.held
        verdict = Text("held" if held else "NOT CHECKED" if not count.checks else "BROKEN")
        verdict.stylize("green" if held else "bold red")
        table.add_row(name, PROMISES[name], str(count.checks), str(count.held), verdict)
    return table


def _item(view: ItemView, leaves: Leaves, titles: Titles) -> Text:
    sender = next((d.pair[0] for d in leaves.about(view.ref) if "H-06" in d.body["rules"]), "")
    return Text.assemble((titles[view.ref], "bold"), "\n", f"from {called(sender)}")


def _shows(view: ItemView, leaf: Leaf) -> Text:
    text = excerpt(view.type, view.body, names_a_child="identity" in leaf.withheld)
    return Text.assemble(text, "\n", (f"({words.classes(view.classes)})", "dim"))


def _withheld(leaf: Leaf) -> str:
    by_rules: dict[str, list[str]] = {}
    for name, rules in leaf.withheld.items():
        by_rules.setdefault(" ".join(sorted(rules)), []).append(name)
    return "\n".join(f"{rules}: {words.classes(names)}" for rules, names in by_rules.items()) or "nothing"


def _ground(leaf: Leaf) -> str:
    """Rules, legal bases, and what the desk must do or not do with what it sees."""
    lines = [" ".join(grounds(leaf)), words.bases(leaf.body["basis"])]
    duties = [words.OBLIGATIONS.get(code, code) for code in leaf.body["obl"]]
    return "\n".join([*lines, "must " + ", ".join(duties)] if duties else lines)


def _against(leaf: Leaf) -> list[str]:
    return [rule for rules in leaf.withheld.values() for rule in rules]


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _asked(known: Sequence[ItemView]) -> str:
    counts: dict[str, int] = {}
    for view in known:
        counts[called(view.ask)] = counts.get(called(view.ask), 0) + 1
    return ", ".join(f"{desk} ({count})" for desk, count in sorted(counts.items()))
