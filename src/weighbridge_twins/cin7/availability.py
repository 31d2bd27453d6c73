"""Product availability: one row per product, location, bin and batch, without rows that are all zero."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from weighbridge_twins.cin7.kits import buildable
from weighbridge_twins.cin7.paging import begins, given, page_of
from weighbridge_twins.cin7.state import ZERO, Company, Record, StockRow
from weighbridge_twins.http.call import Answer, Call

SPECIAL = ("IsShopfloor", "IsStaging", "FixedAssetsLocation")


def list_availability(company: Company, call: Call) -> Answer:
    """No filter by time exists; unknown filters are ignored. Source: GET /ref/productavailability."""
    name, location, batch, category = (
        given(call, parameter) for parameter in ("Name", "Location", "Batch", "Category")
    )
    skipped = _skipped_locations(company)
    filtered = bool(location or batch or skipped)
    rows = [
        (product, row)
        for product in _products(company, call)
        if (not name or begins(product["Name"], name)) and (not category or product["Category"] == category)
        for row in rows_for(company, product)
        if not filtered
        or (
            row.location not in skipped
            and (not location or row.location.casefold() == location.casefold())
            and (not batch or row.batch == batch)
        )
    ]
    return page_of(company, call, "ProductAvailabilityList", rows, lambda pair: render_availability_row(company, *pair))


def rows_for(company: Company, product: Record) -> list[StockRow]:
    """Returns the rows of a product that are not all zero; rows of a kit follow the switch `kit_availability`."""
    if product["AutoAssembly"] and company.switches["kit_availability"] != "row":
        return list(_computed(company, product)) if company.switches["kit_availability"] == "computed" else []
    return [row for row in company.rows_of(product["ID"]) if row.on_hand or row.allocated]


def render_availability_row(company: Company, product: Record, row: StockRow) -> Record:
    """Renders a row of the list; `StockOnHand` is money. Source: platform notes, cin7 3.1."""
    incoming = _incoming(company, row)
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
        "OnOrder": sum((purchase["Quantity"] for purchase in incoming), ZERO),
        "StockOnHand": row.on_hand * row.unit_cost,
        "InTransit": ZERO,
        "NextDeliveryDate": min((purchase["Date"] for purchase in incoming if purchase["Date"]), default=None),
    }


def _products(company: Company, call: Call) -> list[Record]:
    id_filter, sku = given(call, "ID").lower(), given(call, "Sku")
    if sku:
        product = company.product_by_sku(sku)
        chosen = [product] if product and product["SKU"] == sku and id_filter in ("", product["ID"]) else []
    elif id_filter:
        chosen = [company.products[id_filter]] if id_filter in company.products else []
    else:
        chosen = list(company.products.values())
    return [product for product in chosen if _listed(company, product)]


def _listed(company: Company, product: Record) -> bool:
    if product["Type"] == "Service":
        return bool(company.switches["services_in_availability"])
    return product["Status"] != "Deprecated" or bool(company.switches["deprecated_products_in_availability"])


def _skipped_locations(company: Company) -> set[str]:
    if company.switches["special_locations_in_availability"]:
        return set()
    return {location["Name"] for location in company.locations if any(location[name] for name in SPECIAL)}


def _computed(company: Company, product: Record) -> Iterator[StockRow]:
    for location in company.locations:
        own = company.rows_of(product["ID"], location["Name"])
        on_hand = sum((row.on_hand for row in own), buildable(company, product, location["Name"]))
        allocated = sum((row.allocated for row in own), ZERO)
        if on_hand or allocated:
            cost = own[0].unit_cost if own else Decimal(1)
            yield StockRow(product["ID"], location["Name"], None, None, None, on_hand, allocated, cost)


def _incoming(company: Company, row: StockRow) -> list[Record]:
    purchases = [
        purchase
        for purchase in company.on_order
        if purchase["ProductID"] == row.product_id and purchase["Location"] == row.location
    ]
    if purchases and company.switches["on_order_per_bin"] == "first_row":
        rows = [
            other_row
            for other_row in company.rows_of(row.product_id, row.location)
            if other_row.on_hand or other_row.allocated
        ]
        return purchases if not rows or rows[0].key == row.key else []
    return purchases
