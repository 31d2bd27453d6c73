"""`weighbridge migrate`: brings the database to the schema of this version."""

from __future__ import annotations

import asyncio

from weighbridge.cli.context import DEFAULT_CONFIG, Config, installation_of, out
from weighbridge.persistence.database import Database
from weighbridge.persistence.schema import Migrated


def migrate_command(config: Config = DEFAULT_CONFIG) -> None:
    """Migrate the database to this version. Stop every worker and console, and make a backup, before you do."""
    settings = installation_of(config).installation
    migrated = asyncio.run(_migrate(Database(settings.database, settings.lock_wait_seconds)))
    if migrated.before == migrated.after:
        out.print(f"The database has schema version {migrated.after} already.")
    elif migrated.before:
        out.print(f"The database was migrated from schema version {migrated.before} to {migrated.after}.")
    else:
        out.print(f"The database was created with schema version {migrated.after}.")


async def _migrate(database: Database) -> Migrated:
    try:
        return await database.migrate()
    finally:
        await database.close()
