"""Verify: a copied register folder and the log's public key are all that is needed; no hub, no network, no trust.

Levels (each beyond 0 needs those before it, save that level 1 needs a remembered checkpoint):

0. the checkpoint is exactly as checkpoints are written, and the log's key signed it;
1. it extends a checkpoint that the verifier remembers: the log was neither cut, nor rewritten;
2. every bundle, hashed, gives every tile, byte for byte, and the checkpoint's root; nothing is missing or left over;
3. every leaf is canonical, fits its schema and may stand where it stands.

What a consistent operator never logged, or logged for others otherwise, no folder can show: that needs receipts and
witnesses. Replaying decisions (level 5) needs the ledger and is not done here.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from sightline.audit.verify_files import Files, read_at_most
from sightline.audit.verify_records import Records
from sightline.audit.verify_report import FAIL, INCOMPLETE, PASS, Finding, Findings, exit_code_of
from sightline.audit.verify_tree import Sweep
from sightline.formats.checkpoint import Checkpoint, check_extends, open_checkpoint
from sightline.formats.merkle import consistency_proof
from sightline.formats.note import MAX_NOTE_BYTES, VerifierKey, parse_vkey
from sightline.kernel.errors import Refused

__all__ = ["FAIL", "INCOMPLETE", "LEVELS", "PASS", "Finding", "Progress", "Report", "verify_folder"]

LEVELS = (0, 1, 2, 3)


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """How far a verification came without a finding: hand it to the next one, which then checks only what is new."""

    checkpoint: Checkpoint
    records: Records


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What was to be checked, what was, and what came of it."""

    requested: tuple[int, ...]
    ran: tuple[int, ...]
    """Levels that ran to their end, whatever they found."""
    findings: tuple[Finding, ...]
    size: int | None
    """Leaves under the checkpoint; None when it could not be believed."""
    root: bytes | None
    checkpoint: bytes = field(repr=False)
    """The signed note, worth remembering for the next level 1 if `exit_code` is 0."""
    progress: Progress | None = field(default=None, repr=False)
    """Only after levels 2 and 3 without a finding."""

    @property
    def exit_code(self) -> int:
        """0 passed, 1 failed, 3 could not be fully checked."""
        return exit_code_of(self.requested, self.ran, self.findings)


def verify_folder(
    folder: Path,
    *,
    vkey: str,
    remembered: bytes | None = None,
    levels: Collection[int] | None = None,
    since: Progress | None = None,
) -> Report:
    """Check a register folder offline. Never raises for what the folder holds: that becomes a finding.

    `vkey` and `remembered` (a signed checkpoint) must come from elsewhere than the folder. `levels` defaults to all, 1
    only with `remembered`; level 3 includes 2, and 0 is always done. With `since`, levels 2 and 3 begin where that
    verification ended, and prove that the tree extends the one checked then.
    """
    asked = set(levels) if levels is not None else {0, 2, 3} | ({1} if remembered is not None else set())
    if not asked <= set(LEVELS):
        raise ValueError(f"levels are {LEVELS}")
    asked |= {0, 2} if 3 in asked else {0}
    return _Verification(folder, vkey, tuple(sorted(asked))).run(remembered, since)


class _Verification:
    def __init__(self, folder: Path, vkey: str, asked: tuple[int, ...]) -> None:
        self._folder = folder
        self._vkey = vkey
        self._asked = asked
        self._ran: list[int] = []
        self._findings = Findings()
        self._note = read_at_most(folder / "checkpoint", MAX_NOTE_BYTES) or b""

    def run(self, remembered: bytes | None, since: Progress | None) -> Report:
        try:
            key = parse_vkey(self._vkey)
            checkpoint = open_checkpoint(self._note, key)
        except Refused as exc:
            # Without a key that can be read nothing was learnt about the log; all else is the log's fault.
            is_unread = exc.code.startswith("vkey_")
            self._found(exc.code if self._note else "missing_file", 0, exc.detail, incomplete=is_unread)
            return self._report(None, None)
        self._ran.append(0)
        if 1 in self._asked:
            self._remember(checkpoint, key, remembered)
        progress = self._sweep(checkpoint, since) if 2 in self._asked else None
        return self._report(checkpoint, progress)

    def _remember(self, checkpoint: Checkpoint, key: VerifierKey, remembered: bytes | None) -> None:
        try:
            before = open_checkpoint(remembered or b"", key)
        except Refused as exc:
            detail = f"no remembered checkpoint of this log was given ({exc.code})"
            self._found("nothing_remembered", 1, detail, incomplete=True)
            return
        try:
            node = Files(self._folder, checkpoint.size).node
            is_provable = 0 < before.size <= checkpoint.size
            proof = consistency_proof(before.size, checkpoint.size, node) if is_provable else []
            check_extends(before, checkpoint, proof)
        except Refused as exc:
            self._found(exc.code, 1, exc.detail)
        self._ran.append(1)

    def _sweep(self, checkpoint: Checkpoint, since: Progress | None) -> Progress | None:
        if since is not None and since.checkpoint.size > checkpoint.size:
            self._found("checkpoint_smaller", 2, "the log is smaller than when it was last checked")
            return None
        records = since.records.copy() if since is not None else Records()
        sweep = Sweep(
            Files(self._folder, checkpoint.size), checkpoint, since.checkpoint if since else None, self._findings
        )
        is_complete = sweep.run(lambda index, entry: self._judge(records, index, entry))
        self._ran += [level for level in (2, 3) if is_complete and level in self._asked]
        is_clean = is_complete and 3 in self._asked and not len(self._findings)
        return Progress(checkpoint=checkpoint, records=records) if is_clean else None

    def _judge(self, records: Records, index: int, entry: bytes) -> None:
        # The first bundle after `since` begins with leaves that were judged then.
        if 3 in self._asked and index >= records.size:
            self._findings.add_all(records.judge(entry))

    def _found(self, code: str, level: int, detail: str, *, incomplete: bool = False) -> None:
        self._findings.add(Finding(code=code, level=level, detail=detail, incomplete=incomplete))

    def _report(self, checkpoint: Checkpoint | None, progress: Progress | None) -> Report:
        return Report(
            requested=self._asked,
            ran=tuple(self._ran),
            findings=self._findings.all(),
            size=checkpoint.size if checkpoint else None,
            root=checkpoint.root if checkpoint else None,
            checkpoint=self._note,
            progress=progress,
        )
