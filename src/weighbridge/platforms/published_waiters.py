"""The waiting calls of one process, as other processes see them: they decide together which call is made next."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from weighbridge.domain.lanes import Waiter
from weighbridge.persistence.repositories.api_budget import BudgetTransaction

MOST_WAITERS_PUBLISHED = 200


class PublishedWaiters:
    """The waiters of this process that are stored for other processes, refreshed every `refresh_after`."""

    def __init__(self, refresh_after: timedelta) -> None:
        self._refresh_after = refresh_after
        self._refreshed_at: dict[str, datetime] = {}

    @property
    def ids(self) -> Collection[str]:
        return self._refreshed_at.keys()

    async def publish(self, transaction: BudgetTransaction, waiting: Sequence[Waiter], now: datetime) -> None:
        """Stores as many of `waiting` as can matter to other processes, and removes those that no longer wait."""
        ordered = sorted(waiting, key=lambda waiter: (waiter.lane, waiter.since))
        published = {waiter.id: waiter for waiter in ordered[:MOST_WAITERS_PUBLISHED]}
        gone = [waiter_id for waiter_id in self._refreshed_at if waiter_id not in published]
        stale = now - self._refresh_after
        refreshed = {key: waiter for key, waiter in published.items() if self._refreshed_at.get(key, stale) <= stale}
        await transaction.remove_waiters(gone)
        await transaction.store_waiters(refreshed.values(), now)
        self._refreshed_at = {key: now if key in refreshed else self._refreshed_at[key] for key in published}
