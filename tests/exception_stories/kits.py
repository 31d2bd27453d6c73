"""The story of a kit that the shop shows more of than its parts make."""

from __future__ import annotations

from tests.exception_stories.actions import push_stock
from tests.exception_stories.monitoring import look
from tests.exception_stories.stock import shows
from tests.exception_stories.story import NOT_FOUND, Noted, Setting, Story
from tests.flows.harness import Rig, rig
from tests.flows.stock.test_parity import compare
from weighbridge.domain.findings.finding import FindingKind

KIT, WRITTEN, MADE = "SET", 400, 50
"""A kit of two mugs, what another program writes of it, and what a hundred mugs make."""


def told_of_sets(trial: Rig) -> None:
    """The shop sells sets of mugs, and was told how many can be made."""
    product = {"sku": KIT, "name": "Set", "price": "30.00", "tax_class_id": 0}
    trial.twins.act("bigcommerce", "seed_products", [product])
    bill = [{"sku": "MUG", "quantity": 2}]
    trial.twins.act("cin7", "seed", {"products": [{"sku": KIT, "name": "Set", "bom": bill}]})
    trial.push_stock()


KITS = Setting("kits", lambda folder: rig(folder, stock='sharing = "priority"\npriority = ["SET"]'), told_of_sets)


def written(trial: Rig) -> str:
    trial.twins.act("bigcommerce", "set_stock", {"sku": KIT, "quantity": WRITTEN})
    return KIT


def written_again_and_again(trial: Rig) -> None:
    """Whatever Weighbridge tells the shop, the other program writes its own figure once more."""
    for _ in range(2):
        written(trial)
        look(trial)


def levels_are_told(trial: Rig) -> None:
    """The other program is gone: levels are held against what the shop shows, told again, and looked at."""
    compare(trial)
    trial.push_stock()
    look(trial)


STORIES: list[Story | Noted] = [
    Story(
        kind=FindingKind.KIT_DRIFT,
        setting=KITS,
        cause=written,
        found_by=written_again_and_again,
        title="The shop shows 400 of kit SET, more than its parts make",
        owner="operations",
        money="none",
        field="level of SET at the shop",
        value=str(WRITTEN),
        act=push_stock(),
        proven_by=levels_are_told,
        proof=NOT_FOUND,
        ends=shows(KIT, MADE),
    ),
]
