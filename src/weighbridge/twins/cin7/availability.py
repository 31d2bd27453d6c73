"""Product availability: one row per product, location, bin and batch; a row of zeros vanishes."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from weighbridge.twins.call import Answer, Call
from weighbridge.twins.cin7.paging import given, page_of
from weighbridge.twins.cin7.state import ZERO, Company, Record, StockRow
from weighbridge.twins.cin7.stock import buildable


def list_availability(company: Company, call: Call) -> Answer:
    """No filter by time exists; one that is sent is ignored. Source: GET /ref/productavailability."""
    sku, name, location = given(call, "Sku"), given(call, "Name"), given(call, "Location")
    wanted, batch, category = given(call, "ID").lower(), given(call, "Batch"), given(call, "Category")

    def matches(product: Record, row: StockRow) -> bool:
        return (
            (not sku or product["SKU"] == sku)
            and (not name or product["Name"].casefold().startswith(name.casefold()))
            and (not location or row.location == location)
            and (not wanted or product["ID"] == wanted)
            and (not batch or row.batch == batch)
            and (not category or product["Category"] == category)
        )

    products = [found] if sku and (found := company.product_by_sku(sku)) else list(company.products.values())
    rows = [
        (product, row)
        for product in products
        if _listed(company, product)
        for row in _rows(company, product)
        if matches(product, row)
    ]
    return page_of(company, call, "ProductAvailabilityList", rows, lambda pair: _shown(*pair))


def _listed(company: Company, product: Record) -> bool:
    if product["Type"] == "Service":
        return bool(company.switches["services_in_availability"])
    return product["Status"] != "Deprecated" or bool(company.switches["deprecated_in_availability"])


def _rows(company: Company, product: Record) -> Iterator[StockRow]:
    """Stored rows, and for kits the reading of the switch `kit_availability`."""
    reading = company.switches["kit_availability"]
    if product["AutoAssembly"] and reading == "none":
        return
    if product["AutoAssembly"] and reading == "computed":
        for location in company.locations:
            can = buildable(company, product, location["Name"])
            own = [row for row in company.rows_of(product["ID"], location["Name"])]
            on_hand = sum((row.on_hand for row in own), ZERO) + can
            allocated = sum((row.allocated for row in own), ZERO)
            if on_hand or allocated:
                yield StockRow(product["ID"], location["Name"], None, None, None, on_hand, allocated)
        return
    for row in company.rows_of(product["ID"]):
        if row.on_hand or row.allocated:
            yield row


def _shown(product: Record, row: StockRow) -> Record:
    return {
        "ID": product["ID"],
        "SKU": product["SKU"],
        "Name": product["Name"],
        "Barcode": product["Barcode"],
        "Location": row.location,
        "Bin": row.bin,
        "Batch": row.batch,
        "ExpiryDate": row.expires,
        "OnHand": row.on_hand,
        "Allocated": row.allocated,
        "Available": row.available,
        "OnOrder": Decimal(0),
        "StockOnHand": row.on_hand * row.unit_cost,
        "InTransit": Decimal(0),
        "NextDeliveryDate": None,
    }
