"""The JSON API: tokens and roles, the same deeds as the pages, and no request that breaks it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import response_schema_conformance

from tests.web.installation import House, house
from tests.web.test_exceptions import GHOST, TAX, case_of, held, lines
from weighbridge.access.users import User
from weighbridge.app.context import Office
from weighbridge.common.certificates import trusted

EXAMPLES = 6


def token(home: House, name: str, *, read_only: bool = False) -> str:
    async def make(office: Office) -> str:
        user = await office.access.users.find(name)
        assert isinstance(user, User)
        return await office.access.tokens.make(user, "tests", read_only=read_only, days=1, actor="tests")

    return home.do(make)


@contextmanager
def api(home: House, name: str, *, read_only: bool = False) -> Iterator[httpx2.Client]:
    """A program that speaks for `name`."""
    headers = {"authorization": f"Bearer {token(home, name, read_only=read_only)}"}
    with httpx2.Client(base_url=f"{home.url}/api/v1", headers=headers, verify=trusted()) as client:
        yield client


def test_without_a_token_nothing_is_told_and_a_cookie_is_none(home: House) -> None:
    with home.as_("ada") as ada:
        answer = ada.get("/api/v1/today")
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert ada.get("/api/v1/me", headers={"authorization": "Bearer wb_guess"}).status_code == 401
        assert ada.get("/api/v1/openapi.json").json()["info"]["title"] == "Weighbridge"


def test_a_program_reads_what_the_pages_show(home: House) -> None:
    held(home, "101", GHOST)
    with api(home, "vera") as vera:
        assert vera.get("/me").json()["permissions"] == ["read"]
        (case,) = vera.get("/exceptions").json()["cases"]
        assert (case["title"], case["money"]) == (
            "SKU GHOST is not in Cin7", [{"amount": "10.00", "currency": "USD"}],
        )  # fmt: skip
        whole = vera.get(f"/exceptions/{case['id']}").json()
        assert [(one["flow"], one["key"]) for one in whole["objects"]] == [("orders", "101")]
        assert vera.get("/orders").json()["orders"][0]["number"] == "101"
        assert vera.get("/orders/main/101").json()["story"]["state"] == "held"
        assert vera.get("/search?q=101").json()[0]["address"] == "/orders/main/101"
        assert vera.get("/today").json()["money_at_risk"] == [{"amount": "10.00", "currency": "USD"}]
        for path in ("/flows", "/stock/main", "/design/main"):
            assert vera.get(path).status_code == 200, path
        for path, status in (("/audit", 403), ("/orders/main/9", 404), ("/exceptions/9", 404), ("/stock/main/X", 404)):
            answer = vera.get(path)
            assert (answer.status_code, "problem" in answer.json()) == (status, True), path


def test_a_program_acts_under_its_users_name_and_role(home: House) -> None:
    held(home, "101", GHOST)
    held(home, "102", TAX)
    ghost, tax = case_of(home, GHOST.kind).id, case_of(home, TAX.kind).id
    until = (home.do(_now) + timedelta(hours=2)).isoformat()
    with api(home, "otto") as otto:
        plan = otto.post(f"/exceptions/{ghost}/preview", json={"remedy": "retry"}).json()
        assert (plan["problem"], plan["can_be_undone"]) == ("", False)
        assert otto.post(f"/exceptions/{ghost}/runs", json={"remedy": "retry"}).json()["state"] == "started"
        deed = otto.post(f"/exceptions/{ghost}/deeds", json={"action": "snooze", "until": until})
        assert deed.json()["case"]["snoozed_until"] is not None
        mapped = {"remedy": "map_tax", "arguments": {"rule": "Tax Exempt"}, "reason": "agreed"}
        assert otto.post(f"/exceptions/{tax}/runs", json=mapped).status_code == 403
        assert otto.post(f"/exceptions/{ghost}/deeds", json={"action": "reopen", "text": "why"}).status_code == 400
        assert otto.post(f"/exceptions/{ghost}/deeds", json={"action": "snooze"}).status_code == 400
    with api(home, "fina") as fina:
        run = fina.post(f"/exceptions/{tax}/runs", json=mapped).json()
        assert (run["state"], run["asked_by"]) == ("started", "fina")
        assert fina.post(f"/runs/{run['id']}/undo", json={"reason": "a mistake"}).json()["state"] == "undone"
        told = fina.get("/audit", params={"subject": f"exception {tax}"}).json()
        assert [(line["actor"], line["action"]) for line in told] == [
            ("fina", "playbook.undone"),
            ("fina", "playbook.run"),
        ]
    assert [(one.actor, one.action) for one in reversed(lines(home))] == [
        ("otto", "playbook.run"),
        ("otto", "exception.snoozed"),
        ("otto", "exception.reopened"),
        ("fina", "playbook.run"),
        ("fina", "playbook.undone"),
    ]


async def _now(office: Office) -> datetime:
    return office.clock.now()


def test_a_token_that_may_only_look_changes_nothing(home: House) -> None:
    held(home, "101", GHOST)
    number = case_of(home, GHOST.kind).id
    with api(home, "otto", read_only=True) as otto:
        assert otto.get(f"/exceptions/{number}").status_code == 200
        assert otto.post(f"/exceptions/{number}/runs", json={"remedy": "retry"}).status_code == 403
        assert otto.post(f"/exceptions/{number}/deeds", json={"action": "comment", "text": "x"}).status_code == 403
    assert lines(home) == []


def ask_everything(home: House, examples: int) -> None:
    """Asks all that the description allows, and some that it does not: nothing breaks, answers are as described."""
    held(home, "101", GHOST)
    held(home, "102", TAX)
    schema = schemathesis.openapi.from_url(f"{home.url}/api/v1/openapi.json")
    headers = {"authorization": f"Bearer {token(home, 'ada')}"}
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation is None:
            raise AssertionError(found.err())

        @settings(
            max_examples=examples, deadline=None, phases=[Phase.explicit, Phase.generate], derandomize=True,
            suppress_health_check=list(HealthCheck), database=None,
        )  # fmt: skip
        @given(case=operation.as_strategy())
        def ask(case: schemathesis.Case) -> None:
            answer = case.call(headers=headers)
            assert answer.status_code < 500, (case.method, case.path, answer.text)
            if answer.status_code < 300:
                case.validate_response(answer, headers=headers, checks=[response_schema_conformance])

        ask()
    assert home.do(lambda office: office.access.audit.check()) is None


def test_nothing_that_is_asked_breaks_the_api(home: House) -> None:
    ask_everything(home, EXAMPLES)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_nothing_breaks_the_api_however_long_it_is_asked(tmp_path: Path) -> None:
    with house(tmp_path) as home:
        ask_everything(home, 150)
