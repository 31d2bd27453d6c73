"""A test company: apples, pears and a basket of both, one web customer, and a manual clock."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from weighbridge_twins.cin7 import Cin7Twin
from weighbridge_twins.http.call import Answer, Call
from weighbridge_twins.http.calls_log import render

ZERO_ID = "00000000-0000-0000-0000-000000000000"
CREDENTIALS = {"api-auth-accountid": "ACCOUNT-1", "api-auth-applicationkey": "KEY-1"}
ADDRESS = {"Line1": "1 Elm St", "City": "Austin", "State": "TX", "Postcode": "78701", "Country": "United States"}
START = datetime(2026, 3, 2, 9, 0, 0, tzinfo=UTC)
GOODS = {
    "products": [
        {"sku": "APPLE", "name": "Apple", "tier_price": "1.50", "barcode": "4001"},
        {"sku": "PEAR", "name": "Pear", "tier_price": "2.00"},
        {"sku": "BASKET", "name": "Fruit basket", "tier_price": "9.00", "bom": [
            {"sku": "APPLE", "quantity": 2}, {"sku": "PEAR", "quantity": 1},
        ]},
    ],
    "stock": [
        {"sku": "APPLE", "location": "Main Warehouse", "on_hand": 10, "unit_cost": "0.50"},
        {"sku": "PEAR", "location": "Main Warehouse", "on_hand": 10, "unit_cost": "0.80"},
        {"sku": "APPLE", "location": "Overflow", "on_hand": 4, "unit_cost": "0.50"},
    ],
    "customers": [
        {"Name": "Web", "TaxRule": "Tax Exempt"},
        {"Name": "Web EUR", "Currency": "EUR", "TaxRule": "Tax Exempt"},
    ],
}  # fmt: skip


@dataclass
class ManualClock:
    """A clock that a test moves."""

    current_time: datetime = START

    def now(self) -> datetime:
        return self.current_time

    async def sleep(self, seconds: float) -> None:
        self.current_time += timedelta(seconds=seconds)

    def wall_seconds(self, seconds: float) -> float:
        return seconds

    def pass_time(self, **span: float) -> None:
        self.current_time += timedelta(**span)


@dataclass
class Bench:
    """Calls the twin as a client does, with JSON in both directions, and records every exchange."""

    clock: ManualClock = field(default_factory=ManualClock)
    exchanges: list[tuple[str, str, dict[str, str], Any, int, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.twin = Cin7Twin(self.clock, account_id="account-1", application_key="key-1")
        self.twin.seed(**GOODS)

    def call(self, method: str, path: str, body: Any = None, **query: object) -> Answer:
        """Makes one call without credentials and quota; the answer's body is parsed as a client parses it."""
        text = {name: str(value) for name, value in query.items()}
        raw = b"" if body is None else render(body)
        answer = self.twin.answer(Call(method, f"/ExternalApi/v2{path}", text, CREDENTIALS, raw))
        read = answer.text if answer.text is not None else json.loads(render(answer.body))
        self.exchanges.append((method, f"/ExternalApi/v2{path}", text, body, answer.status, read))
        return Answer(answer.status, read, answer.headers, answer.text, answer.content_type)

    def ok(self, method: str, path: str, body: Any = None, **query: object) -> Any:
        """Makes a call that must answer 200; returns the body."""
        answer = self.call(method, path, body, **query)
        assert answer.status == 200, answer.body
        return answer.body

    def refused(self, method: str, path: str, body: Any = None, **query: object) -> str:
        """Makes a call that must answer 400; returns the error texts."""
        answer = self.call(method, path, body, **query)
        assert answer.status == 400, answer.body
        return "; ".join(row["Exception"] for row in answer.body)

    def id_of(self, sku: str) -> str:
        product = self.twin.company.product_by_sku(sku)
        assert product is not None
        return str(product["ID"])

    def header(self, **fields: Any) -> dict[str, Any]:
        """Returns an ordinary header."""
        return {
            "Customer": "Web", "Location": "Main Warehouse", "SkipQuote": True, "TaxRule": "Tax Exempt",
            "SaleType": "Simple", "BillingAddress": ADDRESS, "ShippingAddress": {**ADDRESS, "ShipToOther": True},
            "CustomerReference": "1001", "ExternalID": "bc:shop:1001", **fields,
        }  # fmt: skip

    def line(self, sku: str = "APPLE", quantity: Any = 1, price: Any = "1.50", tax: Any = 0, **fields: Any) -> Any:
        """Returns an ordinary line; computes the total unless given."""
        total = (Decimal(str(quantity)) * Decimal(str(price))).quantize(Decimal("0.01"))
        return {
            "ProductID": self.id_of(sku), "SKU": sku, "Name": sku.title(), "Quantity": quantity,
            "Price": Decimal(str(price)), "Discount": 0, "Tax": tax, "TaxRule": "Tax Exempt", "Total": total, **fields,
        }  # fmt: skip

    def charge(self, price: Any = "5.00", name: str = "Shipping", **fields: Any) -> Any:
        amount = Decimal(str(price))
        return {
            "Description": name, "Quantity": 1, "Price": amount, "Tax": 0, "TaxRule": "Tax Exempt", "Total": amount,
            **fields,
        }  # fmt: skip

    def document(self, sale_id: str, *lines: Any, status: str = "AUTHORISED", **fields: Any) -> dict[str, Any]:
        """Returns the body of a quote or order."""
        chosen = list(lines) or [self.line(quantity=3)]
        return {
            "SaleID": sale_id, "CombineAdditionalCharges": False, "Memo": "", "Status": status, "Lines": chosen,
            "AdditionalCharges": [], **fields,
        }  # fmt: skip

    def sale(self, **fields: Any) -> str:
        """Creates a sale; returns its id."""
        return str(self.ok("POST", "/sale", self.header(**fields))["ID"])

    def ordered(self, *lines: Any, header: dict[str, Any] | None = None, **fields: Any) -> str:
        """Creates a sale with an authorised order; returns its id."""
        sale_id = self.sale(**(header or {}))
        self.ok("POST", "/sale/order", self.document(sale_id, *lines, **fields))
        return sale_id

    def invoice_body(self, sale_id: str, *lines: Any, status: str = "AUTHORISED", **fields: Any) -> dict[str, Any]:
        body = self.document(sale_id, *lines, status=status)
        dates = {"InvoiceDate": "2026-03-02T00:00:00", "InvoiceDueDate": "2026-04-01T00:00:00"}
        return {**body, "TaskID": ZERO_ID, **dates, **fields}

    def invoiced(self, *lines: Any) -> tuple[str, dict[str, Any]]:
        """Creates a sale with order and invoice authorised for the same lines."""
        sale_id = self.ordered(*lines)
        made = self.ok("POST", "/sale/invoice", self.invoice_body(sale_id, *lines))
        return sale_id, made["Invoices"][-1]

    def payment_body(self, task_id: str, amount: Any = "4.50", kind: str = "Payment", **fields: Any) -> dict[str, Any]:
        return {
            "TaskID": task_id, "Type": kind, "Amount": Decimal(str(amount)), "DatePaid": "2026-03-02T00:00:00",
            "Account": "091", "CurrencyRate": 1, "Reference": "txn-1", **fields,
        }  # fmt: skip

    def credit_body(self, sale_id: str, number: str, *lines: Any, restock: Any = (), **fields: Any) -> dict[str, Any]:
        body = self.document(sale_id, *lines)
        return {
            **body, "TaskID": ZERO_ID, "CreditNoteInvoiceNumber": number, "CreditNoteDate": "2026-03-03T00:00:00",
            "Restock": list(restock), **fields,
        }  # fmt: skip

    def whole(self, sale_id: str) -> Any:
        """Returns the sale from GET /sale."""
        return self.ok("GET", "/sale", ID=sale_id)

    def row(self, sale_id: str) -> Any:
        """Returns the sale's row in saleList."""
        rows = self.ok("GET", "/saleList", Page=1, Limit=1000)["SaleList"]
        return next(row for row in rows if row["SaleID"] == sale_id)

    def stock(self, sku: str, location: str = "Main Warehouse") -> tuple[Any, Any, Any]:
        """Returns on hand, allocated and available units of a product at one location, summed over its rows."""
        rows = self.ok("GET", "/ref/productavailability", Page=1, Limit=1000, Sku=sku, Location=location)
        rows_found = rows["ProductAvailabilityList"]
        return tuple(sum(row[name] for row in rows_found) for name in ("OnHand", "Allocated", "Available"))
