"""verify: `Submission` → `Verified`. Only this stage makes a `Verified`.

In: what `submit` gave, in order. Out, in the same order: a `Verified`, or a `Rejected`. One that carries a `sender` was
proven to come from that desk, and is answered with a signed receipt; one without is only counted (P12).

The list, cheapest first; up to 5 the sender is not proven:

1. the key is registered: ``unknown_key``
2. it belongs to the desk that the event names: ``key_not_for_source``
3. it is registered for this algorithm: ``algorithm_not_allowed``
4. it is in force, by the hub's clock and not the sender's, so that a stolen key cannot backdate: ``key_not_in_force``
5. the signature matches: ``bad_signature``
6. what `submit` found wrong with the content
7. the key is registered for this source and type: ``key_not_for_source``, ``key_not_for_type``
8. the desk is in good standing: ``desk_not_in_standing``
9. the desk may send this type: ``source_may_not_send``
"""

from sightline.verify.stage import KeyDirectory, Senders, Verify

__all__ = ["KeyDirectory", "Senders", "Verify"]
