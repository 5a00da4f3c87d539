"""The hub over HTTP, under ``/v1`` (design §8).

In: signed submissions, and reads that carry a token signed by the desk. Out: signed receipts, feeds, items, proofs.
Refused: RFC 9457 problems with a stable code. No answer repeats what was sent.
"""

from sightline.entrypoints.api.app import create_app

__all__ = ["create_app"]
