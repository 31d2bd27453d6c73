"""Stories of baskets that came twice: the shopper meant both, or one is cancelled."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from tests.exception_stories.actions import release, retry
from tests.exception_stories.after_posting import cancelled
from tests.exception_stories.story import POSTED, Noted, Setting, Story, no_sale, one_sale
from tests.flows.harness import Rig, rig
from weighbridge.domain.findings.finding import FindingKind
from weighbridge.flows.reference_data import load as bookkeeping

HOURS = 240.0
"""Minutes within which baskets count as sent twice: so many that no busy machine places two of them further apart."""
TWICE = Setting("repeats", lambda folder: rig(folder, repeat_minutes=HOURS))


def sent_twice(mugs: int) -> Callable[[Rig], str]:
    """A shopper presses the button, and once that order has crossed presses it again; answers the second order."""

    def cause(trial: Rig) -> str:
        basket: dict[str, Any] = {"lines": [{"sku": "MUG", "quantity": mugs}]}
        trial.run(bookkeeping.FLOW, until=lambda rows: True)
        trial.look(trial.place(**basket))
        return str(trial.place(**basket))

    return cause


def first(trial: Rig, key: str) -> str:
    """The order that was placed just before."""
    return str(int(key) - 1)


def both_cross(trial: Rig, key: str) -> None:
    one_sale(trial, first(trial, key))
    one_sale(trial, key)


def one_crosses(trial: Rig, key: str) -> None:
    one_sale(trial, first(trial, key))
    no_sale(trial, key)


repeated = partial(
    Story,
    kind=FindingKind.ORDER_REPEATED,
    setting=TWICE,
    title=lambda trial, key: f"Order {key} looks like order {first(trial, key)} sent twice",
    owner="ecommerce",
    field="id",
    value=first,
)

STORIES: list[Story | Noted] = [
    repeated(
        name="both are meant",
        cause=sent_twice(mugs=3),
        act=release("one for each grandmother, she says"),
        proof=POSTED,
        ends=both_cross,
    ),
    repeated(
        name="is cancelled",
        cause=sent_twice(mugs=4),
        mended=cancelled,
        act=retry(),
        proof="ended at the shop: cancelled",
        ends=one_crosses,
    ),
]
