"""A request that the database fails gets a clear answer and one line in the log, without a traceback or a value."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import httpx2
import pytest
from structlog.testing import capture_logs

from tests.web.installation import RunningInstallation
from weighbridge.common.clock import REAL_CLOCK
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories import Repositories
from weighbridge.web.webhooks.receiver import WebhookEndpoint, receiver

SECRET = "s" * 24
PATHS = (f"/webhooks/bigcommerce/main/{SECRET}", f"/webhooks/cin7/main/{SECRET}")


@pytest.mark.parametrize("path", PATHS, ids=["bigcommerce", "cin7"])
def test_a_webhook_that_cannot_be_stored_is_refused_so_that_it_is_delivered_again(tmp_path: Path, path: str) -> None:
    url = f"sqlite:///{tmp_path}/receiver.db"

    async def deliver() -> int:
        database = Database(url, lock_wait_seconds=0.05)
        await database.create_tables()
        app = receiver(Repositories.of(database, REAL_CLOCK), REAL_CLOCK, {"main": WebhookEndpoint(SECRET, "")})
        locked = sqlite3.connect(tmp_path / "receiver.db", isolation_level=None)
        locked.execute("BEGIN IMMEDIATE")
        try:
            async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://here") as client:
                answer = await client.post(path, content=b"{}", headers={"x-weighbridge-secret": SECRET})
        finally:
            locked.close()
            await database.close()
        return answer.status_code

    with capture_logs() as events:
        assert asyncio.run(deliver()) == 503
    (event,) = events
    assert (event["event"], event["connection"]) == ("webhook_not_stored", "main")
    assert "locked by another process" in event["reason"]
    assert "exc_info" not in event


def test_a_page_and_the_api_say_that_the_database_does_not_work(installation: RunningInstallation) -> None:
    with installation.anonymous_client() as client, capture_logs() as events:
        file = installation.app.database.url.database
        assert file is not None
        with sqlite3.connect(file) as connection:
            connection.execute("ALTER TABLE api_token RENAME TO moved")
        answer = client.get("/api/v1/monitors", headers={"authorization": "Bearer wb_x"})
        with sqlite3.connect(file) as connection:
            connection.execute("ALTER TABLE moved RENAME TO api_token")
    assert answer.status_code == 503
    assert answer.json() == {"problem": "the database does not work at the moment: no such table: api_token"}
    assert [(event["event"], event["reason"]) for event in events] == [
        ("api_request_failed", "no such table: api_token")
    ]
