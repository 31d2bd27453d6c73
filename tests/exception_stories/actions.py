"""The safe actions of stories, each with the user who takes it and a user whose role does not allow it."""

from __future__ import annotations

from tests.exception_stories.story import FINANCE, OPERATOR, Action
from weighbridge.domain.exceptions.kinds import Playbook


def retry(user: str = OPERATOR) -> Action:
    """Re-checks the objects, mostly after a fix; every user who works on exceptions may do it."""
    return Action(playbook=Playbook.RETRY, user=user, preview_text="re-checked")


def replay(user: str = OPERATOR) -> Action:
    """Sends the refused bytes again, without reading the store again."""
    return Action(playbook=Playbook.REPLAY, user=user, preview_text="byte for byte")


def accept(reason: str, user: str = OPERATOR) -> Action:
    """Closes the exception as it is, by a user whose role allows it."""
    return Action(
        playbook=Playbook.ACCEPT,
        user=user,
        reason=reason,
        preview_text="closed as they are",
        unauthorised_user=_other_user(user),
    )


def push_stock(user: str = OPERATOR) -> Action:
    """Publishes every level again and reads it back."""
    return Action(playbook=Playbook.PUSH_STOCK, user=user, preview_text="every level is published to the store again")


def release(reason: str, user: str = OPERATOR) -> Action:
    """Lets the object pass although it has the finding."""
    return Action(
        playbook=Playbook.RELEASE,
        user=user,
        reason=reason,
        preview_text="no longer holds",
        unauthorised_user=_other_user(user),
    )


def correct(value: str, reason: str) -> Action:
    """Corrects one text of one order for its sale."""
    inputs = {"value": value}
    return Action(
        playbook=Playbook.CORRECT,
        user=OPERATOR,
        inputs=inputs,
        reason=reason,
        preview_text=value,
        unauthorised_user=FINANCE,
    )


def map_sku(sku: str, reason: str) -> Action:
    """Maps the store's SKU to a SKU in Cin7."""
    preview_text = f"become sales of {sku}"
    return Action(
        playbook=Playbook.MAP_SKU,
        user=OPERATOR,
        inputs={"sku": sku},
        reason=reason,
        preview_text=preview_text,
        unauthorised_user=FINANCE,
    )


def map_tax(rule: str, reason: str) -> Action:
    """Maps a tax of the store to a tax rule of Cin7."""
    preview_text = f"is tax rule '{rule}' of Cin7"
    return Action(
        playbook=Playbook.MAP_TAX,
        user=FINANCE,
        inputs={"rule": rule},
        reason=reason,
        preview_text=preview_text,
        unauthorised_user=OPERATOR,
    )


def map_payment(account: str, tender: str, reason: str) -> Action:
    """Maps a tender to an account."""
    inputs, preview_text = {"account": account, "tender": tender}, f"go to Cin7 account {account}"
    return Action(
        playbook=Playbook.MAP_PAYMENT,
        user=FINANCE,
        inputs=inputs,
        reason=reason,
        preview_text=preview_text,
        unauthorised_user=OPERATOR,
    )


def void_duplicate() -> Action:
    """Voids the sale that is not linked to the order."""
    return Action(
        playbook=Playbook.VOID_DUPLICATE,
        user=OPERATOR,
        preview_text="in Cin7 is voided",
        unauthorised_user=FINANCE,
    )


def restock_by_hand(document: str, reason: str) -> Action:
    """Confirms that people restocked the goods with a document in Cin7."""
    inputs, preview_text = {"document": document}, f"{document} in Cin7 put the goods back on stock"
    return Action(
        playbook=Playbook.RESTOCK_BY_HAND,
        user=OPERATOR,
        inputs=inputs,
        reason=reason,
        preview_text=preview_text,
        unauthorised_user=FINANCE,
    )


def _other_user(user: str) -> str:
    return FINANCE if user == OPERATOR else OPERATOR
