"""Whatever a page does, the API does: the same deeds, under the same roles, with the same lines in the log."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from fastapi.routing import APIRoute

from tests.alerts.test_alerts import CHANNEL, webhook
from tests.design.examples import SMALL
from tests.web.installation import PASSWORD, House, house, template_database
from tests.web.test_api import api
from tests.web.test_exceptions import GHOST, TAX, case_of, held, lines
from weighbridge.app.context import Office
from weighbridge.design.loading import parse_installation
from weighbridge.domain.findings.finding import FindingKind, hold
from weighbridge.web.console.app import PAGES

ONE_DEED = "/exceptions/{number}/deeds"
PAIRS = {
    "/sign-in": "/me",
    "/sign-out": "/me/tokens/{token_id}/revoke",
    "/exceptions/{case_id}/assign": ONE_DEED,
    "/exceptions/{case_id}/comment": ONE_DEED,
    "/exceptions/{case_id}/snooze": ONE_DEED,
    "/exceptions/{case_id}/wake": ONE_DEED,
    "/exceptions/{case_id}/tag": ONE_DEED,
    "/exceptions/{case_id}/reopen": ONE_DEED,
    "/exceptions/{case_id}/act/{remedy}": "/exceptions/{number}/runs",
    "/exceptions/{case_id}/runs/{run_id}/undo": "/runs/{number}/undo",
    "/exceptions/{case_id}/runs/{run_id}/decide": "/runs/{number}/decision",
    "/exceptions-many": "/deeds/by-filter",
    "/design/{connection}/change": "/design/{connection}/changes",
    "/design/{connection}/changes/{number}/undo": "/design-changes/{number}/undo",
    "/settings/alerts/{channel}/test": "/alerts/{channel}/test",
    "/settings/users": "/users",
    "/settings/users/{name}": "/users/{name}",
    "/settings/tokens/{token_id}/revoke": "/tokens/{token_id}/revoke",
    "/exceptions/{case_id}/merge": "/merges",
    "/exceptions/{case_id}/unmerge": "/exceptions/{number}/unmerge",
    "/account/password": "/me/password",
    "/account/tokens": "/me/tokens",
    "/account/tokens/{token_id}/revoke": "/me/tokens/{token_id}/revoke",
}
"""What a page's form does, and the operation that does it for programs. A token stands for a session: it
begins by being shown and ends by being revoked."""
SEEN = {
    "/": "/today",
    "/exceptions": "/exceptions",
    "/exceptions/{case_id}": "/exceptions/{number}",
    "/exceptions/{case_id}/act/{remedy}": "/exceptions/{number}/preview",
    "/exceptions-many": "/deeds/by-filter/preview",
    "/orders": "/orders",
    "/orders/{connection}/{number}": "/orders/{connection}/{number}",
    "/payloads/{exchange_id}": "/exchanges/{exchange_id}",
    "/payloads/{exchange_id}/{part}": "/exchanges/{exchange_id}/{part}",
    "/stock": "/stock/{connection}",
    "/stock/{connection}/{sku:path}": "/stock/{connection}/{sku}",
    "/flows": "/flows",
    "/refunds/{connection}/{order_id}/{number}": "/refunds/{connection}/{order_id}/{number}",
    "/reconciliation": "/reconciliation/{connection}",
    "/design": "/design/{connection}",
    "/settings": "/users",
    "/account": "/me/tokens",
    "/audit": "/audit",
    "/search": "/search",
    "/sign-in": "/me",
    "/sign-in/provider": "/me",
    "/sign-in/provider/back": "/me",
}
READING_POSTS = {"/exceptions/{number}/preview", "/deeds/by-filter/preview"}


def test_every_form_and_page_has_an_operation(home: House) -> None:
    with home.stranger() as client:
        operations = client.get("/api/v1/openapi.json").json()["paths"]
    routes = [route for module in PAGES for route in module.router.routes if isinstance(route, APIRoute)]
    for method, pairs in (("POST", PAIRS), ("GET", SEEN)):
        paths = {route.path for route in routes if method in route.methods}
        assert paths == set(pairs), f"{method} routes and their operations"
        for path in paths:
            reads = method == "GET" or path == "/sign-in"
            wanted = "post" if not reads or pairs[path] in READING_POSTS else "get"
            assert wanted in operations.get(pairs[path], {}), f"{method} {path} needs {wanted} {pairs[path]}"


def test_many_are_done_as_they_were_read_and_only_then(home: House) -> None:
    held(home, "101", GHOST)
    asked = {"filter": {"kind": ["sku_unknown"]}, "deed": {"action": "tag", "text": "spring"}}
    with api(home, "otto") as otto:
        effect = otto.post("/deeds/by-filter/preview", json=asked).json()
        assert (len(effect["ids"]), effect["money"]) == (1, [{"amount": "10.00", "currency": "USD"}])
        held(home, "102", hold(FindingKind.SKU_UNKNOWN, "lines[0].sku", "PHANTOM", "a SKU that Cin7 knows"))
        stale = otto.post("/deeds/by-filter", json=asked | {"name": effect["name"]})
        assert (stale.status_code, "has changed since" in stale.json()["problem"]) == (400, True)
        name = otto.post("/deeds/by-filter/preview", json=asked).json()["name"]
        assert otto.post("/deeds/by-filter", json=asked | {"name": name}).json() == {"exceptions": 2}
        tagged = otto.get("/exceptions", params={"tag": "spring", "kind": ["sku_unknown", "tax_unmapped"]}).json()
        assert [case["tags"] for case in tagged["cases"]] == [["spring"], ["spring"]]
        accepts = {"filter": {}, "deed": {"action": "accept", "text": "as agreed"}}
        assert otto.post("/deeds/by-filter/preview", json=accepts).status_code == 403, "finance's may be among them"
        assert otto.post("/deeds/by-filter/preview", json={**asked, "filter": {"colour": "x"}}).status_code == 422
    assert [(one.actor, one.action, one.subject) for one in lines(home)] == [
        ("otto", "exception.tagged", "2 exceptions")
    ]


def test_exceptions_are_merged_and_taken_apart(home: House) -> None:
    held(home, "101", GHOST)
    held(home, "102", TAX)
    ghost, tax = case_of(home, GHOST.kind).id, case_of(home, TAX.kind).id
    with api(home, "vera") as vera:
        assert vera.post("/merges", json={"exceptions": [ghost], "into": tax}).status_code == 403
    with api(home, "otto") as otto:
        assert otto.post("/merges", json={"exceptions": [ghost], "into": tax}).json() == {"objects": 1}
        assert otto.get(f"/exceptions/{ghost}").json()["case"]["merged_into"] == tax
        assert otto.post(f"/exceptions/{ghost}/unmerge").json() == {"objects": 1}
        assert otto.post(f"/exceptions/{ghost}/unmerge").status_code == 400
        done = otto.post("/deeds", json={"exceptions": [ghost, tax], "deed": {"action": "assign", "assignee": "fina"}})
        assert done.json() == {"exceptions": 2}
        missing = otto.post("/deeds", json={"exceptions": [ghost, 999], "deed": {"action": "assign", "assignee": "x"}})
        assert missing.status_code == 404
        assert otto.get(f"/exceptions/{ghost}").json()["case"]["assignee"] == "fina", "all or none"


def test_a_design_is_changed_with_a_preview_a_reason_and_a_way_back(home: House) -> None:
    held(home, "102", TAX)
    change = {"setting": "tax.rules", "key": "Moon tax", "value": "Tax Exempt"}
    with api(home, "otto") as otto:
        assert otto.post("/design/main/changes", json=change | {"reason": "agreed"}).status_code == 403
    with api(home, "fina") as fina:
        before = fina.get("/design/main").json()["version"]
        meaning = fina.post("/design/main/preview", json=change).json()
        assert (meaning["before"], [case["kind"] for case in meaning["waiting"]]) == (None, ["tax_unmapped"])
        assert fina.post("/design/main/changes", json=change | {"reason": " "}).status_code == 400
        agreed = fina.post("/design/main/changes", json=change | {"reason": "agreed"}).json()
        assert agreed["version"] == meaning["version"] != before
        design = fina.get("/design/main").json()
        assert design["design"]["tax"]["rules"]["Moon tax"] == "Tax Exempt"
        assert [(one["actor"], one["reason"]) for one in design["changes"]] == [("fina", "agreed")]
        assert fina.post(f"/design-changes/{agreed['id']}/undo").json()["version"] == before
        assert fina.post(f"/design-changes/{agreed['id']}/undo").status_code == 400
        assert fina.post("/design-changes/99/undo").status_code == 404
        waits = {"setting": "retry.schedules", "key": "throttled", "value": [5, 60], "reason": "slower"}
        assert fina.post("/design/main/changes", json=waits).status_code == 403, "an admin's"
    with api(home, "ada") as ada:
        assert ada.post("/design/main/preview", json={**change, "setting": "sale.location"}).status_code == 400
        assert ada.post("/design/main/preview", json={"setting": "owners", "key": "x", "value": "y"}).status_code == 400
        name = home.do(_keeps_a_version)
        assert [one["name"] for one in ada.get("/design/main/versions").json()] == [name]
        assert ada.get(f"/design/main/versions/{name}").json()["version"] == 1
        assert ada.get("/design/main/versions/v9-unheard").status_code == 404
    assert [(one.actor, one.action) for one in reversed(lines(home))] == [
        ("fina", "design.changed"), ("fina", "design.undone"),
    ]  # fmt: skip


async def _keeps_a_version(office: Office) -> str:
    return await office.journal.designs.keep("main", office.connections["main"].design)


def test_an_admin_manages_people_and_everybody_their_own_tokens(home: House) -> None:
    nina = {"name": "Nina", "role": "viewer", "password": PASSWORD}
    with api(home, "otto") as otto:
        assert otto.post("/users", json=nina).status_code == otto.get("/users").status_code == 403
        assert otto.post("/me/tokens", json={"name": "export", "days": 30}).status_code == 400, "this one ends first"
        assert otto.post("/me/password", json={"old": "guess of mine", "new": PASSWORD}).status_code == 400
        (own,) = otto.get("/me/tokens").json()
        assert otto.post(f"/me/tokens/{own['id']}/revoke").json() == {"done": True}
        assert otto.get("/me").status_code == 401
    with api(home, "ada") as ada:
        assert ada.post("/users", json=nina).json()["name"] == "nina"
        assert ada.post("/users", json=nina).status_code == 400
        assert ada.post("/users", json={"name": "tim", "role": "viewer"}).status_code == 400, (
            "nobody signs in elsewhere"
        )
        changed = ada.post("/users/nina", json={"role": "finance", "locked": True}).json()
        assert (changed["role"], changed["disabled_at"] is not None) == ("finance", True)
        assert ada.post("/users/ada", json={"locked": True}).status_code == 400, "the last admin"
        assert {one["name"] for one in ada.get("/users").json()} == {"ada", "fina", "nina", "otto", "vera"}
        (token,) = ada.get("/tokens").json()
        assert token["user"] == "ada"
    with api(home, "ada", read_only=True) as ada:
        assert ada.get("/users").status_code == 200
        assert ada.post("/users/nina", json={"locked": False}).status_code == 403
        assert ada.post("/me/tokens", json={"name": "more", "days": 30}).status_code == 403


def test_channels_monitors_and_the_chain_are_told(tmp_path: Path) -> None:
    shutil.copy(template_database(), tmp_path / "weighbridge.db")
    installation = parse_installation(SMALL + CHANNEL).resolved(tmp_path)
    with webhook(tmp_path) as service, house(tmp_path, installation) as home:
        with api(home, "otto") as otto:
            assert {one["monitor"] for one in otto.get("/monitors").json()} > {"silent_feed"}
            assert otto.get("/monitors?connection=nowhere").status_code == 404
            assert otto.get("/connections").json()[0]["name"] == "main"
            for path in ("/alerts", "/audit/chain"):
                assert otto.get(path).status_code == 403, path
            assert otto.post("/alerts/shop/test").status_code == 403
        with api(home, "ada") as ada:
            assert ada.get("/alerts").json()["channels"][1] == {"name": "shop", "owners": ["ecommerce"]}
            assert ada.post("/alerts/shop/test").json() == {"taken": True, "problem": ""}
            service.down = True
            assert ada.post("/alerts/shop/test").json()["problem"] == "the service did not take the message"
            assert ada.post("/alerts/nobody/test").status_code == 400
            assert ada.get("/audit/chain").json() == {"holds": True, "number": None, "why": ""}
            assert [one["action"] for one in ada.get("/audit").json()[:2]] == ["alerts.tested"] * 2


@pytest.mark.parametrize(("name", "status"), [("vera", 403), ("otto", 404)])
def test_bytes_are_for_those_who_may_read_payloads(home: House, name: str, status: int) -> None:
    with api(home, name) as client:
        assert client.get("/exchanges/none/request").status_code == status
        assert client.get("/exchanges/none").status_code == status
