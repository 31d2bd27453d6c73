"""Where the vendors' documents are silent, whole lives of orders end alike under every reading.

Every switch of both twins is turned to each of its other readings. In the default suite several are turned in one life
(they concern different things, and a life asserts every outcome); the slow suite turns each by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.flows.order_history import play
from weighbridge_twins.bigcommerce.twin import SWITCHES as SHOP
from weighbridge_twins.cin7.switches import SWITCHES as BOOKS

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
"""Values to try of switches that take a number."""

Reading = tuple[str, Any]
LIVES = 7
"""Lives that the readings of one platform are dealt to."""


def other_readings(switches: Sequence[Any]) -> list[Reading]:
    """Each reading of each switch that is not the one at the start."""
    return [
        (switch.name, reading)
        for switch in switches
        for reading in (switch.readings or NUMBERS[switch.name])
        if reading != switch.default
    ]


def dealt(switches: Sequence[Any]) -> list[dict[str, Any]]:
    """The other readings, dealt so that no life turns one switch twice and neighbours, which often touch the same
    thing, fall to different lives."""
    hands: list[dict[str, Any]] = [{} for _ in range(LIVES)]
    for number, (name, reading) in enumerate(other_readings(switches)):
        hand = next(one for one in hands[number % LIVES :] + hands if name not in one)
        hand[name] = reading
    return hands


@pytest.mark.parametrize("switches", [SHOP, BOOKS], ids=["bigcommerce", "cin7"])
def test_every_reading_is_dealt(switches: Sequence[Any]) -> None:
    played = [pair for hand in dealt(switches) for pair in hand.items()]
    assert sorted(map(str, played)) == sorted(map(str, other_readings(switches)))
    assert {name for name, _ in played} == {switch.name for switch in switches}


@pytest.mark.parametrize("number", range(LIVES))
def test_lives_end_alike_under_other_readings(tmp_path: Path, number: int) -> None:
    post = "order" if number % 2 else "invoice_and_payment"
    play(tmp_path, post=post, bigcommerce_switches=dealt(SHOP)[number], cin7_switches=dealt(BOOKS)[number])


@pytest.mark.slow
@pytest.mark.parametrize("reading", other_readings(SHOP), ids=str)
def test_life_under_another_reading_of_bigcommerce(tmp_path: Path, reading: Reading) -> None:
    play(tmp_path, post="invoice_and_payment", bigcommerce_switches=dict([reading]))


@pytest.mark.slow
@pytest.mark.parametrize("post", ["order", "invoice_and_payment"])
@pytest.mark.parametrize("reading", other_readings(BOOKS), ids=str)
def test_life_under_another_reading_of_cin7(tmp_path: Path, reading: Reading, post: str) -> None:
    play(tmp_path, post=post, cin7_switches=dict([reading]))
