"""The warehouse, which reads Cin7 only: the sales it ships, their parcels and tracking numbers."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from weighbridge_twins.cin7 import Cin7Twin
from weighbridge_twins.http.call import Call
from weighbridge_twins.http.calls_log import render
from weighbridge_twins.world.options import WorldOptions
from weighbridge_twins.world.warehouse import Warehouse

PLAIN = WorldOptions(seed=3, partial_share=0.0, late_tracking_share=0.0)


@dataclass
class ManualClock:
    """A clock that a test moves."""

    current_time: datetime = field(default_factory=lambda: datetime(2026, 1, 5, 8, tzinfo=UTC))

    def now(self) -> datetime:
        return self.current_time

    async def sleep(self, seconds: float) -> None:
        self.current_time += timedelta(seconds=seconds)

    def wall_seconds(self, seconds: float) -> float:
        return seconds


class Dock:
    """A company with apples and pears, and its warehouse."""

    def __init__(self, options: WorldOptions = PLAIN, stock: int = 100) -> None:
        self.clock = ManualClock()
        self.company = Cin7Twin(self.clock, account_id="a", application_key="k")
        goods = [{"sku": sku, "name": sku, "type": "Stock", "tier_price": "1.50"} for sku in ("APPLE", "PEAR")]
        rows = [{"sku": good["sku"], "location": "Main Warehouse", "on_hand": stock} for good in goods]
        self.company.act("seed", {"products": goods, "stock": rows})
        self.customer = self.company.act("seed", {"customers": [{"Name": "Web", "TaxRule": "Tax Exempt"}]})
        self.baskets = {"100": "basket-100"}
        self.warehouse = Warehouse(self.company, self.clock, options, {"APPLE", "PEAR"}, self.baskets.get)

    def call(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        raw = b"" if body is None else render(body)
        answer = self.company.answer(Call(method, f"/ExternalApi/v2{path}", query, {}, raw))
        assert answer.status == 200, answer.body
        return answer.body

    def product(self, sku: str) -> Any:
        return self.call("GET", "/product", Sku=sku, Page="1", Limit="10")["Products"][0]

    def sell(self, order: str = "100", status: str = "AUTHORISED", **quantities: int) -> str:
        header = {
            "Customer": "Web", "Location": "Main Warehouse", "SkipQuote": True, "TaxRule": "Tax Exempt",
            "ExternalID": f"bc:shop:{order}", "CustomerReference": order, "SaleType": "Simple",
            "BillingAddress": {"Line1": "1 Elm St", "Country": "United States"},
        }  # fmt: skip
        sale: str = self.call("POST", "/sale", header)["ID"]
        lines = [
            {
                "ProductID": self.product(sku)["ID"], "SKU": sku, "Name": sku, "Quantity": units,
                "Price": Decimal("1.5"), "Discount": 0, "Tax": 0, "TaxRule": "Tax Exempt",
                "Total": Decimal("1.5") * units,
            }
            for sku, units in quantities.items()
        ]  # fmt: skip
        order_body = {"SaleID": sale, "CombineAdditionalCharges": False, "Memo": "", "Status": status, "Lines": lines}
        self.call("POST", "/sale/order", order_body)
        return sale

    def pass_minutes(self, minutes: int) -> None:
        for _ in range(minutes):
            self.clock.current_time += timedelta(minutes=1)
            self.warehouse.poll()
            self.warehouse.work(lambda: False)

    def sale(self, sale_id: str) -> Any:
        # A copy, because the twin may return objects that it changes later.
        return copy.deepcopy(self.call("GET", "/sale", ID=sale_id))


def shipped_units(sale: Any) -> dict[str, Decimal]:
    units: dict[str, Decimal] = {}
    for task in sale["Fulfilments"]:
        for line in task["Pack"]["Lines"]:
            units[line["SKU"]] = units.get(line["SKU"], Decimal(0)) + line["Quantity"]
    return units


def trackings(sale: Any) -> list[str]:
    return [line["TrackingNumber"] for task in sale["Fulfilments"] for line in task["Ship"]["Lines"]]


def test_an_authorised_sale_ships_complete_with_tracking_after_the_picking_time() -> None:
    dock = Dock()
    sale_id = dock.sell(APPLE=3, PEAR=2)
    dock.pass_minutes(24)
    before = dock.sale(sale_id)
    dock.pass_minutes(40)
    after = dock.sale(sale_id)
    assert before["Fulfilments"] == []
    assert shipped_units(after) == {"APPLE": 3, "PEAR": 2}
    assert len(trackings(after)) == 1
    assert all(trackings(after))
    assert dock.warehouse.idle
    assert dock.warehouse.counts["shipped"] == 1


def test_a_sale_in_two_parcels_ships_the_ordered_quantities() -> None:
    dock = Dock(WorldOptions(seed=3, partial_share=1.0, late_tracking_share=0.0))
    sale_id = dock.sell(APPLE=3, PEAR=2)
    dock.pass_minutes(120)
    sale = dock.sale(sale_id)
    assert len(sale["Fulfilments"]) == 2
    assert shipped_units(sale) == {"APPLE": 3, "PEAR": 2}
    assert len(set(trackings(sale))) == 2
    assert dock.warehouse.idle


def test_one_line_of_several_units_is_divided_and_a_single_unit_is_not() -> None:
    dock = Dock(WorldOptions(seed=3, partial_share=1.0, late_tracking_share=0.0))
    several, single = dock.sell("100", APPLE=5), dock.sell("101", PEAR=1)
    dock.pass_minutes(120)
    first = dock.sale(several)["Fulfilments"][0]["Pack"]["Lines"]
    assert [line["Quantity"] for line in first] == [2]
    assert shipped_units(dock.sale(several)) == {"APPLE": 5}
    assert len(dock.sale(single)["Fulfilments"]) == 1


def test_late_tracking_is_added_after_the_parcel_was_shipped() -> None:
    dock = Dock(WorldOptions(seed=3, partial_share=1.0, late_tracking_share=1.0, late_tracking_minutes=(30, 30)))
    sale_id = dock.sell(APPLE=3, PEAR=2)
    without: list[list[str]] = []
    for _ in range(150):
        dock.pass_minutes(1)
        without.append(trackings(dock.sale(sale_id)))
    assert [""] in without
    assert all(without[-1])
    assert len(without[-1]) == 2
    assert dock.warehouse.idle
    assert dock.warehouse.counts["late_tracking"] == 2


def test_a_backordered_sale_waits_for_the_stock_receipt() -> None:
    dock = Dock(stock=2)
    sale_id = dock.sell(APPLE=5)
    dock.pass_minutes(80)
    waiting = dock.sale(sale_id)
    dock.pass_minutes(60)
    assert waiting["Fulfilments"] == []
    assert shipped_units(dock.sale(sale_id)) == {"APPLE": 5}
    assert dock.warehouse.counts["receipts"] == 1
    assert dock.warehouse.idle


def test_voided_and_draft_sales_are_not_shipped() -> None:
    dock = Dock()
    voided, draft = dock.sell("100", APPLE=3), dock.sell("101", "DRAFT", PEAR=1)
    dock.pass_minutes(5)
    dock.company.act("void_sale", {"sale_id": voided})
    dock.pass_minutes(90)
    assert shipped_units(dock.sale(voided)) == {}
    assert shipped_units(dock.sale(draft)) == {}
    assert dock.warehouse.idle
    assert dock.warehouse.counts["withdrawn"] == 1


def test_how_a_sale_ships_depends_on_the_basket_and_not_on_the_number_in_cin7() -> None:
    options = WorldOptions(seed=3, partial_share=0.5, late_tracking_share=0.5)
    alone, after_others = Dock(options), Dock(options)
    first_sale = alone.sell("100", APPLE=4, PEAR=1)
    for number in range(3):
        after_others.sell(f"9{number}", PEAR=1)
    later_sale = after_others.sell("100", APPLE=4, PEAR=1)
    alone.pass_minutes(150)
    after_others.pass_minutes(150)
    assert trackings(alone.sale(first_sale)) == trackings(after_others.sale(later_sale))
