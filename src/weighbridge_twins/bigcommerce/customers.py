"""Customers of the store. Source: platform notes, bigcommerce 6.6; Customers v3."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from weighbridge_twins.bigcommerce import customer_addresses, customers_v2
from weighbridge_twins.bigcommerce.customer_addresses import add_address, addresses_of
from weighbridge_twins.bigcommerce.customer_records import add_customer, check_customer, render_customer
from weighbridge_twins.bigcommerce.errors import Refusal
from weighbridge_twins.bigcommerce.events import emit
from weighbridge_twins.bigcommerce.paging import id_filter, text_filter, v3_page
from weighbridge_twins.bigcommerce.rendering import parse_date
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Record, Store
from weighbridge_twins.http.call import Answer, Call

__all__ = ["add_customer", "routes"]

routes = Routes()
routes.merge(customer_addresses.routes)
routes.merge(customers_v2.routes)

MOST_PER_CALL: Final = 10
MOST_EMBEDDED: Final = 10
READ_ONLY: Final = frozenset({"id", "date_created", "date_modified", "address_count", "attribute_count",
                              "registration_ip_address"})  # fmt: skip
FILTERS: Final = frozenset({"page", "limit", "before", "after", "sort", "include", "id:in", "email:in", "company:in",
                            "name:in", "name:like", "phone:in", "customer_group_id:in", "date_created",
                            "date_created:min", "date_created:max", "date_modified", "date_modified:min",
                            "date_modified:max", "registration_ip_address:in"})  # fmt: skip


@routes.on("GET", "/v3/customers")
def list_customers(store: Store, call: Call) -> Answer:
    """Customers by the documented filters; a plain `id` is not one. Embeds at most ten addresses."""
    query = call.query
    unknown = sorted(set(query) - FILTERS)
    if unknown and store.switches["unknown_filters"] == "rejected":
        raise Refusal(422, f"The filter {unknown[0]} is not supported", {unknown[0]: "unknown"})
    ids, groups = id_filter(call, "id:in"), id_filter(call, "customer_group_id:in")
    texts = {name: text_filter(call, f"{name}:in") for name in ("email", "company", "phone")}
    names, like = text_filter(call, "name:in"), query.get("name:like", "").casefold()
    rows = [
        row
        for row in _known(store, ids)
        if (groups is None or row["customer_group_id"] in groups)
        and all(values is None or row[name].casefold() in values for name, values in texts.items())
        and (names is None or _name(row) in names)
        and like in _name(row)
        and _in_time(query, row)
    ]
    field, _, direction = query.get("sort", "").partition(":")
    if field in ("date_created", "date_modified", "last_name"):
        rows.sort(key=lambda row: row[field], reverse=direction == "desc")
    include = set(query.get("include", "").split(","))
    return v3_page(call, rows, lambda row: _with(store, row, include))


def _known(store: Store, ids: set[int] | None) -> list[Record]:
    return (
        list(store.customers.values()) if ids is None else [row for row in store.customers.values() if row["id"] in ids]
    )


def _name(row: Record) -> str:
    return f"{row['first_name']} {row['last_name']}".casefold()


def _in_time(query: Mapping[str, str], row: Record) -> bool:
    for field in ("date_created", "date_modified"):
        timestamp: datetime = row[field]
        if query.get(f"{field}:min") and timestamp < parse_date(query[f"{field}:min"]):
            return False
        if query.get(f"{field}:max") and timestamp > parse_date(query[f"{field}:max"]):
            return False
    return True


def _with(store: Store, row: Record, include: set[str]) -> Record:
    record = render_customer(store, row)
    if "addresses" in include:
        record["addresses"] = addresses_of(store, row["id"])[:MOST_EMBEDDED]
    if "storecredit" in include:
        record["store_credit_amounts"] = row["_store_credit"]
    if "attributes" in include:
        record["attributes"] = []
    if "formfields" in include:
        record["form_fields"] = row["_form_fields"]
    return record


@routes.on("POST", "/v3/customers")
def create_customers(store: Store, call: Call) -> Answer:
    """Creates up to ten customers with their addresses, all or none.

    The 422 for an e-mail in use does not contain the id of the existing customer.
    """
    rows = _rows(call)
    emails: set[str] = set()
    for row in rows:
        check_customer(store, row, None, emails)
        emails.add(str(row["email"]).casefold())
    data = []
    for row in rows:
        customer = add_customer(store, row)
        for address in row.get("addresses") or []:
            add_address(store, {**address, "customer_id": customer["id"]})
        data.append(_with(store, customer, {"addresses"} if row.get("addresses") else set()))
    return Answer(200, {"data": data, "meta": {}})


@routes.on("PUT", "/v3/customers")
def update_customers(store: Store, call: Call) -> Answer:
    """Updates up to ten customers, all or none."""
    rows = _rows(call)
    customers = []
    for row in rows:
        customer = store.customers.get(int(row.get("id") or 0))
        if customer is None:
            raise Refusal(422, f"Customer {row.get('id')} does not exist", {"id": "unknown"})
        check_customer(store, {**customer, **row}, customer, set())
        customers.append(customer)
    for customer, row in zip(customers, rows, strict=True):
        customer |= {name: value for name, value in row.items() if name in customer and name not in READ_ONLY}
        customer["authentication"] = {"force_password_reset": False}
        customer["_store_credit"] = row.get("store_credit_amounts", customer["_store_credit"])
        customer["_form_fields"] = row.get("form_fields", customer["_form_fields"])
        customer["date_modified"] = store.now()
        emit(store, "store/customer/updated", {"type": "customer", "id": customer["id"]})
    return Answer(200, {"data": [render_customer(store, customer) for customer in customers], "meta": {}})


@routes.on("DELETE", "/v3/customers")
def delete_customers(store: Store, call: Call) -> Answer:
    """Deletes customers with their addresses; their orders stay."""
    ids = id_filter(call, "id:in")
    if not ids:
        raise Refusal(422, "id:in is required", {"id:in": "required"})
    for customer_id in ids & set(store.customers):
        del store.customers[customer_id]
        for address in addresses_of(store, customer_id):
            del store.addresses[address["id"]]
        emit(store, "store/customer/deleted", {"type": "customer", "id": customer_id})
    return Answer(204, empty=True)


def _rows(call: Call) -> list[Record]:
    rows = call.body if isinstance(call.body, list) else []
    if len(rows) > MOST_PER_CALL:
        raise Refusal(413, f"At most {MOST_PER_CALL} customers")
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise Refusal(422, "A list of customers is required")
    return rows
