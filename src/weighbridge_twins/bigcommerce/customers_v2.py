"""Customers and customer groups in the v2 API; groups exist only there. Source: platform notes, bigcommerce 6.6."""

from __future__ import annotations

from typing import Final

from weighbridge_twins.bigcommerce.customer_records import add_customer, check_customer
from weighbridge_twins.bigcommerce.errors import Refusal, not_found
from weighbridge_twins.bigcommerce.events import emit
from weighbridge_twins.bigcommerce.paging import v2_page
from weighbridge_twins.bigcommerce.rendering import rendered
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Record, Store
from weighbridge_twins.http.call import Answer, Call

routes = Routes()
WRITABLE: Final = ("email", "first_name", "last_name", "company", "phone", "notes", "tax_exempt_category",
                   "customer_group_id")  # fmt: skip
MEMBERS: Final = ("id", *WRITABLE, "registration_ip_address", "date_created", "date_modified")


@routes.on("GET", "/v2/customers")
def list_customers(store: Store, call: Call) -> Answer:
    email = call.query.get("email", "").casefold()
    rows = [row for row in store.customers.values() if not email or row["email"].casefold() == email]
    return v2_page(call, rows, _render_customer)


@routes.on("GET", "/v2/customers/count")
def count_customers(store: Store, call: Call) -> Answer:
    return Answer(200, {"count": len(store.customers)})


@routes.on("POST", "/v2/customers")
def create_customer(store: Store, call: Call) -> Answer:
    return Answer(201, _render_customer(add_customer(store, call.body if isinstance(call.body, dict) else {})))


@routes.on("GET", "/v2/customers/{customer_id}")
def get_customer(store: Store, call: Call, customer_id: str) -> Answer:
    return Answer(200, _render_customer(_find(store.customers, customer_id)))


@routes.on("PUT", "/v2/customers/{customer_id}")
def update_customer(store: Store, call: Call, customer_id: str) -> Answer:
    customer = _find(store.customers, customer_id)
    body = call.body if isinstance(call.body, dict) else {}
    check_customer(store, {**customer, **body}, customer, frozenset())
    customer |= {name: body[name] for name in WRITABLE if name in body} | {"date_modified": store.now()}
    emit(store, "store/customer/updated", {"type": "customer", "id": customer["id"]})
    return Answer(200, _render_customer(customer))


@routes.on("DELETE", "/v2/customers/{customer_id}")
def delete_customer(store: Store, call: Call, customer_id: str) -> Answer:
    customer = _find(store.customers, customer_id)
    del store.customers[customer["id"]]
    emit(store, "store/customer/deleted", {"type": "customer", "id": customer["id"]})
    return Answer(204, empty=True)


@routes.on("GET", "/v2/customers/{customer_id}/addresses")
def list_addresses(store: Store, call: Call, customer_id: str) -> Answer:
    customer = _find(store.customers, customer_id)
    rows = [row for row in store.addresses.values() if row["customer_id"] == customer["id"]]
    return v2_page(call, rows, lambda row: {**row, "state": row["state_or_province"], "zip": row["postal_code"]})


@routes.on("GET", "/v2/customer_groups")
def list_groups(store: Store, call: Call) -> Answer:
    name = call.query.get("name")
    return v2_page(call, [row for row in store.groups.values() if name in (None, row["name"])])


@routes.on("POST", "/v2/customer_groups")
def create_group(store: Store, call: Call) -> Answer:
    body = call.body if isinstance(call.body, dict) else {}
    if not body.get("name") or any(row["name"] == body["name"] for row in store.groups.values()):
        raise Refusal(400, "A group needs a name of its own", {"name": "required, unique"})
    group: Record = {
        "id": store.next_id("customer_group"),
        "name": body["name"],
        "is_default": bool(body.get("is_default", False)),
        "is_group_for_guests": False,
        "category_access": body.get("category_access") or {"type": "all"},
        "discount_rules": body.get("discount_rules") or [],
    }
    store.groups[group["id"]] = group
    return Answer(201, group)


@routes.on("GET", "/v2/customer_groups/{group_id}")
def get_group(store: Store, call: Call, group_id: str) -> Answer:
    return Answer(200, _find(store.groups, group_id))


@routes.on("PUT", "/v2/customer_groups/{group_id}")
def update_group(store: Store, call: Call, group_id: str) -> Answer:
    group = _find(store.groups, group_id)
    body = call.body if isinstance(call.body, dict) else {}
    group |= {name: value for name, value in body.items() if name in group and name != "id"}
    return Answer(200, group)


@routes.on("DELETE", "/v2/customer_groups/{group_id}")
def delete_group(store: Store, call: Call, group_id: str) -> Answer:
    """Deletes a group; its customers then belong to no group."""
    group = _find(store.groups, group_id)
    del store.groups[group["id"]]
    for customer in store.customers.values():
        if customer["customer_group_id"] == group["id"]:
            customer["customer_group_id"] = 0
    return Answer(204, empty=True)


def _render_customer(row: Record) -> Record:
    record: Record = rendered({name: row[name] for name in MEMBERS})
    return record


def _find(rows: dict[int, Record], row_id: str) -> Record:
    row = rows.get(int(row_id)) if row_id.isdigit() else None
    if row is None:
        raise not_found()
    return row
