"""Staged outages of an installation on PostgreSQL: readiness names each, and comes back once its cause is gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta

import httpx2
import psycopg
import pytest
import sqlalchemy as sa

from tests.postgres import own_database
from tests.web.monitoring.served import Served, pending_job, served, worker_row
from weighbridge.common.certificates import ssl_context
from weighbridge.persistence.migrations import HEAD
from weighbridge.persistence.tables.work import jobs, workers

MORE_THAN_THE_POOL = 24
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def console(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One console for all outages: each ends before the next begins."""
    with own_database(postgres_url, "outages") as url:
        database = url.replace("postgresql://", "postgresql+psycopg://")
        with served(tmp_path_factory.mktemp("outages"), database) as console:
            yield console


def _name(console: Served) -> str:
    return str(sa.make_url(console.database).database)


@contextmanager
def _administered(console: Served) -> Iterator[psycopg.Connection]:
    """A connection to another database of the server."""
    url = sa.make_url(console.database).set(drivername="postgresql", database="postgres")
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
        yield connection


@contextmanager
def locked(console: Served) -> Iterator[None]:
    with console.connected() as connection:
        connection.execute(sa.text("LOCK TABLE job IN ACCESS EXCLUSIVE MODE"))
        yield


@contextmanager
def other_schema(console: Served) -> Iterator[None]:
    console.execute("UPDATE alembic_version SET version_num = 'from_the_future'")
    try:
        yield
    finally:
        console.execute(f"UPDATE alembic_version SET version_num = '{HEAD}'")


@contextmanager
def gone(console: Served) -> Iterator[None]:
    """The server lets nobody into the database, and ends its connections."""
    name = _name(console)
    with _administered(console) as server:
        server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'.encode())
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        try:
            yield
        finally:
            server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'.encode())


@contextmanager
def read_only(console: Served) -> Iterator[None]:
    with _administered(console) as server:
        server.execute(f'ALTER DATABASE "{_name(console)}" SET default_transaction_read_only = on'.encode())
        try:
            yield
        finally:
            server.execute(f'ALTER DATABASE "{_name(console)}" RESET default_transaction_read_only'.encode())


@contextmanager
def no_worker(console: Served) -> Iterator[None]:
    console.execute(sa.delete(workers))
    try:
        yield
    finally:
        console.execute(worker_row())


@contextmanager
def late_job(console: Served) -> Iterator[None]:
    console.execute(pending_job("orders", "100", NOW - timedelta(hours=3)))
    try:
        yield
    finally:
        console.execute(sa.delete(jobs))


@contextmanager
def wrong_clock(console: Served) -> Iterator[None]:
    """The server's clock is ten minutes ahead: our own function of that name is found first."""
    with _administered(console) as server:
        console.execute(
            "CREATE OR REPLACE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS "
            "$$ SELECT pg_catalog.clock_timestamp() + interval '10 minutes 5 seconds' $$"
        )
        server.execute(f'ALTER DATABASE "{_name(console)}" SET search_path = public, pg_catalog'.encode())
        try:
            yield
        finally:
            server.execute(f'ALTER DATABASE "{_name(console)}" RESET search_path'.encode())
            console.execute("DROP FUNCTION public.clock_timestamp()")


@contextmanager
def exhausted_pool(console: Served) -> Iterator[None]:
    """More requests than the pool has connections wait for a lock on the tokens."""

    def ask() -> int:
        headers = {"authorization": "Bearer wb_unknown"}
        return client.get(f"{console.url}/api/v1/monitors", headers=headers).status_code

    client = httpx2.Client(verify=ssl_context(), timeout=60)
    with client, ThreadPoolExecutor(MORE_THAN_THE_POOL) as threads:
        with console.connected() as connection:
            connection.execute(sa.text("LOCK TABLE api_token IN ACCESS EXCLUSIVE MODE"))
            answers = [threads.submit(ask) for _ in range(MORE_THAN_THE_POOL)]
            yield
        assert {answer.result() for answer in answers} == {401}


Stage = Callable[[Served], AbstractContextManager[None]]
OUTAGES: tuple[tuple[Stage, str, str], ...] = (
    (locked, "database_locked", "locked by another program"),
    (other_schema, "database_schema", "schema version from_the_future, and this version of Weighbridge needs"),
    (gone, "database_unreachable", "not currently accepting connections"),
    (read_only, "database_read_only", "accepts no writes"),
    (no_worker, "worker_missing", "start one with `weighbridge run`"),
    (late_job, "jobs_late", "the oldest has been due for 3 hours"),
    (wrong_clock, "clock_wrong", "This machine's clock is 10 minutes behind that of the database server"),
    (exhausted_pool, "connections_exhausted", "All database connections of this process are in use"),
)


@pytest.mark.parametrize(("stage", "problem_id", "words"), OUTAGES, ids=[stage.__name__ for stage, _, _ in OUTAGES])
def test_readiness_names_an_outage_and_comes_back_after_it(
    console: Served, stage: Stage, problem_id: str, words: str
) -> None:
    console.wait_until(lambda problems: not problems)
    with stage(console):
        problems = console.wait_until(lambda problems: problem_id in problems)
        assert words in problems[problem_id]
        assert console.get("/health/live").status_code == 200
    console.wait_until(lambda problems: not problems)
    assert "Traceback" not in console.log()
