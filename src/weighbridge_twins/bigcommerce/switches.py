"""Open questions about orders, money and quota, with the readings that the twin offers for each.

Source of the questions: platform notes, bigcommerce 10.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

YES_FIRST: Final = (True, False)
NO_FIRST: Final = (False, True)


@dataclass(frozen=True, slots=True)
class Switch:
    """One open question or vendor variant."""

    name: str
    default: Any
    readings: tuple[Any, ...]
    """The readings to choose from; empty if the value is a number."""
    question: str
    """What the documents leave open."""
    note: str = ""
    """The reason for the default."""


QUOTA: Final = (
    Switch("requests_per_window", 150, (), "How many requests may the store's apps make in 30 seconds?"),
    Switch("used_by_other_apps", 0, (), "How many requests of each window do other apps take?"),
    Switch(
        "others_use",
        0,
        (),
        "By how many requests is the quota cut while another app is active?",
        "The store's quota is divided anew as apps start and stop.",
    ),
    Switch("quota_window", "fixed", ("fixed", "sliding"), "Does the window begin with a request, or slide?"),
    Switch(
        "throttle_form",
        "headers",
        ("headers", "bare", "500", "quota_left"),
        "Does a refusal carry rate headers, none, quota that is left, or is it a 500?",
    ),
    Switch("retry_after_seconds", 3, (), "What does X-Retry-After say? 0: the header is not there."),
    Switch("concurrent_requests", 0, (), "How many requests may be open at once? 0: as many as come."),
)

LISTS: Final = (
    Switch("min_date_inclusive", True, YES_FIRST, "Are min_date bounds inclusive?"),
    Switch("max_date_inclusive", True, YES_FIRST, "Are max_date bounds inclusive?"),
    Switch("id_bounds_inclusive", True, YES_FIRST, "Are min_id and max_id inclusive?"),
    Switch("over_limit", "refused", ("refused", "clamped"), "Is a limit above 250 refused with 413, or clamped?"),
    Switch("archived_orders_listed", False, NO_FIRST, "Are archived orders listed?"),
    Switch("unknown_filters", "ignored", ("ignored", "rejected"), "What happens to a filter that is not documented?"),
    Switch("delayed_visibility_seconds", 0, (), "How long until a new or changed order shows in the list as such?"),
    Switch("new_order_404_seconds", 0, (), "How long does a single order answer 404 after it was placed?"),
    Switch(
        "included_lines_capped",
        "order",
        ("order", "consignment"),
        "Are the 50 lines that are included with consignments counted for each order, or for each consignment?",
    ),
    Switch("included_lines_warn", True, YES_FIRST, "Do consignments warn that lines are missing from them?"),
    Switch("page_drift", 0, (), "How many rows vanish between two pages of the order list?"),
)

MONEY: Final = (
    Switch("order_total_includes_tenders", True, YES_FIRST, "Is total_inc_tax before gift certificate and credit?"),
    Switch(
        "exchange_rate_direction",
        "to_transactional",
        ("to_transactional", "to_default"),
        "Is an order's rate its currency for one unit of the store's, or the other way round?",
        "So says the name; the only sample, 100 for USD and EUR, fits neither.",
    ),
    Switch(
        "fees_in_subtotal",
        True,
        YES_FIRST,
        "Are fees inside subtotal_*?",
        "The migration guide says so; no sample shows it.",
    ),
    Switch(
        "discount_amounts",
        "with_tax",
        ("with_tax", "as_entered"),
        "Are discount_amount and coupon_discount given with tax in a store that enters prices without?",
        "With tax the inc-tax chain adds up, as it does on the documents' samples.",
    ),
    Switch("taxes_name_their_line", True, YES_FIRST, "Do tax rows name their line (not under automatic tax)?"),
    Switch("discounted_total_present", True, YES_FIRST, "Do lines carry discounted_total_inc_tax?"),
    Switch("fee_cost_typo", False, NO_FIRST, "Do fees spell cost_ex_tax as cost_exc_tax?"),
    Switch("fees_form", "wrapped", ("wrapped", "list"), "Is the list of fees wrapped in an object, or bare?"),
    Switch("empty_object_for_null", False, NO_FIRST, "Do nulls come as empty objects?"),
    Switch("offline_orders_have_transactions", False, NO_FIRST, "Does an offline payment have a transaction?"),
    Switch("payment_action_seconds", 2, (), "How long until a capture, void or refund is executed?"),
    Switch(
        "products_put_clears",
        "named_lines",
        ("named_lines", "all_lines"),
        "Which lines lose their discounts when a PUT names products?",
    ),
)

CHANGES: Final = (
    Switch("shipment_sets_status", True, YES_FIRST, "Does a shipment move the order to (partially) shipped?"),
    Switch("shipment_moves_refunded", True, YES_FIRST, "Does it also move an order that is (partially) refunded?"),
    Switch("shipment_bumps_date_modified", True, YES_FIRST, "Does a shipment change date_modified?"),
    Switch("over_shipping", "refused", ("refused", "accepted"), "May more be shipped than was ordered?"),
    Switch("refund_bumps_date_modified", False, NO_FIRST, "Does a refund change date_modified?"),
    Switch("refund_restocks", False, NO_FIRST, "Does a refund return goods to the store's stock?"),
    Switch(
        "refund_requested_amount",
        "absent",
        ("absent", "null", "amount"),
        "What is requested_amount of a refunded product?",
        "One sample says null, which its own schema forbids; the guide says an amount.",
    ),
    Switch("concurrent_refunds", "refused", ("refused", "accepted"), "May a refund start before the last is executed?"),
    Switch("metafield_bumps_date_modified", False, NO_FIRST, "Does writing a metafield change date_modified?"),
    Switch("update_bumps_date_modified", True, YES_FIRST, "Does writing external_order_id change date_modified?"),
    Switch("transaction_bumps_date_modified", True, YES_FIRST, "Does a capture or void change date_modified?"),
    Switch("cancel_restocks", True, YES_FIRST, "Does cancelling return goods to the store's stock?"),
    Switch("declined_order_holds_stock", False, NO_FIRST, "Does a declined order keep the stock it took?"),
    Switch("cancel_voids_payment", False, NO_FIRST, "Does cancelling void what was authorised?"),
    Switch("sells_below_zero", True, YES_FIRST, "Does an order for more than the stock go through?"),
)

STOCK_AND_WEBHOOKS: Final = (
    Switch("inventory_delay_seconds", 2, (), "How long until an accepted stock adjustment shows?"),
    Switch("inventory_batch", "atomic", ("atomic", "partial"), "Is a stock batch with one bad item refused whole?"),
    Switch("webhook_id_stable", True, YES_FIRST, "Is webhook-id the same in each retry?"),
    Switch("webhooks_signed", True, YES_FIRST, "Are deliveries of a store-level account signed?"),
    Switch("webhook_destinations", "any", ("any", "https_443"), "Which destinations may a webhook have?"),
)

SWITCHES: Final[tuple[Switch, ...]] = (*QUOTA, *LISTS, *MONEY, *CHANGES, *STOCK_AND_WEBHOOKS)


def defaults() -> dict[str, Any]:
    """The initial reading of each switch."""
    return {switch.name: switch.default for switch in SWITCHES}
