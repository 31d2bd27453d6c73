"""Exceptions of sales that already exist in Cin7: edited, cancelled, out of stock, duplicated."""

from __future__ import annotations

from weighbridge.domain.exceptions.kind import (
    DAY,
    HOUR,
    POSTED,
    USER_SIGN_OFF,
    ExceptionKind,
    Grouping,
    Playbook,
    Urgency,
)
from weighbridge.domain.findings.kind import FindingKind

ENDED = "the sale is voided in Cin7, or the order is no longer cancelled in the store"


def _changed(kind: FindingKind, title: str, advice: str, urgency: Urgency = Urgency.HIGH) -> ExceptionKind:
    return ExceptionKind(
        kind,
        title=title,
        cause="The order was edited in the store after its sale was posted, and the sale cannot change automatically.",
        blocks="the change: the sale in Cin7 still has the old contents",
        advice=advice,
        proof=f"{POSTED}; or {USER_SIGN_OFF}",
        urgency=urgency,
        within=4 * HOUR,
        grouping=Grouping.OBJECT,
        playbooks=(Playbook.RETRY, Playbook.ACCEPT),
    )


def _cancelled(
    kind: FindingKind, title: str, advice: str, urgency: Urgency = Urgency.HIGH, *, may_stay: bool = False
) -> ExceptionKind:
    return ExceptionKind(
        kind,
        title=title,
        cause="The order was cancelled in the store after its sale had gone too far to be voided automatically.",
        blocks="the cancellation: the sale is still open in Cin7",
        advice=advice,
        proof=f"{ENDED}; or {USER_SIGN_OFF}" if may_stay else ENDED,
        urgency=urgency,
        within=4 * HOUR,
        grouping=Grouping.OBJECT,
        playbooks=(Playbook.RETRY, Playbook.ACCEPT) if may_stay else (Playbook.RETRY,),
    )


SALES = (
    _changed(
        FindingKind.CHANGED_AFTER_POSTING,
        "Order {key} was edited after it was posted",
        "Undo the edit in BigCommerce and retry, or make the same change in Cin7 and accept.",
    ),
    _changed(
        FindingKind.CHANGED_AFTER_PICKING,
        "Order {key} was edited after it was picked",
        "Stop the parcel and void its fulfilment in Cin7; the change is then posted. If it left, credit and accept.",
        Urgency.CRITICAL,
    ),
    _changed(
        FindingKind.CHANGED_AFTER_BILLING,
        "Order {key} was edited after it was billed",
        "Void the invoice in Cin7; the sale is then billed again. Or credit or bill the difference there and accept.",
    ),
    _cancelled(
        FindingKind.CANCELLED_AFTER_POSTING,
        "Order {key} was cancelled after it was posted",
        "Void the sale in Cin7.",
    ),
    _cancelled(
        FindingKind.CANCELLED_AFTER_PICKING,
        "Order {key} was cancelled after it was picked",
        "Stop the parcel, put the goods back and void the fulfilment in Cin7; the sale is then voided automatically.",
        Urgency.CRITICAL,
    ),
    _cancelled(
        FindingKind.CANCELLED_AFTER_PAYMENT,
        "Order {key} was cancelled after it was paid in Cin7",
        "Remove the payment in Cin7; the sale is then voided automatically. Or refund the order and credit the sale.",
    ),
    _cancelled(
        FindingKind.CANCELLED_AFTER_DISPATCH,
        "Order {key} was cancelled after it was shipped",
        "Call the parcel back, or undo the cancellation in BigCommerce. If you credited it in Cin7 instead, accept.",
        Urgency.CRITICAL,
        may_stay=True,
    ),
    ExceptionKind(
        FindingKind.DUPLICATE_SALES,
        title="Order {key} has a second sale in Cin7: {value}",
        cause="A request reached Cin7 twice, or staff entered the order as well; Cin7 accepts the same key again.",
        blocks="the second sale's stock, which is allocated twice; the order might ship twice",
        advice="The second sale is voided automatically. If its goods are picked, put them back and void it in Cin7.",
        proof="Cin7 has one live sale for the order",
        urgency=Urgency.CRITICAL,
        within=HOUR,
        grouping=Grouping.OBJECT,
        playbooks=(Playbook.VOID_DUPLICATE,),
        from_note=True,
    ),
    ExceptionKind(
        FindingKind.BACKORDERED,
        title="Cin7 lacks stock for {field}",
        cause="More was sold than Cin7 has, or the stock is at a location that these sales do not allocate from.",
        blocks="the parcels of these orders",
        advice="Transfer or buy the goods, or inform the shoppers.",
        proof=f"every unit of the order was shipped; or {USER_SIGN_OFF}",
        urgency=Urgency.NORMAL,
        within=DAY,
        grouping=Grouping.FIELD,
        playbooks=(Playbook.RETRY, Playbook.ACCEPT),
        from_note=True,
    ),
    ExceptionKind(
        FindingKind.PARCEL_UNMATCHED,
        title="A parcel of order {key} cannot be entered in the store",
        cause="The parcel does not match the order: the warehouse changed its contents, or it is empty.",
        blocks="the shopper's shipping notice and tracking link",
        advice="Correct the pack or shipment in Cin7, or enter the parcel in BigCommerce by hand.",
        proof=f"the parcel is entered in the store; or {USER_SIGN_OFF}",
        urgency=Urgency.NORMAL,
        within=DAY,
        grouping=Grouping.OBJECT,
        playbooks=(Playbook.RETRY, Playbook.ACCEPT),
    ),
    ExceptionKind(
        FindingKind.SALE_ORPHANED,
        title="Sale {key} holds stock for no order",
        cause="The order was cancelled or never posted, or a person created a sale with a key of Weighbridge.",
        blocks="the units that it holds; it may be shipped although no order or payment exists",
        advice="Ask the person who created it, then void it in Cin7.",
        proof="the sale is voided or shipped in Cin7",
        urgency=Urgency.HIGH,
        within=4 * HOUR,
        grouping=Grouping.OBJECT,
        playbooks=(Playbook.RETRY,),
    ),
    ExceptionKind(
        FindingKind.SALE_UNFINISHED,
        title="Sale {key} has no authorised order document",
        cause="A person set the order back to draft in Cin7, or only the header of the sale was written.",
        blocks="its goods: no stock is reserved, and the warehouse does not see the sale",
        advice="Authorise the order in Cin7, or void the sale if its order was cancelled.",
        proof="the order is authorised or the sale is voided in Cin7",
        urgency=Urgency.HIGH,
        within=4 * HOUR,
        grouping=Grouping.OBJECT,
        playbooks=(Playbook.RETRY,),
    ),
    ExceptionKind(
        FindingKind.STALE_ALLOCATION,
        title="Old sale {key} only holds stock",
        cause="The sale was authorised long ago and never shipped. Often its order was cancelled in the store.",
        blocks="the units that it holds: they cannot be sold",
        advice="Ship the sale, or void it in Cin7.",
        proof="the sale is shipped or voided in Cin7",
        urgency=Urgency.NORMAL,
        within=3 * DAY,
        grouping=Grouping.OBJECT,
        playbooks=(Playbook.RETRY,),
    ),
)
