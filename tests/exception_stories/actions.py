"""What people do about exceptions, in the words of stories: each act with who may do it and who may not."""

from __future__ import annotations

from tests.exception_stories.story import FINANCE, OPERATOR, Act
from weighbridge.domain.exceptions.kinds import Remedy


def retry(by: str = OPERATOR) -> Act:
    """Nothing but another look, mostly after something was mended; anybody who works on exceptions may ask for one."""
    return Act(remedy=Remedy.RETRY, by=by, reads="weighed again")


def replay(by: str = OPERATOR) -> Act:
    """The very bytes that were refused are sent once more; nobody asks the shop again."""
    return Act(remedy=Remedy.REPLAY, by=by, reads="byte for byte")


def accept(reason: str, by: str = OPERATOR) -> Act:
    """It stays as it is on the word of somebody to whom it belongs."""
    return Act(remedy=Remedy.ACCEPT, by=by, reason=reason, reads="on your word", not_by=_other(by))


def push_stock(by: str = OPERATOR) -> Act:
    """Every level is told again and read back."""
    return Act(remedy=Remedy.PUSH_STOCK, by=by, reads="every level is told to the shop again")


def release(reason: str, by: str = OPERATOR) -> Act:
    """It passes although this was found."""
    return Act(remedy=Remedy.RELEASE, by=by, reason=reason, reads="no longer stops", not_by=_other(by))


def correct(value: str, reason: str) -> Act:
    """One text of one order is put right for its sale."""
    told = {"value": value}
    return Act(remedy=Remedy.CORRECT, by=OPERATOR, told=told, reason=reason, reads=value, not_by=FINANCE)


def map_sku(sku: str, reason: str) -> Act:
    """The SKU in Cin7 that the shop's is for."""
    reads = f"become sales of {sku}"
    return Act(remedy=Remedy.MAP_SKU, by=OPERATOR, told={"sku": sku}, reason=reason, reads=reads, not_by=FINANCE)


def map_tax(rule: str, reason: str) -> Act:
    """The tax rule of Cin7 that a tax of the shop belongs to."""
    reads = f"is tax rule '{rule}' of Cin7"
    return Act(remedy=Remedy.MAP_TAX, by=FINANCE, told={"rule": rule}, reason=reason, reads=reads, not_by=OPERATOR)


def map_payment(account: str, tender: str, reason: str) -> Act:
    """The account that a tender goes to."""
    told, reads = {"account": account, "tender": tender}, f"go to Cin7 account {account}"
    return Act(remedy=Remedy.MAP_PAYMENT, by=FINANCE, told=told, reason=reason, reads=reads, not_by=OPERATOR)


def void_duplicate() -> Act:
    """The sale that is not the order's own is voided."""
    return Act(remedy=Remedy.VOID_DUPLICATE, by=OPERATOR, reads="but the order's own is voided", not_by=FINANCE)


def restock_by_hand(document: str, reason: str) -> Act:
    """People put the goods back, with the document in Cin7 that says so."""
    told, reads = {"document": document}, f"{document} in Cin7 put their goods back"
    return Act(remedy=Remedy.RESTOCK_BY_HAND, by=OPERATOR, told=told, reason=reason, reads=reads, not_by=FINANCE)


def _other(person: str) -> str:
    return FINANCE if person == OPERATOR else OPERATOR
