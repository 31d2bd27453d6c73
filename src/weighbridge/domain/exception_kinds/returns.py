"""Exceptions of returns: refunds, credit notes, goods that come back."""

from __future__ import annotations

from weighbridge.domain.exception_kinds.kind import (
    CREDITED,
    DAY,
    HOUR,
    PERSONS_WORD,
    WEEK,
    ExceptionKind,
    Grouping,
    Remedy,
    Urgency,
)
from weighbridge.domain.finding import FindingKind

NO_CREDIT = "the credit note: the shopper has the money, the books do not say so"


def _refund(
    kind: FindingKind,
    title: str,
    cause: str,
    advice: str,
    *,
    remedies: tuple[Remedy, ...] = (Remedy.RETRY, Remedy.ACCEPT),
    urgency: Urgency = Urgency.HIGH,
    grouping: Grouping = Grouping.OBJECT,
) -> ExceptionKind:
    return ExceptionKind(
        kind,
        title=title,
        cause=cause,
        blocks=NO_CREDIT,
        advice=advice,
        proof=f"{CREDITED}; or {PERSONS_WORD}",
        urgency=urgency,
        within=DAY,
        grouping=grouping,
        remedies=remedies,
    )


RETURNS = (
    _refund(
        FindingKind.REFUND_HELD,
        "Refund {key} over {value} waits for finance",
        "The design lets every refund wait for finance.",
        "Make the credit note in Cin7 by hand and accept, or release it to be posted.",
        remedies=(Remedy.RELEASE, Remedy.ACCEPT, Remedy.RETRY),
        urgency=Urgency.NORMAL,
    ),
    _refund(
        FindingKind.REFUND_EXCEEDS_SALE,
        "Refund {key} is for more than was sold",
        "More units or money were refunded at the shop than the sale's invoice has.",
        "Compare the refund with the invoice; credit the difference in Cin7 by hand.",
    ),
    _refund(
        FindingKind.REFUND_ITEM_UNKNOWN,
        "Refund {key} is for something its sale does not have: {value}",
        "The refund names a line that was removed from the order, or a kind of charge that is new.",
        "Credit it in Cin7 by hand and accept.",
    ),
    _refund(
        FindingKind.REFUND_DOES_NOT_ADD_UP,
        "The parts of refund {key} do not come to its total",
        "The refund's items and its total differ by more than the tolerance.",
        "Look at the refund at the shop; credit it in Cin7 by hand and accept.",
    ),
    _refund(
        FindingKind.REFUND_TAX_DIFFERS,
        "The tax of refund {key} is not what its parts bear",
        "The tax was typed by hand, or the shop rounds refunds otherwise.",
        "Nothing needs to be done unless the tax return asks for it.",
        remedies=(Remedy.ACCEPT,),
        urgency=Urgency.LOW,
    ),
    _refund(
        FindingKind.REFUND_BEFORE_INVOICE,
        "Refund {key} came before its sale was billed",
        "Cin7 credits only what is invoiced, and the sale is not.",
        "Bill the sale in Cin7; the refund is then credited by itself.",
    ),
    _refund(
        FindingKind.REFUND_AT_GATEWAY_ONLY,
        "Money of order {order} went back at the gateway alone",
        "Somebody refunded at the payment gateway, so the shop has no refund that says what for.",
        "Record the refund at the shop, or credit it in Cin7 by hand and accept.",
    ),
    _refund(
        FindingKind.REFUND_CREDITED_BY_HAND,
        "Refund {key} was credited by hand already",
        "The sale has a credit note in Cin7 that people made; another might credit twice.",
        "Compare: accept when it covers the refund, or void it in Cin7 and retry.",
        remedies=(Remedy.ACCEPT, Remedy.RETRY),
    ),
    ExceptionKind(
        FindingKind.REFUNDED_BEFORE_DISPATCH,
        title="Refunded goods of order {order} have not left: {value}",
        cause="Goods were refunded before they were shipped; the sale still asks for them.",
        blocks="nothing by itself: the parcel may still take refunded goods along",
        advice="Tell the warehouse to leave them out.",
        proof=PERSONS_WORD,
        urgency=Urgency.HIGH,
        within=4 * HOUR,
        grouping=Grouping.OBJECT,
        remedies=(Remedy.ACCEPT, Remedy.RETRY),
        from_note=True,
    ),
    ExceptionKind(
        FindingKind.NOT_RESTOCKED,
        title="Refunded goods of order {order} are on no shelf: {value}",
        cause="The design restocks nothing for this refund, or Cin7 did not put the goods back.",
        blocks="their sale: goods that came back cannot be sold",
        advice="Once they are back, put them on a shelf in Cin7 and name the document; or state that they are lost.",
        proof="the document in Cin7 that put them back, or a named person's word that they are lost",
        urgency=Urgency.NORMAL,
        within=WEEK,
        grouping=Grouping.OBJECT,
        remedies=(Remedy.RESTOCK_BY_HAND, Remedy.ACCEPT, Remedy.RETRY),
        from_note=True,
    ),
    ExceptionKind(
        FindingKind.CREDITED_NOT_REFUNDED,
        title="A credit note of order {order} has no refund: {value}",
        cause="People credited the sale in Cin7, and the shopper has no money back yet.",
        blocks="the shopper's money, or a credit note that should not be",
        advice="Refund the order at the shop, or void the credit note.",
        proof=f"the shop shows the refund, or Cin7 the credit note voided; or {PERSONS_WORD}",
        urgency=Urgency.NORMAL,
        within=3 * DAY,
        grouping=Grouping.OBJECT,
        remedies=(Remedy.RETRY, Remedy.ACCEPT),
    ),
    ExceptionKind(
        FindingKind.RETURNS_NOT_VERIFIED,
        title="Refunds cannot be credited: {field} is {value}",
        cause="Something that credit notes need is not mapped, or was changed in Cin7.",
        blocks="every refund of this kind",
        advice="Name it in the design or mend it in Cin7.",
        proof=CREDITED,
        urgency=Urgency.HIGH,
        within=DAY,
        grouping=Grouping.PLACE,
        remedies=(Remedy.RETRY,),
    ),
    ExceptionKind(
        FindingKind.SHOP_RESTOCKS_BY_ITSELF,
        title="The shop puts refunded goods back by itself",
        cause="The shop's setting for stock of refunded orders is on, though Cin7 is master of stock.",
        blocks="nothing: the shop is told Cin7's figures again after each refund, but shows too much meanwhile",
        advice="Switch refund_order_stock_adjustment off in the shop's inventory settings.",
        proof=PERSONS_WORD,
        urgency=Urgency.NORMAL,
        within=DAY,
        grouping=Grouping.CONNECTION,
        remedies=(Remedy.ACCEPT,),
        from_note=True,
    ),
)
