"""Exceptions of sales that exist already: edited, cancelled, sold out, doubled."""

from __future__ import annotations

from weighbridge.domain.exceptions.kind import (
    DAY,
    HOUR,
    PERSONS_WORD,
    POSTED,
    ExceptionKind,
    Grouping,
    Remedy,
    Urgency,
)
from weighbridge.domain.findings.finding import FindingKind

ENDED = "Cin7 shows the sale voided, or the shop shows the order standing again"


def _changed(kind: FindingKind, title: str, advice: str, urgency: Urgency = Urgency.HIGH) -> ExceptionKind:
    return ExceptionKind(
        kind,
        title=title,
        cause="The order was edited at the shop after it crossed, and its sale cannot follow by itself.",
        blocks="the change: the sale in Cin7 is still the old one",
        advice=advice,
        proof=f"{POSTED}; or {PERSONS_WORD}",
        urgency=urgency,
        within=4 * HOUR,
        grouping=Grouping.OBJECT,
        remedies=(Remedy.RETRY, Remedy.ACCEPT),
    )


def _cancelled(
    kind: FindingKind, title: str, advice: str, urgency: Urgency = Urgency.HIGH, *, may_stay: bool = False
) -> ExceptionKind:
    return ExceptionKind(
        kind,
        title=title,
        cause="The order was cancelled at the shop after its sale had gone further than we may undo.",
        blocks="the cancellation: the sale still stands in Cin7",
        advice=advice,
        proof=f"{ENDED}; or {PERSONS_WORD}" if may_stay else ENDED,
        urgency=urgency,
        within=4 * HOUR,
        grouping=Grouping.OBJECT,
        remedies=(Remedy.RETRY, Remedy.ACCEPT) if may_stay else (Remedy.RETRY,),
    )


SALES = (
    _changed(
        FindingKind.CHANGED_AFTER_POSTING,
        "Order {key} was edited after it crossed",
        "Put the order back at the shop and retry, or make the same change in Cin7 and accept.",
    ),
    _changed(
        FindingKind.CHANGED_AFTER_PICKING,
        "Order {key} was edited after it was picked",
        "Stop the parcel and void its fulfilment in Cin7; the change then crosses. Once it left, credit and accept.",
        Urgency.CRITICAL,
    ),
    _changed(
        FindingKind.CHANGED_AFTER_BILLING,
        "Order {key} was edited after it was billed",
        "Void the invoice in Cin7; the sale is then billed anew. Or credit or bill the difference there and accept.",
    ),
    _cancelled(
        FindingKind.CANCELLED_AFTER_POSTING,
        "Order {key} was cancelled after it crossed",
        "Void the sale in Cin7.",
    ),
    _cancelled(
        FindingKind.CANCELLED_AFTER_PICKING,
        "Order {key} was cancelled after it was picked",
        "Stop the parcel and put the goods back in Cin7; the sale is then voided by itself.",
        Urgency.CRITICAL,
    ),
    _cancelled(
        FindingKind.CANCELLED_AFTER_PAYMENT,
        "Order {key} was cancelled after it was paid in Cin7",
        "Take the payment off the invoice in Cin7, or credit it; the sale is then voided by itself.",
    ),
    _cancelled(
        FindingKind.CANCELLED_AFTER_DISPATCH,
        "Order {key} was cancelled after it left",
        "Call the parcel back, or let the order stand at the shop. What was credited in Cin7 instead is accepted.",
        Urgency.CRITICAL,
        may_stay=True,
    ),
    ExceptionKind(
        FindingKind.DUPLICATE_SALES,
        title="Order {key} has a second sale in Cin7: {value}",
        cause="A request arrived at Cin7 twice, or people entered the order as well; Cin7 accepts the same key again.",
        blocks="stock is allocated twice, and the order might ship twice",
        advice="The sale that is not the order's own is voided; people do it where goods were already picked.",
        proof="Cin7 shows one live sale of the order",
        urgency=Urgency.CRITICAL,
        within=HOUR,
        grouping=Grouping.OBJECT,
        remedies=(Remedy.VOID_DUPLICATE,),
        from_note=True,
    ),
    ExceptionKind(
        FindingKind.BACKORDERED,
        title="Cin7 lacks stock for {field}",
        cause="More was sold than Cin7 has, or its stock lies where the shop's sales do not allocate.",
        blocks="the parcels of these orders",
        advice="Transfer or buy the goods, or tell the shoppers.",
        proof=f"every unit of the order has left in a parcel; or {PERSONS_WORD}",
        urgency=Urgency.NORMAL,
        within=DAY,
        grouping=Grouping.PLACE,
        remedies=(Remedy.RETRY, Remedy.ACCEPT),
        from_note=True,
    ),
    ExceptionKind(
        FindingKind.PARCEL_UNMATCHED,
        title="A parcel of order {key} cannot be told to the shop",
        cause="The parcel's contents or address do not fit the order: changed by the warehouse, or empty.",
        blocks="the shopper's shipping notice and tracking link",
        advice="Put the pack or shipment right in Cin7, or enter the parcel at the shop by hand.",
        proof=f"the shop shows the parcel; or {PERSONS_WORD}",
        urgency=Urgency.NORMAL,
        within=DAY,
        grouping=Grouping.OBJECT,
        remedies=(Remedy.RETRY, Remedy.ACCEPT),
    ),
    ExceptionKind(
        FindingKind.SALE_ORPHANED,
        title="Sale {key} holds stock for no order",
        cause="Its order ended or never crossed, or somebody made a sale under our key.",
        blocks="the units it holds; it may be shipped although nobody ordered or paid",
        advice="Ask whoever made it, then void it in Cin7.",
        proof="Cin7 shows the sale voided or shipped",
        urgency=Urgency.HIGH,
        within=4 * HOUR,
        grouping=Grouping.OBJECT,
        remedies=(Remedy.RETRY,),
    ),
    ExceptionKind(
        FindingKind.SALE_UNFINISHED,
        title="Sale {key} has no authorised order document",
        cause="Somebody took the order back to a draft in Cin7, or the sale's header was left behind.",
        blocks="its goods: nothing is reserved, and no warehouse sees it",
        advice="Authorise it again in Cin7, or void it where its order ended.",
        proof="Cin7 shows the order authorised or the sale voided",
        urgency=Urgency.HIGH,
        within=4 * HOUR,
        grouping=Grouping.OBJECT,
        remedies=(Remedy.RETRY,),
    ),
    ExceptionKind(
        FindingKind.GHOST_ALLOCATION,
        title="Old sale {key} only holds stock",
        cause="A sale was authorised long ago and never shipped, often one whose order ended at the shop.",
        blocks="the units it holds: nobody can buy them",
        advice="Ship it, or void it in Cin7.",
        proof="Cin7 shows the sale shipped or voided",
        urgency=Urgency.NORMAL,
        within=3 * DAY,
        grouping=Grouping.OBJECT,
        remedies=(Remedy.RETRY,),
    ),
)
