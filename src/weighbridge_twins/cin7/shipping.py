"""Shipping: boxes with a carrier and a tracking number, which may be added later."""

from __future__ import annotations

from typing import Any

from weighbridge_twins.cin7.errors import Problem, Refusal, refuse_any, required
from weighbridge_twins.cin7.events import task_event, tracking_changed
from weighbridge_twins.cin7.fulfilment import open_fulfilment, pack, pick, remaining
from weighbridge_twins.cin7.locks import before_lock_date
from weighbridge_twins.cin7.request_parsing import date_of, overlong, truth
from weighbridge_twins.cin7.state import Company, Record, Sale
from weighbridge_twins.cin7.status import shipped_boxes

TRACKING_URL = "https://tracking.example/{number}"
LINE_LONGEST = {"Carrier": 256, "TrackingNumber": 256}


def ship(company: Company, sale: Sale, task: Record, lines: list[Record], status: str) -> None:
    """Precondition 5: the pack is authorised. Boxes that are not shipped make the ship partially authorised.

    Requests use `Box`, answers `Boxes`. Source: POST /sale/fulfilment/ship; platform notes, cin7 2.7 and 10.17.
    """
    if task["Pack"]["Status"] != "AUTHORISED":
        raise Refusal("Pack is not authorised")
    if task["Ship"]["Status"] in ("AUTHORISED", "VOIDED"):
        raise Refusal(f"Ship status is {task['Ship']['Status']}")
    made = _made(company, task, lines, authorises=status != "DRAFT")
    drafted = task["Ship"]["Status"] in ("NOT AVAILABLE", "DRAFT")
    before = [] if drafted else [line for line in task["Ship"]["Lines"] if line["IsShipped"]]
    task["Ship"]["Lines"] = [*before, *made]
    if status == "DRAFT":
        task["Ship"]["Status"] = "DRAFT"
        company.touch(sale)
        return
    behind = _packed_boxes(task) - shipped_boxes(task)
    named = {box.strip() for line in made for box in line["Boxes"].split(",")}
    if company.switches["unshipped_boxes_listed"]:
        task["Ship"]["Lines"] += [_line(company, {"Box": box}, False) for box in sorted(behind - named)]
    task["Ship"]["Status"] = "PARTIALLY AUTHORISED" if behind else "AUTHORISED"
    task["FulFilmentStatus"] = "PARTIALLY FULFILLED" if behind else "FULFILLED"
    company.touch(sale)
    task_event(company, "Sale/ShipmentAuthorised", sale, task["TaskID"])
    if any(line["TrackingNumber"] for line in made):
        tracking_changed(company, sale, task)


def auto_fulfil(company: Company, sale: Sale, mode: str) -> None:
    """Applies AutoPickPackShipMode to a Simple sale without backorder. Source: POST /sale/order."""
    lines = remaining(company, sale)
    if not lines:
        return
    task = open_fulfilment(company, sale)
    pick(company, sale, task, lines, "AUTHORISED")
    if mode in ("AUTOPICKPACK", "AUTOPICKPACKSHIP"):
        pack(company, sale, task, lines, "AUTHORISED")
    if mode == "AUTOPICKPACKSHIP":
        ship(company, sale, task, [{"Box": "Box 1", "Carrier": sale.header.get("Carrier")}], "AUTHORISED")


def retrack(company: Company, sale: Sale, task: Record, lines: list[Record]) -> None:
    """Changes tracking and carrier after authorisation; finds a line by its id, else by its box.

    Source: PUT /sale/fulfilment/ship, AddTrackingNumbers.
    """
    if task["Ship"]["Status"] not in ("AUTHORISED", "PARTIALLY AUTHORISED"):
        raise Refusal("Ship is not authorised")
    chosen = [(line, _known(task, line)) for line in lines]
    refuse_any([problem for line, _ in chosen for problem in overlong(line, LINE_LONGEST)])
    for line, known in chosen:
        known["TrackingNumber"] = line.get("TrackingNumber") or ""
        known["TrackingURL"] = _url(line.get("TrackingNumber"))
        known["Carrier"] = line.get("Carrier") or known["Carrier"]
    company.touch(sale, moves=bool(company.switches["updated_since_moves_on_tracking"]))
    tracking_changed(company, sale, task)


def _known(task: Record, line: Record) -> Record:
    own, box = str(line.get("ID") or "").lower(), line.get("Box") or line.get("Boxes")
    for known in task["Ship"]["Lines"]:
        if known["ID"] == own if own else known["Boxes"] == box:
            line_found: Record = known
            return line_found
    raise Refusal(f"Ship line '{own or box}' was not found")


def _made(company: Company, task: Record, lines: list[Record], *, authorises: bool) -> list[Record]:
    packed, boxes_sent = _packed_boxes(task), shipped_boxes(task)
    problems: list[Problem] = []
    made = []
    for sent in lines:
        boxes = {box.strip() for box in str(sent.get("Box") or "").split(",") if box.strip()}
        if not boxes:
            problems.append(required("Box"))
        problems += [f"Box '{box}' was not found in pack" for box in sorted(boxes - packed)]
        problems += overlong(sent, LINE_LONGEST)
        date = date_of(sent.get("ShipmentDate"), "ShipmentDate", problems) or company.today()
        problems += before_lock_date(company, date, "ShipmentDate")
        shipped = truth(sent.get("IsShipped", True))
        if authorises and shipped and task["Ship"]["Status"] == "PARTIALLY AUTHORISED":
            problems += [f"Box '{box}' has been shipped" for box in sorted(boxes & boxes_sent)]
        made.append(({**sent, "ShipmentDate": date}, shipped))
    refuse_any(problems)
    return [_line(company, sent, shipped) for sent, shipped in made]


def _line(company: Company, sent: Record, shipped: bool) -> Record:
    return {
        "ID": company.new_id(),
        "ShipmentDate": sent.get("ShipmentDate"),
        "Carrier": sent.get("Carrier") or "",
        "Boxes": str(sent["Box"]) if sent.get("Box") else "",
        "TrackingNumber": sent.get("TrackingNumber") or "",
        "TrackingURL": _url(sent.get("TrackingNumber")),
        "IsShipped": shipped,
    }


def _packed_boxes(task: Record) -> set[str]:
    return {line["Box"] for line in task["Pack"]["Lines"]}


def _url(number: Any) -> str:
    return TRACKING_URL.format(number=number) if number else ""
