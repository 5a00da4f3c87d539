"""A simulated fortnight through a hub: everything is taken, nothing is left over."""

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from sightline.adapters.clock import SetClock
from sightline.entrypoints.simulate.feeding import Feeding
from sightline.entrypoints.simulate.stream import Asked
from sightline.formats.receipt import read_receipt
from tests.builders_hub import a_hub


@pytest.mark.slow
def test_a_hub_takes_every_event_of_a_simulated_fortnight_without_a_defect(tmp_path: Path) -> None:
    asked = Asked(area="isle_of_wight", days=14, seed=1)
    clock = SetClock(asked.starts)
    hub = a_hub(tmp_path / "hub", clock)
    try:
        feeding = Feeding(asked, hub, reach=clock.set, span=timedelta(days=1))
        feeding.admit()
        outcomes, referring = Counter[str](), 0
        for one, answer in feeding.run():
            outcomes[answer.outcome] += 1
            referring += bool(one.refers)
            assert read_receipt(answer.receipt, hub.hub_keys).defects == (), one.type
        assert outcomes.keys() == {"accepted"}
        assert outcomes.total() > 100
        assert referring > 5, "gradings and corrections are among them"
    finally:
        hub.close()
