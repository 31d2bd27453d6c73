"""The calls under /sale/fulfilment: the task and its pick, pack and ship."""

from __future__ import annotations

from collections.abc import Callable

from weighbridge_twins.cin7 import fulfilment, shipping
from weighbridge_twins.cin7.documents import with_product_info
from weighbridge_twins.cin7.errors import Problem, Refusal, refuse_any
from weighbridge_twins.cin7.paging import flag, given
from weighbridge_twins.cin7.request_parsing import body_of, date_of, missing, overlong, rows_of, truth
from weighbridge_twins.cin7.sale_header import find_sale, sale_of_task
from weighbridge_twins.cin7.state import Company, Record, Sale
from weighbridge_twins.http.call import Answer, Call

STATUSES = ("DRAFT", "AUTHORISED")
SHIP_STATUSES = ("DRAFT", "PARTIALLY AUTHORISED", "AUTHORISED")


def get_fulfilments(company: Company, call: Call) -> Answer:
    """Source: GET /sale/fulfilment."""
    sale = find_sale(company, given(call, "SaleID"))
    return _all(company, call, sale)


def post_fulfilment(company: Company, call: Call) -> Answer:
    """Precondition 4: the order is authorised and no pick is open. A Simple sale becomes an Advanced one.

    Source: POST /sale/fulfilment.
    """
    sale = find_sale(company, body_of(call).get("SaleID"))
    fulfilment.open_fulfilment(company, sale)
    if sale.type == "Simple Sale":
        sale.type = "Advanced Sale"
        company.touch(sale)
    return _all(company, call, sale)


def delete_fulfilment(company: Company, call: Call) -> Answer:
    """Void=true voids the task; otherwise its last step is undone. Source: DELETE /sale/fulfilment."""
    sale, task = _task(company, given(call, "TaskID"))
    if flag(call, "Void"):
        fulfilment.void_task(company, sale, task)
    else:
        fulfilment.undo_step(company, sale, task)
    return _all(company, call, sale)


def get_step(step: str) -> Callable[[Company, Call], Answer]:
    """Returns the handler for GET of the pick, pack or ship of a fulfilment."""

    def handler(company: Company, call: Call) -> Answer:
        _, task = _task(company, given(call, "TaskID"))
        view = {"TaskID": task["TaskID"], **task[step]}
        if flag(call, "IncludeProductInfo") and step != "Ship":
            view["Lines"] = with_product_info(company, view["Lines"])
        return Answer(200, view)

    return handler


def write_pick(company: Company, call: Call) -> Answer:
    """Picks lines, or with `AutoPickMode` AUTOPICK all that is allocated. Source: POST /sale/fulfilment/pick."""
    body = body_of(call)
    sale, task = _task(company, body.get("TaskID"))
    if body.get("AutoPickMode") == "AUTOPICK":
        fulfilment.pick(company, sale, task, fulfilment.remaining(company, sale), "AUTHORISED")
    else:
        lines = _checked_lines(body, STATUSES)
        fulfilment.pick(company, sale, task, lines, body["Status"])
    return Answer(200, {"TaskID": task["TaskID"], **task["Pick"]})


def write_pack(company: Company, call: Call) -> Answer:
    """Source: POST /sale/fulfilment/pack."""
    body = body_of(call)
    sale, task = _task(company, body.get("TaskID"))
    fulfilment.pack(company, sale, task, _checked_lines(body, STATUSES), body["Status"])
    return Answer(200, {"TaskID": task["TaskID"], **task["Pack"]})


def write_ship(company: Company, call: Call) -> Answer:
    """Precondition 5. Boxes that stayed behind can be shipped on the screen only, not by another call.

    AddTrackingNumbers=true changes tracking and carrier of an authorised ship. Source: PUT .../ship.
    """
    body = body_of(call)
    sale, task = _task(company, body.get("TaskID"))
    lines = _checked_lines(body, SHIP_STATUSES)
    problems: list[Problem] = overlong(body, {"ShippingNotes": 1024})
    required_by = date_of(body.get("RequireBy"), "RequireBy", problems)
    address = body.get("ShippingAddress")
    if not isinstance(address, (dict, type(None))):
        problems.append("ShippingAddress is invalid")
    refuse_any(problems)
    if truth(body.get("AddTrackingNumbers")) and call.method == "PUT":
        shipping.retrack(company, sale, task, lines)
    elif task["Ship"]["Status"] == "PARTIALLY AUTHORISED":
        raise Refusal("Ship status is PARTIALLY AUTHORISED")
    else:
        shipping.ship(company, sale, task, lines, body["Status"])
    if address:
        task["Ship"]["ShippingAddress"] = address
    if body.get("ShippingNotes") is not None:
        task["Ship"]["ShippingNotes"] = body["ShippingNotes"]
    task["Ship"]["RequireBy"] = required_by or task["Ship"]["RequireBy"]
    return Answer(200, {"TaskID": task["TaskID"], **task["Ship"]})


def _checked_lines(body: Record, statuses: tuple[str, ...]) -> list[Record]:
    problems = missing(body, ("Status",))
    if body.get("Status") not in (None, "", *statuses):
        problems.append(f"Status is invalid. Available values are {', '.join(statuses)}.")
    lines = rows_of(body, "Lines", problems)
    refuse_any(problems)
    return lines


def _task(company: Company, task_id: object) -> tuple[Sale, Record]:
    sale = sale_of_task(company, task_id)
    return sale, fulfilment.fulfilment_of(sale, str(task_id))


def _all(company: Company, call: Call, sale: Sale) -> Answer:
    tasks = sale.fulfilments
    if flag(call, "IncludeProductInfo"):
        tasks = [
            {
                **task,
                **{
                    step: {**task[step], "Lines": with_product_info(company, task[step]["Lines"])}
                    for step in ("Pick", "Pack")
                },
            }
            for task in tasks
        ]
    return Answer(200, {"SaleID": sale.id, "Fulfilments": tasks})
