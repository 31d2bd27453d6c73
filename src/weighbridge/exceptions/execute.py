"""Executes a plan: stores its decisions and enqueues the jobs it needs, in one transaction.

Nothing here calls a platform: the worker's flows do the writes there, exactly once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.common.clock import Clock
from weighbridge.design.overrides import DesignChange, overridden
from weighbridge.design.schema import Design
from weighbridge.domain.exceptions.kinds import FIXED_IN_CIN7, Playbook
from weighbridge.domain.job_types import CIN7_ONLY_KEY, WHOLE_CONNECTION, Flow
from weighbridge.domain.orders.correction import Correction
from weighbridge.exceptions.plan import Plan
from weighbridge.exceptions.records import ExceptionRecord
from weighbridge.exceptions.requeue import REASON, enqueue_jobs
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories import Repositories
from weighbridge.persistence.repositories.exception_rows import LockedRow
from weighbridge.persistence.repositories.reference_data import UNKNOWN_SKU
from weighbridge.persistence.tables.decisions import corrections, design_changes, releases
from weighbridge.persistence.tables.exceptions import exception_objects
from weighbridge.persistence.tables.stock import stock_levels
from weighbridge.persistence.tables.transfers import transfers

REPLAY_FLOW, DUPLICATES_FLOW = "replay", "void_duplicates"
"""Flows of the worker that send a stored request again, and that void the duplicate sales of an order."""
WORKER_FLOWS = {Playbook.REPLAY: REPLAY_FLOW, Playbook.VOID_DUPLICATE: DUPLICATES_FLOW}
STOCK_FLOWS = ("stock", "stock_parity")


class PlanExecutor:
    def __init__(self, database: Database, clock: Clock, repositories: Repositories) -> None:
        self._database = database
        self._clock = clock
        self._repositories = repositories

    async def execute(
        self,
        transaction: AsyncConnection,
        exception_record: ExceptionRecord,
        plan: Plan,
        design: Design,
        actor: str,
        reason: str,
        locked_rows: dict[int, LockedRow],
    ) -> dict[str, list[int]]:
        """Stores what `plan` says and enqueues the jobs it needs; returns the records that undo reverts.

        `design` is the one of the file. Raises UnusableChange if the changed design would be invalid.
        """
        created: dict[str, list[int]] = {}
        decisions = self._repositories.decisions
        for release in plan.change.get("releases", ()):
            number = await decisions.release(transaction, **release, reason=reason, actor=actor)
            created.setdefault("releases", []).append(number)
        for values in plan.change.get("corrections", ()):
            correction = Correction(values["field"], values["before"], values["after"])
            number = await decisions.correct(transaction, values["transfer_id"], correction, reason, actor)
            created.setdefault("corrections", []).append(number)
        if changes := plan.change.get("design"):
            created["design"] = await self._store_design_changes(
                transaction, exception_record, design, changes, reason, actor
            )
        if closing := plan.change.get("closes"):
            await self._close(transaction, exception_record.id, f"{actor}: {closing}. {reason}", locked_rows, actor)
            return created
        await self._enqueue_jobs(transaction, exception_record, plan)
        return created

    async def undo(self, transaction: AsyncConnection, created_records: Mapping[str, list[int]], actor: str) -> None:
        """Marks the records that a run stored as undone; no record is deleted."""
        await self._repositories.decisions.undo(transaction, releases, created_records.get("releases", []), actor)
        await self._repositories.decisions.undo(transaction, corrections, created_records.get("corrections", []), actor)
        for number in created_records.get("design", []):
            await self._repositories.designs.undo(transaction, number, actor)

    async def _store_design_changes(
        self,
        transaction: AsyncConnection,
        exception_record: ExceptionRecord,
        design: Design,
        changes: list[dict[str, Any]],
        reason: str,
        actor: str,
    ) -> list[int]:
        of = design_changes.c
        query = sa.select(of.setting, of.key, of.value).where(
            of.connection == exception_record.connection, of.undone_at.is_(None)
        )
        changes_so_far = [DesignChange(*row) for row in (await transaction.execute(query.order_by(of.id))).all()]
        effective = overridden(design, changes_so_far)
        numbers = []
        for values in changes:
            change = DesignChange(**values)
            numbers.append(
                await self._repositories.designs.add_change(
                    transaction, exception_record.connection, effective, change, reason, actor, exception_record.id
                )
            )
            effective = overridden(effective, [change])
        return numbers

    async def _close(
        self,
        transaction: AsyncConnection,
        exception_id: int,
        description: str,
        locked_rows: dict[int, LockedRow],
        actor: str,
    ) -> None:
        of = exception_objects.c
        query = sa.select(exception_objects).where(of.exception_id == exception_id, of.closed_at.is_(None))
        objects = (await transaction.execute(query)).all()
        exception_records = self._repositories.exception_records
        await exception_records.close_objects(
            transaction, locked_rows, objects, {"text": description, "actor": actor}, actor=actor, accepted=True
        )
        await exception_records.store(transaction, locked_rows)

    async def _enqueue_jobs(self, transaction: AsyncConnection, exception_record: ExceptionRecord, plan: Plan) -> None:
        job_queue, now = self._repositories.job_queue, self._clock.now()
        if plan.playbook in WORKER_FLOWS:
            query = sa.select(transfers.c.key).where(transfers.c.id.in_(plan.transfer_ids))
            for key in (await transaction.execute(query)).scalars().all():
                await job_queue.add(
                    transaction, exception_record.connection, WORKER_FLOWS[plan.playbook], key, REASON, now
                )
            return
        if plan.playbook is Playbook.PUSH_STOCK:
            forget_levels = sa.update(stock_levels).where(stock_levels.c.connection == exception_record.connection)
            await transaction.execute(forget_levels.values(current_level=None))
            for flow in STOCK_FLOWS:
                await job_queue.add(transaction, exception_record.connection, flow, WHOLE_CONNECTION, REASON, now)
            return
        if plan.playbook is Playbook.RETRY:
            # The user has usually just created the product, so the cached answer of Cin7 is discarded.
            await self._repositories.reference_cache.forget(transaction, exception_record.connection, UNKNOWN_SKU)
            if exception_record.kind in FIXED_IN_CIN7:
                await job_queue.add(
                    transaction, exception_record.connection, Flow.REFERENCE_DATA, CIN7_ONLY_KEY, REASON, now
                )
                return
        await enqueue_jobs(transaction, job_queue, now, [exception_record.id], plan.transfer_ids)
