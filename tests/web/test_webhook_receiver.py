"""The receiver believes nothing: secrets are checked, bodies are only hints, and what came is stored."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from pathlib import Path

import httpx2
import pytest

from weighbridge.common.clock import REAL_CLOCK
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories import Journal
from weighbridge.web.webhooks.receiver import HookDoor, receiver

SECRET, CLIENT_SECRET = "s" * 24, "client-secret"
SHOP, BOOKS = f"/hooks/bigcommerce/main/{SECRET}", f"/hooks/cin7/main/{SECRET}"
EVENT = {"scope": "store/order/statusUpdated", "data": {"type": "order", "id": 42}}
HEADERS = {"x-weighbridge-secret": SECRET}


def _deliver(folder: Path, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, int]:
    """(status, looks asked for)."""

    async def work() -> tuple[int, int]:
        database = Database(f"sqlite:///{folder}/receiver.db")
        await database.create_tables()
        journal = Journal.of(database, REAL_CLOCK)
        app = receiver(journal, REAL_CLOCK, {"main": HookDoor(SECRET, CLIENT_SECRET)})
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://here") as client:
            answer = await client.post(path, content=body, headers=headers)
        looks = await journal.agenda.open_count("main", "orders")
        await database.close()
        return answer.status_code, looks

    return asyncio.run(work())


def _signed(body: bytes, when: int | None = None, key: str = CLIENT_SECRET) -> dict[str, str]:
    stamp = str(when if when is not None else int(REAL_CLOCK.now().timestamp()))
    digest = hmac.new(key.encode(), f"m1.{stamp}.".encode() + body, hashlib.sha256).digest()
    signature = "v1," + base64.b64encode(digest).decode()
    return HEADERS | {"webhook-id": "m1", "webhook-timestamp": stamp, "webhook-signature": signature}


def test_signed_delivery_is_stored_and_asks_for_one_look(tmp_path: Path) -> None:
    body = json.dumps(EVENT).encode()
    assert _deliver(tmp_path, SHOP, body, _signed(body)) == (200, 1)
    assert _deliver(tmp_path, SHOP, body, _signed(body)) == (200, 1), "a second hint at one order is the same look"


@pytest.mark.parametrize("headers", [{}, {"x-weighbridge-secret": "wrong"}], ids=["no header", "wrong header"])
def test_delivery_without_its_secret_finds_nobody(tmp_path: Path, headers: dict[str, str]) -> None:
    assert _deliver(tmp_path, SHOP, json.dumps(EVENT).encode(), headers) == (404, 0)


def test_wrong_path_forged_and_stale_signatures_find_nobody(tmp_path: Path) -> None:
    body = json.dumps(EVENT).encode()
    assert _deliver(tmp_path, "/hooks/bigcommerce/main/guess", body, _signed(body)) == (404, 0)
    assert _deliver(tmp_path, SHOP, body, _signed(body, key="other")) == (404, 0)
    assert _deliver(tmp_path, SHOP, body, _signed(body, when=1_700_000_000)) == (404, 0)


@pytest.mark.parametrize("body", [b"{not json", b"[]", b"", b'{"scope": 5}', b'{"scope": "store/order/x", "data": {}}'])
def test_unreadable_body_is_kept_and_asks_for_nothing(tmp_path: Path, body: bytes) -> None:
    assert _deliver(tmp_path, SHOP, body, HEADERS) == (200, 0)


def test_cin7_shows_its_bearer_token(tmp_path: Path) -> None:
    body = json.dumps({"SaleID": "ABC", "EventType": "Sale/ShipmentTrackingNumberChanged"}).encode()
    assert _deliver(tmp_path, BOOKS, body, {"authorization": f"Bearer {SECRET}"})[0] == 200
    assert _deliver(tmp_path, BOOKS, body, {"authorization": "Bearer guess"})[0] == 404
