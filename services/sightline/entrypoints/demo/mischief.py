"""Four submissions that must not get in: forged, altered, malformed, and one that uses an id again."""

import json

from sightline.agency.keys import generate
from sightline.entrypoints.demo import forms
from sightline.entrypoints.demo.cast import CHARITY, MISSING, SOUTHAMPTON
from sightline.entrypoints.demo.week import Sent, Week
from sightline.formats import base64url, jws
from sightline.record.stage import Answer


def forged(week: Week) -> Answer:
    """Somebody else's key, under the name of the police's."""
    form = forms.returned_well("2026-11-16T12:00:00Z", "located")
    true = week.signed(MISSING, "missing.returned", form, role="police_officer")
    signing_input, _, _ = true.rpartition(b".")
    signature = jws.raw_signature(signing_input, generate(MISSING.id))
    raw = signing_input + b"." + base64url.encode(signature)
    says = "writes in the name of the missing-persons desk that Wren is safe"
    return week.offer(raw, None, says, "forged: signed with a key that is not the desk's")


def altered(week: Week, report: Sent) -> Answer:
    """The text changed on the way, under the signature of the true one."""
    header, payload, signature = report.raw.split(b".")
    event = json.loads(base64url.decode(payload))
    event["data"]["circumstances"] = "Came home from school. Her phone is on."
    changed = base64url.encode(json.dumps(event, separators=(",", ":")).encode())
    says = "has changed the text of that report on its way"
    return week.offer(b".".join((header, changed, signature)), None, says, "altered: not what was signed")


def malformed(week: Week) -> Answer:
    """A mandatory field is missing; who sent it is proven, so that it can be told."""
    form = {name: value for name, value in forms.jory_missing().items() if name != "missing_since"}
    raw = week.signed(SOUTHAMPTON, "missing.reported", form, role="social_worker", area="southampton")
    says = "reports Jory missing, without saying since when"
    return week.offer(raw, SOUTHAMPTON, says, "malformed: a mandatory field is missing")


def id_used_again(week: Week, claim: Sent) -> Answer:
    """The id of something accepted, with another payload."""
    form = forms.claim("allocated_team")
    raw = week.signed(CHARITY, "involvement.opened", form, role="outreach_worker", id=claim.id)
    says = "sends the claim's id again, now as the allocated team"
    return week.offer(raw, CHARITY, says, "an id that was used before, with another payload")
