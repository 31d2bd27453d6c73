"""Faults of stock: levels, tracking and bills of materials that somebody touches on one side alone."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from weighbridge.domain.findings.finding import FindingKind
from weighbridge_simulation.week.fault import DAY, HOUR, Area, Fault, Injected, Script
from weighbridge_simulation.week.scene import Scene

WRITES = 8
AGAIN: timedelta = timedelta(minutes=30)
PARTS_NEEDED = 7
DEFAULTS: dict[str, Any] = {"within": DAY + 4 * HOUR, "to_hour": 110.0}


def level_typed_at_the_shop(scene: Scene, fault: Injected) -> Script:
    sku = scene.quiet()
    scene.shop.act("set_stock", {"sku": sku, "quantity": 37})
    fault.struck(scene.now(), sku)
    yield HOUR


def tracking_switched_off(scene: Scene, fault: Injected) -> Script:
    sku = scene.quiet()
    scene.stop_tracking(sku)
    fault.struck(scene.now(), sku)
    yield HOUR


def sold_without_stock(scene: Scene, fault: Injected) -> Script:
    sku = scene.quiet()
    scene.stop_tracking(sku)
    scene.books.act("count_stock", {"sku": sku, "quantity": 0})
    fault.struck(scene.now(), sku)
    yield HOUR


def kit_of_itself(scene: Scene, fault: Injected) -> Script:
    first, second = scene.quiet(), scene.quiet()
    for kit, part in ((first, second), (second, first)):
        scene.books.act("change_bill", {"sku": kit, "bom": [{"sku": part, "quantity": 1}]})
    fault.struck(scene.now(), first, second)
    yield HOUR


def kit_raised_again_and_again(scene: Scene, fault: Injected) -> Script:
    kit = scene.kit()
    fault.struck(scene.now(), kit.sku, *kit.parts)
    for _ in range(WRITES):
        scene.shop.act("set_stock", {"sku": kit.sku, "quantity": 900})
        yield AGAIN


def bill_changed(scene: Scene, fault: Injected) -> Script:
    kit = scene.kit()
    bill = [{"sku": part, "quantity": PARTS_NEEDED} for part in kit.parts]
    scene.books.act("change_bill", {"sku": kit.sku, "bom": bill})
    fault.struck(scene.now(), kit.sku, *kit.parts)
    yield HOUR


def _shows_what_can_be_made(scene: Scene, fault: Injected) -> bool:
    kit, *parts = fault.names
    there = min(scene.available(part) for part in parts)
    return 0 < scene.level(kit) <= there / Decimal(PARTS_NEEDED)


def _fault(name: str, what: str, script: Any, kind: FindingKind | None, **more: Any) -> Fault:
    return Fault(name, Area.STOCK, what, script, kind, **(DEFAULTS | more))


STOCK: tuple[Fault, ...] = (
    _fault("level_typed_at_the_shop", "Staff type a stock level into the shop.", level_typed_at_the_shop,
           FindingKind.STOCK_DRIFT),
    _fault("tracking_switched_off", "The shop stops counting a product.", tracking_switched_off,
           FindingKind.STOCK_UNTRACKED, follows=(FindingKind.STOCK_DRIFT, FindingKind.REFUSED_BY_BIGCOMMERCE)),
    _fault("sold_without_stock", "The shop sells a product without counting it, and none is left.",
           sold_without_stock, FindingKind.SELLABLE_AT_ZERO,
           follows=(FindingKind.STOCK_UNTRACKED, FindingKind.STOCK_DRIFT, FindingKind.REFUSED_BY_BIGCOMMERCE)),
    _fault("kit_of_itself", "Two bills of materials name each other.", kit_of_itself, FindingKind.BILL_CIRCULAR,
           within=6 * HOUR),
    _fault("kit_raised_again_and_again", "Another program writes the stock of a kit at the shop, every half hour.",
           kit_raised_again_and_again, FindingKind.KIT_DRIFT, within=5 * HOUR, follows=(FindingKind.STOCK_DRIFT,)),
    _fault("bill_changed", "A kit needs more of its parts from now on.", bill_changed, None,
           then="the shop shows no more kits than can be made", holds=_shows_what_can_be_made),
)  # fmt: skip
