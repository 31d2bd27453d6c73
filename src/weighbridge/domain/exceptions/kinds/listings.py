"""Exceptions of the catalogue: products that cannot be listed as Cin7 has them."""

from __future__ import annotations

from weighbridge.domain.exceptions.kind import (
    DAY,
    NOT_FOUND_AGAIN,
    PERSONS_WORD,
    WEEK,
    ExceptionKind,
    Grouping,
    Remedy,
    Urgency,
)
from weighbridge.domain.findings.finding import FindingKind


def _listing(
    kind: FindingKind,
    title: str,
    cause: str,
    advice: str,
    *,
    blocks: str = "the listing: it is not made or changed at the shop",
    urgency: Urgency = Urgency.NORMAL,
    grouping: Grouping = Grouping.OBJECT,
) -> ExceptionKind:
    remedies = (Remedy.RETRY,) if urgency > Urgency.LOW else (Remedy.RETRY, Remedy.ACCEPT)
    return ExceptionKind(
        kind,
        title=title,
        cause=cause,
        blocks=blocks,
        advice=advice,
        proof=NOT_FOUND_AGAIN if urgency > Urgency.LOW else f"{NOT_FOUND_AGAIN}; or {PERSONS_WORD}",
        urgency=urgency,
        within=3 * DAY if urgency > Urgency.LOW else WEEK,
        grouping=grouping,
        remedies=remedies,
    )


LISTINGS = (
    _listing(
        FindingKind.PRICE_MISSING,
        "{key} has no price",
        "The price tier of the design is empty for the product in Cin7.",
        "Set the price in Cin7.",
        urgency=Urgency.HIGH,
    ),
    _listing(
        FindingKind.PRICE_TERMS_DIFFER,
        "Prices of shop and design differ in tax: {value}",
        "One side holds prices with tax, the other without.",
        "Put prices_include_tax of the design right, or the store's setting.",
        blocks="every price of this connection",
        urgency=Urgency.CRITICAL,
        grouping=Grouping.CONNECTION,
    ),
    _listing(
        FindingKind.PRICE_TIER_UNKNOWN,
        "Cin7 has no price tier {value}",
        "A tier was renamed in Cin7 or mistyped in the design.",
        "Name an existing tier in the design.",
        blocks="every price of this connection",
        urgency=Urgency.HIGH,
        grouping=Grouping.VALUE,
    ),
    _listing(
        FindingKind.CUSTOMER_GROUP_UNKNOWN,
        "The shop has no customer group {value}",
        "A group was renamed at the shop or mistyped in the design.",
        "Name an existing group in the design.",
        blocks="who gets the price list",
        grouping=Grouping.VALUE,
    ),
    _listing(
        FindingKind.BARCODE_UNUSABLE,
        "The barcode of {key} is none: {value}",
        "Cin7 holds a text that is no UPC, EAN or ISBN.",
        "Put the barcode right in Cin7.",
        blocks="the barcode alone",
        urgency=Urgency.LOW,
    ),
    _listing(
        FindingKind.IMAGE_UNUSABLE,
        "A picture of {key} cannot be used: {value}",
        "The picture cannot be reached by the shop, is too large, or of another kind.",
        "Replace the picture in Cin7.",
        blocks="the picture alone",
        urgency=Urgency.LOW,
    ),
    _listing(
        FindingKind.FAMILY_UNUSABLE,
        "Family {key} cannot become a product with variants",
        "Its options are incomplete, repeated, or more than the shop takes.",
        "Put the family's options right in Cin7.",
    ),
    _listing(
        FindingKind.FAMILY_SPLIT,
        "The members of family {key} are several products at the shop",
        "They were listed by hand before, each by itself.",
        "Join them at the shop, or take them out of the family in Cin7.",
    ),
    _listing(
        FindingKind.LISTING_GONE,
        "The listing of {key} was deleted at the shop",
        "Somebody deleted what Weighbridge had made or found there.",
        "Restore it at the shop, or deprecate the product in Cin7.",
    ),
    _listing(
        FindingKind.SHOP_EDIT_OVERWRITTEN,
        "An edit at the shop was overwritten: {field}",
        "The design makes Cin7 master of the field.",
        "Make the change in Cin7, or make the shop master of the field in the design.",
        blocks="nothing",
        urgency=Urgency.LOW,
    ),
    _listing(
        FindingKind.CATALOGUE_NOT_ACCEPTED,
        "Changes of the catalogue wait to be accepted: {value}",
        "The design lets a person read them before they are written.",
        "Read them with `weighbridge sync catalogue --dry-run`, then accept them by their name.",
        blocks="these changes",
        grouping=Grouping.CONNECTION,
    ),
)
