"""Stories of double submits: the shopper wants both orders, or one is cancelled."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from tests.exception_stories.actions import release, retry
from tests.exception_stories.after_posting import cancelled
from tests.exception_stories.story import POSTED, Noted, Setting, Story, no_sale, one_sale
from tests.flows.harness import Harness, harness
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.flows.reference_data import load as reference_data

WINDOW_MINUTES = 240.0
"""Minutes within which equal baskets count as a double submit; large enough for a busy machine to place both."""
TWICE = Setting("double submits", lambda folder: harness(folder, double_submit_minutes=WINDOW_MINUTES))


def sent_twice(mugs: int) -> Callable[[Harness], str]:
    """A shopper submits a basket again after its first order was posted; returns the second order."""

    def cause(trial: Harness) -> str:
        basket: dict[str, Any] = {"lines": [{"sku": "MUG", "quantity": mugs}]}
        trial.run(reference_data.FLOW, until=lambda rows: True)
        trial.run_order(trial.place(**basket))
        return str(trial.place(**basket))

    return cause


def first(trial: Harness, key: str) -> str:
    """The order that was placed before."""
    return str(int(key) - 1)


def both_are_posted(trial: Harness, key: str) -> None:
    one_sale(trial, first(trial, key))
    one_sale(trial, key)


def one_is_posted(trial: Harness, key: str) -> None:
    one_sale(trial, first(trial, key))
    no_sale(trial, key)


double_submit = partial(
    Story,
    kind=FindingKind.DOUBLE_SUBMIT,
    setting=TWICE,
    title=lambda trial, key: f"Order {key} looks like order {first(trial, key)} sent twice",
    owner="ecommerce",
    field="id",
    value=first,
)

STORIES: list[Story | Noted] = [
    double_submit(
        name="both are wanted",
        cause=sent_twice(mugs=3),
        action=release("one for each grandmother, she says"),
        proof=POSTED,
        ends=both_are_posted,
    ),
    double_submit(
        name="is cancelled",
        cause=sent_twice(mugs=4),
        fix=cancelled,
        action=retry(),
        proof="ended at the store: cancelled",
        ends=one_is_posted,
    ),
]
