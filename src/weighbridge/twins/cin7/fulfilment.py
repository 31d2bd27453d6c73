"""Fulfilments: pick, pack, ship. Ship lines carry boxes, not products."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from weighbridge.twins.call import Answer, Call
from weighbridge.twins.cin7 import stock
from weighbridge.twins.cin7.errors import Refusal, required
from weighbridge.twins.cin7.events import sale_event, shipment_authorised, tracking_changed
from weighbridge.twins.cin7.paging import given
from weighbridge.twins.cin7.sale_header import find_sale
from weighbridge.twins.cin7.state import ZERO, Company, Record, Sale

TRACKING_URL = "https://tracking.example/{number}"


def get_fulfilments(company: Company, call: Call) -> Answer:
    sale = find_sale(company, given(call, "SaleID"))
    return Answer(200, {"SaleID": sale.id, "Fulfilments": sale.fulfilments})


def post_fulfilment(company: Company, call: Call) -> Answer:
    """Gate 4: the order is authorised and no pick is open; a Simple sale becomes an Advanced one."""
    body = _body(call)
    sale = find_sale(company, body.get("SaleID"))
    task = open_fulfilment(company, sale)
    return Answer(200, {"SaleID": sale.id, "Fulfilments": [task]})


def open_fulfilment(company: Company, sale: Sale) -> Record:
    """A new fulfilment task. Raises Refusal by gate 4."""
    if sale.order is None or sale.order["Status"] != "AUTHORISED":
        raise Refusal("Order is not authorised")
    if any(task["Pick"]["Status"] not in ("AUTHORISED", "VOIDED") for task in sale.fulfilments):
        raise Refusal("There is a fulfilment whose pick is not authorised")
    if sale.type == "Simple Sale" and sale.fulfilments:
        sale.type = "Advanced Sale"
    address = {**(sale.header.get("ShippingAddress") or {})}
    task: Record = {
        "TaskID": company.new_id(),
        "FulfillmentNumber": len(sale.fulfilments) + 1,
        "LinkedInvoiceNumber": "",
        "FulFilmentStatus": "NOT FULFILLED",
        "Pick": {"Status": "NOT AVAILABLE", "Lines": []},
        "Pack": {"Status": "NOT AVAILABLE", "Lines": []},
        "Ship": {
            "Status": "NOT AVAILABLE",
            "RequireBy": None,
            "ShippingAddress": address,
            "ShippingNotes": sale.header.get("ShippingNotes", ""),
            "Lines": [],
        },
    }
    sale.fulfilments.append(task)
    company.sale_of_task[task["TaskID"]] = sale.id
    company.touch(sale)
    return task


def post_pick(company: Company, call: Call) -> Answer:
    body = _body(call)
    sale, task = _task(company, body)
    lines = remaining(company, sale) if body.get("AutoPickMode") == "AUTOPICK" else body.get("Lines") or []
    status = "AUTHORISED" if body.get("AutoPickMode") else body.get("Status", "DRAFT")
    pick(company, sale, task, lines, status)
    return Answer(200, {"SaleID": sale.id, "TaskID": task["TaskID"], **task["Pick"]})


def pick(company: Company, sale: Sale, task: Record, lines: list[Record], status: str) -> None:
    """Gate 5: once authorised a pick is final; only what is allocated can be picked."""
    if sale.order is None or sale.order["Status"] != "AUTHORISED":
        raise Refusal("Order is not authorised")
    if task["Pick"]["Status"] == "AUTHORISED":
        raise Refusal("Pick is already authorised")
    full = [_full_line(company, sale, line) for line in lines]
    if status == "AUTHORISED":
        for line in full:
            held = sum((q for key, q in sale.allocations if key[0] == line["ProductID"]), ZERO)
            if line["Quantity"] > held:
                raise Refusal(f"Quantity {line['Quantity']} of {line['SKU']} is not available for picking")
        for line in full:
            stock.pick(company, sale, line["ProductID"], line["Quantity"])
        sale_event(company, "Sale/PickAuthorised", sale, TaskID=task["TaskID"].upper())
    task["Pick"] = {"Status": status, "Lines": full}
    company.touch(sale)


def post_pack(company: Company, call: Call) -> Answer:
    body = _body(call)
    sale, task = _task(company, body)
    pack(company, sale, task, body.get("Lines") or [], body.get("Status", "DRAFT"))
    return Answer(200, {"SaleID": sale.id, "TaskID": task["TaskID"], **task["Pack"]})


def pack(company: Company, sale: Sale, task: Record, lines: list[Record], status: str) -> None:
    """Gate 5: packing needs an authorised pick, and packs no more than was picked."""
    if task["Pick"]["Status"] != "AUTHORISED":
        raise Refusal("Pick is not authorised")
    if task["Pack"]["Status"] == "AUTHORISED":
        raise Refusal("Pack is already authorised")
    full = [{**_full_line(company, sale, line), "Box": line.get("Box") or "Box 1"} for line in lines]
    picked = _by_product(task["Pick"]["Lines"])
    for product_id, quantity in _by_product(full).items():
        if quantity > picked.get(product_id, ZERO):
            raise Refusal("Packed quantity is above the picked quantity")
    task["Pack"] = {"Status": status, "Lines": full}
    company.touch(sale)
    if status == "AUTHORISED":
        sale_event(company, "Sale/PackAuthorised", sale, TaskID=task["TaskID"].upper())


def post_ship(company: Company, call: Call) -> Answer:
    body = _body(call)
    sale, task = _task(company, body)
    if body.get("AddTrackingNumbers"):
        retrack(company, sale, task, body.get("Lines") or [])
    else:
        ship(company, sale, task, body.get("Lines") or [], body.get("Status", "DRAFT"))
    return Answer(200, {"SaleID": sale.id, "TaskID": task["TaskID"], **task["Ship"]})


def ship(company: Company, sale: Sale, task: Record, lines: list[Record], status: str) -> None:
    """Gate 5: shipping needs an authorised pack. Boxes that no line ships stay: the ship is partially authorised.

    Requests name `Box`, answers `Boxes`.
    """
    if task["Pack"]["Status"] != "AUTHORISED":
        raise Refusal("Pack is not authorised")
    if task["Ship"]["Status"] == "AUTHORISED":
        raise Refusal("Ship is already authorised")
    made = [
        {
            "ID": company.new_id(),
            "ShipmentDate": str(line.get("ShipmentDate") or company.stamp())[:19],
            "Carrier": line.get("Carrier") or "",
            "Boxes": line.get("Box") or line.get("Boxes") or "Box 1",
            "TrackingNumber": line.get("TrackingNumber") or "",
            "TrackingURL": _url(line.get("TrackingNumber")),
            "IsShipped": bool(line.get("IsShipped", status == "AUTHORISED")),
        }
        for line in lines
    ]
    task["Ship"]["Lines"] = [*task["Ship"]["Lines"], *made]
    gone = {b.strip() for line in task["Ship"]["Lines"] if line["IsShipped"] for b in str(line["Boxes"]).split(",")}
    packed = {line["Box"] for line in task["Pack"]["Lines"]}
    if status == "AUTHORISED":
        task["Ship"]["Status"] = "AUTHORISED" if packed <= gone else "PARTIALLY AUTHORISED"
        task["FulFilmentStatus"] = "FULFILLED" if packed <= gone else "PARTIALLY FULFILLED"
        shipment_authorised(company, sale, task["TaskID"])
        if any(line["TrackingNumber"] for line in made):
            tracking_changed(company, sale, task)
    else:
        task["Ship"]["Status"] = status
    company.touch(sale)


def retrack(company: Company, sale: Sale, task: Record, lines: list[Record]) -> None:
    """Tracking after authorisation; a line is found by its id or its box."""
    for line in lines:
        box = line.get("Box") or line.get("Boxes")
        for known in task["Ship"]["Lines"]:
            if (line.get("ID") and known["ID"] == str(line["ID"]).lower()) or (
                not line.get("ID") and known["Boxes"] == box
            ):
                known["TrackingNumber"] = line.get("TrackingNumber") or ""
                known["TrackingURL"] = _url(line.get("TrackingNumber"))
                known["Carrier"] = line.get("Carrier") or known["Carrier"]
    if company.switches["updated_moves_on_tracking"]:
        company.touch(sale)
    tracking_changed(company, sale, task)


def auto_fulfil(company: Company, sale: Sale, mode: str) -> None:
    """AutoPickPackShipMode of a Simple sale without backorder."""
    task = open_fulfilment(company, sale)
    lines = remaining(company, sale)
    if not lines:
        return
    pick(company, sale, task, lines, "AUTHORISED")
    if mode in ("AUTOPICKPACK", "AUTOPICKPACKSHIP"):
        pack(company, sale, task, lines, "AUTHORISED")
    if mode == "AUTOPICKPACKSHIP":
        ship(company, sale, task, [{"Box": "Box 1", "Carrier": sale.header.get("Carrier") or ""}], "AUTHORISED")


def remaining(company: Company, sale: Sale) -> list[Record]:
    """What is allocated and not picked yet."""
    units: dict[tuple[str, str], Decimal] = {}
    for key, quantity in sale.allocations:
        units[(key[0], key[1])] = units.get((key[0], key[1]), ZERO) + quantity
    return [
        {"SKU": company.products[product_id]["SKU"], "Location": location, "Quantity": quantity}
        for (product_id, location), quantity in units.items()
    ]


def _full_line(company: Company, sale: Sale, line: Record) -> Record:
    product = company.products.get(str(line.get("ProductID") or "").lower()) or company.product_by_sku(
        str(line.get("SKU") or "")
    )
    if product is None:
        raise Refusal(required("SKU") if not line.get("SKU") else f"Product '{line['SKU']}' was not found")
    location = line.get("Location") or sale.location
    where = next((one for one in company.locations if one["Name"] == location), None)
    return {
        "ProductID": product["ID"],
        "SKU": product["SKU"],
        "Name": product["Name"],
        "Location": location,
        "LocationID": where["ID"] if where else None,
        "Quantity": Decimal(str(line.get("Quantity") or 0)),
        "BatchSN": line.get("BatchSN"),
        "ExpiryDate": line.get("ExpiryDate"),
    }


def _by_product(lines: list[Record]) -> dict[str, Decimal]:
    units: dict[str, Decimal] = {}
    for line in lines:
        units[line["ProductID"]] = units.get(line["ProductID"], ZERO) + line["Quantity"]
    return units


def _task(company: Company, body: Record) -> tuple[Sale, Record]:
    task_id = str(body.get("TaskID") or "").lower()
    sale = company.sales.get(company.sale_of_task.get(task_id, ""))
    task = next((one for one in sale.fulfilments if one["TaskID"] == task_id), None) if sale else None
    if sale is None or task is None:
        raise Refusal(required("TaskID") if not task_id else f"Fulfilment task with ID {task_id} not found")
    return sale, task


def get_part(part: str) -> Any:
    """GET of the pick, pack or ship of a fulfilment."""

    def handler(company: Company, call: Call) -> Answer:
        sale, task = _task(company, {"TaskID": given(call, "TaskID")})
        return Answer(200, {"SaleID": sale.id, "TaskID": task["TaskID"], **task[part]})

    return handler


def _url(number: Any) -> str:
    return TRACKING_URL.format(number=number) if number else ""


def _body(call: Call) -> Record:
    if not isinstance(call.body, dict):
        raise Refusal("Request body is not provided")
    return call.body
