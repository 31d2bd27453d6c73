"""The pages on sample data: real orders between the twins."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta

import pytest

from tests.browser.sample_data import TRACKING, installation_with_sample_data
from tests.postgres import own_database
from tests.web.installation import RunningInstallation, csrf_of
from weighbridge.access.audit import AuditLine
from weighbridge.app.context import AppContext
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.retention import RecordKind
from weighbridge.exceptions.filters import ExceptionFilter

PAGES = (
    "/", "/exceptions", "/orders", "/stock", "/flows", "/design", "/reconciliation", "/settings", "/storage",
    "/account", "/search?q=MUG",
)  # fmt: skip


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def installation(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningInstallation]:
    """Five posted orders, one of them with too little stock, and three held for a SKU; on either database."""
    with ExitStack() as stack:
        database = ""
        if request.param == "postgresql":
            database = stack.enter_context(own_database(request.getfixturevalue("postgres_url"), "pages"))
        served, _ = stack.enter_context(installation_with_sample_data(tmp_path_factory.mktemp("console"), database))
        yield served


def order_numbers(installation: RunningInstallation, state: str) -> list[str]:
    with installation.signed_in_as("vera") as vera:
        return re.findall(r'data-row href="/orders/main/(\d+)"', vera.get(f"/orders?state={state}").text)


@pytest.mark.parametrize("name", ["vera", "otto", "fina", "ada"])
def test_every_page_opens_for_every_role_in_plain_html(installation: RunningInstallation, name: str) -> None:
    with installation.signed_in_as(name) as client:
        for path in PAGES:
            response = client.get(path, follow_redirects=True)
            assert response.status_code == 200, path
            assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|\{\{|\{%", response.text), path
        assert client.get("/audit").status_code == (200 if name in ("fina", "ada") else 403)


def test_today_shows_open_exceptions_and_the_amount_at_risk(installation: RunningInstallation) -> None:
    with installation.signed_in_as("vera") as vera:
        text = vera.get("/").text
    assert "SKU VASE-BLUE is not in Cin7" in text
    assert "387.68 USD" in text
    assert "No worker is running" in text


def test_a_posted_order_shows_both_systems_equal_to_the_cent(installation: RunningInstallation) -> None:
    number = order_numbers(installation, "posted")[-1]
    with installation.signed_in_as("otto") as otto:
        text = otto.get(f"/orders/main/{number}").text
        assert "equal to the cent" in text
        assert re.search(r"is posted as sale SO-\d+", text)
        exchange = re.findall(r"/payloads/([0-9a-f-]+)\"[^>]*>Cin7 Core POST /ExternalApi/v2/sale<", text)[0]
        payload = otto.get(f"/payloads/{exchange}").text
        assert "ExternalID" in payload
        raw = otto.get(f"/payloads/{exchange}/request")
        assert raw.headers["content-disposition"].startswith("attachment")
        assert raw.json()["ExternalID"].endswith(f":{number}")
    with installation.signed_in_as("vera") as vera:
        assert "/payloads/" not in vera.get(f"/orders/main/{number}").text
        for path in (f"/payloads/{exchange}", f"/payloads/{exchange}/request"):
            assert vera.get(path).status_code == 403, "payloads hold names and addresses of shoppers"


def test_the_search_box_finds_orders_sales_skus_addresses_and_nothing_else(installation: RunningInstallation) -> None:
    number = order_numbers(installation, "posted")[0]
    with installation.signed_in_as("vera") as vera:
        assert vera.get(f"/search?q=%23{number}").headers["location"] == f"/orders/main/{number}"
        sale = re.findall(r"SO-\d+", vera.get(f"/orders/main/{number}").text)[0]
        assert vera.get(f"/search?q={sale.lower()}").headers["location"] == f"/orders/main/{number}"
        assert 'href="/stock/main/TEA"' in vera.get("/search?q=TE").text, "a part of a SKU is enough"
        results = vera.get("/search?q=ADA@example.com").text
        assert results.count('href="/orders/main/') == 8, "every order, held ones included"
        shipped = min(order_numbers(installation, "posted"), key=int)
        assert vera.get(f"/search?q={TRACKING.lower()}").headers["location"] == f"/orders/main/{shipped}"
        assert "No results." in vera.get("/search?q=nobody@example.com").text


def test_a_sku_shows_every_term_of_its_available_level(installation: RunningInstallation) -> None:
    with installation.signed_in_as("vera") as vera:
        text = vera.get("/stock/main/MUG").text
        assert "Available in Main Warehouse" in text
        assert text.count(">order 10") == 3, "held orders keep their reservations"
        assert vera.get("/stock/main/MUG2").status_code == 404


def test_a_design_change_is_previewed_before_it_is_made(installation: RunningInstallation) -> None:
    with installation.signed_in_as("otto") as otto:
        text = otto.get("/design?setting=skus&key=VASE-BLUE&value=MUG").text
        assert "Preview of the change" in text
        assert "SKU VASE-BLUE is not in Cin7" in text
        form = {"csrf": csrf_of(otto, "/"), "setting": "skus", "key": "VASE-BLUE", "value": "MUG"}
        assert otto.post("/design/main/change", data=form).status_code == 400, "it needs a reason"
        assert otto.post("/design/main/change", data=form | {"reason": "the same mug"}).status_code == 303
        assert "the same mug" in otto.get("/design").text
        money = form | {"setting": "tax.rules", "key": "Moon tax", "value": "Tax Exempt", "reason": "agreed"}
        assert otto.post("/design/main/change", data=money).status_code == 403
        design = installation.do(lambda app: app.repositories.designs.effective("main", app.connections["main"].design))
        assert design.skus == {"VASE-BLUE": "MUG"}
        number = installation.do(lambda app: app.repositories.designs.changes("main"))[-1].id
        undo = otto.post(f"/design/main/changes/{number}/undo", data={"csrf": form["csrf"]})
        assert undo.status_code == 303
    audit_lines: list[AuditLine] = list(installation.do(lambda app: app.access.audit.lines(subject="design main")))
    assert [(line.actor, line.action) for line in reversed(audit_lines)][-2:] == [
        ("otto", "design.changed"),
        ("otto", "design.undone"),
    ]


def test_reconciliation_compares_store_totals_with_cin7_totals(installation: RunningInstallation) -> None:
    with installation.signed_in_as("fina") as fina:
        page = fina.get("/reconciliation").text
        text = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "No day is closed yet" in text
    assert re.search(r"USD 5 48,186\.24 USD 48,186\.24 USD 0\.00 2 27\.06 USD 27\.06 USD 0\.00", text)
    assert "4 held orders and refunds belong to no day" in text


def test_a_sku_unknown_to_cin7_shows_its_held_orders(installation: RunningInstallation) -> None:
    with installation.signed_in_as("vera") as vera:
        text = " ".join(re.sub(r"<[^>]+>", " ", vera.get("/stock/main/VASE-BLUE").text).split())
    assert "Cin7 has no such SKU. SKUs must match exactly. Its orders are held." in text
    reservations = text.partition("Open reservations")[2].partition("Published levels")[0]
    assert sorted(re.findall(r"(10\d) (\d) \d+ \w+ ago not yet", reservations)) == [
        ("104", "1"),
        ("105", "2"),
        ("106", "5"),
    ]


def test_the_page_of_a_sku_lists_its_published_levels(installation: RunningInstallation) -> None:
    with installation.signed_in_as("otto") as otto:
        page = otto.get("/stock/main/MUG").text
        text = " ".join(re.sub(r"<[^>]+>", " ", page).split())
        published = re.findall(r"(\d+) accepted request", text)
        assert published[-1] == "100", "before the first order"
        assert len(published) >= 2
        requests = re.findall(r'href="(/payloads/[\w-]+)">request', page)
        assert "adjustments/absolute" in otto.get(requests[0]).text


def test_the_flows_page_shows_posted_objects_and_api_calls(installation: RunningInstallation) -> None:
    with installation.signed_in_as("vera") as vera:
        text = vera.get("/flows").text
    assert re.search(r'<span class="number">5</span> posted', text)
    assert "3 held" in text
    assert "No failed calls." in text


def test_exceptions_of_one_cause_are_one_line(installation: RunningInstallation) -> None:
    exception_records = installation.do(
        lambda app: app.exception_queries.page(ExceptionFilter(kinds=(FindingKind.SKU_UNKNOWN,)))
    ).exception_records
    assert [(exception_record.title, exception_record.objects_open) for exception_record in exception_records] == [
        ("SKU VASE-BLUE is not in Cin7", 4)
    ]


def test_storage_is_listed_by_kind_and_an_order_says_that_its_bodies_were_removed(
    installation: RunningInstallation,
) -> None:
    """The last test of this installation: it removes bodies."""

    async def remove_bodies(app: AppContext) -> int:
        later = app.clock.now() + timedelta(days=1)
        return await app.repositories.retention.remove(RecordKind.HTTP_BODIES, "main", later)

    posted, (waiting, *_) = order_numbers(installation, "posted"), order_numbers(installation, "held")
    with installation.signed_in_as("ada") as ada:
        page = ada.get("/storage").text
        assert "Bodies of calls" in page
        assert "30 days" in page
        assert "for good" in page
        assert all("removed" not in ada.get(f"/orders/main/{number}").text for number in posted)
        assert installation.do(remove_bodies) > 0
        pages = [ada.get(f"/orders/main/{number}").text for number in posted]
        after, *_ = [text for text in pages if "body removed after 30 days" in text]
        assert "bodies removed" in after, "each call of the history"
        call = re.findall(r'href="(/payloads/[^"]+)"', after)[0]
        assert "bodies are kept for 30 days" in ada.get(call).text
        assert ada.get(f"{call}/response").status_code == 404
        assert ada.get("/payloads/nonsense").status_code == 404
        assert "removed" not in ada.get(f"/orders/main/{waiting}").text, "it waits for a person"
