"""Webhooks: limits, signatures, retries, blocked domains, deactivation."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tests.twins.bigcommerce.harness import StoreHarness
from weighbridge_twins.bigcommerce.webhook_signing import signature

WEBHOOKS = "/v3/hooks"
LADDER = (60, 180, 300, 600, 900, 1800, 3600, 7200, 21600, 50400, 86400)
ORDER = {"scope": "store/order/*", "destination": "https://connector.example.com/hooks", "is_active": True}
WATCH = {"scope": "store/hook/deliveryException", "destination": "https://watch.example.com/", "is_active": True}


def announce(harness: StoreHarness, number: int = 1) -> None:
    harness.act("announce", {"scope": "store/order/created", "data": {"type": "order", "id": number}})


def test_webhook_is_created_read_updated_and_deleted(harness: StoreHarness) -> None:
    created = harness.ask("POST", WEBHOOKS, {**ORDER, "headers": {"x-secret": "s"}})
    path = f"{WEBHOOKS}/{created['id']}"
    assert harness.ask("GET", path) == created
    harness.pass_seconds(5)
    changed = harness.ask("PUT", path, {"is_active": False})
    assert (changed["is_active"], changed["updated_at"] - changed["created_at"]) == (False, 5)
    inactive = harness.ask("GET", f"{WEBHOOKS}?is_active=false&scope=store/order/*")
    assert [row["id"] for row in inactive] == [created["id"]]
    assert harness.ask("DELETE", path)["id"] == created["id"]
    assert harness.refused("GET", path)[0] == 404


def test_webhooks_are_limited_to_ten_per_scope_and_one_per_destination(harness: StoreHarness) -> None:
    for number in range(10):
        harness.ask("POST", WEBHOOKS, {**ORDER, "destination": f"https://h{number}.example.com/"})
    assert harness.refused("POST", WEBHOOKS, ORDER)[0] == 422
    shipments = harness.ask(
        "POST", WEBHOOKS, {**ORDER, "scope": "store/shipment/*", "destination": "https://h0.example.com/"}
    )
    duplicate = {**ORDER, "scope": "store/shipment/*", "destination": "https://h0.example.com/"}
    assert harness.refused("POST", WEBHOOKS, duplicate)[0] == 422
    assert harness.refused("PUT", f"{WEBHOOKS}/{shipments['id']}", {"scope": "store/order/*"})[0] == 422


@pytest.mark.parametrize(
    ("destination", "status"),
    [
        ("https://connector.example.com/hooks", 200),
        ("https://connector.example.com:443/hooks", 200),
        ("https://connector.example.com:8443/hooks", 422),
        ("http://connector.example.com/hooks", 422),
    ],
)
def test_a_destination_may_have_to_be_https_on_443(destination: str, status: int) -> None:
    harness = StoreHarness(webhook_destinations="https_443")
    assert harness.call("POST", WEBHOOKS, {**ORDER, "destination": destination}).status == status
    harness.store.switches["webhook_destinations"] = "any"
    assert harness.call("POST", WEBHOOKS, {**ORDER, "destination": f"{destination}/2"}).status == 200


def test_v2_webhooks_answer_without_envelope_and_with_201() -> None:
    harness = StoreHarness()
    answer = harness.call("POST", "/v2/hooks", ORDER)
    assert (answer.status, answer.body["scope"]) == (201, "store/order/*")
    assert harness.ask("PUT", f"/v2/hooks/{answer.body['id']}", {"is_active": False})["is_active"] is False
    assert harness.call("DELETE", f"/v2/hooks/{answer.body['id']}").status == 204
    assert harness.call("GET", "/v2/hooks").status == 204


def test_delivery_carries_documented_members_and_the_webhook_headers(harness: StoreHarness) -> None:
    harness.ask("POST", WEBHOOKS, {**ORDER, "headers": {"X-Secret": "s"}})
    announce(harness, 250)
    (delivery,) = harness.delivered()
    body = json.loads(delivery.raw)
    assert set(body) == {"scope", "store_id", "producer", "created_at", "hash", "data"}
    assert (body["store_id"], body["producer"]) == ("1025646", "stores/shop")
    assert (body["created_at"], len(body["hash"])) == (int(harness.clock.current_time.timestamp()), 40)
    assert body["data"] == {"type": "order", "id": 250}
    assert delivery.headers["x-secret"] == "s"
    assert (delivery.url, delivery.attempt) == (ORDER["destination"], 1)


def test_the_standard_library_accepts_the_signature_and_nothing_else() -> None:
    secret, raw, now = "client-secret", b'{"scope":"store/order/created"}', int(datetime.now(UTC).timestamp())
    webhook = Webhook(base64.b64encode(secret.encode()).decode())
    headers = signature(secret, "msg_1", now, raw)
    assert webhook.verify(raw, headers) == json.loads(raw)
    for wrong in (signature("other", "msg_1", now, raw), {**headers, "webhook-id": "msg_2"},
                  signature(secret, "msg_1", now - 301, raw)):  # fmt: skip
        with pytest.raises(WebhookVerificationError):
            webhook.verify(raw, wrong)


def test_each_attempt_is_signed_again_and_its_id_follows_the_switch(harness: StoreHarness) -> None:
    harness.ask("POST", WEBHOOKS, ORDER)
    announce(harness)
    (first,) = harness.delivered(500)
    harness.pass_seconds(60)
    (second,) = harness.delivered(500)
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 60
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]
    harness.store.switches.update({"webhook_id_stable": False, "webhooks_signed": True})
    harness.pass_seconds(180)
    (third,) = harness.delivered(500)
    assert third.headers["webhook-id"] != second.headers["webhook-id"]
    harness.store.switches["webhooks_signed"] = False
    harness.pass_seconds(300)
    (fourth,) = harness.delivered()
    assert "webhook-signature" not in fourth.headers


def test_webhook_is_deactivated_when_retries_end_after_48_hours(harness: StoreHarness) -> None:
    webhook = harness.ask("POST", WEBHOOKS, ORDER)
    announce(harness)
    for attempt, seconds in enumerate(LADDER, start=1):
        (delivery,) = harness.delivered(None)
        assert delivery.attempt == attempt
        harness.pass_seconds(seconds - 1)
        assert harness.twin.deliveries_due() == []
        harness.pass_seconds(1)
    assert harness.ask("GET", f"{WEBHOOKS}/{webhook['id']}")["is_active"] is True
    (last,) = harness.delivered(404)
    assert last.attempt == 12
    assert harness.ask("GET", f"{WEBHOOKS}/{webhook['id']}")["is_active"] is False
    assert harness.ask("GET", f"{WEBHOOKS}/admin")["hooks_list"][0]["status"] == "deactivated"


def test_lost_events_are_not_replayed(harness: StoreHarness) -> None:
    webhook = harness.ask("POST", WEBHOOKS, ORDER)
    announce(harness, 1)
    harness.act("deactivate_webhook", {"webhook_id": webhook["id"]})
    assert harness.received_events() == []
    announce(harness, 2)
    harness.ask("PUT", f"{WEBHOOKS}/{webhook['id']}", {"is_active": True})
    announce(harness, 3)
    assert [data["id"] for _, data in harness.received_events()] == [3]


def test_any_2xx_is_an_acknowledgement(harness: StoreHarness) -> None:
    harness.ask("POST", WEBHOOKS, ORDER)
    for status in (200, 204, 299):
        announce(harness)
        assert len(harness.delivered(status)) == 1
    announce(harness)
    harness.delivered(302)
    harness.pass_seconds(90_000)
    assert len(harness.delivered()) == 1


def test_below_ninety_percent_the_domain_is_blocked_for_three_minutes(harness: StoreHarness) -> None:
    harness.ask("POST", WEBHOOKS, ORDER)
    shipments = harness.ask("POST", WEBHOOKS, {**ORDER, "scope": "store/shipment/*"})
    for number in range(100):
        announce(harness, number)
        harness.delivered(200 if number >= 11 else 500)
    (blocked,) = harness.ask("GET", f"{WEBHOOKS}/admin")["blocked_domains"]
    assert (blocked["destination"], blocked["time_left"]) == ("connector.example.com", 180)
    assert blocked["reasons"][0]["count"] == 11
    harness.act("announce", {"scope": "store/shipment/created", "data": {"type": "shipment", "id": 1, "orderId": 1}})
    assert harness.twin.deliveries_due() == []
    harness.pass_seconds(181)
    assert harness.ask("GET", f"{WEBHOOKS}/admin")["blocked_domains"] == []
    assert str(shipments["id"]) in {delivery.webhook_id for delivery in harness.delivered()}


@pytest.mark.parametrize(("failures", "sends"), [(10, 100), (99, 99)])
def test_ninety_percent_and_too_few_sends_block_nothing(failures: int, sends: int, harness: StoreHarness) -> None:
    harness.ask("POST", WEBHOOKS, ORDER)
    for number in range(sends):
        announce(harness, number)
        harness.delivered(500 if number < failures else 200)
    assert harness.ask("GET", f"{WEBHOOKS}/admin")["blocked_domains"] == []


def test_failures_older_than_two_minutes_do_not_count(harness: StoreHarness) -> None:
    harness.ask("POST", WEBHOOKS, ORDER)
    for number in range(100):
        announce(harness, number)
        harness.delivered(500 if number < 50 else 200)
        harness.pass_seconds(120 if number == 49 else 0)
    assert harness.ask("GET", f"{WEBHOOKS}/admin")["blocked_domains"] == []


def test_delivery_exception_webhook_reports_retries_blocks_and_deactivation(harness: StoreHarness) -> None:
    harness.ask("POST", WEBHOOKS, WATCH)
    webhook = harness.ask("POST", WEBHOOKS, ORDER)

    def codes(status: int) -> list[int]:
        codes_received: list[int] = []
        for _ in range(2):
            for delivery in harness.twin.deliveries_due():
                data: Any = json.loads(delivery.raw)["data"]
                codes_received += [data["code"]] if "code" in data else []
                harness.twin.delivered(delivery, 200 if "code" in data else status)
        return codes_received

    announce(harness)
    assert codes(500) == [90001]
    harness.pass_seconds(60)
    assert codes(500) == [], "at most one notice in ten minutes"
    all_codes = []
    for seconds in LADDER[1:]:
        harness.pass_seconds(seconds)
        all_codes += codes(500)
    assert all_codes[-1] == 90002
    assert set(all_codes) == {90001, 90002}
    harness.ask("PUT", f"{WEBHOOKS}/{webhook['id']}", {"is_active": True})
    for number in range(100):
        announce(harness, number)
    assert 90003 in codes(500)


def test_webhook_without_events_is_deactivated_after_ninety_days(harness: StoreHarness) -> None:
    quiet = harness.ask("POST", WEBHOOKS, {**ORDER, "scope": "store/order/refund/created"})
    busy = harness.ask("POST", WEBHOOKS, {**ORDER, "scope": "store/order/created"})
    for _ in range(3):
        harness.pass_seconds(timedelta(days=30, hours=1).total_seconds())
        announce(harness)
        harness.delivered()
    active = {row["id"]: row["is_active"] for row in harness.ask("GET", WEBHOOKS)}
    assert active == {quiet["id"]: False, busy["id"]: True}


def test_deleting_an_api_account_deletes_its_webhooks(harness: StoreHarness) -> None:
    harness.ask("POST", WEBHOOKS, ORDER)
    announce(harness)
    assert harness.act("delete_api_account", {}) == {"webhooks": 1}
    assert harness.ask("GET", WEBHOOKS) == []
    harness.expect_violations("[] should be non-empty")
    assert harness.received_events() == []


def test_alert_addresses_are_stored(harness: StoreHarness) -> None:
    assert harness.call("PUT", f"{WEBHOOKS}/admin", {"emails": ["owner@example.com"]}).status == 204
    assert harness.ask("GET", f"{WEBHOOKS}/admin")["emails"] == ["owner@example.com"]
    assert harness.refused("PUT", f"{WEBHOOKS}/admin", {"emails": ["nobody"]})[0] == 422


def test_pending_events_survive_a_restart(harness: StoreHarness) -> None:
    harness.ask("POST", WEBHOOKS, ORDER)
    announce(harness, 5)
    announce(harness, 6)
    harness.twin.deliveries_due()
    restarted = StoreHarness()
    restarted.twin.restore(harness.saved())
    assert [data["id"] for _, data in restarted.received_events()] == [5, 6]


def test_identical_events_have_the_same_hash(harness: StoreHarness) -> None:
    harness.ask("POST", WEBHOOKS, ORDER)
    announce(harness, 5)
    announce(harness, 5)
    first, second = (json.loads(delivery.raw) for delivery in harness.delivered())
    assert first == second
