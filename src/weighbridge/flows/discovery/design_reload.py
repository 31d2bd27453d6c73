"""Design reload: applies a changed design to a running worker and requeues the objects that waited for the change."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import structlog

from weighbridge.common.clock import Clock
from weighbridge.design.domain_policies import capture_rule, refund_policy, sale_policy
from weighbridge.design.overrides import UnusableChange
from weighbridge.design.schema import Design
from weighbridge.exceptions.requeue import requeue_changed
from weighbridge.flows.context import ConnectionContext
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories import Repositories

log = structlog.get_logger()


async def effective_context(
    repositories: Repositories, ctx: ConnectionContext, file_design: Design
) -> ConnectionContext:
    """`ctx` under the configuration file's design with the overrides agreed since. Stores that version of the design.

    When an override no longer fits the file's design, all overrides are ignored and an error is logged.
    """
    try:
        design = await repositories.designs.effective(ctx.name, file_design)
    except UnusableChange as problem:
        log.error("design_overrides_ignored", connection=ctx.name, problem=str(problem))
        design = file_design
    version = await repositories.designs.store_version(ctx.name, design)
    deadlines = {kind: timedelta(hours=hours) for kind, hours in design.deadlines.items()}
    await repositories.escalation_policy.apply_design(ctx.name, deadlines, design.backups)
    if version == ctx.design_version:
        return ctx
    log.info("design_changed", connection=ctx.name, version=version)
    connection = ctx.connection.model_copy(update={"design": design})
    return replace(
        ctx,
        connection=connection,
        design_version=version,
        sale_policy=sale_policy(connection),
        refund_policy=refund_policy(design),
        capture_rule=capture_rule(design),
    )


class DesignReloader:
    """Keeps the contexts of one worker under the current designs."""

    def __init__(
        self, database: Database, clock: Clock, repositories: Repositories, file_designs: dict[str, Design]
    ) -> None:
        self._database = database
        self._clock = clock
        self._repositories = repositories
        self._file_designs = file_designs
        self._last_counts: tuple[int, int] | None = None

    async def reload(self, contexts: dict[str, ConnectionContext]) -> None:
        """Puts the current designs into `contexts` when one changed. Every worker requeues the affected objects after
        its own reload: the last one does so when no worker uses the old design any more."""
        counts = await self._repositories.designs.change_counts()
        if counts == self._last_counts:
            return
        for name, ctx in list(contexts.items()):
            contexts[name] = await effective_context(self._repositories, ctx, self._file_designs[name])
        if self._last_counts is not None:
            await requeue_changed(self._database, self._repositories.job_queue, self._clock.now())
        self._last_counts = counts
