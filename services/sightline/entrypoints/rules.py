"""What rule ids and legal bases mean, in the words of the policy's own metadata and data."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from sightline.formats.policy_digest import policy_data, policy_sources

_RULE = re.compile(r"([DH]-[0-9]{2,})\. +(.+)")
_FOLDED = frozenset({">", ">-", "|", "|-"})


def texts_of_rules(folder: Path) -> dict[str, tuple[str, ...]]:
    """Rule id → what its rules are described to do, in the order of the sources."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, source in sorted(policy_sources(folder).items()):
        for text in _descriptions(source.decode("utf-8").splitlines()) if name.endswith(".rego") else ():
            match = _RULE.match(text)
            if match and match[2] not in found[match[1]]:
                found[match[1]].append(match[2])
    return {rule: tuple(texts) for rule, texts in found.items()}


def _descriptions(lines: list[str]) -> Iterator[str]:
    """Each METADATA block's description on one line."""
    for at, line in enumerate(lines):
        if line.startswith("# description:"):
            text = line.removeprefix("# description:").strip()
            if text in _FOLDED:
                text = " ".join(_folded(lines[at + 1 :]))
            yield text


def _folded(lines: list[str]) -> Iterator[str]:
    for line in lines:
        if not line.startswith("#   "):
            return
        yield line.removeprefix("#").strip()


def citations(folder: Path) -> Mapping[str, str]:
    """Code of a legal basis → its citation."""
    return {code: str(row["citation"]) for code, row in policy_data(folder)["bases"]["codes"].items()}
