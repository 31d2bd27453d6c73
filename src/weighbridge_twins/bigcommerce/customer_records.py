"""Customer records. Source: platform notes, bigcommerce 6.6."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Final

from weighbridge_twins.bigcommerce.errors import Refusal
from weighbridge_twins.bigcommerce.events import emit
from weighbridge_twins.bigcommerce.rendering import iso
from weighbridge_twins.bigcommerce.state import Record, Store

REQUIRED: Final = ("email", "first_name", "last_name")


def add_customer(store: Store, values: Record) -> Record:
    """Adds a customer. Raises Refusal 422 for a missing member or an e-mail in use."""
    check_customer(store, values, None, frozenset())
    now = store.now()
    customer: Record = {
        "id": store.next_id("customer", 11),
        "email": str(values["email"]),
        "first_name": str(values["first_name"]),
        "last_name": str(values["last_name"]),
        "company": values.get("company") or "",
        "phone": values.get("phone") or "",
        "notes": values.get("notes") or "",
        "tax_exempt_category": values.get("tax_exempt_category") or "",
        "customer_group_id": int(values.get("customer_group_id") or 0),
        "registration_ip_address": "",
        "date_created": now,
        "date_modified": now,
        "authentication": {"force_password_reset": False},
        "accepts_product_review_abandoned_cart_emails": bool(
            values.get("accepts_product_review_abandoned_cart_emails", False)
        ),
        "origin_channel_id": int(values.get("origin_channel_id") or 1),
        "channel_ids": values.get("channel_ids") or [1],
        "_store_credit": values.get("store_credit_amounts") or [],
        "_form_fields": values.get("form_fields") or [],
    }
    store.customers[customer["id"]] = customer
    emit(store, "store/customer/created", {"type": "customer", "id": customer["id"]})
    return customer


def check_customer(store: Store, customer: Record, current: Record | None, emails_in_use: AbstractSet[str]) -> None:
    """Raises Refusal 422 for a missing member, or an e-mail in use by the store or in `emails_in_use`.

    `current` is the customer that may keep its e-mail.
    """
    missing = {name: f"{name} is required" for name in REQUIRED if not customer.get(name)}
    if missing:
        raise Refusal(422, "Required fields are missing", missing)
    email = str(customer["email"]).casefold()
    if "@" not in email:
        raise Refusal(422, f"{customer['email']} is not an e-mail address", {"email": "invalid"})
    if current is not None and str(current["email"]).casefold() == email:
        return
    if email in emails_in_use or any(row["email"].casefold() == email for row in store.customers.values()):
        title = f"email {customer['email']} already in use"
        raise Refusal(422, title, {".customer_create": "Error creating customers"})


def render_customer(store: Store, row: Record) -> Record:
    """A customer as v3 renders it."""
    record = {name: value for name, value in row.items() if not name.startswith("_")}
    return {
        **record,
        "address_count": sum(1 for address in store.addresses.values() if address["customer_id"] == row["id"]),
        "attribute_count": 0,
        "date_created": iso(row["date_created"]),
        "date_modified": iso(row["date_modified"]),
    }
