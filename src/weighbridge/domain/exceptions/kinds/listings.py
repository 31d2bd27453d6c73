"""Exceptions of the catalogue: products that cannot be listed in the store as they are in Cin7."""

from __future__ import annotations

from weighbridge.domain.exceptions.kind import (
    DAY,
    NOT_FOUND_ON_RECHECK,
    USER_SIGN_OFF,
    WEEK,
    ExceptionKind,
    Grouping,
    Playbook,
    Urgency,
)
from weighbridge.domain.findings.kind import FindingKind


def _listing(
    kind: FindingKind,
    title: str,
    cause: str,
    advice: str,
    *,
    blocks: str = "the listing: it is not created or changed in the store",
    urgency: Urgency = Urgency.NORMAL,
    grouping: Grouping = Grouping.OBJECT,
) -> ExceptionKind:
    playbooks = (Playbook.RETRY,) if urgency > Urgency.LOW else (Playbook.RETRY, Playbook.ACCEPT)
    return ExceptionKind(
        kind,
        title=title,
        cause=cause,
        blocks=blocks,
        advice=advice,
        proof=NOT_FOUND_ON_RECHECK if urgency > Urgency.LOW else f"{NOT_FOUND_ON_RECHECK}; or {USER_SIGN_OFF}",
        urgency=urgency,
        within=3 * DAY if urgency > Urgency.LOW else WEEK,
        grouping=grouping,
        playbooks=playbooks,
    )


LISTINGS = (
    _listing(
        FindingKind.PRICE_MISSING,
        "{key} has no price",
        "The product has no price in the price tier that the design names.",
        "Set the price in Cin7.",
        urgency=Urgency.HIGH,
    ),
    _listing(
        FindingKind.PRICE_TERMS_DIFFER,
        "Prices of store and design differ in tax: {value}",
        "One of them has prices with tax, the other without.",
        "Correct prices_include_tax in the design, or the tax setting in BigCommerce.",
        blocks="every price of this connection",
        urgency=Urgency.CRITICAL,
        grouping=Grouping.CONNECTION,
    ),
    _listing(
        FindingKind.PRICE_TIER_UNKNOWN,
        "Cin7 has no price tier {value}",
        "The tier was renamed in Cin7, or is misspelled in the design.",
        "Name an existing tier in the design.",
        blocks="every price of this connection",
        urgency=Urgency.HIGH,
        grouping=Grouping.VALUE,
    ),
    _listing(
        FindingKind.CUSTOMER_GROUP_UNKNOWN,
        "The store has no customer group {value}",
        "The group was renamed in the store, or is misspelled in the design.",
        "Name an existing group in the design.",
        blocks="the price list of this customer group",
        grouping=Grouping.VALUE,
    ),
    _listing(
        FindingKind.BARCODE_UNUSABLE,
        "The barcode of {key} is not valid: {value}",
        "The barcode in Cin7 is not a UPC, EAN or ISBN.",
        "Correct the barcode in Cin7.",
        blocks="the barcode only",
        urgency=Urgency.LOW,
    ),
    _listing(
        FindingKind.IMAGE_UNUSABLE,
        "A picture of {key} cannot be used: {value}",
        "BigCommerce cannot download the picture, or does not accept its size or format.",
        "Replace the picture in Cin7.",
        blocks="the picture only",
        urgency=Urgency.LOW,
    ),
    _listing(
        FindingKind.FAMILY_UNUSABLE,
        "Family {key} cannot become a product with variants",
        "Its options are incomplete or repeated, or it has more variants than BigCommerce allows.",
        "Correct the family's options in Cin7.",
    ),
    _listing(
        FindingKind.FAMILY_SPLIT,
        "The members of family {key} are several products in the store",
        "They were listed by hand earlier, each as its own product.",
        "Combine them into one product in BigCommerce, or remove them from the family in Cin7.",
    ),
    _listing(
        FindingKind.LISTING_GONE,
        "The listing of {key} was deleted in the store",
        "A person or an app deleted the product that the listing is linked to.",
        "Restore it in BigCommerce, or deprecate the product in Cin7.",
    ),
    _listing(
        FindingKind.STORE_EDIT_OVERWRITTEN,
        "An edit in the store was overwritten: {field}",
        "The design makes Cin7 the master of this field.",
        "Make the change in Cin7, or make the store the master of this field in the design.",
        blocks="nothing",
        urgency=Urgency.LOW,
    ),
    _listing(
        FindingKind.CATALOGUE_NOT_ACCEPTED,
        "Changes of the catalogue wait to be accepted: {value}",
        "The design requires that a person reviews them before they are written.",
        "Review them with `weighbridge sync catalogue --dry-run`, then accept them by their name.",
        blocks="these changes",
        grouping=Grouping.CONNECTION,
    ),
)
