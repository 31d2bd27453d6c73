"""Assembly of kits when an order is authorised, and the finished-goods tasks that record it."""

from __future__ import annotations

from decimal import Decimal

from weighbridge_twins.cin7.errors import Refusal
from weighbridge_twins.cin7.events import stock_changed
from weighbridge_twins.cin7.kits import components_for
from weighbridge_twins.cin7.paging import given, page_of
from weighbridge_twins.cin7.state import ZERO, Company, Record, RowKey, Sale
from weighbridge_twins.http.call import Answer, Call

NO_FIELDS = {f"CustomField{n}": "" for n in range(1, 11)}


def assemble(company: Company, sale: Sale, product: Record, kits: Decimal) -> bool:
    """Assembles kits for a sale at its location, all or none; returns True when they are in stock."""
    parts = components_for(company, product, kits, sale.location)
    if parts is None:
        return False
    picked = [
        line
        for component_id, quantity in parts.items()
        for line in _consumed_lines(company, component_id, sale.location, quantity)
    ]
    cost = sum((line["Cost"] for line in picked), ZERO)
    row = company.row_at((product["ID"], sale.location, "", ""))
    row.on_hand += kits
    row.unit_cost = (cost / kits).quantize(Decimal("0.0001"))
    task = _task(company, sale, product, kits, picked)
    company.finished_goods[task["TaskID"]] = task
    sale.assemblies.append(task["TaskID"])
    for component_id in parts:
        stock_changed(company, component_id)
    return True


def disassemble(company: Company, sale: Sale) -> set[str]:
    """Disassembles the sale's kits that are still in stock; returns the ids of the components that are free now.

    The sale's allocation must be released before.
    """
    freed: set[str] = set()
    for task_id in sale.assemblies:
        task = company.finished_goods[task_id]
        row = company.row_at((task["ProductID"], task["Location"], "", ""))
        if row.available < task["Quantity"]:
            continue
        row.on_hand -= task["Quantity"]
        for line in task["PickLines"]:
            key = (line["ProductID"], task["Location"], line["Bin"] or "", line["BatchSN"] or "")
            company.row_at(key).on_hand += line["Quantity"]
            freed.add(line["ProductID"])
        task["Status"] = "VOIDED"
    sale.assemblies = []
    for product_id in freed:
        stock_changed(company, product_id)
    return freed


def list_finished_goods(company: Company, call: Call) -> Answer:
    """Lists assembly tasks; `SaleID` selects those of one sale. Source: GET /finishedGoodsList."""
    sale_id, status, search = given(call, "SaleID").lower(), given(call, "Status"), given(call, "Search").casefold()
    tasks = [
        task
        for task in company.finished_goods.values()
        if (not sale_id or task["SaleID"] == sale_id)
        and (not status or task["Status"] == status)
        and (not search or search in f"{task['AssemblyNumber']} {task['ProductCode']} {task['ProductName']}".casefold())
    ]
    return page_of(company, call, "FinishedGoods", tasks, _row, lists_without_page=False)


def get_finished_goods(company: Company, call: Call) -> Answer:
    """Returns one task with the components that it consumed. Source: GET /finishedGoods."""
    task = company.finished_goods.get(given(call, "TaskID").lower())
    if task is None:
        raise Refusal(f"Finished Goods with ID {given(call, 'TaskID')} not found")
    return Answer(200, {name: value for name, value in task.items() if name != "SaleID"})


def _row(task: Record) -> Record:
    names = ("TaskID", "AssemblyNumber", "BatchSN", "ExpiryDate", "ProductID", "ProductCode", "ProductName", "Quantity")
    cost = sum((line["Cost"] for line in task["PickLines"]), ZERO)
    unit_cost = (cost / task["Quantity"]).quantize(Decimal("0.0001"))
    more = {"Date": task["CompletionDate"], "Status": task["Status"], "UnitCost": unit_cost, "Notes": task["Notes"]}
    return {name: task[name] for name in (*names, "LocationID", "Location")} | more | NO_FIELDS


def _task(company: Company, sale: Sale, product: Record, kits: Decimal, picked: list[Record]) -> Record:
    where = company.location_named(sale.location) or {}
    account = "630"
    return {
        "TaskID": company.new_id(), "AssemblyNumber": company.next_number("FG"), "Status": "COMPLETED",
        "ProductID": product["ID"], "ProductCode": product["SKU"], "ProductName": product["Name"],
        "LocationID": where.get("ID"), "Location": sale.location, "BinID": None, "Bin": None, "WIPAccount": account,
        "WIPDate": company.today(), "Account": account, "Quantity": kits, "AssemblyInstructionURL": "",
        "CompletionDate": company.today(), "BatchSN": None, "ExpiryDate": None, "Notes": f"Auto-assembly {sale.number}",
        **NO_FIELDS, "OrderLines": [_order_line(line) for line in picked], "PickLines": picked,
        "Transactions": [], "Errors": [], "SaleID": sale.id,
    }  # fmt: skip


def _order_line(line: Record) -> Record:
    return {
        "ProductID": line["ProductID"], "ProductCode": line["ProductCode"], "Name": line["Name"], "ExpenseAccount": "",
        "Quantity": line["Quantity"], "Unit": line["Unit"], "WastagePercent": 0, "WastageQuantity": 0,
        "TotalQuantity": line["Quantity"], "TotalCost": line["Cost"],
    }  # fmt: skip


def _consumed_lines(company: Company, product_id: str, location: str, quantity: Decimal) -> list[Record]:
    product = company.products[product_id]
    lines: list[Record] = []
    for key, units in rows_to_pick(company, product_id, location, quantity):
        row = company.row_at(key)
        row.on_hand -= units
        lines.append(
            {
                "ProductID": product_id, "ProductCode": product["SKU"], "Name": product["Name"], "BinID": None,
                "Bin": row.bin, "BatchSN": row.batch, "ExpiryDate": row.expires, "Quantity": units,
                "Unit": product["UOM"], "Cost": units * row.unit_cost,
            }
        )  # fmt: skip
    return lines


def rows_to_pick(company: Company, product_id: str, location: str, quantity: Decimal) -> list[tuple[RowKey, Decimal]]:
    """Chooses the rows to take units from: earliest expiry first; missing units come from a row without a bin."""
    rows = sorted(company.rows_of(product_id, location), key=lambda row: (row.expires is None, row.expires or ""))
    picks: list[tuple[RowKey, Decimal]] = []
    left = quantity
    for row in rows:
        units = min(left, max(row.on_hand, ZERO))
        if units > 0:
            picks.append((row.key, units))
            left -= units
    if left > 0:
        picks.append(((product_id, location, "", ""), left))
    return picks
