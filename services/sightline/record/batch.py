"""What of a batch is recorded in one transaction, and what must be looked up for it beforehand."""

from collections.abc import Iterator, Sequence

from sightline.kernel.ids import AgencyId
from sightline.kernel.values import Rejected, Verified
from sightline.record.known import Wanted
from sightline.record.matching import Tokens
from sightline.record.placing import reference_of
from sightline.record.ruling import RULED, ruled_refs

_ASKS_OF_CANDIDATES = frozenset({"consent.recorded", "consent.withdrawn", "missing.categorised", "missing.reported"})
"""Types for which it matters what is known of records that may be the same child's."""


def parts(batch: Sequence[Verified | Rejected]) -> Iterator[Sequence[Verified | Rejected]]:
    """The batch; a ruling stands by itself, since who shares a record with whom changes by it."""
    start = 0
    for index, one in enumerate(batch):
        if isinstance(one, Verified) and one.envelope.type == RULED:
            yield from (part for part in (batch[start:index], [one]) if part)
            start = index + 1
    if start < len(batch) or not batch:
        yield batch[start:]


def wanted(batch: Sequence[Verified | Rejected], tokens: Sequence[list[Tokens]]) -> Wanted:
    """What to look up for those submissions; `tokens` are of each one's children, in order."""
    verified = [one for one in batch if isinstance(one, Verified)]
    flat = [t for of_one in tokens for t in of_one]
    references = [(one.envelope.desk, reference_of(one)) for one in verified]
    senders = {one.envelope.agency for one in verified}
    senders |= {AgencyId(one.sender.partition("/")[0]) for one in batch if isinstance(one, Rejected) and one.sender}
    return Wanted(
        claims=[(one.envelope.source, one.envelope.id) for one in verified],
        identifiers=[t for one in flat for t in one.identifiers],
        names=[one.name for one in flat if one.name],
        child_refs=[*(one.ref for one in flat if one.ref), *(ref for one in verified for ref in ruled_refs(one))],
        items=[(desk, ref.name) for desk, ref in references if ref is not None and not ref.is_recall],
        recalls=[(desk, ref.name) for desk, ref in references if ref is not None and ref.is_recall],
        agencies=sorted(senders),
        candidates=any(one.envelope.type in _ASKS_OF_CANDIDATES for one in verified),
    )
