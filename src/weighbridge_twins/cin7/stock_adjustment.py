"""Stock adjustments: new absolute levels, not differences. Source: platform notes, cin7 3.2."""

from __future__ import annotations

from decimal import Decimal

from weighbridge_twins.cin7 import stock
from weighbridge_twins.cin7.errors import Problem, Refusal, refuse_any, required, unknown_location
from weighbridge_twins.cin7.locks import before_lock_date
from weighbridge_twins.cin7.paging import flag, given, page_of
from weighbridge_twins.cin7.request_parsing import body_of, date_of, missing, number, rows_of, truth
from weighbridge_twins.cin7.state import ZERO, Company, Record, RowKey
from weighbridge_twins.http.call import Answer, Call


def post_adjustment(company: Company, call: Call) -> Answer:
    """`UpdateOnHand` false adjusts the available quantity instead. Source: POST and PUT /stockadjustment."""
    body = body_of(call)
    former = company.adjustments.get(str(body.get("TaskID") or "").lower()) if call.method == "PUT" else None
    if call.method == "PUT" and (former is None or former["Status"] != "DRAFT"):
        raise Refusal("Stock adjustment with specified ID not found or not DRAFT")
    problems = missing(body, ("EffectiveDate", "Status"))
    if body.get("Status") not in (None, "", "DRAFT", "COMPLETED"):
        problems.append("Status is invalid. Available values are DRAFT, COMPLETED.")
    date = date_of(body.get("EffectiveDate"), "EffectiveDate", problems)
    problems += before_lock_date(company, date, "EffectiveDate")
    on_hand = truth(body.get("UpdateOnHand", True))
    lines = [_line(company, line, on_hand, problems) for line in rows_of(body, "Lines", problems)]
    refuse_any(problems)
    task: Record = {
        "TaskID": former["TaskID"] if former else company.new_id(),
        "EffectiveDate": date,
        "StocktakeNumber": former["StocktakeNumber"] if former else company.next_number("ST"),
        "Status": body["Status"],
        "Account": body.get("Account"),
        "Reference": body.get("Reference") or "",
        "ExistingStockLines": [line for line in lines if line["QuantityOnHand"]],
        "NewStockLines": [_new(line) for line in lines if not line["QuantityOnHand"]],
        "Transactions": [],
    }
    company.adjustments[task["TaskID"]] = task
    if task["Status"] == "COMPLETED":
        for line in lines:
            key = _key(line)
            company.row_at(key).unit_cost = line["UnitCost"] or company.row_at(key).unit_cost
            stock.put_back(company, key, line["Adjustment"] - company.row_at(key).on_hand)
    return Answer(200, task)


def get_adjustment(company: Company, call: Call) -> Answer:
    """Source: GET /stockadjustment."""
    return Answer(200, _adjustment(company, given(call, "TaskID")))


def delete_adjustment(company: Company, call: Call) -> Answer:
    """Voids or undoes an adjustment: reverts the difference if it is still on hand. Source: DELETE /stockadjustment."""
    task = _adjustment(company, given(call, "ID"))
    if task["Status"] == "VOIDED":
        raise Refusal("Stock adjustment has been voided")
    if task["Status"] == "COMPLETED":
        lines = [*task["ExistingStockLines"], *task["NewStockLines"]]
        for line in lines:
            stock.check_on_hand(company, _key(line), -_back(line))
        for line in lines:
            stock.put_back(company, _key(line), _back(line))
    task["Status"] = "VOIDED" if flag(call, "Void") else "DRAFT"
    return Answer(200, task)


def list_adjustments(company: Company, call: Call) -> Answer:
    """Source: GET /stockadjustmentList."""
    names = ("TaskID", "EffectiveDate", "StocktakeNumber", "Status", "Account", "Reference")
    status = given(call, "Status")
    adjustments = [
        adjustment for adjustment in company.adjustments.values() if not status or adjustment["Status"] == status
    ]
    return page_of(
        company, call, "StockAdjustmentList", adjustments, lambda adjustment: {name: adjustment[name] for name in names}
    )


def _adjustment(company: Company, task_id: str) -> Record:
    adjustment = company.adjustments.get(task_id.lower())
    if adjustment is None:
        raise Refusal(f"Stock adjustment with ID {task_id} not found")
    return adjustment


def _line(company: Company, line: Record, on_hand: bool, problems: list[Problem]) -> Record:
    product = company.product_named(line.get("ProductID"), line.get("SKU"))
    if product is None:
        named = line.get("SKU") or line.get("ProductID")
        problems.append(f"Product '{named}' was not found in Products reference book" if named else required("SKU"))
    by_id = company.location_with_id(line.get("LocationID"))
    location_text = line.get("Location") or (by_id["Name"] if by_id else line.get("LocationID")) or ""
    name, bin_name, batch = stock.stock_location(location_text, company, line.get("Bin"), line.get("BatchSN"))
    where = company.location_named(name)
    if where is None:
        problems.append(unknown_location(location_text) if location_text else required("Location"))
    quantity = number(line.get("Quantity"), "Quantity", problems)
    if quantity < 0:
        problems.append("Quantity is invalid")
    cost = number(line.get("UnitCost"), "UnitCost", problems, ZERO)
    row = company.stock.get((product["ID"], name, bin_name, batch)) if product else None
    held_units, allocated = (row.on_hand, row.allocated) if row else (ZERO, ZERO)
    return {
        "ProductID": product["ID"] if product else None,
        "SKU": product["SKU"] if product else None,
        "ProductName": product["Name"] if product else None,
        "QuantityOnHand": held_units,
        "Available": held_units - allocated,
        "Adjustment": quantity if on_hand else quantity + allocated,
        "UnitCost": cost,
        "Location": name,
        "LocationID": where["ID"] if where else None,
        "Bin": bin_name or None,
        "BatchSN": batch or None,
        "ExpiryDate": line.get("ExpiryDate"),
        "Comments": line.get("Comments") or "",
    }


def _new(line: Record) -> Record:
    hidden = ("QuantityOnHand", "Available", "Adjustment")
    return {**{name: value for name, value in line.items() if name not in hidden}, "Quantity": line["Adjustment"]}


def _back(line: Record) -> Decimal:
    """Returns the change of stock when a line is undone."""
    before: Decimal = line.get("QuantityOnHand", ZERO)
    after: Decimal = line["Adjustment"] if "Adjustment" in line else line["Quantity"]
    return before - after


def _key(line: Record) -> RowKey:
    return (line["ProductID"], line["Location"], line["Bin"] or "", line["BatchSN"] or "")
