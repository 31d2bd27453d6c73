"""Everything a page does, the API does: the same actions, under the same roles, with the same audit lines."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from fastapi.routing import APIRoute

from tests.alerts.test_alerts import CHANNEL, webhook
from tests.design.examples import SMALL
from tests.web.installation import PASSWORD, RunningInstallation, running_installation, template_database
from tests.web.test_api import api
from tests.web.test_exceptions import TAX, UNKNOWN_SKU, exception_of, held, lines
from weighbridge.app.context import AppContext
from weighbridge.design.loading import parse_installation
from weighbridge.domain.findings.finding import hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.web.console.app import PAGES

ONE_ACTION = "/exceptions/{number}/actions"
FORM_OPERATIONS = {
    "/sign-in": "/me",
    "/sign-out": "/me/tokens/{token_id}/revoke",
    "/exceptions/{exception_id}/assign": ONE_ACTION,
    "/exceptions/{exception_id}/comment": ONE_ACTION,
    "/exceptions/{exception_id}/snooze": ONE_ACTION,
    "/exceptions/{exception_id}/unsnooze": ONE_ACTION,
    "/exceptions/{exception_id}/tag": ONE_ACTION,
    "/exceptions/{exception_id}/reopen": ONE_ACTION,
    "/exceptions/{exception_id}/playbooks/{playbook}": "/exceptions/{number}/runs",
    "/exceptions/{exception_id}/runs/{run_id}/undo": "/runs/{number}/undo",
    "/exceptions/{exception_id}/runs/{run_id}/decide": "/runs/{number}/decision",
    "/exceptions-bulk": "/actions/by-filter",
    "/design/{connection}/change": "/design/{connection}/changes",
    "/design/{connection}/changes/{number}/undo": "/design-changes/{number}/undo",
    "/settings/alerts/{channel}/test": "/alerts/{channel}/test",
    "/settings/users": "/users",
    "/settings/users/{name}": "/users/{name}",
    "/settings/tokens/{token_id}/revoke": "/tokens/{token_id}/revoke",
    "/exceptions/{exception_id}/merge": "/merges",
    "/exceptions/{exception_id}/unmerge": "/exceptions/{number}/unmerge",
    "/account/password": "/me/password",
    "/account/tokens": "/me/tokens",
    "/account/tokens/{token_id}/revoke": "/me/tokens/{token_id}/revoke",
}
"""A page's form, and the API operation that does the same. A token takes the place of a session: sending it
begins the session, revoking it ends the session."""
PAGE_OPERATIONS = {
    "/": "/today",
    "/exceptions": "/exceptions",
    "/exceptions/{exception_id}": "/exceptions/{number}",
    "/exceptions/{exception_id}/playbooks/{playbook}": "/exceptions/{number}/preview",
    "/exceptions-bulk": "/actions/by-filter/preview",
    "/orders": "/orders",
    "/orders/{connection}/{number}": "/orders/{connection}/{number}",
    "/payloads/{exchange_id}": "/exchanges/{exchange_id}",
    "/payloads/{exchange_id}/{side}": "/exchanges/{exchange_id}/{side}",
    "/stock": "/stock/{connection}",
    "/stock/{connection}/{sku:path}": "/stock/{connection}/{sku}",
    "/flows": "/flows",
    "/refunds/{connection}/{order_id}/{number}": "/refunds/{connection}/{order_id}/{number}",
    "/reconciliation": "/reconciliation/{connection}",
    "/design": "/design/{connection}",
    "/settings": "/users",
    "/storage": "/storage",
    "/account": "/me/tokens",
    "/audit": "/audit",
    "/search": "/search",
    "/sign-in": "/me",
    "/sign-in/provider": "/me",
    "/sign-in/provider/callback": "/me",
}
READING_POSTS = {"/exceptions/{number}/preview", "/actions/by-filter/preview"}


def test_every_form_and_page_has_an_operation(installation: RunningInstallation) -> None:
    with installation.anonymous_client() as client:
        operations = client.get("/api/v1/openapi.json").json()["paths"]
    routes = [route for module in PAGES for route in module.router.routes if isinstance(route, APIRoute)]
    for method, pairs in (("POST", FORM_OPERATIONS), ("GET", PAGE_OPERATIONS)):
        paths = {route.path for route in routes if method in route.methods}
        assert paths == set(pairs), f"{method} routes and their operations"
        for path in paths:
            reads = method == "GET" or path == "/sign-in"
            expected = "post" if not reads or pairs[path] in READING_POSTS else "get"
            assert expected in operations.get(pairs[path], {}), f"{method} {path} needs {expected} {pairs[path]}"


def test_a_bulk_action_runs_only_as_previewed(installation: RunningInstallation) -> None:
    held(installation, "101", UNKNOWN_SKU)
    body = {"filter": {"kind": ["sku_unknown"]}, "action": {"type": "tag", "text": "spring"}}
    with api(installation, "otto") as otto:
        effect = otto.post("/actions/by-filter/preview", json=body).json()
        assert (len(effect["ids"]), effect["money"]) == (1, [{"amount": "10.00", "currency": "USD"}])
        held(installation, "102", hold(FindingKind.SKU_UNKNOWN, "lines[0].sku", "SPECTRE", "a SKU that Cin7 knows"))
        stale = otto.post("/actions/by-filter", json=body | {"name": effect["name"]})
        assert (stale.status_code, "preview the action again" in stale.json()["problem"]) == (400, True)
        name = otto.post("/actions/by-filter/preview", json=body).json()["name"]
        assert otto.post("/actions/by-filter", json=body | {"name": name}).json() == {"exceptions": 2}
        tagged = otto.get("/exceptions", params={"tag": "spring", "kind": ["sku_unknown", "tax_unmapped"]}).json()
        assert [exception_record["tags"] for exception_record in tagged["exceptions"]] == [["spring"], ["spring"]]
        accepts = {"filter": {}, "action": {"type": "accept", "text": "as agreed"}}
        assert otto.post("/actions/by-filter/preview", json=accepts).status_code == 403, "finance's may be among them"
        assert otto.post("/actions/by-filter/preview", json={**body, "filter": {"colour": "x"}}).status_code == 422
    assert [(line.actor, line.action, line.subject) for line in lines(installation)] == [
        ("otto", "exception.tagged", "2 exceptions")
    ]


def test_exceptions_are_merged_and_unmerged(installation: RunningInstallation) -> None:
    held(installation, "101", UNKNOWN_SKU)
    held(installation, "102", TAX)
    sku, tax = exception_of(installation, UNKNOWN_SKU.kind).id, exception_of(installation, TAX.kind).id
    with api(installation, "vera") as vera:
        assert vera.post("/merges", json={"exceptions": [sku], "into": tax}).status_code == 403
    with api(installation, "otto") as otto:
        assert otto.post("/merges", json={"exceptions": [sku], "into": tax}).json() == {"objects": 1}
        assert otto.get(f"/exceptions/{sku}").json()["exception"]["merged_into"] == tax
        assert otto.post(f"/exceptions/{sku}/unmerge").json() == {"objects": 1}
        assert otto.post(f"/exceptions/{sku}/unmerge").status_code == 400
        done = otto.post("/actions", json={"exceptions": [sku, tax], "action": {"type": "assign", "assignee": "fina"}})
        assert done.json() == {"exceptions": 2}
        missing = otto.post("/actions", json={"exceptions": [sku, 999], "action": {"type": "assign", "assignee": "x"}})
        assert missing.status_code == 404
        assert otto.get(f"/exceptions/{sku}").json()["exception"]["assignee"] == "fina", "all or none"


def test_a_design_change_has_a_preview_a_reason_and_an_undo(installation: RunningInstallation) -> None:
    held(installation, "102", TAX)
    change = {"setting": "tax.rules", "key": "Moon tax", "value": "Tax Exempt"}
    with api(installation, "otto") as otto:
        assert otto.post("/design/main/changes", json=change | {"reason": "agreed"}).status_code == 403
    with api(installation, "fina") as fina:
        before = fina.get("/design/main").json()["version"]
        meaning = fina.post("/design/main/preview", json=change).json()
        assert (meaning["before"], [exception_record["kind"] for exception_record in meaning["waiting"]]) == (
            None,
            ["tax_unmapped"],
        )
        assert fina.post("/design/main/changes", json=change | {"reason": " "}).status_code == 400
        agreed = fina.post("/design/main/changes", json=change | {"reason": "agreed"}).json()
        assert agreed["version"] == meaning["version"] != before
        design = fina.get("/design/main").json()
        assert design["design"]["tax"]["rules"]["Moon tax"] == "Tax Exempt"
        assert [(change["actor"], change["reason"]) for change in design["changes"]] == [("fina", "agreed")]
        assert fina.post(f"/design-changes/{agreed['id']}/undo").json()["version"] == before
        assert fina.post(f"/design-changes/{agreed['id']}/undo").status_code == 400
        assert fina.post("/design-changes/99/undo").status_code == 404
        waits = {"setting": "retry.schedules", "key": "throttled", "value": [5, 60], "reason": "slower"}
        assert fina.post("/design/main/changes", json=waits).status_code == 403, "only admins"
    with api(installation, "ada") as ada:
        assert ada.post("/design/main/preview", json={**change, "setting": "sale.location"}).status_code == 400
        assert ada.post("/design/main/preview", json={"setting": "owners", "key": "x", "value": "y"}).status_code == 400
        name = installation.do(_keep_version)
        assert [version["name"] for version in ada.get("/design/main/versions").json()] == [name]
        assert ada.get(f"/design/main/versions/{name}").json()["version"] == 1
        assert ada.get("/design/main/versions/v9-unknown").status_code == 404
    assert [(line.actor, line.action) for line in reversed(lines(installation))] == [
        ("fina", "design.changed"), ("fina", "design.undone"),
    ]  # fmt: skip


async def _keep_version(app: AppContext) -> str:
    return await app.repositories.designs.store_version("main", app.connections["main"].design)


def test_admins_manage_users_and_each_user_their_own_tokens(installation: RunningInstallation) -> None:
    nina = {"name": "Nina", "role": "viewer", "password": PASSWORD}
    with api(installation, "otto") as otto:
        assert otto.post("/users", json=nina).status_code == otto.get("/users").status_code == 403
        assert otto.post("/me/tokens", json={"name": "export", "days": 30}).status_code == 400, (
            "its own token ends first"
        )
        assert otto.post("/me/password", json={"old": "guess of mine", "new": PASSWORD}).status_code == 400
        (own,) = otto.get("/me/tokens").json()
        assert otto.post(f"/me/tokens/{own['id']}/revoke").json() == {"done": True}
        assert otto.get("/me").status_code == 401
    with api(installation, "ada") as ada:
        assert ada.post("/users", json=nina).json()["name"] == "nina"
        assert ada.post("/users", json=nina).status_code == 400
        assert ada.post("/users", json={"name": "tim", "role": "viewer"}).status_code == 400, (
            "there is no identity provider"
        )
        changed = ada.post("/users/nina", json={"role": "finance", "locked": True}).json()
        assert (changed["role"], changed["disabled_at"] is not None) == ("finance", True)
        assert ada.post("/users/ada", json={"locked": True}).status_code == 400, "the last admin"
        assert {listed["name"] for listed in ada.get("/users").json()} == {"ada", "fina", "nina", "otto", "vera"}
        (token,) = ada.get("/tokens").json()
        assert token["user"] == "ada"
    with api(installation, "ada", read_only=True) as ada:
        assert ada.get("/users").status_code == 200
        assert ada.post("/users/nina", json={"locked": False}).status_code == 403
        assert ada.post("/me/tokens", json={"name": "more", "days": 30}).status_code == 403


def test_channels_monitors_and_the_audit_chain_are_reported(tmp_path: Path) -> None:
    shutil.copy(template_database(), tmp_path / "weighbridge.db")
    installation = parse_installation(SMALL + CHANNEL).resolved(tmp_path)
    with webhook(tmp_path) as service, running_installation(tmp_path, installation) as home:
        with api(home, "otto") as otto:
            assert {state["monitor"] for state in otto.get("/monitors").json()} > {"silent_feed"}
            assert otto.get("/monitors?connection=nowhere").status_code == 404
            assert otto.get("/connections").json()[0]["name"] == "main"
            for path in ("/alerts", "/audit/chain"):
                assert otto.get(path).status_code == 403, path
            assert otto.post("/alerts/shop/test").status_code == 403
        with api(home, "ada") as ada:
            assert ada.get("/alerts").json()["channels"][1] == {"name": "shop", "owners": ["ecommerce"]}
            assert ada.post("/alerts/shop/test").json() == {"accepted": True, "problem": ""}
            service.down = True
            assert ada.post("/alerts/shop/test").json()["problem"] == "the service did not accept the message"
            assert ada.post("/alerts/nobody/test").status_code == 400
            assert ada.get("/audit/chain").json() == {"holds": True, "number": None, "why": ""}
            assert [line["action"] for line in ada.get("/audit").json()[:2]] == ["alerts.tested"] * 2


@pytest.mark.parametrize(("name", "status"), [("vera", 403), ("otto", 404)])
def test_bytes_require_the_payload_permission(installation: RunningInstallation, name: str, status: int) -> None:
    with api(installation, name) as client:
        assert client.get("/exchanges/none/request").status_code == status
        assert client.get("/exchanges/none").status_code == status
