"""Level 3: does each leaf say something that may be said at its place? (design §7)"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sightline.audit.verify_report import Finding
from sightline.formats.leaf_check import check_leaf
from sightline.kernel.errors import Refused

LEVEL = 3


class _Seen(NamedTuple):
    typ: str
    item: int
    desk: str


class Records:
    """What must be remembered of all leaves so far to judge the next one."""

    def __init__(self) -> None:
        self.size = 0
        """Leaves judged so far."""
        self._order: tuple[int, int, str, str] = (-1, -1, "", "")
        self._ts = 0
        self._ids: dict[str, _Seen] = {}
        self._latest: dict[tuple[int, str], str] = {}
        self._announced: set[tuple[str, str]] = set()

    def copy(self) -> "Records":
        """The same memory, to go on from without changing this one."""
        other = Records()
        other.__dict__.update(
            self.__dict__,
            _ids=dict(self._ids),
            _latest=dict(self._latest),
            _announced=set(self._announced),
        )
        return other

    def judge(self, entry: bytes) -> Iterator[Finding]:
        """What is wrong with the next leaf."""
        index = self.size
        self.size += 1
        try:
            leaf = check_leaf(entry)
        except Refused as exc:
            # Of a version or type that this verifier does not know, nothing can be said: neither good nor bad.
            yield Finding(
                code=exc.code, level=LEVEL, index=index, detail=exc.detail, incomplete=exc.code == "leaf_unknown"
            )
            return
        for code, detail in self._faults(leaf):
            yield Finding(code=code, level=LEVEL, index=index, leaf=leaf["id"], detail=detail)
        self._remember(leaf)

    def _faults(self, leaf: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        order = _order_of(leaf)
        if order <= self._order:
            yield "leaf_order", "leaves are ordered by cause, item, desk and typ, each once"
        if leaf["ts"] < self._ts or (leaf["cause"] == self._order[0] and leaf["ts"] != self._ts):
            yield "leaf_time", "the time of a cause is one, and later causes are not earlier"
        if leaf["id"] in self._ids:
            yield "leaf_id_repeated", "an earlier leaf has the same id"
        if leaf["typ"] == "decision":
            yield from self._decision_faults(leaf)
        elif leaf["typ"] == "recall":
            yield from self._reference_faults(leaf, "recall", leaf["of"])

    def _decision_faults(self, leaf: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        if (leaf["pol"], leaf["eng"]) not in self._announced:
            yield "policy_unannounced", "no earlier leaf announces this policy with this engine"
        if {entry.partition(":")[0] for entry in leaf["withheld"]}.intersection(leaf["classes"]):
            yield "classes_overlap", "a class is both shown and withheld"
        latest, sup = self._latest.get((leaf["item"], leaf["desk"])), leaf.get("sup")
        if sup is not None:
            yield from self._reference_faults(leaf, "sup", sup)
        if sup != latest:
            yield "sup_not_latest", "a decision supersedes the last one of its item and desk, and the first one none"

    def _reference_faults(self, leaf: Mapping[str, Any], kind: str, to: str) -> Iterator[tuple[str, str]]:
        seen = self._ids.get(to)
        if seen is None:
            yield f"{kind}_unknown", "no earlier leaf has the id referred to"
        elif seen != _Seen("decision", leaf["item"], leaf["desk"]):
            yield f"{kind}_elsewhere", "the leaf referred to is no decision of the same item and desk"

    def _remember(self, leaf: Mapping[str, Any]) -> None:
        self._order, self._ts = _order_of(leaf), leaf["ts"]
        self._ids.setdefault(leaf["id"], _Seen(leaf["typ"], leaf["item"], leaf["desk"]))
        if leaf["typ"] == "decision":
            self._latest[leaf["item"], leaf["desk"]] = leaf["id"]
        elif leaf["typ"] == "policy":
            self._announced.add((leaf["pol"], leaf["eng"]))


def _order_of(leaf: Mapping[str, Any]) -> tuple[int, int, str, str]:
    return leaf["cause"], leaf["item"], leaf["desk"], leaf["typ"]
