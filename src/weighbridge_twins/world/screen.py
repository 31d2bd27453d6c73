"""The screens of Cin7 Core: users read and change the same data as the API, without using its quota."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import count
from typing import Any, Final

from weighbridge_twins.clock import Clock
from weighbridge_twins.http.call import Call, Json, Platform
from weighbridge_twins.http.calls_log import render

API: Final = "/ExternalApi/v2"
NEW: Final = "00000000-0000-0000-0000-000000000000"


class Screen:
    """Reads and changes sales of one company as a user. Raises ValueError when Cin7 refuses."""

    def __init__(self, company: Platform, clock: Clock) -> None:
        self._company = company
        self._clock = clock

    def sale(self, sale_id: str) -> Json:
        """Returns a sale with all its documents."""
        return self._do("GET", "/sale", {"ID": sale_id})

    def authorised_sales(self, since: datetime | None) -> list[Json]:
        """Returns the list rows of sales with an authorised order: those changed after `since`, or all."""
        query = {"Limit": "1000", "OrderStatus": "AUTHORISED"}
        if since is not None:
            query["UpdatedSince"] = since.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
        rows: list[Json] = []
        for page in count(1):
            answer = self._do("GET", "/saleList", {**query, "Page": str(page)})
            rows += answer["SaleList"]
            if not answer["SaleList"] or len(rows) >= answer["Total"]:
                return rows
        return rows

    def invoice(self, sale_id: str) -> bool:
        """Invoices a sale as ordered; returns False when it is invoiced already."""
        sale = self.sale(sale_id)
        if any(invoice["Status"] in ("AUTHORISED", "PAID") for invoice in sale["Invoices"]):
            return False
        today, order = self._clock.now().strftime("%Y-%m-%d"), sale["Order"]
        invoice: dict[str, Any] = {
            "SaleID": sale_id,
            "TaskID": NEW,
            "Status": "AUTHORISED",
            "InvoiceDate": today,
            "InvoiceDueDate": today,
            "CombineAdditionalCharges": False,
            "Lines": order["Lines"],
            "AdditionalCharges": order["AdditionalCharges"],
        }
        self._do("POST", "/sale/invoice", {}, invoice)
        return True

    def make_sale(self, header: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> Json:
        """Enters a sale by hand and authorises its order; returns the order."""
        sale = self._do("POST", "/sale", {}, {"SkipQuote": True, **header})
        entered = [dict(line) for line in lines]
        order = {"SaleID": sale["ID"], "Status": "AUTHORISED", "Memo": "", "Lines": entered, "AdditionalCharges": []}
        return self._do("POST", "/sale/order", {}, order)

    def change_lines(self, sale_id: str, change: Callable[[list[Json]], list[Json]]) -> Json:
        """Undoes an authorised order, changes its lines and authorises it again; returns the order."""
        self._do("DELETE", "/sale", {"ID": sale_id, "Void": "false"})
        return self.authorise(sale_id, change)

    def authorise(self, sale_id: str, change: Callable[[list[Json]], list[Json]] = list) -> Json:
        """Authorises a draft order, with its lines unchanged or changed; returns the order."""
        order = self.sale(sale_id)["Order"]
        written = {
            "SaleID": sale_id,
            "Status": "AUTHORISED",
            "Memo": order.get("Memo") or "",
            "Lines": change(order["Lines"]),
            "AdditionalCharges": order["AdditionalCharges"],
        }
        return self._do("POST", "/sale/order", {}, written)

    def credit(self, sale_id: str, lines: Sequence[Mapping[str, Any]] = ()) -> Json:
        """Credits lines of a sale's first invoice, or all of it, without a restock."""
        invoice = self.sale(sale_id)["Invoices"][0]
        note = {
            "SaleID": sale_id,
            "TaskID": NEW,
            "Status": "AUTHORISED",
            "CreditNoteInvoiceNumber": invoice["InvoiceNumber"],
            "CreditNoteDate": self._clock.now().strftime("%Y-%m-%d"),
            "CombineAdditionalCharges": False,
            "Lines": [dict(line) for line in lines] or invoice["Lines"],
            "AdditionalCharges": [] if lines else invoice["AdditionalCharges"],
        }
        return self._do("POST", "/sale/creditnote", {}, note)

    def pay(self, sale_id: str, amount: Decimal, account: str, reference: str) -> Json:
        """Records a payment on a sale's first invoice."""
        invoice = self.sale(sale_id)["Invoices"][0]
        payment = {
            "TaskID": invoice["TaskID"],
            "Type": "Payment",
            "Reference": reference,
            "Amount": amount,
            "DatePaid": self._clock.now().strftime("%Y-%m-%d"),
            "Account": account,
            "CurrencyRate": 1,
        }
        return self._do("POST", "/sale/payment", {}, payment)

    def void_fulfilments(self, sale: Json) -> None:
        """Voids every fulfilment of a sale, which returns its picked goods to stock."""
        for task in sale["Fulfilments"]:
            self._do("DELETE", "/sale/fulfilment", {"TaskID": str(task["TaskID"]), "Void": "true"})

    def _do(self, method: str, path: str, query: Mapping[str, str], body: Json = None) -> Json:
        answer = self._company.answer(Call(method, API + path, query, {}, render(body) if body else b""))
        if answer.status != 200:
            raise ValueError(f"Cin7 answers {answer.status} to {method} {path} {dict(query)}: {answer.body}")
        return answer.body
