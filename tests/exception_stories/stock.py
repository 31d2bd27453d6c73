"""Stories of stock: levels that others write, SKUs that no figure reaches, kits, locations and the fast lane."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

from tests.exception_stories.actions import push_stock, retry
from tests.exception_stories.catalogue import at_shop, books_product_id, listed, product, put_right, staff_writes
from tests.exception_stories.listings import LISTED, unlisted
from tests.exception_stories.story import NOT_FOUND, Noted, Setting, Story
from tests.flows.harness import Rig, rig
from tests.flows.stock.test_parity import compare
from weighbridge.domain.findings.finding import FindingKind
from weighbridge.flows.reference_data import load as bookkeeping
from weighbridge.flows.stock import approval as stock_review
from weighbridge.flows.stock import fast_lane as stock_fast
from weighbridge.flows.stock import flow as stock

MAPPED = 'excluded_bins = ["Quarantine"]\nshop_locations = { "Overflow" = 2 }\n'
MISTYPED, NAMED = 'fast_lane = ["mug"]', 'fast_lane = ["MUG"]'
ROUNDS = (bookkeeping.FLOW, stock.FLOW, stock_fast.FLOW)


def rounds(trial: Rig) -> None:
    """Both sides are read, every level is told, and minutes later held against what the shop shows."""
    trial.run(*ROUNDS, until=lambda rows: True)
    compare(trial)


def told(trial: Rig) -> None:
    """Twenty packets of tea lie where the shop has no location yet; every other level was told and read back."""
    trial.twins.act("cin7", "seed", {"stock": [{"sku": "TEA", "on_hand": 20, "location": "Overflow"}]})
    rounds(trial)
    rounds(trial)


TOLD = Setting("stock", lambda folder: rig(folder, stock=MAPPED + MISTYPED), told)
UNREAD = Setting("first levels", lambda folder: rig(folder, file={'review = "never"': 'review = "first"'}))
unshown = partial(Story, setting=TOLD, found_by=rounds, proven_by=rounds, money="none", proof=NOT_FOUND)
"""A story that the rounds of stock begin and end."""


def written_by_staff(trial: Rig) -> str:
    trial.twins.act("bigcommerce", "set_stock", {"sku": "TEA", "quantity": 950})
    return "TEA"


def on_the_shelf(trial: Rig, sku: str, units: int, **where: Any) -> None:
    """Cin7 has so many units of the product, and knows it."""
    goods = {"products": [{"sku": sku, "name": sku.capitalize()}], "stock": [{"sku": sku, "on_hand": units, **where}]}
    trial.twins.act("cin7", "seed", goods)


def written_otherwise(trial: Rig) -> str:
    on_the_shelf(trial, "COCOA", 7)
    at_shop(trial, "cocoa")
    return "cocoa"


def uncounted(sku: str, units: int, **where: Any) -> Callable[[Rig], str]:
    """A product that the shop sells without counting, of which the warehouse has so many."""

    def cause(trial: Rig) -> str:
        on_the_shelf(trial, sku, units, **where)
        goods = {"sku": sku, "name": sku.capitalize(), "price": "9.00", "tax_class_id": 0, "tracking": "none"}
        trial.twins.act("bigcommerce", "seed_products", [goods])
        return sku

    return cause


def hidden(trial: Rig, key: str) -> None:
    trial.twins.act("bigcommerce", "hide_product", {"product_id": books_product_id(trial, key)})


def stays_hidden(trial: Rig, key: str) -> None:
    shop = trial.twins.bigcommerce.shop
    assert trial.twins.run(lambda: shop.variant_by_sku(key)[0].fields["is_visible"]) is False  # type: ignore[index]


def shows(sku: str, units: int, location: int = 1) -> Callable[[Rig, str], None]:
    """The shop shows this stock."""

    def ends(trial: Rig, key: str) -> None:
        levels = trial.twins.act("bigcommerce", "stock_levels", {"location_id": location})
        assert levels[sku] == units, levels

    return ends


def in_a_circle(trial: Rig) -> str:
    """A set that holds a box of sets."""
    on_the_shelf(trial, "SAUCER", 12)
    at_shop(trial, "SET")
    goods = [
        {"sku": "SET", "name": "Set", "bom": [{"sku": "BOX", "quantity": 1}]},
        {"sku": "BOX", "name": "Box", "bom": [{"sku": "SET", "quantity": 1}]},
    ]
    trial.twins.act("cin7", "seed", {"products": goods})
    return "SET"


def of_saucers(trial: Rig, key: str) -> None:
    bill = [{"sku": "SAUCER", "quantity": 2}]
    trial.twins.act("cin7", "seed", {"products": [{"sku": "SET", "name": "Set", "bom": bill}]})


def read_by_itself(trial: Rig, key: str) -> None:
    """What is counted in the warehouse is told by the fast lane alone."""
    trial.twins.act("cin7", "count_stock", {"sku": "MUG", "quantity": 30})
    trial.run(stock_fast.FLOW, until=lambda rows: True)
    shows("MUG", 30)(trial, key)


def levels_are_accepted(trial: Rig, key: str) -> None:
    """Somebody reads what the shop would be told, and accepts exactly that."""

    async def work() -> None:
        service = trial.service()
        async with service.working():
            await service.run_once((stock.FLOW,), stock_review.DRY_RUN)
            read = await service.journal.transfers.find("main", stock.FLOW, stock_review.DRY_RUN)
            assert read is not None
            name = read.content["fingerprint"]
            assert await stock_review.is_current(service.journal, "main", name)
            await stock_review.accept(service.journal, "main", name)

    asyncio.run(work())


def listed_twice(trial: Rig) -> str:
    """A second jug at the shop under the SKU of the first; answers its number."""
    product("TEAPOT")(trial)
    first, *_ = at_shop(trial, "TEAPOT")
    copy = trial.twins.act("bigcommerce", "duplicate_sku", {"sku": "TEAPOT", "name": f"Copy of {first}"})
    return str(copy["id"])


def copy_is_deleted(trial: Rig, key: str) -> None:
    trial.twins.act("bigcommerce", "delete_product", {"product_id": int(key)})


def nearly_the_same(trial: Rig) -> str:
    at_shop(trial, "VASE-1")
    return product("VASE 1")(trial)


STORIES: list[Story | Noted] = [
    unshown(
        kind=FindingKind.STOCK_DRIFT,
        cause=written_by_staff,
        title="The shop shows another stock than it was told: level of TEA at the shop, 950",
        owner="ecommerce",
        field="level of TEA at the shop",
        value="950",
        act=push_stock(),
        ends=shows("TEA", 500),
    ),
    unshown(
        kind=FindingKind.STOCK_NOT_ACCEPTED,
        setting=UNREAD,
        cause=lambda trial: "first levels",
        title="The first stock levels wait to be accepted",
        owner="operations",
        field="first levels of the shop",
        value="not accepted",
        mended=levels_are_accepted,
        act=retry(),
        ends=shows("TEA", 500),
    ),
    unshown(
        kind=FindingKind.SKU_DIFFERS_IN_FORM,
        cause=written_otherwise,
        title="SKU 'cocoa' is written differently in Cin7",
        owner="ecommerce",
        field="SKU at the shop",
        value="'cocoa'",
        mended=lambda trial, key: staff_writes(trial, "cocoa", sku="COCOA"),
        act=retry(),
        ends=shows("COCOA", 7),
        everyday=True,
    ),
    unlisted(
        kind=FindingKind.SKU_NOT_UNIQUE,
        setting=LISTED,
        cause=listed_twice,
        title="SKU TEAPOT stands at several products",
        owner="ecommerce",
        field="SKU at the shop",
        value="TEAPOT",
        mended=copy_is_deleted,
        act=retry(),
        ends=listed("TEAPOT", name="Shop TEAPOT"),
    ),
    unlisted(
        kind=FindingKind.SKU_NEARLY_MATCHES,
        setting=LISTED,
        cause=nearly_the_same,
        title="SKU VASE 1 nearly matches one of the shop",
        owner="ecommerce",
        field="SKU in Cin7",
        value="VASE 1",
        mended=lambda trial, key: staff_writes(trial, "VASE-1", sku="VASE 1"),
        act=retry(),
        ends=listed("VASE 1", name="Shop VASE-1"),
    ),
    unshown(
        kind=FindingKind.STOCK_UNTRACKED,
        cause=uncounted("SCARF", 8),
        title="The shop does not count the stock of SCARF",
        owner="ecommerce",
        field="inventory tracking",
        value="none",
        mended=lambda trial, key: staff_writes(trial, "SCARF", inventory_tracking="product"),
        act=retry(),
        ends=shows("SCARF", 8),
    ),
    unshown(
        kind=FindingKind.SELLABLE_AT_ZERO,
        cause=uncounted("CAP", 8, bin="Quarantine"),
        title="The shop sells CAP without stock",
        owner="ecommerce",
        field="CAP at the shop",
        value="on sale, 0 available in Cin7",
        mended=hidden,
        act=retry(),
        ends=stays_hidden,
    ),
    unshown(
        kind=FindingKind.BILL_CIRCULAR,
        cause=in_a_circle,
        title="Kit SET is made of itself",
        owner="operations",
        field="bill of materials of SET",
        value="BOX > SET > BOX",
        mended=of_saucers,
        act=retry(),
        ends=shows("SET", 6),
    ),
    unshown(
        kind=FindingKind.FAST_LANE_UNUSABLE,
        cause=lambda trial: "mug",
        title="mug cannot be read by itself",
        owner="ecommerce",
        field="design.stock.fast_lane",
        value="mug",
        mended=lambda trial, key: trial.design_of("stock", MAPPED + NAMED),
        act=retry(),
        ends=read_by_itself,
    ),
    unshown(
        kind=FindingKind.SHOP_LOCATION_UNKNOWN,
        cause=lambda trial: "2",
        title="The shop has no location 2",
        owner="ecommerce",
        field="design.stock.shop_locations.Overflow",
        value="2",
        mended=lambda trial, key: trial.twins.act(
            "bigcommerce", "seed_location", {"code": "second", "label": "Second"}
        ),
        act=retry(),
        ends=shows("TEA", 20, location=2),
    ),
    unlisted(
        kind=FindingKind.UNIT_UNKNOWN,
        setting=LISTED,
        cause=product("TRAY", length_unit="hands"),
        title="The unit of TRAY.DimensionsUnits is not known: hands",
        owner="operations",
        field="TRAY.DimensionsUnits",
        value="hands",
        mended=put_right("TRAY", length_unit="cm"),
        act=retry(),
        ends=listed("TRAY", depth=Decimal("3.9370")),
    ),
]
