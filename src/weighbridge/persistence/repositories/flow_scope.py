"""Flow scope: which due jobs a command may claim that runs a few flows only."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from weighbridge.persistence.repositories.job_queue import Scope
from weighbridge.persistence.tables.work import jobs


@dataclass(frozen=True, slots=True)
class FlowScope(Scope):
    """A scope of the jobs of some flows; all other jobs are left to the workers."""

    flows: Collection[str] = ()

    def condition(self, now: datetime) -> sa.ColumnElement[bool]:
        """The rows that may be claimed at `now`."""
        return Scope.condition(self, now) & jobs.c.flow.in_(sorted(self.flows))
