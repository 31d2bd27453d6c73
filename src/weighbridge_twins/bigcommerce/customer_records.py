"""What the shop keeps about a customer. Source: platform notes, bigcommerce 6.6."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Final

from weighbridge_twins.bigcommerce.errors import Refusal
from weighbridge_twins.bigcommerce.events import emit
from weighbridge_twins.bigcommerce.rendering import iso
from weighbridge_twins.bigcommerce.state import Record, Shop

REQUIRED: Final = ("email", "first_name", "last_name")


def add_customer(shop: Shop, given: Record) -> Record:
    """A customer; e-mails are unique. Raises Refusal 422."""
    check_customer(shop, given, None, frozenset())
    now = shop.now()
    customer: Record = {
        "id": shop.next_id("customer", 11),
        "email": str(given["email"]),
        "first_name": str(given["first_name"]),
        "last_name": str(given["last_name"]),
        "company": given.get("company") or "",
        "phone": given.get("phone") or "",
        "notes": given.get("notes") or "",
        "tax_exempt_category": given.get("tax_exempt_category") or "",
        "customer_group_id": int(given.get("customer_group_id") or 0),
        "registration_ip_address": "",
        "date_created": now,
        "date_modified": now,
        "authentication": {"force_password_reset": False},
        "accepts_product_review_abandoned_cart_emails": bool(
            given.get("accepts_product_review_abandoned_cart_emails", False)
        ),
        "origin_channel_id": int(given.get("origin_channel_id") or 1),
        "channel_ids": given.get("channel_ids") or [1],
        "_store_credit": given.get("store_credit_amounts") or [],
        "_form_fields": given.get("form_fields") or [],
    }
    shop.customers[customer["id"]] = customer
    emit(shop, "store/customer/created", {"type": "customer", "id": customer["id"]})
    return customer


def check_customer(shop: Shop, wanted: Record, own: Record | None, taken: AbstractSet[str]) -> None:
    """Raises Refusal 422 for a missing member or an e-mail in use; `own` may keep its own, `taken` is used already."""
    missing = {name: f"{name} is required" for name in REQUIRED if not wanted.get(name)}
    if missing:
        raise Refusal(422, "Required fields are missing", missing)
    email = str(wanted["email"]).casefold()
    if "@" not in email:
        raise Refusal(422, f"{wanted['email']} is not an e-mail address", {"email": "invalid"})
    if own is not None and str(own["email"]).casefold() == email:
        return
    if email in taken or any(one["email"].casefold() == email for one in shop.customers.values()):
        title = f"email {wanted['email']} already in use"
        raise Refusal(422, title, {".customer_create": "Error creating customers"})


def shown(shop: Shop, row: Record) -> Record:
    """A customer in v3."""
    record = {name: value for name, value in row.items() if not name.startswith("_")}
    return {
        **record,
        "address_count": sum(1 for one in shop.addresses.values() if one["customer_id"] == row["id"]),
        "attribute_count": 0,
        "date_created": iso(row["date_created"]),
        "date_modified": iso(row["date_modified"]),
    }
