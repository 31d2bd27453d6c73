"""User actions in Cin7 Core outside the API: warehouse staff, buyers, bookkeepers."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from weighbridge_twins.cin7 import fulfilment, sale_end, seeding, shipping, stock
from weighbridge_twins.cin7.errors import Refusal
from weighbridge_twins.cin7.events import product_updated
from weighbridge_twins.cin7.products import RARELY_SET
from weighbridge_twins.cin7.state import ZERO, Company, Record, Sale
from weighbridge_twins.cin7.status import shipped_boxes

Amount = Decimal | int | str
Lines = Sequence[Mapping[str, Any]]
"""Each {"sku", "quantity", "box"?, "location"?}."""


class UserActions:
    """The user actions as methods with keyword arguments; `act` of the twin calls them by name.

    Errors: KeyError for an unknown SKU, sale or webhook, ValueError when the platform refuses.
    """

    company: Company

    def seed(self, **seed_data: Any) -> Record:
        """Fills the company in bulk, see `seeding.seed`."""
        return seeding.seed(self.company, seed_data)

    def receive_stock(
        self,
        sku: str,
        quantity: Amount,
        location: str = "",
        bin: str = "",
        batch: str = "",
        expires: str | None = None,
        unit_cost: Amount | None = None,
    ) -> Record:
        """Receives units and allocates them to the oldest backorders. Returns the total available quantity."""
        product = seeding.product_with(self.company, sku)
        key = (product["ID"], self._location_name(location), bin, batch)
        cost = None if unit_cost is None else Decimal(str(unit_cost))
        stock.receive(self.company, key, Decimal(str(quantity)), expires=expires, unit_cost=cost)
        return {"available": str(sum((row.available for row in self.company.rows_of(product["ID"])), ZERO))}

    def order_stock(self, sku: str, quantity: Amount, location: str = "", date: str | None = None) -> Record:
        """Adds a purchase, which shows as OnOrder until it is received."""
        product = seeding.product_with(self.company, sku)
        where, units = self._location_name(location), Decimal(str(quantity))
        self.company.on_order.append({"ProductID": product["ID"], "Location": where, "Quantity": units, "Date": date})
        return {"on_order": str(units)}

    def count_stock(self, sku: str, quantity: Amount, location: str = "", bin: str = "", batch: str = "") -> Record:
        """Counts stock: sets the units on hand to this quantity."""
        product = seeding.product_with(self.company, sku)
        counted = Decimal(str(quantity))
        if counted < 0:
            raise ValueError(f"quantity: must not be negative, not {counted}")
        row = self.company.row_at((product["ID"], self._location_name(location), bin, batch))
        stock.put_back(self.company, row.key, counted - row.on_hand)
        return {"on_hand": str(row.on_hand), "available": str(row.available)}

    def pick_pack_ship(
        self,
        sale_id: str,
        lines: Lines | None = None,
        carrier: str = "",
        boxes: str = "",
        tracking: str = "",
        shipment_date: str | None = None,
    ) -> Record:
        """Picks, packs and ships one parcel: the given lines, or all that is allocated and not picked yet."""
        sale = self._sale(sale_id)
        box = boxes or "Box 1"
        chosen = _lines(lines) if lines else fulfilment.remaining(self.company, sale)
        if not chosen:
            raise ValueError(f"sale_id: {sale.number} has no allocated units left to pick")
        chosen = [{**line, "Box": line.get("Box") or box} for line in chosen]
        packed = ",".join(sorted({line["Box"] for line in chosen}))
        with self._rolled_back_on_refusal(sale):
            task = self._open_task(sale)
            fulfilment.pick(self.company, sale, task, chosen, "AUTHORISED")
            fulfilment.pack(self.company, sale, task, chosen, "AUTHORISED")
            shipping.ship(
                self.company, sale, task, [_ship_line(packed, carrier, tracking, shipment_date)], "AUTHORISED"
            )
        return _task_summary(task)

    def pick(self, sale_id: str, lines: Lines | None = None) -> Record:
        """Picks the given lines, or all that is allocated, in the open fulfilment or in a new one."""
        sale = self._sale(sale_id)
        chosen = _lines(lines) if lines else fulfilment.remaining(self.company, sale)
        with self._rolled_back_on_refusal(sale):
            task = self._open_task(sale)
            fulfilment.pick(self.company, sale, task, chosen, "AUTHORISED")
        return _task_summary(task)

    def pack(self, sale_id: str, lines: Lines | None = None, fulfilment_number: int | None = None) -> Record:
        """Packs the given lines with their boxes, or everything picked into one box."""
        sale = self._sale(sale_id)
        task = _task_numbered(sale, fulfilment_number)
        with self._rolled_back_on_refusal(sale):
            fulfilment.pack(self.company, sale, task, _lines(lines) if lines else task["Pick"]["Lines"], "AUTHORISED")
        return _task_summary(task)

    def ship(
        self,
        sale_id: str,
        boxes: str = "",
        carrier: str = "",
        tracking: str = "",
        shipment_date: str | None = None,
        fulfilment_number: int | None = None,
    ) -> Record:
        """Ships boxes, separated by commas; by default all packed boxes that are not shipped."""
        sale = self._sale(sale_id)
        task = _task_numbered(sale, fulfilment_number)
        waiting = {line["Box"] for line in task["Pack"]["Lines"]} - shipped_boxes(task)
        line = _ship_line(boxes or ",".join(sorted(waiting)), carrier, tracking, shipment_date)
        with self._rolled_back_on_refusal(sale):
            shipping.ship(self.company, sale, task, [line], "AUTHORISED")
        return _task_summary(task)

    def add_tracking(
        self, sale_id: str, tracking: str, carrier: str = "", box: str = "", fulfilment_number: int | None = None
    ) -> Record:
        """Adds or corrects tracking after the parcel was shipped."""
        sale = self._sale(sale_id)
        task = _task_numbered(sale, fulfilment_number)
        lines = [
            {"ID": line["ID"], "TrackingNumber": tracking, "Carrier": carrier}
            for line in task["Ship"]["Lines"]
            if line["IsShipped"] and (not box or box in [label.strip() for label in line["Boxes"].split(",")])
        ]
        with self._rolled_back_on_refusal(sale):
            shipping.retrack(self.company, sale, task, lines)
        return _task_summary(task)

    def void_sale(self, sale_id: str) -> Record:
        """Voids the sale on the screen."""
        sale = self._sale(sale_id)
        with self._rolled_back_on_refusal(sale):
            sale_end.void(self.company, sale)
        return {"voided": True}

    def undo_sale(self, sale_id: str) -> Record:
        """Undoes the authorisation on the screen."""
        sale = self._sale(sale_id)
        with self._rolled_back_on_refusal(sale):
            sale_end.undo(self.company, sale)
        return {"undone": True}

    def deprecate_product(self, sku: str) -> Record:
        """Deprecates a product, which hides it from ordinary lists."""
        product = seeding.product_with(self.company, sku)
        product |= {"Status": "Deprecated", "LastModifiedOn": self.company.timestamp()}
        product_updated(self.company, {**RARELY_SET, **product}, "Update")
        return {"sku": product["SKU"]}

    def rename_tax_rule(self, name: str, to: str) -> Record:
        """Renames a tax rule. Sales refer to rules by name, so requests with the former name are refused."""
        rule = self.company.tax_rule(name)
        if rule is None:
            raise KeyError(name)
        rule["Name"] = to
        return dict(rule)

    def use_tax_rule(self, name: str, active: bool) -> Record:
        """Activates or deactivates a tax rule."""
        rule = self.company.tax_rule(name)
        if rule is None:
            raise KeyError(name)
        rule["IsActive"] = active
        return dict(rule)

    def use_account(self, code: str, active: bool) -> Record:
        """Archives an account of the chart, or restores it."""
        account = self.company.account_coded(code)
        if account is None:
            raise KeyError(code)
        account["Status"] = "ACTIVE" if active else "ARCHIVED"
        return dict(account)

    def change_bom(self, sku: str, bom: Lines) -> Record:
        """Sets or replaces a product's bill of materials."""
        seeding.change_bom(self.company, {"sku": sku, "bom": bom})
        product = seeding.product_with(self.company, sku)
        product["LastModifiedOn"] = self.company.timestamp()
        product_updated(self.company, {**RARELY_SET, **product}, "Update")
        return {"sku": product["SKU"], "parts": len(bom)}

    def lock_date(self, date: str | None) -> Record:
        """Sets the lock date of the company; None removes it."""
        self.company.me["LockDate"] = date
        return {"lock_date": date}

    def hold_customer(self, customer: str, on_hold: bool = True, credit_limit: Amount | None = None) -> Record:
        """Sets credit hold and, if given, credit limit (customer currency) of a customer by name."""
        card = next((row for row in self.company.customers.values() if row["Name"] == customer), None)
        if card is None:
            raise KeyError(customer)
        card["IsOnCreditHold"] = on_hold
        if credit_limit is not None:
            card["CreditLimit"] = Decimal(str(credit_limit))
        return {"customer": customer, "on_hold": on_hold}

    def deactivate_webhook(self, webhook_id: str) -> Record:
        """Deactivates a webhook silently, as the vendor does."""
        self.company.webhooks[webhook_id.lower()]["IsActive"] = False
        return {"deactivated": webhook_id}

    def _location_name(self, location: str) -> str:
        name = location or str(self.company.locations[0]["Name"])
        if self.company.location_named(name) is None:
            raise KeyError(name)
        return name

    def _sale(self, sale_id: str) -> Sale:
        return self.company.sales[str(sale_id).lower()]

    def _open_task(self, sale: Sale) -> Record:
        waiting = [task for task in sale.fulfilments if task["Pick"]["Status"] in ("NOT AVAILABLE", "DRAFT")]
        return waiting[0] if waiting else fulfilment.open_fulfilment(self.company, sale)

    @contextmanager
    def _rolled_back_on_refusal(self, sale: Sale) -> Iterator[None]:
        """Restores the sale when an action is refused, unless its goods have been picked."""
        kind, fulfilments, updated_at = sale.type, copy.deepcopy(sale.fulfilments), sale.updated_at
        try:
            yield
        except Refusal as refusal:
            if _picks(sale.fulfilments) == _picks(fulfilments):
                for task in sale.fulfilments[len(fulfilments) :]:
                    del self.company.sale_of_task[task["TaskID"]]
                sale.type, sale.fulfilments, sale.updated_at = kind, fulfilments, updated_at
                self.company.touch(sale, moves=False)
            raise ValueError(str(refusal)) from refusal


def _picks(fulfilments: list[Record]) -> int:
    return sum(task["Pick"]["Status"] == "AUTHORISED" for task in fulfilments)


def _lines(lines: Lines) -> list[Record]:
    return [
        {"SKU": line["sku"], "Quantity": line["quantity"], "Box": line.get("box"), "Location": line.get("location")}
        for line in lines
    ]


def _task_numbered(sale: Sale, number: int | None) -> Record:
    tasks = [task for task in sale.fulfilments if number in (None, task["FulfillmentNumber"])]
    if not tasks:
        raise KeyError(f"fulfilment {number or ''} of {sale.number}")
    return tasks[-1]


def _ship_line(boxes: str, carrier: str, tracking: str, date: str | None) -> Record:
    return {"Box": boxes, "Carrier": carrier, "TrackingNumber": tracking, "ShipmentDate": date, "IsShipped": True}


def _task_summary(task: Record) -> Record:
    return {"fulfilment_number": task["FulfillmentNumber"], "task_id": task["TaskID"]}
