"""Sightline: the hub that decides, item by item and desk by desk, what may be disclosed, and can prove it.

A listing of this package is the path of one signed event: submit, verify, record, decide, register, view, feed.
"""
