"""A simulated fortnight through a hub: everything is taken, and desks answer what the hub asks of them."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from sightline.adapters.clock import SetClock
from sightline.entrypoints.simulate.feeding import Feeding, Line
from sightline.entrypoints.simulate.stream import Asked
from sightline.formats import jws
from sightline.formats.receipt import read_receipt
from sightline.record.stage import Answer
from tests.builders_hub import a_hub


class Overheard(Line):
    """The stages of a hub, of which somebody counts the forms that name what they answer."""

    named = 0

    def send(self, batch: Sequence[bytes]) -> list[Answer]:
        self.named += sum(b'"answers":["i-' in jws.parse(one, jws.EVENT).payload for one in batch)
        return super().send(batch)


@pytest.mark.slow
def test_a_hub_takes_every_event_of_a_simulated_fortnight_and_every_answer_without_a_defect(tmp_path: Path) -> None:
    asked = Asked(area="isle_of_wight", days=14, seed=1)
    clock = SetClock(asked.starts)
    hub = a_hub(tmp_path / "hub", clock)
    try:
        line = Overheard(hub)
        feeding = Feeding([asked], line, reach=clock.set, step=timedelta(hours=2))
        feeding.admit()
        outcomes, types, referring = Counter[str](), Counter[str](), 0
        for one, answer in feeding.run():
            outcomes[answer.outcome] += 1
            types[one.type] += 1
            referring += bool(one.refers) and one.member == "item"
            assert read_receipt(answer.receipt, hub.hub_keys).defects == (), one.type
        assert outcomes.keys() == {"accepted"}
        assert outcomes.total() > 200
        assert min(referring, line.named) > 5, (
            "gradings and corrections are among them, and answers that name something"
        )
        assert types["alert.acknowledged"] > 50
        assert types["match.ruled"] > 2
        with hub.database.reading() as session:
            states = dict(map(tuple, session.execute("SELECT state, COUNT(*) FROM alert_states GROUP BY state")))
            # A breach's clock is set when desks are told, and was due when it was decided.
            late = session.execute("SELECT COUNT(*) FROM clocks WHERE struck > due AND kind <> 'breach'")
        assert states["acknowledged"] + states["met"] > 4 * states["open"], "most alerts are taken on or met"
        assert late == [(0,)], "a clock strikes at the second when it is due"
    finally:
        hub.close()
