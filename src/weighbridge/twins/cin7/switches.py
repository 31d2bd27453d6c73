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
    Switch("throttle_style", "429", ("429", "503", "400"), "Which status answers a call beyond the quota?"),
    Switch("throttle_scope", "application", ("application", "account"), "Does the quota count per key or per company?"),
    Switch("calls_per_minute", 60, (), "How many calls does a minute allow?"),
    Switch("unknown_path", "html_200", ("html_200", "404"), "What answers a wrong path?"),
    Switch("external_id_filter", "exact", ("exact", "case_insensitive"), "How does the ExternalID filter compare?"),
    Switch("external_id_returns_voided", True, (True, False), "Does the ExternalID filter find voided sales?"),
    Switch("delayed_visibility_seconds", 0, (), "How long until a new sale shows in saleList?"),
    Switch("page_drift", 0, (), "How many rows vanish between two pages of a list?"),
    Switch("task_id_is_sale_id", False, (False, True), "Is a Simple sale's task id its sale id?"),
    Switch(
        "zero_guid_invoice",
        "new_task",
        ("new_task", "fills_first"),
        "Does a second invoice call with the zero id make a second invoice?",
    ),
    Switch("total_tolerance", "0.01", (), "How far may a line total be from quantity x price?"),
    Switch(
        "tax_check", "accept", ("accept", "recompute", "reject"), "Who wins when Tax differs from the rule's percent?"
    ),
    Switch("tax_calculation_method", "Total", ("Total", "Line"), "Is tax computed on the document or on each line?"),
    Switch("negative_charge_price", True, (True, False), "May an additional charge have a negative price?"),
    Switch("minimum_quantity", "0.0001", (), "Below which quantity is a line refused?"),
    Switch("overpayment", "reject", ("reject", "accept"), "Is a payment above the open balance taken?"),
    Switch("unsellable_products", "accept", ("accept", "reject"), "Can deprecated or unsellable products be ordered?"),
    Switch("kit_availability", "computed", ("computed", "row", "none"), "Which availability does a kit show?"),
    Switch("deprecated_in_availability", True, (True, False), "Do deprecated products show in availability?"),
    Switch("services_in_availability", False, (False, True), "Do Service products show in availability?"),
    Switch("updated_moves_on_tracking", True, (True, False), "Does UpdatedSince move when tracking is edited?"),
    Switch("updated_since_inclusive", True, (True, False), "Is UpdatedSince inclusive?"),
    Switch("skip_quote_prepayment", "reject", ("reject", "accept"), "Is a prepayment taken when the quote is skipped?"),
    Switch("put_semantics", "merge", ("merge", "replace"), "Does a PUT keep members it does not name?"),
    Switch("hook_event_type_header", False, (False, True), "Do deliveries carry an Event-Type header?"),
    Switch("stock_hook_for_kits", False, (False, True), "Does a kit's stock event fire when a component moves?"),
    Switch("answer_dates_with_zone", True, (True, False), "Do timestamps in answers carry their Z?"),
)


def defaults() -> dict[str, Any]:
    """The reading in force for each switch at the start."""
    return {switch.name: switch.default for switch in SWITCHES}
