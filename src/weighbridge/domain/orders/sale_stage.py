"""The stage of a sale: the state of its order document, goods and money, and the moves that Cin7 allows.

The flows check `may` before they undo, void or bill; docs/finance/sale-states.md is generated from the same functions.
A "gate" is a condition that Cin7 checks before a write, numbered as in the platform notes.
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


class DocumentStatus(StrEnum):
    """The order document."""

    HEADER = "header"
    """The sale exists; its order was never written."""
    DRAFT = "draft"
    """The order is written, but holds no stock."""
    AUTHORISED = "authorised"
    """The order holds its stock; from here, goods and money have their own states."""
    VOIDED = "voided"


class FulfilmentStatus(StrEnum):
    """What the warehouse did: the furthest step of any unit, and for shipping whether all units left."""

    WAITING = "waiting"
    PICKING = "picking"
    """A pick is drafted: picking may have started, and nothing is booked yet."""
    PICKED = "picked"
    PACKED = "packed"
    PART_SHIPPED = "part_shipped"
    SHIPPED = "shipped"


class BillingStatus(StrEnum):
    """The money of the sale in Cin7."""

    UNBILLED = "unbilled"
    BILLED = "billed"
    PAID = "paid"
    """An invoice has a payment, in full or in part."""
    CREDITED = "credited"
    """A credit note is authorised, and there is no payment."""
    PAID_CREDITED = "paid_credited"
    """A credit note is authorised beside a payment: money is due back, or went back."""


class Move(StrEnum):
    """What can be done with a sale; each move is one API call or one action of the warehouse."""

    DRAFT_ORDER = "draft the order"
    AUTHORISE = "authorise the order"
    UNDO = "undo the order"
    VOID = "void the sale"
    CHANGE_HEADER = "change the header"
    START_PICK = "start picking"
    PICK = "pick"
    PACK = "pack"
    SHIP_PART = "ship a part"
    SHIP = "ship the rest"
    VOID_FULFILMENT = "void the fulfilment"
    INVOICE = "invoice"
    VOID_INVOICE = "void the invoice"
    ADD_INVOICE = "add an invoice"
    PAY = "pay"
    REMOVE_PAYMENT = "remove the payment"
    CREDIT = "credit"
    VOID_CREDIT_NOTE = "void the credit note"


@dataclass(frozen=True, slots=True)
class Stage:
    """The state of a sale. Until the order is authorised, goods are WAITING and money is UNBILLED."""

    kind: SaleKind
    document: DocumentStatus
    fulfilment: FulfilmentStatus = FulfilmentStatus.WAITING
    billing: BillingStatus = BillingStatus.UNBILLED

    def __str__(self) -> str:
        if self.document is not DocumentStatus.AUTHORISED:
            return str(self.document)
        return f"{self.fulfilment}, {self.billing}".replace("_", " ")

    @property
    def has_fulfilment_started(self) -> bool:
        """Whether the warehouse has started: from here, a person may hold the goods."""
        return self.fulfilment is not FulfilmentStatus.WAITING

    @property
    def has_dispatched(self) -> bool:
        """Whether goods have left the warehouse."""
        return self.fulfilment in (FulfilmentStatus.PART_SHIPPED, FulfilmentStatus.SHIPPED)

    @property
    def is_paid(self) -> bool:
        return self.billing in (BillingStatus.PAID, BillingStatus.PAID_CREDITED)


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
    Move.ADD_INVOICE: "POST /sale/invoice with the all-zero task id, gate 3",
    Move.PAY: "POST /sale/payment, gate 7",
    Move.REMOVE_PAYMENT: "DELETE /sale/payment",
    Move.CREDIT: "POST /sale/creditnote, gate 6",
    Move.VOID_CREDIT_NOTE: "DELETE /sale/creditnote with Void=true",
}
"""The API call of each move and its gate. Source: platform notes, cin7 2.1 to 2.8."""

FULFILMENT_MOVES: dict[Move, dict[FulfilmentStatus, FulfilmentStatus]] = {
    Move.START_PICK: {
        status: FulfilmentStatus.PICKING if status is FulfilmentStatus.WAITING else status
        for status in FulfilmentStatus
    },
    Move.PICK: {FulfilmentStatus.WAITING: FulfilmentStatus.PICKED, FulfilmentStatus.PICKING: FulfilmentStatus.PICKED},
    Move.PACK: {FulfilmentStatus.PICKED: FulfilmentStatus.PACKED},
    Move.SHIP_PART: {
        FulfilmentStatus.PACKED: FulfilmentStatus.PART_SHIPPED,
        FulfilmentStatus.PART_SHIPPED: FulfilmentStatus.PART_SHIPPED,
    },
    Move.SHIP: {
        FulfilmentStatus.PACKED: FulfilmentStatus.SHIPPED,
        FulfilmentStatus.PART_SHIPPED: FulfilmentStatus.SHIPPED,
    },
    Move.VOID_FULFILMENT: {
        status: FulfilmentStatus.WAITING for status in FulfilmentStatus if status is not FulfilmentStatus.WAITING
    },
}
BILLING_MOVES: dict[Move, dict[BillingStatus, BillingStatus]] = {
    Move.INVOICE: {BillingStatus.UNBILLED: BillingStatus.BILLED},
    Move.VOID_INVOICE: {BillingStatus.BILLED: BillingStatus.UNBILLED},
    Move.ADD_INVOICE: {status: status for status in BillingStatus if status is not BillingStatus.UNBILLED},
    Move.PAY: {
        BillingStatus.BILLED: BillingStatus.PAID,
        BillingStatus.PAID: BillingStatus.PAID,
        BillingStatus.CREDITED: BillingStatus.PAID_CREDITED,
        BillingStatus.PAID_CREDITED: BillingStatus.PAID_CREDITED,
    },
    Move.REMOVE_PAYMENT: {
        BillingStatus.PAID: BillingStatus.BILLED,
        BillingStatus.PAID_CREDITED: BillingStatus.CREDITED,
    },
    Move.CREDIT: {
        BillingStatus.BILLED: BillingStatus.CREDITED,
        BillingStatus.PAID: BillingStatus.PAID_CREDITED,
        BillingStatus.CREDITED: BillingStatus.CREDITED,
        BillingStatus.PAID_CREDITED: BillingStatus.PAID_CREDITED,
    },
    Move.VOID_CREDIT_NOTE: {
        BillingStatus.CREDITED: BillingStatus.BILLED,
        BillingStatus.PAID_CREDITED: BillingStatus.PAID,
    },
}
UNDOABLE = frozenset({FulfilmentStatus.WAITING, FulfilmentStatus.PICKING})
VOIDABLE = frozenset({BillingStatus.UNBILLED, BillingStatus.BILLED})
"""Cin7 voids no sale with payments or authorised credit notes; picked goods alone do not prevent voiding."""


def after(stage: Stage, move: Move) -> Stage | None:
    """The stage of a sale after `move`; None when Cin7 does not allow the move.

    Source: platform notes, cin7 2.1 (gates 1 to 8), 2.5 (an invoice is voided on Advanced sales only) and 10.8 (the
    vendor does not say what Undo reopens, so it counts as allowed only while nothing is picked or billed).
    """
    match move:
        case Move.DRAFT_ORDER:
            return (
                replace(stage, document=DocumentStatus.DRAFT)
                if stage.document in (DocumentStatus.HEADER, DocumentStatus.DRAFT)
                else None
            )
        case Move.AUTHORISE:
            return (
                replace(stage, document=DocumentStatus.AUTHORISED)
                if stage.document in (DocumentStatus.HEADER, DocumentStatus.DRAFT)
                else None
            )
        case Move.CHANGE_HEADER:
            return stage if stage.document is not DocumentStatus.VOIDED else None
        case Move.VOID:
            return Stage(stage.kind, DocumentStatus.VOIDED) if _is_voidable(stage) else None
    if stage.document is not DocumentStatus.AUTHORISED:
        return None
    if move is Move.UNDO:
        can_undo = stage.fulfilment in UNDOABLE and stage.billing is BillingStatus.UNBILLED
        return Stage(stage.kind, DocumentStatus.DRAFT) if can_undo else None
    if move is Move.VOID_INVOICE and stage.kind is SaleKind.SIMPLE:
        return None
    fulfilment = FULFILMENT_MOVES[move].get(stage.fulfilment) if move in FULFILMENT_MOVES else stage.fulfilment
    billing = BILLING_MOVES[move].get(stage.billing) if move in BILLING_MOVES else stage.billing
    if fulfilment is None or billing is None:
        return None
    kind = SaleKind.ADVANCED if _makes_second_document(stage, move) else stage.kind
    return Stage(kind, stage.document, fulfilment, billing)


def may(stage: Stage, move: Move) -> bool:
    """Whether Cin7 allows `move` at `stage`."""
    return after(stage, move) is not None


def stages(kind: SaleKind) -> Iterator[Stage]:
    """Every stage of a sale of this kind."""
    yield Stage(kind, DocumentStatus.HEADER)
    yield Stage(kind, DocumentStatus.DRAFT)
    for fulfilment, billing in product(FulfilmentStatus, BillingStatus):
        yield Stage(kind, DocumentStatus.AUTHORISED, fulfilment, billing)
    yield Stage(kind, DocumentStatus.VOIDED)


def _makes_second_document(stage: Stage, move: Move) -> bool:
    """Whether the move creates a second document of its kind, which turns a Simple sale into an Advanced one.

    Source: platform notes, cin7 2.1 (gate 4), traps 29 and 32.
    """
    if move is Move.START_PICK:
        return stage.fulfilment not in UNDOABLE
    if move is Move.CREDIT:
        return stage.billing in (BillingStatus.CREDITED, BillingStatus.PAID_CREDITED)
    return move is Move.ADD_INVOICE


def _is_voidable(stage: Stage) -> bool:
    return stage.document is not DocumentStatus.VOIDED and stage.billing in VOIDABLE
