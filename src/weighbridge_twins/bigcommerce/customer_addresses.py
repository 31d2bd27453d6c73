"""The address book of customers. Source: platform notes, bigcommerce 6.6; Customers v3, addresses."""

from __future__ import annotations

from typing import Final

from weighbridge_twins.bigcommerce.errors import Refusal
from weighbridge_twins.bigcommerce.events import emit
from weighbridge_twins.bigcommerce.paging import v3_page, wanted_ids, wanted_texts
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Record, Shop
from weighbridge_twins.call import Answer, Call

routes = Routes()
REQUIRED: Final = ("first_name", "last_name", "address1", "city", "country_code", "customer_id")
TEXTS: Final = ("first_name", "last_name", "company", "address1", "address2", "city", "state_or_province",
                "postal_code", "country_code", "phone")  # fmt: skip
COUNTRIES: Final = {"US": "United States", "CA": "Canada", "GB": "United Kingdom", "AU": "Australia",
                    "NZ": "New Zealand", "DE": "Germany", "FR": "France"}  # fmt: skip


def addresses_of(shop: Shop, customer_id: int) -> list[Record]:
    """The customer's address book, oldest first."""
    return [row for row in shop.addresses.values() if row["customer_id"] == customer_id]


def add_address(shop: Shop, given: Record) -> Record | None:
    """The new address, or None when the customer has it already. Raises Refusal 422."""
    missing = {name: f"{name} is required" for name in REQUIRED if not given.get(name)}
    if missing or given["customer_id"] not in shop.customers:
        raise Refusal(422, "Required fields are missing", missing or {"customer_id": "unknown"})
    wanted = {name: str(given.get(name) or "") for name in TEXTS}
    if any(all(row[name] == text for name, text in wanted.items()) for row in addresses_of(shop, given["customer_id"])):
        return None
    address: Record = {
        "id": shop.next_id("address"),
        "customer_id": given["customer_id"],
        **wanted,
        "country": COUNTRIES.get(wanted["country_code"], wanted["country_code"]),
        "address_type": given.get("address_type") or "residential",
    }
    shop.addresses[address["id"]] = address
    _announce(shop, "created", address)
    return address


@routes.on("GET", "/v3/customers/addresses")
def list_addresses(shop: Shop, call: Call) -> Answer:
    ids, customers, companies = (
        wanted_ids(call, "id:in"),
        wanted_ids(call, "customer_id:in"),
        wanted_texts(call, "company:in"),
    )
    rows = [
        row
        for row in shop.addresses.values()
        if (customers is None or row["customer_id"] in customers)
        and (ids is None or row["id"] in ids)
        and (companies is None or row["company"].casefold() in companies)
    ]
    return v3_page(call, rows)


@routes.on("POST", "/v3/customers/addresses")
def create_addresses(shop: Shop, call: Call) -> Answer:
    """An address that exists is left out of the answer without an error."""
    rows = call.body if isinstance(call.body, list) else []
    if not rows:
        raise Refusal(422, "A list of addresses is required")
    made = [add_address(shop, row) for row in rows]
    return Answer(200, {"data": [row for row in made if row is not None], "meta": {}})


@routes.on("PUT", "/v3/customers/addresses")
def update_addresses(shop: Shop, call: Call) -> Answer:
    rows = call.body if isinstance(call.body, list) else []
    chosen = [shop.addresses.get(int(row.get("id") or 0)) for row in rows]
    changed = []
    for address, row in zip(chosen, rows, strict=True):
        if address is None:
            raise Refusal(422, f"Address {row.get('id')} does not exist", {"id": "unknown"})
        address |= {name: str(row[name] or "") for name in TEXTS if name in row}
        address["country"] = COUNTRIES.get(address["country_code"], address["country_code"])
        _announce(shop, "updated", address)
        changed.append(address)
    return Answer(200, {"data": changed, "meta": {}})


@routes.on("DELETE", "/v3/customers/addresses")
def delete_addresses(shop: Shop, call: Call) -> Answer:
    ids = wanted_ids(call, "id:in")
    if not ids:
        raise Refusal(422, "id:in is required", {"id:in": "required"})
    for address_id in ids & set(shop.addresses):
        _announce(shop, "deleted", shop.addresses.pop(address_id))
    return Answer(204, empty=True)


def _announce(shop: Shop, what: str, address: Record) -> None:
    """The event says customer, but its id is the address's. Source: platform notes, bigcommerce 7.3."""
    data = {"type": "customer", "id": address["id"], "address": {"customer_id": address["customer_id"]}}
    emit(shop, f"store/customer/address/{what}", data)
