"""Exceptions of stock: levels that drift, SKUs that do not match, kits that cannot be computed."""

from __future__ import annotations

from weighbridge.domain.exceptions.kind import (
    DAY,
    HOUR,
    NOT_FOUND_ON_RECHECK,
    WEEK,
    ExceptionKind,
    Grouping,
    Playbook,
    Urgency,
)
from weighbridge.domain.findings.kind import FindingKind

NOT_PUBLISHED = "the stock level of the SKU, which is not published; the store may sell goods that do not exist"


def _sku(kind: FindingKind, title: str, cause: str, advice: str, urgency: Urgency = Urgency.NORMAL) -> ExceptionKind:
    return ExceptionKind(
        kind,
        title=title,
        cause=cause,
        blocks=NOT_PUBLISHED,
        advice=advice,
        proof=NOT_FOUND_ON_RECHECK,
        urgency=urgency,
        within=DAY,
        grouping=Grouping.OBJECT,
        playbooks=(Playbook.RETRY,),
    )


STOCK = (
    ExceptionKind(
        FindingKind.STOCK_DRIFT,
        title="The store shows another stock level than was published: {field}, {value}",
        cause="A person or another integration changes stock in the store, or the store restocked a refund itself.",
        blocks="the correct stock level: a level that is too high is sold and cannot be shipped",
        advice="Find out what else changes stock in the store and stop it, then push the stock again.",
        proof="the level read back from the store is the published one",
        urgency=Urgency.HIGH,
        within=4 * HOUR,
        grouping=Grouping.OBJECT,
        playbooks=(Playbook.PUSH_STOCK,),
    ),
    ExceptionKind(
        FindingKind.STOCK_NOT_ACCEPTED,
        title="The first stock levels wait to be accepted",
        cause="The design requires that a person reviews the first levels before any are published.",
        blocks="all stock levels of this connection",
        advice="Review them with `weighbridge sync stock --dry-run`, then accept them by their name.",
        proof="the levels are accepted and published",
        urgency=Urgency.HIGH,
        within=DAY,
        grouping=Grouping.CONNECTION,
        playbooks=(Playbook.RETRY,),
    ),
    _sku(
        FindingKind.SKU_DIFFERS_IN_FORM,
        "SKU {value} is written differently in Cin7",
        "Upper and lower case or spaces differ, and both platforms treat them as different SKUs.",
        "Use the same spelling in BigCommerce and Cin7.",
        Urgency.HIGH,
    ),
    _sku(
        FindingKind.SKU_NOT_UNIQUE,
        "Several products have SKU {value}",
        "A product was copied together with its SKU.",
        "Give each product its own SKU.",
        Urgency.HIGH,
    ),
    _sku(
        FindingKind.SKU_NEARLY_MATCHES,
        "SKU {value} nearly matches a SKU of the store",
        "The SKU may be misspelled in BigCommerce or Cin7.",
        "Use the same spelling in both. If they are two products, create the listing in BigCommerce by hand.",
        Urgency.LOW,
    ),
    _sku(
        FindingKind.STOCK_UNTRACKED,
        "The store does not count the stock of {key}",
        "Inventory tracking is off in the store, or counts the product although its variants are sold.",
        "Switch on inventory tracking in BigCommerce, by variant if the product has variants.",
        Urgency.HIGH,
    ),
    _sku(
        FindingKind.SELLABLE_AT_ZERO,
        "The store sells {key} without stock",
        "The store does not count the product or allows orders at zero stock, and Cin7 has none to ship.",
        "Switch on inventory tracking or forbid orders at zero stock; or mark it as made to order in Cin7.",
        Urgency.HIGH,
    ),
    _sku(
        FindingKind.BOM_CIRCULAR,
        "Kit {key} contains itself",
        "Bills of materials in Cin7 contain each other in a circle.",
        "Correct the bill of materials in Cin7.",
    ),
    ExceptionKind(
        FindingKind.KIT_DRIFT,
        title="The store shows {value} of kit {key}, more than its components make",
        cause="A person or another integration changes the kit's stock in the store, or the store refused a level.",
        blocks="the correct stock level: kits are sold that cannot be built",
        advice="Find out what else changes stock in the store; the right level is published again automatically.",
        proof="the store shows no more than the components make",
        urgency=Urgency.HIGH,
        within=4 * HOUR,
        grouping=Grouping.OBJECT,
        playbooks=(Playbook.PUSH_STOCK, Playbook.RETRY),
    ),
    _sku(
        FindingKind.FAST_LANE_UNUSABLE,
        "{value} cannot be in the fast lane",
        "The store or Cin7 does not count the SKU, or the lane has no calls left for it and its components.",
        "Remove it from stock.fast_lane in the design, or correct the SKU in Cin7.",
    ),
    ExceptionKind(
        FindingKind.STORE_LOCATION_UNKNOWN,
        title="The store has no location {value}",
        cause="The design names an inventory location that was removed from the store or never existed.",
        blocks="all stock levels of that location",
        advice="Name an existing location in the design, or create it in BigCommerce.",
        proof=NOT_FOUND_ON_RECHECK,
        urgency=Urgency.CRITICAL,
        within=4 * HOUR,
        grouping=Grouping.VALUE,
        playbooks=(Playbook.RETRY,),
    ),
    ExceptionKind(
        FindingKind.UNIT_UNKNOWN,
        title="The unit of {field} is not known: {value}",
        cause="The weight or size in Cin7 has no unit, or one that cannot be converted.",
        blocks="weight and size of the listing; shipping quotes in the store may be wrong",
        advice="Set the unit in Cin7.",
        proof=NOT_FOUND_ON_RECHECK,
        urgency=Urgency.LOW,
        within=WEEK,
        grouping=Grouping.OBJECT,
        playbooks=(Playbook.RETRY,),
    ),
)
