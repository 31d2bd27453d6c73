"""The charts of the flows: what was tried again and how full the quota was, hour by hour, as bars and as a table."""

from __future__ import annotations

import re
from pathlib import Path

from tests.browser.furnished import opened
from tests.flows.harness import rig
from tests.web.test_refund_history import words
from weighbridge.persistence.repositories.transfers import State
from weighbridge.queries.flows import flows_of


def test_tries_that_were_cut_short_stand_beside_what_was_posted(tmp_path: Path) -> None:
    with rig(tmp_path, speed=60.0) as trial:
        broken = {
            "fault": "error_before",
            "status": 500,
            "match": {"method": "POST", "path": "(?i)/v2/sale/order$"},
            "times": 3,
        }
        trial.twins.fault("cin7", broken)
        for _ in range(3):
            trial.place()
        assert {row.state for row in trial.run()} == {State.POSTED}
        with opened(tmp_path, trial) as home:
            flows = home.do(flows_of)
            orders = next(one for one in flows.volumes if one.flow == "orders")
            calls = next(one for one in flows.calls if one.platform == "cin7")
            assert (sum(orders.by_hour), sum(orders.repeated_by_hour)) == (3, 3)
            assert sum(calls.failed_by_hour) == 3
            assert max(calls.fullest_by_hour) <= sum(calls.by_hour)
            assert max(calls.by_hour) >= max(calls.fullest_by_hour) > 0
            with home.as_("vera") as vera:
                page = vera.get("/flows").text
    text = words(page)
    assert "3 tries cut short and repeated" in text
    assert re.search(r"Hour Posted Tried again \d\d \w+ \d\d:00", text), "the same as a table"
    labels = re.findall(r'role="img" aria-label="([^"]+)"', page)
    assert any("3 posted in 24 hours" in label and "3 tries repeated" in label for label in labels)
    assert "the fullest 60 s of each hour" in text
    assert not re.search(r"\sstyle=", page)
