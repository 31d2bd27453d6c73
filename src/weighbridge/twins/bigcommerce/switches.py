"""Where the vendor's documents leave a question open, the twin offers each reading as a switch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Switch:
    """One open question or vendor variant."""

    name: str
    default: Any
    readings: tuple[Any, ...]
    """The readings on offer; empty for a number."""
    question: str
    """What the documents leave open."""


SWITCHES: tuple[Switch, ...] = (
    Switch("requests_per_window", 150, (), "How many requests may the store's apps make in 30 seconds?"),
    Switch("used_by_other_apps", 0, (), "How many requests of each window do other apps take?"),
    Switch(
        "throttle_form", "headers", ("headers", "bare", "500"), "Does a refusal carry rate headers, or is it a 500?"
    ),
    Switch("order_total_includes_tenders", True, (True, False), "Is total_inc_tax before gift certificate and credit?"),
    Switch("shipment_sets_status", True, (True, False), "Does a shipment move the order to (partially) shipped?"),
    Switch("shipment_bumps_date_modified", True, (True, False), "Does a shipment change date_modified?"),
    Switch("refund_bumps_date_modified", False, (False, True), "Does a refund change date_modified?"),
    Switch("update_bumps_date_modified", True, (True, False), "Does writing external_order_id change date_modified?"),
    Switch("min_date_inclusive", True, (True, False), "Are min_date bounds inclusive?"),
    Switch("archived_orders_listed", False, (False, True), "Are archived orders listed?"),
    Switch("delayed_visibility_seconds", 0, (), "How long until a new order shows in the list?"),
    Switch("page_drift", 0, (), "How many rows vanish between two pages of the order list?"),
    Switch("offline_orders_have_transactions", False, (False, True), "Does an offline payment have a transaction?"),
    Switch("taxes_name_their_line", True, (True, False), "Do tax rows name their line (not under automatic tax)?"),
    Switch("discounted_total_present", True, (True, False), "Do lines carry discounted_total_inc_tax?"),
    Switch("empty_object_for_null", False, (False, True), "Do nulls come as empty objects?"),
    Switch("refund_restocks", False, (False, True), "Does a refund put goods back into the shop's stock?"),
    Switch("inventory_delay_seconds", 2, (), "How long until an accepted stock adjustment shows?"),
    Switch("inventory_batch", "atomic", ("atomic", "partial"), "Is a stock batch with one bad item refused whole?"),
    Switch("sells_below_zero", True, (True, False), "Does an order for more than the stock go through?"),
    Switch("webhook_id_stable", True, (True, False), "Is webhook-id the same in each retry?"),
    Switch("webhooks_signed", True, (True, False), "Are deliveries of a store-level account signed?"),
    Switch("hook_destinations", "any", ("any", "https_443"), "Which destinations may a hook have?"),
    Switch("unknown_filters", "ignored", ("ignored", "rejected"), "What happens to a filter that is not documented?"),
)


def defaults() -> dict[str, Any]:
    """The reading in force for each switch at the start."""
    return {switch.name: switch.default for switch in SWITCHES}
