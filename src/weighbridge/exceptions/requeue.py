"""Looking again: whatever belongs to an exception is weighed anew, by its own look or by the reading that found it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories.job_queue import Agenda
from weighbridge.persistence.repositories.recheck_jobs import look_at
from weighbridge.persistence.tables.exceptions import exception_objects, exceptions
from weighbridge.persistence.tables.remedies import design_changes
from weighbridge.persistence.tables.transfers import transfers

REASON = "somebody acted on its exception"


async def ask_for_looks(
    transaction: AsyncConnection,
    agenda: Agenda,
    now: datetime,
    exception_ids: Iterable[int],
    transfer_ids: Iterable[str] | None = None,
) -> int:
    """Asks for a look at every open object of these exceptions, or at those among `transfer_ids`; answers how many.

    Inside the caller's transaction. Objects that only a monitor can judge are left to its next round.
    """
    of = exception_objects.c
    query = (
        sa.select(transfers.c.connection, transfers.c.flow, transfers.c.key)
        .join(exception_objects, of.transfer_id == transfers.c.id)
        .where(of.exception_id.in_(sorted(exception_ids)), of.closed_at.is_(None))
        .distinct()
    )
    if transfer_ids is not None:
        query = query.where(transfers.c.id.in_(sorted(transfer_ids)))
    looks = {
        (row.connection, *look)
        for row in (await transaction.execute(query)).all()
        if (look := look_at(row.flow, row.key)) is not None
    }
    for connection, flow, key in sorted(looks):
        await agenda.add(transaction, connection, flow, key, REASON, now)
    return len(looks)


async def look_again_at_changed(database: Database, agenda: Agenda, now: datetime) -> int:
    """Asks for a look at what is still open in exceptions for which the design was changed; answers how many."""
    async with database.transaction() as transaction:
        changed = sa.select(design_changes.c.exception_id).where(design_changes.c.exception_id.is_not(None))
        open_ones = sa.select(exceptions.c.id).where(exceptions.c.id.in_(changed), exceptions.c.state == "open")
        ids = (await transaction.execute(open_ones)).scalars().all()
        return await ask_for_looks(transaction, agenda, now, ids) if ids else 0
