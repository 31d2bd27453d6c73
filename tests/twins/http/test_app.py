"""A twin as an ASGI application: the call that reaches the platform, the answer, and the log."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from pathlib import Path

import httpx2
import pytest

from tests.twins.http.tiny_platform import ServedGuestBook, served_guest_book
from weighbridge_twins.http.calls_log import Recorder, render

KEY = {"X-Key": "open sesame"}


def sign(served: ServedGuestBook, signer: str = "Ada") -> httpx2.Response:
    return httpx2.post(f"{served.url}/api/entries", json={"by": signer}, headers=KEY)


def test_a_call_is_checked_answered_and_finished() -> None:
    with served_guest_book() as served:
        refused = httpx2.get(f"{served.url}/api/entries")
        empty = httpx2.get(f"{served.url}/api/entries", headers=KEY)
        signed = sign(served)
    assert (refused.status_code, refused.headers["x-calls"]) == (403, "1")
    assert (empty.status_code, empty.content) == (204, b"")
    assert signed.status_code == 201
    assert signed.json()["data"] == {"id": 1, "by": "Ada"}


def test_a_body_that_is_not_json_gets_the_platforms_own_answer() -> None:
    with served_guest_book() as served:
        answer = httpx2.post(f"{served.url}/api/entries", content=b"{oops", headers=KEY)
    assert answer.status_code == 500
    assert answer.json() == [{"Exception": "cannot read that"}]


def test_the_query_keeps_last_values_and_empty_ones() -> None:
    with served_guest_book() as served:
        answer = httpx2.get(f"{served.url}/api/echo?Page=1&Page=2&q=&name=Z%C3%B6e%20B", headers=KEY)
    assert answer.json()["query"] == {"Page": "2", "q": "", "name": "Zöe B"}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("19.9900"), b"19.99"),
        (Decimal("10.00"), b"10"),
        (Decimal("-0.0001"), b"-0.0001"),
        (Decimal("0.1"), b"0.1"),
        (Decimal("12345678901234567.891"), b"12345678901234567.891"),
        (Decimal(0), b"0"),
    ],
)
def test_a_decimal_is_rendered_exactly(value: Decimal, text: bytes) -> None:
    assert render(value) == text
    assert json.loads(render({"a": [value]}), parse_float=Decimal, parse_int=Decimal)["a"] == [value]


def test_text_of_all_scripts_and_an_unpaired_surrogate_are_rendered() -> None:
    assert json.loads(render({"name": "نور 🌻 Ż"})) == {"name": "نور 🌻 Ż"}
    assert json.loads(render({"name": "\ud83c"})) == {"name": "\ud83c"}


def test_every_exchange_is_recorded_with_bodies(tmp_path: Path) -> None:
    file = tmp_path / "traffic.jsonl"
    recorder = Recorder(file)
    with served_guest_book(recorder=recorder) as served:
        sign(served)
        httpx2.get(f"{served.url}/api/echo?a=1", headers=KEY)
        httpx2.post(f"{served.url}/api/entries", content='{\n"by": "Bo"}', headers=KEY)
        httpx2.get(f"{served.url}/_twin/calls")
    recorder.close()
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert [row["method"] for row in rows] == ["POST", "GET", "POST"], "the control surface is not traffic"
    assert rows[0]["platform"] == "guestbook"
    assert rows[0]["request"] == {"by": "Ada"}
    assert rows[0]["response"]["data"] == {"id": 1, "by": "Ada"}
    assert rows[1]["url"] == "/api/echo?a=1"
    assert rows[1]["response"]["price"] == 19.99
    assert rows[2]["request"] == {"by": "Bo"}
    assert all(row["at"] and row["status"] in (200, 201) for row in rows)


def test_the_calls_log_lists_calls_and_can_be_read_since_a_number() -> None:
    with served_guest_book() as served:
        sign(served)
        first = httpx2.get(f"{served.url}/_twin/calls").json()
        httpx2.get(f"{served.url}/api/echo?a=b", headers=KEY)
        later = httpx2.get(f"{served.url}/_twin/calls?since={first['last']}").json()
        filtered = httpx2.get(f"{served.url}/_twin/calls?path=ENTRIES").json()
        httpx2.delete(f"{served.url}/_twin/calls")
        emptied = httpx2.get(f"{served.url}/_twin/calls").json()
    assert [(row["n"], row["method"], row["path"], row["status"]) for row in first["calls"]] == [
        (1, "POST", "/api/entries", 201)
    ]
    assert [(row["path"], row["query"], row["fault"]) for row in later["calls"]] == [("/api/echo", {"a": "b"}, None)]
    assert len(filtered["calls"]) == 1
    assert emptied == {"last": 2, "calls": []}


def test_the_control_surface_and_the_public_api_do_not_mix() -> None:
    with served_guest_book() as served:
        under_api = httpx2.get(f"{served.url}/api/_twin/state", headers=KEY)
        no_key_needed = httpx2.get(f"{served.url}/_twin/state")
        api_under_control = httpx2.get(f"{served.url}/_twin/api/entries", headers=KEY)
        calls = served.guest_book.calls
    assert under_api.status_code == 404
    assert no_key_needed.json() == {"entries": []}
    assert api_under_control.status_code == 404
    assert calls == 1, "control calls count for no quota"


def test_user_actions_run_through_control_and_refusals_give_a_reason() -> None:
    with served_guest_book() as served:
        done = httpx2.post(f"{served.url}/_twin/act/sign", json={"by": "Bo"})
        unknown = httpx2.post(f"{served.url}/_twin/act/dance")
        refused = httpx2.post(f"{served.url}/_twin/act/sign", json={"by": ""})
        wrong_verb = httpx2.get(f"{served.url}/_twin/act/sign")
    assert done.json() == {"id": 1, "by": "Bo"}
    assert (unknown.status_code, refused.status_code, wrong_verb.status_code) == (404, 422, 405)
    assert "nobody signs" in refused.json()["error"]


def test_reset_brings_back_the_first_state_and_the_switches() -> None:
    with served_guest_book() as served:
        sign(served)
        httpx2.put(f"{served.url}/_twin/switches", json={"greeting": "ciao"})
        httpx2.post(f"{served.url}/_twin/faults", json={"fault": "throttle"})
        httpx2.post(f"{served.url}/_twin/reset")
        state = httpx2.get(f"{served.url}/_twin/state").json()
        switches = httpx2.get(f"{served.url}/_twin/switches").json()
        faults = httpx2.get(f"{served.url}/_twin/faults").json()
    assert state == {"entries": []}
    assert switches == {"page_drift": 0, "greeting": "hello"}
    assert faults == []


def test_an_unknown_switch_is_refused_with_the_known_names() -> None:
    with served_guest_book() as served:
        answer = httpx2.put(f"{served.url}/_twin/switches", json={"greting": "ciao"})
        missing = httpx2.put(f"{served.url}/_twin/faults", json={})
        nowhere = httpx2.get(f"{served.url}/_twin/nowhere")
    assert answer.status_code == 400
    assert "greeting" in answer.json()["error"]
    assert (missing.status_code, nowhere.status_code) == (405, 404)


def test_the_clock_can_be_moved_and_made_faster() -> None:
    with served_guest_book() as served:
        moved = httpx2.put(f"{served.url}/_twin/clock", json={"now": "2030-01-01T00:00:00+00:00", "speed": 600}).json()
        time.sleep(0.1)
        later = httpx2.get(f"{served.url}/_twin/clock").json()
        no_zone = httpx2.put(f"{served.url}/_twin/clock", json={"now": "2030-01-01T00:00:00"})
    assert moved["now"].startswith("2030-01-01T00:00")
    assert later["speed"] == 600
    assert later["now"] >= "2030-01-01T00:01:00"
    assert no_zone.status_code == 400
