"""Verified → ledger entries, in one transaction for a batch.

In: `Verified` and `Rejected` values. Out: an `Answer` for each, with the hub's signed receipt. Refused here: an id used
before for another payload, an item or child that the sender may not name.
"""
