"""``python -m tests.traceability``: write the page; ``--rows``: print what is open or policy."""

import sys

from tests.traceability.ids import ROOT
from tests.traceability.page import OPEN, POLICY, page, traced

found = traced()
if sys.argv[1:] == ["--rows"]:
    for row in found.values():
        if row.state in {OPEN, POLICY}:
            print(f"{row.id}\t{row.state}\tlacks {row.lacks}\t{'; '.join(row.where[:3])}\t{'; '.join(row.tests[:1])}")
else:
    (ROOT / "docs" / "traceability.md").write_text(page(found), encoding="utf-8")
