"""The charts of the Flows page: retries and quota by hour, as bars and as a table."""

from __future__ import annotations

import re
from pathlib import Path

from tests.browser.sample_data import open_installation
from tests.flows.harness import harness
from tests.web.test_refund_history import visible_text
from weighbridge.persistence.repositories.transfers import State
from weighbridge.queries.flows import flows_of


def test_the_chart_shows_stopped_attempts_with_posted_orders(tmp_path: Path) -> None:
    with harness(tmp_path, speed=60.0) as trial:
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
        with open_installation(tmp_path, trial) as home:
            flows = home.do(flows_of)
            orders = next(volume for volume in flows.volumes if volume.flow == "orders")
            calls = next(calls for calls in flows.calls if calls.platform == "cin7")
            assert (sum(orders.by_hour), sum(orders.repeated_by_hour)) == (3, 3)
            assert sum(calls.failed_by_hour) == 3
            assert max(calls.fullest_by_hour) <= sum(calls.by_hour)
            assert max(calls.by_hour) >= max(calls.fullest_by_hour) > 0
            with home.signed_in_as("vera") as vera:
                page = vera.get("/flows").text
    text = visible_text(page)
    assert "3 attempts interrupted and retried" in text
    assert re.search(r"Hour Posted Retried \d\d \w+ \d\d:00", text), "the table has the same numbers"
    labels = re.findall(r'role="img" aria-label="([^"]+)"', page)
    assert any("3 posted in 24 hours" in label and "3 retried" in label for label in labels)
    assert "the fullest 60 s of each hour" in text
    assert not re.search(r"\sstyle=", page)
