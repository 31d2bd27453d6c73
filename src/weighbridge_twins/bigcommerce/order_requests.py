"""Validates requests that write an order. Source: Orders V2, POST and PUT /orders; notes 2.2."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from weighbridge_twins.bigcommerce.errors import Refusal
from weighbridge_twins.bigcommerce.records import Record, decimal
from weighbridge_twins.http.call import Call

PAIRS: Final = ("shipping_cost", "handling_cost", "wrapping_cost", "subtotal", "total")
"""Amounts without and with tax; sending only one of the two makes the totals inconsistent."""
PLAIN: Final = ("staff_notes", "customer_message", "external_order_id", "external_source", "payment_method",
                "payment_provider_id", "channel_id", "order_is_digital", "ip_address", "ip_address_v6", "geoip_country",
                "geoip_country_iso2", "ebay_order_id", "customer_locale", "tax_provider_id", "is_email_opt_in",
                "order_source", "cart_id", "default_currency_code")  # fmt: skip
"""Members that are stored without change."""
IGNORED: Final = ("refunded_amount", "items_total", "items_shipped")
"""Members that are accepted but computed by the store."""
COMPUTED: Final = ("status_id", "customer_id", "date_created", "billing_address", "shipping_addresses", "consignments",
                   "products", "fees", "discount_amount", "base_shipping_cost", "base_handling_cost",
                   "base_wrapping_cost", "is_deleted")  # fmt: skip
WRITABLE: Final = frozenset(
    (*PLAIN, *IGNORED, *COMPUTED, *(f"{name}_{side}" for name in PAIRS for side in ("ex_tax", "inc_tax")))
)
LONGEST: Final = {"staff_notes": 65535, "customer_message": 65535, "ip_address": 30, "ip_address_v6": 39}


def parse_body(call: Call, *also: str) -> Record:
    """The body of a request. Raises Refusal 400 if it is no object, or has read-only, unknown or too long members."""
    body = call.body
    if not isinstance(body, dict):
        raise Refusal(400, "The request body must be an object.")
    for name, value in body.items():
        if name not in WRITABLE and name not in also:
            raise unwritable(name)
        if len(str(value or "")) > LONGEST.get(name, 10**9):
            raise invalid(name, f"it is longer than {LONGEST[name]} characters")
    return body


def unwritable(name: str) -> Refusal:
    """The vendor's refusal of a member that is not writable."""
    return Refusal(
        400, f"The field '{name}' cannot be written to. Please remove it from your request before trying again."
    )


def invalid(name: str, reason: str) -> Refusal:
    """The vendor's refusal of an invalid value."""
    return Refusal(400, f"The field '{name}' is invalid.", {"invalid_reason": reason})


def missing(name: str) -> Refusal:
    """The vendor's refusal of a request without a required member."""
    return Refusal(400, f"The required field '{name}' was not supplied.")


def amount(body: Record, name: str) -> Decimal | None:
    """An amount of the request; None if it is missing. Raises Refusal 400."""
    if body.get(name) is None:
        return None
    try:
        return decimal(body[name])
    except ValueError as error:
        raise invalid(name, str(error)) from error


def pair(body: Record, name: str) -> tuple[Decimal | None, Decimal | None]:
    """An amount without and with tax."""
    return amount(body, f"{name}_ex_tax"), amount(body, f"{name}_inc_tax")


def whole_number(name: str, value: Any) -> int:
    """A whole number of the request. Raises Refusal 400."""
    if isinstance(value, bool) or not str(value).isdigit():
        raise invalid(name, f"'{value}' is not a whole number")
    return int(value)


def rows(body: Record, name: str) -> list[Record]:
    """A list of objects of the request. Raises Refusal 400."""
    value = body.get(name) or []
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise invalid(name, "it must be a list of objects")
    return value
