"""submit: bytes → `Submission`. The first stage of an event's way.

In: what arrived, over HTTP or Kafka, as bytes. Out, for each and in order: a `Submission`, taken apart and not yet
believed, or a `Rejected`. What is wrong before a signature could be checked is `Rejected` here; what is wrong with the
signed content is written into the submission's `refusal`, and `verify` decides whether the sender is told (P12).

The list, cheapest first:

1. size: ``too_large``
2. opened, if it was sealed: ``unseal_failed``, ``too_large``
3. taken apart, closed header, allowed algorithm: ``jws_malformed``, ``algorithm_not_allowed``, ``header_not_allowed``
4. JSON with one meaning: ``not_utf8``, ``not_json``, ``duplicate_key``, ``too_deep``, ``too_many``,
   ``number_not_allowed``
5. the envelope: ``envelope_invalid``
6. its time: ``time_in_future``
7. type, version and form: ``unknown_type``, ``unknown_version``, ``schema_missing_field``, ``schema_invalid_field``,
   ``identifier_invalid``. What is merely not understood becomes a defect, and is kept.
"""

from sightline.submit.stage import Limits, Schemas, Unsealer, submit

__all__ = ["Limits", "Schemas", "Unsealer", "submit"]
