"""Assembly of kits when an order is authorised, and the finished-goods tasks that tell of it."""

from __future__ import annotations

from decimal import Decimal

from weighbridge_twins.call import Answer, Call
from weighbridge_twins.cin7.errors import Refusal
from weighbridge_twins.cin7.events import stock_changed
from weighbridge_twins.cin7.kits import parts_for
from weighbridge_twins.cin7.paging import given, page_of
from weighbridge_twins.cin7.state import ZERO, Company, Record, RowKey, Sale

NO_FIELDS = {f"CustomField{n}": "" for n in range(1, 11)}


def assemble(company: Company, sale: Sale, product: Record, kits: Decimal) -> bool:
    """Builds kits for a sale at its location, all or none; True when they stand on the shelf."""
    parts = parts_for(company, product, kits, sale.location)
    if parts is None:
        return False
    picked = [line for part, quantity in parts.items() for line in _taken(company, part, sale.location, quantity)]
    cost = sum((line["Cost"] for line in picked), ZERO)
    row = company.row_at((product["ID"], sale.location, "", ""))
    row.on_hand += kits
    row.unit_cost = (cost / kits).quantize(Decimal("0.0001"))
    task = _task(company, sale, product, kits, picked)
    company.finished_goods[task["TaskID"]] = task
    sale.assemblies.append(task["TaskID"])
    for part in parts:
        stock_changed(company, part)
    return True


def disassemble(company: Company, sale: Sale) -> set[str]:
    """Takes the sale's kits apart again, those that still stand there; answers the components that are free now.

    The sale's allocation must have been given back.
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
    """Assembly tasks; `SaleID` finds those that a sale started. Source: GET /finishedGoodsList."""
    sale_id, status, search = given(call, "SaleID").lower(), given(call, "Status"), given(call, "Search").casefold()
    found = [
        task
        for task in company.finished_goods.values()
        if (not sale_id or task["SaleID"] == sale_id)
        and (not status or task["Status"] == status)
        and (not search or search in f"{task['AssemblyNumber']} {task['ProductCode']} {task['ProductName']}".casefold())
    ]
    return page_of(company, call, "FinishedGoods", found, _row, lists_without_page=False)


def get_finished_goods(company: Company, call: Call) -> Answer:
    """One task with what it took. Source: GET /finishedGoods."""
    found = company.finished_goods.get(given(call, "TaskID").lower())
    if found is None:
        raise Refusal(f"Finished Goods with ID {given(call, 'TaskID')} not found")
    return Answer(200, {name: value for name, value in found.items() if name != "SaleID"})


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


def _taken(company: Company, product_id: str, location: str, quantity: Decimal) -> list[Record]:
    product = company.products[product_id]
    lines: list[Record] = []
    for key, part in shelf_order(company, product_id, location, quantity):
        row = company.row_at(key)
        row.on_hand -= part
        lines.append(
            {
                "ProductID": product_id, "ProductCode": product["SKU"], "Name": product["Name"], "BinID": None,
                "Bin": row.bin, "BatchSN": row.batch, "ExpiryDate": row.expires, "Quantity": part,
                "Unit": product["UOM"], "Cost": part * row.unit_cost,
            }
        )  # fmt: skip
    return lines


def shelf_order(company: Company, product_id: str, location: str, quantity: Decimal) -> list[tuple[RowKey, Decimal]]:
    """From which rows so many units are taken: first what expires first; what no row has comes from the last."""
    rows = sorted(company.rows_of(product_id, location), key=lambda row: (row.expires is None, row.expires or ""))
    taken: list[tuple[RowKey, Decimal]] = []
    left = quantity
    for row in rows:
        part = min(left, max(row.on_hand, ZERO))
        if part > 0:
            taken.append((row.key, part))
            left -= part
    if left > 0:
        taken.append(((product_id, location, "", ""), left))
    return taken
