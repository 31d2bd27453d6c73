"""The transactions of one process on a budget. They store the recent ends of the process's calls, and lose none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from weighbridge.common.clock import Clock
from weighbridge.persistence.database_reasons import is_temporary
from weighbridge.persistence.repositories.api_budget import BudgetRepository, BudgetState, BudgetTransaction
from weighbridge.platforms.call_slots import SlotsInUse


class BudgetTransactions:
    """Transactions after whose failure the ends of calls are stored next time."""

    def __init__(self, repository: BudgetRepository, slots: SlotsInUse, clock: Clock) -> None:
        self._repository = repository
        self._slots = slots
        self._clock = clock

    @asynccontextmanager
    async def locked(self) -> AsyncIterator[tuple[BudgetTransaction, BudgetState]]:
        """A transaction that holds the lock of the budget, and the budget's state."""
        with self._slots.storing_ends() as take_ends:
            async with self._repository.transaction() as transaction:
                state = await transaction.lock_state()
                await transaction.store_ends(take_ends(), self._clock.now())
                yield transaction, state

    async def can_store_ends(self) -> bool:
        """Stores recent ends of calls; False if the database cannot be used now."""
        try:
            await self.store_ends()
        except Exception as error:
            if not is_temporary(error):
                raise
            return False
        return True

    async def store_ends(self) -> None:
        """Stores recent ends of calls. A crash before that makes the calls count longer, never shorter."""
        with self._slots.storing_ends() as take_ends:
            await self._repository.store_ends(take_ends(), self._clock.now())
