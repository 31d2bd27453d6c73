"""The console's API in this process, for commands without --server: the same checks, actions and audit log."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2

from weighbridge.access.roles import Role
from weighbridge.access.tokens import Bearer
from weighbridge.access.users import User
from weighbridge.app.context import AppContext
from weighbridge.cli.context import COMMAND_LINE, installation_of, login_name
from weighbridge.common.clock import REAL_CLOCK
from weighbridge.persistence.database import Database
from weighbridge.web.api.app import api_app
from weighbridge.web.api.auth import bearer_of


@asynccontextmanager
async def in_process_http(config: Path, actor: str) -> AsyncIterator[httpx2.AsyncClient]:
    """An HTTP client of the API over the configuration's database; `actor` acts, by default the login name.

    The user is an admin, because a user who can open the database could do everything there. The audit log adds
    "(command line)" to the name, because no password was checked.
    """
    installation = installation_of(config)
    settings = installation.installation
    database = Database(settings.database, settings.lock_wait_seconds)
    try:
        await database.create_tables()
        app = AppContext.of(installation, config.absolute().parent, os.environ, database, without_sign_in=COMMAND_LINE)
        api = api_app(app)
        bearer = _command_line_bearer(actor or login_name())
        # No network reaches this application, so its only caller needs no token.
        api.dependency_overrides[bearer_of] = lambda: bearer
        transport = httpx2.ASGITransport(app=api)
        async with httpx2.AsyncClient(transport=transport, base_url="http://in-process") as http:
            yield http
    finally:
        await database.close()


def _command_line_bearer(name: str) -> Bearer:
    now = REAL_CLOCK.now()
    user = User(id="", name=name, role=Role.ADMIN, created_at=now, password_at=None, disabled_at=None)
    return Bearer(user=user, read_only=False, token=COMMAND_LINE, ends_at=None)
