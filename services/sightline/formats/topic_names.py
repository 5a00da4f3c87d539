"""Names on the broker: topics, users and consumer groups, each made from an agency's or a desk's name and back.

Kafka takes letters, digits, full stop, underscore and hyphen in a topic's name, 249 at most, and holds two names for
one where they differ only in full stop and underscore (its metrics' names). Agencies' and desks' names have neither
(`thumbprint.SLUG`), so a full stop can stand for the slash: one name for each desk, no two alike.
"""

import re

from sightline.formats.thumbprint import SLUG
from sightline.kernel.errors import Refused
from sightline.kernel.ids import AgencyId, DeskId

SUBMISSIONS = "sightline.submissions."
RECEIPTS = "sightline.receipts."
FEED = "sightline.feed."
AGENCY = "agency."
"""What an agency's user is called begins so: no agency can be named as a worker of the hub or as the administrator."""

LONGEST = 249
"""Letters of a topic's name (Kafka: ``Topic.MAX_NAME_LENGTH``)."""

_AGENCY = re.compile(SLUG)
_DESK = re.compile(rf"({SLUG})/({SLUG})")
_FEED = re.compile(rf"{re.escape(FEED)}({SLUG})\.({SLUG})")
_SUBMISSIONS = re.compile(rf"{re.escape(SUBMISSIONS)}({SLUG})")
_RECEIPTS = re.compile(rf"{re.escape(RECEIPTS)}({SLUG})")


def submissions_topic(agency: AgencyId) -> str:
    """Where the agency sends sealed submissions (design §5). Raises Refused ``agency_malformed``.

    One for each agency: who may write a topic may ask how far it has come, and would see what all others send (P11).
    """
    return f"{SUBMISSIONS}{_agency(agency)}"


def receipts_topic(agency: AgencyId) -> str:
    """Where the agency's receipts are. Raises Refused ``agency_malformed``."""
    return f"{RECEIPTS}{_agency(agency)}"


def feed_topic(desk: DeskId) -> str:
    """Where the desk's feed is: ``sightline.feed.<agency>.<desk>``. Raises Refused ``desk_malformed``."""
    parts = _DESK.fullmatch(desk)
    if parts is None:
        raise Refused("desk_malformed", "a desk's name is <agency>/<desk>, in small letters, digits and hyphens")
    return f"{FEED}{parts[1]}.{parts[2]}"


def agency_of_submissions(topic: str) -> AgencyId:
    """Whose submissions that topic holds. Raises Refused ``topic_malformed``."""
    parts = _SUBMISSIONS.fullmatch(topic)
    if parts is None:
        raise Refused("topic_malformed", "not a topic of submissions")
    return AgencyId(parts[1])


def agency_of_receipts(topic: str) -> AgencyId:
    """Whose receipts that topic holds. Raises Refused ``topic_malformed``."""
    parts = _RECEIPTS.fullmatch(topic)
    if parts is None:
        raise Refused("topic_malformed", "not a topic of receipts")
    return AgencyId(parts[1])


def desk_of_feed(topic: str) -> DeskId:
    """Whose feed that topic is. Raises Refused ``topic_malformed``."""
    parts = _FEED.fullmatch(topic)
    if parts is None:
        raise Refused("topic_malformed", "not a topic of a feed")
    return DeskId(f"{parts[1]}/{parts[2]}")


def agency_user(agency: AgencyId) -> str:
    """What the broker calls the agency, e.g. ``agency.hampshire-police``. Raises Refused ``agency_malformed``."""
    return f"{AGENCY}{_agency(agency)}"


def agency_groups(agency: AgencyId) -> str:
    """What the names of the agency's consumer groups begin with. Raises Refused ``agency_malformed``.

    It ends in a full stop, which no agency's name has: ``agency.kent.`` is not the beginning of ``agency.kent-police.``
    """
    return f"{AGENCY}{_agency(agency)}."


def _agency(agency: AgencyId) -> str:
    if not _AGENCY.fullmatch(agency):
        raise Refused("agency_malformed", "an agency's name is small letters, digits and hyphens, 64 at most")
    return agency
