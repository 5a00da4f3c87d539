"""What leaves a desk's system when it submits, and with which exit code that ends."""

from pathlib import Path
from typing import Any

import httpx2
import pytest

from sightline.adapters.clock import SetClock
from sightline.agency.client import HubClient, HubKeys
from sightline.entrypoints.cli_agency_submit import exit_code_of, group_of, send
from sightline.entrypoints.cli_out import OK, REFUSED, WAITING
from sightline.formats import jwe
from sightline.formats.topic_names import agency_groups
from sightline.kernel.errors import Unavailable
from sightline.kernel.ids import AgencyId, DeskId
from tests.builders import NOW, POLICE, a_key, signed
from tests.builders_agency import a_desk_folder


@pytest.mark.parametrize("is_sealed", [True, False], ids=["sealed", "open"])
def test_what_is_sealed_leaves_so_that_only_the_hub_can_open_it(tmp_path: Path, is_sealed: bool) -> None:
    sent: list[bytes] = []

    def nobody(request: httpx2.Request) -> httpx2.Response:
        sent.append(request.read())
        return httpx2.Response(503)

    private = jwe.generate(DeskId("hub/intake"))
    known = HubKeys(origin="", audience="", vkey="", receipt_keys={}, intake_key=jwe.public_part(private))
    own, event = a_desk_folder(tmp_path / "desk", POLICE), signed(a_key())
    path = own.add_event("one", event)
    transport = httpx2.MockTransport(nobody)
    with (
        HubClient("http://hub", key=None, clock=SetClock(NOW), wait=lambda _: None, transport=transport) as client,
        pytest.raises(Unavailable),
    ):
        send(own, path, client, known, is_sealed=is_sealed)
    assert len(set(sent)) == 1
    assert jwe.is_sealed(sent[0]) is is_sealed
    assert (jwe.Unsealer([private]).unseal(sent[0]) if is_sealed else sent[0]) == event


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        pytest.param([], OK, id="nothing to send"),
        pytest.param([("accepted", ""), ("repeated", "")], OK, id="all taken"),
        pytest.param([("accepted", ""), ("waiting", "")], WAITING, id="one without a receipt"),
        pytest.param([("waiting", ""), ("refused", "id_reused")], REFUSED, id="a refusal counts more"),
        pytest.param([("waiting", "bad_signature")], REFUSED, id="a receipt that was not believed"),
    ],
)
def test_the_exit_code_says_what_must_be_looked_at_first(outcomes: list[tuple[str, str]], code: int) -> None:
    rows: list[dict[str, Any]] = [{"outcome": outcome, "code": why} for outcome, why in outcomes]
    assert exit_code_of(rows) == code


def test_a_desks_place_is_kept_under_a_name_that_its_agency_may_use() -> None:
    group = group_of(DeskId("kent-council/duty"))
    assert group == "agency.kent-council.duty"
    assert group.startswith(agency_groups(AgencyId("kent-council")))
