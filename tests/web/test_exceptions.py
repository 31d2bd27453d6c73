"""Exceptions in the console: who may do what about them, never without a preview, each deed with its line."""

from __future__ import annotations

from decimal import Decimal

import httpx2
import pytest

from tests.web.installation import House, csrf_of
from weighbridge.access.audit import AuditLine
from weighbridge.app.context import Office
from weighbridge.domain.findings.finding import Finding, FindingKind, hold
from weighbridge.exceptions.filters import Wanted
from weighbridge.exceptions.records import Case
from weighbridge.queries.exceptions import Area, kinds_in

GHOST = hold(FindingKind.SKU_UNKNOWN, "lines[0].sku", "GHOST", "a SKU that Cin7 knows")
TAX = hold(FindingKind.TAX_UNMAPPED, "taxes[0].name", "Moon tax", "a tax with a rule")


COMPANY = {"currency": "USD", "tax_rules": [[name, "0", True] for name in ("Tax Exempt", "Nowhere")], "customers": {}}


def test_no_kind_is_left_out_of_what_the_list_can_be_about() -> None:
    assert sorted(kind for area in Area for kind in kinds_in(area)) == sorted(FindingKind)


def held(home: House, order: str, finding: Finding, amount: str = "10.00") -> None:
    """An order that waits, after the company of Cin7 was read."""

    async def work(office: Office) -> None:
        await office.journal.references.keep("main", "company", COMPANY)
        transfer = await office.journal.transfers.open("main", "orders", order)
        await office.journal.transfers.weighed(transfer.id, (finding,), amount=Decimal(amount), currency="USD")

    home.do(work)


def case_of(home: House, kind: FindingKind) -> Case:
    async def work(office: Office) -> Case:
        (found,) = (await office.cases.page(Wanted(kinds=(kind,), snoozed=True, state="any"))).cases
        return found

    return home.do(work)


def lines(home: House) -> list[AuditLine]:
    return [
        one
        for one in home.do(lambda office: office.access.audit.lines())
        if one.actor != "tests" and one.action != "signed_in"
    ]


def test_a_viewer_sees_everything_and_can_do_nothing(home: House) -> None:
    held(home, "101", GHOST)
    case = case_of(home, GHOST.kind)
    with home.as_("vera") as vera:
        page = vera.get(f"/exceptions/{case.id}").text
        assert "SKU GHOST is not in Cin7" in page
        assert 'action="/exceptions/' not in page, "no form is offered"
        token = csrf_of(vera, "/")
        for path, data in (
            ("assign", {"me": "1"}),
            ("comment", {"text": "mine"}),
            ("snooze", {"span": "1h"}),
            ("act/retry", {"reason": "why not"}),
        ):
            answer = vera.post(f"/exceptions/{case.id}/{path}", data=data | {"csrf": token})
            assert answer.status_code == 403, path
            assert "signed in as vera, and your role, viewer, does not include: work" in answer.text
        assert vera.get("/audit").status_code == 403
    assert (case_of(home, GHOST.kind), lines(home)) == (case, [])


def test_an_operator_takes_comments_and_lets_sleep_under_their_own_name(home: House) -> None:
    held(home, "101", GHOST)
    number = case_of(home, GHOST.kind).id
    with home.as_("otto") as otto:
        token = csrf_of(otto, "/")

        def post(path: str, **data: str) -> str:
            answer = otto.post(f"/exceptions/{number}/{path}", data=data | {"csrf": token})
            assert answer.status_code == 303, answer.text
            return otto.get(answer.headers["location"]).text

        assert "It is assigned." in post("assign", me="1")
        assert "ask &lt;b&gt;the shop&lt;/b&gt;" in post("comment", text="ask <b>the shop</b>")
        assert "It sleeps" in post("snooze", span="4h")
        assert "SKU GHOST" not in otto.get("/exceptions").text
        assert "SKU GHOST" in otto.get("/exceptions?snoozed=1&assignee=me").text
        post("wake")
        post("tag", tag="Spring  sale")
        assert "SKU GHOST" in otto.get("/exceptions?tag=spring sale").text
    found = case_of(home, GHOST.kind)
    assert (found.assignee, found.tags, found.snoozed_until) == ("otto", ("spring sale",), None)
    assert [(one.actor, one.action, one.subject) for one in reversed(lines(home))] == [
        ("otto", f"exception.{action}", f"exception {number}")
        for action in ("assigned", "commented", "snoozed", "woken", "tagged")
    ]
    assert home.do(lambda office: office.access.audit.check()) is None


def test_two_exceptions_with_one_cause_are_joined_and_taken_apart_again(home: House) -> None:
    held(home, "101", GHOST)
    held(home, "102", TAX)
    ghost, tax = case_of(home, GHOST.kind).id, case_of(home, TAX.kind).id
    with home.as_("otto") as otto:
        token = csrf_of(otto, "/")

        def post(number: int, path: str, **data: object) -> httpx2.Response:
            return otto.post(f"/exceptions/{number}/{path}", data=data | {"csrf": token}, follow_redirects=True)

        joined = post(ghost, "merge", into=tax)
        assert joined.url.path == f"/exceptions/{tax}"
        assert "They are one now." in joined.text
        assert "Order 101" in joined.text
        assert f"exception {tax}" in otto.get(f"/exceptions/{ghost}").text
        assert case_of(home, GHOST.kind).state == "merged"
        apart = post(ghost, "unmerge")
        assert "It stands for itself again." in apart.text
        assert "Order 101" in apart.text
        assert (case_of(home, GHOST.kind).state, case_of(home, TAX.kind).objects_open) == ("open", 1)
        for into, status in ((ghost, 400), (999, 404), ("many", 422), (0, 422)):
            assert post(ghost, "merge", into=into).status_code == status, into
    with home.as_("vera") as vera:
        token = csrf_of(vera, "/")
        assert vera.post(f"/exceptions/{ghost}/merge", data={"into": tax, "csrf": token}).status_code == 403


def test_a_safe_action_is_read_before_it_is_done(home: House) -> None:
    held(home, "101", GHOST)
    number = case_of(home, GHOST.kind).id
    with home.as_("otto") as otto:
        preview = otto.get(f"/exceptions/{number}/act/retry")
        assert "What would happen" in preview.text
        assert home.do(lambda office: office.journal.agenda.open_count("main", "orders")) == 0
        token = csrf_of(otto, f"/exceptions/{number}/act/retry")
        done = otto.post(f"/exceptions/{number}/act/retry", data={"csrf": token})
        assert "The action has begun." in otto.get(done.headers["location"]).text
    assert home.do(lambda office: office.journal.agenda.open_count("main", "orders")) == 1
    assert case_of(home, GHOST.kind).state == "open", "only its proof closes it"


def test_what_a_playbook_asks_for_is_checked_in_plain_words(home: House) -> None:
    held(home, "101", GHOST)
    number = case_of(home, GHOST.kind).id
    with home.as_("otto") as otto:
        assert "SKU in Cin7 that orders of this one are for" in otto.get(f"/exceptions/{number}/act/map_sku").text
        unknown = otto.get(f"/exceptions/{number}/act/map_sku?sku=NOWHERE").text
        assert 'role="alert"' in unknown
        assert "NOWHERE" in unknown
        token = csrf_of(otto, f"/exceptions/{number}")
        refused = otto.post(
            f"/exceptions/{number}/act/map_sku", data={"csrf": token, "sku": "NOWHERE", "reason": "it is"}
        )
        assert refused.status_code == 400
        assert "Nothing was changed." in refused.text
        assert otto.get(f"/exceptions/{number}/act/dance").status_code == 422
        assert otto.get("/exceptions/99999").status_code == 404
        assert otto.get(f"/exceptions/{10**20}").status_code == 422


@pytest.mark.parametrize(("name", "goods", "money"), [("otto", 400, 403), ("fina", 403, 303), ("ada", 400, 303)])
def test_money_is_decided_by_finance_and_goods_by_operators(home: House, name: str, goods: int, money: int) -> None:
    """403: not theirs to do; 400: theirs, but this SKU is not in Cin7; 303: done."""
    held(home, "101", GHOST)
    held(home, "102", TAX)
    ghost, tax = case_of(home, GHOST.kind).id, case_of(home, TAX.kind).id
    with home.as_(name) as client:
        token = csrf_of(client, "/")
        told = {"csrf": token, "reason": "agreed", "sku": "NOWHERE", "rule": "Nowhere"}
        assert client.post(f"/exceptions/{ghost}/act/map_sku", data=told).status_code == goods
        assert client.post(f"/exceptions/{tax}/act/map_tax", data=told).status_code == money


def test_many_are_done_only_as_they_were_read(home: House) -> None:
    held(home, "101", GHOST, "10.00")
    with home.as_("otto") as otto:
        address = "/exceptions-many?owner=ecommerce"
        preview = otto.get(f"{address}&action=assign&told=fina").text
        assert "1 object, 10.00 USD" in preview
        name = preview.split('name="name" value="')[1].split('"')[0]
        form = {"csrf": csrf_of(otto, "/"), "action": "assign", "told": "fina", "name": name}
        other = hold(FindingKind.SKU_UNKNOWN, "lines[0].sku", "PHANTOM", "a SKU that Cin7 knows")
        held(home, "102", other)
        changed = otto.post(address, data=form)
        assert (changed.status_code, "has changed since" in changed.text) == (400, True)
        again = otto.get(f"{address}&action=assign&told=fina").text
        assert otto.post(address, data=form | {"name": again.split('name="name" value="')[1].split('"')[0]})
        assert "Nothing fits" in otto.get("/exceptions?assignee=nobody").text
        assert otto.get("/exceptions?assignee=fina").text.count("/exceptions/") >= 2


def test_the_list_begins_with_what_is_asked_for(home: House) -> None:
    held(home, "101", GHOST, "5.00")
    held(home, "102", TAX, "900.00")
    with home.as_("vera") as vera:

        def first(query: str) -> str:
            text = vera.get(f"/exceptions?{query}").text
            return min(("GHOST", "Moon tax"), key=lambda word: text.find(word) if word in text else 10**9)

        assert first("sort=money") == "Moon tax"
        assert first("owner=ecommerce") == "GHOST"
        assert first("area=money") == "Moon tax"
        assert "Moon tax" not in vera.get("/exceptions?area=orders").text
        assert vera.get("/exceptions?sort=colour").status_code == 400
        assert "Nothing fits this filter" in vera.get("/exceptions?q=unheard").text
