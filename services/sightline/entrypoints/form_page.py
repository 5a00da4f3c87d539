"""The forms as one page of Markdown (docs/forms.md): who may send what, every field with its class, every code list."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sightline.formats.form_rows import FormRow
from sightline.formats.policy_digest import policy_data
from sightline.formats.schema_tree import Document
from sightline.formats.schemas import Schemas
from sightline.kernel.share import share

_HEAD = """# Forms

Made by `sightline schema forms > docs/forms.md` from `schemas/` and `policies/data/`: change those, not this page.
`sightline schema show <type>` prints one form, with `--json` its JSON Schema.

*Class* decides who may see a field (`policies/README.md`). *Row* is where it comes from: F, S, T, N, D and V rows are
the protocol catalogue's, † is ours. **Bold** fields are mandatory: without one the form, or the group that holds
it, does not fit. A code or field that a schema does not know is kept, shown to its sender only and named in the
receipt. A form that says *duty* needs no `sharing`; the others must say there why this sharing is right.
"""


def types(schemas: Schemas) -> list[dict[str, str]]:
    """Every type: its name, its title and who may send it."""
    senders = policy_data(share("policies"))["senders"]
    return [
        {"type": name, "title": schemas.schema(name, 1)["title"], "sent_by": _sent_by(senders.get(name))}
        for name in schemas.types()
    ]


def cells(row: FormRow) -> tuple[str, str, str, str, str]:
    """A field's row of a table."""
    return row.field, row.takes, row.cls, row.row, row.says


def page(schemas: Schemas) -> str:
    """The page: the types, what they share, each form, the code lists."""
    duties = frozenset(policy_data(share("policies"))["duty_types"])
    listed = types(schemas)
    parts = [_HEAD, "## Types\n", _table(("Type", "Form", "Sent by"), [_linked(one) for one in listed])]
    parts += ["## What forms share\n", _fields(schemas.shared_rows())]
    parts += [part for one in listed for part in _form(schemas, one, duties)]
    parts += ["## Code lists\n", _table(("List", "What it is", "Codes"), map(_codes, schemas.code_lists()))]
    return "\n".join(parts)


def _linked(one: Mapping[str, str]) -> tuple[str, str, str]:
    anchor = one["type"].replace(".", "")
    return f"[{one['type']}](#{anchor})", one["title"], one["sent_by"]


def _form(schemas: Schemas, one: Mapping[str, str], duties: frozenset[str]) -> Iterator[str]:
    document = schemas.schema(one["type"], 1)
    yield f"## {one['type']}\n"
    yield f"**{one['title']}.** {document['description']}\n"
    yield f"Sent by {one['sent_by']}{'; duty' if one['type'] in duties else ''}.\n"
    yield _fields(schemas.rows(one["type"], 1))


def _fields(rows: Sequence[FormRow]) -> str:
    marked = [(f"**{field}**" if row.required else field, *rest) for row in rows for field, *rest in [cells(row)]]
    return _table(("Field", "Takes", "Class", "Row", "Says"), marked)


def _codes(document: Document) -> tuple[str, str, str]:
    name = document["$id"].rpartition("/")[2]
    return name, f"{document['title']}. {document['description']}", ", ".join(f"`{code}`" for code in document["enum"])


def _sent_by(who: Mapping[str, Any] | None) -> str:
    if who is None:
        return "the hub"
    if "*" in who["roles"]:
        return "any desk"
    return ", ".join([*who["roles"], *(f"any {sector} desk" for sector in who["sectors"])])


def _table(heads: Sequence[str], rows: Any) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
