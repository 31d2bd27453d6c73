"""Stories of stock: overwritten levels, SKUs without a level, kits, locations and the fast lane."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

from tests.exception_stories.actions import push_stock, retry
from tests.exception_stories.catalogue import (
    listed,
    product,
    put_right,
    seeded_in_store,
    staff_writes,
    store_product_id,
)
from tests.exception_stories.listings import LISTED, catalogue_story
from tests.exception_stories.story import NOT_FOUND, Noted, Setting, Story
from tests.flows.harness import Harness, harness
from tests.flows.stock.test_parity import compare
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.flows.reference_data import load as reference_data
from weighbridge.flows.stock import approval as stock_review
from weighbridge.flows.stock import fast_lane as stock_fast
from weighbridge.flows.stock import flow as stock
from weighbridge.persistence.documents import STOCK_PROPOSAL

MAPPED = 'excluded_bins = ["Quarantine"]\nstore_locations = { "Overflow" = 2 }\n'
MISTYPED, NAMED = 'fast_lane = ["mug"]', 'fast_lane = ["MUG"]'
STOCK_FLOWS = (reference_data.FLOW, stock.FLOW, stock_fast.FLOW)


def run_stock(trial: Harness) -> None:
    """Reads both platforms, publishes every level, and compares the levels with the store minutes later."""
    trial.run(*STOCK_FLOWS, until=lambda rows: True)
    compare(trial)


def levels_published(trial: Harness) -> None:
    """Twenty packets of tea are at a location that the store does not have yet; all other levels are published."""
    trial.twins.act("cin7", "seed", {"stock": [{"sku": "TEA", "on_hand": 20, "location": "Overflow"}]})
    run_stock(trial)
    run_stock(trial)


PUBLISHED = Setting("stock", lambda folder: harness(folder, stock=MAPPED + MISTYPED), levels_published)
UNREAD = Setting("first levels", lambda folder: harness(folder, file={'review = "never"': 'review = "first"'}))
stock_story = partial(Story, setting=PUBLISHED, found_by=run_stock, proven_by=run_stock, money="none", proof=NOT_FOUND)
"""A story that starts and ends with a run of the stock flow."""


def written_by_staff(trial: Harness) -> str:
    trial.twins.act("bigcommerce", "set_stock", {"sku": "TEA", "quantity": 950})
    return "TEA"


def stocked_in_cin7(trial: Harness, sku: str, units: int, **where: Any) -> None:
    """Creates the product in Cin7 with this number of units."""
    goods = {"products": [{"sku": sku, "name": sku.capitalize()}], "stock": [{"sku": sku, "on_hand": units, **where}]}
    trial.twins.act("cin7", "seed", goods)


def written_otherwise(trial: Harness) -> str:
    stocked_in_cin7(trial, "COCOA", 7)
    seeded_in_store(trial, "cocoa")
    return "cocoa"


def uncounted(sku: str, units: int, **where: Any) -> Callable[[Harness], str]:
    """A product that the store sells without inventory tracking, with this number of units in the warehouse."""

    def cause(trial: Harness) -> str:
        stocked_in_cin7(trial, sku, units, **where)
        goods = {"sku": sku, "name": sku.capitalize(), "price": "9.00", "tax_class_id": 0, "tracking": "none"}
        trial.twins.act("bigcommerce", "seed_products", [goods])
        return sku

    return cause


def hidden(trial: Harness, key: str) -> None:
    trial.twins.act("bigcommerce", "hide_product", {"product_id": store_product_id(trial, key)})


def stays_hidden(trial: Harness, key: str) -> None:
    store = trial.twins.bigcommerce.store
    assert trial.twins.run(lambda: store.variant_by_sku(key)[0].fields["is_visible"]) is False  # type: ignore[index]


def shows(sku: str, units: int, location: int = 1) -> Callable[[Harness, str], None]:
    """The store shows this level."""

    def ends(trial: Harness, key: str) -> None:
        levels = trial.twins.act("bigcommerce", "stock_levels", {"location_id": location})
        assert levels[sku] == units, levels

    return ends


def in_a_circle(trial: Harness) -> str:
    """A set that contains a box that contains the set."""
    stocked_in_cin7(trial, "SAUCER", 12)
    seeded_in_store(trial, "SET")
    goods = [
        {"sku": "SET", "name": "Set", "bom": [{"sku": "BOX", "quantity": 1}]},
        {"sku": "BOX", "name": "Box", "bom": [{"sku": "SET", "quantity": 1}]},
    ]
    trial.twins.act("cin7", "seed", {"products": goods})
    return "SET"


def of_saucers(trial: Harness, key: str) -> None:
    bom = [{"sku": "SAUCER", "quantity": 2}]
    trial.twins.act("cin7", "seed", {"products": [{"sku": "SET", "name": "Set", "bom": bom}]})


def read_by_itself(trial: Harness, key: str) -> None:
    """The fast lane publishes a stock count of the warehouse by itself."""
    trial.twins.act("cin7", "count_stock", {"sku": "MUG", "quantity": 30})
    trial.run(stock_fast.FLOW, until=lambda rows: True)
    shows("MUG", 30)(trial, key)


def levels_are_accepted(trial: Harness, key: str) -> None:
    """A user reads the levels that would be published, and accepts exactly those."""

    async def work() -> None:
        worker = trial.worker()
        async with worker.working():
            await worker.run_once((stock.FLOW,), stock_review.DRY_RUN)
            dry_run = await worker.repositories.transfers.find("main", stock.FLOW, stock_review.DRY_RUN)
            assert dry_run is not None
            name = dry_run.read(STOCK_PROPOSAL).fingerprint
            assert await stock_review.is_current(worker.repositories, "main", name)
            await stock_review.accept(worker.repositories, "main", name)

    asyncio.run(work())


def listed_twice(trial: Harness) -> str:
    """A second teapot in the store with the SKU of the first; returns its id."""
    product("TEAPOT")(trial)
    first, *_ = seeded_in_store(trial, "TEAPOT")
    copy = trial.twins.act("bigcommerce", "duplicate_sku", {"sku": "TEAPOT", "name": f"Copy of {first}"})
    return str(copy["id"])


def copy_is_deleted(trial: Harness, key: str) -> None:
    trial.twins.act("bigcommerce", "delete_product", {"product_id": int(key)})


def nearly_the_same(trial: Harness) -> str:
    seeded_in_store(trial, "VASE-1")
    return product("VASE 1")(trial)


STORIES: list[Story | Noted] = [
    stock_story(
        kind=FindingKind.STOCK_DRIFT,
        cause=written_by_staff,
        title="The store shows another stock level than was published: level of TEA in the store, 950",
        owner="ecommerce",
        field="level of TEA in the store",
        value="950",
        action=push_stock(),
        ends=shows("TEA", 500),
    ),
    stock_story(
        kind=FindingKind.STOCK_NOT_ACCEPTED,
        setting=UNREAD,
        cause=lambda trial: "first levels",
        title="The first stock levels wait to be accepted",
        owner="operations",
        field="first levels of the store",
        value="not accepted",
        fix=levels_are_accepted,
        action=retry(),
        ends=shows("TEA", 500),
    ),
    stock_story(
        kind=FindingKind.SKU_DIFFERS_IN_FORM,
        cause=written_otherwise,
        title="SKU 'cocoa' is written differently in Cin7",
        owner="ecommerce",
        field="SKU in the store",
        value="'cocoa'",
        fix=lambda trial, key: staff_writes(trial, "cocoa", sku="COCOA"),
        action=retry(),
        ends=shows("COCOA", 7),
        everyday=True,
    ),
    catalogue_story(
        kind=FindingKind.SKU_NOT_UNIQUE,
        setting=LISTED,
        cause=listed_twice,
        title="Several products have SKU TEAPOT",
        owner="ecommerce",
        field="SKU in the store",
        value="TEAPOT",
        fix=copy_is_deleted,
        action=retry(),
        ends=listed("TEAPOT", name="Store TEAPOT"),
    ),
    catalogue_story(
        kind=FindingKind.SKU_NEARLY_MATCHES,
        setting=LISTED,
        cause=nearly_the_same,
        title="SKU VASE 1 nearly matches a SKU of the store",
        owner="ecommerce",
        field="SKU in Cin7",
        value="VASE 1",
        fix=lambda trial, key: staff_writes(trial, "VASE-1", sku="VASE 1"),
        action=retry(),
        ends=listed("VASE 1", name="Store VASE-1"),
    ),
    stock_story(
        kind=FindingKind.STOCK_UNTRACKED,
        cause=uncounted("SCARF", 8),
        title="The store does not count the stock of SCARF",
        owner="ecommerce",
        field="inventory tracking",
        value="none",
        fix=lambda trial, key: staff_writes(trial, "SCARF", inventory_tracking="product"),
        action=retry(),
        ends=shows("SCARF", 8),
    ),
    stock_story(
        kind=FindingKind.SELLABLE_AT_ZERO,
        cause=uncounted("CAP", 8, bin="Quarantine"),
        title="The store sells CAP without stock",
        owner="ecommerce",
        field="CAP in the store",
        value="on sale, 0 available in Cin7",
        fix=hidden,
        action=retry(),
        ends=stays_hidden,
    ),
    stock_story(
        kind=FindingKind.BOM_CIRCULAR,
        cause=in_a_circle,
        title="Kit SET contains itself",
        owner="operations",
        field="bill of materials of SET",
        value="BOX > SET > BOX",
        fix=of_saucers,
        action=retry(),
        ends=shows("SET", 6),
    ),
    stock_story(
        kind=FindingKind.FAST_LANE_UNUSABLE,
        cause=lambda trial: "mug",
        title="mug cannot be in the fast lane",
        owner="ecommerce",
        field="design.stock.fast_lane",
        value="mug",
        fix=lambda trial, key: trial.design_of("stock", MAPPED + NAMED),
        action=retry(),
        ends=read_by_itself,
    ),
    stock_story(
        kind=FindingKind.STORE_LOCATION_UNKNOWN,
        cause=lambda trial: "2",
        title="The store has no location 2",
        owner="ecommerce",
        field="design.stock.store_locations.Overflow",
        value="2",
        fix=lambda trial, key: trial.twins.act("bigcommerce", "seed_location", {"code": "second", "label": "Second"}),
        action=retry(),
        ends=shows("TEA", 20, location=2),
    ),
    catalogue_story(
        kind=FindingKind.UNIT_UNKNOWN,
        setting=LISTED,
        cause=product("TRAY", length_unit="hands"),
        title="The unit of TRAY.DimensionsUnits is not known: hands",
        owner="operations",
        field="TRAY.DimensionsUnits",
        value="hands",
        fix=put_right("TRAY", length_unit="cm"),
        action=retry(),
        ends=listed("TRAY", depth=Decimal("3.9370")),
    ),
]
