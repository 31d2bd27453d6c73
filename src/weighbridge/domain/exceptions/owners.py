"""Owners: who resolves an exception of which kind, and who is notified once its deadline has passed.

The design's `owners` and `backups` come first, then the defaults of `OWNER_OF`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from weighbridge.domain.findings.kind import FindingKind


class Owner(StrEnum):
    """Who resolves a finding."""

    FINANCE = "finance"
    OPERATIONS = "operations"
    ECOMMERCE = "ecommerce"


OWNER_OF: dict[FindingKind, Owner] = {
    FindingKind.TAX_UNMAPPED: Owner.FINANCE,
    FindingKind.TAX_RULE_MISSING: Owner.FINANCE,
    FindingKind.TAX_DOES_NOT_ADD_UP: Owner.FINANCE,
    FindingKind.CURRENCY_UNKNOWN: Owner.FINANCE,
    FindingKind.TOTALS_DO_NOT_ADD_UP: Owner.FINANCE,
    FindingKind.CHARGE_UNMAPPED: Owner.FINANCE,
    FindingKind.PAYMENT_UNMAPPED: Owner.FINANCE,
    FindingKind.PAYMENTS_DO_NOT_ADD_UP: Owner.FINANCE,
    FindingKind.TOTAL_DIFFERS_IN_CIN7: Owner.FINANCE,
    FindingKind.PRICE_MISSING: Owner.FINANCE,
    FindingKind.PRICE_TERMS_DIFFER: Owner.FINANCE,
    FindingKind.PRICE_TIER_UNKNOWN: Owner.FINANCE,
    FindingKind.UNIT_UNKNOWN: Owner.OPERATIONS,
    FindingKind.DUPLICATE_SALES: Owner.OPERATIONS,
    FindingKind.BACKORDERED: Owner.OPERATIONS,
    FindingKind.QUANTITY_UNUSUAL: Owner.OPERATIONS,
    FindingKind.SEVERAL_ADDRESSES: Owner.OPERATIONS,
    FindingKind.DOWNLOAD_HOLDS_STOCK: Owner.OPERATIONS,
    FindingKind.CHANGED_AFTER_PICKING: Owner.OPERATIONS,
    FindingKind.CHANGED_AFTER_BILLING: Owner.FINANCE,
    FindingKind.CANCELLED_AFTER_PICKING: Owner.OPERATIONS,
    FindingKind.CANCELLED_AFTER_PAYMENT: Owner.FINANCE,
    FindingKind.CANCELLED_AFTER_DISPATCH: Owner.OPERATIONS,
    FindingKind.REFUND_HELD: Owner.FINANCE,
    FindingKind.REFUND_EXCEEDS_SALE: Owner.FINANCE,
    FindingKind.REFUND_ITEM_UNKNOWN: Owner.FINANCE,
    FindingKind.REFUND_DOES_NOT_ADD_UP: Owner.FINANCE,
    FindingKind.REFUND_TAX_DIFFERS: Owner.FINANCE,
    FindingKind.REFUND_BEFORE_INVOICE: Owner.OPERATIONS,
    FindingKind.REFUND_AT_GATEWAY_ONLY: Owner.FINANCE,
    FindingKind.REFUND_CREDITED_BY_HAND: Owner.FINANCE,
    FindingKind.REFUNDED_BEFORE_DISPATCH: Owner.OPERATIONS,
    FindingKind.NOT_RESTOCKED: Owner.OPERATIONS,
    FindingKind.CREDITED_NOT_REFUNDED: Owner.FINANCE,
    FindingKind.RETURNS_NOT_VERIFIED: Owner.FINANCE,
    FindingKind.PAYMENT_DISPUTED: Owner.FINANCE,
    FindingKind.PARCEL_UNMATCHED: Owner.OPERATIONS,
    FindingKind.BOM_CIRCULAR: Owner.OPERATIONS,
    FindingKind.STALE_ALLOCATION: Owner.OPERATIONS,
    FindingKind.KIT_DRIFT: Owner.OPERATIONS,
    FindingKind.SALE_ORPHANED: Owner.OPERATIONS,
    FindingKind.SALE_UNFINISHED: Owner.OPERATIONS,
    FindingKind.ACCOUNT_MISSING: Owner.FINANCE,
    FindingKind.STOCK_NOT_ACCEPTED: Owner.OPERATIONS,
    FindingKind.REFUSED_BY_CIN7: Owner.OPERATIONS,
    FindingKind.ORDER_MISSED: Owner.OPERATIONS,
    FindingKind.JOBS_LATE: Owner.OPERATIONS,
    FindingKind.CREDENTIALS_REFUSED: Owner.OPERATIONS,
    FindingKind.PLATFORM_UNREACHABLE: Owner.OPERATIONS,
    FindingKind.QUOTA_SHARED: Owner.OPERATIONS,
    FindingKind.DISPATCH_LATE: Owner.OPERATIONS,
    FindingKind.TRACKING_MISSING: Owner.OPERATIONS,
    FindingKind.RETRIES_EXHAUSTED: Owner.OPERATIONS,
    FindingKind.UNEXPECTED_ERROR: Owner.OPERATIONS,
}
"""Default owners; a design may name others (`domain/exceptions/owners.py`). All other kinds belong to ecommerce."""


def default_owner(kind: FindingKind) -> Owner:
    """Who resolves findings of this kind unless the design says otherwise."""
    return OWNER_OF.get(kind, Owner.ECOMMERCE)


BACKUP: Mapping[Owner, Owner] = {
    Owner.FINANCE: Owner.OPERATIONS,
    Owner.OPERATIONS: Owner.ECOMMERCE,
    Owner.ECOMMERCE: Owner.OPERATIONS,
}
"""Who is notified too when an exception of this owner is overdue, unless the design names another backup."""


def owner_of(kind: FindingKind, owners: Mapping[FindingKind, Owner]) -> Owner:
    """Who resolves exceptions of `kind`: the owner that the design names in `owners`, otherwise the default owner."""
    return owners.get(kind, default_owner(kind))
