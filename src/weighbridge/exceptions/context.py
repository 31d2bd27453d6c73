"""What a preview looks at, and what a run has come to: read from what is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.common.clock import REAL_CLOCK
from weighbridge.design.schema import Design
from weighbridge.exceptions.previews import RULE_USED, Ground
from weighbridge.exceptions.record_queries import CaseFile
from weighbridge.exceptions.records import Case
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories.designs import Designs
from weighbridge.persistence.tables.exceptions import exception_objects
from weighbridge.persistence.tables.stock import book_products
from weighbridge.persistence.tables.transfers import transfers
from weighbridge.persistence.tables.work import references

MOST_OBJECTS = 5000
PROVEN, WAITING, NOT_ENOUGH = "proven", "waiting", "not enough"


async def grounds_of(
    database: Database, case: Case, designs: Mapping[str, Design], arguments: Mapping[str, str]
) -> Ground:
    """Everything that a playbook's preview for `case` looks at. Raises LookupError for a connection not in the file."""
    if case.connection not in designs:
        raise LookupError(f"connection {case.connection} is not in the configuration")
    objects = await CaseFile(database, REAL_CLOCK).objects(case.id, limit=MOST_OBJECTS)
    async with database.reading() as reading:
        return Ground(
            case=case,
            objects=objects,
            otherwise_held=await _otherwise_held(reading, case.id),
            design=await Designs(database, REAL_CLOCK).effective(case.connection, designs[case.connection]),
            tax_rules=await _tax_rules(reading, case.connection),
            sellable=await _sellable(reading, case.connection, arguments.get("sku", "").strip()),
        )


async def proven(reading: AsyncConnection, case_id: int, transfer_ids: Sequence[str], since: datetime) -> str:
    """What a run has come to: every object left with its proof, some were not looked at yet, or it was not enough."""
    of = exception_objects.c
    query = (
        sa.select(transfers.c.updated_at)
        .join(exception_objects, of.transfer_id == transfers.c.id)
        .where(of.exception_id == case_id, of.closed_at.is_(None), of.transfer_id.in_(transfer_ids))
    )
    moments = (await reading.execute(query)).scalars().all()
    if not moments:
        return PROVEN
    return WAITING if any(moment <= since for moment in moments) else NOT_ENOUGH


async def _otherwise_held(reading: AsyncConnection, case_id: int) -> int:
    mine, other = exception_objects.alias(), exception_objects.alias()
    query = (
        sa.select(sa.func.count(mine.c.transfer_id.distinct()))
        .join(other, (other.c.transfer_id == mine.c.transfer_id) & (other.c.exception_id != mine.c.exception_id))
        .where(
            mine.c.exception_id == case_id,
            mine.c.closed_at.is_(None),
            other.c.closed_at.is_(None),
            other.c.severity != "note",
        )
    )
    return int((await reading.execute(query)).scalar_one())


async def _tax_rules(reading: AsyncConnection, connection: str) -> Mapping[str, bool] | None:
    of = references.c
    query = sa.select(of.value).where(of.connection == connection, of.name == "company")
    company = (await reading.execute(query)).scalar_one_or_none()
    return None if company is None else {rule[0]: bool(rule[RULE_USED]) for rule in company["tax_rules"]}


async def _sellable(reading: AsyncConnection, connection: str, sku: str) -> bool | None:
    if not sku:
        return None
    of = book_products.c
    query = sa.select(of.is_active, of.is_sellable).where(of.connection == connection, of.sku == sku)
    row = (await reading.execute(query)).one_or_none()
    return row is not None and row.is_active and row.is_sellable
