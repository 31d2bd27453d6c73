"""Faults of stock: levels, tracking and bills of materials that people change on one side only."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from weighbridge.domain.findings.kind import FindingKind
from weighbridge_simulation.week.fault import DAY, HOUR, Area, Fault, InjectedFault
from weighbridge_simulation.week.scene import Scene
from weighbridge_simulation.week.script import Script

WRITES = 8
WRITE_INTERVAL: timedelta = timedelta(minutes=30)
COMPONENTS_NEEDED = 7
DEFAULTS: dict[str, Any] = {"within": DAY + 4 * HOUR, "to_hour": 110.0}


def level_typed_in_store(scene: Scene, fault: InjectedFault) -> Script:
    sku = scene.unordered_sku()
    scene.bigcommerce.act("set_stock", {"sku": sku, "quantity": 37})
    fault.mark_occurred(scene.now(), sku)
    yield HOUR


def tracking_switched_off(scene: Scene, fault: InjectedFault) -> Script:
    sku = scene.unordered_sku()
    scene.stop_tracking(sku)
    fault.mark_occurred(scene.now(), sku)
    yield HOUR


def sold_without_stock(scene: Scene, fault: InjectedFault) -> Script:
    sku = scene.unordered_sku()
    scene.stop_tracking(sku)
    scene.cin7.act("count_stock", {"sku": sku, "quantity": 0})
    fault.mark_occurred(scene.now(), sku)
    yield HOUR


def kit_of_itself(scene: Scene, fault: InjectedFault) -> Script:
    first, second = scene.unordered_sku(), scene.unordered_sku()
    for kit, component in ((first, second), (second, first)):
        scene.cin7.act("change_bom", {"sku": kit, "bom": [{"sku": component, "quantity": 1}]})
    fault.mark_occurred(scene.now(), first, second)
    yield HOUR


def kit_level_raised_repeatedly(scene: Scene, fault: InjectedFault) -> Script:
    kit = scene.kit()
    fault.mark_occurred(scene.now(), kit.sku, *kit.components)
    for _ in range(WRITES):
        scene.bigcommerce.act("set_stock", {"sku": kit.sku, "quantity": 900})
        yield WRITE_INTERVAL


def bom_changed(scene: Scene, fault: InjectedFault) -> Script:
    kit = scene.kit()
    bom = [{"sku": component, "quantity": COMPONENTS_NEEDED} for component in kit.components]
    scene.cin7.act("change_bom", {"sku": kit.sku, "bom": bom})
    fault.mark_occurred(scene.now(), kit.sku, *kit.components)
    yield HOUR


def _shows_what_can_be_made(scene: Scene, fault: InjectedFault) -> bool:
    kit, *components = fault.names
    available = min(scene.available(component) for component in components)
    return 0 < scene.level(kit) <= available / Decimal(COMPONENTS_NEEDED)


def _fault(name: str, description: str, script: Any, kind: FindingKind | None, **more: Any) -> Fault:
    return Fault(name, Area.STOCK, description, script, kind, **(DEFAULTS | more))


STOCK: tuple[Fault, ...] = (
    _fault("level_typed_in_store", "Staff enter a stock level in the store.", level_typed_in_store,
           FindingKind.STOCK_DRIFT),
    _fault("tracking_switched_off", "Staff switch off inventory tracking of a product.", tracking_switched_off,
           FindingKind.STOCK_UNTRACKED, follows=(FindingKind.STOCK_DRIFT, FindingKind.REFUSED_BY_BIGCOMMERCE)),
    _fault("sold_without_stock", "The store sells a product without inventory tracking, and none is left.",
           sold_without_stock, FindingKind.SELLABLE_AT_ZERO,
           follows=(FindingKind.STOCK_UNTRACKED, FindingKind.STOCK_DRIFT, FindingKind.REFUSED_BY_BIGCOMMERCE)),
    _fault("kit_of_itself", "Two bills of materials contain each other.", kit_of_itself, FindingKind.BOM_CIRCULAR,
           within=6 * HOUR),
    _fault("kit_level_raised_repeatedly", "Another program overwrites the level of a kit in the store every half hour.",
           kit_level_raised_repeatedly, FindingKind.KIT_DRIFT, within=5 * HOUR, follows=(FindingKind.STOCK_DRIFT,)),
    _fault("bom_changed", "The bill of materials of a kit is changed to need more components.", bom_changed, None,
           expectation="the store shows no more kits than can be made", is_met=_shows_what_can_be_made),
)  # fmt: skip
