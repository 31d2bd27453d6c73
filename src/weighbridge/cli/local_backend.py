"""What commands do beside the database, as the console does it: by the same rules, with the same audit lines."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from weighbridge.access.audit import AuditLog
from weighbridge.access.roles import Role
from weighbridge.access.users import User
from weighbridge.app.context import Office
from weighbridge.cli.context import COMMAND_LINE, installation_of, login_name, with_database
from weighbridge.common.clock import REAL_CLOCK, Clock
from weighbridge.persistence.database import Database

Answer = TypeVar("Answer")


def in_the_office(config: Path, by: str, work: Callable[[Office, User], Awaitable[Answer]]) -> Answer:
    """What `work` answers in the office of the configuration, for whoever may open its database.

    They may do everything, since they could at the database; the audit log says that nobody asked for a password.
    """
    found = installation_of(config)
    # Nobody signs in here, so the provider's secret is not needed.
    without_provider = found.console.model_copy(update={"oidc": None})
    installation = found.model_copy(update={"console": without_provider})
    folder = config.absolute().parent

    def begin(database: Database, _: Clock) -> Awaitable[Answer]:
        office = Office.of(installation, folder, os.environ, database)
        audit = AuditLog(database, office.people, COMMAND_LINE)
        return work(replace(office, access=replace(office.access, audit=audit)), _person(by))

    return with_database(installation, begin)


def _person(by: str) -> User:
    now = REAL_CLOCK.now()
    return User(id="", name=by or login_name(), role=Role.ADMIN, created_at=now, password_at=None, disabled_at=None)
