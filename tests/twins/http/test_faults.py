"""Each fault: the client's view, and the state of the twin afterwards."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2
import pytest

from tests.twins.http.tiny_platform import ServedGuestBook, served_guest_book
from weighbridge_twins.faults import FAULTS, FaultInjector, mutated
from weighbridge_twins.http.call import Call, Delivery

KEY = {"X-Key": "open sesame"}


def set_fault(served: ServedGuestBook, **rule: Any) -> int:
    answer = httpx2.post(f"{served.url}/_twin/faults", json=rule)
    assert answer.status_code == 200, answer.text
    number: int = answer.json()["id"]
    return number


def sign(served: ServedGuestBook, timeout: float = 5.0) -> httpx2.Response:
    return httpx2.post(f"{served.url}/api/entries", json={"by": "Ada"}, headers=KEY, timeout=timeout)


@pytest.mark.parametrize(
    ("rule", "status", "signed"),
    [
        ({"fault": "throttle"}, 429, 0),
        ({"fault": "throttle", "style": "503"}, 503, 0),
        ({"fault": "error_before"}, 500, 0),
        ({"fault": "error_after"}, 500, 1),
        ({"fault": "error_after", "status": 502}, 502, 1),
        ({"fault": "html_200"}, 200, 1),
        ({"fault": "html_200", "commit": False}, 200, 0),
        ({"fault": "malformed_json"}, 201, 1),
    ],
)
def test_a_fault_answers_and_commits_as_documented(rule: dict[str, Any], status: int, signed: int) -> None:
    with served_guest_book() as served:
        set_fault(served, **rule, times=1)
        answer = sign(served)
        entries = len(served.guest_book.entries)
        healthy = sign(served)
        log = served.app.log.since()
    assert answer.status_code == status
    assert entries == signed
    assert healthy.status_code == 201
    assert [call.fault for call in log] == [rule["fault"], None]
    assert answer.headers["x-calls"] == "1", "what every answer carries is carried by faults, too"


@pytest.mark.parametrize(("fault", "signed"), [("drop_before", 0), ("drop_after", 1)])
def test_a_dropped_connection_is_a_connection_error_for_the_client(fault: str, signed: int) -> None:
    with served_guest_book() as served:
        set_fault(served, fault=fault, times=1)
        with pytest.raises((httpx2.RemoteProtocolError, httpx2.ReadError)):
            sign(served)
        entries = len(served.guest_book.entries)
        after = sign(served)
        log = served.app.log.since()
    assert entries == signed
    assert after.status_code == 201
    assert log[0].status is None


def test_html_with_status_200_is_html() -> None:
    with served_guest_book() as served:
        set_fault(served, fault="html_200")
        answer = sign(served)
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.text.startswith("<!DOCTYPE html>")


def test_malformed_json_is_cut_and_complete_as_http() -> None:
    with served_guest_book() as served:
        set_fault(served, fault="malformed_json")
        answer = sign(served)
    assert len(answer.content) == int(answer.headers["content-length"])
    with pytest.raises(ValueError):
        answer.json()


def test_a_slow_answer_is_late_but_the_call_took_effect_at_once() -> None:
    with served_guest_book() as served:
        set_fault(served, fault="slow", seconds=0.6, times=1)
        with pytest.raises(httpx2.TimeoutException):
            sign(served, timeout=0.2)
        entries = len(served.guest_book.entries)
    assert entries == 1


def test_a_call_is_committed_although_the_client_timed_out() -> None:
    with served_guest_book() as served:
        set_fault(served, fault="slow_before", seconds=0.5, times=1)
        with pytest.raises(httpx2.TimeoutException):
            sign(served, timeout=0.2)
        at_timeout = len(served.guest_book.entries)
        time.sleep(0.6)
        later = len(served.guest_book.entries)
    assert (at_timeout, later) == (0, 1)


def test_members_of_an_answer_go_missing_or_change_and_the_state_stays() -> None:
    with served_guest_book() as served:
        set_fault(served, fault="mutate", path="data.by", drop=True, times=1)
        dropped = sign(served).json()
        set_fault(served, fault="mutate", path="tags.*.n", set="wrong", times=1)
        changed = sign(served).json()
        entries = list(served.guest_book.entries)
    assert dropped["data"] == {"id": 1}
    assert [tag["n"] for tag in changed["tags"]] == ["wrong", "wrong"]
    assert entries[0] == {"id": 1, "by": "Ada"}


def test_a_mutation_reaches_list_items_and_ignores_unknown_paths() -> None:
    injector = FaultInjector()
    body = {"rows": [{"a": 1, "b": 2}, {"b": 3}]}
    assert mutated(body, injector.add({"fault": "mutate", "path": "rows.*.a", "drop": True})) == {
        "rows": [{"b": 2}, {"b": 3}]
    }
    assert mutated(body, injector.add({"fault": "mutate", "path": "rows.1", "drop": True})) == {
        "rows": [{"a": 1, "b": 2}]
    }
    assert mutated(body, injector.add({"fault": "mutate", "path": "x.y.z", "set": 0})) == body
    assert mutated([1], injector.add({"fault": "mutate", "path": "9", "drop": True})) == [1]
    assert body == {"rows": [{"a": 1, "b": 2}, {"b": 3}]}


def fired_counts(
    injector: FaultInjector, method: str = "POST", path: str = "/api/entries", times: int = 1
) -> list[int]:
    return [len(injector.fire(Call(method, path, {}, {}, b'{"by":"Ada"}'))) for _ in range(times)]


def test_a_rule_matches_by_method_path_and_text() -> None:
    injector = FaultInjector(api_prefix="/api")
    injector.add({"fault": "throttle", "match": {"method": "post", "path": "/entries", "contains": '"Ada"'}})
    assert fired_counts(injector) == [1]
    assert fired_counts(injector, path="/API/Entries/5") == [1], "vendors' paths have no case"
    assert fired_counts(injector, method="GET") == [0]
    assert fired_counts(injector, path="/api/other/entries") == [0], "a plain path is a beginning"
    injector.add({"fault": "slow", "match": {"path": r"entries/\d+$"}})
    assert fired_counts(injector, method="GET", path="/api/entries/17") == [1]


def test_a_rule_can_skip_calls_and_fires_a_limited_number_of_times() -> None:
    injector = FaultInjector()
    rule = injector.add({"fault": "error_after", "skip": 2, "times": 1})
    assert fired_counts(injector, times=5) == [0, 0, 1, 0, 0]
    assert (rule.matched, rule.fired) == (3, 1)


def test_the_same_seed_fires_on_the_same_calls() -> None:
    def run(seed: int) -> list[int]:
        injector = FaultInjector(seed)
        injector.add({"fault": "throttle", "probability": 0.3})
        return fired_counts(injector, times=200)

    assert run(7) == run(7)
    assert run(7) != run(8)
    assert 30 < sum(run(7)) < 90


@pytest.mark.parametrize(
    ("rule", "named"),
    [
        ({"fault": "gremlin"}, "gremlin"),
        ({"fault": "throttle", "match": {"verb": "GET"}}, "verb"),
        ({"fault": "throttle", "probability": 2}, "probability"),
        ({"fault": "throttle", "times": "often"}, "times"),
        ({"fault": "throttle", "match": {"path": "(("}}, "match.path"),
        ({"fault": "delayed_visibility"}, "switches"),
    ],
)
def test_an_invalid_rule_is_refused_naming_the_invalid_member(rule: dict[str, Any], named: str) -> None:
    with served_guest_book() as served:
        answer = httpx2.post(f"{served.url}/_twin/faults", json=rule)
    assert answer.status_code == 400
    assert named in answer.json()["error"]


def test_a_fault_that_is_a_switch_is_turned_and_turned_back() -> None:
    with served_guest_book() as served:
        number = set_fault(served, fault="page_drift")
        during = dict(served.guest_book.switches)
        removed = httpx2.delete(f"{served.url}/_twin/faults/{number}").json()
        after = dict(served.guest_book.switches)
    assert during["page_drift"] == 1
    assert removed == {"removed": 1}
    assert after["page_drift"] == 0


@contextmanager
def receiver() -> Iterator[tuple[str, list[bytes]]]:
    """Runs a local webhook receiver; yields its URL and the bodies in order of arrival."""
    arrived: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            arrived.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *parts: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/hook", arrived
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def deliver(served: ServedGuestBook, url: str, count: int = 1) -> None:
    due = [Delivery("hook-1", url, {"X-Event": str(n)}, b"event %d" % n, 1, str(n)) for n in range(count)]
    served.loop.call_soon_threadsafe(served.guest_book.due.extend, due)


def wait_for(condition: Any, seconds: float = 5.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.01)
    return False


def test_a_webhook_is_delivered_and_the_outcome_reported() -> None:
    with served_guest_book() as served, receiver() as (url, arrived):
        deliver(served, url)
        assert wait_for(lambda: served.guest_book.outcomes)
        deliver(served, "http://127.0.0.1:9/nobody")
        assert wait_for(lambda: len(served.guest_book.outcomes) == 2)
    assert arrived == [b"event 0"]
    assert [status for _, status in served.guest_book.outcomes] == [200, None]


def test_a_lost_webhook_counts_as_delivered_for_the_vendor() -> None:
    with served_guest_book() as served, receiver() as (url, arrived):
        set_fault(served, fault="webhook_lost", times=1)
        deliver(served, url, 2)
        assert wait_for(lambda: len(served.guest_book.outcomes) == 2)
    assert arrived == [b"event 1"]
    assert [status for _, status in sorted(served.guest_book.outcomes)] == [200, 200]


def test_a_duplicated_webhook_arrives_twice_and_counts_once() -> None:
    with served_guest_book() as served, receiver() as (url, arrived):
        set_fault(served, fault="webhook_duplicate", times=1, match={"contains": "event 0"})
        deliver(served, url)
        assert wait_for(lambda: len(arrived) == 2)
        time.sleep(0.1)
        outcomes = list(served.guest_book.outcomes)
    assert arrived == [b"event 0", b"event 0"]
    assert outcomes == [("0", 200)]


def test_a_late_webhook_waits_on_the_twins_clock() -> None:
    with served_guest_book(speed=100) as served, receiver() as (url, arrived):
        set_fault(served, fault="webhook_late", seconds=40)
        deliver(served, url)
        time.sleep(0.2)
        early = list(arrived)
        assert wait_for(lambda: arrived)
    assert early == []


def test_reordered_webhooks_arrive_complete_and_in_another_order() -> None:
    with served_guest_book(speed=100) as served, receiver() as (url, arrived):
        set_fault(served, fault="webhook_reorder", seconds=60)
        deliver(served, url, 12)
        assert wait_for(lambda: len(arrived) == 12)
    expected = [b"event %d" % n for n in range(12)]
    assert sorted(arrived) == sorted(expected)
    assert arrived != expected


def test_a_webhook_that_the_vendor_deactivates_silently_sends_nothing() -> None:
    with served_guest_book() as served, receiver() as (url, arrived):
        set_fault(served, fault="webhook_deactivated", times=1)
        deliver(served, url)
        assert wait_for(lambda: served.guest_book.deactivated)
    assert served.guest_book.deactivated == ["hook-1"]
    assert arrived == []


def test_every_fault_says_what_it_does() -> None:
    assert all(len(sentence) > 20 for sentence in FAULTS.values())
