"""Audit: what anyone may check (design §7, promises P4 and P5). A copy of the register and its key come in, a report goes out.

In: a register folder, the log's public key, what the auditor remembers; for replay also the ledger and the keys. Out:
findings and an exit code that is 0 only if everything asked for was checked and stood. Imports no stage; ``verify`` and
its parts stand on ``formats`` and ``kernel`` alone, so that they can be read, and run, without the hub.
"""
