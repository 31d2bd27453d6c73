"""Hooks: registered within limits, signed, retried up the ladder, blocked, given up."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tests.twins.bigcommerce.counter import Counter
from weighbridge_twins.bigcommerce.hook_signing import signature

HOOKS = "/v3/hooks"
LADDER = (60, 180, 300, 600, 900, 1800, 3600, 7200, 21600, 50400, 86400)
ORDER = {"scope": "store/order/*", "destination": "https://connector.example.com/hooks", "is_active": True}
WATCH = {"scope": "store/hook/deliveryException", "destination": "https://watch.example.com/", "is_active": True}


def announce(shop: Counter, number: int = 1) -> None:
    shop.act("announce", {"scope": "store/order/created", "data": {"type": "order", "id": number}})


def test_a_hook_is_made_read_changed_and_deleted(shop: Counter) -> None:
    made = shop.ask("POST", HOOKS, {**ORDER, "headers": {"x-secret": "s"}})
    path = f"{HOOKS}/{made['id']}"
    assert shop.ask("GET", path) == made
    shop.pass_seconds(5)
    changed = shop.ask("PUT", path, {"is_active": False})
    assert (changed["is_active"], changed["updated_at"] - changed["created_at"]) == (False, 5)
    assert [row["id"] for row in shop.ask("GET", f"{HOOKS}?is_active=false&scope=store/order/*")] == [made["id"]]
    assert shop.ask("DELETE", path)["id"] == made["id"]
    assert shop.refused("GET", path)[0] == 404


def test_ten_hooks_per_scope_and_one_per_destination(shop: Counter) -> None:
    for number in range(10):
        shop.ask("POST", HOOKS, {**ORDER, "destination": f"https://h{number}.example.com/"})
    assert shop.refused("POST", HOOKS, ORDER)[0] == 422
    other = shop.ask("POST", HOOKS, {**ORDER, "scope": "store/shipment/*", "destination": "https://h0.example.com/"})
    taken = {**ORDER, "scope": "store/shipment/*", "destination": "https://h0.example.com/"}
    assert shop.refused("POST", HOOKS, taken)[0] == 422
    assert shop.refused("PUT", f"{HOOKS}/{other['id']}", {"scope": "store/order/*"})[0] == 422


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
    counter = Counter(hook_destinations="https_443")
    assert counter.call("POST", HOOKS, {**ORDER, "destination": destination}).status == status
    counter.shop.switches["hook_destinations"] = "any"
    assert counter.call("POST", HOOKS, {**ORDER, "destination": f"{destination}/2"}).status == 200


def test_v2_hooks_answer_bare_and_with_201() -> None:
    counter = Counter()
    answer = counter.call("POST", "/v2/hooks", ORDER)
    assert (answer.status, answer.body["scope"]) == (201, "store/order/*")
    assert counter.ask("PUT", f"/v2/hooks/{answer.body['id']}", {"is_active": False})["is_active"] is False
    assert counter.call("DELETE", f"/v2/hooks/{answer.body['id']}").status == 204
    assert counter.call("GET", "/v2/hooks").status == 204


def test_a_delivery_carries_the_documented_members_and_the_hooks_own_headers(shop: Counter) -> None:
    shop.ask("POST", HOOKS, {**ORDER, "headers": {"X-Secret": "s"}})
    announce(shop, 250)
    (delivery,) = shop.delivered()
    body = json.loads(delivery.raw)
    assert set(body) == {"scope", "store_id", "producer", "created_at", "hash", "data"}
    assert (body["store_id"], body["producer"]) == ("1025646", "stores/shop")
    assert (body["created_at"], len(body["hash"])) == (int(shop.clock.moment.timestamp()), 40)
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


def test_each_try_is_signed_anew_and_keeps_its_id_or_not(shop: Counter) -> None:
    shop.ask("POST", HOOKS, ORDER)
    announce(shop)
    (first,) = shop.delivered(500)
    shop.pass_seconds(60)
    (second,) = shop.delivered(500)
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 60
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]
    shop.shop.switches.update({"webhook_id_stable": False, "webhooks_signed": True})
    shop.pass_seconds(180)
    (third,) = shop.delivered(500)
    assert third.headers["webhook-id"] != second.headers["webhook-id"]
    shop.shop.switches["webhooks_signed"] = False
    shop.pass_seconds(300)
    (fourth,) = shop.delivered()
    assert "webhook-signature" not in fourth.headers


def test_the_ladder_ends_after_48_hours_with_the_hook_off(shop: Counter) -> None:
    made = shop.ask("POST", HOOKS, ORDER)
    announce(shop)
    for attempt, seconds in enumerate(LADDER, start=1):
        (delivery,) = shop.delivered(None)
        assert delivery.attempt == attempt
        shop.pass_seconds(seconds - 1)
        assert shop.twin.deliveries_due() == []
        shop.pass_seconds(1)
    assert shop.ask("GET", f"{HOOKS}/{made['id']}")["is_active"] is True
    (last,) = shop.delivered(404)
    assert last.attempt == 12
    assert shop.ask("GET", f"{HOOKS}/{made['id']}")["is_active"] is False
    assert shop.ask("GET", f"{HOOKS}/admin")["hooks_list"][0]["status"] == "deactivated"


def test_what_was_lost_is_not_replayed(shop: Counter) -> None:
    made = shop.ask("POST", HOOKS, ORDER)
    announce(shop, 1)
    shop.act("deactivate_hook", {"hook_id": made["id"]})
    assert shop.heard() == []
    announce(shop, 2)
    shop.ask("PUT", f"{HOOKS}/{made['id']}", {"is_active": True})
    announce(shop, 3)
    assert [data["id"] for _, data in shop.heard()] == [3]


def test_any_2xx_is_an_acknowledgement(shop: Counter) -> None:
    shop.ask("POST", HOOKS, ORDER)
    for status in (200, 204, 299):
        announce(shop)
        assert len(shop.delivered(status)) == 1
    announce(shop)
    shop.delivered(302)
    shop.pass_seconds(90_000)
    assert len(shop.delivered()) == 1


def test_below_ninety_percent_the_domain_is_blocked_for_three_minutes(shop: Counter) -> None:
    shop.ask("POST", HOOKS, ORDER)
    other = shop.ask("POST", HOOKS, {**ORDER, "scope": "store/shipment/*"})
    for number in range(100):
        announce(shop, number)
        shop.delivered(200 if number >= 11 else 500)
    (blocked,) = shop.ask("GET", f"{HOOKS}/admin")["blocked_domains"]
    assert (blocked["destination"], blocked["time_left"]) == ("connector.example.com", 180)
    assert blocked["reasons"][0]["count"] == 11
    shop.act("announce", {"scope": "store/shipment/created", "data": {"type": "shipment", "id": 1, "orderId": 1}})
    assert shop.twin.deliveries_due() == []
    shop.pass_seconds(181)
    assert shop.ask("GET", f"{HOOKS}/admin")["blocked_domains"] == []
    assert str(other["id"]) in {delivery.hook_id for delivery in shop.delivered()}


@pytest.mark.parametrize(("failures", "sends"), [(10, 100), (99, 99)])
def test_ninety_percent_and_too_few_sends_block_nothing(failures: int, sends: int, shop: Counter) -> None:
    shop.ask("POST", HOOKS, ORDER)
    for number in range(sends):
        announce(shop, number)
        shop.delivered(500 if number < failures else 200)
    assert shop.ask("GET", f"{HOOKS}/admin")["blocked_domains"] == []


def test_failures_older_than_two_minutes_do_not_count(shop: Counter) -> None:
    shop.ask("POST", HOOKS, ORDER)
    for number in range(100):
        announce(shop, number)
        shop.delivered(500 if number < 50 else 200)
        shop.pass_seconds(120 if number == 49 else 0)
    assert shop.ask("GET", f"{HOOKS}/admin")["blocked_domains"] == []


def test_the_watching_hook_is_told_of_retries_blocks_and_the_end(shop: Counter) -> None:
    shop.ask("POST", HOOKS, WATCH)
    made = shop.ask("POST", HOOKS, ORDER)

    def codes(status: int) -> list[int]:
        heard: list[int] = []
        for _ in range(2):
            for delivery in shop.twin.deliveries_due():
                data: Any = json.loads(delivery.raw)["data"]
                heard += [data["code"]] if "code" in data else []
                shop.twin.delivered(delivery, 200 if "code" in data else status)
        return heard

    announce(shop)
    assert codes(500) == [90001]
    shop.pass_seconds(60)
    assert codes(500) == [], "at most one notice in ten minutes"
    told = []
    for seconds in LADDER[1:]:
        shop.pass_seconds(seconds)
        told += codes(500)
    assert told[-1] == 90002
    assert set(told) == {90001, 90002}
    shop.ask("PUT", f"{HOOKS}/{made['id']}", {"is_active": True})
    for number in range(100):
        announce(shop, number)
    assert 90003 in codes(500)


def test_a_hook_without_events_is_off_after_ninety_days(shop: Counter) -> None:
    quiet = shop.ask("POST", HOOKS, {**ORDER, "scope": "store/order/refund/created"})
    busy = shop.ask("POST", HOOKS, {**ORDER, "scope": "store/order/created"})
    for _ in range(3):
        shop.pass_seconds(timedelta(days=30, hours=1).total_seconds())
        announce(shop)
        shop.delivered()
    active = {row["id"]: row["is_active"] for row in shop.ask("GET", HOOKS)}
    assert active == {quiet["id"]: False, busy["id"]: True}


def test_a_deleted_account_takes_its_hooks_along(shop: Counter) -> None:
    shop.ask("POST", HOOKS, ORDER)
    announce(shop)
    assert shop.act("delete_api_account", {}) == {"hooks": 1}
    assert shop.ask("GET", HOOKS) == []
    shop.off_the_documents("[] should be non-empty")
    assert shop.heard() == []


def test_alert_addresses_are_kept(shop: Counter) -> None:
    assert shop.call("PUT", f"{HOOKS}/admin", {"emails": ["owner@example.com"]}).status == 204
    assert shop.ask("GET", f"{HOOKS}/admin")["emails"] == ["owner@example.com"]
    assert shop.refused("PUT", f"{HOOKS}/admin", {"emails": ["nobody"]})[0] == 422


def test_events_on_their_way_survive_a_restart(shop: Counter) -> None:
    shop.ask("POST", HOOKS, ORDER)
    announce(shop, 5)
    announce(shop, 6)
    shop.twin.deliveries_due()
    other = Counter()
    other.twin.restore(shop.saved())
    assert [data["id"] for _, data in other.heard()] == [5, 6]


def test_the_same_second_brings_the_same_hash_twice(shop: Counter) -> None:
    shop.ask("POST", HOOKS, ORDER)
    announce(shop, 5)
    announce(shop, 5)
    first, second = (json.loads(delivery.raw) for delivery in shop.delivered())
    assert first == second
