"""The receiver checks secrets and signatures, stores every delivery, and takes its body as a hint only."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from pathlib import Path

import httpx2
import pytest
import sqlalchemy as sa

from weighbridge.common.clock import REAL_CLOCK
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories import Repositories
from weighbridge.persistence.tables.work import jobs
from weighbridge.web.webhooks.receiver import WebhookEndpoint, receiver

SECRET, CLIENT_SECRET = "s" * 24, "client-secret"
BIGCOMMERCE_PATH, CIN7_PATH = f"/webhooks/bigcommerce/main/{SECRET}", f"/webhooks/cin7/main/{SECRET}"
EVENT = {"scope": "store/order/statusUpdated", "data": {"type": "order", "id": 42}}
HEADERS = {"x-weighbridge-secret": SECRET}


def _deliver(folder: Path, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, int]:
    """(status, pending jobs)."""

    async def work() -> tuple[int, int]:
        database = Database(f"sqlite:///{folder}/receiver.db")
        await database.create_tables()
        repositories = Repositories.of(database, REAL_CLOCK)
        app = receiver(repositories, REAL_CLOCK, {"main": WebhookEndpoint(SECRET, CLIENT_SECRET)})
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://here") as client:
            response = await client.post(path, content=body, headers=headers)
        is_order = (jobs.c.connection == "main") & (jobs.c.flow == "orders") & jobs.c.due_at.is_not(None)
        async with database.reading() as reading:
            pending = (await reading.execute(sa.select(sa.func.count()).where(is_order))).scalar_one()
        await database.close()
        return response.status_code, pending

    return asyncio.run(work())


def _signed(body: bytes, when: int | None = None, key: str = CLIENT_SECRET) -> dict[str, str]:
    timestamp = str(when if when is not None else int(REAL_CLOCK.now().timestamp()))
    digest = hmac.new(key.encode(), f"m1.{timestamp}.".encode() + body, hashlib.sha256).digest()
    signature = "v1," + base64.b64encode(digest).decode()
    return HEADERS | {"webhook-id": "m1", "webhook-timestamp": timestamp, "webhook-signature": signature}


def test_a_signed_delivery_is_stored_and_enqueues_one_job(tmp_path: Path) -> None:
    body = json.dumps(EVENT).encode()
    assert _deliver(tmp_path, BIGCOMMERCE_PATH, body, _signed(body)) == (200, 1)
    assert _deliver(tmp_path, BIGCOMMERCE_PATH, body, _signed(body)) == (200, 1), (
        "a second hint at the same order adds no job"
    )


@pytest.mark.parametrize("headers", [{}, {"x-weighbridge-secret": "wrong"}], ids=["no header", "wrong header"])
def test_a_delivery_without_its_secret_gets_not_found(tmp_path: Path, headers: dict[str, str]) -> None:
    assert _deliver(tmp_path, BIGCOMMERCE_PATH, json.dumps(EVENT).encode(), headers) == (404, 0)


def test_wrong_paths_and_forged_or_stale_signatures_get_not_found(tmp_path: Path) -> None:
    body = json.dumps(EVENT).encode()
    assert _deliver(tmp_path, "/webhooks/bigcommerce/main/guess", body, _signed(body)) == (404, 0)
    assert _deliver(tmp_path, BIGCOMMERCE_PATH, body, _signed(body, key="other")) == (404, 0)
    assert _deliver(tmp_path, BIGCOMMERCE_PATH, body, _signed(body, when=1_700_000_000)) == (404, 0)


@pytest.mark.parametrize("body", [b"{not json", b"[]", b"", b'{"scope": 5}', b'{"scope": "store/order/x", "data": {}}'])
def test_an_unreadable_body_is_stored_and_enqueues_nothing(tmp_path: Path, body: bytes) -> None:
    assert _deliver(tmp_path, BIGCOMMERCE_PATH, body, HEADERS) == (200, 0)


def test_cin7_authenticates_with_its_bearer_token(tmp_path: Path) -> None:
    body = json.dumps({"SaleID": "ABC", "EventType": "Sale/ShipmentTrackingNumberChanged"}).encode()
    assert _deliver(tmp_path, CIN7_PATH, body, {"authorization": f"Bearer {SECRET}"})[0] == 200
    assert _deliver(tmp_path, CIN7_PATH, body, {"authorization": "Bearer guess"})[0] == 404
