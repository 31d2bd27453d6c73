"""What people do in Cin7 Core beside the API: warehouse, buyers, bookkeepers; and how a test company is filled."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from weighbridge.twins.cin7 import fulfilment, stock
from weighbridge.twins.cin7.defaults import location_record
from weighbridge.twins.cin7.errors import Refusal
from weighbridge.twins.cin7.products import product_record
from weighbridge.twins.cin7.sale_header import void
from weighbridge.twins.cin7.state import ZERO, Company, Record, Sale

Act = Callable[[Company, Record], Any]


def seed(company: Company, wanted: Record) -> Record:
    """Adds locations, tax rules, customers, products (with BOMs by SKU) and stock, thousands at once."""
    for name in wanted.get("locations", []):
        if not company.has_name(company.locations, name):
            company.locations.append(location_record(company, name))
    for product in wanted.get("products", []):
        _seed_product(company, product)
    for product in wanted.get("products", []):
        if product.get("bom"):
            _seed_bom(company, product)
    for row in wanted.get("stock", []):
        product = _product(company, row["sku"])
        held = company.row(product["ID"], row.get("location") or "Main Warehouse", row.get("bin"), row.get("batch"))
        held.on_hand = Decimal(str(row["on_hand"]))
        held.expires = row.get("expires")
        held.unit_cost = Decimal(str(row.get("unit_cost", 1)))
    for customer in wanted.get("customers", []):
        record = {
            "ID": company.new_id(),
            "Status": "Active",
            "Currency": company.me["Currency"],
            "Addresses": [],
            "Contacts": [],
            "LastModifiedOn": company.stamp(),
            **customer,
        }
        company.customers[record["ID"]] = record
    return {"products": len(company.products), "stock_rows": len(company.stock)}


def receive_stock(company: Company, wanted: Record) -> Record:
    """A receipt: units on the shelf, oldest backorders served first."""
    product = _product(company, wanted["sku"])
    location = wanted.get("location") or "Main Warehouse"
    stock.receive(company, product["ID"], location, Decimal(str(wanted["quantity"])), wanted.get("bin"))
    return {"available": str(sum((row.available for row in company.rows_of(product["ID"])), ZERO))}


def count_stock(company: Company, wanted: Record) -> Record:
    """A stock count: the shelf holds exactly this many, whatever the books said."""
    product = _product(company, wanted["sku"])
    row = company.row(product["ID"], wanted.get("location") or "Main Warehouse", wanted.get("bin"))
    row.on_hand = Decimal(str(wanted["quantity"]))
    stock.fill_backorders(company, product["ID"])
    stock.stock_changed(company, product["ID"])
    return {"on_hand": str(row.on_hand), "available": str(row.available)}


def pick_pack_ship(company: Company, wanted: Record) -> Record:
    """One parcel in one go: the given lines, or all that is allocated and not picked yet."""
    sale = _sale(company, wanted)
    chosen = wanted.get("lines")
    lines = (
        [{"SKU": one["sku"], "Quantity": one["quantity"], "Box": one.get("box")} for one in chosen] if chosen else None
    )
    if lines is None:
        lines = fulfilment.remaining(company, sale)
    if not lines:
        raise Refusal("Nothing is allocated and waiting to be picked")
    task = _empty_task(sale) or fulfilment.open_fulfilment(company, sale)
    try:
        fulfilment.pick(company, sale, task, lines, "AUTHORISED")
    except Refusal:
        sale.fulfilments.remove(task)
        raise
    fulfilment.pack(company, sale, task, [{**line, "Box": line.get("Box") or "Box 1"} for line in lines], "AUTHORISED")
    boxes = sorted({line.get("Box") or "Box 1" for line in lines})
    fulfilment.ship(company, sale, task, [_ship_line(wanted, ",".join(boxes))], "AUTHORISED")
    return {"fulfilment_number": task["FulfillmentNumber"], "task_id": task["TaskID"]}


def pick(company: Company, wanted: Record) -> Record:
    """Picks the given lines, or all that is allocated, in the open fulfilment or a new one."""
    sale = _sale(company, wanted)
    task = _empty_task(sale) or fulfilment.open_fulfilment(company, sale)
    chosen = [{"SKU": one["sku"], "Quantity": one["quantity"]} for one in wanted.get("lines") or []]
    fulfilment.pick(company, sale, task, chosen or fulfilment.remaining(company, sale), "AUTHORISED")
    return {"fulfilment_number": task["FulfillmentNumber"], "task_id": task["TaskID"]}


def pack(company: Company, wanted: Record) -> Record:
    """Packs the given lines with their boxes, or everything picked into one box."""
    sale = _sale(company, wanted)
    task = _fulfilment(sale, wanted)
    chosen = [
        {"SKU": one["sku"], "Quantity": one["quantity"], "Box": one.get("box")} for one in wanted.get("lines") or []
    ]
    fulfilment.pack(company, sale, task, chosen or task["Pick"]["Lines"], "AUTHORISED")
    return {"task_id": task["TaskID"]}


def ship(company: Company, wanted: Record) -> Record:
    """Ships boxes (comma list, default all that was packed)."""
    sale = _sale(company, wanted)
    task = _fulfilment(sale, wanted)
    boxes = wanted.get("boxes") or ",".join(sorted({line["Box"] for line in task["Pack"]["Lines"]}))
    fulfilment.ship(company, sale, task, [_ship_line(wanted, boxes)], "AUTHORISED")
    return {"task_id": task["TaskID"]}


def add_tracking(company: Company, wanted: Record) -> Record:
    """Tracking that arrives, or is corrected, after the parcel left."""
    sale = _sale(company, wanted)
    task = _fulfilment(sale, wanted)
    lines = [
        {"ID": line["ID"], "TrackingNumber": wanted["tracking"], "Carrier": wanted.get("carrier")}
        for line in task["Ship"]["Lines"]
        if not wanted.get("box") or wanted["box"] in str(line["Boxes"])
    ]
    fulfilment.retrack(company, sale, task, lines)
    return {"task_id": task["TaskID"]}


def void_sale(company: Company, wanted: Record) -> Record:
    void(company, _sale(company, wanted))
    return {"voided": True}


def deprecate_product(company: Company, wanted: Record) -> Record:
    product = _product(company, wanted["sku"])
    product |= {"Status": "Deprecated", "LastModifiedOn": company.stamp()}
    return {"sku": product["SKU"]}


def rename_tax_rule(company: Company, wanted: Record) -> Record:
    rule = company.tax_rule(wanted["name"])
    if rule is None:
        raise KeyError(wanted["name"])
    rule["Name"] = wanted["to"]
    return rule


def set_lock_date(company: Company, wanted: Record) -> Record:
    company.me["LockDate"] = wanted["date"]
    return company.me


def deactivate_hook(company: Company, wanted: Record) -> Record:
    company.webhooks[str(wanted["hook_id"]).lower()]["IsActive"] = False
    return {"deactivated": wanted["hook_id"]}


ACTS: dict[str, Act] = {
    "seed": seed,
    "receive_stock": receive_stock,
    "count_stock": count_stock,
    "pick_pack_ship": pick_pack_ship,
    "pick": pick,
    "pack": pack,
    "ship": ship,
    "add_tracking": add_tracking,
    "void_sale": void_sale,
    "deprecate_product": deprecate_product,
    "rename_tax_rule": rename_tax_rule,
    "lock_date": set_lock_date,
    "deactivate_hook": deactivate_hook,
}


def _seed_product(company: Company, wanted: Record) -> None:
    fields: Record = {
        "SKU": wanted["sku"],
        "Name": wanted.get("name") or wanted["sku"],
        "Type": wanted.get("type", "Stock"),
    }
    if "tier_price" in wanted:
        fields["PriceTier1"] = Decimal(str(wanted["tier_price"]))
    for name, field in (
        ("barcode", "Barcode"),
        ("category", "Category"),
        ("tax", "SaleTaxRule"),
        ("sellable", "Sellable"),
    ):
        if name in wanted:
            fields[field] = wanted[name]
    if fields.get("Category") and not company.has_name(company.categories, fields["Category"]):
        company.categories.append({"ID": company.new_id(), "Name": fields["Category"]})
    company.add_product(product_record(company, fields))


def _seed_bom(company: Company, wanted: Record) -> None:
    product = _product(company, wanted["sku"])
    parts = [
        {
            "ComponentProductID": (part := _product(company, line["sku"]))["ID"],
            "ProductCode": part["SKU"],
            "Name": part["Name"],
            "Quantity": Decimal(str(line["quantity"])),
            "WastagePercent": 0,
            "WastageQuantity": 0,
        }
        for line in wanted["bom"]
    ]
    product |= {
        "BillOfMaterial": True,
        "AutoAssembly": bool(wanted.get("auto_assembly", True)),
        "QuantityToProduce": wanted.get("quantity_to_produce", 1),
        "BOMType": "Assembly",
        "BillOfMaterialsProducts": parts,
    }


def _product(company: Company, sku: Any) -> Record:
    product = company.product_by_sku(str(sku))
    if product is None:
        raise KeyError(sku)
    return product


def _sale(company: Company, wanted: Record) -> Sale:
    return company.sales[str(wanted["sale_id"]).lower()]


def _empty_task(sale: Sale) -> Record | None:
    return next((task for task in sale.fulfilments if task["Pick"]["Status"] == "NOT AVAILABLE"), None)


def _fulfilment(sale: Sale, wanted: Record) -> Record:
    number = wanted.get("fulfilment_number") or len(sale.fulfilments)
    return next(task for task in sale.fulfilments if task["FulfillmentNumber"] == number)


def _ship_line(wanted: Record, boxes: str) -> Record:
    return {
        "Box": boxes,
        "Carrier": wanted.get("carrier") or "",
        "TrackingNumber": wanted.get("tracking") or "",
        "ShipmentDate": wanted.get("shipment_date"),
        "IsShipped": True,
    }
