"""The pages with a day's work behind them: real orders between the twins, told in the console."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.browser.furnished import TRACKING, furnished
from tests.postgres import own_database
from tests.web.installation import House, csrf_of
from weighbridge.access.audit import AuditLine
from weighbridge.domain.findings.finding import FindingKind
from weighbridge.exceptions.filters import Wanted

PAGES = (
    "/", "/exceptions", "/orders", "/stock", "/flows", "/design", "/reconciliation", "/settings", "/account",
    "/search?q=MUG",
)  # fmt: skip


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Four orders posted, one more with too little stock, three that wait for a SKU; on either database."""
    with ExitStack() as stack:
        database = ""
        if request.param == "postgresql":
            database = stack.enter_context(own_database(request.getfixturevalue("postgres_url"), "pages"))
        served, _ = stack.enter_context(furnished(tmp_path_factory.mktemp("console"), database))
        yield served


def order_numbers(home: House, state: str) -> list[str]:
    with home.as_("vera") as vera:
        return re.findall(r'data-row href="/orders/main/(\d+)"', vera.get(f"/orders?state={state}").text)


@pytest.mark.parametrize("name", ["vera", "otto", "fina", "ada"])
def test_every_page_is_there_for_every_role_in_plain_html(home: House, name: str) -> None:
    with home.as_(name) as client:
        for path in PAGES:
            answer = client.get(path, follow_redirects=True)
            assert answer.status_code == 200, path
            assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|\{\{|\{%", answer.text), path
        assert client.get("/audit").status_code == (200 if name in ("fina", "ada") else 403)


def test_today_tells_what_waits_and_for_how_much(home: House) -> None:
    with home.as_("vera") as vera:
        text = vera.get("/").text
    assert "SKU VASE-BLUE is not in Cin7" in text
    assert "387.68 USD" in text
    assert "No worker is running" in text


def test_a_posted_order_shows_both_systems_equal_to_the_cent(home: House) -> None:
    number = order_numbers(home, "posted")[-1]
    with home.as_("otto") as otto:
        text = otto.get(f"/orders/main/{number}").text
        assert "equal to the cent" in text
        assert re.search(r"is posted as sale SO-\d+", text)
        exchange = re.findall(r"/payloads/([0-9a-f-]+)\"[^>]*>Cin7 Core POST /ExternalApi/v2/sale<", text)[0]
        payload = otto.get(f"/payloads/{exchange}").text
        assert "ExternalID" in payload
        raw = otto.get(f"/payloads/{exchange}/request")
        assert raw.headers["content-disposition"].startswith("attachment")
        assert raw.json()["ExternalID"].endswith(f":{number}")
    with home.as_("vera") as vera:
        assert "/payloads/" not in vera.get(f"/orders/main/{number}").text
        for path in (f"/payloads/{exchange}", f"/payloads/{exchange}/request"):
            assert vera.get(path).status_code == 403, "names and addresses of shoppers are not for everybody"


def test_the_search_box_finds_orders_sales_skus_addresses_and_nothing_else(home: House) -> None:
    number = order_numbers(home, "posted")[0]
    with home.as_("vera") as vera:
        assert vera.get(f"/search?q=%23{number}").headers["location"] == f"/orders/main/{number}"
        sale = re.findall(r"SO-\d+", vera.get(f"/orders/main/{number}").text)[0]
        assert vera.get(f"/search?q={sale.lower()}").headers["location"] == f"/orders/main/{number}"
        assert 'href="/stock/main/TEA"' in vera.get("/search?q=TE").text, "a part of a SKU is enough"
        found = vera.get("/search?q=ADA@example.com").text
        assert found.count('href="/orders/main/') == 8, "every order, those that wait too"
        shipped = min(order_numbers(home, "posted"), key=int)
        assert vera.get(f"/search?q={TRACKING.lower()}").headers["location"] == f"/orders/main/{shipped}"
        assert "Nothing is called that" in vera.get("/search?q=nobody@example.com").text


def test_a_sku_shows_every_term_of_its_figure(home: House) -> None:
    with home.as_("vera") as vera:
        text = vera.get("/stock/main/MUG").text
        assert "Free in Main Warehouse" in text
        assert text.count(">order 10") == 3, "the held orders keep their mugs"
        assert vera.get("/stock/main/MUG2").status_code == 404


def test_a_change_of_the_design_is_shown_before_it_is_agreed_on(home: House) -> None:
    with home.as_("otto") as otto:
        text = otto.get("/design?setting=skus&key=VASE-BLUE&value=MUG").text
        assert "What this change would mean" in text
        assert "SKU VASE-BLUE is not in Cin7" in text
        form = {"csrf": csrf_of(otto, "/"), "setting": "skus", "key": "VASE-BLUE", "value": "MUG"}
        assert otto.post("/design/main/change", data=form).status_code == 400, "it needs a reason"
        assert otto.post("/design/main/change", data=form | {"reason": "the same mug"}).status_code == 303
        assert "the same mug" in otto.get("/design").text
        money = form | {"setting": "tax.rules", "key": "Moon tax", "value": "Tax Exempt", "reason": "agreed"}
        assert otto.post("/design/main/change", data=money).status_code == 403
        design = home.do(lambda office: office.journal.designs.effective("main", office.connections["main"].design))
        assert design.skus == {"VASE-BLUE": "MUG"}
        number = home.do(lambda office: office.journal.designs.changes("main"))[-1].id
        undo = otto.post(f"/design/main/changes/{number}/undo", data={"csrf": form["csrf"]})
        assert undo.status_code == 303
    kept: list[AuditLine] = list(home.do(lambda office: office.access.audit.lines(subject="design main")))
    assert [(line.actor, line.action) for line in reversed(kept)][-2:] == [
        ("otto", "design.changed"),
        ("otto", "design.undone"),
    ]


def test_reconciliation_compares_what_the_shop_asked_for_with_what_cin7_answered(home: House) -> None:
    with home.as_("fina") as fina:
        page = fina.get("/reconciliation").text
        text = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "No day is closed here yet" in text
    assert re.search(r"USD 5 48,186\.24 USD 48,186\.24 USD 0\.00 2 27\.06 USD 27\.06 USD 0\.00", text)
    assert "4 orders and refunds wait for somebody and are in no day" in text


def test_a_sku_that_cin7_does_not_know_tells_who_waits_for_it(home: House) -> None:
    with home.as_("vera") as vera:
        text = " ".join(re.sub(r"<[^>]+>", " ", vera.get("/stock/main/VASE-BLUE").text).split())
    assert "Cin7 has no such SKU, letter for letter. Its orders wait." in text
    flight = text.partition("Its orders in flight")[2].partition("What the shop was told")[0]
    assert sorted(re.findall(r"(10\d) (\d) \d+ \w+ ago not yet", flight)) == [("104", "1"), ("105", "2"), ("106", "5")]


def test_what_the_shop_was_told_of_a_sku_is_told_with_its_moments(home: House) -> None:
    with home.as_("otto") as otto:
        page = otto.get("/stock/main/MUG").text
        text = " ".join(re.sub(r"<[^>]+>", " ", page).split())
        told = re.findall(r"(\d+) took it what was sent", text)
        assert told[-1] == "100", "before the first order"
        assert len(told) >= 2
        sent = re.findall(r'href="(/payloads/[\w-]+)">what was sent', page)
        assert "adjustments/absolute" in otto.get(sent[0]).text


def test_the_flows_tell_what_crossed_and_the_calls_it_took(home: House) -> None:
    with home.as_("vera") as vera:
        text = vera.get("/flows").text
    assert re.search(r'<span class="figure">5</span> posted', text)
    assert "3 held" in text
    assert "All were answered well." in text


def test_exceptions_of_one_cause_are_one_line(home: House) -> None:
    cases = home.do(lambda office: office.cases.page(Wanted(kinds=(FindingKind.SKU_UNKNOWN,)))).cases
    assert [(case.title, case.objects_open) for case in cases] == [("SKU VASE-BLUE is not in Cin7", 4)]
