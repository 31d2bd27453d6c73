"""Where the vendors' documentation is silent, order histories end the same under every reading.

Every switch of both twins is set to each of its other readings. The default suite sets several in one history (they
concern different things, and a history asserts every outcome); the slow suite sets each one alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.flows.order_history import play
from weighbridge_twins.bigcommerce.twin import SWITCHES as BIGCOMMERCE
from weighbridge_twins.cin7.switches import SWITCHES as CIN7

NUMBERS: dict[str, tuple[Any, ...]] = {
    "calls_per_minute": (30,),
    "concurrent_requests": (8,),
    "delayed_visibility_seconds": (30,),
    "inventory_delay_seconds": (20,),
    "inventory_delay_spread": (10,),
    "maximum_lines": (50,),
    "minimum_quantity": (0,),
    "new_order_404_seconds": (30,),
    "others_use": (50,),
    "page_drift": (1,),
    "payment_action_seconds": (30,),
    "requests_per_window": (60,),
    "retry_after_seconds": (0, 20),
    "total_tolerance": ("0",),
    "used_by_other_apps": (40,),
}
"""The values to test for switches that take a number."""

Reading = tuple[str, Any]
HISTORIES = 7
"""How many histories share the readings of one platform."""


def other_readings(switches: Sequence[Any]) -> list[Reading]:
    """Each reading of each switch except its default."""
    return [
        (switch.name, reading)
        for switch in switches
        for reading in (switch.readings or NUMBERS[switch.name])
        if reading != switch.default
    ]


def by_history(switches: Sequence[Any]) -> list[dict[str, Any]]:
    """The other readings of each history: no history sets one switch twice, and neighbouring switches, which often
    concern the same thing, are in different histories."""
    histories: list[dict[str, Any]] = [{} for _ in range(HISTORIES)]
    for number, (name, reading) in enumerate(other_readings(switches)):
        readings = next(free for free in histories[number % HISTORIES :] + histories if name not in free)
        readings[name] = reading
    return histories


@pytest.mark.parametrize("switches", [BIGCOMMERCE, CIN7], ids=["bigcommerce", "cin7"])
def test_every_reading_is_played(switches: Sequence[Any]) -> None:
    played = [pair for readings in by_history(switches) for pair in readings.items()]
    assert sorted(map(str, played)) == sorted(map(str, other_readings(switches)))
    assert {name for name, _ in played} == {switch.name for switch in switches}


@pytest.mark.parametrize("number", range(HISTORIES))
def test_order_histories_end_the_same_under_other_readings(tmp_path: Path, number: int) -> None:
    post = "order" if number % 2 else "invoice_and_payment"
    play(
        tmp_path,
        post=post,
        bigcommerce_switches=by_history(BIGCOMMERCE)[number],
        cin7_switches=by_history(CIN7)[number],
    )


@pytest.mark.slow
@pytest.mark.parametrize("reading", other_readings(BIGCOMMERCE), ids=str)
def test_order_history_under_another_reading_of_bigcommerce(tmp_path: Path, reading: Reading) -> None:
    play(tmp_path, post="invoice_and_payment", bigcommerce_switches=dict([reading]))


@pytest.mark.slow
@pytest.mark.parametrize("post", ["order", "invoice_and_payment"])
@pytest.mark.parametrize("reading", other_readings(CIN7), ids=str)
def test_order_history_under_another_reading_of_cin7(tmp_path: Path, reading: Reading, post: str) -> None:
    play(tmp_path, post=post, cin7_switches=dict([reading]))
