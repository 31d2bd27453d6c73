"""Switches: each is a question that the vendor's documents leave open, with its possible readings.

The default is the reading that is harder for a client, unless it makes an ordinary order impossible.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Switch:
    """One open question or vendor variant."""

    name: str
    default: Any
    readings: tuple[Any, ...]
    """The available readings; empty for a number."""
    source: str
    """Location of the question in the platform notes, cin7: `10.5` is open question 5, `1.2` a section."""
    question: str
    """The open question in one sentence."""


SWITCHES: tuple[Switch, ...] = (
    Switch("throttle_style", "429", ("429", "503", "400"), "1.2", "Which status answers a call beyond the quota?"),
    Switch(
        "throttle_scope",
        "application",
        ("application", "account"),
        "10.2",
        "Does the quota apply per key or per company?",
    ),
    Switch("calls_per_minute", 60, (), "1.2", "How many calls does a minute allow?"),
    Switch("retry_after_seconds", 0, (), "1.2", "Which Retry-After does a throttle answer carry (0: none)?"),
    Switch("unknown_path", "html_200", ("html_200", "404"), "1.4", "What answers a wrong path?"),
    Switch(
        "list_without_page",
        "finished_goods",
        ("finished_goods", "always", "never"),
        "1.4",
        "Which lists answer an HTML page with status 200 when Page and Limit are missing?",
    ),
    Switch("page_drift", 0, (), "1.3", "How many rows vanish between two pages of a list?"),
    Switch("answer_dates_with_zone", True, (True, False), "1.5", "Do timestamps in answers carry their Z?"),
    Switch("country_format", "name", ("name", "any"), "10.20", "Is a two-letter country code refused in an address?"),
    Switch(
        "external_id_filter", "exact", ("exact", "case_insensitive"), "10.6", "How does the ExternalID filter compare?"
    ),
    Switch("external_id_returns_voided", True, (True, False), "10.6", "Does the ExternalID filter find voided sales?"),
    Switch("delayed_visibility_seconds", 0, (), "10.6", "How long until a new sale shows in saleList?"),
    Switch("updated_since_inclusive", True, (True, False), "10.9", "Is UpdatedSince inclusive?"),
    Switch(
        "updated_since_moves_on_tracking", False, (False, True), "10.9", "Does UpdatedSince move on a tracking edit?"
    ),
    Switch("updated_since_moves_on_payment", True, (True, False), "10.9", "Does UpdatedSince move for a payment?"),
    Switch("task_id_is_sale_id", False, (False, True), "10.5", "Is a Simple sale's task id its sale id?"),
    Switch(
        "zero_guid_invoice_on_simple",
        "converts_to_advanced",
        ("converts_to_advanced", "fills_first"),
        "10.5",
        "Does a second invoice call with the zero id on a Simple sale make a second invoice?",
    ),
    Switch(
        "simple_fulfilment",
        "hidden",
        ("hidden", "listed"),
        "10.5",
        "Is the only fulfilment of a Simple sale listed before it is picked?",
    ),
    Switch("total_tolerance", "0.01", (), "10.3", "How far may a line total be from quantity x price?"),
    Switch(
        "tax_check",
        "accept",
        ("accept", "recompute", "reject"),
        "10.3",
        "Which tax counts when Tax differs from the rule?",
    ),
    Switch(
        "tax_calculation_method", "Total", ("Total", "Line"), "10.3", "Is tax computed on the document or each line?"
    ),
    Switch("negative_charge_price", "allowed", ("allowed", "rejected"), "10.19", "May a charge have a negative price?"),
    Switch("minimum_quantity", 1, (), "10.19", "Below which quantity is a line refused?"),
    Switch("maximum_lines", 0, (), "10.18", "How many lines may a document have (0: any number)?"),
    Switch("credit_hold", "reject", ("reject", "accept"), "10.7", "Is an order of a customer on credit hold refused?"),
    Switch(
        "credit_limit", "reject", ("reject", "accept"), "10.7", "Is an order above the customer's credit limit refused?"
    ),
    Switch(
        "unsellable_products",
        "accept",
        ("accept", "reject"),
        "10.7",
        "Can deprecated or unsellable products be ordered?",
    ),
    Switch("undo_releases_allocation", True, (True, False), "10.8", "Does undoing an order release its allocation?"),
    Switch("undo_disassembles_kits", False, (False, True), "10.8", "Does undoing an order disassemble its kits?"),
    Switch(
        "skip_quote_prepayment",
        "reject",
        ("reject", "accept"),
        "10.4",
        "Is a prepayment accepted with a skipped quote?",
    ),
    Switch(
        "prepayment_settles_invoice",
        False,
        (False, True),
        "10.4",
        "Is a prepayment applied automatically when the invoice is authorised?",
    ),
    Switch("overpayment", "accept", ("accept", "reject"), "2.6", "Is a payment above the open balance accepted?"),
    Switch(
        "restock_beyond_credit",
        "accept",
        ("accept", "reject"),
        "10.14",
        "May a credit note restock more than it credits?",
    ),
    Switch(
        "credit_before_shipping",
        "accept",
        ("accept", "reject"),
        "10.14",
        "Can more be credited than was shipped?",
    ),
    Switch(
        "journal_completed_on_post",
        "reject",
        ("reject", "accept"),
        "10.15",
        "Can a journal be posted directly as COMPLETED?",
    ),
    Switch("kit_availability", "computed", ("computed", "row", "none"), "10.1", "Which availability does a kit show?"),
    Switch(
        "stock_webhook_for_kits", False, (False, True), "10.1", "Does a kit's stock event fire when a component moves?"
    ),
    Switch(
        "allocation_booked_on",
        "binless_row",
        ("binless_row", "bin_row"),
        "10.10",
        "Which row carries the allocation of a product kept in bins before it is picked?",
    ),
    Switch(
        "on_order_per_bin",
        "repeated",
        ("repeated", "first_row"),
        "10.10",
        "Is OnOrder repeated on each bin row of a location?",
    ),
    Switch("deprecated_products_in_availability", True, (True, False), "10.11", "Do deprecated products have rows?"),
    Switch("services_in_availability", False, (False, True), "10.11", "Do Service products have availability rows?"),
    Switch(
        "special_locations_in_availability",
        True,
        (True, False),
        "10.11",
        "Do shop-floor, staging and fixed-asset locations have availability rows?",
    ),
    Switch("put_semantics", "replace", ("replace", "merge"), "10.12", "Does a PUT clear members it does not name?"),
    Switch("customer_name_unique", False, (False, True), "10.13", "Is a second customer of the same name refused?"),
    Switch("webhook_event_type_header", False, (False, True), "10.16", "Do deliveries carry an Event-Type header?"),
    Switch("webhook_success", "2xx", ("2xx", "200"), "10.16", "Which answers count a delivery as made?"),
    Switch(
        "webhook_keeps_events_while_inactive",
        False,
        (False, True),
        "10.16",
        "Are events delivered that occurred while a webhook was inactive?",
    ),
    Switch(
        "unshipped_boxes_listed",
        True,
        (True, False),
        "10.17",
        "Are unshipped boxes listed in Ship with IsShipped false?",
    ),
)

BY_NAME: Mapping[str, Switch] = {switch.name: switch for switch in SWITCHES}


def defaults() -> dict[str, Any]:
    """Returns the default reading of each switch."""
    return {switch.name: switch.default for switch in SWITCHES}
