"""Entry → decisions: the one decider folds the ledger in order and asks the policy about what changed.

In: ledger entries after its position. Out: leaves in register order, sealed facts, folds, all in one transaction with
the new position. It never invents a decision: an engine that does not answer stops the line (`Unavailable`).
"""
