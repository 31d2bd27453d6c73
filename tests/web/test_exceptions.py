"""Exceptions in the console: permissions, previews before every playbook, and an audit line for each action."""

from __future__ import annotations

from decimal import Decimal

import httpx2
import pytest

from tests.web.installation import RunningInstallation, csrf_of
from weighbridge.access.audit import AuditLine
from weighbridge.app.context import AppContext
from weighbridge.domain.findings.finding import Finding, hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.orders.reference_data import Company, TaxRule
from weighbridge.exceptions.filters import ExceptionFilter
from weighbridge.exceptions.records import ExceptionRecord
from weighbridge.persistence.repositories.job_queue import Scope
from weighbridge.queries.exceptions import Area, kinds_in

UNKNOWN_SKU = hold(FindingKind.SKU_UNKNOWN, "lines[0].sku", "PHANTOM", "a SKU that Cin7 knows")
TAX = hold(FindingKind.TAX_UNMAPPED, "taxes[0].name", "Moon tax", "a tax with a rule")


COMPANY = Company("USD", tuple(TaxRule(name, Decimal(0), True) for name in ("Tax Exempt", "Nowhere")), (), {})


def test_every_kind_belongs_to_an_area() -> None:
    assert sorted(kind for area in Area for kind in kinds_in(area)) == sorted(FindingKind)


def held(installation: RunningInstallation, order: str, finding: Finding, amount: str = "10.00") -> None:
    """A held order, after the company of Cin7 was read."""

    async def work(app: AppContext) -> None:
        await app.repositories.reference_cache.store_company("main", COMPANY)
        transfer = await app.repositories.transfers.open("main", "orders", order)
        await app.repositories.transfers.record_evaluation(
            transfer.id, (finding,), amount=Decimal(amount), currency="USD"
        )

    installation.do(work)


def exception_of(installation: RunningInstallation, kind: FindingKind) -> ExceptionRecord:
    async def work(app: AppContext) -> ExceptionRecord:
        page = await app.exception_queries.page(ExceptionFilter(kinds=(kind,), snoozed=True, state="any"))
        (exception_record,) = page.exception_records
        return exception_record

    return installation.do(work)


def lines(installation: RunningInstallation) -> list[AuditLine]:
    return [
        line
        for line in installation.do(lambda app: app.access.audit.lines())
        if line.actor != "tests" and line.action != "signed_in"
    ]


def test_a_viewer_sees_everything_and_can_do_nothing(installation: RunningInstallation) -> None:
    held(installation, "101", UNKNOWN_SKU)
    exception_record = exception_of(installation, UNKNOWN_SKU.kind)
    with installation.signed_in_as("vera") as vera:
        page = vera.get(f"/exceptions/{exception_record.id}").text
        assert "SKU PHANTOM is not in Cin7" in page
        assert 'action="/exceptions/' not in page, "no form is offered"
        token = csrf_of(vera, "/")
        for path, data in (
            ("assign", {"me": "1"}),
            ("comment", {"text": "mine"}),
            ("snooze", {"duration": "1h"}),
            ("playbooks/retry", {"reason": "why not"}),
        ):
            answer = vera.post(f"/exceptions/{exception_record.id}/{path}", data=data | {"csrf": token})
            assert answer.status_code == 403, path
            assert "You are signed in as vera. Your role, viewer, does not include: work" in answer.text
        assert vera.get("/audit").status_code == 403
    assert (exception_of(installation, UNKNOWN_SKU.kind), lines(installation)) == (exception_record, [])


def test_an_operator_assigns_comments_and_snoozes_under_their_own_name(installation: RunningInstallation) -> None:
    held(installation, "101", UNKNOWN_SKU)
    number = exception_of(installation, UNKNOWN_SKU.kind).id
    with installation.signed_in_as("otto") as otto:
        token = csrf_of(otto, "/")

        def post(path: str, **data: str) -> str:
            answer = otto.post(f"/exceptions/{number}/{path}", data=data | {"csrf": token})
            assert answer.status_code == 303, answer.text
            return otto.get(answer.headers["location"]).text

        assert "Assigned." in post("assign", me="1")
        assert "ask &lt;b&gt;the store&lt;/b&gt;" in post("comment", text="ask <b>the store</b>")
        assert "Snoozed. The deadline stays." in post("snooze", duration="4h")
        assert "SKU PHANTOM" not in otto.get("/exceptions").text
        assert "SKU PHANTOM" in otto.get("/exceptions?snoozed=1&assignee=me").text
        assert "Unsnoozed." in post("unsnooze")
        post("tag", tag="Spring  sale")
        assert "SKU PHANTOM" in otto.get("/exceptions?tag=spring sale").text
    exception_record = exception_of(installation, UNKNOWN_SKU.kind)
    assert (exception_record.assignee, exception_record.tags, exception_record.snoozed_until) == (
        "otto",
        ("spring sale",),
        None,
    )
    assert [(line.actor, line.action, line.subject) for line in reversed(lines(installation))] == [
        ("otto", f"exception.{action}", f"exception {number}")
        for action in ("assigned", "commented", "snoozed", "unsnoozed", "tagged")
    ]
    assert installation.do(lambda app: app.access.audit.check()) is None


def test_two_exceptions_with_one_cause_are_merged_and_unmerged(installation: RunningInstallation) -> None:
    held(installation, "101", UNKNOWN_SKU)
    held(installation, "102", TAX)
    sku, tax = exception_of(installation, UNKNOWN_SKU.kind).id, exception_of(installation, TAX.kind).id
    with installation.signed_in_as("otto") as otto:
        token = csrf_of(otto, "/")

        def post(number: int, path: str, **data: object) -> httpx2.Response:
            return otto.post(f"/exceptions/{number}/{path}", data=data | {"csrf": token}, follow_redirects=True)

        merged = post(sku, "merge", into=tax)
        assert merged.url.path == f"/exceptions/{tax}"
        assert "Merged." in merged.text
        assert "Order 101" in merged.text
        assert f"exception {tax}" in otto.get(f"/exceptions/{sku}").text
        assert exception_of(installation, UNKNOWN_SKU.kind).state == "merged"
        unmerged = post(sku, "unmerge")
        assert "Unmerged." in unmerged.text
        assert "Order 101" in unmerged.text
        assert (
            exception_of(installation, UNKNOWN_SKU.kind).state,
            exception_of(installation, TAX.kind).objects_open,
        ) == ("open", 1)
        for into, status in ((sku, 400), (999, 404), ("many", 422), (0, 422)):
            assert post(sku, "merge", into=into).status_code == status, into
    with installation.signed_in_as("vera") as vera:
        token = csrf_of(vera, "/")
        assert vera.post(f"/exceptions/{sku}/merge", data={"into": tax, "csrf": token}).status_code == 403


async def _is_order_due(app: AppContext) -> bool:
    return await app.repositories.job_queue.is_any_due(Scope(("main",)))


def test_a_playbook_is_previewed_before_it_runs(installation: RunningInstallation) -> None:
    held(installation, "101", UNKNOWN_SKU)
    number = exception_of(installation, UNKNOWN_SKU.kind).id
    with installation.signed_in_as("otto") as otto:
        preview = otto.get(f"/exceptions/{number}/playbooks/retry")
        assert '<h2 id="preview">Preview</h2>' in preview.text
        assert not installation.do(_is_order_due)
        token = csrf_of(otto, f"/exceptions/{number}/playbooks/retry")
        response = otto.post(f"/exceptions/{number}/playbooks/retry", data={"csrf": token})
        assert "The playbook has started." in otto.get(response.headers["location"]).text
    assert installation.do(_is_order_due)
    assert exception_of(installation, UNKNOWN_SKU.kind).state == "open", "only its proof closes it"


def test_invalid_playbook_arguments_get_a_clear_message(installation: RunningInstallation) -> None:
    held(installation, "101", UNKNOWN_SKU)
    number = exception_of(installation, UNKNOWN_SKU.kind).id
    with installation.signed_in_as("otto") as otto:
        assert "SKU in Cin7 that orders of this one are for" in otto.get(f"/exceptions/{number}/playbooks/map_sku").text
        unknown = otto.get(f"/exceptions/{number}/playbooks/map_sku?sku=NOWHERE").text
        assert 'role="alert"' in unknown
        assert "NOWHERE" in unknown
        token = csrf_of(otto, f"/exceptions/{number}")
        refused = otto.post(
            f"/exceptions/{number}/playbooks/map_sku", data={"csrf": token, "sku": "NOWHERE", "reason": "it is"}
        )
        assert refused.status_code == 400
        assert "Nothing was changed." in refused.text
        assert otto.get(f"/exceptions/{number}/playbooks/dance").status_code == 422
        assert otto.get("/exceptions/99999").status_code == 404
        assert otto.get(f"/exceptions/{10**20}").status_code == 422


@pytest.mark.parametrize(("name", "goods", "money"), [("otto", 400, 403), ("fina", 403, 303), ("ada", 400, 303)])
def test_money_is_decided_by_finance_and_goods_by_operators(
    installation: RunningInstallation, name: str, goods: int, money: int
) -> None:
    """403: not allowed; 400: allowed, but this SKU is not in Cin7; 303: done."""
    held(installation, "101", UNKNOWN_SKU)
    held(installation, "102", TAX)
    sku, tax = exception_of(installation, UNKNOWN_SKU.kind).id, exception_of(installation, TAX.kind).id
    with installation.signed_in_as(name) as client:
        token = csrf_of(client, "/")
        form = {"csrf": token, "reason": "agreed", "sku": "NOWHERE", "rule": "Nowhere"}
        assert client.post(f"/exceptions/{sku}/playbooks/map_sku", data=form).status_code == goods
        assert client.post(f"/exceptions/{tax}/playbooks/map_tax", data=form).status_code == money


def test_a_bulk_action_runs_only_as_previewed(installation: RunningInstallation) -> None:
    held(installation, "101", UNKNOWN_SKU, "10.00")
    with installation.signed_in_as("otto") as otto:
        address = "/exceptions-bulk?owner=ecommerce"
        preview = otto.get(f"{address}&action=assign&value=fina").text
        assert "1 object, 10.00 USD" in preview
        name = preview.split('name="name" value="')[1].split('"')[0]
        form = {"csrf": csrf_of(otto, "/"), "action": "assign", "value": "fina", "name": name}
        other = hold(FindingKind.SKU_UNKNOWN, "lines[0].sku", "SPECTRE", "a SKU that Cin7 knows")
        held(installation, "102", other)
        changed = otto.post(address, data=form)
        assert (changed.status_code, "preview the action again" in changed.text) == (400, True)
        again = otto.get(f"{address}&action=assign&value=fina").text
        assert otto.post(address, data=form | {"name": again.split('name="name" value="')[1].split('"')[0]})
        assert "No exception matches" in otto.get("/exceptions?assignee=nobody").text
        assert otto.get("/exceptions?assignee=fina").text.count("/exceptions/") >= 2


def test_the_list_is_sorted_as_requested(installation: RunningInstallation) -> None:
    held(installation, "101", UNKNOWN_SKU, "5.00")
    held(installation, "102", TAX, "900.00")
    with installation.signed_in_as("vera") as vera:

        def first(query: str) -> str:
            text = vera.get(f"/exceptions?{query}").text
            return min(("PHANTOM", "Moon tax"), key=lambda word: text.find(word) if word in text else 10**9)

        assert first("sort=money") == "Moon tax"
        assert first("owner=ecommerce") == "PHANTOM"
        assert first("area=money") == "Moon tax"
        assert "Moon tax" not in vera.get("/exceptions?area=orders").text
        assert vera.get("/exceptions?sort=colour").status_code == 400
        assert "No exception matches this filter" in vera.get("/exceptions?q=unknown").text
