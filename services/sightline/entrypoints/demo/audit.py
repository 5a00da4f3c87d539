"""What an auditor does with a copy of the register folder and the log's public key: verify, and find a tampered copy."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from sightline.audit.verify import FAIL, LEVELS, Report, verify_folder
from sightline.entrypoints.demo.week import Week

LEVEL = {
    0: "the checkpoint is well formed and the log's key signed it",
    1: "it extends the checkpoint that the auditor noted on Monday at midnight",
    2: "every entry, hashed again, leads to the checkpoint's root; nothing is missing or left over",
    3: "every leaf is well formed and may stand where it stands",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Audited:
    """What two verifications found."""

    report: Report
    """Of a true copy."""
    tampered: Report
    """Of a copy in which one bit of one entry was changed."""


def verified(week: Week, folder: Path, remembered: bytes) -> Audited:
    """Copy the register twice, change one bit in one of the copies, verify both offline."""
    for name in ("copy", "tampered"):
        shutil.copytree(week.hub.register_folder, folder / name, symlinks=True)
    _flip(folder / "tampered")
    report = verify_folder(folder / "copy", vkey=week.hub.vkey, remembered=remembered, levels=LEVELS)
    tampered = verify_folder(folder / "tampered", vkey=week.hub.vkey, remembered=remembered, levels=LEVELS)
    _judge(week, report, tampered)
    return Audited(report=report, tampered=tampered)


def _judge(week: Week, report: Report, tampered: Report) -> None:
    for level in LEVELS:
        clean = level in report.ran and not any(f.level == level for f in report.findings)
        week.tally.check("P3", clean, f"audit verify: not so: {LEVEL[level]}")
    if report.exit_code or report.size != len(week.leaves.all):
        week.tally.fail("audit verify does not pass on a copy of the register")
    if tampered.exit_code != FAIL:
        week.tally.fail("audit verify passes on a copy of the register in which one bit was changed")


def _flip(folder: Path) -> None:
    """One bit in the middle of the first bundle of entries."""
    bundle = min(path for path in (folder / "tile" / "entries").rglob("*") if path.is_file())
    bundle.chmod(0o600)
    entries = bytearray(bundle.read_bytes())
    entries[len(entries) // 2] ^= 1
    bundle.write_bytes(entries)
