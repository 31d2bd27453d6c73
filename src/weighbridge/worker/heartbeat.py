"""Heartbeats: a worker shows that it is alive, and takes over the jobs of workers that are not."""

from __future__ import annotations

from datetime import timedelta

import structlog

from weighbridge.common.clock import Clock
from weighbridge.jobs.dispatcher import Dispatcher
from weighbridge.jobs.engine import APPLICATION_VERSION
from weighbridge.persistence.repositories import Repositories

log = structlog.get_logger()

HEARTBEAT_WALL_SECONDS = 2.0
DEAD_AFTER_WALL_SECONDS = 20.0


async def heartbeat(worker: str, repositories: Repositories, dispatcher: Dispatcher, clock: Clock) -> None:
    """Records this worker's heartbeat and reclaims the jobs of workers that have had none for too long."""
    timeout = timedelta(seconds=DEAD_AFTER_WALL_SECONDS / clock.wall_seconds(1.0))
    await repositories.workers.heartbeat(worker, APPLICATION_VERSION)
    unresponsive = [other for other in await repositories.workers.unresponsive(timeout) if other.id != worker]
    # A worker that was removed by mistake may have continued until it died.
    unknown = await repositories.job_queue.workers_with_running_jobs() - await repositories.workers.known()
    if not unresponsive and not unknown:
        return
    died = [other.id for other in unresponsive if not other.is_deregistered] + sorted(unknown)
    if died:
        log.warning("workers_died", workers=died)
    # Removed only afterwards: if this worker dies in between, the next one finds them again.
    gone = [other.id for other in unresponsive]
    await dispatcher.reclaim([*gone, *sorted(unknown)])
    await repositories.workers.remove(gone, timeout)
