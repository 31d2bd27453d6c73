"""Reads from the database what the preview of a playbook needs, and the outcome of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.common.clock import REAL_CLOCK
from weighbridge.design.schema import Design
from weighbridge.exceptions.previews import PlaybookContext
from weighbridge.exceptions.record_queries import ExceptionQueries
from weighbridge.exceptions.records import ExceptionRecord
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories.designs import Designs
from weighbridge.persistence.repositories.reference_data import COMPANY_NAME, ReferenceCache
from weighbridge.persistence.tables.exceptions import exception_objects
from weighbridge.persistence.tables.stock import cin7_products
from weighbridge.persistence.tables.transfers import transfers
from weighbridge.persistence.tables.work import reference_cache

MOST_OBJECTS = 5000
PROVEN, WAITING, NOT_ENOUGH = "proven", "waiting", "not enough"


async def playbook_context_of(
    database: Database, exception_record: ExceptionRecord, designs: Mapping[str, Design], arguments: Mapping[str, str]
) -> PlaybookContext:
    """Everything that the preview of a playbook needs. Raises LookupError for a connection that is not configured."""
    if exception_record.connection not in designs:
        raise LookupError(f"connection {exception_record.connection} is not in the configuration")
    objects = await ExceptionQueries(database, REAL_CLOCK).objects(exception_record.id, limit=MOST_OBJECTS)
    async with database.reading() as reading:
        return PlaybookContext(
            exception_record=exception_record,
            objects=objects,
            otherwise_held=await _otherwise_held(reading, exception_record.id),
            design=await Designs(database, REAL_CLOCK).effective(
                exception_record.connection, designs[exception_record.connection]
            ),
            tax_rules=await _tax_rules(reading, exception_record.connection),
            sellable=await _sellable(reading, exception_record.connection, arguments.get("sku", "").strip()),
        )


async def outcome_of(reading: AsyncConnection, exception_id: int, transfer_ids: Sequence[str], since: datetime) -> str:
    """The outcome of a run: all its objects were proven, some were not evaluated yet, or some are still open."""
    of = exception_objects.c
    query = (
        sa.select(transfers.c.updated_at)
        .join(exception_objects, of.transfer_id == transfers.c.id)
        .where(of.exception_id == exception_id, of.closed_at.is_(None), of.transfer_id.in_(transfer_ids))
    )
    timestamps = (await reading.execute(query)).scalars().all()
    if not timestamps:
        return PROVEN
    return WAITING if any(timestamp <= since for timestamp in timestamps) else NOT_ENOUGH


async def _otherwise_held(reading: AsyncConnection, exception_id: int) -> int:
    this, other = exception_objects.alias(), exception_objects.alias()
    query = (
        sa.select(sa.func.count(this.c.transfer_id.distinct()))
        .join(other, (other.c.transfer_id == this.c.transfer_id) & (other.c.exception_id != this.c.exception_id))
        .where(
            this.c.exception_id == exception_id,
            this.c.closed_at.is_(None),
            other.c.closed_at.is_(None),
            other.c.severity != "note",
        )
    )
    return int((await reading.execute(query)).scalar_one())


async def _tax_rules(reading: AsyncConnection, connection: str) -> Mapping[str, bool] | None:
    of = reference_cache.c
    query = sa.select(of.value).where(of.connection == connection, of.name == COMPANY_NAME)
    company = ReferenceCache.company_of((await reading.execute(query)).scalar_one_or_none())
    return None if company is None else {rule.name: rule.usable_for_sales for rule in company.tax_rules}


async def _sellable(reading: AsyncConnection, connection: str, sku: str) -> bool | None:
    if not sku:
        return None
    of = cin7_products.c
    query = sa.select(of.is_active, of.is_sellable).where(of.connection == connection, of.sku == sku)
    row = (await reading.execute(query)).one_or_none()
    return row is not None and row.is_active and row.is_sellable
