"""Doing what a plan says: decisions are stored, looks are asked for, all in one transaction.

Nothing here calls a platform: what must be written there is left to the worker's flows, which write exactly once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.common.clock import Clock
from weighbridge.design.overrides import DesignChange, overridden
from weighbridge.design.schema import Design
from weighbridge.domain.exceptions.kinds import MENDED_IN_CIN7, Remedy
from weighbridge.domain.orders.correction import Correction
from weighbridge.exceptions.plan import Plan
from weighbridge.exceptions.records import Case
from weighbridge.exceptions.requeue import REASON, ask_for_looks
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories import Journal
from weighbridge.persistence.repositories.exception_rows import Held
from weighbridge.persistence.repositories.recheck_jobs import ALL, BOOKS, REFERENCES
from weighbridge.persistence.repositories.reference_cache import UNKNOWN_SKU
from weighbridge.persistence.tables.exceptions import exception_objects
from weighbridge.persistence.tables.remedies import corrections, design_changes, releases
from weighbridge.persistence.tables.stock import stock_levels
from weighbridge.persistence.tables.transfers import transfers

REPLAY_FLOW, DUPLICATES_FLOW = "replay", "void_duplicates"
"""Flows of the worker that send what is stored, and that void what an order has twice."""
OF_THE_WORKER = {Remedy.REPLAY: REPLAY_FLOW, Remedy.VOID_DUPLICATE: DUPLICATES_FLOW}
STOCK_ROUNDS = ("stock", "stock_parity")


class Doing:
    def __init__(self, database: Database, clock: Clock, journal: Journal) -> None:
        self._database = database
        self._clock = clock
        self._journal = journal

    async def do(
        self,
        transaction: AsyncConnection,
        case: Case,
        plan: Plan,
        design: Design,
        actor: str,
        reason: str,
        held: dict[int, Held],
    ) -> dict[str, list[int]]:
        """Stores what `plan` says and asks for the looks it needs; answers the records that undo takes back.

        `design` is the file's. Raises UnusableChange when the design could not be used with the change.
        """
        made: dict[str, list[int]] = {}
        words = self._journal.words
        for one in plan.change.get("releases", ()):
            number = await words.release(transaction, **one, reason=reason, actor=actor)
            made.setdefault("releases", []).append(number)
        for one in plan.change.get("corrections", ()):
            correction = Correction(one["field"], one["before"], one["after"])
            number = await words.correct(transaction, one["transfer_id"], correction, reason, actor)
            made.setdefault("corrections", []).append(number)
        if changes := plan.change.get("design"):
            made["design"] = await self._agree(transaction, case, design, changes, reason, actor)
        if closing := plan.change.get("closes"):
            await self._close(transaction, case.id, f"{actor}: {closing}. {reason}", held, actor)
            return made
        await self._ask(transaction, case, plan)
        return made

    async def take_back(self, transaction: AsyncConnection, made: Mapping[str, list[int]], actor: str) -> None:
        """Takes back what a run stored; every record stays, marked as undone."""
        await self._journal.words.take_back(transaction, releases, made.get("releases", []), actor)
        await self._journal.words.take_back(transaction, corrections, made.get("corrections", []), actor)
        for number in made.get("design", []):
            await self._journal.designs.undo(transaction, number, actor)

    async def _agree(
        self,
        transaction: AsyncConnection,
        case: Case,
        design: Design,
        changes: list[dict[str, Any]],
        reason: str,
        actor: str,
    ) -> list[int]:
        of = design_changes.c
        query = sa.select(of.setting, of.key, of.value).where(of.connection == case.connection, of.undone_at.is_(None))
        agreed = [DesignChange(*row) for row in (await transaction.execute(query.order_by(of.id))).all()]
        effective = overridden(design, agreed)
        numbers = []
        for one in changes:
            change = DesignChange(**one)
            numbers.append(
                await self._journal.designs.agree(
                    transaction, case.connection, effective, change, reason, actor, case.id
                )
            )
            effective = overridden(effective, [change])
        return numbers

    async def _close(
        self, transaction: AsyncConnection, case_id: int, words: str, held: dict[int, Held], actor: str
    ) -> None:
        of = exception_objects.c
        query = sa.select(exception_objects).where(of.exception_id == case_id, of.closed_at.is_(None))
        parts = (await transaction.execute(query)).all()
        followed = self._journal.exceptions
        await followed.close(transaction, held, parts, {"words": words, "person": actor}, actor=actor, accepted=True)
        await followed.store(transaction, held)

    async def _ask(self, transaction: AsyncConnection, case: Case, plan: Plan) -> None:
        agenda, now = self._journal.agenda, self._clock.now()
        if plan.remedy in OF_THE_WORKER:
            query = sa.select(transfers.c.key).where(transfers.c.id.in_(plan.transfer_ids))
            for key in (await transaction.execute(query)).scalars().all():
                await agenda.add(transaction, case.connection, OF_THE_WORKER[plan.remedy], key, REASON, now)
            return
        if plan.remedy is Remedy.PUSH_STOCK:
            mine = sa.update(stock_levels).where(stock_levels.c.connection == case.connection)
            await transaction.execute(mine.values(shown=None))
            for flow in STOCK_ROUNDS:
                await agenda.add(transaction, case.connection, flow, ALL, REASON, now)
            return
        if plan.remedy is Remedy.RETRY:
            # Whoever asks has just made the product, as a rule: what Cin7 said a few minutes ago is not believed.
            await self._journal.references.forget(transaction, case.connection, UNKNOWN_SKU)
            if case.kind in MENDED_IN_CIN7:
                await agenda.add(transaction, case.connection, REFERENCES, BOOKS, REASON, now)
                return
        await ask_for_looks(transaction, agenda, now, [case.id], plan.transfer_ids)
