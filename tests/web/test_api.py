"""The JSON API: tokens and roles, the same actions as the pages, and no request that breaks it."""

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

from tests.web.installation import RunningInstallation, running_installation
from tests.web.test_exceptions import TAX, UNKNOWN_SKU, exception_of, held, lines
from weighbridge.access.users import User
from weighbridge.app.context import AppContext
from weighbridge.common.certificates import ssl_context

EXAMPLES = 6


def token(installation: RunningInstallation, name: str, *, read_only: bool = False) -> str:
    async def make(app: AppContext) -> str:
        user = await app.access.users.find(name)
        assert isinstance(user, User)
        return await app.access.tokens.create(user, "tests", read_only=read_only, days=1, actor="tests")

    return installation.do(make)


@contextmanager
def api(installation: RunningInstallation, name: str, *, read_only: bool = False) -> Iterator[httpx2.Client]:
    """An API client with a token of `name`."""
    headers = {"authorization": f"Bearer {token(installation, name, read_only=read_only)}"}
    with httpx2.Client(base_url=f"{installation.url}/api/v1", headers=headers, verify=ssl_context()) as client:
        yield client


def test_requests_without_a_token_are_refused_even_with_a_cookie(installation: RunningInstallation) -> None:
    with installation.signed_in_as("ada") as ada:
        answer = ada.get("/api/v1/today")
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert ada.get("/api/v1/me", headers={"authorization": "Bearer wb_guess"}).status_code == 401
        assert ada.get("/api/v1/openapi.json").json()["info"]["title"] == "Weighbridge"


def test_a_program_reads_what_the_pages_show(installation: RunningInstallation) -> None:
    held(installation, "101", UNKNOWN_SKU)
    with api(installation, "vera") as vera:
        assert vera.get("/me").json()["permissions"] == ["read"]
        (exception_record,) = vera.get("/exceptions").json()["exceptions"]
        assert (exception_record["title"], exception_record["money"]) == (
            "SKU PHANTOM is not in Cin7", [{"amount": "10.00", "currency": "USD"}],
        )  # fmt: skip
        detail = vera.get(f"/exceptions/{exception_record['id']}").json()
        assert [(item["flow"], item["key"]) for item in detail["objects"]] == [("orders", "101")]
        assert vera.get("/orders").json()["orders"][0]["number"] == "101"
        assert vera.get("/orders/main/101").json()["history"]["state"] == "held"
        assert vera.get("/search?q=101").json()[0]["address"] == "/orders/main/101"
        assert vera.get("/today").json()["money_at_risk"] == [{"amount": "10.00", "currency": "USD"}]
        for path in ("/flows", "/stock/main", "/design/main"):
            assert vera.get(path).status_code == 200, path
        for path, status in (("/audit", 403), ("/orders/main/9", 404), ("/exceptions/9", 404), ("/stock/main/X", 404)):
            answer = vera.get(path)
            assert (answer.status_code, "problem" in answer.json()) == (status, True), path


def test_a_token_acts_under_its_users_name_and_role(installation: RunningInstallation) -> None:
    held(installation, "101", UNKNOWN_SKU)
    held(installation, "102", TAX)
    sku, tax = exception_of(installation, UNKNOWN_SKU.kind).id, exception_of(installation, TAX.kind).id
    until = (installation.do(_now) + timedelta(hours=2)).isoformat()
    with api(installation, "otto") as otto:
        plan = otto.post(f"/exceptions/{sku}/preview", json={"playbook": "retry"}).json()
        assert (plan["problem"], plan["can_be_undone"]) == ("", False)
        assert otto.post(f"/exceptions/{sku}/runs", json={"playbook": "retry"}).json()["state"] == "started"
        snoozed = otto.post(f"/exceptions/{sku}/actions", json={"type": "snooze", "until": until})
        assert snoozed.json()["exception"]["snoozed_until"] is not None
        mapped = {"playbook": "map_tax", "arguments": {"rule": "Tax Exempt"}, "reason": "agreed"}
        assert otto.post(f"/exceptions/{tax}/runs", json=mapped).status_code == 403
        assert otto.post(f"/exceptions/{sku}/actions", json={"type": "reopen", "text": "why"}).status_code == 400
        assert otto.post(f"/exceptions/{sku}/actions", json={"type": "snooze"}).status_code == 400
    with api(installation, "fina") as fina:
        run = fina.post(f"/exceptions/{tax}/runs", json=mapped).json()
        assert (run["state"], run["requested_by"]) == ("started", "fina")
        assert fina.post(f"/runs/{run['id']}/undo", json={"reason": "a mistake"}).json()["state"] == "undone"
        audit_lines = fina.get("/audit", params={"subject": f"exception {tax}"}).json()
        assert [(line["actor"], line["action"]) for line in audit_lines] == [
            ("fina", "playbook.undone"),
            ("fina", "playbook.run"),
        ]
    assert [(line.actor, line.action) for line in reversed(lines(installation))] == [
        ("otto", "playbook.run"),
        ("otto", "exception.snoozed"),
        ("otto", "exception.reopened"),
        ("fina", "playbook.run"),
        ("fina", "playbook.undone"),
    ]


async def _now(app: AppContext) -> datetime:
    return app.clock.now()


def test_a_read_only_token_changes_nothing(installation: RunningInstallation) -> None:
    held(installation, "101", UNKNOWN_SKU)
    number = exception_of(installation, UNKNOWN_SKU.kind).id
    with api(installation, "otto", read_only=True) as otto:
        assert otto.get(f"/exceptions/{number}").status_code == 200
        assert otto.post(f"/exceptions/{number}/runs", json={"playbook": "retry"}).status_code == 403
        assert otto.post(f"/exceptions/{number}/actions", json={"type": "comment", "text": "x"}).status_code == 403
    assert lines(installation) == []


def send_every_request(installation: RunningInstallation, examples: int) -> None:
    """Sends requests that the schema allows, and some that it does not; none fails, and responses match the schema."""
    held(installation, "101", UNKNOWN_SKU)
    held(installation, "102", TAX)
    schema = schemathesis.openapi.from_url(f"{installation.url}/api/v1/openapi.json")
    headers = {"authorization": f"Bearer {token(installation, 'ada')}"}
    for result in schema.get_all_operations():
        operation = result.ok()
        if operation is None:
            raise AssertionError(result.err())

        @settings(
            max_examples=examples, deadline=None, phases=[Phase.explicit, Phase.generate], derandomize=True,
            suppress_health_check=list(HealthCheck), database=None,
        )  # fmt: skip
        @given(example=operation.as_strategy())
        def send(example: schemathesis.Case) -> None:
            response = example.call(headers=headers)
            assert response.status_code < 500, (example.method, example.path, response.text)
            if response.status_code < 300:
                example.validate_response(response, headers=headers, checks=[response_schema_conformance])

        send()
    assert installation.do(lambda app: app.access.audit.check()) is None


def test_no_request_breaks_the_api(installation: RunningInstallation) -> None:
    send_every_request(installation, EXAMPLES)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_no_request_of_a_long_run_breaks_the_api(tmp_path: Path) -> None:
    with running_installation(tmp_path) as home:
        send_every_request(home, 150)
