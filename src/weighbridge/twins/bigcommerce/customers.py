"""Customers, their addresses and groups. Source: platform notes, bigcommerce 6.6."""

from __future__ import annotations

from weighbridge.twins.bigcommerce.errors import Refusal, not_found
from weighbridge.twins.bigcommerce.events import emit
from weighbridge.twins.bigcommerce.paging import v2_page, v3_page, wanted_ids, wanted_texts
from weighbridge.twins.bigcommerce.rendering import iso, parse_date, rendered
from weighbridge.twins.bigcommerce.routing import Routes
from weighbridge.twins.bigcommerce.state import Record, Shop
from weighbridge.twins.call import Answer, Call

routes = Routes()
BATCH = 10


def add_customer(shop: Shop, given: Record) -> Record:
    """A customer; e-mails are unique. Raises Refusal 422."""
    email = str(given.get("email") or "")
    if not email or not given.get("first_name") or not given.get("last_name"):
        raise Refusal(422, "Required fields are missing", {"email": "email, first_name and last_name are required"})
    if any(one["email"].casefold() == email.casefold() for one in shop.customers.values()):
        raise Refusal(422, f"email {email} already in use", {".customer_create": "Error creating customers"})
    now = shop.now()
    customer: Record = {
        "id": shop.next_id("customer", 11), "email": email, "first_name": given["first_name"],
        "last_name": given["last_name"], "company": given.get("company") or "", "phone": given.get("phone") or "",
        "notes": given.get("notes") or "", "tax_exempt_category": "", "customer_group_id": given.get("customer_group_id") or 0,
        "address_count": 0, "registration_ip_address": "", "date_created": now, "date_modified": now,
        "authentication": {"force_password_reset": False}, "accepts_product_review_abandoned_cart_emails": False,
        "origin_channel_id": 1, "channel_ids": [1],
    }  # fmt: skip
    shop.customers[customer["id"]] = customer
    emit(shop, "store/customer/created", {"type": "customer", "id": customer["id"]})
    return customer


@routes.on("GET", "/v3/customers")
def list_customers(shop: Shop, call: Call) -> Answer:
    ids, emails = wanted_ids(call, "id:in"), wanted_texts(call, "email:in")
    names = wanted_texts(call, "name:in")
    since = parse_date(call.query["date_modified:min"]) if call.query.get("date_modified:min") else None
    rows = [
        row
        for row in shop.customers.values()
        if (ids is None or row["id"] in ids)
        and (emails is None or row["email"].casefold() in emails)
        and (names is None or f"{row['first_name']} {row['last_name']}".casefold() in names)
        and (since is None or row["date_modified"] >= since)
    ]
    return v3_page(call, rows, shown)


@routes.on("POST", "/v3/customers")
def create_customers(shop: Shop, call: Call) -> Answer:
    rows = call.body if isinstance(call.body, list) else []
    if not rows or len(rows) > BATCH:
        raise Refusal(413 if rows else 422, f"Between 1 and {BATCH} customers")
    return Answer(200, {"data": [shown(add_customer(shop, row)) for row in rows], "meta": {}})


@routes.on("PUT", "/v3/customers")
def update_customers(shop: Shop, call: Call) -> Answer:
    rows = call.body if isinstance(call.body, list) else []
    if len(rows) > BATCH:
        raise Refusal(413, f"At most {BATCH} customers")
    changed = []
    for row in rows:
        customer = shop.customers.get(int(row.get("id") or 0))
        if customer is None:
            raise Refusal(422, "Customer not found", {"id": "unknown"})
        customer |= {name: value for name, value in row.items() if name in customer and name != "id"}
        customer["date_modified"] = shop.now()
        emit(shop, "store/customer/updated", {"type": "customer", "id": customer["id"]})
        changed.append(shown(customer))
    return Answer(200, {"data": changed, "meta": {}})


def shown(row: Record) -> Record:
    return {**row, "date_created": iso(row["date_created"]), "date_modified": iso(row["date_modified"])}


@routes.on("GET", "/v3/customers/addresses")
def list_addresses(shop: Shop, call: Call) -> Answer:
    customers = wanted_ids(call, "customer_id:in")
    rows = [row for row in shop.addresses.values() if customers is None or row["customer_id"] in customers]
    return v3_page(call, rows)


@routes.on("POST", "/v3/customers/addresses")
def create_addresses(shop: Shop, call: Call) -> Answer:
    """An address that exists is left out of the answer without an error."""
    made = []
    for row in call.body or []:
        same = [one for one in shop.addresses.values() if all(one.get(name) == value for name, value in row.items())]
        if same:
            continue
        address = {"id": shop.next_id("address"), "country": "", "address_type": "residential", **row}
        shop.addresses[address["id"]] = address
        made.append(address)
        emit(shop, "store/customer/address/created",
             {"type": "customer", "id": address["id"], "address": {"customer_id": row.get("customer_id")}})  # fmt: skip
    return Answer(200, {"data": made, "meta": {}})


@routes.on("GET", "/v2/customers")
def list_v2(shop: Shop, call: Call) -> Answer:
    return v2_page(call, list(shop.customers.values()), rendered)


@routes.on("POST", "/v2/customers")
def create_v2(shop: Shop, call: Call) -> Answer:
    return Answer(201, rendered(add_customer(shop, call.body if isinstance(call.body, dict) else {})))


@routes.on("GET", "/v2/customers/{customer_id}")
def get_v2(shop: Shop, call: Call, customer_id: str) -> Answer:
    return Answer(200, rendered(_find(shop, customer_id)))


@routes.on("PUT", "/v2/customers/{customer_id}")
def update_v2(shop: Shop, call: Call, customer_id: str) -> Answer:
    customer = _find(shop, customer_id)
    customer |= {name: value for name, value in (call.body or {}).items() if name in customer and name != "id"}
    return Answer(200, rendered(customer))


@routes.on("GET", "/v2/customer_groups")
def list_groups(shop: Shop, call: Call) -> Answer:
    return v2_page(call, list(shop.groups.values()))


def _find(shop: Shop, customer_id: str) -> Record:
    customer = shop.customers.get(int(customer_id)) if customer_id.isdigit() else None
    if customer is None:
        raise not_found()
    return customer
