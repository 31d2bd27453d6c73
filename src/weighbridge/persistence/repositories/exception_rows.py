"""Rows of exceptions on their way to what they will be, and what the state of a transfer proves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.domain.exceptions.cause import Cause
from weighbridge.domain.exceptions.kinds import Urgency
from weighbridge.persistence.repositories.http_log import serving
from weighbridge.persistence.repositories.recheck_jobs import SOLE_KEYS
from weighbridge.persistence.tables.exceptions import exception_objects, exceptions

OURSELVES = "weighbridge"
"""Who acts where no person does."""
_LOCK = sa.select(exceptions).where(exceptions.c.id.in_(sa.bindparam("ids", expanding=True))).order_by(exceptions.c.id)


@dataclass(slots=True)
class Held:
    """An exception's row, locked, on its way to what it will be."""

    row: dict[str, Any]
    joined: int = 0
    left: int = 0

    def add(self, amount: Decimal | None, currency: str, sign: int) -> None:
        """Money at risk that joins (+1) or leaves (-1)."""
        if amount is None or not currency:
            return
        money = {code: Decimal(text) for code, text in self.row["money"].items()}
        money[currency] = money.get(currency, Decimal(0)) + sign * amount
        self.row["money"] = {code: format(worth, "f") for code, worth in sorted(money.items()) if worth}


def proof_of(row: sa.Row[Any]) -> dict[str, str]:
    """What the state of a transfer proves about a cause that it no longer belongs to."""
    current = serving.get()
    target = row.target_number or row.target_id
    match row.state:
        case "posted" if target:
            amount = f", {row.amount} {row.currency}" if row.amount is not None else ""
            words = f"read back as {target}{amount}"
        case "posted":
            words = "the next reading does not find it any more"
        case "not_captured" if row.reason:
            words = row.reason
        case "held" | "rejected":
            words = "weighed again: this was not found any more"
        case _:
            words = f"ended at the shop: {(row.reason_kind or row.state).replace('_', ' ')}"
    return {
        "words": words,
        "state": row.state,
        "target_id": row.target_id,
        "target_number": row.target_number,
        "design_version": row.design_version,
        "attempt_id": current.attempt_id if current else "",
    }


def shows(part: sa.Row[Any], evidence: Mapping[str, Any]) -> bool:
    """Whether an object's part in an exception shows this evidence already."""
    return all(getattr(part, name) == value for name, value in evidence.items())


def told_by(cause: Cause, row: sa.Row[Any]) -> dict[str, Any]:
    """How an exception presents the cause, by the object that opened it."""
    return {
        "title": cause.entry.told(cause.field, cause.value, _as_people_say(row)),
        "field": cause.field,
        "value": cause.value,
        "expected": cause.expected,
        "owner": cause.owner,
        "rank": Urgency.CRITICAL - cause.entry.urgency,
    }


def _as_people_say(row: sa.Row[Any]) -> str:
    """The object's key, and the number of the order where the key has an id of Cin7 or of a gateway in it."""
    if row.flow == "fulfilment":
        return str(row.target_id or row.key)
    order_id, _, refund = row.key.partition(":")
    return str(order_id if refund.startswith(SOLE_KEYS) else row.key)


async def objects_of(transaction: AsyncConnection, transfer_id: str, cause_ids: list[int]) -> dict[int, sa.Row[Any]]:
    """A transfer's parts in exceptions, by the number of the cause that opened them."""
    query = sa.select(exception_objects).where(
        exception_objects.c.transfer_id == transfer_id, exception_objects.c.cause_id.in_(cause_ids)
    )
    return {row.cause_id: row for row in (await transaction.execute(query)).all()}


async def locked(transaction: AsyncConnection, ids: set[int]) -> dict[int, Held]:
    """The exceptions of `ids` and those they are merged into, locked in the order of their ids."""
    held: dict[int, Held] = {}
    while missing := ids - held.keys():
        rows = (await transaction.execute(_LOCK.with_for_update(), {"ids": sorted(missing)})).all()
        held |= {row.id: Held(dict(row._mapping)) for row in rows}
        if len(rows) < len(missing):
            raise LookupError(f"no exception has the number {min(missing - held.keys())}")
        ids = ids | {one.row["merged_into"] for one in held.values() if one.row["merged_into"]}
    return held
