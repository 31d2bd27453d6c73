"""The address books of customers. Source: platform notes, bigcommerce 6.6; Customers v3, addresses."""

from __future__ import annotations

from typing import Final

from weighbridge_twins.bigcommerce.errors import Refusal
from weighbridge_twins.bigcommerce.events import emit
from weighbridge_twins.bigcommerce.paging import id_filter, text_filter, v3_page
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Record, Store
from weighbridge_twins.http.call import Answer, Call

routes = Routes()
REQUIRED: Final = ("first_name", "last_name", "address1", "city", "country_code", "customer_id")
TEXTS: Final = ("first_name", "last_name", "company", "address1", "address2", "city", "state_or_province",
                "postal_code", "country_code", "phone")  # fmt: skip
COUNTRIES: Final = {"US": "United States", "CA": "Canada", "GB": "United Kingdom", "AU": "Australia",
                    "NZ": "New Zealand", "DE": "Germany", "FR": "France"}  # fmt: skip


def addresses_of(store: Store, customer_id: int) -> list[Record]:
    """The customer's address book, oldest first."""
    return [row for row in store.addresses.values() if row["customer_id"] == customer_id]


def add_address(store: Store, values: Record) -> Record | None:
    """Adds an address and returns it; None if the customer already has it. Raises Refusal 422."""
    missing = {name: f"{name} is required" for name in REQUIRED if not values.get(name)}
    if missing or values["customer_id"] not in store.customers:
        raise Refusal(422, "Required fields are missing", missing or {"customer_id": "unknown"})
    texts = {name: str(values.get(name) or "") for name in TEXTS}
    if any(
        all(row[name] == text for name, text in texts.items()) for row in addresses_of(store, values["customer_id"])
    ):
        return None
    address: Record = {
        "id": store.next_id("address"),
        "customer_id": values["customer_id"],
        **texts,
        "country": COUNTRIES.get(texts["country_code"], texts["country_code"]),
        "address_type": values.get("address_type") or "residential",
    }
    store.addresses[address["id"]] = address
    _announce(store, "created", address)
    return address


@routes.on("GET", "/v3/customers/addresses")
def list_addresses(store: Store, call: Call) -> Answer:
    ids, customers, companies = (
        id_filter(call, "id:in"),
        id_filter(call, "customer_id:in"),
        text_filter(call, "company:in"),
    )
    rows = [
        row
        for row in store.addresses.values()
        if (customers is None or row["customer_id"] in customers)
        and (ids is None or row["id"] in ids)
        and (companies is None or row["company"].casefold() in companies)
    ]
    return v3_page(call, rows)


@routes.on("POST", "/v3/customers/addresses")
def create_addresses(store: Store, call: Call) -> Answer:
    """Adds addresses. Omits an address that exists from the answer, without an error."""
    rows = call.body if isinstance(call.body, list) else []
    if not rows:
        raise Refusal(422, "A list of addresses is required")
    added = [add_address(store, row) for row in rows]
    return Answer(200, {"data": [row for row in added if row is not None], "meta": {}})


@routes.on("PUT", "/v3/customers/addresses")
def update_addresses(store: Store, call: Call) -> Answer:
    rows = call.body if isinstance(call.body, list) else []
    addresses = [store.addresses.get(int(row.get("id") or 0)) for row in rows]
    changed = []
    for address, row in zip(addresses, rows, strict=True):
        if address is None:
            raise Refusal(422, f"Address {row.get('id')} does not exist", {"id": "unknown"})
        address |= {name: str(row[name] or "") for name in TEXTS if name in row}
        address["country"] = COUNTRIES.get(address["country_code"], address["country_code"])
        _announce(store, "updated", address)
        changed.append(address)
    return Answer(200, {"data": changed, "meta": {}})


@routes.on("DELETE", "/v3/customers/addresses")
def delete_addresses(store: Store, call: Call) -> Answer:
    ids = id_filter(call, "id:in")
    if not ids:
        raise Refusal(422, "id:in is required", {"id:in": "required"})
    for address_id in ids & set(store.addresses):
        _announce(store, "deleted", store.addresses.pop(address_id))
    return Answer(204, empty=True)


def _announce(store: Store, action: str, address: Record) -> None:
    """The event's type is customer, but its id is that of the address. Source: platform notes, bigcommerce 7.3."""
    data = {"type": "customer", "id": address["id"], "address": {"customer_id": address["customer_id"]}}
    emit(store, f"store/customer/address/{action}", data)
