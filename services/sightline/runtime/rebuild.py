"""What is folded from the logs made anew beside a running hub: folds or views, to be checked or put right.

Folds are what the decider carries (`decide/folds.py`, `decide/state.py`). Views, here, are what is told: feeds with their
heads, the clocks of recalls, notices. What a desk reads is looked up in the register at each read: there is nothing in
that to rebuild (DECISIONS 6).
"""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sightline.adapters.scratch import Scratch
from sightline.decide import rebuilding as of_folds
from sightline.feed import rebuilding as of_feeds
from sightline.formats.policy_digest import policy_digest
from sightline.kernel.share import share
from sightline.ledger.comparing import Found
from sightline.ledger.rebuilding import OnProgress
from sightline.ledger.sealing import KeyVault
from sightline.ledger.store import Ledger
from sightline.runtime.build import areas_of
from sightline.runtime.build_decide import read_rules
from sightline.runtime.hub import Areas
from sightline.view import rebuilding as of_notices


@dataclass(frozen=True, kw_only=True)
class Rebuilding:
    """One hub's logs, and a folder on the disk where the rebuilt rows may lie for a while."""

    ledger: Ledger
    folder: Path
    on_progress: OnProgress = lambda *_: None

    def folds(self, vault: KeyVault, *, check: bool) -> Found:
        """The decider's folds. Raises Unavailable, and Corrupt where the logs contradict themselves."""
        policies = share("policies")
        rules = read_rules(policies)
        with closing(Scratch(self.folder, of_folds.OWN_TABLES)) as scratch:
            rebuild = of_folds.RebuildFolds(
                ledger=self.ledger,
                scratch=scratch,
                vault=vault,
                fields=rules.fields,
                policy=policy_digest(policies),
                data=rules.data,
                on_progress=self.on_progress,
            )
            return rebuild.check() if check else rebuild.run()

    def views(self, *, check: bool) -> Found:
        """What desks are told. Needs no key. Raises as `folds` does."""
        areas = Areas(protocols=areas_of(read_rules(share("policies"))))
        with closing(Scratch(self.folder, (*of_feeds.OWN_TABLES, *of_notices.OWN_TABLES))) as scratch:
            feeds = of_feeds.RebuildFeeds(
                ledger=self.ledger, scratch=scratch, areas=areas, on_progress=self.on_progress
            )
            notices = of_notices.RebuildNotices(ledger=self.ledger, scratch=scratch, on_progress=self.on_progress)
            found = feeds.check() if check else feeds.run()
            found.tables |= (notices.check() if check else notices.run()).tables
            return found
