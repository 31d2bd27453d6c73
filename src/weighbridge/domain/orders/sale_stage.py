"""The stage of a sale: how far its paper, its goods and its money are, and the moves that Cin7's gates leave open.

The flows ask here before they undo, void or bill; docs/sale-states.md is drawn from the same functions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import product


class SaleKind(StrEnum):
    """Cin7's two types of a sale with goods. Source: Cin7 Core API v2, sale types."""

    SIMPLE = "Simple"
    """One fulfilment, one invoice, one credit note."""
    ADVANCED = "Advanced"
    """Any number of each."""


class Paper(StrEnum):
    """The order document."""

    HEADER = "header"
    """The sale exists, its order was never written."""
    DRAFT = "draft"
    """The order is written and holds no stock."""
    AUTHORISED = "authorised"
    """The order holds its stock; goods and money have stages of their own from here."""
    VOIDED = "voided"


class Goods(StrEnum):
    """What the warehouse did: the furthest that any unit came, and for shipping whether all left."""

    WAITING = "waiting"
    PICKING = "picking"
    """A pick is drafted: somebody is at the shelf, and nothing is booked yet."""
    PICKED = "picked"
    PACKED = "packed"
    PART_SHIPPED = "part_shipped"
    SHIPPED = "shipped"


class Funds(StrEnum):
    """What the books say of the money."""

    UNBILLED = "unbilled"
    BILLED = "billed"
    PAID = "paid"
    """An invoice has a payment, in full or in part."""
    CREDITED = "credited"
    """A credit note counts, and no payment does."""
    PAID_CREDITED = "paid_credited"
    """A credit note counts beside a payment: money is due back, or went back."""


class Move(StrEnum):
    """What can be done with a sale; each is one call, or one act of the warehouse."""

    DRAFT_ORDER = "draft the order"
    AUTHORISE = "authorise the order"
    UNDO = "undo the order"
    VOID = "void the sale"
    CHANGE_HEADER = "change the header"
    START_PICK = "start to pick"
    PICK = "pick"
    PACK = "pack"
    SHIP_PART = "ship a part"
    SHIP = "ship the rest"
    VOID_FULFILMENT = "void the fulfilment"
    INVOICE = "invoice"
    VOID_INVOICE = "void the invoice"
    BILL_AGAIN = "bill once more"
    PAY = "pay"
    REMOVE_PAYMENT = "remove the payment"
    CREDIT = "credit"
    VOID_CREDIT_NOTE = "void the credit note"


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a sale stands. Goods and funds are WAITING and UNBILLED until the order is authorised."""

    kind: SaleKind
    paper: Paper
    goods: Goods = Goods.WAITING
    funds: Funds = Funds.UNBILLED

    def __str__(self) -> str:
        if self.paper is not Paper.AUTHORISED:
            return str(self.paper)
        return f"{self.goods}, {self.funds}".replace("_", " ")

    @property
    def touched(self) -> bool:
        """Whether the warehouse has begun: from here on a person has goods in hand."""
        return self.goods is not Goods.WAITING

    @property
    def left(self) -> bool:
        """Whether goods are on their way to the shopper."""
        return self.goods in (Goods.PART_SHIPPED, Goods.SHIPPED)

    @property
    def paid(self) -> bool:
        return self.funds in (Funds.PAID, Funds.PAID_CREDITED)


SOURCES: dict[Move, str] = {
    Move.DRAFT_ORDER: "POST /sale/order, gate 2",
    Move.AUTHORISE: "POST /sale/order, gate 2",
    Move.UNDO: "DELETE /sale without Void; notes 10.8",
    Move.VOID: "DELETE /sale with Void=true",
    Move.CHANGE_HEADER: "PUT /sale",
    Move.START_PICK: "POST /sale/fulfilment/pick as a draft, gate 5",
    Move.PICK: "POST /sale/fulfilment/pick, gate 5",
    Move.PACK: "POST /sale/fulfilment/pack, gate 5",
    Move.SHIP_PART: "POST /sale/fulfilment/ship, gate 5",
    Move.SHIP: "POST /sale/fulfilment/ship, gate 5",
    Move.VOID_FULFILMENT: "DELETE /sale/fulfilment with Void=true",
    Move.INVOICE: "POST /sale/invoice, gate 3",
    Move.VOID_INVOICE: "DELETE /sale/invoice with Void=true, Advanced only",
    Move.BILL_AGAIN: "POST /sale/invoice with the all-zero task id, gate 3",
    Move.PAY: "POST /sale/payment, gate 7",
    Move.REMOVE_PAYMENT: "DELETE /sale/payment",
    Move.CREDIT: "POST /sale/creditnote, gate 6",
    Move.VOID_CREDIT_NOTE: "DELETE /sale/creditnote with Void=true",
}
"""The call of each move and the gate it passes. Source: platform notes, cin7 2.1 to 2.8."""

GOODS_MOVES: dict[Move, dict[Goods, Goods]] = {
    Move.START_PICK: {goods: Goods.PICKING if goods is Goods.WAITING else goods for goods in Goods},
    Move.PICK: {Goods.WAITING: Goods.PICKED, Goods.PICKING: Goods.PICKED},
    Move.PACK: {Goods.PICKED: Goods.PACKED},
    Move.SHIP_PART: {Goods.PACKED: Goods.PART_SHIPPED, Goods.PART_SHIPPED: Goods.PART_SHIPPED},
    Move.SHIP: {Goods.PACKED: Goods.SHIPPED, Goods.PART_SHIPPED: Goods.SHIPPED},
    Move.VOID_FULFILMENT: {goods: Goods.WAITING for goods in Goods if goods is not Goods.WAITING},
}
FUNDS_MOVES: dict[Move, dict[Funds, Funds]] = {
    Move.INVOICE: {Funds.UNBILLED: Funds.BILLED},
    Move.VOID_INVOICE: {Funds.BILLED: Funds.UNBILLED},
    Move.BILL_AGAIN: {funds: funds for funds in Funds if funds is not Funds.UNBILLED},
    Move.PAY: {
        Funds.BILLED: Funds.PAID,
        Funds.PAID: Funds.PAID,
        Funds.CREDITED: Funds.PAID_CREDITED,
        Funds.PAID_CREDITED: Funds.PAID_CREDITED,
    },
    Move.REMOVE_PAYMENT: {Funds.PAID: Funds.BILLED, Funds.PAID_CREDITED: Funds.CREDITED},
    Move.CREDIT: {
        Funds.BILLED: Funds.CREDITED,
        Funds.PAID: Funds.PAID_CREDITED,
        Funds.CREDITED: Funds.CREDITED,
        Funds.PAID_CREDITED: Funds.PAID_CREDITED,
    },
    Move.VOID_CREDIT_NOTE: {Funds.CREDITED: Funds.BILLED, Funds.PAID_CREDITED: Funds.PAID},
}
UNDOABLE = frozenset({Goods.WAITING, Goods.PICKING})
VOIDABLE = frozenset({Funds.UNBILLED, Funds.BILLED})
"""A sale with payments or counting credit notes is not voided; picked goods alone do not keep it from being voided."""


def after(stage: Stage, move: Move) -> Stage | None:
    """Where `move` takes a sale; None where a gate is shut.

    Source: platform notes, cin7 2.1 (gates 1 to 8), 2.5 (an invoice is voided on Advanced sales only) and 10.8 (what
    Undo reopens is not said: it is taken for open only while nothing is picked or billed).
    """
    match move:
        case Move.DRAFT_ORDER:
            return replace(stage, paper=Paper.DRAFT) if stage.paper in (Paper.HEADER, Paper.DRAFT) else None
        case Move.AUTHORISE:
            return replace(stage, paper=Paper.AUTHORISED) if stage.paper in (Paper.HEADER, Paper.DRAFT) else None
        case Move.CHANGE_HEADER:
            return stage if stage.paper is not Paper.VOIDED else None
        case Move.VOID:
            return Stage(stage.kind, Paper.VOIDED) if _voidable(stage) else None
    if stage.paper is not Paper.AUTHORISED:
        return None
    if move is Move.UNDO:
        undone = stage.goods in UNDOABLE and stage.funds is Funds.UNBILLED
        return Stage(stage.kind, Paper.DRAFT) if undone else None
    if move is Move.VOID_INVOICE and stage.kind is SaleKind.SIMPLE:
        return None
    goods = GOODS_MOVES[move].get(stage.goods) if move in GOODS_MOVES else stage.goods
    funds = FUNDS_MOVES[move].get(stage.funds) if move in FUNDS_MOVES else stage.funds
    if goods is None or funds is None:
        return None
    return Stage(SaleKind.ADVANCED if _is_second(stage, move) else stage.kind, stage.paper, goods, funds)


def may(stage: Stage, move: Move) -> bool:
    """Whether the gates leave `move` open at `stage`."""
    return after(stage, move) is not None


def stages(kind: SaleKind) -> Iterator[Stage]:
    """Every stage of a sale of this type."""
    yield Stage(kind, Paper.HEADER)
    yield Stage(kind, Paper.DRAFT)
    for goods, funds in product(Goods, Funds):
        yield Stage(kind, Paper.AUTHORISED, goods, funds)
    yield Stage(kind, Paper.VOIDED)


def _is_second(stage: Stage, move: Move) -> bool:
    """Whether the move makes a second document, which turns a Simple sale into an Advanced one.

    Source: platform notes, cin7 2.1 (gate 4), traps 29 and 32.
    """
    if move is Move.START_PICK:
        return stage.goods not in UNDOABLE
    if move is Move.CREDIT:
        return stage.funds in (Funds.CREDITED, Funds.PAID_CREDITED)
    return move is Move.BILL_AGAIN


def _voidable(stage: Stage) -> bool:
    return stage.paper is not Paper.VOIDED and stage.funds in VOIDABLE
