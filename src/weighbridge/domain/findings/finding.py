"""Findings: what a check found. A finding names the field, the value, what was expected and who acts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Owner(StrEnum):
    """Who resolves a finding."""

    FINANCE = "finance"
    OPERATIONS = "operations"
    ECOMMERCE = "ecommerce"


class Severity(StrEnum):
    """What a finding does to its object."""

    NOTE = "note"
    """Recorded; the object passes."""
    HOLD = "hold"
    """The object waits for a person."""
    REJECT = "reject"
    """The object can never pass in this form."""


class FindingKind(StrEnum):
    """Every kind of finding, by its stable name."""

    PAYLOAD_MALFORMED = "payload_malformed"
    ORDER_GONE = "order_gone"
    NO_LINES = "no_lines"
    SKU_BLANK = "sku_blank"
    SKU_UNKNOWN = "sku_unknown"
    SKU_TOO_LONG = "sku_too_long"
    PRODUCT_NOT_SELLABLE = "product_not_sellable"
    QUANTITY_NOT_POSITIVE = "quantity_not_positive"
    EMPTY_LINE_DROPPED = "empty_line_dropped"
    QUANTITY_UNUSUAL = "quantity_unusual"
    TAX_UNMAPPED = "tax_unmapped"
    TAX_RULE_MISSING = "tax_rule_missing"
    TAX_DOES_NOT_ADD_UP = "tax_does_not_add_up"
    CURRENCY_UNKNOWN = "currency_unknown"
    TOTALS_DO_NOT_ADD_UP = "totals_do_not_add_up"
    LINES_INCOMPLETE = "lines_incomplete"
    ADDRESS_INCOMPLETE = "address_incomplete"
    SEVERAL_ADDRESSES = "several_addresses"
    DOWNLOAD_HOLDS_STOCK = "download_holds_stock"
    POSTCODE_TOO_LONG = "postcode_too_long"
    TEXT_SHORTENED = "text_shortened"
    CHARGE_UNMAPPED = "charge_unmapped"
    PAYMENT_UNMAPPED = "payment_unmapped"
    PAYMENTS_DO_NOT_ADD_UP = "payments_do_not_add_up"
    STATUS_ON_HOLD = "status_on_hold"
    DOUBLE_SUBMIT = "double_submit"
    REFUSED_BY_CIN7 = "refused_by_cin7"
    REFUSED_BY_BIGCOMMERCE = "refused_by_bigcommerce"
    TOTAL_DIFFERS_IN_CIN7 = "total_differs_in_cin7"
    DUPLICATE_SALES = "duplicate_sales"
    BACKORDERED = "backordered"
    CHANGED_AFTER_POSTING = "changed_after_posting"
    CHANGED_AFTER_PICKING = "changed_after_picking"
    CHANGED_AFTER_BILLING = "changed_after_billing"
    CANCELLED_AFTER_POSTING = "cancelled_after_posting"
    CANCELLED_AFTER_PICKING = "cancelled_after_picking"
    CANCELLED_AFTER_PAYMENT = "cancelled_after_payment"
    CANCELLED_AFTER_DISPATCH = "cancelled_after_dispatch"
    REFUND_HELD = "refund_held"
    REFUND_EXCEEDS_SALE = "refund_exceeds_sale"
    REFUND_ITEM_UNKNOWN = "refund_item_unknown"
    REFUND_DOES_NOT_ADD_UP = "refund_does_not_add_up"
    REFUND_TAX_DIFFERS = "refund_tax_differs"
    REFUND_BEFORE_INVOICE = "refund_before_invoice"
    REFUND_AT_GATEWAY_ONLY = "refund_at_gateway_only"
    REFUND_CREDITED_BY_HAND = "refund_credited_by_hand"
    REFUNDED_BEFORE_DISPATCH = "refunded_before_dispatch"
    NOT_RESTOCKED = "not_restocked"
    CREDITED_NOT_REFUNDED = "credited_not_refunded"
    RETURNS_NOT_VERIFIED = "returns_not_verified"
    STORE_RESTOCKS_REFUNDS = "store_restocks_refunds"
    PAYMENT_DISPUTED = "payment_disputed"
    PARCEL_UNMATCHED = "parcel_unmatched"
    BOM_CIRCULAR = "bom_circular"
    SKU_DIFFERS_IN_FORM = "sku_differs_in_form"
    SKU_NOT_UNIQUE = "sku_not_unique"
    SKU_NEARLY_MATCHES = "sku_nearly_matches"
    STOCK_UNTRACKED = "stock_untracked"
    STOCK_DRIFT = "stock_drift"
    STORE_LOCATION_UNKNOWN = "store_location_unknown"
    FAST_LANE_UNUSABLE = "fast_lane_unusable"
    SELLABLE_AT_ZERO = "sellable_at_zero"
    STALE_ALLOCATION = "stale_allocation"
    KIT_DRIFT = "kit_drift"
    SALE_ORPHANED = "sale_orphaned"
    SALE_UNFINISHED = "sale_unfinished"
    ACCOUNT_MISSING = "account_missing"
    PRICE_MISSING = "price_missing"
    PRICE_TERMS_DIFFER = "price_terms_differ"
    PRICE_TIER_UNKNOWN = "price_tier_unknown"
    CUSTOMER_GROUP_UNKNOWN = "customer_group_unknown"
    UNIT_UNKNOWN = "unit_unknown"
    BARCODE_UNUSABLE = "barcode_unusable"
    IMAGE_UNUSABLE = "image_unusable"
    FAMILY_UNUSABLE = "family_unusable"
    FAMILY_SPLIT = "family_split"
    LISTING_GONE = "listing_gone"
    STORE_EDIT_OVERWRITTEN = "store_edit_overwritten"
    CATALOGUE_NOT_ACCEPTED = "catalogue_not_accepted"
    STOCK_NOT_ACCEPTED = "stock_not_accepted"
    NO_NEW_ORDERS = "no_new_orders"
    ORDER_MISSED = "order_missed"
    JOBS_LATE = "jobs_late"
    CREDENTIALS_REFUSED = "credentials_refused"
    QUOTA_SHARED = "quota_shared"
    DISPATCH_LATE = "dispatch_late"
    TRACKING_MISSING = "tracking_missing"
    UNEXPECTED_ERROR = "unexpected_error"
    RETRIES_EXHAUSTED = "retries_exhausted"


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


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a check found."""

    kind: FindingKind
    severity: Severity
    field: str
    """Where: a path in the order of the store, such as `lines[2].sku`, or a name."""
    value: str
    """The value found, as text."""
    expected: str
    """The value that would pass, or what must be done."""
    owner: Owner

    def __str__(self) -> str:
        return f"{self.field} is {self.value or 'empty'}; expected {self.expected} ({self.owner} acts)"


def hold(kind: FindingKind, field: str, value: object, expected: str) -> Finding:
    """A finding that holds its object, with the kind's default owner."""
    return Finding(kind, Severity.HOLD, field, str(value), expected, default_owner(kind))


def note(kind: FindingKind, field: str, value: object, expected: str) -> Finding:
    """A finding that is recorded, while its object passes."""
    return Finding(kind, Severity.NOTE, field, str(value), expected, default_owner(kind))


def reject(kind: FindingKind, field: str, value: object, expected: str) -> Finding:
    """A finding that rejects its object, which can never pass in this form."""
    return Finding(kind, Severity.REJECT, field, str(value), expected, default_owner(kind))


def worst(findings: tuple[Finding, ...]) -> Severity:
    """The strongest severity among `findings`; NOTE when there are none."""
    order = (Severity.NOTE, Severity.HOLD, Severity.REJECT)
    return max((finding.severity for finding in findings), key=order.index, default=Severity.NOTE)


def deciding(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """The findings that stop the object (holds and rejects), strongest first."""
    stopping = [finding for finding in findings if finding.severity is not Severity.NOTE]
    return tuple(sorted(stopping, key=lambda finding: finding.severity is not Severity.REJECT))
