"""Stock moves: allocation, backorders, picking, receipts and what goes back on the shelf."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from weighbridge_twins.cin7.errors import Refusal
from weighbridge_twins.cin7.events import stock_changed
from weighbridge_twins.cin7.finished_goods import assemble, shelf_order
from weighbridge_twins.cin7.kits import free_at
from weighbridge_twins.cin7.state import ZERO, Company, Record, RowKey, Sale


def allocate(company: Company, sale: Sale, product: Record, quantity: Decimal) -> Decimal:
    """Allocates up to `quantity` at the sale's location; answers what is missing, which becomes a backorder.

    A kit is assembled there first, all that is short or nothing. Source: platform notes, cin7 2.3 and 3.4.
    """
    if product["Type"] == "Service":
        return ZERO
    free = free_at(company, product["ID"], sale.location)
    if product["AutoAssembly"] and free < quantity:
        if not assemble(company, sale, product, quantity - free):
            return quantity
        free = quantity
    taken = min(free, quantity)
    if taken > 0:
        for key, part in _booking(company, product["ID"], sale.location, taken):
            company.row_at(key).allocated += part
            sale.allocations.append((key, part))
        stock_changed(company, product["ID"])
    return quantity - taken


def held(sale: Sale, product_id: str, location: str | None = None) -> Decimal:
    """Units of a product that the sale holds, at one location or anywhere."""
    own = (part for key, part in sale.allocations if key[0] == product_id and location in (None, key[1]))
    return sum(own, ZERO)


def release(company: Company, sale: Sale) -> set[str]:
    """Gives back all that the sale holds; answers the products, whose backorders can then be served."""
    freed = {key[0] for key, _ in sale.allocations}
    for key, part in sale.allocations:
        company.row_at(key).allocated -= part
    sale.allocations = []
    company.backordered.pop(sale.id, None)
    for product_id in freed:
        stock_changed(company, product_id)
    return freed


def take(
    company: Company, sale: Sale, product_id: str, quantity: Decimal, location: str, bin_name: str, batch: str
) -> list[tuple[RowKey, Decimal]]:
    """Takes units off the shelf and out of the sale's allocation; answers the rows they came from.

    The caller has checked that they are there.
    """
    _consume_allocation(company, sale, product_id, quantity, location)
    if bin_name or batch:
        rows = [((product_id, location, bin_name, batch), quantity)]
    else:
        rows = shelf_order(company, product_id, location, quantity)
    for key, part in rows:
        company.row_at(key).on_hand -= part
    stock_changed(company, product_id)
    return rows


def on_shelves(company: Company, product_id: str, location: str) -> Decimal:
    """Units that stand at a location, whoever holds them; fewer than are allocated after a count found less."""
    return sum((max(row.on_hand, ZERO) for row in company.rows_of(product_id, location)), ZERO)


def check_on_shelf(company: Company, key: RowKey, quantity: Decimal) -> None:
    """Raises Refusal when so many units do not stand on one row."""
    row = company.stock.get(key)
    if quantity > (row.on_hand if row else ZERO):
        place = ": ".join(part for part in key[1:] if part)
        raise Refusal(f"Quantity {quantity} of {company.products[key[0]]['SKU']} is not available at {place}")


def put_back(company: Company, key: RowKey, quantity: Decimal) -> None:
    """Puts units on one row; the oldest backorders get them first."""
    company.row_at(key).on_hand += quantity
    serve_backorders(company, [key[0]])
    stock_changed(company, key[0])


def hold_again(company: Company, sale: Sale, key: RowKey, quantity: Decimal) -> None:
    """Puts units back on their row and into the sale's allocation, as when a pick is undone."""
    row = company.row_at(key)
    row.on_hand += quantity
    row.allocated += quantity
    sale.allocations.append((key, quantity))
    stock_changed(company, key[0])


def receive(
    company: Company, key: RowKey, quantity: Decimal, *, expires: str | None = None, unit_cost: Decimal | None = None
) -> None:
    """A receipt: settles what was on order there, then goes on the shelf."""
    row = company.row_at(key)
    row.expires = expires or row.expires
    row.unit_cost = row.unit_cost if unit_cost is None else unit_cost
    left = quantity
    for one in [one for one in company.on_order if one["ProductID"] == key[0] and one["Location"] == key[1]]:
        come = min(left, one["Quantity"])
        one["Quantity"] -= come
        left -= come
    company.on_order = [one for one in company.on_order if one["Quantity"] > 0]
    put_back(company, key, quantity)


def serve_backorders(company: Company, product_ids: Iterable[str]) -> None:
    """Allocates free units to backordered sales, oldest first; a component also serves the kits it is in."""
    wanted = set(product_ids)
    for product_id in list(wanted):
        wanted |= {kit["ID"] for kit in company.kits_with(product_id) if kit["AutoAssembly"]}
    for sale_id in list(company.backordered):
        sale = company.sales[sale_id]
        lines: list[Record] = sale.order["Lines"] if sale.order else []
        for line in lines:
            owed = line["BackorderQuantity"]
            if owed <= 0 or line["ProductID"] not in wanted:
                continue
            missing = allocate(company, sale, company.products[line["ProductID"]], owed)
            if missing != owed:
                line["BackorderQuantity"] = missing
                company.touch(sale)
        if not any(line["BackorderQuantity"] > 0 for line in lines):
            company.backordered.pop(sale_id)


def shelf(location: object, company: Company, bin_name: object = None, batch: object = None) -> tuple[str, str, str]:
    """Location, bin and batch of a line; a bin may be written "Main Warehouse: Bin 1". Source: notes, cin7 3.2."""
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
        part = min(left, max(row.available, ZERO))
        if part > 0:
            booked.append((row.key, part))
            left -= part
    return [*booked, (plain, left)] if left > 0 else booked


def _consume_allocation(company: Company, sale: Sale, product_id: str, quantity: Decimal, location: str) -> None:
    """What is picked beyond the allocation was backordered until now."""
    left = quantity
    kept: list[tuple[RowKey, Decimal]] = []
    for key, part in sorted(sale.allocations, key=lambda pair: pair[0][1] != location):
        used = min(left, part) if key[0] == product_id else ZERO
        if used > 0:
            company.row_at(key).allocated -= used
            left -= used
        if part > used:
            kept.append((key, part - used))
    sale.allocations = kept
    for line in (sale.order or {}).get("Lines", []):
        if line["ProductID"] == product_id and left > 0:
            served = min(left, line["BackorderQuantity"])
            line["BackorderQuantity"] -= served
            left -= served
    if not any(line["BackorderQuantity"] > 0 for line in (sale.order or {}).get("Lines", [])):
        company.backordered.pop(sale.id, None)
