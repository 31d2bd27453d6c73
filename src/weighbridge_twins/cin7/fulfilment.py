"""Fulfilments: pick, pack, ship. Ship lines carry boxes, not products. Source: platform notes, cin7 2.7."""

from __future__ import annotations

from decimal import Decimal

from weighbridge_twins.cin7 import stock
from weighbridge_twins.cin7.errors import Problem, Refusal, refuse_any, required, unknown_location
from weighbridge_twins.cin7.events import sale_event
from weighbridge_twins.cin7.kits import free_at
from weighbridge_twins.cin7.reading import missing, number
from weighbridge_twins.cin7.state import ZERO, Company, Record, RowKey, Sale

NOTHING = {"Status": "NOT AVAILABLE", "Lines": []}


def open_fulfilment(company: Company, sale: Sale) -> Record:
    """A new fulfilment task; a Simple sale's second makes it an Advanced one. Raises Refusal by gate 4."""
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
    """Gate 5: the order is authorised and the pick is not. Only what is ordered and on the shelf can be picked."""
    if not sale.ordered:
        raise Refusal("Order is not authorised")
    if task["Pick"]["Status"] in ("AUTHORISED", "VOIDED"):
        raise Refusal(f"Pick status is {task['Pick']['Status']}")
    full = _full_lines(company, sale, lines)
    if status == "AUTHORISED":
        _check_pickable(company, sale, full)
        # Lines that name their shelf first: others may take from any, also from that one.
        ordered = sorted(full, key=lambda line: not (line["Bin"] or line["BatchSN"]))
        full = [part for line in ordered for part in _taken(company, sale, task, line)]
    task["Pick"] = {"Status": status, "Lines": full}
    company.touch(sale)
    if status == "AUTHORISED":
        stock.serve_backorders(company, {line["ProductID"] for line in full})
        sale_event(company, "Sale/PickAuthorised", sale, TaskID=task["TaskID"].upper())


def pack(company: Company, sale: Sale, task: Record, lines: list[Record], status: str) -> None:
    """Gate 5: packing needs an authorised pick, and packs no more than was picked."""
    if task["Pick"]["Status"] != "AUTHORISED":
        raise Refusal("Pick is not authorised")
    if task["Pack"]["Status"] in ("AUTHORISED", "VOIDED"):
        raise Refusal(f"Pack status is {task['Pack']['Status']}")
    boxes = [str(line.get("Box") or "Box 1") for line in lines]
    full = [{**one, "Box": box} for one, box in zip(_full_lines(company, sale, lines), boxes, strict=True)]
    picked = by_product(task["Pick"]["Lines"])
    for product_id, quantity in by_product(full).items():
        if quantity > picked.get(product_id, ZERO):
            raise Refusal(f"Packed quantity of {company.products[product_id]['SKU']} is above the picked quantity")
    task["Pack"] = {"Status": status, "Lines": full}
    company.touch(sale)
    if status == "AUTHORISED":
        sale_event(company, "Sale/PackAuthorised", sale, TaskID=task["TaskID"].upper())


def undo_step(company: Company, sale: Sale, task: Record) -> None:
    """The last authorised of ship, pack and pick becomes a draft; undoing a pick puts its goods back."""
    for part in ("Ship", "Pack", "Pick"):
        if task[part]["Status"] in ("AUTHORISED", "PARTIALLY AUTHORISED"):
            break
    else:
        raise Refusal("Nothing to undo")
    if part == "Pick":
        for key, quantity in shelved(task):
            stock.hold_again(company, sale, key, quantity)
        sale.movements = [one for one in sale.movements if one["TaskID"] != task["TaskID"]]
    task[part]["Status"] = "DRAFT"
    task["FulFilmentStatus"] = "NOT FULFILLED"
    company.touch(sale)


def void_task(company: Company, sale: Sale, task: Record) -> None:
    """Voids pick, pack and ship; picked goods return and the sale holds them again."""
    if task["Pick"]["Status"] == "VOIDED":
        raise Refusal("Fulfilment has been voided")
    for key, quantity in shelved(task):
        stock.hold_again(company, sale, key, quantity)
    sale.movements = [one for one in sale.movements if one["TaskID"] != task["TaskID"]]
    for part in ("Pick", "Pack", "Ship"):
        task[part]["Status"] = "VOIDED"
    task["FulFilmentStatus"] = "VOIDED"
    company.touch(sale)


def remaining(company: Company, sale: Sale) -> list[Record]:
    """What is allocated and not picked yet."""
    units: dict[tuple[str, str], Decimal] = {}
    for key, quantity in sale.allocations:
        units[(key[0], key[1])] = units.get((key[0], key[1]), ZERO) + quantity
    return [
        {"SKU": company.products[product_id]["SKU"], "Location": location, "Quantity": quantity}
        for (product_id, location), quantity in units.items()
    ]


def by_product(lines: list[Record]) -> dict[str, Decimal]:
    """Units of each product."""
    units: dict[str, Decimal] = {}
    for line in lines:
        units[line["ProductID"]] = units.get(line["ProductID"], ZERO) + line["Quantity"]
    return units


def shelved(task: Record) -> list[tuple[RowKey, Decimal]]:
    """The rows that an authorised pick was taken from, to put its goods back there."""
    if task["Pick"]["Status"] != "AUTHORISED":
        return []
    return [
        ((line["ProductID"], line["Location"], line["Bin"] or "", line["BatchSN"] or ""), line["Quantity"])
        for line in task["Pick"]["Lines"]
        if not line["NonInventory"]
    ]


def fulfilment_of(sale: Sale, task_id: str) -> Record:
    """The fulfilment with this task id. Raises Refusal."""
    task = next((one for one in sale.fulfilments if one["TaskID"] == task_id.lower()), None)
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
    wanted = line.get("Location") or (by_id["Name"] if by_id else line.get("LocationID")) or sale.location
    location, bin_name, batch = stock.shelf(wanted, company, line.get("Bin"), line.get("BatchSN"))
    where = company.location_named(location)
    if where is None:
        problems.append(unknown_location(wanted))
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
        place = (line["ProductID"], line["Location"])
        by_place[place] = by_place.get(place, ZERO) + line["Quantity"]
        if line["Bin"] or line["BatchSN"]:
            key = (*place, line["Bin"] or "", line["BatchSN"] or "")
            by_row[key] = by_row.get(key, ZERO) + line["Quantity"]
    for (product_id, location), quantity in by_place.items():
        allowed = free_at(company, product_id, location) + stock.held(sale, product_id, location)
        if quantity > min(allowed, stock.on_shelves(company, product_id, location)):
            sku = company.products[product_id]["SKU"]
            raise Refusal(f"Quantity {quantity} of {sku} is not available at {location}")
    for key, quantity in by_row.items():
        stock.check_on_shelf(company, key, quantity)


def _taken(company: Company, sale: Sale, task: Record, line: Record) -> list[Record]:
    """The line, once for each row it was served from."""
    if line["NonInventory"]:
        return [line]
    place = (line["Location"], line["Bin"] or "", line["BatchSN"] or "")
    parts = []
    for key, quantity in stock.take(company, sale, line["ProductID"], line["Quantity"], *place):
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
