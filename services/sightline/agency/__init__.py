"""agency: what a partner runs. Keys, signing, submitting, following its feed, checking receipts and proofs.

It imports no stage of the hub: everything it relies on travels over the wire, in `formats`.
"""
