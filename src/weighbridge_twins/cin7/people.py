"""What people do in Cin7 Core beside the API: warehouse, buyers, bookkeepers."""

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


class People:
    """The acts, as methods with names for all arguments; `act` of the twin reaches the same ones by name.

    Errors: KeyError for a SKU, sale or hook that does not exist, ValueError where the platform refuses.
    """

    company: Company

    def seed(self, **wanted: Any) -> Record:
        """Fills the company in bulk, see `seeding.seed`."""
        return seeding.seed(self.company, wanted)

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
        """A receipt: units on the shelf, oldest backorders served first. Answers what is available in all."""
        product = seeding.product_with(self.company, sku)
        key = (product["ID"], self._place(location), bin, batch)
        cost = None if unit_cost is None else Decimal(str(unit_cost))
        stock.receive(self.company, key, Decimal(str(quantity)), expires=expires, unit_cost=cost)
        return {"available": str(sum((row.available for row in self.company.rows_of(product["ID"])), ZERO))}

    def order_stock(self, sku: str, quantity: Amount, location: str = "", date: str | None = None) -> Record:
        """A purchase that will come: it shows as OnOrder until it is received."""
        product = seeding.product_with(self.company, sku)
        where, units = self._place(location), Decimal(str(quantity))
        self.company.on_order.append({"ProductID": product["ID"], "Location": where, "Quantity": units, "Date": date})
        return {"on_order": str(units)}

    def count_stock(self, sku: str, quantity: Amount, location: str = "", bin: str = "", batch: str = "") -> Record:
        """A stock count: the shelf holds exactly this many, whatever the books said."""
        product = seeding.product_with(self.company, sku)
        counted = Decimal(str(quantity))
        if counted < 0:
            raise ValueError(f"a count is zero or more, not {counted}")
        row = self.company.row_at((product["ID"], self._place(location), bin, batch))
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
        """One parcel in one go: the given lines, or all that is allocated and not picked yet."""
        sale = self._sale(sale_id)
        box = boxes or "Box 1"
        chosen = _lines(lines) if lines else fulfilment.remaining(self.company, sale)
        if not chosen:
            raise ValueError("nothing is allocated and waiting to be picked")
        chosen = [{**line, "Box": line.get("Box") or box} for line in chosen]
        packed = ",".join(sorted({line["Box"] for line in chosen}))
        with self._whole(sale):
            task = self._open_task(sale)
            fulfilment.pick(self.company, sale, task, chosen, "AUTHORISED")
            fulfilment.pack(self.company, sale, task, chosen, "AUTHORISED")
            shipping.ship(
                self.company, sale, task, [_ship_line(packed, carrier, tracking, shipment_date)], "AUTHORISED"
            )
        return _told(task)

    def pick(self, sale_id: str, lines: Lines | None = None) -> Record:
        """Picks the given lines, or all that is allocated, in the open fulfilment or a new one."""
        sale = self._sale(sale_id)
        chosen = _lines(lines) if lines else fulfilment.remaining(self.company, sale)
        with self._whole(sale):
            task = self._open_task(sale)
            fulfilment.pick(self.company, sale, task, chosen, "AUTHORISED")
        return _told(task)

    def pack(self, sale_id: str, lines: Lines | None = None, fulfilment_number: int | None = None) -> Record:
        """Packs the given lines with their boxes, or everything picked into one box."""
        sale = self._sale(sale_id)
        task = _task_numbered(sale, fulfilment_number)
        with self._whole(sale):
            fulfilment.pack(self.company, sale, task, _lines(lines) if lines else task["Pick"]["Lines"], "AUTHORISED")
        return _told(task)

    def ship(
        self,
        sale_id: str,
        boxes: str = "",
        carrier: str = "",
        tracking: str = "",
        shipment_date: str | None = None,
        fulfilment_number: int | None = None,
    ) -> Record:
        """Ships boxes, a comma list; by default all packed ones that have not left."""
        sale = self._sale(sale_id)
        task = _task_numbered(sale, fulfilment_number)
        waiting = {line["Box"] for line in task["Pack"]["Lines"]} - shipped_boxes(task)
        line = _ship_line(boxes or ",".join(sorted(waiting)), carrier, tracking, shipment_date)
        with self._whole(sale):
            shipping.ship(self.company, sale, task, [line], "AUTHORISED")
        return _told(task)

    def add_tracking(
        self, sale_id: str, tracking: str, carrier: str = "", box: str = "", fulfilment_number: int | None = None
    ) -> Record:
        """Tracking that arrives, or is corrected, after the parcel left."""
        sale = self._sale(sale_id)
        task = _task_numbered(sale, fulfilment_number)
        lines = [
            {"ID": line["ID"], "TrackingNumber": tracking, "Carrier": carrier}
            for line in task["Ship"]["Lines"]
            if line["IsShipped"] and (not box or box in [one.strip() for one in line["Boxes"].split(",")])
        ]
        with self._whole(sale):
            shipping.retrack(self.company, sale, task, lines)
        return _told(task)

    def void_sale(self, sale_id: str) -> Record:
        """Somebody voids the sale on the screen."""
        sale = self._sale(sale_id)
        with self._whole(sale):
            sale_end.void(self.company, sale)
        return {"voided": True}

    def undo_sale(self, sale_id: str) -> Record:
        """Somebody undoes the authorisation on the screen."""
        sale = self._sale(sale_id)
        with self._whole(sale):
            sale_end.undo(self.company, sale)
        return {"undone": True}

    def deprecate_product(self, sku: str) -> Record:
        """The product is hidden from ordinary lists from now on."""
        product = seeding.product_with(self.company, sku)
        product |= {"Status": "Deprecated", "LastModifiedOn": self.company.stamp()}
        product_updated(self.company, {**RARELY_SET, **product}, "Update")
        return {"sku": product["SKU"]}

    def rename_tax_rule(self, name: str, to: str) -> Record:
        """Sales name rules by name: whoever uses the former one is refused."""
        rule = self.company.tax_rule(name)
        if rule is None:
            raise KeyError(name)
        rule["Name"] = to
        return dict(rule)

    def use_tax_rule(self, name: str, active: bool) -> Record:
        """Switches a rule off, or on again."""
        rule = self.company.tax_rule(name)
        if rule is None:
            raise KeyError(name)
        rule["IsActive"] = active
        return dict(rule)

    def use_account(self, code: str, active: bool) -> Record:
        """Archives an account of the chart, or takes it out of the archive."""
        account = self.company.account_coded(code)
        if account is None:
            raise KeyError(code)
        account["Status"] = "ACTIVE" if active else "ARCHIVED"
        return dict(account)

    def change_bill(self, sku: str, bom: Lines) -> Record:
        """A product gets a bill of materials, or another one."""
        seeding.change_bill(self.company, {"sku": sku, "bom": bom})
        product = seeding.product_with(self.company, sku)
        product["LastModifiedOn"] = self.company.stamp()
        product_updated(self.company, {**RARELY_SET, **product}, "Update")
        return {"sku": product["SKU"], "parts": len(bom)}

    def lock_date(self, date: str | None) -> Record:
        """Closes the books up to a day; None opens them."""
        self.company.me["LockDate"] = date
        return {"lock_date": date}

    def hold_customer(self, customer: str, on_hold: bool = True, credit_limit: Amount | None = None) -> Record:
        """Puts a customer, by name, on credit hold, or sets the credit limit in customer currency."""
        card = next((one for one in self.company.customers.values() if one["Name"] == customer), None)
        if card is None:
            raise KeyError(customer)
        card["IsOnCreditHold"] = on_hold
        if credit_limit is not None:
            card["CreditLimit"] = Decimal(str(credit_limit))
        return {"customer": customer, "on_hold": on_hold}

    def deactivate_hook(self, hook_id: str) -> Record:
        """The vendor switches a hook off without a word."""
        self.company.webhooks[hook_id.lower()]["IsActive"] = False
        return {"deactivated": hook_id}

    def _place(self, location: str) -> str:
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
    def _whole(self, sale: Sale) -> Iterator[None]:
        """A refused act leaves the sale as it was, or as it is once its goods were picked."""
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
        {"SKU": one["sku"], "Quantity": one["quantity"], "Box": one.get("box"), "Location": one.get("location")}
        for one in lines
    ]


def _task_numbered(sale: Sale, number: int | None) -> Record:
    tasks = [task for task in sale.fulfilments if number in (None, task["FulfillmentNumber"])]
    if not tasks:
        raise KeyError(f"fulfilment {number or ''} of {sale.number}")
    return tasks[-1]


def _ship_line(boxes: str, carrier: str, tracking: str, date: str | None) -> Record:
    return {"Box": boxes, "Carrier": carrier, "TrackingNumber": tracking, "ShipmentDate": date, "IsShipped": True}


def _told(task: Record) -> Record:
    return {"fulfilment_number": task["FulfillmentNumber"], "task_id": task["TaskID"]}
