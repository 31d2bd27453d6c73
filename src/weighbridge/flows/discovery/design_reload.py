"""A changed design takes effect while the worker runs, and what waited for the change is looked at again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import structlog

from weighbridge.common.clock import Clock
from weighbridge.design.domain_policies import capture_rule, refund_policy, sale_policy
from weighbridge.design.overrides import UnusableChange
from weighbridge.design.schema import Design
from weighbridge.exceptions.requeue import look_again_at_changed
from weighbridge.flows.context import Site
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories import Journal

log = structlog.get_logger()


async def effective_site(journal: Journal, site: Site, of_file: Design) -> Site:
    """`site` under the file's design with what people agreed on since; that version is kept.

    Changes that the file has made unusable meanwhile are left out, all of them, with a word in the log.
    """
    try:
        design = await journal.designs.effective(site.name, of_file)
    except UnusableChange as problem:
        log.error("agreed_changes_of_the_design_left_out", connection=site.name, problem=str(problem))
        design = of_file
    version = await journal.designs.keep(site.name, design)
    deadlines = {kind: timedelta(hours=hours) for kind, hours in design.deadlines.items()}
    await journal.responsibility.agree(site.name, deadlines, design.backups)
    if version == site.design_version:
        return site
    log.info("design_changed", connection=site.name, version=version)
    connection = site.connection.model_copy(update={"design": design})
    return replace(
        site,
        connection=connection,
        design_version=version,
        sale_policy=sale_policy(connection),
        refund_policy=refund_policy(design),
        capture_rule=capture_rule(design),
    )


class FollowedDesigns:
    """Keeps the sites of one worker under the designs as they were agreed last."""

    def __init__(self, database: Database, clock: Clock, journal: Journal, of_file: dict[str, Design]) -> None:
        self._database = database
        self._clock = clock
        self._journal = journal
        self._of_file = of_file
        self._mark: tuple[int, int] | None = None

    async def follow(self, sites: dict[str, Site]) -> None:
        """Puts the designs that count now into `sites`. Every worker asks for the looks after its own change, so that
        the last one to change asks when none works by the old design any more."""
        mark = await self._journal.designs.mark()
        if mark == self._mark:
            return
        for name, site in list(sites.items()):
            sites[name] = await effective_site(self._journal, site, self._of_file[name])
        if self._mark is not None:
            await look_again_at_changed(self._database, self._journal.agenda, self._clock.now())
        self._mark = mark
