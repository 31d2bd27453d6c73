"""Stock movements: allocation, backorders, picking, receipts and returns to stock."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from weighbridge_twins.cin7.errors import Refusal
from weighbridge_twins.cin7.events import stock_changed
from weighbridge_twins.cin7.finished_goods import assemble, rows_to_pick
from weighbridge_twins.cin7.kits import free_at
from weighbridge_twins.cin7.state import ZERO, Company, Record, RowKey, Sale


def allocate(company: Company, sale: Sale, product: Record, quantity: Decimal) -> Decimal:
    """Allocates up to `quantity` at the sale's location; returns the missing units, which become a backorder.

    Missing kits are assembled there first, all or none. Source: platform notes, cin7 2.3 and 3.4.
    """
    if product["Type"] == "Service":
        return ZERO
    free = free_at(company, product["ID"], sale.location)
    if product["AutoAssembly"] and free < quantity:
        if not assemble(company, sale, product, quantity - free):
            return quantity
        free = quantity
    allocated = min(free, quantity)
    if allocated > 0:
        for key, units in _booking(company, product["ID"], sale.location, allocated):
            company.row_at(key).allocated += units
            sale.allocations.append((key, units))
        stock_changed(company, product["ID"])
    return quantity - allocated


def allocated_units(sale: Sale, product_id: str, location: str | None = None) -> Decimal:
    """Returns the units of a product that are allocated to the sale, at one location or at all."""
    allocated = (units for key, units in sale.allocations if key[0] == product_id and location in (None, key[1]))
    return sum(allocated, ZERO)


def release(company: Company, sale: Sale) -> set[str]:
    """Releases the sale's allocation; returns the products, whose backorders can then be allocated."""
    freed = {key[0] for key, _ in sale.allocations}
    for key, units in sale.allocations:
        company.row_at(key).allocated -= units
    sale.allocations = []
    company.backordered.pop(sale.id, None)
    for product_id in freed:
        stock_changed(company, product_id)
    return freed


def pick_units(
    company: Company, sale: Sale, product_id: str, quantity: Decimal, location: str, bin_name: str, batch: str
) -> list[tuple[RowKey, Decimal]]:
    """Removes units from stock and from the sale's allocation; returns the rows they came from.

    The caller has checked that the units are on hand.
    """
    _consume_allocation(company, sale, product_id, quantity, location)
    if bin_name or batch:
        rows = [((product_id, location, bin_name, batch), quantity)]
    else:
        rows = rows_to_pick(company, product_id, location, quantity)
    for key, units in rows:
        company.row_at(key).on_hand -= units
    stock_changed(company, product_id)
    return rows


def on_hand_at(company: Company, product_id: str, location: str) -> Decimal:
    """Returns the units at a location, allocated or not; a stock count can leave fewer than are allocated."""
    return sum((max(row.on_hand, ZERO) for row in company.rows_of(product_id, location)), ZERO)


def check_on_hand(company: Company, key: RowKey, quantity: Decimal) -> None:
    """Raises Refusal when one row has fewer units on hand."""
    row = company.stock.get(key)
    if quantity > (row.on_hand if row else ZERO):
        row_name = ": ".join(segment for segment in key[1:] if segment)
        raise Refusal(f"Quantity {quantity} of {company.products[key[0]]['SKU']} is not available at {row_name}")


def put_back(company: Company, key: RowKey, quantity: Decimal) -> None:
    """Adds units to one row and allocates them to the oldest backorders."""
    company.row_at(key).on_hand += quantity
    serve_backorders(company, [key[0]])
    stock_changed(company, key[0])


def reallocate(company: Company, sale: Sale, key: RowKey, quantity: Decimal) -> None:
    """Returns units to their row and to the sale's allocation, as when a pick is undone."""
    row = company.row_at(key)
    row.on_hand += quantity
    row.allocated += quantity
    sale.allocations.append((key, quantity))
    stock_changed(company, key[0])


def receive(
    company: Company, key: RowKey, quantity: Decimal, *, expires: str | None = None, unit_cost: Decimal | None = None
) -> None:
    """Receives units: reduces the quantity on order at the location and adds stock."""
    row = company.row_at(key)
    row.expires = expires or row.expires
    row.unit_cost = row.unit_cost if unit_cost is None else unit_cost
    left = quantity
    for purchase in [
        purchase for purchase in company.on_order if purchase["ProductID"] == key[0] and purchase["Location"] == key[1]
    ]:
        come = min(left, purchase["Quantity"])
        purchase["Quantity"] -= come
        left -= come
    company.on_order = [purchase for purchase in company.on_order if purchase["Quantity"] > 0]
    put_back(company, key, quantity)


def serve_backorders(company: Company, product_ids: Iterable[str]) -> None:
    """Allocates free units to backordered sales, oldest first; a component also serves kits that contain it."""
    affected_ids = set(product_ids)
    for product_id in list(affected_ids):
        affected_ids |= {kit["ID"] for kit in company.kits_with(product_id) if kit["AutoAssembly"]}
    for sale_id in list(company.backordered):
        sale = company.sales[sale_id]
        lines: list[Record] = sale.order["Lines"] if sale.order else []
        for line in lines:
            owed = line["BackorderQuantity"]
            if owed <= 0 or line["ProductID"] not in affected_ids:
                continue
            missing = allocate(company, sale, company.products[line["ProductID"]], owed)
            if missing != owed:
                line["BackorderQuantity"] = missing
                company.touch(sale)
        if not any(line["BackorderQuantity"] > 0 for line in lines):
            company.backordered.pop(sale_id)


def stock_location(
    location: object, company: Company, bin_name: object = None, batch: object = None
) -> tuple[str, str, str]:
    """Returns location, bin and batch of a line; also reads "Main Warehouse: Bin 1". Source: notes, cin7 3.2."""
    name = str(location or "")
    if company.location_named(name) is None and ": " in name:
        name, _, own_bin = name.partition(": ")
        bin_name = own_bin
    return name, str(bin_name or ""), str(batch or "")


def _booking(company: Company, product_id: str, location: str, quantity: Decimal) -> list[tuple[RowKey, Decimal]]:
    rows = sorted(company.rows_of(product_id, location), key=lambda row: (row.expires is None, row.expires or ""))
    plain: RowKey = (product_id, location, "", "")
    if company.switches["allocation_booked_on"] == "binless_row" and any(row.bin for row in rows):
        return [(plain, quantity)]
    booked: list[tuple[RowKey, Decimal]] = []
    left = quantity
    for row in rows:
        units = min(left, max(row.available, ZERO))
        if units > 0:
            booked.append((row.key, units))
            left -= units
    return [*booked, (plain, left)] if left > 0 else booked


def _consume_allocation(company: Company, sale: Sale, product_id: str, quantity: Decimal, location: str) -> None:
    """Reduces the sale's allocation; units picked beyond it come from the backorder."""
    left = quantity
    remaining: list[tuple[RowKey, Decimal]] = []
    for key, units in sorted(sale.allocations, key=lambda pair: pair[0][1] != location):
        used = min(left, units) if key[0] == product_id else ZERO
        if used > 0:
            company.row_at(key).allocated -= used
            left -= used
        if units > used:
            remaining.append((key, units - used))
    sale.allocations = remaining
    for line in (sale.order or {}).get("Lines", []):
        if line["ProductID"] == product_id and left > 0:
            served = min(left, line["BackorderQuantity"])
            line["BackorderQuantity"] -= served
            left -= served
    if not any(line["BackorderQuantity"] > 0 for line in (sale.order or {}).get("Lines", [])):
        company.backordered.pop(sale.id, None)
