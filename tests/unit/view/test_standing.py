"""Every read asks for the desk's standing as it is now, whether or not anything else happens in the hub."""

from pathlib import Path

import pytest

from sightline.kernel.errors import Refused
from sightline.kernel.ids import DeskId
from tests.builders_hub import MASH, POLICE, a_hub, a_missing, a_town, can_read, sends


def test_a_suspension_stops_reads_at_once_though_nothing_else_is_submitted(tmp_path: Path) -> None:
    town = a_town(tmp_path)
    sent = sends(town, POLICE, "missing.reported", a_missing())
    assert can_read(town, MASH, sent.item)
    operators = a_hub(tmp_path, town.clock)  # another process on the same folder
    operators.admin.change_standing(MASH, "suspended")
    with pytest.raises(Refused) as why:
        town.hub.view.item(MASH, sent.item)
    assert why.value.code == "desk_not_in_standing"
    assert town.hub.notices.of(MASH) == []
    operators.admin.change_standing(MASH, "good")
    assert town.hub.view.items(MASH)
    operators.close()
    town.hub.close()


def test_a_desk_reads_from_the_moment_it_is_admitted(tmp_path: Path) -> None:
    town = a_town(tmp_path)
    assert town.hub.view.items(MASH) == []
    with pytest.raises(Refused):
        town.hub.view.items(DeskId("nobody/knows"))
    town.hub.close()
