"""Both real twins in one server: addresses, credentials, control, recording, state, TLS, webhooks."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.twins.http.test_faults import receiver, wait_for
from weighbridge_twins.clock import ScaledClock
from weighbridge_twins.command import documented_tables
from weighbridge_twins.http.server import Credentials, TwinServer
from weighbridge_twins.reference_tables import filled
from weighbridge_twins.world.options import WorldOptions

REPOSITORY = Path(__file__).parents[3]
GOODS = [{"sku": "TEA", "name": "Tea", "price": "4.50", "tax_class_id": 1, "tracking": "product", "inventory_level": 5}]
ORDER = {"lines": [{"sku": "TEA", "quantity": 2}], "payment": "captured", "shipping_cost": "4.99"}


def bigcommerce_client(twins: TwinServer, **options: Any) -> httpx2.Client:
    return httpx2.Client(headers={"X-Auth-Token": twins.credentials.access_token}, **options)


def cin7_client(twins: TwinServer) -> httpx2.Client:
    keys = twins.credentials
    return httpx2.Client(
        headers={"api-auth-accountid": keys.account_id, "api-auth-applicationkey": keys.application_key}
    )


def test_both_twins_answer_at_the_announced_addresses_and_credentials() -> None:
    with TwinServer() as twins, bigcommerce_client(twins) as bigcommerce, cin7_client(twins) as cin7:
        store = bigcommerce.get(f"{twins.bigcommerce_url}/v2/store")
        me = cin7.get(f"{twins.cin7_url}/me")
        stranger = httpx2.get(f"{twins.bigcommerce_url}/v2/store")
        refused = httpx2.get(f"{twins.cin7_url}/me")
    assert store.status_code == 200
    assert me.json()["Currency"] == "USD"
    assert stranger.status_code == 401
    assert refused.status_code == 403


def test_the_server_starts_quickly() -> None:
    with TwinServer():
        pass
    started = time.perf_counter()
    with TwinServer():
        seconds = time.perf_counter() - started
    assert seconds < 2.0, "half a second on a quiet machine"


def test_user_actions_are_visible_through_the_api() -> None:
    with TwinServer() as twins, bigcommerce_client(twins) as store:
        twins.act("bigcommerce", "seed_products", GOODS)
        placed = twins.act("bigcommerce", "place_order", ORDER)
        order = store.get(f"{twins.bigcommerce_url}/v2/orders/{placed['id']}").json()
        calls = twins.calls("bigcommerce", path="/orders")
    assert order["id"] == placed["id"]
    assert order["total_inc_tax"] == "13.9900"
    assert [(call["method"], call["status"]) for call in calls] == [("GET", 200)]


def test_a_fault_fires_and_is_cleared() -> None:
    with TwinServer() as twins, cin7_client(twins) as cin7:
        rule = twins.fault("cin7", {"fault": "drop_after", "match": {"path": "/me"}, "times": 1})
        with pytest.raises(httpx2.TransportError):
            cin7.get(f"{twins.cin7_url}/me")
        after = cin7.get(f"{twins.cin7_url}/me")
        fired = twins.faults("cin7")[0]["fired"]
        removed = twins.clear_faults("cin7", rule)
        bigcommerce_faults = twins.faults("bigcommerce")
    assert (after.status_code, fired, removed, bigcommerce_faults) == (200, 1, 1, [])


@pytest.mark.parametrize("platform", ["bigcommerce", "cin7"])
@pytest.mark.parametrize("fault", ["delayed_visibility", "page_drift"])
def test_faults_that_are_switches_work_on_both_platforms(platform: str, fault: str) -> None:
    with TwinServer() as twins:
        before = twins.set_switches(platform, {})
        twins.fault(platform, {"fault": fault, "value": 7})
        during = twins.set_switches(platform, {})
        twins.clear_faults(platform)
        after = twins.set_switches(platform, {})
    assert [name for name in before if before[name] != during[name]] != []
    assert after == before


def test_switches_are_given_at_the_start() -> None:
    with TwinServer(cin7_switches={"page_drift": 2}, bigcommerce_switches={"requests_per_window": 9}) as twins:
        assert twins.cin7.switches["page_drift"] == 2
        assert twins.bigcommerce.switches["requests_per_window"] == 9
    with pytest.raises(ValueError, match="no_such_switch"), TwinServer(cin7_switches={"no_such_switch": 1}):
        pass


def test_traffic_of_both_is_recorded_with_absolute_addresses(tmp_path: Path) -> None:
    file = tmp_path / "traffic.jsonl"
    with TwinServer(record=file) as twins, bigcommerce_client(twins) as store, cin7_client(twins) as cin7:
        store.get(f"{twins.bigcommerce_url}/v2/time")
        cin7.get(f"{twins.cin7_url}/ref/tax?Page=1")
        address = twins.cin7_url
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert [row["platform"] for row in rows] == ["bigcommerce", "cin7"]
    assert rows[1]["url"] == f"{address}/ref/tax?Page=1"
    assert rows[1]["response"]["TaxRuleList"]


def test_the_state_survives_a_restart_with_clock_and_switches(tmp_path: Path) -> None:
    file = tmp_path / "twins.json"
    with TwinServer(state=file, speed=60, bigcommerce_switches={"page_drift": 3}) as twins:
        twins.act("bigcommerce", "seed_products", GOODS)
        placed = twins.act("bigcommerce", "place_order", ORDER)
        goods = [{"sku": "TEA", "name": "Tea", "type": "Stock", "tier_price": "4.50"}]
        twins.act("cin7", "seed", {"products": goods, "stock": [{"sku": "TEA", "location": "Overflow", "on_hand": 7}]})
        clock = twins.clock
    with TwinServer(state=file) as twins, bigcommerce_client(twins) as store, cin7_client(twins) as cin7:
        order = store.get(f"{twins.bigcommerce_url}/v2/orders/{placed['id']}")
        stock = cin7.get(f"{twins.cin7_url}/ref/productavailability?Page=1&Limit=10&Sku=TEA").json()
        switch = twins.bigcommerce.switches["page_drift"]
        assert twins.clock == clock
    assert order.status_code == 200
    assert [row["OnHand"] for row in stock["ProductAvailabilityList"]] == [7]
    assert switch == 3


def test_a_damaged_state_file_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "twins.json"
    file.write_text("{half")
    with pytest.raises(ValueError, match=r"twins\.json"), TwinServer(state=file):
        pass
    assert file.read_text() == "{half"


def test_tls_is_verifiable_with_the_certificate_of_the_twins() -> None:
    with TwinServer(tls=True) as twins:
        assert twins.bigcommerce_url.startswith("https://")
        with bigcommerce_client(twins, verify=ssl.create_default_context(cafile=twins.certificate)) as store:
            answer = store.get(f"{twins.bigcommerce_url}/v2/time")
        with pytest.raises(httpx2.TransportError):
            httpx2.get(f"{twins.bigcommerce_url}/v2/time")
        twins.fault("bigcommerce", {"fault": "drop_before", "times": 1})
        with (
            bigcommerce_client(twins, verify=ssl.create_default_context(cafile=twins.certificate)) as store,
            pytest.raises(httpx2.TransportError),
        ):
            store.get(f"{twins.bigcommerce_url}/v2/time")
    assert answer.status_code == 200


def test_a_bigcommerce_webhook_reaches_the_receiver() -> None:
    with TwinServer(speed=60) as twins, receiver() as (url, arrived), bigcommerce_client(twins) as store:
        webhook = {"scope": "store/order/*", "destination": url, "is_active": True}
        made = store.post(f"{twins.bigcommerce_url}/v3/hooks", json=webhook)
        assert made.status_code == 200, made.text
        twins.act("bigcommerce", "seed_products", GOODS)
        placed = twins.act("bigcommerce", "place_order", ORDER)
        assert wait_for(lambda: len(arrived) >= 2, 10)
    events = {event["scope"]: event["data"]["id"] for event in map(json.loads, arrived)}
    assert events["store/order/created"] == placed["id"], "deliveries may overtake each other"


def test_a_silently_deactivated_webhook_is_inactive_in_bigcommerce() -> None:
    with TwinServer(speed=60) as twins, receiver() as (url, arrived), bigcommerce_client(twins) as store:
        webhook = {"scope": "store/order/created", "destination": url, "is_active": True}
        number = store.post(f"{twins.bigcommerce_url}/v3/hooks", json=webhook).json()["data"]["id"]
        twins.fault("bigcommerce", {"fault": "webhook_deactivated", "times": 1})
        twins.act("bigcommerce", "seed_products", GOODS)
        twins.act("bigcommerce", "place_order", ORDER)

        def off() -> bool:
            webhook = store.get(f"{twins.bigcommerce_url}/v3/hooks/{number}").json()
            return webhook["data"]["is_active"] is False

        assert wait_for(off, 10)
    assert arrived == []


def test_the_same_seed_gives_the_same_credentials() -> None:
    assert Credentials.of_seed(4) == Credentials.of_seed(4)
    assert Credentials.of_seed(4).access_token != Credentials.of_seed(5).access_token


def test_a_port_in_use_is_named() -> None:
    with TwinServer() as twins:
        port = int(twins.cin7_url.split(":")[2].split("/")[0])
        with pytest.raises(OSError, match=str(port)), TwinServer(cin7_port=port):
            pass


def test_a_world_is_started_by_control_with_options() -> None:
    with TwinServer(speed=600) as twins:
        control = twins.running.bigcommerce.root + "/_twin/world"
        wrong = httpx2.post(control, json={"action": "start", "cancel_sher": 1})
        started = httpx2.post(control, json={"action": "start", "orders": 5, "arrivals_per_minute": 60})
        again = httpx2.post(control, json={"action": "start"})
        assert wait_for(lambda: httpx2.get(control).json()["placed"] == 5, 10)
        stopped = httpx2.post(control, json={"action": "stop"}).json()
        after = httpx2.get(control).json()
    assert wrong.status_code == 400
    assert started.json()["planned"] == 5, started.text
    assert again.status_code == 400
    assert stopped["running"] is False
    assert after["running"] is False


def test_a_second_world_continues_where_the_first_one_stopped() -> None:
    with TwinServer(speed=600) as twins:
        twins.start_world({"orders": 6, "arrivals_per_minute": 60, "guest_share": 0.0})
        assert wait_for(lambda: twins.world_status()["placed"] == 6, 10)
        twins.stop_world()
        twins.start_world({"orders": 6, "skip": 3, "arrivals_per_minute": 60})
        assert wait_for(lambda: twins.world_status()["placed"] == 6, 10)
        status = twins.world_status()
        orders = twins.run(lambda: len(twins.bigcommerce.store.orders))
    assert "failed" not in status
    assert orders == 12


def test_a_world_is_not_started_on_a_saved_state(tmp_path: Path) -> None:
    file = tmp_path / "twins.json"
    with TwinServer(state=file):
        pass
    with pytest.raises(ValueError, match="needs new twins"), TwinServer(state=file, world=WorldOptions(orders=1)):
        pass


def test_a_user_action_with_wrong_arguments_is_refused_and_breaks_nothing() -> None:
    with TwinServer() as twins:
        root = twins.running.bigcommerce.root
        wrongs: list[Any] = [{"lines": [{"sku": "X", "quantity": "many"}]}, {"lines": 5}, {"lines": [{}]}]
        answers = [httpx2.post(f"{root}/_twin/act/place_order", json=wrong) for wrong in wrongs]
        fine = httpx2.get(f"{root}/_twin/quota")
    assert [answer.status_code for answer in answers] == [422, 422, 404]
    assert fine.status_code == 200


def test_a_world_in_the_server_fills_both_systems_and_orders_arrive_with_webhooks() -> None:
    world = WorldOptions(orders=12, arrivals_per_minute=30, abandoned_share=0)
    with TwinServer(speed=60, world=world) as twins, receiver() as (url, arrived), bigcommerce_client(twins) as store:
        webhook = {"scope": "store/order/created", "destination": url, "is_active": True}
        store.post(f"{twins.bigcommerce_url}/v3/hooks", json=webhook)
        before = twins.world_status()
        twins.start_world()
        assert wait_for(lambda: twins.world_status()["placed"] == 12, 10)
        assert wait_for(lambda: len(arrived) >= 12, 10)
        orders = store.get(f"{twins.bigcommerce_url}/v2/orders?limit=50").json()
    assert before["running"] is False
    assert len(orders) == 12
    assert {json.loads(body)["data"]["id"] for body in arrived} == {order["id"] for order in orders}


def test_the_command_prints_one_line_and_saves_the_state(tmp_path: Path) -> None:
    state, record = tmp_path / "state.json", tmp_path / "traffic.jsonl"
    program = "from weighbridge_twins.command import twins_app; twins_app()"
    arguments = ["serve", "--bigcommerce-port", "0", "--cin7-port", "0", "--speed", "60", "--seed", "3"]
    arguments += ["--state", str(state), "--record", str(record), "--cin7-switch", "page_drift=1"]
    process = subprocess.Popen(
        [sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY, env=os.environ
    )
    try:
        assert process.stdout is not None
        announcement = json.loads(process.stdout.readline())
        store_time = httpx2.get(
            f"{announcement['bigcommerce_url']}/v2/time", headers={"X-Auth-Token": announcement["access_token"]}
        )
        switches = httpx2.get(f"{announcement['cin7_control']}/switches").json()
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(10)
    assert code == 0
    assert store_time.status_code == 200
    assert ScaledClock.parse(announcement["clock"]).speed == 60
    assert announcement["store_hash"] in announcement["bigcommerce_url"]
    assert announcement["cin7_url"].endswith("/ExternalApi/v2")
    assert switches["page_drift"] == 1
    assert ScaledClock.parse(json.loads(state.read_text())["clock"]) == ScaledClock.parse(announcement["clock"])
    assert len(record.read_text().splitlines()) == 1


def test_the_documented_tables_are_those_of_the_code() -> None:
    page = (REPOSITORY / "docs" / "reference" / "twins.md").read_text(encoding="utf-8")
    assert filled(page, documented_tables()) == page, "run: weighbridge twins document docs/reference/twins.md"
