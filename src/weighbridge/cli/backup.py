"""`weighbridge backup` and `weighbridge restore`: the database in one file, and back."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from weighbridge.cli.context import DEFAULT_CONFIG, Config, fail, installation_of, out
from weighbridge.common.clock import REAL_CLOCK, ScaledClock
from weighbridge.design.schema import Installation
from weighbridge.persistence.backup import postgresql_backup, sqlite_backup
from weighbridge.persistence.backup.stamp import BackupProblem, Stamp, check_stamp
from weighbridge.persistence.database import Database
from weighbridge.persistence.database_problem import DatabaseProblem
from weighbridge.persistence.repositories import Repositories

LIVE_WALL_SECONDS = 20.0
"""A worker without a heartbeat for longer is dead."""


def backup_command(
    file: Annotated[Path, typer.Argument(help="The new file; only your user can read it.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Copy the database into a file, consistently while workers run."""
    database = Database(installation_of(config).installation.database)
    if database.is_sqlite:
        stamp = sqlite_backup.back_up(Path(database.url.database or ""), file)
    else:
        stamp = postgresql_backup.back_up(database.url, file)
    size = file.stat().st_size / 1_000_000
    out.print(f"Backed up to {file}: {size:.1f} MB, taken at {stamp.taken_at}.", highlight=False, markup=False)


def restore_command(
    file: Annotated[Path, typer.Argument(help="A file that `weighbridge backup` wrote.")],
    config: Config = DEFAULT_CONFIG,
    replace: Annotated[bool, typer.Option("--replace", help="Replace the database that exists.")] = False,
) -> None:
    """Put a backup in place of the database. Stop all workers and consoles first."""
    installation = installation_of(config)
    database = Database(installation.installation.database)
    backend = database.url.get_backend_name()
    if not file.exists():
        fail(f"there is no file {file}; name a file that `weighbridge backup` wrote")
    stamp = _stamp_of(file)
    check_stamp(stamp, file, backend)
    asyncio.run(_check_target(database, replace))
    replaced = None
    if database.is_sqlite:
        replaced = sqlite_backup.restore(file, Path(database.url.database or ""))
    else:
        postgresql_backup.restore(file, database.url)
    asyncio.run(_mark_restored(installation))
    _explain(stamp, replaced)


def _stamp_of(file: Path) -> Stamp:
    """The stamp of a backup of either kind. Raises BackupProblem."""
    with file.open("rb") as opened:
        is_sqlite = opened.read(15) == b"SQLite format 3"
    return sqlite_backup.check(file) if is_sqlite else postgresql_backup.check(file)


async def _check_target(database: Database, replace: bool) -> None:
    """Raises BackupProblem while a worker is alive, and for a database that exists unless it is to be replaced."""
    try:
        if not await database.has_tables():
            return
        sessions = await Repositories.of(database, REAL_CLOCK).workers.known()
    except DatabaseProblem:
        # A damaged database is the reason for a restore; whatever it is, it is kept unless it is to be replaced.
        sessions = []
    finally:
        await database.close()
    alive = [known.session for known in sessions if abs(known.silent_seconds) <= LIVE_WALL_SECONDS]
    if alive:
        names = ", ".join(f"{session.name} on {session.host} (process {session.pid})" for session in alive)
        raise BackupProblem(f"the database is in use by {names}; stop it, wait 20 seconds, and restore again")
    if not replace:
        raise BackupProblem(
            "there is a database already; back it up, and give --replace to put the backup in its place"
        )


async def _mark_restored(installation: Installation) -> None:
    """Notes the restore in the database, so that every write first asks the platform whether it happened already."""
    settings = installation.installation
    clock = ScaledClock.parse(settings.clock) if settings.clock else REAL_CLOCK
    database = Database(settings.database)
    try:
        await database.create_tables()
        repositories = Repositories.of(database, clock)
        for connection in installation.connections:
            await repositories.restores.record(connection, clock.now())
        for known in await repositories.workers.known():
            await repositories.workers.remove(known.session.id)
    finally:
        await database.close()


def _explain(stamp: Stamp, replaced: Path | None) -> None:
    lines = [f"Restored the database of {stamp.taken_at}, written by Weighbridge {stamp.version}."]
    if replaced is not None:
        lines.append(f"The replaced database is kept as {replaced}; remove it when you need it no more.")
    lines += [
        "The platforms are ahead of this database: what Weighbridge wrote after that time is not in it.",
        "The next run reads all changes since then again. For 30 days each write first asks the platform whether it",
        "was made before, so nothing is written twice; what is there already is adopted.",
        "Lost for good: decisions, comments, accepted proposals, changes of users and of the design after that time.",
        "Webhooks that came since then are replaced by the sweeps. Now start the worker, and see the page Exceptions.",
    ]
    out.print("\n".join(lines), highlight=False, markup=False, soft_wrap=True)
