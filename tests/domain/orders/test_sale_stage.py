"""The documented stages of a sale against the twin: every allowed move succeeds, every other one is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.twins.cin7.bench import Bench
from weighbridge.domain.orders.sale_stage import DocumentStatus, Move, SaleKind, Stage, after, stages
from weighbridge.platforms.cin7.models.sales import SaleDetail
from weighbridge.platforms.cin7.read import read_stage
from weighbridge_twins.cin7 import fulfilment
from weighbridge_twins.cin7.errors import Refusal
from weighbridge_twins.cin7.status import shipped_boxes

BOXES = [{"sku": "APPLE", "quantity": 1, "box": f"Box {number}"} for number in (1, 2, 3)]


class SaleDriver:
    """One sale of three apples, with the call or warehouse action of each move. A move that is not allowed raises."""

    def __init__(self, kind: SaleKind) -> None:
        self.bench = Bench()
        # A second payment on a paid invoice is a matter of amounts, not of stages.
        self.bench.twin.switches |= {"overpayment": "accept", "zero_guid_invoice_on_simple": "converts_to_advanced"}
        self.sale_id = self.bench.sale(SaleType=str(kind))

    def stage(self) -> Stage:
        return read_stage(SaleDetail.model_validate(self.bench.whole(self.sale_id)))

    def call(self, method: str, path: str, body: Any = None, **query: object) -> None:
        answer = self.bench.call(method, path, body, **query)
        if answer.status != 200:
            raise ValueError(str(answer.body))

    def move(self, move: Move) -> None:
        bench, sale_id = self.bench, self.sale_id
        sale = bench.whole(sale_id)
        invoice = next(iter(sale["Invoices"]), {})
        live = [task for task in sale["Fulfilments"] if task["Pick"]["Status"] != "VOIDED"]
        task_id = live[-1]["TaskID"] if live else bench.twin.company.new_id()
        note = next((task["TaskID"] for task in sale["CreditNotes"] if task["Status"] != "VOIDED"), sale_id)
        payment = next(iter(invoice.get("Payments", [])), {"ID": bench.twin.company.new_id()})
        calls: dict[Move, Callable[[], object]] = {
            Move.DRAFT_ORDER: lambda: self.call("POST", "/sale/order", bench.document(sale_id, status="DRAFT")),
            Move.AUTHORISE: lambda: self.call("POST", "/sale/order", bench.document(sale_id)),
            Move.UNDO: lambda: self.call("DELETE", "/sale", ID=sale_id, Void="false"),
            Move.VOID: lambda: self.call("DELETE", "/sale", ID=sale_id, Void="true"),
            Move.CHANGE_HEADER: lambda: self.call("PUT", "/sale", bench.header(ID=sale_id, Note="other")),
            Move.START_PICK: self.start_pick,
            Move.PICK: lambda: bench.twin.pick(sale_id, [{"sku": "APPLE", "quantity": 3}]),
            Move.PACK: lambda: bench.twin.pack(sale_id, BOXES),
            Move.SHIP_PART: lambda: bench.twin.ship(sale_id, boxes=self.next_box()),
            Move.SHIP: lambda: bench.twin.ship(sale_id),
            Move.VOID_FULFILMENT: lambda: self.call("DELETE", "/sale/fulfilment", TaskID=task_id, Void="true"),
            Move.INVOICE: lambda: self.invoice(invoice.get("TaskID") or ""),
            Move.VOID_INVOICE: lambda: self.call(
                "DELETE", "/sale/invoice", TaskID=invoice.get("TaskID") or sale_id, Void="true"
            ),
            Move.ADD_INVOICE: lambda: self.add_invoice(bool(invoice)),
            Move.PAY: lambda: self.call("POST", "/sale/payment", bench.payment_body(invoice.get("TaskID") or sale_id)),
            Move.REMOVE_PAYMENT: lambda: self.call("DELETE", "/sale/payment", ID=payment["ID"]),
            Move.CREDIT: lambda: self.call(
                "POST", "/sale/creditnote", bench.credit_body(sale_id, invoice.get("InvoiceNumber") or "none")
            ),
            Move.VOID_CREDIT_NOTE: lambda: self.call("DELETE", "/sale/creditnote", TaskID=note, Void="true"),
        }
        calls[move]()

    def start_pick(self) -> None:
        """Drafts a pick as in Cin7's user interface, where opening the task does not convert the sale."""
        company = self.bench.twin.company
        sale = company.sales[self.sale_id]
        waiting = [task for task in sale.fulfilments if task["Pick"]["Status"] in ("NOT AVAILABLE", "DRAFT")]
        try:
            task = waiting[0] if waiting else fulfilment.open_fulfilment(company, sale)
        except Refusal as refusal:
            raise ValueError(str(refusal)) from refusal
        line = {"SKU": "APPLE", "Quantity": 3, "Location": "Main Warehouse"}
        self.call("POST", "/sale/fulfilment/pick", {"TaskID": task["TaskID"], "Status": "DRAFT", "Lines": [line]})

    def next_box(self) -> str:
        """The first box that is not shipped."""
        sale = self.bench.twin.company.sales[self.sale_id]
        shipped = shipped_boxes(sale.fulfilments[-1]) if sale.fulfilments else set()
        return next((box["box"] for box in BOXES if box["box"] not in shipped), "")

    def invoice(self, task_id: str) -> None:
        body = self.bench.invoice_body(self.sale_id, self.bench.line(quantity=3))
        self.call("POST", "/sale/invoice", body | ({"TaskID": task_id} if task_id else {}))

    def add_invoice(self, is_billed: bool) -> None:
        if not is_billed:
            raise ValueError("a first invoice is not a second one")
        self.invoice("")


def paths(kind: SaleKind) -> dict[Stage, tuple[Move, ...]]:
    """The shortest path of moves to each stage that can be reached from a new header."""
    paths_by_stage: dict[Stage, tuple[Move, ...]] = {Stage(kind, DocumentStatus.HEADER): ()}
    waiting = list(paths_by_stage)
    while waiting:
        stage = waiting.pop(0)
        for move in Move:
            then = after(stage, move)
            if then is not None and then.kind is kind and then not in paths_by_stage:
                paths_by_stage[then] = (*paths_by_stage[stage], move)
                waiting.append(then)
    return paths_by_stage


def driver_at(kind: SaleKind, path: tuple[Move, ...]) -> SaleDriver:
    driver = SaleDriver(kind)
    for move in path:
        driver.move(move)
    return driver


@pytest.mark.parametrize("kind", SaleKind)
def test_every_stage_can_be_reached(kind: SaleKind) -> None:
    assert set(paths(kind)) == set(stages(kind))


@pytest.mark.parametrize("kind", SaleKind)
@pytest.mark.parametrize("move", Move)
def test_twin_makes_every_drawn_move_and_refuses_every_other(kind: SaleKind, move: Move) -> None:
    for stage, path in paths(kind).items():
        driver = driver_at(kind, path)
        assert driver.stage() == stage, path
        expected = after(stage, move)
        if expected is None:
            with pytest.raises((ValueError, KeyError)):
                driver.move(move)
            assert driver.stage() == stage, (stage, move)
        else:
            driver.move(move)
            assert driver.stage() == expected, (stage, move)
