"""Follower of the register: what each desk is told of, in one dense and hashed sequence (design §7, P10).

In: sealed leaves. Out: numbered entries, a running hash, recalls with their clocks. Entries carry no bodies.
"""
