"""Fulfilments: pick, pack, ship. Ship lines carry boxes, not products. Source: platform notes, cin7 2.7."""

from __future__ import annotations

from decimal import Decimal

from weighbridge_twins.cin7 import stock
from weighbridge_twins.cin7.errors import Problem, Refusal, refuse_any, required, unknown_location
from weighbridge_twins.cin7.events import sale_event
from weighbridge_twins.cin7.kits import free_at
from weighbridge_twins.cin7.request_parsing import missing, number
from weighbridge_twins.cin7.state import ZERO, Company, Record, RowKey, Sale

NOTHING = {"Status": "NOT AVAILABLE", "Lines": []}


def open_fulfilment(company: Company, sale: Sale) -> Record:
    """Opens a fulfilment task by precondition 4; a second one makes a Simple sale an Advanced one. Raises Refusal."""
    if not sale.ordered:
        raise Refusal("Order is not authorised")
    if any(task["Pick"]["Status"] not in ("AUTHORISED", "VOIDED") for task in sale.fulfilments):
        raise Refusal("There is a fulfilment whose pick is not authorised")
    if sale.type == "Simple Sale" and sale.fulfilments:
        sale.type = "Advanced Sale"
    own = company.switches["task_id_is_sale_id"] and sale.type == "Simple Sale"
    task: Record = {
        "TaskID": sale.id if own else company.new_id(),
        "FulfillmentNumber": len(sale.fulfilments) + 1,
        "LinkedInvoiceNumber": "",
        "FulFilmentStatus": "NOT FULFILLED",
        "Pick": dict(NOTHING),
        "Pack": dict(NOTHING),
        "Ship": {
            "Status": "NOT AVAILABLE",
            "RequireBy": sale.header.get("ShipBy"),
            "ShippingAddress": {**(sale.header.get("ShippingAddress") or {})},
            "ShippingNotes": sale.header.get("ShippingNotes") or "",
            "Lines": [],
        },
    }
    sale.fulfilments.append(task)
    company.sale_of_task[task["TaskID"]] = sale.id
    company.touch(sale)
    return task


def pick(company: Company, sale: Sale, task: Record, lines: list[Record], status: str) -> None:
    """Precondition 5: the order is authorised and the pick is not. Only ordered units on hand can be picked."""
    if not sale.ordered:
        raise Refusal("Order is not authorised")
    if task["Pick"]["Status"] in ("AUTHORISED", "VOIDED"):
        raise Refusal(f"Pick status is {task['Pick']['Status']}")
    full = _full_lines(company, sale, lines)
    if status == "AUTHORISED":
        _check_pickable(company, sale, full)
        # Lines that name a bin or batch come first: the others may take from any row, also from that one.
        ordered = sorted(full, key=lambda line: not (line["Bin"] or line["BatchSN"]))
        full = [picked_line for line in ordered for picked_line in _picked_lines(company, sale, task, line)]
    task["Pick"] = {"Status": status, "Lines": full}
    company.touch(sale)
    if status == "AUTHORISED":
        stock.serve_backorders(company, {line["ProductID"] for line in full})
        sale_event(company, "Sale/PickAuthorised", sale, TaskID=task["TaskID"].upper())


def pack(company: Company, sale: Sale, task: Record, lines: list[Record], status: str) -> None:
    """Precondition 5: the pick is authorised. Packs no more than was picked."""
    if task["Pick"]["Status"] != "AUTHORISED":
        raise Refusal("Pick is not authorised")
    if task["Pack"]["Status"] in ("AUTHORISED", "VOIDED"):
        raise Refusal(f"Pack status is {task['Pack']['Status']}")
    boxes = [str(line.get("Box") or "Box 1") for line in lines]
    full = [{**line, "Box": box} for line, box in zip(_full_lines(company, sale, lines), boxes, strict=True)]
    picked = by_product(task["Pick"]["Lines"])
    for product_id, quantity in by_product(full).items():
        if quantity > picked.get(product_id, ZERO):
            raise Refusal(f"Packed quantity of {company.products[product_id]['SKU']} is above the picked quantity")
    task["Pack"] = {"Status": status, "Lines": full}
    company.touch(sale)
    if status == "AUTHORISED":
        sale_event(company, "Sale/PackAuthorised", sale, TaskID=task["TaskID"].upper())


def undo_step(company: Company, sale: Sale, task: Record) -> None:
    """Makes the last authorised step (ship, pack, pick) a draft; undoing a pick puts its goods back."""
    for step in ("Ship", "Pack", "Pick"):
        if task[step]["Status"] in ("AUTHORISED", "PARTIALLY AUTHORISED"):
            break
    else:
        raise Refusal("Nothing to undo")
    if step == "Pick":
        for key, quantity in picked_rows(task):
            stock.reallocate(company, sale, key, quantity)
        sale.movements = [movement for movement in sale.movements if movement["TaskID"] != task["TaskID"]]
    task[step]["Status"] = "DRAFT"
    task["FulFilmentStatus"] = "NOT FULFILLED"
    company.touch(sale)


def void_task(company: Company, sale: Sale, task: Record) -> None:
    """Voids pick, pack and ship; picked goods return to stock, allocated to the sale again."""
    if task["Pick"]["Status"] == "VOIDED":
        raise Refusal("Fulfilment has been voided")
    for key, quantity in picked_rows(task):
        stock.reallocate(company, sale, key, quantity)
    sale.movements = [movement for movement in sale.movements if movement["TaskID"] != task["TaskID"]]
    for step in ("Pick", "Pack", "Ship"):
        task[step]["Status"] = "VOIDED"
    task["FulFilmentStatus"] = "VOIDED"
    company.touch(sale)


def remaining(company: Company, sale: Sale) -> list[Record]:
    """Returns the lines that are allocated and not picked yet."""
    units: dict[tuple[str, str], Decimal] = {}
    for key, quantity in sale.allocations:
        units[(key[0], key[1])] = units.get((key[0], key[1]), ZERO) + quantity
    return [
        {"SKU": company.products[product_id]["SKU"], "Location": location, "Quantity": quantity}
        for (product_id, location), quantity in units.items()
    ]


def by_product(lines: list[Record]) -> dict[str, Decimal]:
    """Sums the units of each product."""
    units: dict[str, Decimal] = {}
    for line in lines:
        units[line["ProductID"]] = units.get(line["ProductID"], ZERO) + line["Quantity"]
    return units


def picked_rows(task: Record) -> list[tuple[RowKey, Decimal]]:
    """Returns the stock rows that an authorised pick was taken from, to put its goods back there."""
    if task["Pick"]["Status"] != "AUTHORISED":
        return []
    return [
        ((line["ProductID"], line["Location"], line["Bin"] or "", line["BatchSN"] or ""), line["Quantity"])
        for line in task["Pick"]["Lines"]
        if not line["NonInventory"]
    ]


def fulfilment_of(sale: Sale, task_id: str) -> Record:
    """Returns the fulfilment with this task id. Raises Refusal."""
    task = next((task for task in sale.fulfilments if task["TaskID"] == task_id.lower()), None)
    if task is None:
        raise Refusal(f"Fulfilment task with ID {task_id} not found")
    return task


def _full_lines(company: Company, sale: Sale, lines: list[Record]) -> list[Record]:
    problems: list[Problem] = []
    full = [_full_line(company, sale, line, problems) for line in lines]
    refuse_any(problems)
    return full


def _full_line(company: Company, sale: Sale, line: Record, problems: list[Problem]) -> Record:
    product = company.product_named(line.get("ProductID"), line.get("SKU"))
    if product is None:
        problems.append(required("SKU") if not line.get("SKU") else f"Product '{line['SKU']}' was not found")
    problems += missing(line, ("Quantity",))
    quantity = number(line.get("Quantity"), "Quantity", problems, ZERO)
    if quantity <= 0:
        problems.append("Quantity is invalid")
    by_id = company.location_with_id(line.get("LocationID"))
    location_text = line.get("Location") or (by_id["Name"] if by_id else line.get("LocationID")) or sale.location
    location, bin_name, batch = stock.stock_location(location_text, company, line.get("Bin"), line.get("BatchSN"))
    where = company.location_named(location)
    if where is None:
        problems.append(unknown_location(location_text))
    return {
        "ProductID": product["ID"] if product else None,
        "SKU": product["SKU"] if product else None,
        "Name": product["Name"] if product else None,
        "Location": location,
        "LocationID": where["ID"] if where else None,
        "Bin": bin_name or None,
        "Quantity": quantity,
        "BatchSN": batch or None,
        "ExpiryDate": line.get("ExpiryDate"),
        "NonInventory": bool(product and product["Type"] == "Service"),
        "WarrantyRegistrationNumber": line.get("WarrantyRegistrationNumber"),
    }


def _check_pickable(company: Company, sale: Sale, lines: list[Record]) -> None:
    ordered = by_product((sale.order or {}).get("Lines", []))
    before = [task for task in sale.fulfilments if task["Pick"]["Status"] == "AUTHORISED"]
    picked = by_product([line for task in before for line in task["Pick"]["Lines"]])
    for product_id, quantity in by_product(lines).items():
        if picked.get(product_id, ZERO) + quantity > ordered.get(product_id, ZERO):
            raise Refusal(f"Picked quantity of {company.products[product_id]['SKU']} is above the ordered quantity")
    by_place: dict[tuple[str, str], Decimal] = {}
    by_row: dict[RowKey, Decimal] = {}
    for line in lines:
        if line["NonInventory"]:
            continue
        product_location = (line["ProductID"], line["Location"])
        by_place[product_location] = by_place.get(product_location, ZERO) + line["Quantity"]
        if line["Bin"] or line["BatchSN"]:
            key = (*product_location, line["Bin"] or "", line["BatchSN"] or "")
            by_row[key] = by_row.get(key, ZERO) + line["Quantity"]
    for (product_id, location), quantity in by_place.items():
        allowed = free_at(company, product_id, location) + stock.allocated_units(sale, product_id, location)
        if quantity > min(allowed, stock.on_hand_at(company, product_id, location)):
            sku = company.products[product_id]["SKU"]
            raise Refusal(f"Quantity {quantity} of {sku} is not available at {location}")
    for key, quantity in by_row.items():
        stock.check_on_hand(company, key, quantity)


def _picked_lines(company: Company, sale: Sale, task: Record, line: Record) -> list[Record]:
    """Returns the line once for each stock row that it was picked from."""
    if line["NonInventory"]:
        return [line]
    location_bin_batch = (line["Location"], line["Bin"] or "", line["BatchSN"] or "")
    parts = []
    for key, quantity in stock.pick_units(company, sale, line["ProductID"], line["Quantity"], *location_bin_batch):
        row = company.row_at(key)
        own = {"Quantity": quantity, "Bin": row.bin, "BatchSN": row.batch, "ExpiryDate": row.expires}
        parts.append({**line, **own})
        sale.movements.append(
            {
                "TaskID": task["TaskID"],
                "ProductID": line["ProductID"],
                "Date": company.today(),
                "COGS": quantity * row.unit_cost,
            }
        )
    return parts
