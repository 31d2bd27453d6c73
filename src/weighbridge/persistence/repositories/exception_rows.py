"""Locked rows of exceptions while they change, and what the state of a transfer proves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.domain.exceptions.cause import Cause
from weighbridge.domain.exceptions.kinds import Urgency
from weighbridge.domain.returns.refund_keys import ONE_SIDED_PREFIXES
from weighbridge.persistence.repositories.http_log import current_attempt
from weighbridge.persistence.tables.exceptions import exception_objects, exceptions

SYSTEM_ACTOR = "weighbridge"
"""The actor of automatic changes."""
_LOCK = sa.select(exceptions).where(exceptions.c.id.in_(sa.bindparam("ids", expanding=True))).order_by(exceptions.c.id)


@dataclass(slots=True)
class LockedRow:
    """An exception's row, locked, with its pending changes."""

    row: dict[str, Any]
    objects_joined: int = 0
    objects_left: int = 0

    def add_amount(self, amount: Decimal | None, currency: str, sign: int) -> None:
        """Adds (+1) or subtracts (-1) the amount at risk of an object."""
        if amount is None or not currency:
            return
        money = {code: Decimal(amount) for code, amount in self.row["money"].items()}
        money[currency] = money.get(currency, Decimal(0)) + sign * amount
        self.row["money"] = {code: format(total, "f") for code, total in sorted(money.items()) if total}


def proof_of(row: sa.Row[Any]) -> dict[str, str]:
    """What the state of a transfer proves about a cause that no longer applies to it."""
    current = current_attempt.get()
    target = row.target_number or row.target_id
    match row.state:
        case "posted" if target:
            amount = f", {row.amount} {row.currency}" if row.amount is not None else ""
            text = f"read back as {target}{amount}"
        case "posted":
            text = "the next reading does not find it any more"
        case "not_captured" if row.reason:
            text = row.reason
        case "held" | "rejected":
            text = "re-checked: this was not found any more"
        case _:
            text = f"ended at the store: {(row.reason_kind or row.state).replace('_', ' ')}"
    return {
        "text": text,
        "state": row.state,
        "target_id": row.target_id,
        "target_number": row.target_number,
        "design_version": row.design_version,
        "attempt_id": current.attempt_id if current else "",
    }


def has_evidence(exception_object: sa.Row[Any], evidence: Mapping[str, Any]) -> bool:
    """Whether an object of an exception already carries this evidence."""
    return all(getattr(exception_object, name) == value for name, value in evidence.items())


def fields_from_cause(cause: Cause, row: sa.Row[Any]) -> dict[str, Any]:
    """The columns of an exception that describe its cause, from the object that opened it."""
    return {
        "title": cause.entry.title_for(cause.field, cause.value, _display_key(row)),
        "field": cause.field,
        "value": cause.value,
        "expected": cause.expected,
        "owner": cause.owner,
        "rank": Urgency.CRITICAL - cause.entry.urgency,
    }


def _display_key(row: sa.Row[Any]) -> str:
    """The object's key; the order's number alone where the key contains an id of Cin7 or of a gateway."""
    if row.flow == "fulfilment":
        return str(row.target_id or row.key)
    order_id, _, refund = row.key.partition(":")
    return str(order_id if refund.startswith(ONE_SIDED_PREFIXES) else row.key)


async def objects_of(transaction: AsyncConnection, transfer_id: str, cause_ids: list[int]) -> dict[int, sa.Row[Any]]:
    """The exception objects of a transfer, by the id of the cause that opened them."""
    query = sa.select(exception_objects).where(
        exception_objects.c.transfer_id == transfer_id, exception_objects.c.cause_id.in_(cause_ids)
    )
    return {row.cause_id: row for row in (await transaction.execute(query)).all()}


async def lock_rows(transaction: AsyncConnection, ids: set[int]) -> dict[int, LockedRow]:
    """The exceptions of `ids` and those that they are merged into, locked in the order of their ids."""
    locked_rows: dict[int, LockedRow] = {}
    while missing := ids - locked_rows.keys():
        rows = (await transaction.execute(_LOCK.with_for_update(), {"ids": sorted(missing)})).all()
        locked_rows |= {row.id: LockedRow(dict(row._mapping)) for row in rows}
        if len(rows) < len(missing):
            raise LookupError(f"no exception has the number {min(missing - locked_rows.keys())}")
        ids = ids | {locked.row["merged_into"] for locked in locked_rows.values() if locked.row["merged_into"]}
    return locked_rows
