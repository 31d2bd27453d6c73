"""The story of a kit of which the store shows more units than its components make."""

from __future__ import annotations

from tests.exception_stories.actions import push_stock
from tests.exception_stories.monitoring import run_monitors
from tests.exception_stories.stock import shows
from tests.exception_stories.story import NOT_FOUND, Noted, Setting, Story
from tests.flows.harness import Harness, harness
from tests.flows.stock.test_parity import compare
from weighbridge.domain.findings.kind import FindingKind

KIT, WRITTEN, MADE = "SET", 400, 50
"""A kit of two mugs, the level that another program writes, and the number of kits that a hundred mugs make."""


def sets_published(trial: Harness) -> None:
    """The store sells sets of mugs, and their level is published."""
    product = {"sku": KIT, "name": "Set", "price": "30.00", "tax_class_id": 0}
    trial.twins.act("bigcommerce", "seed_products", [product])
    bom = [{"sku": "MUG", "quantity": 2}]
    trial.twins.act("cin7", "seed", {"products": [{"sku": KIT, "name": "Set", "bom": bom}]})
    trial.push_stock()


KITS = Setting(
    "kits", lambda folder: harness(folder, stock='kit_allocation = "priority"\npriority = ["SET"]'), sets_published
)


def written(trial: Harness) -> str:
    trial.twins.act("bigcommerce", "set_stock", {"sku": KIT, "quantity": WRITTEN})
    return KIT


def overwritten_repeatedly(trial: Harness) -> None:
    """Each time Weighbridge publishes the level, the other program overwrites it."""
    for _ in range(2):
        written(trial)
        run_monitors(trial)


def levels_are_published(trial: Harness) -> None:
    """The other program stops: the levels are compared, published again and checked by the monitors."""
    compare(trial)
    trial.push_stock()
    run_monitors(trial)


STORIES: list[Story | Noted] = [
    Story(
        kind=FindingKind.KIT_DRIFT,
        setting=KITS,
        cause=written,
        found_by=overwritten_repeatedly,
        title="The store shows 400 of kit SET, more than its components make",
        owner="operations",
        money="none",
        field="level of SET in the store",
        value=str(WRITTEN),
        action=push_stock(),
        proven_by=levels_are_published,
        proof=NOT_FOUND,
        ends=shows(KIT, MADE),
    ),
]
