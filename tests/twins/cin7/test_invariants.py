"""Long random days in one company: after every sequence of calls and user actions, stock and orders balance."""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.twins.cin7.bench import Bench
from weighbridge_twins.cin7.kits import components_for, free_at
from weighbridge_twins.cin7.state import RowKey, Sale
from weighbridge_twins.http.call import Answer
from weighbridge_twins.http.calls_log import render

LOCATIONS = ("Main Warehouse", "Overflow")
PRICES = {"APPLE": "1.50", "PEAR": "2.00", "BASKET": "9.00"}
COMPONENTS = {"APPLE": {"APPLE": 1}, "PEAR": {"PEAR": 1}, "BASKET": {"APPLE": 2, "PEAR": 1}}
STEPS = 150


class Day:
    """One company and a random generator. Every step is one call or one user action, which may be refused."""

    def __init__(self, seed: int, **switches: Any) -> None:
        self.bench = Bench()
        self.bench.twin.switches |= switches
        self.dice = random.Random(seed)
        self.company = self.bench.twin.company
        self.come: dict[str, Decimal] = {"APPLE": Decimal(14), "PEAR": Decimal(10)}
        """Units received by the company, alone or inside a basket."""
        self.accepted: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    def step(self) -> None:
        act = self.dice.choice(self.acts())
        before = self.state()
        self.bench.clock.pass_time(minutes=self.dice.randint(0, 90))
        try:
            answer = act()
        except (ValueError, KeyError):
            answer = Answer(400)
        assert answer is None or answer.status in (200, 400), answer.body
        if answer is not None and answer.status == 400:
            self.refused[act.__name__] += 1
            assert self.state() == before, f"a refused {act.__name__} left a trace"
        else:
            self.accepted[act.__name__] += 1

    def state(self) -> bytes:
        """Returns the whole state except the random state."""
        return render({**self.bench.twin.dump(), "random": None})

    def acts(self) -> list[Callable[[], Answer | None]]:
        return [
            self.order, self.order, self.receive, self.count, self.undo, self.void, self.reauthorise,
            self.pick, self.pick_some, self.pack, self.ship, self.send, self.undo_fulfilment, self.void_task,
            self.invoice, self.credit, self.void_credit, self.pay, self.drop_payment, self.adjust,
        ]  # fmt: skip

    def sku(self) -> str:
        return self.dice.choice(list(PRICES))

    def units(self, most: int = 6) -> int:
        return self.dice.randint(1, most)

    def sale(self, matches: Callable[[Sale], object] = lambda sale: not sale.voided) -> Sale:
        """Chooses mostly a sale that matches, and sometimes any sale, to provoke refusals."""
        sales = list(self.company.sales.values())
        fitting = [sale for sale in sales if matches(sale)]
        return self.dice.choice(fitting if fitting and self.dice.random() < 0.8 else sales)

    def lines(self) -> list[Any]:
        chosen = [self.sku() for _ in range(self.dice.randint(1, 3))]
        return [self.bench.line(sku, self.units(), PRICES[sku]) for sku in chosen]

    def order(self) -> Answer:
        kind, location = self.dice.choice(("Simple", "Advanced")), self.dice.choice(LOCATIONS)
        sale = self.bench.sale(SaleType=kind, Location=location)
        mode = self.dice.choice(("NOPICK", "NOPICK", "AUTOPICK", "AUTOPICKPACKSHIP"))
        self.bench.ok("POST", "/sale/order", self.bench.document(sale, *self.lines(), AutoPickPackShipMode=mode))
        return Answer(200)

    def reauthorise(self) -> Answer:
        body = self.bench.document(
            self.sale(reopened).id, *self.lines(), status=self.dice.choice(("AUTHORISED", "DRAFT"))
        )
        return self.bench.call("POST", "/sale/order", body)

    def receive(self) -> None:
        sku, units = self.sku(), self.units(9)
        shelf, batch = self.dice.choice(("", "", "A1", "B2")), self.dice.choice(("", "", "LOT-1"))
        self.bench.twin.receive_stock(
            sku, units, self.dice.choice(LOCATIONS), shelf, batch, "2026-09-30" if batch else None
        )
        self.came(sku, Decimal(units))

    def count(self) -> None:
        sku, location = self.sku(), self.dice.choice(LOCATIONS)
        row = self.company.row_at((self.bench.id_of(sku), location, "", ""))
        difference = max(Decimal(self.dice.randint(-2, 3)), -row.on_hand)
        self.came(sku, difference)
        self.bench.twin.count_stock(sku, row.on_hand + difference, location)

    def adjust(self) -> Answer:
        sku, location = self.sku(), self.dice.choice(LOCATIONS)
        row = self.company.row_at((self.bench.id_of(sku), location, "", ""))
        difference = max(Decimal(self.dice.randint(-1, 2)), -row.on_hand)
        line = {"SKU": sku, "Location": location, "Quantity": row.on_hand + difference, "UnitCost": 1}
        body = {"EffectiveDate": "2026-03-02", "Status": "COMPLETED", "Account": "310", "Lines": [line]}
        self.came(sku, difference)
        return self.bench.call("POST", "/stockadjustment", body)

    def came(self, sku: str, units: Decimal) -> None:
        for component, need in COMPONENTS[sku].items():
            self.come[component] += need * units

    def undo(self) -> Answer:
        return self.bench.call("DELETE", "/sale", ID=self.sale().id)

    def void(self) -> Answer:
        return self.bench.call("DELETE", "/sale", ID=self.sale().id, Void="true")

    def pick(self) -> None:
        self.bench.twin.pick(self.sale(lambda sale: sale.allocations).id)

    def pick_some(self) -> None:
        lines = [{"sku": self.sku(), "quantity": self.units(3), "location": self.dice.choice(LOCATIONS)}]
        self.bench.twin.pick(self.sale(lambda sale: sale.ordered).id, lines=lines)

    def pack(self) -> None:
        self.bench.twin.pack(self.sale(lambda sale: awaits_step_after(sale, "Pick")).id)

    def ship(self) -> None:
        self.bench.twin.ship(self.sale(lambda sale: awaits_step_after(sale, "Pack")).id, tracking="T")

    def send(self) -> None:
        self.bench.twin.pick_pack_ship(self.sale(lambda sale: sale.allocations).id)

    def undo_fulfilment(self) -> Answer:
        return self.bench.call("DELETE", "/sale/fulfilment", TaskID=self.task(), Void="false")

    def void_task(self) -> Answer:
        return self.bench.call("DELETE", "/sale/fulfilment", TaskID=self.task(), Void="true")

    def task(self) -> str:
        tasks = [task["TaskID"] for sale in self.company.sales.values() for task in sale.fulfilments]
        return self.dice.choice(tasks) if tasks else "none"

    def invoice(self) -> Answer:
        sale = self.sale(lambda sale: sale.ordered)
        lines = sale.order["Lines"] if sale.order else []
        bodies = [self.bench.line(line["SKU"], line["Quantity"], line["Price"]) for line in lines]
        return self.bench.call("POST", "/sale/invoice", self.bench.invoice_body(sale.id, *bodies))

    def pay(self) -> Answer:
        invoices = [invoice["TaskID"] for sale in self.company.sales.values() for invoice in sale.invoices]
        return self.bench.call("POST", "/sale/payment", self.bench.payment_body(self.one_of(invoices), self.units()))

    def drop_payment(self) -> Answer:
        payments = [payment["ID"] for sale in self.company.sales.values() for payment in sale.payments]
        return self.bench.call("DELETE", "/sale/payment", ID=self.one_of(payments))

    def credit(self) -> Answer:
        sale = self.sale(lambda sale: sale.invoices)
        number = sale.invoices[0]["InvoiceNumber"] if sale.invoices else "none"
        sku, units = self.sku(), self.units(2)
        back = [{"SKU": sku, "Quantity": units, "Location": self.dice.choice(LOCATIONS)}]
        body = self.bench.credit_body(sale.id, number, self.bench.line(sku, units, PRICES[sku]), restock=back)
        answer = self.bench.call("POST", "/sale/creditnote", body)
        if answer.status == 200:
            self.came(sku, Decimal(units))
        return answer

    def void_credit(self) -> Answer:
        notes = [note for sale in self.company.sales.values() for note in sale.credit_notes]
        note: Any = self.dice.choice(notes) if notes else {"TaskID": "none", "Restock": [], "Status": ""}
        authorised = note["Status"] == "AUTHORISED"
        answer = self.bench.call("DELETE", "/sale/creditnote", TaskID=note["TaskID"], Void="true")
        if answer.status == 200 and authorised:
            for line in note["Restock"]:
                self.came(line["SKU"], -line["Quantity"])
        return answer

    def one_of(self, ids: list[str]) -> str:
        return self.dice.choice(ids) if ids else "none"


def reopened(sale: Sale) -> bool:
    return not sale.voided and not sale.ordered


def awaits_step_after(sale: Sale, step: str) -> bool:
    """Tells whether the sale's last parcel waits for the step after this one."""
    after = {"Pick": "Pack", "Pack": "Ship"}[step]
    if not sale.fulfilments:
        return False
    task = sale.fulfilments[-1]
    return bool(task[step]["Status"] == "AUTHORISED" and task[after]["Status"] not in ("AUTHORISED", "VOIDED"))


def check_rows(day: Day) -> None:
    """Checks that the allocation of the stock rows equals the allocations of the sales."""
    allocated: defaultdict[RowKey, Decimal] = defaultdict(Decimal)
    for sale in day.company.sales.values():
        assert sale.ordered or not sale.allocations
        for key, units in sale.allocations:
            assert units > 0
            allocated[key] += units
    for key, row in day.company.stock.items():
        assert row.allocated == allocated[key]
        assert row.on_hand >= 0, key


def check_orders(day: Day) -> None:
    """Checks that every ordered unit is allocated, backordered or picked, and none is backordered beside free stock."""
    waiting = set()
    for sale in day.company.sales.values():
        if not sale.ordered or not sale.order:
            continue
        units: defaultdict[str, Decimal] = defaultdict(Decimal)
        for line in sale.order["Lines"]:
            units[line["ProductID"]] += line["Quantity"] - line["BackorderQuantity"]
            owed = line["BackorderQuantity"]
            assert owed >= 0
            if not owed:
                continue
            waiting.add(sale.id)
            product = day.company.products[line["ProductID"]]
            free = free_at(day.company, product["ID"], sale.location)
            if product["AutoAssembly"]:
                assert free < owed
                assert components_for(day.company, product, owed - free, sale.location) is None
            else:
                assert free == 0
        for key, pieces in sale.allocations:
            units[key[0]] -= pieces
        for task in sale.fulfilments:
            if task["Pick"]["Status"] == "AUTHORISED":
                for line in task["Pick"]["Lines"]:
                    units[line["ProductID"]] -= line["Quantity"]
        assert not any(units.values()), units
    assert set(day.company.backordered) == waiting


def check_goods(day: Day) -> None:
    """Checks that no apple or pear is created or lost: each is on hand, picked, or inside a basket."""
    units: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in day.company.stock.values():
        add(units, day, row.product_id, row.on_hand)
    for sale in day.company.sales.values():
        for task in sale.fulfilments:
            if task["Pick"]["Status"] == "AUTHORISED":
                for line in task["Pick"]["Lines"]:
                    add(units, day, line["ProductID"], line["Quantity"])
    assert dict(units) == day.come


def add(units: defaultdict[str, Decimal], day: Day, product_id: str, quantity: Decimal) -> None:
    for component, need in COMPONENTS[day.company.products[product_id]["SKU"]].items():
        units[component] += need * quantity


READINGS = [
    {},
    {"undo_disassembles_kits": True, "allocation_booked_on": "bin_row"},
    {"simple_fulfilment": "listed", "undo_disassembles_kits": True},
    {"simple_fulfilment": "listed", "allocation_booked_on": "bin_row", "task_id_is_sale_id": True},
]


@pytest.mark.parametrize("seed", [2, 3, 4, 5])
def test_after_any_sequence_of_actions_stock_orders_and_goods_balance(seed: int) -> None:
    day = Day(seed, **READINGS[seed % len(READINGS)])
    day.order()
    for _ in range(STEPS):
        day.step()
        check_rows(day)
        check_orders(day)
        check_goods(day)
    assert len(day.accepted) > 14, "the day was too quiet to prove anything"
    text = render(day.bench.twin.dump())
    other = Bench()
    other.twin.restore(json.loads(text))
    assert render(other.twin.dump()) == text
    for sale in day.company.sales:
        assert other.whole(sale) == day.bench.whole(sale)
