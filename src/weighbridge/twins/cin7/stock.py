"""Stock: allocation, backorders, assembly of kits, picking, receipts."""

from __future__ import annotations

from decimal import Decimal

from weighbridge.twins.cin7.events import stock_changed as stock_changed
from weighbridge.twins.cin7.state import ZERO, Company, Record, Sale


def allocate(company: Company, sale: Sale, product: Record, quantity: Decimal) -> Decimal:
    """Allocates up to `quantity` at the sale's location; answers what is missing, which becomes a backorder.

    A kit is assembled from components at that location, all or nothing. Source: platform notes, cin7 3.4.
    """
    if product["Type"] == "Service":
        return ZERO
    own = sum((max(row.available, ZERO) for row in company.rows_of(product["ID"], sale.location)), ZERO)
    if product["AutoAssembly"] and own < quantity and not _assemble(company, sale, product, quantity - own):
        return quantity
    missing = quantity
    for row in company.rows_of(product["ID"], sale.location):
        taken = min(missing, max(row.available, ZERO))
        if taken > 0:
            row.allocated += taken
            sale.allocations.append((row.key, taken))
            missing -= taken
    stock_changed(company, product["ID"])
    return missing


def component_needs(product: Record) -> dict[str, Decimal]:
    """Units of each component that one kit takes."""
    made = Decimal(str(product["QuantityToProduce"] or 1))
    return {
        line["ComponentProductID"]: Decimal(str(line["Quantity"])) / made for line in product["BillOfMaterialsProducts"]
    }


def buildable(company: Company, product: Record, location: str) -> Decimal:
    """Whole kits that the components at a location make."""
    needs = component_needs(product)
    if not needs:
        return ZERO
    counts = [
        sum((row.available for row in company.rows_of(part, location)), ZERO) // need for part, need in needs.items()
    ]
    return max(min(counts), ZERO)


def _assemble(company: Company, sale: Sale, product: Record, kits: Decimal) -> bool:
    if buildable(company, product, sale.location) < kits:
        return False
    for part, need in component_needs(product).items():
        _consume(company, part, sale.location, need * kits)
        stock_changed(company, part)
    company.row(product["ID"], sale.location).on_hand += kits
    task = {
        "TaskID": company.new_id(),
        "AssemblyNumber": company.next_number("FG"),
        "ProductID": product["ID"],
        "ProductCode": product["SKU"],
        "ProductName": product["Name"],
        "Location": sale.location,
        "Quantity": kits,
        "Status": "COMPLETED",
        "SaleID": sale.id,
        "Date": company.stamp(),
        "Errors": [],
    }
    company.finished_goods[task["TaskID"]] = task
    sale.assemblies.append(task["TaskID"])
    return True


def _consume(company: Company, product_id: str, location: str, quantity: Decimal) -> None:
    left = quantity
    for row in company.rows_of(product_id, location):
        taken = min(left, max(row.available, ZERO))
        row.on_hand -= taken
        left -= taken


def release(company: Company, sale: Sale) -> None:
    """Gives back what the sale holds; kits stay assembled."""
    for key, quantity in sale.allocations:
        company.row(key[0], key[1], key[2] or None, key[3] or None).allocated -= quantity
        stock_changed(company, key[0])
    sale.allocations = []
    _forget_backorder(company, sale)


def pick(company: Company, sale: Sale, product_id: str, quantity: Decimal) -> Decimal:
    """Takes allocated units off the shelf; answers how many of `quantity` were not allocated."""
    left = quantity
    kept: list[tuple[tuple[str, str, str, str], Decimal]] = []
    for key, held in sale.allocations:
        taken = min(left, held) if key[0] == product_id else ZERO
        if taken > 0:
            row = company.row(key[0], key[1], key[2] or None, key[3] or None)
            row.allocated -= taken
            row.on_hand -= taken
            left -= taken
        if held - taken > 0:
            kept.append((key, held - taken))
    sale.allocations = kept
    stock_changed(company, product_id)
    return left


def receive(company: Company, product_id: str, location: str, quantity: Decimal, bin_name: str | None = None) -> None:
    """Puts units on the shelf and gives them to the oldest backorders first."""
    company.row(product_id, location, bin_name).on_hand += quantity
    fill_backorders(company, product_id)
    stock_changed(company, product_id)


def fill_backorders(company: Company, product_id: str) -> None:
    """Allocates free units of a product to backordered sales, oldest first."""
    for sale_id in list(company.backordered):
        sale = company.sales[sale_id]
        lines = (sale.order or {}).get("Lines", [])
        for line in lines:
            owed = Decimal(str(line.get("BackorderQuantity") or 0))
            if line["ProductID"] != product_id or owed <= 0:
                continue
            missing = allocate(company, sale, company.products[product_id], owed)
            if missing != owed:
                line["BackorderQuantity"] = missing
                company.touch(sale)
        if not any(Decimal(str(line.get("BackorderQuantity") or 0)) > 0 for line in lines):
            _forget_backorder(company, sale)


def note_backorder(company: Company, sale: Sale) -> None:
    if sale.id not in company.backordered:
        company.backordered.append(sale.id)


def _forget_backorder(company: Company, sale: Sale) -> None:
    if sale.id in company.backordered:
        company.backordered.remove(sale.id)
