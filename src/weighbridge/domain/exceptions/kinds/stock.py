"""Exceptions of stock: levels that drift, SKUs that do not match, kits that cannot be counted."""

from __future__ import annotations

from weighbridge.domain.exceptions.kind import (
    DAY,
    HOUR,
    NOT_FOUND_AGAIN,
    WEEK,
    ExceptionKind,
    Grouping,
    Remedy,
    Urgency,
)
from weighbridge.domain.findings.finding import FindingKind

UNTOLD = "the stock of the SKU: the shop is never told of it, and may sell what is not there"


def _sku(kind: FindingKind, title: str, cause: str, advice: str, urgency: Urgency = Urgency.NORMAL) -> ExceptionKind:
    return ExceptionKind(
        kind,
        title=title,
        cause=cause,
        blocks=UNTOLD,
        advice=advice,
        proof=NOT_FOUND_AGAIN,
        urgency=urgency,
        within=DAY,
        grouping=Grouping.OBJECT,
        remedies=(Remedy.RETRY,),
    )


STOCK = (
    ExceptionKind(
        FindingKind.STOCK_DRIFT,
        title="The shop shows another stock than it was told: {field}, {value}",
        cause="Somebody or another integration writes stock at the shop, or it restocked by itself.",
        blocks="the truth of what shoppers see; too much shown is sold and cannot be shipped",
        advice="Find who writes stock beside Weighbridge and stop it; push the stock again.",
        proof="the level read back at the shop is the one it was told",
        urgency=Urgency.HIGH,
        within=4 * HOUR,
        grouping=Grouping.OBJECT,
        remedies=(Remedy.PUSH_STOCK,),
    ),
    ExceptionKind(
        FindingKind.STOCK_NOT_ACCEPTED,
        title="The first stock levels wait to be accepted",
        cause="The design lets a person read the first levels before the shop is told of any.",
        blocks="all stock of this connection",
        advice="Read them with `weighbridge sync stock --dry-run`, then accept them by their name.",
        proof="the levels are accepted and told",
        urgency=Urgency.HIGH,
        within=DAY,
        grouping=Grouping.CONNECTION,
        remedies=(Remedy.RETRY,),
    ),
    _sku(
        FindingKind.SKU_DIFFERS_IN_FORM,
        "SKU {value} is written differently in Cin7",
        "Case or spaces differ, and both platforms count them.",
        "Write it alike on both sides.",
        Urgency.HIGH,
    ),
    _sku(
        FindingKind.SKU_NOT_UNIQUE,
        "SKU {value} stands at several products",
        "A product was copied with its SKU.",
        "Give each product its own SKU.",
        Urgency.HIGH,
    ),
    _sku(
        FindingKind.SKU_NEARLY_MATCHES,
        "SKU {value} nearly matches one of the shop",
        "The SKU may be mistyped on one side.",
        "Write it alike on both sides; if they are two products, make its listing at the shop by hand.",
        Urgency.LOW,
    ),
    _sku(
        FindingKind.STOCK_UNTRACKED,
        "The shop does not count the stock of {key}",
        "Inventory tracking is off at the shop, or is by product where variants are sold.",
        "Switch tracking on at the shop.",
        Urgency.HIGH,
    ),
    _sku(
        FindingKind.SELLABLE_AT_ZERO,
        "The shop sells {key} without stock",
        "The product may be bought at zero stock, or is not counted, and Cin7 cannot ship it.",
        "Switch tracking on, or forbid sales at zero; or mark it as made to order in Cin7.",
        Urgency.HIGH,
    ),
    _sku(
        FindingKind.BILL_CIRCULAR,
        "Kit {key} is made of itself",
        "Bills of materials in Cin7 name each other in a circle.",
        "Mend the bill of materials in Cin7.",
    ),
    ExceptionKind(
        FindingKind.KIT_DRIFT,
        title="The shop shows {value} of kit {key}, more than its parts make",
        cause="Somebody or another integration writes the kit's stock at the shop, or the shop takes no lower level.",
        blocks="the truth of what shoppers see: kits are sold that nobody can make",
        advice="Find who writes stock beside Weighbridge; the shop is told the right level again by itself.",
        proof="the shop shows no more than the parts make",
        urgency=Urgency.HIGH,
        within=4 * HOUR,
        grouping=Grouping.OBJECT,
        remedies=(Remedy.PUSH_STOCK, Remedy.RETRY),
    ),
    _sku(
        FindingKind.FAST_LANE_UNUSABLE,
        "{value} cannot be read by itself",
        "The design names a SKU for the fast lane that cannot be read alone.",
        "Take it out of stock.fast_lane of the design, or mend it in Cin7.",
    ),
    ExceptionKind(
        FindingKind.SHOP_LOCATION_UNKNOWN,
        title="The shop has no location {value}",
        cause="The design names an inventory location of the shop that was removed or never was.",
        blocks="all stock that lies behind it",
        advice="Name an existing location in the design, or make it at the shop.",
        proof=NOT_FOUND_AGAIN,
        urgency=Urgency.CRITICAL,
        within=4 * HOUR,
        grouping=Grouping.VALUE,
        remedies=(Remedy.RETRY,),
    ),
    ExceptionKind(
        FindingKind.UNIT_UNKNOWN,
        title="The unit of {field} is not known: {value}",
        cause="Cin7 has a weight or size in a unit that cannot be converted, or none.",
        blocks="weight and size of the listing; shipping quotes at the shop may be wrong",
        advice="Set the unit in Cin7.",
        proof=NOT_FOUND_AGAIN,
        urgency=Urgency.LOW,
        within=WEEK,
        grouping=Grouping.OBJECT,
        remedies=(Remedy.RETRY,),
    ),
)
